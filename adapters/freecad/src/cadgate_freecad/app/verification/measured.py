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
