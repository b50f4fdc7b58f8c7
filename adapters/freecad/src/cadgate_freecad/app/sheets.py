"""Lays out a sheet: frame, title block, views in first or third angle, dimensions and tables."""

from __future__ import annotations

from math import hypot
from typing import Any

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import materials, measuring, shapes
from cadgate_freecad.app.measuring import Gone, Measured
from cadgate_freecad.app.sheet_files import Page, Text, length_of
from cadgate_freecad.app.sheet_views import Seen, see
from cadgate_freecad.app.values import significant

SIZES = {"A4": (297, 210), "A3": (420, 297), "A2": (594, 420), "A1": (841, 594), "A0": (1189, 841)}
SCALES = (50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Of ISO 5455."""
_BORDER, _GAP, _TEXT = 10.0, 24.0, 3.5
_BLOCK = (180.0, 36.0)
_ARROW = (3.0, 0.5)
_CELLS = {
    "first": {"front": (1, 1), "top": (1, 0), "bottom": (1, 2), "right": (0, 1), "left": (2, 1), "back": (3, 1)},
    "third": {"front": (1, 1), "top": (1, 2), "bottom": (1, 0), "right": (2, 1), "left": (0, 1), "back": (3, 1)},
}
"""Column and row of each view, from the lower left."""


class Sheet:
    """What is on a sheet, and what it says of itself."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.page = Page(*SIZES[kept["sheet"]])
        self.scale = 1.0
        self.views: list[dict[str, Any]] = []
        self.dimensions: list[dict[str, Any]] = []


def lay_out(kept: dict[str, Any], objects: list[Any]) -> Sheet:
    """Return the sheet. Raises AppError `validation_error` or `degenerate_result` for what cannot be drawn."""
    solids = [shapes.required_shape(obj) for obj in objects]
    whole = solids[0] if len(solids) == 1 else Part.makeCompound(solids)
    seen = [see(view, whole) for view in kept["views"]]
    sheet = Sheet(kept)
    cells = _cells(kept, seen)
    sheet.scale = _scale(kept, sheet.page, seen, cells)
    _frame(sheet, kept)
    origins = _place(sheet, seen, cells)
    for view, origin in zip(seen, origins):
        for layer, points in view.lines:
            sheet.page.lines.append((layer, [_at(view, origin, sheet.scale, point) for point in points]))
    _name_views(sheet, seen)
    if kept["dimensions"] == "auto":
        _automatic(sheet, seen, origins, objects)
    else:
        _chosen(sheet, kept, seen, origins, objects)
    _tables(sheet, kept, objects)
    return sheet


def _cells(kept: dict[str, Any], seen: list[Seen]) -> list[tuple[int, int]]:
    named = _CELLS[kept["projection"]]
    taken = [named.get(each.view) if isinstance(each.view, str) else None for each in seen]
    used = [cell for cell in taken if cell is not None]
    last = max((column for column, _ in used), default=-1) + 1
    # Other views go to the right of the highest rows, where there is room.
    heights: dict[int, float] = {0: 0.0, 1: 0.0} if len(used) < 2 else {}
    for view, cell in zip(seen, taken):
        if cell is not None:
            heights[cell[1]] = max(heights.get(cell[1], 0.0), view.high[1] - view.low[1])
    rows = sorted(heights, key=lambda row: (-heights[row], row))
    found: list[tuple[int, int]] = []
    extra = 0
    for cell in taken:
        found.append(cell if cell is not None else (last + extra // len(rows), rows[extra % len(rows)]))
        extra += cell is None
    return found


def _sizes(seen: list[Seen], cells: list[tuple[int, int]], scale: float) -> tuple[dict[int, float], dict[int, float]]:
    columns: dict[int, float] = {}
    rows: dict[int, float] = {}
    for view, (column, row) in zip(seen, cells):
        columns[column] = max(columns.get(column, 0), (view.high[0] - view.low[0]) * scale * view.factor)
        rows[row] = max(rows.get(row, 0), (view.high[1] - view.low[1]) * scale * view.factor)
    return columns, rows


def _scale(kept: dict[str, Any], page: Page, seen: list[Seen], cells: list[tuple[int, int]]) -> float:
    def fits(scale: float) -> bool:
        columns, rows = _sizes(seen, cells, scale)
        wide = sum(columns.values()) + _GAP * (len(columns) + 1) + 2 * _BORDER
        high = sum(rows.values()) + _GAP * (len(rows) + 1) + 2 * _BORDER + _BLOCK[1]
        return wide <= page.width and high <= page.height

    if kept["scale"] != "auto":
        if not fits(float(kept["scale"])):
            raise AppError(
                "validation_error",
                f"scale: at {kept['scale']:g} the views do not fit on {kept['sheet']}: send a smaller scale, "
                '"auto", or a larger sheet',
            )
        return float(kept["scale"])
    for scale in SCALES:
        if fits(scale):
            return float(scale)
    raise AppError("validation_error", f"sheet: the objects do not fit on {kept['sheet']} at any scale")


def _place(sheet: Sheet, seen: list[Seen], cells: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Return the lower left corner of each view on the sheet."""
    columns, rows = _sizes(seen, cells, sheet.scale)
    x: dict[int, float] = {}
    y: dict[int, float] = {}
    free = sheet.page.width - 2 * _BORDER - sum(columns.values())
    at = _BORDER
    for column in sorted(columns):
        at += free / (len(columns) + 1)
        x[column] = at
        at += columns[column]
    free = sheet.page.height - 2 * _BORDER - _BLOCK[1] - sum(rows.values())
    at = _BORDER + _BLOCK[1]
    for row in sorted(rows):
        at += free / (len(rows) + 1)
        y[row] = at
        at += rows[row]
    origins: list[tuple[float, float]] = []
    for view, (column, row) in zip(seen, cells):
        factor = sheet.scale * view.factor
        wide, high = ((b - a) * factor for a, b in zip(view.low, view.high))
        origin = (x[column] + (columns[column] - wide) / 2, y[row] + (rows[row] - high) / 2)
        origins.append(origin)
        rectangle = [round(part, 3) for part in (*origin, wide, high)]
        sheet.views.append({"view": view.view, "rectangle": rectangle, "scale": factor})
    return origins


def _at(view: Seen, origin: tuple[float, float], scale: float, point: tuple[float, float]) -> tuple[float, float]:
    factor = scale * view.factor
    return origin[0] + (point[0] - view.low[0]) * factor, origin[1] + (point[1] - view.low[1]) * factor


def _rectangle(page: Page, x: float, y: float, width: float, height: float) -> None:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    page.lines.append(("FRAME", corners))


def _frame(sheet: Sheet, kept: dict[str, Any]) -> None:
    page = sheet.page
    _rectangle(page, _BORDER, _BORDER, page.width - 2 * _BORDER, page.height - 2 * _BORDER)
    x, y = page.width - _BORDER - _BLOCK[0], _BORDER
    _rectangle(page, x, y, *_BLOCK)
    angle = "first angle" if kept["projection"] == "first" else "third angle"
    ratio = f"{sheet.scale:g}:1" if sheet.scale >= 1 else f"1:{1 / sheet.scale:g}"
    fields = {**kept["title"], "scale": ratio, "sheet": f"{kept['sheet']}, {angle}", "unit": "mm"}
    title = fields.pop("title", "")
    page.texts.append(Text("TEXT", (x + 3, y + _BLOCK[1] - 8), 5.0, title))
    for number, (field, text) in enumerate(fields.items()):
        place = (x + 3 + number % 3 * 59, y + _BLOCK[1] - 16 - number // 3 * 6.5)
        page.texts.append(Text("TEXT", place, 2.5, f"{field}: {text}"))


def _name_views(sheet: Sheet, seen: list[Seen]) -> None:
    for view, drawn in zip(seen, sheet.views):
        if isinstance(view.view, str):
            continue
        x, y, width, height = drawn["rectangle"]
        if "section" in view.view:
            text = f"Section {view.view['section'].upper()} = {view.view['at']:g}"
        else:
            text = f"Detail {drawn['scale']:g}:1"
        sheet.page.texts.append(Text("TEXT", (x + width / 2, y + height + 4), _TEXT, text, centered=True))


# --- dimensions ------------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _note(sheet: Sheet, type: str, view: Any, value: float | None, text: str, error: str | None = None) -> None:
    exact = None if value is None else significant(round(value, 9))
    sheet.dimensions.append({"type": type, "view": view, "value": exact, "text": text, "error": error})


def _automatic(sheet: Sheet, seen: list[Seen], origins: list[tuple[float, float]], objects: list[Any]) -> None:
    drawn_once: set[str] = set()
    for view, origin in zip(seen, origins):
        if not isinstance(view.view, str) or view.view == "iso":
            continue
        wide, high = (b - a for a, b in zip(view.low, view.high))
        right, up = (
            view.frame.inverted().multVec(FreeCAD.Vector(1, 0, 0)),
            view.frame.inverted().multVec(FreeCAD.Vector(0, 1, 0)),
        )
        sides = ((_axis(right), wide, (view.low[0], view.low[1]), (view.high[0], view.low[1])),)
        sides += ((_axis(up), high, (view.low[0], view.high[1]), (view.low[0], view.low[1])),)
        for axis, value, start, end in sides:
            if axis not in drawn_once:
                drawn_once.add(axis)
                _line(
                    sheet, _at(view, origin, sheet.scale, start), _at(view, origin, sheet.scale, end), number(value), 10
                )
                _note(sheet, "length", view.view, value, number(value))
        for radius, center in _circles(view, objects):
            text = f"Ø{number(2 * radius)}"
            if text not in drawn_once:
                drawn_once.add(text)
                _round(sheet, view, origin, center, radius, text)
                _note(sheet, "diameter", view.view, 2 * radius, text)


def _axis(direction: Any) -> str:
    return "xyz"[max(range(3), key=lambda index: abs(direction[index]))]


def _circles(view: Seen, objects: list[Any]) -> list[tuple[float, Any]]:
    """Return radius and centre of the round faces that a view shows as circles."""
    found: list[tuple[float, Any]] = []
    for obj in objects:
        for face in shapes.required_shape(obj).Faces:
            if face.Surface.TypeId == "Part::GeomCylinder":
                axis = view.frame.multVec(face.Surface.Axis)
                if abs(abs(axis.z) - 1) < 1e-9:
                    found.append((face.Surface.Radius, view.frame.multVec(face.Surface.Center)))
    return found


def _chosen(
    sheet: Sheet, kept: dict[str, Any], seen: list[Seen], origins: list[tuple[float, float]], objects: list[Any]
) -> None:
    lanes: dict[Any, int] = {}
    for each in kept["dimensions"]:
        shown = next((number for number, view in enumerate(seen) if view.view == each["view"]), None)
        obj = next(obj for obj in objects if obj.Name == each["object"])
        try:
            if shown is None:
                raise Gone(f"{measuring.name(each)}: the view {each['view']!r} is not on the sheet")
            measured = measuring.measure(each, obj)
        except Gone as error:
            _note(sheet, each["type"], each["view"], None, "", str(error))
            continue
        text = {"diameter": "Ø", "radius": "R"}.get(each["type"], "") + number(measured.value)
        text += "°" if each["type"] == "angle" else ""
        lanes[each["view"]] = lanes.get(each["view"], 0) + 1
        _draw(sheet, seen[shown], origins[shown], each["type"], measured, text, 3 + 7 * lanes[each["view"]])
        _note(sheet, each["type"], each["view"], measured.value, text)


def _draw(
    sheet: Sheet, view: Seen, origin: tuple[float, float], type: str, measured: Measured, text: str, away: float
) -> None:
    start, end = (view.frame.multVec(point) for point in (measured.start, measured.end))
    if type in ("diameter", "radius"):
        radius = measured.value / (2 if type == "diameter" else 1)
        _round(sheet, view, origin, start, radius, text)
        return
    one, two = (_at(view, origin, sheet.scale, (point.x, point.y)) for point in (start, end))
    if type == "angle":
        place = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2)
        sheet.page.lines.append(("DIMENSIONS", [one, place, two]))
        sheet.page.texts.append(Text("DIMENSIONS", (place[0] + 2, place[1] + 2), _TEXT, text))
        return
    _line(sheet, one, two, text, away)


def _line(sheet: Sheet, one: tuple[float, float], two: tuple[float, float], text: str, away: float) -> None:
    """Draw a dimension line beside what it measures, with extension lines and arrows, as ISO 129 has them."""
    length = hypot(two[0] - one[0], two[1] - one[1])
    if length < 1e-6:
        sheet.page.texts.append(Text("DIMENSIONS", (one[0] + 2, one[1] + 2), _TEXT, text))
        return
    along = ((two[0] - one[0]) / length, (two[1] - one[1]) / length)
    aside = (along[1], -along[0])
    first, last = ((p[0] + aside[0] * away, p[1] + aside[1] * away) for p in (one, two))
    lines = sheet.page.lines
    for start, end in ((one, first), (two, last)):
        begin = (start[0] + aside[0], start[1] + aside[1])
        lines.append(("DIMENSIONS", [begin, (end[0] + 2 * aside[0], end[1] + 2 * aside[1])]))
    inward = 1 if length > 3 * _ARROW[0] else -1
    lines.append(("DIMENSIONS", [first, last]))
    for tip, sign in ((first, inward), (last, -inward)):
        _arrow(sheet, tip, (along[0] * sign, along[1] * sign))
    middle = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    if abs(along[0]) < 0.3:
        sheet.page.texts.append(Text("DIMENSIONS", (middle[0] - 1, middle[1]), _TEXT, text, True, 90))
    else:
        sheet.page.texts.append(Text("DIMENSIONS", (middle[0], middle[1] + 1), _TEXT, text, True))


def _arrow(sheet: Sheet, tip: tuple[float, float], along: tuple[float, float]) -> None:
    """Add a filled tip that points against `along`."""
    long, half = _ARROW
    back = (tip[0] + along[0] * long, tip[1] + along[1] * long)
    side = (-along[1] * half, along[0] * half)
    corners = [tip, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])]
    sheet.page.areas.append(("DIMENSIONS", corners))


def _round(sheet: Sheet, view: Seen, origin: tuple[float, float], center: Any, radius: float, text: str) -> None:
    """Draw a leader from a circle to its text outside, and its centre lines."""
    x, y = _at(view, origin, sheet.scale, (center.x, center.y))
    reach = radius * sheet.scale * view.factor
    slant = 0.7071
    tip = (x + reach * slant, y + reach * slant)
    knee = (tip[0] + 8 * slant, tip[1] + 8 * slant)
    end = (knee[0] + length_of(text, _TEXT) + 2, knee[1])
    sheet.page.lines.append(("DIMENSIONS", [tip, knee, end]))
    _arrow(sheet, tip, (slant, slant))
    sheet.page.texts.append(Text("DIMENSIONS", (knee[0] + 1, knee[1] + 1), _TEXT, text))
    over = reach + 3
    sheet.page.lines += [("CENTER", [(x - over, y), (x + over, y)]), ("CENTER", [(x, y - over), (x, y + over)])]


# --- tables ----------------------------------------------------------------------------------------------------------


def _tables(sheet: Sheet, kept: dict[str, Any], objects: list[Any]) -> None:
    rows: list[str] = []
    if kept["parts_list"]:
        rows += [f"{index}  {obj.Label}  {_material(obj)}".rstrip() for index, obj in enumerate(objects, 1)]
    if kept["hole_table"]:
        holes = [hole for obj in objects for hole in _holes(obj)]
        rows += [
            f"{_letter(index)}  Ø{number(2 * radius)}  X {number(at.x)}  Y {number(at.y)}  Z {number(at.z)}"
            for index, (radius, at) in enumerate(holes)
        ]
    for index, text in enumerate(reversed(rows)):
        sheet.page.texts.append(Text("TEXT", (_BORDER + 3, _BORDER + 3 + 5 * index), 2.5, text))


def _material(obj: Any) -> str:
    material = materials.of(obj)
    return material.name if material else ""


def _letter(index: int) -> str:
    return chr(65 + index % 26) * (1 + index // 26)


def _holes(obj: Any) -> list[tuple[float, Any]]:
    """Return radius and place of each round hole: of the cylinders whose faces look at their axes."""
    found: list[tuple[float, Any]] = []
    for face in shapes.required_shape(obj).Faces:
        if face.Surface.TypeId == "Part::GeomCylinder":
            low, high, first, last = face.ParameterRange
            at, normal = (
                face.valueAt((low + high) / 2, (first + last) / 2),
                face.normalAt((low + high) / 2, (first + last) / 2),
            )
            axis = face.Surface.Axis
            inward = face.Surface.Center + axis * (at - face.Surface.Center).dot(axis) - at
            if inward.dot(normal) > 0:
                found.append((face.Surface.Radius, face.Surface.Center))
    return found
