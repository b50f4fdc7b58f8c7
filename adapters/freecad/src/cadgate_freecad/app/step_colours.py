"""Colours in STEP files: added to the shapes that FreeCAD writes, and read back by product and face.

Without its window FreeCAD neither writes nor reads them. Faces are matched by their order in the shell, and only if
their number and the kinds of their surfaces agree.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

from cadgate_freecad.app import step_names
from cadgate_freecad.app.items import Item

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


class Body(NamedTuple):
    """A solid or a set of shells of a product: its entity, and those of its faces in their order."""

    entity: int
    faces: list[int]


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

    def references(self, number: int) -> list[int]:
        bare = _TEXT.sub(b"", self.arguments.get(number, b""))
        return [int(each) for each in _REFERENCE.findall(bare)]

    def products(self) -> list[tuple[str, int, list[Body]]]:
        """Return for each product with a shape its name, the representation, and the bodies in it."""
        formations = {
            number: self.references(number)[0]
            for number in self.of_kind(
                b"PRODUCT_DEFINITION_FORMATION", b"PRODUCT_DEFINITION_FORMATION_WITH_SPECIFIED_SOURCE"
            )
        }
        definitions = {number: self.references(number)[0] for number in self.of_kind(b"PRODUCT_DEFINITION")}
        shapes = {number: self.references(number)[0] for number in self.of_kind(b"PRODUCT_DEFINITION_SHAPE")}
        beside: dict[int, list[int]] = {}
        for number in self.of_kind(b"SHAPE_REPRESENTATION_RELATIONSHIP"):
            one, two = self.references(number)[:2]
            beside.setdefault(one, []).append(two)
            beside.setdefault(two, []).append(one)
        found: list[tuple[str, int, list[Body]]] = []
        for number in self.of_kind(b"SHAPE_DEFINITION_REPRESENTATION"):
            definition, representation = self.references(number)[:2]
            product = formations.get(definitions.get(shapes.get(definition, 0), 0))
            if product is None or self.kinds.get(product) != b"PRODUCT":
                continue
            for each in (representation, *beside.get(representation, ())):
                bodies = self._bodies(each)
                if bodies:
                    found.append((self._name(product), each, bodies))
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
        """Return the colours of styled entities: bodies, shells, faces, representations."""
        found: dict[int, str] = {}
        for number in self.of_kind(b"STYLED_ITEM", b"OVER_RIDING_STYLED_ITEM"):
            styles, item = self._parts(number)
            color = next((color for each in styles if (color := self._color(each)) is not None), None)
            if color is not None and item is not None:
                found[item] = color
        return found

    def _parts(self, number: int) -> tuple[list[int], int | None]:
        bare = _TEXT.sub(b"", self.arguments[number])
        match = re.match(rb"\(\s*,\s*\(([^)]*)\)\s*,\s*#(\d+)", bare)
        if match is None:
            return [], None
        return [int(each) for each in _REFERENCE.findall(match[1])], int(match[2])

    def _color(self, style: int) -> str | None:
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


# --- writing ---------------------------------------------------------------------------------------------------------


def put_colors(path: str, items: dict[str, Item]) -> list[str]:
    """Add the colours of `items`, which are the file's products by name. Return the names of those that lost some."""
    if not any(item.color or item.faces for item in items.values()):
        return []
    with open(path, "rb") as file:
        data = file.read()
    model = Model(data)
    adding = _Adding(max(model.kinds, default=0))
    lost = {name for name, item in items.items() if item.color or item.faces}
    for name, representation, bodies in model.products():
        item = items.get(name)
        if item is not None and (item.color or item.faces) and _style(model, adding, item, representation, bodies):
            lost.discard(name)
    head, mark, tail = data.rpartition(b"ENDSEC;")
    with open(path, "wb") as file:
        file.write(head + adding.text().encode() + mark + tail)
    return [items[name].label for name in sorted(lost)]


class _Adding:
    def __init__(self, last: int) -> None:
        self._last = last
        self._lines: list[str] = []
        self._styles: dict[str, int] = {}

    def add(self, text: str) -> int:
        self._last += 1
        self._lines.append(f"#{self._last} = {text};\n")
        return self._last

    def text(self) -> str:
        return "".join(self._lines)

    def style(self, color: str) -> int:
        if color not in self._styles:
            channels = [int(color[index : index + 2], 16) / 255 for index in range(1, len(color), 2)]
            numbers = ",".join(f"{each:.9f}" for each in channels[:3])
            rgb = self.add(f"COLOUR_RGB('',{numbers})")
            fill_color = self.add(f"FILL_AREA_STYLE_COLOUR('',#{rgb})")
            fill = self.add(f"FILL_AREA_STYLE('',(#{fill_color}))")
            sides = [self.add(f"SURFACE_STYLE_FILL_AREA(#{fill})")]
            if len(channels) == 4:
                clear = self.add(f"SURFACE_STYLE_TRANSPARENT({1 - channels[3]:.9f})")
                sides.append(self.add(f"SURFACE_STYLE_RENDERING_WITH_PROPERTIES(.NORMAL_SHADING.,#{rgb},(#{clear}))"))
            side = self.add(f"SURFACE_SIDE_STYLE('',({','.join(f'#{each}' for each in sides)}))")
            usage = self.add(f"SURFACE_STYLE_USAGE(.BOTH.,#{side})")
            self._styles[color] = self.add(f"PRESENTATION_STYLE_ASSIGNMENT((#{usage}))")
        return self._styles[color]


def _style(model: Model, adding: _Adding, item: Item, representation: int, bodies: list[Body]) -> bool:
    """Return whether all colours of the item found their places."""
    faces = [face for body in bodies for face in body.faces]
    if item.faces and not model.fits(faces, item.required_shape.Faces):
        return False
    styled: list[int] = []
    whole: dict[int, int] = {}
    if item.color:
        for body in bodies:
            whole[body.entity] = adding.add(f"STYLED_ITEM('color',(#{adding.style(item.color)}),#{body.entity})")
        styled += whole.values()
    body_of = {face: body.entity for body in bodies for face in body.faces}
    for number, color in sorted(item.faces.items()):
        if color == item.color:
            continue
        face, style = faces[number - 1], adding.style(color)
        over = whole.get(body_of[face])
        if over is None:
            styled.append(adding.add(f"STYLED_ITEM('color',(#{style}),#{face})"))
        else:
            styled.append(adding.add(f"OVER_RIDING_STYLED_ITEM('overriding color',(#{style}),#{face},#{over})"))
    context = model.references(representation)[-1]
    listed = ",".join(f"#{each}" for each in styled)
    if styled:
        adding.add(f"MECHANICAL_DESIGN_GEOMETRIC_PRESENTATION_REPRESENTATION('',({listed}),#{context})")
    return True


# --- reading ---------------------------------------------------------------------------------------------------------


def take_colors(data: bytes, items: list[tuple[Item, str]]) -> int:
    """Give imported items, each with the name of its product, the colours in the file; return how many are left."""
    model = Model(data)
    colors = model.colors()
    if not colors:
        return 0
    by_name: dict[str, list[tuple[int, list[Body]]]] = {}
    for name, representation, bodies in model.products():
        by_name.setdefault(name, []).append((representation, bodies))
    every = [each for found in by_name.values() for each in found]
    used: set[int] = set()
    counts: Counter[int] = Counter()
    for item, name in items:
        if item.shape is None:
            continue
        own = item.shape.Faces
        for among in (by_name.get(name, []), every):
            fitting = [(each, chosen) for each, bodies in among for chosen in _fitting(model, bodies, own)]
            if not fitting:
                continue
            representation, chosen = fitting[0]
            if {each for each, _ in fitting} == {representation}:
                # FreeCAD keeps the order of the bodies of a product.
                chosen = fitting[counts[representation] % len(fitting)][1]
                counts[representation] += 1
                fitting = [(representation, chosen)]
            looks = [_looks(bodies, each, colors) for each, bodies in fitting]
            if all(each == looks[0] for each in looks):
                item.color, item.faces = looks[0]
                used |= {representation, *(number for body in chosen for number in (body.entity, *body.faces))}
            # Of several products that differ, nobody knows which one it is: it gets none of their colours.
            break
    faces = {face for _, bodies in every for body in bodies for face in (body.entity, *body.faces)}
    return len((set(colors) - used) & (faces | set(model.of_kind(b"CLOSED_SHELL", b"OPEN_SHELL"))))


def _fitting(model: Model, bodies: list[Body], own: list[Any]) -> list[list[Body]]:
    """Return the bodies that may have these faces: all of them together, or single ones."""
    if model.fits([face for body in bodies for face in body.faces], own):
        return [bodies]
    return [[body] for body in bodies if model.fits(body.faces, own)]


def _looks(bodies: list[Body], representation: int, colors: dict[int, str]) -> tuple[str | None, dict[int, str]]:
    """Return the colour of the whole, and those of faces by number."""
    whole = [colors.get(body.entity, colors.get(representation)) for body in bodies]
    first, faces, number = whole[0], {}, 0
    for body, color in zip(bodies, whole):
        for face in body.faces:
            number += 1
            own = colors.get(face, color)
            if own is not None and own != first:
                faces[number] = own
    if first is None and len(set(faces.values())) == 1 and len(faces) == number:
        return faces[1], {}
    return first, faces
