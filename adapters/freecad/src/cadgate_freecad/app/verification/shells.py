"""Checks that solids are closed: OpenCASCADE calls a solid valid even with leftover faces that bound nothing."""

from __future__ import annotations

from typing import Any, Iterable

from cadgate.appserver import AppError


def require_closed(shape: Any, inputs: Iterable[Any], what: str) -> None:
    """Raise AppError `degenerate_result` if a solid has an open shell and none of the inputs had one already."""
    left = _open(shape)
    if left and not any(_open(each) for each in inputs):
        faces = sum(len(shell.Faces) for shell in left)
        raise AppError(
            "degenerate_result",
            f"OpenCASCADE fails at {what}: its result has {faces} faces that bound nothing. Nothing was changed. What "
            "may help: move or turn an input slightly, or other dimensions",
            {"reason": "kernel_failed"},
        )


def _open(shape: Any) -> list[Any]:
    if shape is None or not hasattr(shape, "Solids") or shape.isNull():
        return []
    return [shell for solid in shape.Solids for shell in solid.Shells if not shell.isClosed()]
