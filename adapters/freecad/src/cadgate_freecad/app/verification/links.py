"""Checks that a link shows its object in its place, and that objects in a container are where they should be."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, placed, shapes, values, versions

SAME = 1e-4
"""Relative tolerance of volumes, areas and lengths, and of distances against the size: OpenCASCADE integrates turned
curved faces again, to about 1e-5."""


def check(link: Any, place: Any) -> None:
    """Compare a new link with what it shows. Raises AppError `degenerate_result`."""
    if not values.same_placement(attributes.prop(link, "Placement"), place):
        raise AppError("degenerate_result", f"FreeCAD put the link {link.Name!r} in another place")
    shown, found = placed.shape_in(link.LinkedObject, None), placed.shape(link)
    if found is None or shown is None:
        if placed.mesh(link) is None:
            raise AppError("degenerate_result", f"The link {link.Name!r} shows nothing of {link.LinkedObject.Name!r}")
        return
    own = getattr(link.LinkedObject, "Placement", None) or FreeCAD.Placement()
    move = placed.placement(link).multiply(own.inverse())
    difference = differs(Measured(shown), Measured(found), move)
    if difference is not None:
        raise AppError("degenerate_result", f"The link {link.Name!r} differs from what it shows: {difference}")


class Measured:
    """The measures of a shape that a move must not change, and its centre, which moves with it."""

    def __init__(self, shape: Any) -> None:
        self.sizes = {
            "volume": shapes.volume(shape),
            "area": shape.Area,
            "length of edges": shape.Length,
        }
        self.counts = (len(shape.Faces), len(shape.Edges))
        self.center = versions.center_of_mass(shape)
        self.extent = attributes.box(shape).DiagonalLength if attributes.box(shape).isValid() else 0.0


def differs(before: Measured, after: Measured, move: Any) -> str | None:
    """Return how `after` differs from `before` moved by the placement; None if it does not."""
    if before.counts != after.counts:
        return f"{after.counts[0]} faces and {after.counts[1]} edges instead of {before.counts[0]}, {before.counts[1]}"
    for what, size in before.sizes.items():
        if abs(after.sizes[what] - size) > SAME * abs(size):
            return f"its {what} is {after.sizes[what]:g} instead of {size:g}"
    if before.center is None or after.center is None:
        return None
    off = (move.multVec(before.center) - after.center).Length
    if off > SAME * (before.extent + 1) + 1e-9 * before.center.Length:
        return f"it is {off:g} mm from where it should be"
    return None
