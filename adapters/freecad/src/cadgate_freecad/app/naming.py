"""Names of new objects: a function of the document alone, so that a replayed call chooses the same one again."""

from __future__ import annotations

from typing import Any

_hints: dict[tuple[str, str], int] = {}
"""(document, base): every number below is taken. Forgotten when an object of the document is deleted."""


def free_name(document: Any, base: str) -> str:
    """`base`, or `base` and the lowest free number from 001 on.

    FreeCAD's own search takes longer with every object of that base.
    """
    if document.getObject(base) is None:
        return base
    key = (document.Name, base)
    number = _hints.get(key, 1)
    while document.getObject(f"{base}{number:03d}") is not None:
        number += 1
    _hints[key] = number
    return f"{base}{number:03d}"


def forget_names(document: str) -> None:
    """Names of `document` became free again."""
    for key in [key for key in _hints if key[0] == document]:
        del _hints[key]
