"""Compares a shape with its own triangulation, to find a hole in the surface or a wrong volume."""

from __future__ import annotations

from typing import Any

from cadgate_freecad.app import attributes, shapes

COARSE, FINE = 2e-3, 5e-4
"""Deflections, relative to the diagonal of the box."""


def problem(shape: Any) -> str | None:
    """Return what is wrong with a solid's triangulation, or None. Uses a copy, since a triangulation changes boxes."""
    if shape.isNull() or not shape.Solids:
        return None
    exact, message = shapes.volume(shape), None
    # Again finer, because OpenCASCADE leaves out whole faces of whole surfaces at some deflections.
    for deflection in (COARSE * attributes.box(shape).DiagonalLength, FINE * attributes.box(shape).DiagonalLength):
        points, triangles = shape.copy(True, False).tessellate(deflection)
        enclosed = 0.0
        for a, b, c in triangles:
            enclosed += points[a].dot(points[b].cross(points[c])) / 6
        # The surface deviates by the deflection at most; in the worst case, everywhere to the same side.
        if abs(enclosed - exact) <= shape.Area * deflection + 1e-3 * exact:
            return None
        message = f"its surface encloses {enclosed:g} mm³, but its volume is {exact:g} mm³: the surface has a gap"
    return message
