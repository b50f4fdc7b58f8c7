"""Dimensions on a sheet: lines, arrows and leaders as in ISO 129, each number from the model, none over another."""

from __future__ import annotations

from math import acos, ceil, cos, degrees, hypot, pi, radians, sin
from typing import Any, Callable

import FreeCAD

from cadgate_freecad.app import measuring, sheet_seeing
from cadgate_freecad.app.measuring import Gone, Measured
from cadgate_freecad.app.sheet_page import ARROW, TEXT, Point, Sheet, View, length_of, number
from cadgate_freecad.app.sheet_rounds import Round, is_circle
from cadgate_freecad.app.values import significant

_LANE, _FIRST = 7.0, 10.0
_SLANTS = [pi / 4, 3 * pi / 4, -pi / 4, -3 * pi / 4, pi / 6, 5 * pi / 6, pi / 3, 2 * pi / 3, -pi / 6, -pi / 3]
_OTHER_SLANTS = [radians(degree) for degree in range(-175, 180, 5)]
"""For arcs that have none of the others."""
Has = Callable[[Any], bool]
"""Whether an arc is there in a direction from its centre, in the document."""


def room(kept: dict[str, Any]) -> float:
    """Return how much wider than usual the gaps between views must be, mm."""
    if kept["dimensions"] == "auto":
        return 0.0
    counts: dict[Any, int] = {}
    for each in kept["dimensions"]:
        if each["type"] == "length":
            counts[str(each["view"])] = counts.get(str(each["view"]), 0) + 1
    return _LANE * max(0, ceil(max(counts.values(), default=0) / 2) - 1)


def note(sheet: Sheet, type: str, view: Any, value: float | None, text: str, error: str | None = None) -> None:
    exact = None if value is None else significant(round(value, 9))
    sheet.dimensions.append({"type": type, "view": view, "value": exact, "text": text, "error": error})


def automatic(sheet: Sheet, views: list[View], rounds: list[Round]) -> None:
    """Dimension the sizes of the objects, and one round face of each size."""
    once: set[str] = set()
    for view in views:
        shown = view.seen.view
        if not isinstance(shown, str) or shown == "iso":
            continue
        low, high, back = view.seen.low, view.seen.high, view.seen.frame.inverted()
        sides = (
            (_axis(back.multVec(FreeCAD.Vector(1, 0, 0))), high[0] - low[0], low, (high[0], low[1])),
            (_axis(back.multVec(FreeCAD.Vector(0, 1, 0))), high[1] - low[1], (low[0], high[1]), low),
        )
        for axis, value, start, end in sides:
            if axis not in once:
                once.add(axis)
                if value >= 0.1:
                    value = round(value, 6)  # OpenCASCADE widens boxes by 1e-7 mm
                _line(sheet, view, view.at(start), view.at(end), number(value))
                note(sheet, "length", shown, value, number(value))
        for type, radius, center, has in _circles(view, rounds):
            value = 2 * radius if type == "diameter" else radius
            text = f"{'Ø' if type == 'diameter' else 'R'}{number(value)}"
            if text not in once:
                once.add(text)
                _round(sheet, view, view.at(center), radius * view.factor, text, has)
                note(sheet, type, shown, value, text)


def _axis(direction: Any) -> str:
    return "xyz"[max(range(3), key=lambda index: abs(direction[index]))]


def _circles(view: View, rounds: list[Round]) -> list[tuple[str, float, Any, Has]]:
    """Return type, radius, centre and extent of the round faces that a view shows as circles; the largest first."""
    found: list[tuple[str, float, Any, Has]] = []
    for each in rounds:
        if abs(abs(view.seen.frame.multVec(each.axis).z) - 1) < 1e-9:
            type = "diameter" if is_circle(each.around) else "radius"
            found.append((type, each.radius, view.seen.frame.multVec(each.foot), each.has))
    # The one at the right of several that are as large: its leader is the shortest.
    return sorted(found, key=lambda each: (-each[1], -round(each[2].x, 6), -round(each[2].y, 6)))


def chosen(sheet: Sheet, kept: dict[str, Any], views: list[View], objects: list[Any]) -> None:
    """Draw the dimensions that were asked for; what is gone is noted instead."""
    for each in kept["dimensions"]:
        view = next((view for view in views if view.seen.view == each["view"]), None)
        obj = next(obj for obj in objects if obj.Name == each["object"])
        try:
            if view is None:
                raise Gone(f"{measuring.name(each)}: the view {each['view']!r} is not on the sheet")
            measured = measuring.measure(each, obj)
            if not view.shows(measured.start) or not view.shows(measured.end):
                raise Gone(f"{measuring.name(each)}: it is not within the detail: choose another view")
            sheet_seeing.require_seen(view, each, measured)
        except Gone as error:
            note(sheet, each["type"], each["view"], None, "", str(error))
            continue
        text = {"diameter": "Ø", "radius": "R"}.get(each["type"], "") + number(measured.value)
        text += "°" if each["type"] == "angle" else ""
        _draw(sheet, view, each["type"], measured, text)
        note(sheet, each["type"], each["view"], measured.value, text)


def _draw(sheet: Sheet, view: View, type: str, measured: Measured, text: str) -> None:
    one, two = view.of(measured.start), view.of(measured.end)
    if type in ("diameter", "radius"):
        start, end = sheet_seeing.across(view, type, measured) or (measured.start, measured.end)
        if start != end:
            _line(sheet, view, view.of(start), view.of(end), text)
            return
        assert measured.one is not None
        radius = measured.value / (2 if type == "diameter" else 1)
        _round(sheet, view, one, radius * view.factor, text, None if measured.one.kind == "point" else measured.has)
    elif type == "angle":
        _angle(sheet, view, measured, text)
    elif measured.start == measured.end:
        _round(sheet, view, one, 0.0, text, None, along=True)
    else:
        _line(sheet, view, one, two, text)


# --- lengths ---------------------------------------------------------------------------------------------------------


def _line(sheet: Sheet, view: View, one: Point, two: Point, text: str) -> None:
    """Draw a dimension line beside the view, in the first lane that is free, with extension lines and arrows."""
    length = hypot(two[0] - one[0], two[1] - one[1])
    if length < 1e-6:
        sheet.write("DIMENSIONS", (one[0] + 2, one[1] + 2), TEXT, text)
        return
    if abs(two[1] - one[1]) < 1e-6 * length:
        one, two = sorted((one, two))
    elif abs(two[0] - one[0]) < 1e-6 * length:
        one, two = sorted((one, two), key=lambda point: -point[1])
    along = ((two[0] - one[0]) / length, (two[1] - one[1]) / length)
    aside = (along[1], -along[0])
    away = 0.0
    for step in range(40):
        side = aside if step % 2 == 0 else (-aside[0], -aside[1])
        away = _outside(view, one, two, side) + _FIRST + _LANE * (step // 2)
        if _is_free(sheet, one, two, side, away, text, along):
            aside = side
            break
    else:
        away = _outside(view, one, two, aside) + _FIRST
    first, last = ((p[0] + aside[0] * away, p[1] + aside[1] * away) for p in (one, two))
    for start, end in ((one, first), (two, last)):
        begin = (start[0] + aside[0], start[1] + aside[1])
        sheet.draw("DIMENSIONS", begin, (end[0] + 2 * aside[0], end[1] + 2 * aside[1]))
    wide = length_of(text, TEXT)
    inside = length >= 2 * ARROW[0] + 2
    for tip, sign in ((first, 1 if inside else -1), (last, -1 if inside else 1)):
        sheet.arrow("DIMENSIONS", tip, (along[0] * sign, along[1] * sign))
    start, end = first, last
    middle = length / 2
    if not inside:
        start = (first[0] - along[0] * 2 * ARROW[0], first[1] - along[1] * 2 * ARROW[0])
        end = (last[0] + along[0] * 2 * ARROW[0], last[1] + along[1] * 2 * ARROW[0])
    if wide + 1 > length - (2 * ARROW[0] if inside else 0):
        # Beyond the arrows, on the dimension line drawn longer.
        middle = length + 2 * ARROW[0] + 1 + wide / 2
        end = (last[0] + along[0] * (2 * ARROW[0] + 2 + wide), last[1] + along[1] * (2 * ARROW[0] + 2 + wide))
    sheet.draw("DIMENSIONS", start, end)
    x, y = first[0] + along[0] * middle, first[1] + along[1] * middle
    if abs(along[0]) < 0.3:
        sheet.write("DIMENSIONS", (x - 1, y), TEXT, text, True, 90)
    else:
        # Of a slanted line the text is as far as its corner is beside the line.
        off = wide / 2 * abs(along[1]) + TEXT / 2 * abs(along[0]) + 1
        up = -1 if along[0] < 0 else 1
        sheet.write("DIMENSIONS", (x - up * off * along[1], y + up * off * along[0] - TEXT / 2), TEXT, text, True)
    xs, ys = (start[0], end[0]), (start[1], end[1])
    sheet.occupy(min(xs) - 1, min(ys) - 1, max(xs) - min(xs) + 2, max(ys) - min(ys) + 2)


def _outside(view: View, one: Point, two: Point, side: Point) -> float:
    """Return how far from the points the view ends in a direction, if the direction is along the sheet's sides."""
    x, y, width, height = view.box
    if abs(side[1]) > 0.999:
        edge = y if side[1] < 0 else y + height
        return max((edge - point[1]) * side[1] for point in (one, two))
    if abs(side[0]) > 0.999:
        edge = x if side[0] < 0 else x + width
        return max((edge - point[0]) * side[0] for point in (one, two))
    return 0.0


def _is_free(sheet: Sheet, one: Point, two: Point, side: Point, away: float, text: str, along: Point) -> bool:
    first, last = ((p[0] + side[0] * away, p[1] + side[1] * away) for p in (one, two))
    wide = length_of(text, TEXT)
    length = hypot(two[0] - one[0], two[1] - one[1])
    if wide + 1 > length - 2 * ARROW[0]:
        last = (last[0] + along[0] * (wide + 8), last[1] + along[1] * (wide + 8))
    low = (min(first[0], last[0]), min(first[1], last[1]))
    high = (max(first[0], last[0]), max(first[1], last[1]))
    if abs(along[0]) < 0.3:
        low = (low[0] - TEXT - 1.5, low[1])
    else:
        high = (high[0], high[1] + TEXT + 1.5)
    return sheet.is_free(low[0], low[1] + 0.5, high[0] - low[0], high[1] - low[1] - 0.5)


# --- circles and angles ----------------------------------------------------------------------------------------------


def _slants(view: View, has: Has | None) -> list[float]:
    """Return in which directions from its centre a leader may begin on an arc; for a circle, in any."""
    if has is None:
        return _SLANTS
    back = view.seen.frame.inverted()
    for slants in (_SLANTS, _OTHER_SLANTS):
        found = [each for each in slants if has(back.multVec(FreeCAD.Vector(cos(each), sin(each), 0)))]
        if found:
            return found
    return _SLANTS


def _round(
    sheet: Sheet, view: View, center: Point, reach: float, text: str, has: Has | None, *, along: bool = False
) -> None:
    """Draw a leader from a circle to its text outside of the view, where nothing else is.

    `along` a curve its length is measured: the text has an arc above it then.
    """
    slants = _slants(view, has)
    wide = length_of(text, TEXT) + 2
    high = TEXT + (4 if along else 2)
    best: tuple[float, float, Point, Point] | None = None
    others = [
        each for each in sheet.circles.get(id(view.seen), []) if hypot(each[0] - center[0], each[1] - center[1]) > 1
    ]
    for slant in slants:
        way = (cos(slant), sin(slant))
        tip = (center[0] + reach * way[0], center[1] + reach * way[1])
        out = _leaving(view, tip, way)
        for more in (4, 9, 15, 22, 30):
            knee = (tip[0] + (out + more) * way[0], tip[1] + (out + more) * way[1])
            x = knee[0] if way[0] > 0 else knee[0] - wide
            if sheet.is_free(x - 0.5, knee[1] - 0.5, wide + 1, high):
                cost = out + more + 40 * sum(_passes(tip, knee, circle) for circle in others)
                if best is None or cost < best[0] - 1e-6:
                    best = (cost, slant, tip, knee)
                break
    if best is None:
        way = (cos(slants[0]), sin(slants[0]))
        tip = (center[0] + reach * way[0], center[1] + reach * way[1])
        best = (8.0, slants[0], tip, (tip[0] + 8 * way[0], tip[1] + 8 * way[1]))
    _, slant, tip, knee = best
    way = (cos(slant), sin(slant))
    left = knee[0] if way[0] > 0 else knee[0] - wide
    end = (knee[0] + wide, knee[1]) if way[0] > 0 else (left, knee[1])
    sheet.draw("DIMENSIONS", tip, knee, end)
    sheet.arrow("DIMENSIONS", tip, way)
    sheet.write("DIMENSIONS", (left + 1, knee[1] + 1), TEXT, text)
    if along:
        low = knee[1] + TEXT + 1.6
        turns = [pi * step / 12 for step in range(13)]
        sheet.draw("DIMENSIONS", *((left + wide / 2 - (wide / 2 - 1) * cos(t), low + 1.2 * sin(t)) for t in turns))
        sheet.occupy(left, knee[1], wide, high)


def _passes(one: Point, two: Point, circle: tuple[float, float, float]) -> bool:
    """Return whether a line meets a circle."""
    along = (two[0] - one[0], two[1] - one[1])
    size = along[0] ** 2 + along[1] ** 2 or 1.0
    at = ((circle[0] - one[0]) * along[0] + (circle[1] - one[1]) * along[1]) / size
    at = max(0.0, min(1.0, at))
    return hypot(one[0] + at * along[0] - circle[0], one[1] + at * along[1] - circle[1]) < circle[2] + 0.5


def _leaving(view: View, tip: Point, way: Point) -> float:
    """Return how far it is from a point of a view to its border."""
    x, y, width, height = view.box
    found: list[float] = []
    for at, step, low, high in ((tip[0], way[0], x, x + width), (tip[1], way[1], y, y + height)):
        if abs(step) > 1e-9:
            found.append(((high if step > 0 else low) - at) / step)
    return max(0.0, min(found))


def _angle(sheet: Sheet, view: View, measured: Measured, text: str) -> None:
    """Draw an arc between the two sides, with arrows; without a corner in the view, a leader between the sides."""
    one, two = view.of(measured.start), view.of(measured.end)
    corner = _corner(view, measured)
    if corner is None:
        place = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2)
        sheet.draw("DIMENSIONS", one, place, two)
        sheet.write("DIMENSIONS", (place[0] + 2, place[1] + 2), TEXT, text)
        return
    ways = [(point[0] - corner[0], point[1] - corner[1]) for point in (one, two)]
    reach = max(8.0, min(hypot(*way) for way in ways))
    first, last = (_direction(way) for way in ways)
    turn = (last - first + pi) % (2 * pi) - pi
    arc = [
        (corner[0] + reach * cos(first + turn * n / 24), corner[1] + reach * sin(first + turn * n / 24))
        for n in range(25)
    ]
    sheet.draw("DIMENSIONS", *arc)
    sign = 1 if turn > 0 else -1
    for tip, way, toward in ((arc[0], first, sign), (arc[-1], last, -sign)):
        sheet.arrow("DIMENSIONS", tip, (-sin(way) * toward, cos(way) * toward))
    for way, point in zip((first, last), (one, two)):
        if hypot(point[0] - corner[0], point[1] - corner[1]) < reach:
            end = (corner[0] + (reach + 2) * cos(way), corner[1] + (reach + 2) * sin(way))
            sheet.draw("DIMENSIONS", point, end)
    middle = first + turn / 2
    place = (corner[0] + (reach + 2.5) * cos(middle), corner[1] + (reach + 2.5) * sin(middle))
    wide = length_of(text, TEXT)
    sheet.write(
        "DIMENSIONS",
        (place[0] - (wide if cos(middle) < 0 else 0), place[1] - (TEXT if sin(middle) < 0 else 0)),
        TEXT,
        text,
    )


def _direction(way: Point) -> float:
    angle = acos(max(-1.0, min(1.0, way[0] / (hypot(*way) or 1.0))))
    return angle if way[1] >= 0 else -angle


def _corner(view: View, measured: Measured) -> Point | None:
    """Return where the two sides meet on the sheet, if the view shows the angle as it is."""
    lines: list[tuple[Point, Point]] = []
    for point, element in ((measured.start, measured.one), (measured.end, measured.two)):
        if element is None:
            return None
        way = view.seen.frame.multVec(element.direction)
        if element.kind in ("plane", "circle"):
            way = FreeCAD.Vector(-way.y, way.x, way.z)
        if abs(way.z) > 1e-6 or hypot(way.x, way.y) < 1e-6:
            return None
        lines.append((view.of(point), (way.x, way.y)))
    (p, d), (q, e) = lines
    across = d[0] * e[1] - d[1] * e[0]
    if abs(across) < 1e-9:
        return None
    far = ((q[0] - p[0]) * e[1] - (q[1] - p[1]) * e[0]) / across
    corner = (p[0] + far * d[0], p[1] + far * d[1])
    shown = degrees(acos(max(-1.0, min(1.0, _cosine(corner, p, q)))))
    return corner if abs(shown - measured.value) < 0.01 else None


def _cosine(corner: Point, one: Point, two: Point) -> float:
    a, b = ((point[0] - corner[0], point[1] - corner[1]) for point in (one, two))
    size = hypot(*a) * hypot(*b)
    return (a[0] * b[0] + a[1] * b[1]) / size if size else 1.0
