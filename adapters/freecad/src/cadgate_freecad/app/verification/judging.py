"""Judges the result of a boolean at single points: it contains one exactly if the operands require it."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from cadgate_freecad.app.verification.points import DEEPER, Mesh, Region, around, beside, on_face, region
from cadgate_freecad.app.verification.sides import Side, facts

LOOSE = 1e-3
"""How far faces may be apart at an edge, relative to the diagonal of the shape."""
MARGIN = 1e-5
"""mm: a point closer to a face than this, or than the shapes' tolerances, proves nothing."""


class Outcome(NamedTuple):
    """The result of a boolean. `operation` is `cut`, `fuse` or `common`; the result is in the operands' coordinates."""

    operation: str
    operands: list[Any]
    result: Any
    names: list[str]


def holds(operation: str, held: Iterable[bool]) -> bool:
    """Return whether the right result contains a point, from whether the operands do, asking as few as possible."""
    operands = iter(held)
    if operation == "cut":
        return next(operands) and not any(operands)
    return any(operands) if operation == "fuse" else all(operands)


class Judge:
    """Tells right points from wrong ones. Whatever it calls wrong is proved by every means that there is."""

    def __init__(self, made: Outcome) -> None:
        self._operation = made.operation
        self.operands = [facts(each) for each in made.operands]
        self.own = facts(made.result, self.operands)
        self.can_judge = all(each.solids for each in self.operands)
        """Whether the operands are solids: no point is inside faces."""
        self.regions = [region(each) for each in self.operands]
        self.result = region(self.own)
        everything = (*self.operands, self.own)
        margin = max([MARGIN, *(2 * each.tolerance for each in everything if each.sides)])
        largest = max(each.diagonal for each in self.operands)
        self.margin = min(margin, LOOSE * largest)
        self.deflection = LOOSE * largest
        self._regions_and_result = [*self.regions, self.result]
        self._trusted = all(each.is_elementary for each in self._regions_and_result)
        self._clear = self.margin if self._trusted else 2 * self.deflection
        """mm: a point that is farther from a surface than this is surely on one side of it."""

    def differs(self, point: Any) -> bool:
        """Return whether the result seems to be wrong at a point. Cheap; only `is_proved` makes sure."""
        return holds(self._operation, (each.holds(point) for each in self.regions)) != self.result.holds(point)

    def differs_or_shares(self, point: Any) -> tuple[bool, bool]:
        """Do the same, and return whether the point seems to be within two operands or more."""
        held = [each.holds(point) for each in self.regions]
        return holds(self._operation, held) != self.result.holds(point), sum(held) > 1

    def mesh(self, region: Region) -> Mesh:
        """Return the triangles of an operand or of the result."""
        return region.mesh(self.deflection)

    def is_proved(self, point: Any) -> bool:
        """Return whether the result is wrong at a point that is not close to any surface."""
        if any(each.touches(point, self._clear) for each in self._regions_and_result):
            return False
        if self._trusted and sum(map(self.differs, around(point, self.margin / 2))) < 3:
            return False
        should = holds(self._operation, (each.surely_holds(point, self.deflection) for each in self.regions))
        return self.differs(point) and should != self.result.surely_holds(point, self.deflection)

    def is_inside(self, region: Region, point: Any) -> bool:
        """Return whether a point is surely within an operand, and not on its surface."""
        if not region.holds(point) or not region.surely_holds(point, self.deflection):
            return False
        return not region.touches(point, self._clear)

    def is_shared(self, point: Any) -> bool:
        """Return whether a point is surely within two operands."""
        return sum(self.is_inside(each, point) for each in self.regions) > 1

    def separates(self, pair: Any) -> bool:
        """Return whether a face of the result has material on one side and none on the other, as it must."""
        near, far = (holds(self._operation, (each.holds(point) for each in self.regions)) for point in pair)
        return near != far

    def at_face(self, face: Side, count: int) -> str | None:
        """Find a wrong point next to a face."""
        for near, far in beside(face, count, self.margin):
            for point, away in ((near, near - far), (far, far - near)):
                if not self.differs(point):
                    continue
                for deeper in (point + away * (times - 1) for times in ((1,) if self._trusted else DEEPER)):
                    if self.is_proved(deeper):
                        return self.wrong_at(deeper)
        return None

    def buried(self, face: Side, count: int) -> str | None:
        """Say where a face of a union lies inside an operand, so that it bounds nothing.

        A union of solids that overlap contains the right points, but has what they share twice.
        """
        for point, _ in on_face(face, count) if self._operation == "fuse" else ():
            if any(self.is_inside(each, point) for each in self.regions) and face.reaches(point, self.margin):
                return f"its result still has a face at {place(point)}, inside the material of another operand"
        return None

    def wrong_at(self, point: Any) -> str:
        """Say what is wrong at a point where the result differs."""
        has, must = ("material", "none") if self.result.holds(point) else ("no material", "some")
        return f"its result has {has} at {place(point)}, where it must have {must}"


def place(point: Any) -> str:
    """Return a point as text."""
    return "[" + ", ".join(f"{part:.3f}" for part in point) + "]"
