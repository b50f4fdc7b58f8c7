"""Colours in STEP files: added to the shapes that FreeCAD writes, and read back by product and face.

Without its window FreeCAD neither writes nor reads them. Faces are matched by their order in the shell, and only if
their number and the kinds of their surfaces agree.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from cadgate_freecad.app.items import Item
from cadgate_freecad.app.step_model import SURFACES, Body, Model, Product
from cadgate_freecad.app.step_occurrences import Occurrences, Style

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
    for each in model.products():
        item = items.get(each.name)
        if item is not None and (item.color or item.faces) and _style(model, adding, item, each):
            lost.discard(each.name)
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


def _style(model: Model, adding: _Adding, item: Item, product: Product) -> bool:
    """Return whether all colours of the item found their places."""
    bodies = product.bodies
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
    context = model.references(product.representation)[-1]
    listed = ",".join(f"#{each}" for each in styled)
    if styled:
        adding.add(f"MECHANICAL_DESIGN_GEOMETRIC_PRESENTATION_REPRESENTATION('',({listed}),#{context})")
    return True


# --- reading ---------------------------------------------------------------------------------------------------------


def take_colors(data: bytes, items: list[tuple[Item, str]]) -> int:
    """Give imported items, each with the name of its product, the colours in the file; return how many are left."""
    model = Model(data)
    colors, places = model.colors(), Occurrences(model)
    if not colors and not places.styles:
        return 0
    by_name: dict[str, list[Product]] = {}
    for product in model.products():
        by_name.setdefault(product.name, []).append(product)
    # What a product of another name looks like says nothing of a part, unless no part has that name.
    named = [(item, _product_of(name, by_name)) for item, name in items]
    known = {name for _, name in named}
    others = [each for name, found in by_name.items() if name not in known for each in found]
    used: set[int] = set()
    used_styles: set[tuple[int, Style]] = set()
    counts: Counter[int] = Counter()
    for item, name in named:
        if item.shape is None:
            continue
        own = item.shape.Faces
        for among in (by_name.get(name, []), others):
            fitting = [(each, chosen) for each in among for chosen in _fitting(model, each.bodies, own)]
            if not fitting:
                continue
            first = fitting[0][0]
            if {each.representation for each, _ in fitting} == {first.representation}:
                # FreeCAD keeps the order of the bodies of a product.
                chosen = fitting[counts[first.representation] % len(fitting)][1]
                counts[first.representation] += 1
                fitting = [(first, chosen)]
            looks = [look for each, bodies in fitting for look in _everywhere(places, item, each, bodies, colors)]
            if looks and all((each.color, each.faces) == (looks[0].color, looks[0].faces) for each in looks):
                item.color, item.faces = looks[0].color, looks[0].faces
                used |= {first.representation}
                used |= {number for _, bodies in fitting for body in bodies for number in (body.entity, *body.faces)}
                used_styles |= {style for each in looks for style in each.styles}
            # Of several products that differ, nobody knows which one it is: it gets none of their colours.
            break
    left = [number for number in colors.keys() - used if model.kinds.get(number) in SURFACES]
    return len(left) + len({(item, style) for item in places.styles for style in places.styles[item]} - used_styles)


def _product_of(name: str, by_name: dict[str, list[Product]]) -> str:
    """Return the name of the product of a label, which FreeCAD may have made unique by a number."""
    plain = name.rstrip("0123456789")
    return plain if name not in by_name and plain in by_name else name


class _Look(NamedTuple):
    """The colour of a whole, those of faces by number, and the styles of a place that they come from."""

    color: str | None
    faces: dict[int, str]
    styles: list[tuple[int, Style]]


def _everywhere(
    places: Occurrences, item: Item, product: Product, bodies: list[Body], colors: dict[int, str]
) -> list[_Look]:
    """Return how bodies look where the item is; several if the file has several ways to that place."""
    numbers = [product.representation, *(number for body in bodies for number in (body.entity, *body.faces))]
    if not any(number in places.styles for number in numbers):
        return [_Look(*_looks(bodies, product.representation, colors), [])]
    found: list[_Look] = []
    for way in places.ways(product.definition, item.required_shape.Placement.toMatrix()):
        styles = [(number, each) for number in numbers for each in places.fitting(way, number)]
        here = {**colors, **places.of(way, numbers)}
        found.append(_Look(*_looks(bodies, product.representation, here), styles))
    return found


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
