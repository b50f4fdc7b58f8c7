"""Random but valid parts for FreeCAD, as recipes: the calls that make them, and the changes that come later."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from math import cos, pi, sin
from typing import Any

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Step:
    """One object: `kind` is the last part of its route, `params` are the route's fields, `inputs` names of objects."""

    name: str
    kind: str
    params: dict[str, Any]
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A later change: new values of some of a step's parameters."""

    step: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A whole case: `part` is the object that is compared and exported."""

    steps: tuple[Step, ...]
    part: str
    changes: tuple[Change, ...] = ()
    format: str = "step"
    seed: str = field(default="", compare=False)


def changed(recipe: Recipe) -> tuple[Step, ...]:
    """The steps as they are after all changes."""
    steps = {step.name: step for step in recipe.steps}
    for change in recipe.changes:
        step = steps[change.step]
        steps[change.step] = Step(step.name, step.kind, {**step.params, **change.params}, step.inputs)
    return tuple(steps.values())


class Maker:
    """Draws recipes. Numbers come from a coarse grid half of the time, so that faces, seams and edges coincide."""

    def __init__(self, seed: int, number: int) -> None:
        self.label = f"{seed}:{number}"
        self._random = random.Random(self.label)
        self._steps: list[Step] = []

    def recipe(self) -> Recipe:
        """One case."""
        families = [self._primitive, self._boolean, self._boolean, self._chain, self._pattern, self._mirror]
        families += [self._extrusion, self._revolution, self._fillet, self._body]
        family = self._random.choice(families)
        part = family()
        changes = self._changes() if self._random.random() < 0.6 else ()
        return Recipe(tuple(self._steps), part, changes, self._random.choice(FORMATS), self.label)

    # --- numbers -------------------------------------------------------------------------------------------------

    def _length(self, low: float = 2, high: float = 20) -> float:
        if self._random.random() < 0.5:
            return float(self._random.randrange(int(low), int(high) + 1))
        return round(self._random.uniform(low, high), self._random.choice((1, 3)))

    def _vector(self, reach: float = 10) -> list[float]:
        if self._random.random() < 0.5:
            return [float(self._random.randrange(-int(reach), int(reach) + 1, 2)) for _ in range(3)]
        return [round(self._random.uniform(-reach, reach), 2) for _ in range(3)]

    def _place(self, reach: float = 10) -> dict[str, Any]:
        kind = self._random.random()
        if kind < 0.2:
            return {}
        place: dict[str, Any] = {"location": self._vector(reach)}
        if kind > 0.5:
            right = kind < 0.75
            choose = self._random.choice
            place["rotation"] = [
                float(choose((0, 90, 180, 270))) if right else round(self._random.uniform(-180, 180), 1)
                for _ in range(3)
            ]
        return place

    # --- steps ---------------------------------------------------------------------------------------------------

    def _add(self, kind: str, params: dict[str, Any], *inputs: str) -> str:
        name = f"P{len(self._steps) + 1}"
        self._steps.append(Step(name, kind, params, inputs))
        return name

    def _primitive(self, reach: float = 10) -> str:
        kind = self._random.choice(("box", "cylinder", "cone", "sphere", "torus", "prism", "cylinder", "box"))
        place = self._place(reach)
        if kind == "box":
            size = {"length": self._length(), "width": self._length(), "height": self._length()}
        elif kind == "cylinder":
            size = {"radius": self._length(1, 10), "height": self._length(), "angle": self._angle()}
        elif kind == "cone":
            low = self._length(1, 8)
            size = {
                "radius1": low,
                "radius2": self._random.choice((0.0, low + self._length(1, 4))),
                "height": self._length(),
            }
        elif kind == "sphere":
            size = {"radius": self._length(2, 10)}
        elif kind == "torus":
            tube = self._length(1, 4)
            size = {"radius1": tube + self._length(1, 8), "radius2": tube}
        else:
            size = {
                "sides": self._random.randrange(3, 9),
                "circumradius": self._length(2, 10),
                "height": self._length(),
            }
        return self._add(kind, {**size, **place})

    def _angle(self) -> float:
        return 360.0 if self._random.random() < 0.7 else float(self._random.randrange(30, 360, 15))

    def _boolean(self) -> str:
        first = self._primitive(0 if self._random.random() < 0.5 else 10)
        return self._join(first, self._primitive(8))

    def _join(self, *inputs: str) -> str:
        return self._add(self._random.choice(("union", "subtract", "subtract", "intersect")), {}, *inputs)

    def _chain(self) -> str:
        whole = self._boolean()
        for _ in range(self._random.randrange(1, 3)):
            whole = self._join(whole, self._primitive(8))
        return whole

    def _pattern(self) -> str:
        one = self._primitive(4)
        fuse = self._random.random() < 0.7
        count = self._random.randrange(2, 6)
        if self._random.random() < 0.5:
            direction = self._random.choice(([1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]))
            made = self._add(
                "linear_pattern",
                {"direction": direction, "spacing": self._length(3, 50), "count": count, "fuse": fuse},
                one,
            )
        else:
            center = self._vector(20)
            made = self._add("polar_pattern", {"center": center, "count": count, "fuse": fuse}, one)
        return self._join(self._primitive(4), made) if fuse and self._random.random() < 0.5 else made

    def _mirror(self) -> str:
        source = self._boolean() if self._random.random() < 0.5 else self._primitive()
        image = self._add("mirror", {"plane": self._random.choice(("xy", "xz", "yz")), "base": self._vector(5)}, source)
        return self._join(source, image) if self._random.random() < 0.4 else image

    def _sketch(self, *, right_of_axis: bool = False, **more: Any) -> str:
        if self._random.random() < 0.3 and not right_of_axis:
            element: dict[str, Any] = {"type": "circle", "center": self._vector(5)[:2], "radius": self._length(2, 8)}
        else:
            element = {"type": "polyline", "points": self._polygon(right_of_axis)}
        return self._add("sketch", {"geometry": [element], **more})

    def _polygon(self, right_of_axis: bool) -> list[list[float]]:
        """A star-shaped polygon around a centre: never crosses itself."""
        corners = self._random.randrange(3, 8)
        turns = sorted(self._random.uniform(0, 1) for _ in range(corners))
        turns = [(index + 0.7 * turn) / corners for index, turn in enumerate(turns)]
        middle = 15.0 if right_of_axis else 0.0
        reach = [self._random.uniform(3, 9) for _ in turns]
        return [
            [round(middle + far * cos(2 * pi * turn), 3), round(far * sin(2 * pi * turn), 3)]
            for turn, far in zip(turns, reach, strict=True)
        ]

    def _extrusion(self) -> str:
        sketch = self._sketch(plane=self._random.choice(("xy", "xz", "yz")))
        whole = self._add("extrude", {"length": self._length()}, sketch)
        return self._join(whole, self._primitive(6)) if self._random.random() < 0.5 else whole

    def _revolution(self) -> str:
        sketch = self._sketch(right_of_axis=True, plane="xy")
        whole = self._add("revolve", {"axis": [0, 1, 0], "angle": self._angle()}, sketch)
        return self._join(whole, self._primitive(20)) if self._random.random() < 0.4 else whole

    def _fillet(self) -> str:
        """A plate with two holes of different size, one rim rounded: what is chosen must stay chosen."""
        plate = self._add("box", {"length": 40.0, "width": 30.0, "height": self._length(5, 12)})
        small, large = round(self._random.uniform(2, 3), 1), round(self._random.uniform(3.5, 5), 1)
        one = self._add("cylinder", {"radius": small, "height": 20.0, "location": [10.0, 15.0, -2.0]})
        two = self._add("cylinder", {"radius": large, "height": 20.0, "location": [28.0, 15.0, -2.0]})
        first = self._add("subtract", {}, plate, one)
        drilled = self._add("subtract", {}, first, two)
        kind, size = self._random.choice((("fillet", "radius"), ("chamfer", "size")))
        chosen = self._random.choice((small, large))
        return self._add(kind, {size: 1.0, "edges": {"type": "circle", "radius": chosen, "at": "top"}}, drilled)

    def _body(self) -> str:
        """A padded and perhaps pocketed body that is moved, as an operand of a boolean or alone."""
        body = self._add("body", self._place(15))
        profile = self._sketch(body=body)
        length = self._length()
        self._add("pad", {"length": length}, profile)
        if self._random.random() < 0.5:
            circle = {"type": "circle", "center": [0.0, 0.0], "radius": 1.5}
            hole = self._add("sketch", {"geometry": [circle], "body": body, "offset": length})
            self._add("pocket", {"through_all": True}, hole)
        if self._random.random() < 0.5:
            return self._join(body, self._primitive(10))
        return body

    # --- later ---------------------------------------------------------------------------------------------------

    def _changes(self) -> tuple[Change, ...]:
        able = [step for step in self._steps if step.kind in CHANGED]
        if not able:
            return ()
        step = self._random.choice(able)
        if step.kind == "body" or (step.kind != "pad" and self._random.random() < 0.5):
            location = step.params.get("location", [0.0, 0.0, 0.0])
            moved = [round(part + self._random.uniform(-3, 3), 2) for part in location]
            return (Change(step.name, {"location": moved}),)
        key = self._random.choice([key for key in CHANGED[step.kind] if key in step.params])
        return (Change(step.name, {key: round(step.params[key] * self._random.uniform(0.8, 1.2), 2)}),)


CHANGED = {
    "box": ("length", "width", "height"),
    "cylinder": ("radius", "height"),
    "sphere": ("radius",),
    "prism": ("circumradius", "height"),
    "pad": ("length",),
    "body": (),
}
"""What of a step a later change may set, by kind; every one of them may be moved, a pad excepted."""

FORMATS = ("step", "step", "iges", "brep", "stl", "obj", "ply", "3mf", "amf", "fcstd")
