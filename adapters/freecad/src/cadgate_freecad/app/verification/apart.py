"""Proves that a union of solids that are nowhere near each other is right: it consists of them, face by face."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Sequence

from cadgate_freecad.app.verification.sides import Facts

MOST_PAIRS = 10_000
"""For more pairs of solids than this, finding out whether they are apart takes longer than other checks."""


def is_proved(operation: str, operands: Sequence[Facts], result: Facts) -> bool:
    """Return whether the result is right because it has exactly the operands' solids, which are apart.

    Boxes that enclose the solids of different operands do not meet, so that these share nothing and change nothing of
    each other. Then the right result has each solid as it was: the same faces in the same places, turned the same way.
    """
    if operation != "fuse" or not all(map(_is_solid, (*operands, result))) or not _are_apart(operands):
        return False
    wanted = [_of_solid(solid) for each in operands for solid in each.solids]
    found = [_of_solid(solid) for solid in result.solids]
    return len(wanted) == len(found) and sorted(wanted) == sorted(found)


def _is_solid(known: Facts) -> bool:
    """Return whether the shape consists of solids: no face is outside of them, and none belongs to two."""
    return bool(known.solids) and len(known.sides) == sum(len(sides) for _, sides in known.solids)


def _are_apart(operands: Sequence[Facts]) -> bool:
    pairs = list(combinations(operands, 2))
    if sum(len(one.solids) * len(other.solids) for one, other in pairs) > MOST_PAIRS:
        return False
    return not any(
        left.intersect(right) for one, other in combinations(operands, 2) for left in one.boxes for right in other.boxes
    )


def _of_solid(solid: tuple[Any, list[Any]]) -> list[tuple[int, str]]:
    """Return which faces a solid has, and how each is turned."""
    shape, sides = solid
    return sorted((id(side), str(face.Orientation)) for side, face in zip(sides, shape.Faces))
