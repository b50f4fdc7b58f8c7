"""Cuts polygons of more than three corners, including concave ones, into triangles."""

from __future__ import annotations

from typing import Sequence

Point = Sequence[float]


def triangles(corners: Sequence[int], at: Sequence[Point]) -> list[tuple[int, int, int]]:
    """Return the triangles of a polygon, with `at` as the places of its corners. Convex ones become a fan."""
    count = len(corners)
    if count == 3:
        return [(corners[0], corners[1], corners[2])]
    flat = _flattened(at)
    if flat is None or _is_convex(flat):
        return [(corners[0], corners[each], corners[each + 1]) for each in range(1, count - 1)]
    return [(corners[a], corners[b], corners[c]) for a, b, c in _ears(flat)]


def _flattened(at: Sequence[Point]) -> list[tuple[float, float]] | None:
    """Return the corners in the polygon's plane, counter-clockwise; None if it has no area."""
    normal = [0.0, 0.0, 0.0]
    for here, there in zip(at, [*at[1:], at[0]]):
        for axis in range(3):
            j, k = (axis + 1) % 3, (axis + 2) % 3
            normal[axis] += (here[j] - there[j]) * (here[k] + there[k])
    largest = max(range(3), key=lambda axis: abs(normal[axis]))
    if normal[largest] == 0:
        return None
    u, v = (largest + 1) % 3, (largest + 2) % 3
    if normal[largest] < 0:
        u, v = v, u
    return [(each[u], each[v]) for each in at]


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_convex(flat: list[tuple[float, float]]) -> bool:
    count = len(flat)
    turns = [_turn(flat[each - 1], flat[each], flat[(each + 1) % count]) for each in range(count)]
    return min(turns) >= 0 and _turns_once(flat)


def _turns_once(flat: list[tuple[float, float]]) -> bool:
    """Return whether the outline goes round once: a star also turns left everywhere."""
    count = len(flat)
    changes = 0
    signs = [flat[(each + 1) % count][0] - flat[each][0] for each in range(count)]
    directions = [each > 0 for each in signs if each != 0]
    for here, there in zip(directions, directions[1:] + directions[:1]):
        changes += here != there
    return changes <= 2


def _ears(flat: list[tuple[float, float]]) -> list[tuple[int, int, int]]:
    ring = list(range(len(flat)))
    found: list[tuple[int, int, int]] = []
    while len(ring) > 3:
        size = len(ring)
        for place in range(size):
            a, b, c = ring[place - 1], ring[place], ring[(place + 1) % size]
            if _turn(flat[a], flat[b], flat[c]) > 0 and not any(
                _inside(flat[each], flat[a], flat[b], flat[c]) for each in ring if each not in (a, b, c)
            ):
                break
        else:
            # It crosses itself: the corner that turns most is as good as any.
            place = max(range(size), key=lambda p: _turn(flat[ring[p - 1]], flat[ring[p]], flat[ring[(p + 1) % size]]))
        found.append((ring[place - 1], ring[place], ring[(place + 1) % size]))
        del ring[place]
    found.append((ring[0], ring[1], ring[2]))
    return found


def _inside(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    if p in (a, b, c):
        return False  # a corner that two parts of the outline share
    return _turn(a, b, p) >= 0 and _turn(b, c, p) >= 0 and _turn(c, a, p) >= 0
