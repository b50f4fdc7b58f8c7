"""Measures that neither the kernel nor `integrals` can take exactly: whoever reads them is warned."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import warn
from cadgate_freecad.app import integrals


def warn_where_uncertain(shape: Any | None, name: str | None = None) -> None:
    """Warn (`uncertain_measures`) where the volume and the area of a shape are right to about 1 % only."""
    if shape is not None and integrals.are_uncertain(shape):
        which = "this shape" if name is None else repr(name)
        warn(
            "uncertain_measures",
            "OpenCASCADE integrates rational splines, and cones and tori that were cut along curves, with a fixed "
            f"number of points, and {which} takes too many better ones: the volume, the area and the centre of mass "
            "are right to about 1 %",
        )
