"""Gives the operands of a boolean their tolerances back when a call fails.

OpenCASCADE loosens edges of the operands themselves while it works (a ball that was cut through its pole had a seam
with a tolerance of 19 mm afterwards), and no transaction of FreeCAD's covers that: the next boolean would fail for it.
"""

from __future__ import annotations

from typing import Any

from cadgate_freecad.app import attributes

BOOLEANS = frozenset(("Part::Cut", "Part::Fuse", "Part::Common", "Part::MultiFuse", "Part::MultiCommon"))
MAXIMUM = 1
"""The mode of FreeCAD's `getTolerance`: the largest of all faces, edges and vertices."""

_before: list[tuple[Any, float]] = []


def note(obj: Any) -> None:
    """Remember the tolerances of what `obj` is made from, if it is a boolean, before it is computed."""
    if attributes.type_id(obj) in BOOLEANS:
        for each in attributes.out_list(obj):
            shape = attributes.optional(each, "Shape")
            if shape is not None and not shape.isNull():
                _before.append((shape, float(shape.getTolerance(MAXIMUM))))


def give_back() -> None:
    """Give them back: the call has failed. The first one noted of a shape counts."""
    for shape, tolerance in reversed(_before):
        if shape.getTolerance(MAXIMUM) > tolerance:
            shape.limitTolerance(0.0, tolerance)
    _before.clear()


def forget() -> None:
    """Forget them: the call has succeeded, and what it made needs the edges as they are."""
    _before.clear()
