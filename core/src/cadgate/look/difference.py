"""What is different from an earlier state: objects that were added, removed, or changed in shape, place or colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cadgate.look.arrays import Array, np
from cadgate.look.shapes import Item

COLORS = {
    "added": (0.30, 0.69, 0.31),
    "removed": (0.90, 0.30, 0.30),
    "changed": (0.95, 0.66, 0.16),
    "same": (0.82, 0.82, 0.82),
}


@dataclass
class Difference:
    """The objects of both states that are to be drawn, each with what happened to it."""

    shown: list[Item]
    states: list[str]

    def colors(self) -> Array:
        """Return a colour for each of `shown`, whose palettes have one row each."""
        return np.array([COLORS[state] for state in self.states])

    def summary(self) -> dict[str, Any]:
        """Return the names of what was added, removed and changed."""
        return {
            state: [item.name for item, each in zip(self.shown, self.states, strict=True) if each == state]
            for state in ("added", "removed", "changed")
        }


def compare(before: list[Item], after: list[Item]) -> Difference:
    """Compare two states, object by object, by name."""
    earlier = {item.name: item for item in before}
    shown: list[Item] = []
    states: list[str] = []
    for item in after:
        former = earlier.pop(item.name, None)
        state = "added" if former is None else "same" if former.matters == item.matters else "changed"
        shown.append(_plain(item, state, item.number))
        states.append(state)
    for number, item in enumerate(earlier.values(), start=len(after)):
        shown.append(_plain(item, "removed", number))
        states.append("removed")
    return Difference(shown, states)


def _plain(item: Item, state: str, number: int) -> Item:
    return replace(item, colors=np.array([[*COLORS[state], 1.0]]), number=number)
