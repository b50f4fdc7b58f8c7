"""What belongs to views besides their lines: names, cutting planes, circles of details, centre lines, hole letters."""

from __future__ import annotations

from math import cos, hypot, pi, sin, sqrt, tau
from typing import Any

import FreeCAD

from cadgate_freecad.app.sheet_page import TEXT, Sheet, View, length_of
from cadgate_freecad.app.sheet_rounds import Round
from cadgate_freecad.app.sheet_tables import Hole

_PARENTS = {"x": ("front", "top", "back", "bottom"), "y": ("top", "right", "left", "bottom")}
_PARENTS["z"] = ("front", "right", "left", "back")
_LOOK = {"x": (-1, 0, 0), "y": (0, 1, 0), "z": (0, 0, -1)}
"""Where a section looks."""
_BEYOND = 3.0
_MOST_MARKS = 400


def draw(sheet: Sheet, views: list[View], rounds: list[Round]) -> None:
    """Name the views, mark in others where sections and details are, and draw centre lines."""
    for view in views:
        if view.seen.view != "iso" and "detail" not in view.seen.view:
            _center_lines(sheet, view, rounds)
    for index, view in enumerate(each for each in views if not isinstance(each.seen.view, str)):
        letter = chr(65 + index % 26)
        x, y, width, height = view.box
        if "section" in view.seen.view:
            text = f"{letter}-{letter}"
            _mark_section(sheet, views, view, letter)
        else:
            ratio = f"{view.factor:g}:1" if view.factor >= 1 else f"1:{1 / view.factor:g}"
            text = f"{letter} ({ratio})"
            _mark_detail(sheet, views, view, letter)
        sheet.write("TEXT", (x + width / 2, y + height + 5), 5.0, text, centered=True)


def _parent(views: list[View], names: tuple[str, ...]) -> View | None:
    return next((view for name in names for view in views if view.seen.view == name), None)


def _mark_section(sheet: Sheet, views: list[View], view: View, letter: str) -> None:
    """Draw the cutting plane with thick ends, arrows where the section looks, and letters."""
    axis, at = view.seen.view["section"], view.seen.view["at"]
    parent = _parent(views, _PARENTS[axis])
    if parent is None:
        return
    point = FreeCAD.Vector(*(at if name == axis else 0.0 for name in "xyz"))
    x, y = parent.of(point)
    look = parent.seen.frame.multVec(FreeCAD.Vector(*_LOOK[axis]))
    left, bottom, width, height = parent.box
    upright = abs(look.x) > 0.5
    ends = [(x, bottom - 7), (x, bottom + height + 7)] if upright else [(left - 7, y), (left + width + 7, y)]
    sheet.draw("CENTER", *ends)
    along = (look.x, look.y)
    for end, sign in zip(ends, (1, -1)):
        inward = (0.0, 4.0 * sign) if upright else (4.0 * sign, 0.0)
        sheet.draw("CUTTING", end, (end[0] + inward[0], end[1] + inward[1]))
        tip = (end[0] + 7 * along[0], end[1] + 7 * along[1])
        sheet.draw("DIMENSIONS", end, tip)
        sheet.arrow("DIMENSIONS", tip, (-along[0], -along[1]))
        beside = (end[0] - 4.5 * along[0], end[1] - 4.5 * along[1] - TEXT / 2)
        sheet.write("TEXT", beside, TEXT, letter, centered=True)
        low = (min(end[0], tip[0]) - 1, min(end[1], tip[1]) - 1)
        sheet.occupy(*low, abs(end[0] - tip[0]) + 2, abs(end[1] - tip[1]) + 2)


def _mark_detail(sheet: Sheet, views: list[View], view: View, letter: str) -> None:
    parent = _parent(views, ("front",))
    if parent is None:
        return
    x, y = parent.of(FreeCAD.Vector(*view.seen.view["detail"]))
    radius = view.seen.view["radius"] * parent.factor
    sheet.draw("DIMENSIONS", *((x + radius * cos(tau * n / 72), y + radius * sin(tau * n / 72)) for n in range(73)))
    width = length_of(letter, TEXT)
    for slant in (pi / 4, 3 * pi / 4, -pi / 4, -3 * pi / 4):
        place = (x + (radius + 2) * cos(slant), y + (radius + 2) * sin(slant))
        place = (place[0] - (width if cos(slant) < 0 else 0), place[1] - (TEXT if sin(slant) < 0 else 0))
        if sheet.is_free(*place, width, TEXT) or slant == -3 * pi / 4:
            sheet.write("TEXT", place, TEXT, letter)
            return


def _center_lines(sheet: Sheet, view: View, rounds: list[Round]) -> None:
    """Draw crosses where round faces are seen as circles, and their axes where they lie in the plane of the view."""
    crosses: dict[Any, float] = {}
    axes: dict[Any, None] = {}
    plane = _plane(view)
    for each in rounds:
        if each.around < pi - 1e-6:
            continue  # a rounded edge
        axis = view.seen.frame.multVec(each.axis)
        center = view.of(each.foot)
        if abs(abs(axis.z) - 1) < 1e-9:
            place = (round(center[0], 3), round(center[1], 3))
            crosses[place] = max(crosses.get(place, 0.0), each.radius * view.factor)
        elif abs(axis.z) < 1e-9 and (plane is None or _is_near(each, plane)):
            ends = [view.of(each.at(end)) for end in each.ends]
            across = -axis.y * ends[0][0] + axis.x * ends[0][1]
            along = sorted(axis.x * x + axis.y * y for x, y in ends)
            axes[tuple(round(part, 3) for part in (axis.x, axis.y, across, *along))] = None
    sheet.circles[id(view.seen)] = [(x, y, reach) for (x, y), reach in crosses.items()]
    for (x, y), reach in [*crosses.items()][:_MOST_MARKS]:
        over = reach + min(_BEYOND, 1 + reach)
        sheet.draw("CENTER", (x - over, y), (x + over, y))
        sheet.draw("CENTER", (x, y - over), (x, y + over))
    merged: dict[Any, list[float]] = {}
    for dx, dy, across, low, high in axes:
        if dx < -1e-9 or (abs(dx) < 1e-9 and dy < 0):
            dx, dy, across, low, high = -dx, -dy, -across, -high, -low
        known = merged.setdefault((dx + 0.0, dy + 0.0, across + 0.0), [low, high])
        known[:] = [min(known[0], low), max(known[1], high)]
    for (dx, dy, across), (low, high) in [*merged.items()][:_MOST_MARKS]:
        points = ((dx * along - dy * across, dy * along + dx * across) for along in (low - _BEYOND, high + _BEYOND))
        sheet.draw("CENTER", *points)


def _plane(view: View) -> tuple[int, float] | None:
    shown = view.seen.view
    return None if isinstance(shown, str) else ("xyz".index(shown["section"]), shown["at"])


def _is_near(round: Round, plane: tuple[int, float]) -> bool:
    """Return whether the axis of a round lies in the plane of a section: others are behind it."""
    return abs(round.foot[plane[0]] - plane[1]) < 1e-6


def letter_holes(sheet: Sheet, views: list[View], holes: list[Hole]) -> None:
    """Write the letters of the hole table beside the holes, in the first view that shows them as circles."""
    for hole in holes:
        for view in views:
            if isinstance(view.seen.view, str) and view.seen.view != "iso":
                axis = view.seen.frame.multVec(hole.axis)
                if abs(abs(axis.z) - 1) < 1e-9:
                    _letter_hole(sheet, view, view.of(hole.center), hole.radius * view.factor, hole.letter)
                    break


def _letter_hole(sheet: Sheet, view: View, at: tuple[float, float], reach: float, letter: str) -> None:
    """Write a letter beside a hole, where no other text is, preferably towards the middle of the view."""
    width, away = length_of(letter, 2.5), reach / sqrt(2) + 0.8
    middle = (view.box[0] + view.box[2] / 2, view.box[1] + view.box[3] / 2)
    places: list[tuple[float, float, float]] = []
    for right, up in ((1, -1), (-1, -1), (1, 1), (-1, 1)):
        x = at[0] + right * away - (width if right < 0 else 0)
        y = at[1] + up * away - (2.5 if up < 0 else 0)
        # Within the view itself there is room: only other texts count.
        met = any(x < x2 and x1 < x + width and y < y2 and y1 < y + 2.5 for x1, y1, x2, y2 in sheet.written)
        places.append((round(hypot(x - middle[0], y - middle[1]), 3) + 1000 * met, x, y))
    _, x, y = min(places)
    sheet.write("TEXT", (x, y), 2.5, letter)
