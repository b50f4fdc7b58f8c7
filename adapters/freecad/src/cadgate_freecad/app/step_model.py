"""The entities of a STEP file, what leads from products to bodies and faces, and their colours everywhere."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from cadgate_freecad.app import step_names

_ENTITY = re.compile(rb"#(\d+)\s*=\s*([A-Z0-9_]*)\s*(\((?:[^;']|'(?:[^']|'')*')*\))\s*;")
_REFERENCE = re.compile(rb"#(\d+)")
_TEXT = re.compile(rb"'((?:[^']|'')*)'")
_SURFACES = {
    b"PLANE": "Part::GeomPlane",
    b"CYLINDRICAL_SURFACE": "Part::GeomCylinder",
    b"CONICAL_SURFACE": "Part::GeomCone",
    b"SPHERICAL_SURFACE": "Part::GeomSphere",
    b"TOROIDAL_SURFACE": "Part::GeomToroid",
}
_NAMED = {
    b"red": "#ff0000",
    b"green": "#00ff00",
    b"blue": "#0000ff",
    b"yellow": "#ffff00",
    b"magenta": "#ff00ff",
    b"cyan": "#00ffff",
    b"black": "#000000",
    b"white": "#ffffff",
}


DEFINITIONS = (b"PRODUCT_DEFINITION", b"PRODUCT_DEFINITION_WITH_ASSOCIATED_DOCUMENTS")
SURFACES = (
    *(b"MANIFOLD_SOLID_BREP", b"BREP_WITH_VOIDS", b"SHELL_BASED_SURFACE_MODEL", b"CLOSED_SHELL", b"OPEN_SHELL"),
    *(b"ADVANCED_FACE", b"FACE_SURFACE"),
)
"""What may have a colour that is seen."""


class Body(NamedTuple):
    """A solid or a set of shells of a product: its entity, and those of its faces in their order."""

    entity: int
    faces: list[int]


class Product(NamedTuple):
    """A product: its name, its representation, the bodies in that, and its definition."""

    name: str
    representation: int
    bodies: list[Body]
    definition: int


class Model:
    """The entities of a file, and what leads from products to faces."""

    def __init__(self, data: bytes) -> None:
        self.kinds: dict[int, bytes] = {}
        self.arguments: dict[int, bytes] = {}
        for number, kind, arguments in _ENTITY.findall(data):
            self.kinds[int(number)], self.arguments[int(number)] = kind, arguments
        self._of_kind: dict[bytes, list[int]] = {}
        for number, kind in self.kinds.items():
            self._of_kind.setdefault(kind, []).append(number)

    def of_kind(self, *kinds: bytes) -> list[int]:
        return [number for kind in kinds for number in self._of_kind.get(kind, ())]

    def bare(self, number: int) -> bytes:
        """Return the arguments of an entity without the texts in them."""
        return _TEXT.sub(b"", self.arguments.get(number, b""))

    def references(self, number: int) -> list[int]:
        return [int(each) for each in _REFERENCE.findall(self.bare(number))]

    def products(self) -> list[Product]:
        """Return each product with a shape."""
        formations = {
            number: self.references(number)[0]
            for number in self.of_kind(
                b"PRODUCT_DEFINITION_FORMATION", b"PRODUCT_DEFINITION_FORMATION_WITH_SPECIFIED_SOURCE"
            )
        }
        definitions = {number: self.references(number)[0] for number in self.of_kind(*DEFINITIONS)}
        shapes = {number: self.references(number)[0] for number in self.of_kind(b"PRODUCT_DEFINITION_SHAPE")}
        beside: dict[int, list[int]] = {}
        for number in self.of_kind(b"SHAPE_REPRESENTATION_RELATIONSHIP"):
            one, two = self.references(number)[:2]
            beside.setdefault(one, []).append(two)
            beside.setdefault(two, []).append(one)
        found: list[Product] = []
        for number in self.of_kind(b"SHAPE_DEFINITION_REPRESENTATION"):
            shape, representation = self.references(number)[:2]
            definition = shapes.get(shape, 0)
            product = formations.get(definitions.get(definition, 0))
            if product is None or self.kinds.get(product) != b"PRODUCT":
                continue
            for each in (representation, *beside.get(representation, ())):
                bodies = self._bodies(each)
                if bodies:
                    found.append(Product(self._name(product), each, bodies, definition))
        return found

    def _name(self, product: int) -> str:
        texts = _TEXT.findall(self.arguments[product])
        return step_names.decode(texts[1] if len(texts) > 1 else b"")

    def _bodies(self, representation: int) -> list[Body]:
        found: list[Body] = []
        for item in self.references(representation):
            if self.kinds.get(item) in (b"MANIFOLD_SOLID_BREP", b"BREP_WITH_VOIDS", b"SHELL_BASED_SURFACE_MODEL"):
                found.append(Body(item, self._faces(item)))
        return found

    def _faces(self, number: int) -> list[int]:
        kind = self.kinds.get(number, b"")
        if kind == b"ADVANCED_FACE":
            return [number]
        if kind in (b"CLOSED_SHELL", b"OPEN_SHELL", b"ORIENTED_CLOSED_SHELL", b"MANIFOLD_SOLID_BREP") or kind in (
            b"BREP_WITH_VOIDS",
            b"SHELL_BASED_SURFACE_MODEL",
        ):
            return [face for each in self.references(number) for face in self._faces(each)]
        return []

    def fits(self, faces: list[int], own: list[Any]) -> bool:
        """Return whether these are a shape's own faces, in its order."""
        return len(own) == len(faces) and all(
            _SURFACES.get(self.kinds.get(self.references(number)[-1], b""), face.Surface.TypeId) == face.Surface.TypeId
            for number, face in zip(faces, own)
        )

    def colors(self) -> dict[int, str]:
        """Return the colours of styled entities wherever they are shown: bodies, shells, faces, representations."""
        found: dict[int, str] = {}
        for number in self.of_kind(b"STYLED_ITEM", b"OVER_RIDING_STYLED_ITEM"):
            styles, item = self.parts(number)
            styles = [each for each in styles if self.kinds.get(each) != b"PRESENTATION_STYLE_BY_CONTEXT"]
            color = next((color for each in styles if (color := self.color(each)) is not None), None)
            if color is not None and item is not None:
                found[item] = color
        return found

    def parts(self, number: int) -> tuple[list[int], int | None]:
        """Return the styles of a styled item, and the entity that has them."""
        match = re.match(rb"\(\s*,\s*\(([^)]*)\)\s*,\s*#(\d+)", self.bare(number))
        if match is None:
            return [], None
        return [int(each) for each in _REFERENCE.findall(match[1])], int(match[2])

    def color(self, style: int) -> str | None:
        color, alpha, todo = None, 255, [style]
        seen: set[int] = set()
        while todo:
            number = todo.pop()
            if number in seen or self.kinds.get(number) in (b"CURVE_STYLE", b"POINT_STYLE"):
                continue
            seen.add(number)
            kind, arguments = self.kinds.get(number, b""), self.arguments.get(number, b"")
            if kind == b"COLOUR_RGB":
                channels = re.findall(rb"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", _TEXT.sub(b"", arguments))[:3]
                color = "#" + "".join(f"{min(max(round(float(each) * 255), 0), 255):02x}" for each in channels)
            elif kind == b"DRAUGHTING_PRE_DEFINED_COLOUR":
                color = _NAMED.get((_TEXT.findall(arguments) or [b""])[0].lower(), color)
            elif kind == b"SURFACE_STYLE_TRANSPARENT":
                alpha = round((1 - float(arguments.strip(b"() \n"))) * 255)
            todo += self.references(number)
        if color is None or len(color) != 7:
            return None
        return color if alpha == 255 else f"{color}{alpha:02x}"
