"""What calls have cost lately, by method and size: so that a queue can be ordered, and what comes too late refused."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

REMEMBERED = 5
"""Recent calls of one kind whose times are kept."""
MAX_KINDS = 4096
UNKNOWN_SECONDS = 0.02
"""What a call is expected to cost of whose kind none has been seen."""
MAX_SIZE = 1 << 40
EXECUTE = "session.execute"

Kind = tuple[str, int]


def kind_of(method: str, params: Mapping[str, Any]) -> Kind:
    """The method and the order of magnitude of what it is asked for.

    The size is the product of larger whole numbers (segments, pixels, copies) and the lengths of lists and texts. Of
    code only the same text is the same kind: how long it is says nothing.
    """
    if method == EXECUTE:
        return method, hash(params.get("code"))
    lengths, product = 0, 1
    for value in params.values():
        if isinstance(value, (list, str)):
            lengths += len(value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, int) and value > 16 and product < MAX_SIZE:
            product *= value
    return method, (lengths + product).bit_length()


class _Recent:
    """The times of one kind, with what is asked of them for every call worked out when one is added."""

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
    """Seconds of recent calls of each kind."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Kind, _Recent] = OrderedDict()

    def learn(self, kind: Kind, seconds: float) -> None:
        """A call of this kind took the application `seconds`."""
        seen = self._seen.get(kind)
        if seen is None:
            seen = self._seen[kind] = _Recent()
            if len(self._seen) > MAX_KINDS:
                self._seen.popitem(last=False)
        seen.add(seconds)

    def expected(self, kind: Kind) -> float:
        """The median of the recent ones."""
        seen = self._seen.get(kind)
        return UNKNOWN_SECONDS if seen is None else seen.median

    def least(self, kind: Kind) -> float:
        """The shortest of the recent ones, 0 where there is none: what is refused for it would not be done in time."""
        seen = self._seen.get(kind)
        return 0.0 if seen is None else seen.least
