"""Checks how large a feature can be: OpenCASCADE calls a fillet valid that sticks out of its own object."""

from __future__ import annotations

from typing import Any, Callable

import FreeCAD

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes

SLACK = 1e-4
"""mm: boxes are tight to about 1e-6."""


def check(obj: Any, shape: Any) -> None:
    """Raise AppError `degenerate_result` for a feature that is impossibly large."""
    limit = _LIMITS.get(obj.TypeId)
    source_and_reach = None if limit is None else limit(obj)
    if source_and_reach is None:
        return
    source, reach = source_and_reach
    if shapes.volume(shape) <= 0 < shapes.volume(source.Shape):
        raise AppError(
            "degenerate_result",
            f"The result of this {obj.TypeId} encloses nothing: its dimensions are too large for {source.Name!r}",
            {"type": obj.TypeId},
        )
    own = shape.copy(True, False)
    own.Placement = FreeCAD.Placement()
    inner, outer = shapes.bounding_box(own), shapes.bounding_box(source.Shape)
    if inner is None or outer is None:
        return
    sides = [
        (inner.XMin, outer.XMin, inner.XMax, outer.XMax),
        (inner.YMin, outer.YMin, inner.YMax, outer.YMax),
        (inner.ZMin, outer.ZMin, inner.ZMax, outer.ZMax),
    ]
    if any(low < bound - reach - SLACK or high > top + reach + SLACK for low, bound, high, top in sides):
        raise AppError(
            "degenerate_result",
            f"The result sticks out of {source.Name!r}, so this {obj.TypeId} is wrong: its dimensions are too large",
            {"type": obj.TypeId},
        )


def _of_edges(obj: Any) -> tuple[Any, float]:
    return obj.Base, 0.0


def _thickness(obj: Any) -> tuple[Any, float] | None:
    return (obj.Faces[0], 0.0) if _value(obj) < 0 else None


def _offset(obj: Any) -> tuple[Any, float] | None:
    # A sharp corner grows by more than the distance, depending on its angle.
    return (obj.Source, max(0.0, _value(obj))) if _value(obj) < 0 or obj.Join == "Arc" else None


def _value(obj: Any) -> float:
    """Return the value, which is a quantity for a thickness and a number for an offset."""
    return getattr(obj.Value, "Value", obj.Value)


_LIMITS: dict[str, Callable[[Any], tuple[Any, float] | None]] = {
    "Part::Fillet": _of_edges,
    "Part::Chamfer": _of_edges,
    "Part::Thickness": _thickness,
    "Part::Offset": _offset,
}
