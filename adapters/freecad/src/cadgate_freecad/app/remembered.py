"""Caches what was computed for a shape while that shape exists: a change asks for the same thing several times."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Callable, Generic, TypeVar

T = TypeVar("T")

MOST = 8
"""The number of shapes kept: those of one operation and of the one before it. They stay in memory meanwhile."""


class Remembered(Generic[T]):
    """A function of a shape that is computed once for the same geometry in the same place."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._known: OrderedDict[int, tuple[Any, T]] = OrderedDict()

    def __call__(self, shape: Any) -> T:
        found = self.find(shape)
        return self.keep(shape, self._compute(shape)) if found is None else found

    def find(self, shape: Any) -> T | None:
        """Return what is known of the shape, or None."""
        key = shape.hashCode()
        found = self._known.get(key)
        if found is None or not found[0].isSame(shape):
            return None
        self._known.move_to_end(key)
        return found[1]

    def keep(self, shape: Any, value: T) -> T:
        self._known[shape.hashCode()] = (shape, value)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return value
