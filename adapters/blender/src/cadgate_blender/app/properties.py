"""Custom properties of data-blocks, as JSON."""

from __future__ import annotations

import math
from typing import Any

from cadgate.appserver import AppError

_NOT_THEIRS = ("_RNA_UI", "cycles")
"""Data of add-ons in the same place."""


def read(block: Any) -> dict[str, Any]:
    """Return the properties that JSON can hold, in order."""
    names = block.keys()
    return {name: _json(block[name]) for name in names if name not in _NOT_THEIRS} if names else {}


def _json(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    if hasattr(value, "to_list"):
        value = value.to_list()
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, (bool, int, str)):
        return value
    # A reference to another data-block.
    return getattr(value, "name", None)


def write(block: Any, wanted: dict[str, Any]) -> None:
    """Set properties, remove those that are None, and read them back. Raises AppError."""
    for name, value in wanted.items():
        if value is None:
            if name in block:
                del block[name]
            continue
        block[name] = value
        if _json(block[name]) != value:
            raise AppError(
                "command_failed", f"Blender keeps the property {name!r} as {_json(block[name])!r}, not as {value!r}"
            )
