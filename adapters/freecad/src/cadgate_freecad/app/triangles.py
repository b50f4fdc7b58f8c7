"""Triangles with shared points, in plain Python: the source of written meshes, and whether they are closed."""

from __future__ import annotations

from math import sqrt
from typing import Any, Sequence, Tuple

Point = Tuple[float, float, float]
Facet = Tuple[int, int, int]  # indices of points


class Triangles:
    """Points in the document's coordinates, and three of their indices for each facet, counter-clockwise outside."""

    def __init__(self, points: Sequence[Point] = (), facets: Sequence[Facet] = ()) -> None:
        self.points: list[Point] = list(points)
        self.facets: list[Facet] = list(facets)
        self._defects: tuple[int, int] | None = None

    @staticmethod
    def of_mesh(mesh: Any) -> Triangles:
        """Return the triangles of a FreeCAD mesh in its place in the document."""
        points, facets = mesh.Topology  # the points are placed already
        return Triangles([(point.x, point.y, point.z) for point in points], facets)

    def add(self, other: Triangles) -> None:
        """Add `other`, without sharing points with what is there."""
        start = len(self.points)
        self.points += other.points
        self.facets += other.facets if not start else [(a + start, b + start, c + start) for a, b, c in other.facets]
        self._defects = None

    def move(self, x: float, y: float, z: float) -> None:
        self.points = [(a + x, b + y, c + z) for a, b, c in self.points]

    def turn_over(self) -> None:
        """Turn the inside out."""
        self.facets = [(a, c, b) for a, b, c in self.facets]

    def defects(self) -> tuple[int, int]:
        """Count edges that no second triangle continues in the opposite direction, and those of more than two."""
        if self._defects is None:
            size = len(self.points)
            there = [key for a, b, c in self.facets for key in (a * size + b, b * size + c, c * size + a)]
            back = [key for a, b, c in self.facets for key in (b * size + a, c * size + b, a * size + c)]
            once = set(there)
            self._defects = len(once.difference(back)), len(there) - len(once)
        return self._defects

    @property
    def is_closed(self) -> bool:
        return self.defects() == (0, 0)

    def welded(self, distance: float) -> Triangles:
        """Return a copy in which points on open edges that are at most `distance` apart are joined.

        Other points are left alone, so thin walls and narrow gaps stay.
        """
        size = len(self.points)
        back = {key for a, b, c in self.facets for key in (b * size + a, c * size + b, a * size + c)}
        rim: set[int] = set()
        for a, b, c in self.facets:
            for start, end in ((a, b), (b, c), (c, a)):
                if start * size + end not in back:
                    rim |= {start, end}
        cells: dict[tuple[int, int, int], list[int]] = {}
        same: dict[int, int] = {}
        for number in sorted(rim):
            x, y, z = self.points[number]
            cell = (int(x // distance), int(y // distance), int(z // distance))
            near = (
                other
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                for k in (-1, 0, 1)
                for other in cells.get((cell[0] + i, cell[1] + j, cell[2] + k), ())
            )
            found = next((other for other in near if _apart(self.points[other], (x, y, z)) <= distance), None)
            if found is None:
                cells.setdefault(cell, []).append(number)
            else:
                same[number] = found
        joined = [(same.get(a, a), same.get(b, b), same.get(c, c)) for a, b, c in self.facets]
        return Triangles(self.points, [facet for facet in joined if len(set(facet)) == 3]).tidied()

    def tidied(self) -> Triangles:
        """Return a copy without points that no facet uses."""
        used = sorted({corner for facet in self.facets for corner in facet})
        place = {old: new for new, old in enumerate(used)}
        return Triangles(
            [self.points[old] for old in used], [(place[a], place[b], place[c]) for a, b, c in self.facets]
        )

    def measures(self) -> Measures:
        return Measures(self)


def _apart(one: Point, other: Point) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]), abs(one[2] - other[2]))


def area(triangles: Triangles) -> float:
    """Return the area of all triangles."""
    total = 0.0
    for a, b, c in triangles.facets:
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (triangles.points[each] for each in (a, b, c))
        ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
        total += sqrt((uy * vz - uz * vy) ** 2 + (uz * vx - ux * vz) ** 2 + (ux * vy - uy * vx) ** 2) / 2
    return total


class Measures:
    """Box, volume and centre of what the triangles enclose; volume and centre are meaningful only if it is closed."""

    def __init__(self, triangles: Triangles) -> None:
        points = triangles.points
        self.low = tuple(min(axis) for axis in zip(*points))
        self.high = tuple(max(axis) for axis in zip(*points))
        middle = [(low + high) / 2 for low, high in zip(self.low, self.high)]
        mx, my, mz = middle
        near = [(x - mx, y - my, z - mz) for x, y, z in points]
        volume = sx = sy = sz = 0.0
        for a, b, c in triangles.facets:
            ax, ay, az = near[a]
            bx, by, bz = near[b]
            cx, cy, cz = near[c]
            six = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
            volume += six
            sx += six * (ax + bx + cx)
            sy += six * (ay + by + cy)
            sz += six * (az + bz + cz)
        self.volume = volume / 6
        scale = 4 * volume
        self.center = tuple(m + s / scale for m, s in zip(middle, (sx, sy, sz))) if volume else tuple(middle)
