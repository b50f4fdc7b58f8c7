"""Warns of measures that the kernel itself computes inexactly."""

from __future__ import annotations

from typing import Any, Sequence

from cadgate.appserver import warn
from cadgate_freecad.app.verification.sides import Side

BADLY_MEASURED = ("Part::GeomCone", "Part::GeomToroid")


def warn_where_uncertain(shape: Any | None, sides: Sequence[Side] | None = None) -> None:
    """Warn (`uncertain_measures`) if OpenCASCADE's volume and area of a shape are right only to about 1 %.

    `sides` are its faces, if they are already known.
    """
    if sides is not None and not any(side.kind in BADLY_MEASURED for side in sides):
        return
    if shape is not None and is_measured_badly(shape):
        warn(
            "uncertain_measures",
            "OpenCASCADE integrates cones and tori cut along curves with a fixed number of points: the "
            "volume, the area and the centre of mass of this shape are right to about 1 %",
        )


def is_measured_badly(shape: Any) -> bool:
    """Return whether a cone or torus of the shape is bounded by more than lines and circles."""
    return any(
        face.Surface.TypeId in BADLY_MEASURED and any(_is_spline(edge) for edge in face.Edges) for face in shape.Faces
    )


def _is_spline(edge: Any) -> bool:
    try:
        return edge.Curve.TypeId == "Part::GeomBSplineCurve"
    except (TypeError, RuntimeError):
        return False  # a degenerated edge has no curve
