"""Checks a boolean along upright lines through all of it: which lengths of them are material, by the triangles.

Points next to the faces of a result say nothing about a place where it has no face, as where two splines meet for a
second time. Where the lengths differ, a point in the middle is judged like any other.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Any, Iterable, NamedTuple

import FreeCAD

from cadgate_freecad.app import attributes
from cadgate_freecad.app.verification.judging import Judge, holds
from cadgate_freecad.app.verification.points import Triangle

LINES = 40
"""How many lines there are each way: a place as wide as a fortieth of the box is met."""
SHIFT = 0.381966
"""Where the first line is, in spaces between lines: at no corner of shapes that are symmetric in their box."""
LENGTH = 4.0
"""How many times the distance between triangles and surfaces a wrong length must have to be looked at."""
MOST_TRIANGLES = 100_000
"""More are not looked at: that would take longer than the operation."""
MOST_POINTS = 8
"""How many of the longest wrong lengths are judged."""


class _Lines(NamedTuple):
    """Upright lines: where the first is, the space between them, and how many there are, each way."""

    x: float
    y: float
    step_x: float
    step_y: float


def mismatch(operation: str, judge: Judge) -> str | None:
    """Find a place that the result contains but should not, or the reverse; None if there is none.

    `judge` is that of two or more operands with volume.
    """
    box = _box(operation, judge)
    if not judge.can_judge or box is None or box.XLength <= 0 or box.YLength <= 0:
        return None
    meshes = [judge.mesh(each) for each in (*judge.regions, judge.result)]
    if sum(each.count for each in meshes) > MOST_TRIANGLES:
        return None
    step_x, step_y = box.XLength / LINES, box.YLength / LINES
    lines = _Lines(box.XMin + SHIFT * step_x, box.YMin + SHIFT * step_y, step_x, step_y)
    crossed = [[_crossings(surface, lines) for surface in mesh.surfaces] for mesh in meshes]
    wrong: list[tuple[float, tuple[int, int], float]] = []
    for line in {line for solids in crossed for solid in solids for line in solid}:
        for low, high in _differences(operation, [[solid.get(line, []) for solid in each] for each in crossed]):
            if high - low > LENGTH * judge.deflection:
                wrong.append((high - low, line, (low + high) / 2))
    for _, (i, j), z in sorted(wrong, reverse=True)[:MOST_POINTS]:
        point = FreeCAD.Vector(lines.x + i * lines.step_x, lines.y + j * lines.step_y, z)
        if judge.differs(point) and judge.is_proved(point):
            return judge.wrong_at(point)
    return None


def _box(operation: str, judge: Judge) -> Any | None:
    """Return what encloses all places where the result may be wrong."""
    first, *others = [attributes.box(each.shape) for each in judge.operands]
    if operation == "cut":
        return first
    for each in others:
        if operation == "fuse":
            first = first.united(each)
        elif first.intersect(each):
            first = first.intersected(each)
        else:
            return None
    return first


def _crossings(surface: Iterable[Triangle], lines: _Lines) -> dict[tuple[int, int], list[float]]:
    """Return the heights at which each line goes through the triangles; lines that meet none are left out."""
    found: dict[tuple[int, int], list[float]] = {}
    for (ax, ay, az), (bx, by, bz), (cx, cy, cz) in surface:
        first = max(0, ceil((min(ax, bx, cx) - lines.x) / lines.step_x))
        last = min(LINES - 1, floor((max(ax, bx, cx) - lines.x) / lines.step_x))
        if first > last:
            continue
        low = max(0, ceil((min(ay, by, cy) - lines.y) / lines.step_y))
        high = min(LINES - 1, floor((max(ay, by, cy) - lines.y) / lines.step_y))
        twice = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if low > high or twice == 0:
            continue
        for i in range(first, last + 1):
            x = lines.x + i * lines.step_x
            for j in range(low, high + 1):
                y = lines.y + j * lines.step_y
                a = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / twice
                b = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / twice
                if a >= 0 and b >= 0 and a + b <= 1:
                    found.setdefault((i, j), []).append(a * az + b * bz + (1 - a - b) * cz)
    return found


def _differences(operation: str, crossed: list[list[list[float]]]) -> list[tuple[float, float]]:
    """Return from where to where a line has material in the result and should not, or the reverse.

    `crossed` has the heights for each solid of each operand, and of the result at the end. A line that leaves a solid
    more or less often than it enters it goes along an edge: nothing is known of it.
    """
    if any(len(heights) % 2 for solids in crossed for heights in solids):
        return []
    events = sorted(
        (height, which, number)
        for which, solids in enumerate(crossed)
        for number, heights in enumerate(solids)
        for height in heights
    )
    within: list[set[int]] = [set() for _ in crossed]
    found: list[tuple[float, float]] = []
    since: float | None = None
    for height, which, number in events:
        if since is not None and height > since:
            found.append((since, height))
        within[which] ^= {number}
        *operands, result = (bool(each) for each in within)
        since = height if holds(operation, operands) != result else None
    return found
