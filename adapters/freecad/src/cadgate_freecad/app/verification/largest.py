"""Finds the largest fillet, chamfer or wall that works, for the message about one that does not."""

from __future__ import annotations

from math import floor, log10
from time import monotonic, thread_time
from types import SimpleNamespace
from typing import Any, Callable

import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.verification import features

SECONDS = 2.0
"""How much of a processor's time to spend on a number that works, which is only for a message."""
WAITED = 4
"""The limit on the clock, as a multiple of that, for machines that are busy with other things."""
STEPS = 14
DIGITS = 3

_FAILURES = (Part.OCCError, FreeCADError, RuntimeError, ValueError)


class Patience:
    """Whether there is still time to look for a better number."""

    def __init__(self) -> None:
        self._began = monotonic(), thread_time()

    def lasts(self, times: int = 1) -> bool:
        began, began_working = self._began
        return thread_time() - began_working < times * SECONDS and monotonic() - began < times * WAITED * SECONDS


def too_large(obj: Any, kind: str, what: str, size: float, second: float | None, numbers: list[int]) -> AppError | None:
    """Return the error for a fillet or chamfer of `size` that is too large; None if smaller ones do not work either.

    `second` is the size on the other side of a chamfer's edges. The error names edges that fail on their own.
    """
    patience = Patience()

    def works(value: float, chosen: list[int]) -> bool:
        return _rounded(obj, kind, value, None if second is None else second * value / size, chosen)

    largest = _largest(lambda value: works(value, numbers), size, patience)
    if largest is None:
        return None
    alone = []
    for number in numbers:
        if not patience.lasts(2):
            break
        if not works(size, [number]):
            alone.append(f"Edge{number}")
    named = alone or [f"Edge{number}" for number in numbers]
    shown = ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
    together = "" if alone or len(numbers) == 1 else " together"
    return AppError(
        "degenerate_result",
        f"{what} {size:g} mm is too large for {shown}{together} of {obj.Name!r}: {largest:g} mm works for the edges "
        "that were chosen. Send that or less, or choose other edges. Nothing was changed",
        {"object": obj.Name, "edges": named, "largest": largest, "sent": size, "reason": "too_large"},
    )


def refuse_early(obj: Any, radius: float, numbers: list[int]) -> None:
    """Raise AppError `degenerate_result` for a radius that is large for its edges and does not work.

    FreeCAD itself spends many seconds on a futile repair of the shape that such a radius makes.
    """
    edges = obj.Shape.Edges
    if len(numbers) < 2 or 2 * radius <= min(edges[number - 1].Length for number in numbers):
        return
    if _rounded(obj, "Part::Fillet", radius, None, numbers):
        return
    error = too_large(obj, "Part::Fillet", "A radius of", radius, None, numbers)
    if error is not None:
        raise error


def wall_too_thick(obj: Any, wall: float, numbers: list[int], inward: bool, join: int) -> AppError | None:
    """Do the same for the walls of a hollow solid; `numbers` are the open faces."""
    source = obj.Shape
    faces = [source.Faces[number - 1] for number in numbers]

    def works(value: float) -> bool:
        signed = -value if inward else value
        try:
            made = source.makeThickness(faces, signed, 1e-3, False, False, 0, join)
        except _FAILURES:
            return False
        fake = SimpleNamespace(Faces=(obj, [f"Face{number}" for number in numbers]), Value=signed)
        if made.isNull() or not made.isValid() or shapes.volume(made) <= 0:
            return False
        return (not inward or shapes.volume(made) < shapes.volume(source)) and not features.walls(fake, made, False)

    largest = _largest(works, wall, Patience())
    if largest is None:
        return None
    return AppError(
        "degenerate_result",
        f"Walls of {wall:g} mm are too thick for {obj.Name!r}: {largest:g} mm works. Send that or less. Nothing was "
        "changed",
        {"object": obj.Name, "largest": largest, "sent": wall, "reason": "too_large"},
    )


def _largest(works: Callable[[float], bool], size: float, patience: Patience) -> float | None:
    """Return the largest number below `size` that works, rounded down; None if none was found in time."""
    low, high = 0.0, size
    for _ in range(STEPS):
        if not patience.lasts():
            break
        middle = (low + high) / 2
        if works(middle):
            low = middle
        else:
            high = middle
    if low <= 0:
        return None
    unit = 10.0 ** (floor(log10(low)) - DIGITS + 1)
    rounded = float(f"{floor(low / unit) * unit:.{DIGITS}g}")
    return rounded if works(rounded) else float(f"{low:.12g}")


def _rounded(obj: Any, kind: str, value: float, second: float | None, numbers: list[int]) -> bool:
    source = obj.Shape
    edges = [source.Edges[number - 1] for number in numbers]
    try:
        if kind == "Part::Fillet":
            made = source.makeFillet(value, edges)
        elif second is None:
            made = source.makeChamfer(value, edges)
        else:
            made = source.makeChamfer(value, second, edges)
    except _FAILURES:
        return False
    if made.isNull() or shapes.volume(made) <= 0:
        return False
    fake = SimpleNamespace(
        TypeId=kind, Base=obj, Edges=[(number, value, value if second is None else second) for number in numbers]
    )
    # Keep this order: finding a broken shape invalid takes seconds.
    if features.edges(fake, made, False) is not None:
        return False
    try:
        features.extents.check(fake, made)
    except AppError:
        return False
    return bool(made.isValid())
