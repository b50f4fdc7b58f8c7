"""What a session must contain, as its acknowledged calls say."""

from __future__ import annotations

from dataclasses import dataclass, field

Objects = dict[str, float]
"""The objects of a session by their names, with the x of their locations."""


@dataclass
class Model:
    """One session as it must be."""

    id: str
    application: str
    owner: int
    objects: Objects = field(default_factory=dict[str, float])
    past: list[Objects] = field(default_factory=list[Objects])
    """The states before each request that can be undone."""
    answers: dict[str, tuple[str, dict[str, object], object]] = field(
        default_factory=dict[str, tuple[str, dict[str, object], object]]
    )
    """By idempotency key: path, body and answer of what was acknowledged."""

    def change(self, name: str, x: float | None) -> None:
        """An object was made or changed; `x` None: it was removed."""
        self.past.append(dict(self.objects))
        if x is None:
            del self.objects[name]
        else:
            self.objects[name] = x

    def undo(self) -> None:
        """The last request was undone."""
        self.objects = self.past.pop()

    def forked(self, identifier: str) -> Model:
        """Return the model of a fork."""
        return Model(
            identifier,
            self.application,
            self.owner,
            dict(self.objects),
            [dict(each) for each in self.past],
            dict(self.answers),
        )
