"""Lays out a sheet: which views go where in first or third angle, at which scale, and what is drawn on it."""

from __future__ import annotations

from typing import Any

import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, sheet_dimensions, sheet_marks, sheet_tables
from cadgate_freecad.app.sheet_page import Sheet, View
from cadgate_freecad.app.sheet_rounds import rounds_of
from cadgate_freecad.app.sheet_views import Seen, hatched, see

SCALES = (50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Of ISO 5455."""
_GAP = 24.0
_HATCH = 2.5
"""mm of the sheet between the lines of a section."""
_CELLS = {
    "first": {"front": (1, 1), "top": (1, 0), "bottom": (1, 2), "right": (0, 1), "left": (2, 1), "back": (3, 1)},
    "third": {"front": (1, 1), "top": (1, 2), "bottom": (1, 0), "right": (2, 1), "left": (0, 1), "back": (3, 1)},
}
"""Column and row of each view, from the lower left."""


def lay_out(kept: dict[str, Any], objects: list[Any]) -> Sheet:
    """Return the sheet. Raises AppError `validation_error` or `degenerate_result` for what cannot be drawn."""
    solids = [shapes.required_shape(obj) for obj in objects]
    whole = solids[0] if len(solids) == 1 else Part.makeCompound(solids)
    seen = [see(view, whole) for view in kept["views"]]
    sheet = Sheet(kept["sheet"])
    rounds = rounds_of(objects)
    tables = sheet_tables.prepare(sheet, kept, objects, rounds)
    cells = _cells(kept, seen)
    gap = _GAP + sheet_dimensions.room(kept)
    sheet.scale = _scale(kept, sheet, seen, cells, gap, tables.height)
    views = _place(sheet, seen, cells, tables.height)
    for view in views:
        for layer, points in view.seen.lines:
            sheet.page.lines.append((layer, [view.at(point) for point in points]))
        for face in view.seen.cut:
            for points in hatched(face, _HATCH / view.factor):
                sheet.page.lines.append(("HATCH", [view.at(point) for point in points]))
    sheet_tables.draw(sheet, tables)
    sheet_marks.draw(sheet, views, rounds)
    if kept["dimensions"] == "auto":
        sheet_dimensions.automatic(sheet, views, rounds)
    else:
        sheet_dimensions.chosen(sheet, kept, views, objects)
    sheet_marks.letter_holes(sheet, views, tables.holes)
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


def _scale(
    kept: dict[str, Any], sheet: Sheet, seen: list[Seen], cells: list[tuple[int, int]], gap: float, below: float
) -> float:
    left, right, bottom, top = sheet.inner

    def fits(scale: float) -> bool:
        columns, rows = _sizes(seen, cells, scale)
        wide = sum(columns.values()) + gap * (len(columns) + 1)
        high = sum(rows.values()) + gap * (len(rows) + 1) + below
        return wide <= right - left and high <= top - bottom

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


def _place(sheet: Sheet, seen: list[Seen], cells: list[tuple[int, int]], below: float) -> list[View]:
    """Return the views where they are on the sheet."""
    columns, rows = _sizes(seen, cells, sheet.scale)
    left, right, bottom, top = sheet.inner
    x = _spread(columns, left, right)
    y = _spread(rows, bottom + below, top)
    placed: list[View] = []
    for view, (column, row) in zip(seen, cells):
        factor = sheet.scale * view.factor
        wide, high = ((b - a) * factor for a, b in zip(view.low, view.high))
        origin = (x[column] + (columns[column] - wide) / 2, y[row] + (rows[row] - high) / 2)
        placed.append(View(view, origin, factor, (*origin, wide, high)))
        rectangle = [round(part, 3) for part in (*origin, wide, high)]
        sheet.views.append({"view": view.view, "rectangle": rectangle, "scale": factor})
        sheet.occupy(*origin, wide, high)
    return placed


def _spread(sizes: dict[int, float], start: float, end: float) -> dict[int, float]:
    """Return where each row or column begins, with the same room between all."""
    free = (end - start - sum(sizes.values())) / (len(sizes) + 1)
    found: dict[int, float] = {}
    at = start
    for number in sorted(sizes):
        at += free
        found[number] = at
        at += sizes[number]
    return found
