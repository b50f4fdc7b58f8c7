"""Named groups of triangles: which of them are parts of their own, and which are sides of one."""

from __future__ import annotations

from array import array
from typing import Sequence


def apart(groups: Sequence[tuple[str, array]]) -> list[tuple[str, array]]:
    """Join groups that share points: a group is often a side of a part (a patch, a material), not a part.

    Each group is a name and its corners. A joined one has the name of its first group.
    """
    owner: dict[int, int] = {}
    root = list(range(len(groups)))

    def find(each: int) -> int:
        while root[each] != each:
            root[each] = root[root[each]]
            each = root[each]
        return each

    for number, (_, corners) in enumerate(groups):
        for point in set(corners):
            other = owner.setdefault(point, number)
            if other != number:
                a, b = find(other), find(number)
                root[max(a, b)] = min(a, b)
    joined: dict[int, tuple[str, array]] = {}
    for number, (name, corners) in enumerate(groups):
        first = find(number)
        if first in joined:
            joined[first][1].extend(corners)
        else:
            joined[first] = (name, array("i", corners))
    return list(joined.values())


def merged(points: array) -> tuple[array, array]:
    """Points without repetition, and for each of the given ones its place among them."""
    places: dict[tuple[float, float, float], int] = {}
    index = array("i")
    coordinates = iter(points)
    for point in zip(coordinates, coordinates, coordinates):
        index.append(places.setdefault(point, len(places)))
    unique = array("d")
    for point in places:
        unique.extend(point)
    return unique, index
