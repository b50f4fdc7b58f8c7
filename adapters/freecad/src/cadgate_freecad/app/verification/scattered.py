"""Checks a boolean by points all over the place where its operands meet.

Points next to faces do not prove that nothing is missing: an operand may reach into another one between them. That is
likely where few faces are large and curved, as of two tori that meet at two places, and where nothing seems to be left
or changed.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Iterable, Iterator

import FreeCAD

from cadgate_freecad.app import attributes
from cadgate_freecad.app.verification.judging import Judge, Outcome, place
from cadgate_freecad.app.verification.sides import ELEMENTARY

COUNT = 400
"""Points in each box; what they all miss is a hundredth of the box, or less."""
SLOW = 100
"""The same where an operand has faces for which one answer takes a millisecond or more."""
MOST = 20
"""Boxes that are looked at."""
_SIMPLE = (*ELEMENTARY, "Part::GeomToroid")
STEP = 1.2207440846057596
"""The root of x⁴ = x + 1: multiples of the inverses of its powers spread points evenly in three dimensions."""


def mismatch(made: Outcome, result: float, sizes: list[float], *, in_doubt: bool) -> str | None:
    """Find a point that the result contains but should not, or the reverse; None if all agree.

    `result` and `sizes` are the volumes of the result and the operands. `in_doubt`: these look as if nothing were left
    or changed. Otherwise only what is quick is checked: two operands without splines.
    """
    judge = Judge(made)
    if not judge.can_judge:
        return None
    boxes = _boxes(made, result, sizes)[:MOST]
    kinds = {side.kind for each in judge.operands for side in each.sides}
    if not in_doubt and (len(boxes) > 1 or not kinds.issubset(_SIMPLE)):
        return None  # that would take seconds
    count = COUNT if all(each.is_quick for each in judge.regions) else SLOW
    apart = in_doubt and made.operation == "fuse" and _is_more(result, sizes)
    for box in boxes:
        for point in _points(box, count):
            differs, shared = judge.differs_or_shares(point) if apart else (judge.differs(point), False)
            if differs and judge.is_proved(point):
                return judge.wrong_at(point)
            if shared and judge.is_shared(point):
                return f"its operands share the place {place(point)}, but it has the volume of all together"
    return None


def _is_more(result: float, sizes: list[float]) -> bool:
    """Return whether a union is larger than its largest operand, and not as large but for the last digits."""
    return result > max(sizes) * (1 + 1e-7)


def _boxes(made: Outcome, result: float, sizes: list[float]) -> list[Any]:
    """Return where a wrong result differs from a right one."""
    boxes = [attributes.box(each) for each in made.operands]
    if made.operation == "common":
        return _met([boxes])
    if made.operation == "cut":
        return boxes[:1] if result <= 0 else _met([boxes[0], each] for each in boxes[1:])
    if _is_more(result, sizes):
        return _met(combinations(boxes, 2))
    return [box for box, size in zip(boxes, sizes) if size < max(sizes)]


def _met(groups: Iterable[Iterable[Any]]) -> list[Any]:
    """Return the box that all boxes of a group have in common, for each group that has one."""
    found = []
    for first, *others in groups:
        for each in others:
            if not first.isValid():
                break  # FreeCAD cannot intersect anything with that
            first = first.intersected(each)
        if first.isValid():
            found.append(first)
    return found


def _points(box: Any, count: int) -> Iterator[Any]:
    for number in range(count):
        part = [((number + 1) * STEP**-power + 0.5) % 1 for power in (1, 2, 3)]
        yield FreeCAD.Vector(
            box.XMin + part[0] * box.XLength, box.YMin + part[1] * box.YLength, box.ZMin + part[2] * box.ZLength
        )
