"""Checks booleans: points are where they belong, and volumes add up."""

from __future__ import annotations

from typing import Any

import numpy

from cadgate_blender.app.verification.solids import Solid

FAST, FULL = 200, 3000
"""The number of triangles of each mesh near which points are tested."""

_ROUNDING = 4e-6
"""The uncertainty of a surface by 32-bit coordinates, relative to the size of the whole, with a margin."""


def covers(*solids: Solid) -> bool:
    """Return whether points near every triangle are tested anyway, which leaves nothing for volumes to find."""
    return all(len(each.triangles) <= FAST for each in solids)


def misplaced(operation: str, first: Solid, second: Solid, result: Solid, verify: str) -> str | None:
    """Return what is wrong with the result of a boolean of two closed meshes, by points near all three surfaces."""
    if not result.closed and len(result.triangles):
        return "its surface has open edges"
    whole = max(first.size, second.size)
    most = FAST if verify == "fast" else FULL
    least = _ROUNDING * whole
    points = numpy.concatenate(
        [
            each.near_faces(most, max(1e-4 * each.size, least), least)
            for each in (first, second, result)
            if len(each.triangles)
        ]
    )
    wanted, found = _membership(operation, first, second, result, points)
    for point, should in zip(points[wanted != found], wanted[wanted != found]):
        # What looks wrong only by rounding is right a little further on, or in another direction.
        # So is a point where a face that is not flat may be folded one way or the other.
        bulge = max(each.bulge_at(point) for each in (first, second, result) if len(each.triangles))
        around = point + max(least / 2, 2 * bulge) * _AROUND
        for way in (0, 1):
            wanted, found = _membership(operation, first, second, result, around, way)
            if numpy.count_nonzero(wanted != found) < len(around) - 1:
                break
        else:
            place = ", ".join(f"{value:.4g}" for value in point)
            return f"the point ({place}) is {'outside' if should else 'inside'} it, but should not be"
    return None


_AROUND = numpy.concatenate([numpy.eye(3), -numpy.eye(3)])


def _membership(
    operation: str, first: Solid, second: Solid, result: Solid, points: Any, way: int = 0
) -> tuple[Any, Any]:
    """Return how often each point should be in the result, and how often it is."""
    in_first, in_second = first.windings(points, way) > 0, second.windings(points, way) > 0
    if operation == "union":
        wanted = in_first | in_second
    else:
        wanted = in_first & (in_second if operation == "intersect" else ~in_second)
    return wanted.astype(int), result.windings(points, way)


def encloses_nothing(solid: Solid) -> bool:
    """Return whether a closed surface has no more volume than rounding gives it."""
    return abs(solid.volume) <= _ROUNDING * solid.size * float(solid.areas.sum()) if len(solid.triangles) else True


def counterpart(operation: str) -> str:
    """Return the other boolean of the same meshes, whose volume and this one's must add up."""
    return "difference" if operation == "intersect" else "intersect"


def volume_gap(operation: str, first: Solid, second: Solid, result: Solid, other: Solid) -> str | None:
    """Check that V(A-B) + V(A*B) = V(A), or V(A+B) + V(A*B) = V(A) + V(B); `other` is the `counterpart`."""
    expected = first.volume + (second.volume if operation == "union" else 0.0)
    found = result.volume + other.volume
    surface = sum(float(each.areas.sum()) for each in (first, second))
    room = _ROUNDING * max(first.size, second.size) * surface
    if abs(found - expected) <= room:
        return None
    if abs(found - expected) <= room + sum(each.slack for each in (first, second, result, other)):
        return None
    return f"its volume and that of the {counterpart(operation)} add up to {found:.6g} instead of {expected:.6g}"
