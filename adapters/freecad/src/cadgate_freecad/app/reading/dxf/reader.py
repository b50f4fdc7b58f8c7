"""Reads a drawing as one compound: its model space with the inserted blocks, in millimetres."""

from __future__ import annotations

import math
from typing import Any

import Part

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.reading import transforms
from cadgate_freecad.app.reading.dxf.entities import MAKERS, UNITS, plane
from cadgate_freecad.app.reading.dxf.groups import Block, Drawing, Entity, parse
from cadgate_freecad.app.reading.dxf.primitives import Face, Path, Point
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.transforms import Transform, product

DEEPEST = 32
_EXTERNAL = 4 | 8


class _Reader:
    def __init__(self, drawing: Drawing, found: Found) -> None:
        self.drawing = drawing
        self.found = found
        self.shapes: list[Any] = []
        self.is_colored = False
        self.count = 0

    def add_all(self, entities: list[Entity], transform: Transform, above: tuple[str, ...]) -> None:
        for entity in entities:
            if entity.kind == "VIEWPORT" or (entity.kind == "ATTDEF" and above):
                continue  # a window of the paper, and what an insert shows only by its own attributes
            if entity.flags(67) == 1 and not above:
                self.found.leave_out("entities of the paper space")
            elif entity.flags(60) == 1:
                self.found.leave_out("invisible entities")
            elif entity.kind == "INSERT":
                self._insert(entity, transform, above)
            else:
                self._add(entity, transform)

    def _add(self, entity: Entity, transform: Transform) -> None:
        self.count += 1
        if self.count > LIMITS["max_facets"]:
            limit = LIMITS["max_facets"]
            raise limit_exceeded("The number of entities with inserted blocks", self.count, limit, "max_facets")
        maker = MAKERS.get(entity.kind)
        if maker is None:
            self.found.leave_out(entity.kind)
            return
        self.is_colored = self.is_colored or entity.has(420) or entity.flags(62) not in (0, 7, 256)
        made: list[Any] = []
        for each in maker(entity):
            made += self._shapes(each.moved(transform))
        if not made:
            self.found.leave_out(f"{entity.kind} without extent")
        self.shapes += made

    def _shapes(self, primitive: Any) -> list[Any]:
        if isinstance(primitive, Face):
            return primitive.shapes()
        if isinstance(primitive, Point):
            return [Part.Vertex(*primitive.place)]
        shape = primitive.shape() if isinstance(primitive, Path) else None
        return [] if shape is None else [shape]

    def _insert(self, entity: Entity, transform: Transform, above: tuple[str, ...]) -> None:
        for inner in entity.inner:
            self.found.leave_out(inner.kind)
        name = entity.text(2).upper()
        block = self.drawing.blocks.get(name)
        if block is None:
            self.found.leave_out(f"INSERT of the block {entity.text(2)!r}, which the file does not contain")
            return
        if block.head.flags() & _EXTERNAL and not block.entities:
            self.found.leave_out("references to other drawings")
            return
        if name in above or len(above) > DEEPEST:
            raise AppError(
                "unsupported_format",
                f"The block {entity.text(2)!r} of the DXF file contains itself, or is nested too deeply",
            )
        for placed in self._occurrences(entity, block):
            self.add_all(block.entities, product(transform, placed), (*above, name))

    def _occurrences(self, entity: Entity, block: Block) -> list[Transform]:
        """Return the places of the block: scaled, turned, in rows and columns, in the insert's own plane."""
        x, y, z = (-each for each in block.head.point())
        turn = math.radians(entity.number(50))
        c, s = math.cos(turn), math.sin(turn)
        turned = (c, -s, 0.0, 0.0, s, c, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        scaled = transforms.scaling(*(entity.number(code, 1.0) or 1.0 for code in (41, 42, 43)))
        inner = product(scaled, transforms.translation(x, y, z))
        columns, rows = max(1, entity.flags(70)), max(1, entity.flags(71))
        if columns * rows * max(1, len(block.entities)) > LIMITS["max_facets"]:
            count, limit = columns * rows, LIMITS["max_facets"]
            raise limit_exceeded("The number of entities with inserted blocks", count, limit, "max_facets")
        outer = product(plane(entity), product(transforms.translation(*entity.point()), turned))
        return [
            product(outer, product(transforms.translation(i * entity.number(44), j * entity.number(45), 0.0), inner))
            for j in range(rows)
            for i in range(columns)
        ]


def read(path: str, found: Found, name: str) -> None:
    drawing = parse(path)
    scale = _scale(drawing, found)
    reader = _Reader(drawing, found)
    reader.add_all(drawing.entities, transforms.scaling(scale, scale, scale), ())
    paper = [block for key, block in drawing.blocks.items() if key.startswith("*PAPER_SPACE")]
    on_paper = [entity for block in paper for entity in block.entities if entity.kind != "VIEWPORT"]
    found.leave_out("entities of the paper space", len(on_paper))
    if reader.is_colored:
        found.colors_lost("The DXF file has entities with colours of their own")
    if reader.shapes:
        found.add("Drawing", found.stem, shape=Part.makeCompound(reader.shapes))


def _scale(drawing: Drawing, found: Found) -> float:
    try:
        unit = int(drawing.header.get("$INSUNITS", "0") or 0)
        english = drawing.header.get("$MEASUREMENT", "").strip() == "0"
    except ValueError:
        unit, english = 0, False
    if unit not in UNITS:
        raise AppError("unsupported_format", f"The DXF file's unit ($INSUNITS {unit}) is not supported")
    if unit == 0 and english and "$INSUNITS" in drawing.header:
        found.warn(
            "unit_assumed",
            "The DXF file names no unit ($INSUNITS 0), only that it is English ($MEASUREMENT 0): 1 unit was read as "
            "1 mm, so what was drawn in inches is 25.4 times too small",
        )
    return UNITS[unit]
