"""Recomputing after a change: the object, then all that depends on it, in order, each one verified."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, warn
from cadgate_freecad.app import analytic, shapes
from cadgate_freecad.app.creation import reason, recompute
from cadgate_freecad.app.info import is_valid

_MUST_HAVE_SIZE = ("Part::Boolean", "Part::MultiFuse", "Part::MultiCommon", "Part::Fillet", "Part::Chamfer")


def dependents(obj: Any) -> list[Any]:
    """All that depends on `obj`, each one after what it depends on itself."""
    ordered: list[Any] = []
    seen: set[str] = set()

    def visit(current: Any) -> None:
        for other in current.InList:
            if other.Name not in seen and other is not obj:
                seen.add(other.Name)
                visit(other)
                ordered.insert(0, other)

    visit(obj)
    return ordered


def broken(objects: list[Any]) -> set[str]:
    """Names of those that are invalid already: a change elsewhere need not mend them."""
    return {obj.Name for obj in objects if not is_valid(obj)}


def propagate(obj: Any, affected: list[Any], already_broken: set[str]) -> None:
    """Recompute `obj` and `affected`, and verify each.

    Raises AppError `degenerate_result` that names the object which the change makes impossible.
    """
    for each in (obj, *affected):
        if each.Name in already_broken and each is not obj:
            each.recompute()
            if not is_valid(each):
                warn("still_invalid", f"{each.Name!r} was invalid before and still is: {reason(each)}")
            continue
        try:
            recompute(each)
            _verify(each)
        except AppError as error:
            if each is obj:
                raise
            raise AppError(
                "degenerate_result",
                f"The change makes {each.Name!r}, which depends on {obj.Name!r}, impossible: {error.message}",
                {**error.details, "object": each.Name},
            ) from error


def _verify(obj: Any) -> None:
    shape = shapes.shape_of(obj)
    if shape is None:
        return
    size = shapes.volume(shape)
    if not analytic.agrees(obj, size):
        raise AppError(
            "degenerate_result", f"FreeCAD made {obj.Name!r} with {size:g} mm³, which is not what it should be"
        )
    if any(obj.isDerivedFrom(kind) for kind in _MUST_HAVE_SIZE):
        if size <= 0 and shape.Area <= 0:
            raise AppError("degenerate_result", f"{obj.Name!r} would be empty", {"name": obj.Name})
        if not shape.isValid():
            raise AppError("degenerate_result", f"{obj.Name!r} would not be a valid shape", {"name": obj.Name})
