"""Triangles as arrays: checks them and makes a FreeCAD mesh."""

from __future__ import annotations

import math
import os
import sys
import tempfile
from array import array
from typing import Any, Sequence

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.verification import imports

_HEADER = (
    "ply\nformat binary_little_endian 1.0\nelement vertex {points}\nproperty float x\nproperty float y\n"
    "property float z\nelement face {triangles}\nproperty list uchar int vertex_indices\nend_header\n"
)


class Triangles:
    """Points (x, y, z in a row) and corners (three indices a triangle)."""

    def __init__(self, points: array[float] | None = None, corners: array[int] | None = None) -> None:
        self.points = array("d") if points is None else points
        self.corners = array("i") if corners is None else corners

    def __len__(self) -> int:
        return len(self.corners) // 3

    def point(self, index: int) -> Sequence[float]:
        return self.points[3 * index : 3 * index + 3]

    def require_sound(self, what: str) -> None:
        """Raise AppError for coordinates that are not numbers or out of bounds, and for corners that do not exist."""
        if not math.isfinite(sum(self.points)):
            for number, value in enumerate(self.points):
                if not math.isfinite(value):
                    raise AppError(
                        "unsupported_format",
                        f"{what} has the coordinate {value!r} at point {number // 3} (counted from 0): "
                        "every coordinate must be a finite number; repair the mesh where it was made",
                        {"point": number // 3, "value": repr(value)},
                    )
        largest = max(max(self.points, default=0.0), -min(self.points, default=0.0))
        if largest > LIMITS["max_extent_mm"]:
            raise limit_exceeded("A coordinate of the mesh in mm", largest, LIMITS["max_extent_mm"], "max_extent_mm")
        self._require_corners(what)

    def _require_corners(self, what: str) -> None:
        count = len(self.points) // 3
        if self.corners and not 0 <= min(self.corners) <= max(self.corners) < count:
            wrong = next(each for each in self.corners if not 0 <= each < count)
            raise AppError(
                "unsupported_format",
                f"{what} has a triangle with the point {wrong}, but {count} points (counted from 0): it is damaged",
                {"point": wrong, "points": count},
            )

    def used(self) -> Triangles:
        """Return a copy without the points that no triangle has."""
        places: dict[int, int] = {}
        corners = array("i", [places.setdefault(each, len(places)) for each in self.corners])
        if 3 * len(places) == len(self.points):
            return self
        points = array("d")
        for each in places:
            points.extend(self.points[3 * each : 3 * each + 3])
        return Triangles(points, corners)

    def moved(self, matrix: Sequence[float], scale: float = 1.0) -> Triangles:
        """Return a copy moved by `matrix` (three rows of four), turned over if that mirrors. Raises AppError."""
        a, b, c, tx, d, e, f, ty, g, h, i, tz = matrix
        mirrored = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        if not math.isfinite(mirrored) or mirrored == 0:
            raise AppError("unsupported_format", "A transform in the file flattens its object to zero volume")
        xs, ys, zs = self.points[0::3], self.points[1::3], self.points[2::3]
        points = array("d", bytes(8 * len(self.points)))
        for axis, (p, q, r, t) in enumerate(((a, b, c, tx), (d, e, f, ty), (g, h, i, tz))):
            points[axis::3] = array("d", [(p * x + q * y + r * z + t) * scale for x, y, z in zip(xs, ys, zs)])
        corners = array("i", self.corners)
        if mirrored < 0:
            corners[1::3], corners[2::3] = corners[2::3], corners[1::3]
        return Triangles(points, corners)

    def mesh(self, what: str) -> Any:
        """Return FreeCAD's mesh, compared with its triangles. Raises AppError."""
        import Mesh

        self._require_corners(what)
        used = self.used()
        used.require_sound(what)
        count = len(used)
        corners = _little(array("i", used.corners))
        header = _HEADER.format(points=len(used.points) // 3, triangles=count)
        handle, path = tempfile.mkstemp(suffix=".ply")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(header.encode())
                file.write(_little(array("f", used.points)))
                file.write(b"".join([b"\3" + corners[each : each + 12] for each in range(0, 12 * count, 12)]))
            mesh = Mesh.Mesh(path) if count else Mesh.Mesh()
        finally:
            os.unlink(path)
        if not mesh.isSolid():
            # Many programs give each face its own points; points in the same place are merged.
            mesh.removeDuplicatedPoints()
        imports.check_mesh(mesh, used.points, used.corners, what)
        return mesh


def _little(values: array[Any]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
