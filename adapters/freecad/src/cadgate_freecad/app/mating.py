"""Solves the mates of an assembly: moves the parts until all mates hold.

The first part stays. The others are moved by the least squares of the residuals; the rank of their derivatives is what
the mates take from the degrees of freedom.
"""

from __future__ import annotations

from typing import Any, Iterator, Sequence

import FreeCAD

from cadgate_freecad.app import attributes
from cadgate_freecad.app.ties import TOLERANCE, Primitive, Side, Tie, Vector, residuals, shifted, standing, turning

_ROUNDS = 60
_NOTHING = 1e-6
"""What a residual may seem to change by although it does not, since the mates do not hold exactly."""
_AXES = (Vector(1, 0, 0), Vector(0, 1, 0), Vector(0, 0, 1))
_TURNS = [*((axis, 20.0) for axis in _AXES), (Vector(1, 2, 3), 20.0), (Vector(-2, 1, 0.5), 40.0)]
_LAST_TURNS = [(Vector(0.3, -1, 2), 60.0), (Vector(0, 1, 0.1), 100.0)]
"""Exactly opposed directions give no way to go: by what parts are turned for another attempt, always the same."""


def solve(ties: list[Tie], places: list[Any], size: float) -> list[Any] | None:
    """Return the places in which all mates hold, None if none are found. Parts that no mate concerns stay."""
    for start in _starts(ties, places, size):
        found = _descend(ties, start, size)
        if found is not None:
            return found
    return None


def _starts(ties: list[Tie], places: list[Any], size: float) -> Iterator[list[Any]]:
    """Yield the places to begin at: those now, then those of fewer and of more parts turned."""
    yield list(places)
    wrong = [tie for tie in ties if any(abs(part) > TOLERANCE for part in _all([tie], places, size))]
    concerned = {part for tie in wrong for part in (tie.a, tie.b)}
    tied = {part for tie in ties for part in (tie.a, tie.b)}
    for turned, turns in ((concerned, _TURNS), (tied, _LAST_TURNS)):
        for axis, angle in turns:
            yield [
                _turned(each, axis, angle) if number and number in turned else each
                for number, each in enumerate(places)
            ]


def _turned(place: Any, axis: Any, angle: float) -> Any:
    """Return the place turned about itself, by degrees."""
    rotation = FreeCAD.Rotation(axis, angle).multiply(attributes.rotation(place))
    return FreeCAD.Placement(attributes.base(place), rotation)


def _sides(tie: Tie, places: Sequence[Any]) -> tuple[Side, Side]:
    return standing(tie.one.moved(places[tie.a])), standing(tie.two.moved(places[tie.b]))


def _all(ties: Sequence[Tie], places: Sequence[Any], size: float) -> list[float]:
    return [value for tie in ties for value, _ in residuals(tie, *_sides(tie, places), size)]


def _descend(ties: list[Tie], places: list[Any], size: float) -> list[Any] | None:
    damping = 1e-3
    now = _all(ties, places, size)
    wrong = sum(part * part for part in now)
    for _ in range(_ROUNDS):
        if max(map(abs, now), default=0.0) <= TOLERANCE:
            return places
        rows = derivatives(ties, places, size)
        while damping < 1e8:
            step = _solved(rows, now, damping)
            moved = [places[0], *(_by(place, step[6 * n : 6 * n + 6], size) for n, place in enumerate(places[1:]))]
            then = _all(ties, moved, size)
            less = sum(part * part for part in then)
            if less < wrong:
                places, now, wrong, damping = moved, then, less, max(damping / 10, 1e-12)
                break
            damping *= 10
        else:
            break
    return places if max(map(abs, now), default=0.0) <= 10 * TOLERANCE else None


def _by(place: Any, step: Sequence[float], size: float) -> Any:
    """Return the place moved by three lengths, and turned about itself by three lengths at a lever of `size`."""
    turn = Vector(*step[3:]) / size
    angle = turn.Length
    rotation = FreeCAD.Rotation(turn, angle * 57.29577951308232) if angle > 1e-15 else FreeCAD.Rotation()
    return FreeCAD.Placement(attributes.base(place) + Vector(*step[:3]), rotation.multiply(attributes.rotation(place)))


def derivatives(ties: list[Tie], places: Sequence[Any], size: float) -> list[list[float]]:
    """Return a row for each residual: its change with each of the six moves of each part but the first."""
    rows: list[list[float]] = []
    for tie in ties:
        still = _sides(tie, places)
        own = [[0.0] * (6 * (len(places) - 1)) for _ in residuals(tie, *still, size)]
        for which, (part, primitive) in enumerate(((tie.a, tie.one), (tie.b, tie.two))):
            for axis in range(6 if part else 0):
                moving = _moving(primitive.moved(places[part]), axis, attributes.base(places[part]), size)
                one, two = (still[0], moving) if which else (moving, still[1])
                for row, (_, rate) in zip(own, residuals(tie, one, two, size)):
                    row[6 * (part - 1) + axis] = rate
        rows += own
    return rows


def _moving(primitive: Primitive, axis: int, about: Any, size: float) -> Side:
    """Return it in one of the six moves: along an axis, or about one by as much at a lever of `size`."""
    if axis < 3:
        return shifted(primitive, _AXES[axis])
    return turning(primitive, _AXES[axis - 3] * (1 / size), about)


def _solved(rows: list[list[float]], now: list[float], damping: float) -> list[float]:
    """Return the step of the damped normal equations."""
    count = len(rows[0]) if rows else 0
    matrix = [[0.0] * count for _ in range(count)]
    right = [0.0] * count
    for row, value in zip(rows, now):
        used = [index for index, each in enumerate(row) if each]
        for one in used:
            right[one] -= row[one] * value
            for two in used:
                matrix[one][two] += row[one] * row[two]
    for index in range(count):
        matrix[index][index] += damping
    return _eliminated(matrix, right)


def _eliminated(matrix: list[list[float]], right: list[float]) -> list[float]:
    count = len(right)
    for index in range(count):
        pivot = matrix[index][index]
        for below in range(index + 1, count):
            share = matrix[below][index] / pivot
            if share:
                row, upper = matrix[below], matrix[index]
                for column in range(index, count):
                    row[column] -= share * upper[column]
                right[below] -= share * right[index]
    found = [0.0] * count
    for index in reversed(range(count)):
        rest = sum(matrix[index][column] * found[column] for column in range(index + 1, count))
        found[index] = (right[index] - rest) / matrix[index][index]
    return found


def freedom(ties: list[Tie], places: Sequence[Any], sizes: Sequence[float]) -> int:
    """Return the degrees of freedom that are left; `sizes` are those of the parts.

    A part turns at a lever of its own size: at that of a larger one, it would hardly seem to move.
    """
    size = max(sizes, default=1.0)
    rows = derivatives(ties, places, size)
    for row in rows:
        for part, own in enumerate(sizes[1:]):
            row[6 * part + 3 : 6 * part + 6] = [each * size / own for each in row[6 * part + 3 : 6 * part + 6]]
    held = [(max(map(abs, row)), row) for row in rows if row]
    return 6 * max(0, len(places) - 1) - _rank([[each / most for each in row] for most, row in held if most > _NOTHING])


def _rank(rows: list[list[float]]) -> int:
    rows = [list(row) for row in rows]
    rank = 0
    for column in range(len(rows[0]) if rows else 0):
        best = max(range(rank, len(rows)), key=lambda index: abs(rows[index][column]), default=None)
        if best is None or abs(rows[best][column]) < 1e-4:
            continue
        rows[rank], rows[best] = rows[best], rows[rank]
        upper = rows[rank]
        for index in range(rank + 1, len(rows)):
            share = rows[index][column] / upper[column]
            if share:
                rows[index] = [one - share * two for one, two in zip(rows[index], upper)]
        rank += 1
    return rank
