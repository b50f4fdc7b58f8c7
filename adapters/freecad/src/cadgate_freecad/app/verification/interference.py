"""The volume that two shapes share: confirmed by points and other volumes, or an error, but no unproved number."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, shapes
from cadgate_freecad.app.verification import booleans
from cadgate_freecad.app.verification.points import Region, beside
from cadgate_freecad.app.verification.sides import facts

NOTHING = 1e-7
"""mm: shapes closer than this are touching."""
MOVES = (1e-6, 1e-5)
"""mm: how far a shape is moved where the kernel fails."""
DIRECTION = (0.36, 0.48, 0.8)
"""A direction of length one, along no axis."""


def common_volume(first: Any, second: Any, names: list[str]) -> float:
    """Return the mm³ that two shapes share; 0 for shapes without solids.

    Raises AppError `degenerate_result` if OpenCASCADE's answer is proved wrong and the other way gives none either.
    """
    if not first.Solids or not second.Solids or not attributes.box(first).intersect(attributes.box(second)):
        return 0.0
    try:
        return _shared(first, second, names)
    except AppError as error:
        volume = _by_what_is_left(first, second, names)
        if volume is None:
            volume = _when_moved(first, second, names)
        if volume is None:
            raise AppError(
                "degenerate_result",
                f"OpenCASCADE cannot determine what {names[0]!r} and {names[1]!r} share, so there is no answer: "
                f"{error.message}",
                error.details,
            ) from error
        return volume


def _shared(first: Any, second: Any, names: list[str]) -> float:
    """Return the volume of the intersection. Raises AppError if it is proved wrong."""
    shared = first.common(second)
    booleans.check(booleans.Outcome("common", [first, second], shared, names), sure=True)
    return 0.0 if shared.isNull() else shapes.volume(shared)


def _when_moved(first: Any, second: Any, names: list[str]) -> float | None:
    """Return the volume after a move that changes it less than the tolerances do, but leads elsewhere in the kernel.

    OpenCASCADE loses intersections where seams or centres lie exactly in a face of the other shape.
    """
    if not all(facts(each).is_elementary for each in (first, second)):
        return None  # with splines, every further attempt may take many seconds
    for distance in MOVES:
        moved = second.copy()
        moved.translate(FreeCAD.Vector(*DIRECTION) * distance)
        try:
            return _shared(first, moved, names)
        except AppError:
            continue
    return None


def _by_what_is_left(first: Any, second: Any, names: list[str]) -> float | None:
    """Return the volume that a subtraction removes, if one of the two is right as far as points can show."""
    for whole, tool in ((first, second), (second, first)):
        made = booleans.Outcome("cut", [whole, tool], whole.cut(tool), names)
        try:
            booleans.check(made, level="fast")
        except AppError:
            continue
        return max(0.0, shapes.volume(whole) - booleans.size(made.result))
    return None


def shared_point(first: Any, second: Any) -> Any | None:
    """Return a point within both, for shapes of which one contains the other."""
    regions = [Region(first), Region(second)]
    for shape in (second, first):
        for face in shape.Faces:
            for pair in beside(face, 1):
                for point in pair:
                    if all(each.holds(point) for each in regions):
                        return point
    return None
