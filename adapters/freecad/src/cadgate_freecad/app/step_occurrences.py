"""Where a STEP file shows its products: the usages that lead there, the place, and the colours of these places alone.

A part that is shown several times may have another colour at each place: its style then names the context that it
belongs to, which is one usage or a chain of them.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, NamedTuple

import FreeCAD

from cadgate_freecad.app.step_model import Model

MOST = 10_000
"""Ways to one product that are followed."""
_FAR, _TURNED = 1e-5, 1e-7
_BY_CONTEXT = b"PRESENTATION_STYLE_BY_CONTEXT"
_OVER_RIDING = b"CONTEXT_DEPENDENT_OVER_RIDING_STYLED_ITEM"
_NUMBER = re.compile(rb"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
_PREFIXES = {b"$": 1000.0, b".MILLI.": 1.0, b".CENTI.": 10.0, b".DECI.": 100.0, b".MICRO.": 1e-3, b".KILO.": 1e6}


class Style(NamedTuple):
    """A colour of a body or a face where all these usages lead to it."""

    usages: frozenset[int]
    color: str


class Way(NamedTuple):
    """The usages that lead to a product, the outermost first, and where it is, in mm."""

    usages: tuple[int, ...]
    place: Any


class Occurrences:
    """The styles that depend on where a product is shown, and the ways to the products."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.styles = self._styles()
        self._ways: dict[int, list[Way] | None] = {}
        if not self.styles:
            return
        self._scale = self._unit()
        self._above: dict[int, list[tuple[int, int]]] = {}
        for number in model.of_kind(b"NEXT_ASSEMBLY_USAGE_OCCURRENCE"):
            ends = model.references(number)
            if len(ends) > 1:
                self._above.setdefault(ends[1], []).append((number, ends[0]))
        self._places = self._placed()

    # --- styles ------------------------------------------------------------------------------------------------------

    def _styles(self) -> dict[int, list[Style]]:
        """Return the styles by the entity that they are of."""
        model = self._model
        if not model.of_kind(_BY_CONTEXT, _OVER_RIDING):
            return {}
        self._defined = {
            pair[1]: pair[0]
            for number in model.of_kind(b"SHAPE_DEFINITION_REPRESENTATION")
            if len(pair := model.references(number)) > 1
        }
        found: dict[int, list[Style]] = {}
        for number in model.of_kind(b"STYLED_ITEM", b"OVER_RIDING_STYLED_ITEM", _OVER_RIDING):
            styles, item = model.parts(number)
            if item is None:
                continue
            over = model.references(number)[len(styles) + 2 :] if model.kinds[number] == _OVER_RIDING else []
            for style in styles:
                inner, contexts = [style], over
                if model.kinds.get(style) == _BY_CONTEXT:
                    *inner, context = model.references(style) or [0]
                    contexts = [context]
                colors = (model.color(each) for each in inner if contexts)
                color = next((each for each in colors if each is not None), None)
                if color is not None:
                    # What belongs to an unknown context belongs to no way, and so is counted as lost.
                    made = Style(self._usages(contexts) or frozenset({0}), color)
                    if made not in found.setdefault(item, []):
                        found[item].append(made)
        return found

    def _usages(self, contexts: Iterable[int]) -> frozenset[int] | None:
        """Return all usages that contexts name; None if one is something else."""
        model = self._model
        found: set[int] = set()
        seen: set[int] = set()
        todo = list(contexts)
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            kind, below = model.kinds.get(number, b""), model.references(number)
            if kind == b"NEXT_ASSEMBLY_USAGE_OCCURRENCE":
                found.add(number)
            elif kind == b"SPECIFIED_HIGHER_USAGE_OCCURRENCE" and len(below) >= 4:
                todo += below[2:4]
            elif kind == b"PRODUCT_DEFINITION_SHAPE" and below:
                todo.append(below[0])
            elif kind == b"CONTEXT_DEPENDENT_SHAPE_REPRESENTATION" and len(below) > 1:
                todo.append(below[1])
            elif number in self._defined:
                todo.append(self._defined[number])
            else:
                return None
        return frozenset(found)

    def of(self, way: Way, items: Iterable[int]) -> dict[int, str]:
        """Return the colours that these entities have at the end of a way: those of the outermost usage win."""
        found: dict[int, str] = {}
        for item in items:
            fitting = self.fitting(way, item)
            if fitting:
                found[item] = min(fitting, key=lambda each: min(map(way.usages.index, each.usages))).color
        return found

    def fitting(self, way: Way, item: int) -> list[Style]:
        return [each for each in self.styles.get(item, ()) if each.usages and each.usages.issubset(way.usages)]

    # --- ways --------------------------------------------------------------------------------------------------------

    def ways(self, definition: int, place: Any) -> list[Way]:
        """Return the ways to a product definition that end at a place; none if they are unknown."""
        found = self._ways_to(definition, 0)
        return [each for each in found or () if _is_same(each.place, place)]

    def _ways_to(self, definition: int, depth: int) -> list[Way] | None:
        if definition not in self._ways:
            self._ways[definition] = self._followed(definition, depth)
        return self._ways[definition]

    def _followed(self, definition: int, depth: int) -> list[Way] | None:
        above = self._above.get(definition)
        if not above:
            return [Way((), FreeCAD.Matrix())]
        found: list[Way] = []
        for usage, parent in above:
            ways, own = (self._ways_to(parent, depth + 1) if depth < 100 else None), self._places.get(usage)
            if ways is None or own is None or len(found) + len(ways) > MOST:
                return None
            found += [Way((*each.usages, usage), each.place * own) for each in ways]
        return found

    def _placed(self) -> dict[int, Any]:
        """Return by usage where the product is within the one that uses it."""
        model = self._model
        own: dict[int, set[int]] = {}
        for representation, shape in self._defined.items():
            own.setdefault(next(iter(model.references(shape)), 0), set()).add(representation)
        found: dict[int, Any] = {}
        for number in model.of_kind(b"CONTEXT_DEPENDENT_SHAPE_REPRESENTATION"):
            relation, shape = (*model.references(number), 0, 0)[:2]
            usage = next(iter(model.references(shape)), 0)
            parts = model.references(relation)
            if len(parts) < 3 or model.kinds.get(parts[2]) != b"ITEM_DEFINED_TRANSFORMATION" or self._scale is None:
                continue
            frames = [frame for each in model.references(parts[2])[:2] if (frame := self._frame(each)) is not None]
            if len(frames) < 2:
                continue
            below, above = frames
            child = model.references(usage)[1] if len(model.references(usage)) > 1 else 0
            if parts[1] in own.get(child, ()) and parts[0] not in own.get(child, ()):
                below, above = above, below
            found[usage] = above * below.inverse()
        return found

    def _frame(self, number: int) -> Any | None:
        """Return a placement of the file as a matrix, in mm."""
        model = self._model
        if model.kinds.get(number) != b"AXIS2_PLACEMENT_3D" or self._scale is None:
            return None
        given = [each.strip() for each in model.arguments[number].strip(b"() \r\n").split(b",")][-3:]
        origin, z, x = (self._vector(int(each[1:])) if each[:1] == b"#" else None for each in given)
        if origin is None:
            return None
        z = z or FreeCAD.Vector(0, 0, 1)
        x = x or FreeCAD.Vector(1, 0, 0)
        turn = FreeCAD.Rotation(x, FreeCAD.Vector(), z, "ZXY")
        return FreeCAD.Placement(origin * self._scale, turn).toMatrix()

    def _vector(self, number: int) -> Any | None:
        values = [float(each) for each in _NUMBER.findall(self._model.bare(number))]
        return FreeCAD.Vector(*values) if len(values) == 3 else None

    def _unit(self) -> float | None:
        """Return the mm of the one unit of length of the file; None if it has several."""
        model = self._model
        used = {
            each
            for number in model.of_kind(b"")
            if b"GLOBAL_UNIT_ASSIGNED_CONTEXT" in model.arguments[number]
            for each in model.references(number)
        }
        found = {self._length(each) for each in used if b"LENGTH_UNIT" in model.arguments.get(each, b"")}
        return found.pop() if len(found) == 1 else None

    def _length(self, number: int) -> float | None:
        model = self._model
        text = model.arguments.get(number, b"")
        basic = re.search(rb"SI_UNIT\s*\(\s*([^,\s]+)\s*,\s*\.METRE\.", text)
        if basic is not None:
            return _PREFIXES.get(basic[1])
        if b"CONVERSION_BASED_UNIT" not in text:
            return None
        for each in model.references(number):
            if model.kinds.get(each) in (b"LENGTH_MEASURE_WITH_UNIT", b"MEASURE_WITH_UNIT"):
                size, unit = _NUMBER.findall(_REFERENCE.sub(b"", model.bare(each))), model.references(each)
                below = self._length(unit[0]) if unit else None
                return float(size[0]) * below if size and below is not None else None
        return None


_REFERENCE = re.compile(rb"#\d+")


def _is_same(one: Any, two: Any) -> bool:
    far = max(1.0, *(abs(each) for each in (one.A14, one.A24, one.A34)))
    moved = max(abs(one.A14 - two.A14), abs(one.A24 - two.A24), abs(one.A34 - two.A34))
    rows = [(a, b) for index, (a, b) in enumerate(zip(one.A, two.A)) if index % 4 != 3]
    return moved <= _FAR * far and all(abs(a - b) <= _TURNED for a, b in rows)
