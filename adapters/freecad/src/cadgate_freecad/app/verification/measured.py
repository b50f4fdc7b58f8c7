"""Measures that the kernel itself takes inexactly: whoever reads them is warned."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import warn

BADLY_MEASURED = ("Part::GeomCone", "Part::GeomToroid")


def warn_where_uncertain(shape: Any | None) -> None:
    """Warn (`uncertain_measures`) where OpenCASCADE's volume and area of a shape are right to about 1 % only."""
    if shape is not None and is_measured_badly(shape):
        warn(
            "uncertain_measures",
            "OpenCASCADE integrates cones and tori that were cut along curves with a fixed number of points: the "
            "volume, the area and the centre of mass of this shape are right to about 1 %",
        )


def is_measured_badly(shape: Any) -> bool:
    """Whether a cone or torus of the shape is bounded by more than lines and circles."""
    return any(
        face.Surface.TypeId in BADLY_MEASURED and any(_is_spline(edge) for edge in face.Edges) for face in shape.Faces
    )


def _is_spline(edge: Any) -> bool:
    try:
        return edge.Curve.TypeId == "Part::GeomBSplineCurve"
    except (TypeError, RuntimeError):
        return False  # a degenerated edge has no curve
