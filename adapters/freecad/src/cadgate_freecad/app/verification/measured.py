"""Warns of measures that neither the kernel nor `integrals` can compute exactly."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import warn
from cadgate_freecad.app import integrals


def warn_where_uncertain(shape: Any | None, name: str | None = None) -> None:
    """Warn (`uncertain_measures`) if the volume and the area of a shape are right only to about 1 %."""
    if shape is not None and integrals.are_uncertain(shape):
        which = "this shape" if name is None else repr(name)
        warn(
            "uncertain_measures",
            "OpenCASCADE integrates rational splines, and cones and tori cut along curves, with a fixed "
            f"number of points, and {which} would need too many: the volume, the area and the centre of mass "
            "are right to about 1 %",
        )


def warn_of_uncertain_areas(faces: dict[str, Any]) -> None:
    """Warn (`uncertain_measures`) if the areas of some faces, by their names, are right only to about 1 %."""
    names = [name for name, face in faces.items() if integrals.has_uncertain_area(face)]
    if names:
        warn(
            "uncertain_measures",
            f"OpenCASCADE integrates rational splines with a fixed number of points, and {', '.join(names[:10])}"
            f"{f' and {len(names) - 10} more' if len(names) > 10 else ''} would need too many: the areas are right to "
            "about 1 %",
        )
