"""Recent costs of calls by method and size, to order the queue and to refuse calls that would be too late."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

REMEMBERED = 5
"""How many recent times are kept for each kind of call."""
MAX_KINDS = 4096
UNKNOWN_SECONDS = 0.02
"""The expected cost of a kind of call that has not been seen yet."""
MAX_SIZE = 1 << 40
EXECUTE = "session.execute"

Kind = tuple[str, int]


def kind_of(method: str, params: Mapping[str, Any]) -> Kind:
    """Return the kind of a call: its method, and the order of magnitude of its work.

    The size is the product of larger whole numbers (segments, pixels, copies) plus the lengths of lists and strings.
    For code, only the same text is the same kind, because its length says nothing.
    """
    if method == EXECUTE:
        return method, hash(params.get("code"))
    lengths, product = 0, 1
    for value in params.values():
        if value is None or type(value) is float:
            continue
        if isinstance(value, (list, str)):
            lengths += len(value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, int) and value > 16 and product < MAX_SIZE:
            product *= value
    return method, (lengths + product).bit_length()


class _Recent:
    """The times of one kind. Median and minimum are computed when one is added, because every call needs them."""

    __slots__ = ("least", "median", "times")

    def __init__(self) -> None:
        self.times: deque[float] = deque(maxlen=REMEMBERED)
        self.median = self.least = 0.0

    def add(self, seconds: float) -> None:
        self.times.append(seconds)
        ordered = sorted(self.times)
        middle = len(ordered) // 2
        self.median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        self.least = ordered[0]


class Costs:
    """The recent times of each kind of call, in seconds."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Kind, _Recent] = OrderedDict()

    def learn(self, kind: Kind, seconds: float) -> None:
        """Record that a call of this kind took the application `seconds`."""
        seen = self._seen.get(kind)
        if seen is None:
            seen = self._seen[kind] = _Recent()
            if len(self._seen) > MAX_KINDS:
                self._seen.popitem(last=False)
        seen.add(seconds)

    def expected(self, kind: Kind) -> float:
        """Return the median of the recent times."""
        seen = self._seen.get(kind)
        return UNKNOWN_SECONDS if seen is None else seen.median

    def least(self, kind: Kind) -> float:
        """Return the shortest recent time, 0 if there is none: a call refused by it would surely be late."""
        seen = self._seen.get(kind)
        return 0.0 if seen is None else seen.least
