"""Named groups of triangles: distinguishes separate parts from sides of one part."""

from __future__ import annotations

from array import array
from typing import Sequence


def apart(groups: Sequence[tuple[str, array[int]]], place: Sequence[int]) -> list[tuple[str, array[int]]]:
    """Join open groups that touch: they are often sides of a part (a patch, a material). A closed one is a part.

    Each group is a name and its corners; `place` says which points are in the same place. A joined one has the name
    of its first group.
    """
    root = list(range(len(groups)))

    def find(each: int) -> int:
        while root[each] != each:
            root[each] = root[root[each]]
            each = root[each]
        return each

    owner: dict[int, int] = {}
    for number, (_, corners) in enumerate(groups):
        placed = [place[each] for each in corners]
        if _is_closed(placed):
            continue
        for point in set(placed):
            other = owner.setdefault(point, number)
            if other != number:
                a, b = find(other), find(number)
                root[max(a, b)] = min(a, b)
    joined: dict[int, tuple[str, array[int]]] = {}
    for number, (name, corners) in enumerate(groups):
        first = find(number)
        if first in joined:
            joined[first][1].extend(corners)
        else:
            joined[first] = (name, array("i", corners))
    return list(joined.values())


def _is_closed(placed: Sequence[int]) -> bool:
    """Return whether every edge of these triangles belongs to two of them."""
    open_edges: set[tuple[int, int]] = set()
    corners = iter(placed)
    for a, b, c in zip(corners, corners, corners):
        for edge in ((a, b), (b, c), (c, a)):
            if edge[0] != edge[1]:
                open_edges ^= {(min(edge), max(edge))}
    return not open_edges


def merged(points: array[float]) -> tuple[array[float], array[int]]:
    """Return points without repetition, and the index among them of each given point."""
    places: dict[tuple[float, float, float], int] = {}
    index = array("i")
    coordinates = iter(points)
    for point in zip(coordinates, coordinates, coordinates):
        index.append(places.setdefault(point, len(places)))
    unique = array("d")
    for point in places:
        unique.extend(point)
    return unique, index
