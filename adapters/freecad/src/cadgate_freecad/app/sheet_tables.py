"""The frame of a sheet, its title block with the symbol of the projection, and tables of holes and parts."""

from __future__ import annotations

from math import ceil, cos, sin, tau
from typing import Any, NamedTuple

from cadgate_freecad.app import bills, materials, mates
from cadgate_freecad.app.sheet_page import SIZES, Sheet, Text, decimals_of, length_of, number
from cadgate_freecad.app.sheet_rounds import Round, covered, is_circle

BLOCK = 180.0
_TITLE, _ROW, _CAPTION, _SMALL = 13.0, 8.0, 1.8, 2.5
_LINE = 5.0
_COLUMNS = 3


class Hole(NamedTuple):
    """A round hole: its letter, radius, centre and axis."""

    letter: str
    radius: float
    center: Any
    axis: Any


class Tables(NamedTuple):
    """What goes to the foot of the sheet, and how much room it takes: wide tables are above the title block."""

    height: float
    title: str
    fields: list[tuple[str, str]]
    first_angle: bool
    lists: list[list[list[str]]]
    above: bool
    holes: list[Hole]


def prepare(sheet: Sheet, kept: dict[str, Any], objects: list[Any], rounds: list[Round]) -> Tables:
    """Return what the tables say. The scale is added when it is known."""
    fields = [(key, text) for key, text in kept["title"].items() if key != "title"]
    holes = holes_of(rounds) if kept["hole_table"] else []
    lists: list[list[list[str]]] = []
    if kept["parts_list"]:
        lists.append([["Pos", "Part", "Material", "Qty"], *_parts(objects)])
    if holes:
        lists.append(
            [
                ["Hole", "Ø", "X", "Y", "Z"],
                *([each.letter, number(2 * each.radius), *_place(each)] for each in holes),
            ]
        )
    rows = ceil((len(fields) + 3) / _COLUMNS)
    block = _TITLE + _ROW * rows
    beside, whole = _rooms(sheet)
    pieces = _wrapped(lists, block, beside)
    above = _together(pieces) > beside
    if above:
        pieces = _wrapped(lists, block, whole)
    high = max((_LINE * len(piece) + 4 for piece in pieces), default=0.0)
    height = block + high if above else max(block, high)
    is_first = kept["projection"] == "first"
    return Tables(height, kept["title"].get("title", ""), fields, is_first, pieces, above, holes)


def _rooms(sheet: Sheet) -> tuple[float, float]:
    """Return how wide tables may be beside the title block, and above it."""
    left, right, *_ = sheet.inner
    return right - left - BLOCK - 6, right - left - 6


def _together(pieces: list[list[list[str]]]) -> float:
    """Return how wide tables are next to each other."""
    return sum(sum(_width(piece)) + 4 for piece in pieces)


def _place(hole: Hole) -> list[str]:
    """Return its coordinates as exactly as its diameter; what is nearly 0 is what computing has left."""
    decimals = decimals_of(2 * hole.radius)
    return [number(round(part, decimals), decimals) for part in hole.center]


def _width(rows: list[list[str]]) -> list[float]:
    return [max(length_of(row[index], _SMALL) for row in rows) + 3 for index in range(len(rows[0]))]


def _wrapped(lists: list[list[list[str]]], height: float, width: float) -> list[list[list[str]]]:
    """Return the tables in pieces that stand next to each other, as high as they must be to fit the width."""
    most = max(2, int((height - 4) / _LINE))
    while lists:
        pieces: list[list[list[str]]] = []
        for rows in lists:
            head, body = rows[0], rows[1:]
            for first in range(0, len(body), most - 1):
                pieces.append([head, *body[first : first + most - 1]])
        if _together(pieces) <= width or most > max(map(len, lists)):
            return pieces
        most += 1
    return []


def draw(sheet: Sheet, tables: Tables) -> None:
    left, right, bottom, top = sheet.inner
    sheet.rectangle("FRAME", left, bottom, right - left, top - bottom)
    ratio = f"{sheet.scale:g}:1" if sheet.scale >= 1 else f"1:{1 / sheet.scale:g}"
    size = next(name for name, each in SIZES.items() if each == (sheet.page.width, sheet.page.height))
    fields = [*tables.fields, ("scale", ratio), ("sheet", size), ("unit", "mm")]
    x, rows = right - BLOCK, ceil(len(fields) / _COLUMNS)
    height = _TITLE + _ROW * rows
    sheet.rectangle("FRAME", x, bottom, BLOCK, height)
    sheet.occupy(x, bottom, BLOCK, height)
    _fit(sheet, (x + 3, bottom + height - 9), 5.0, tables.title, BLOCK - 36)
    _symbol(sheet, right - 16, bottom + height - _TITLE / 2, tables.first_angle)
    for row in range(rows):
        line = bottom + height - _TITLE - _ROW * row
        sheet.draw("TEXT", (x, line), (right, line))
    wide = BLOCK / _COLUMNS
    for column in range(1, _COLUMNS):
        sheet.draw("TEXT", (x + column * wide, bottom), (x + column * wide, bottom + _ROW * rows))
    for place, (caption, text) in enumerate(fields):
        at = (x + 2 + place % _COLUMNS * wide, bottom + height - _TITLE - _ROW * (place // _COLUMNS))
        _fit(sheet, (at[0], at[1] - 2.6), _CAPTION, caption, wide - 4)
        _fit(sheet, (at[0], at[1] - 6.6), _SMALL, text, wide - 4)
    at_x, at_y = left + 3, bottom + 2 + (height if tables.above else 0)
    # What is too wide even so is written smaller.
    part = min(1.0, _rooms(sheet)[tables.above] / max(1.0, _together(tables.lists)))
    for piece in tables.lists:
        at_x += _table(sheet, at_x, at_y, piece, part) + 4 * part


def _fit(sheet: Sheet, place: tuple[float, float], height: float, text: str, width: float) -> None:
    """Write a text as high as it should be, or as low as it must be to fit."""
    long = length_of(text, height)
    sheet.page.texts.append(Text("TEXT", place, height if long <= width else height * width / long, text))


def _table(sheet: Sheet, x: float, y: float, rows: list[list[str]], part: float) -> float:
    """Draw a table whose columns have this part of the room that they need; return how wide it is."""
    widths = [each * part for each in _width(rows)]
    height = _LINE * len(rows)
    sheet.occupy(x, y, sum(widths), height)
    for index in range(len(rows) + 1):
        sheet.draw("TEXT", (x, y + _LINE * index), (x + sum(widths), y + _LINE * index))
    at = x
    for index, width in enumerate(widths):
        sheet.draw("TEXT", (at, y), (at, y + height))
        for line, row in enumerate(rows):
            _fit(sheet, (at + 1.5 * part, y + height - _LINE * line - 3.7), _SMALL, row[index], width - 3 * part)
        at += width
    sheet.draw("TEXT", (at, y), (at, y + height))
    return sum(widths)


def _symbol(sheet: Sheet, x: float, y: float, first: bool) -> None:
    """Draw the truncated cone of ISO 5456 in two views."""
    low, high, long = 1.5, 3.0, 7.0
    cone, circles = (x - 9, x + 6) if first else (x + 2, x - 6)
    sheet.draw(
        "FRAME", (cone, y - low), (cone, y + low), (cone + long, y + high), (cone + long, y - high), (cone, y - low)
    )
    for radius in (low, high):
        points = [(circles + radius * cos(tau * n / 48), y + radius * sin(tau * n / 48)) for n in range(49)]
        sheet.draw("FRAME", *points)
    sheet.draw("CENTER", (x - 11, y), (x + 11, y))
    sheet.draw("CENTER", (circles, y - high - 1), (circles, y + high + 1))


def _parts(objects: list[Any]) -> list[list[str]]:
    """Return a row for each object, and for each thing that an assembly is made of."""
    pieces: list[materials.Piece] = []
    for obj in objects:
        if mates.is_assembly(obj):
            pieces += bills.parts_of(obj)
        else:
            pieces.append(materials.Piece(obj, None, materials.of(obj), linked=False))
    rows: list[list[str]] = []
    for index, each in enumerate(bills.counted(pieces), 1):
        name = (each.material.name or "") if each.material else ""
        rows.append([str(index), each.obj.Label, name, str(each.quantity)])
    return rows


def _letter(index: int) -> str:
    return chr(65 + index % 26) * (1 + index // 26)


def holes_of(rounds: list[Round]) -> list[Hole]:
    """Return each round hole once, with the point of its axis where its edge is on the part.

    What reaches no more than half around is a rounding. Of two open ends it is the one to the right, in front or above.
    """
    found: list[Hole] = []
    for each in rounds:
        for pieces in each.stretches() if each.hollow else []:
            if is_circle(covered(pieces)):
                low = min((piece.low for piece in pieces), key=lambda end: end.at)
                high = max((piece.high for piece in pieces), key=lambda end: end.at)
                mouth = low if low.open and not high.open else high
                found.append(Hole(_letter(len(found)), each.radius, each.at(mouth.at), each.axis))
    return found
