"""Events on the topics `objects` and `scene`: as operations report them, and by comparing after anything else."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from cadgate.appserver import current

Revisions = Dict[str, Tuple[str, str]]
"""Name to (type, revision)."""
Emit = Callable[[str, Dict[str, Any]], None]


class Announcements:
    """The events of the running call."""

    def __init__(self) -> None:
        self._objects: list[tuple[str, str, str, str]] = []
        self._scene: list[str] = []
        self._announced: Revisions | None = None
        self._by_comparison = False

    def add(self, action: str, name: str, kind: str, revision: str = "") -> None:
        """Add that an object was `created`, `changed` or `deleted`."""
        # A replay after a crash or a failure has no connection: it repeats what was announced before.
        if current().connection is not None:
            self._objects.append((action, name, kind, revision))

    def add_scene(self, action: str) -> None:
        """Add that the scene as a whole was `changed`, `cleared` or `opened`."""
        if current().connection is not None:
            self._scene.append(action)

    def compare(self) -> None:
        """Request a comparison: something that reports nothing has run."""
        self._by_comparison = True

    def emit(self, emit: Emit, revisions: Callable[[], Revisions]) -> None:
        """Emit what was added; after `compare`, the differences from `revisions()`, the current state."""
        objects, self._objects = self._objects, []
        if self._announced is None:
            if objects or self._by_comparison:
                self._announced = revisions()
        elif self._by_comparison:
            now = revisions()
            objects = _difference(self._announced, now)
            self._announced = now
        self._by_comparison = False
        while self._scene:
            emit("scene", {"action": self._scene.pop(0)})
        for action, name, kind, revision in objects:
            if self._announced is not None:
                if action == "deleted":
                    self._announced.pop(name, None)
                else:
                    self._announced[name] = (kind, revision)
            emit("objects", {"action": action, "name": name, "type": kind})


def _difference(before: Revisions, now: Revisions) -> list[tuple[str, str, str, str]]:
    gone = [("deleted", name, kind, "") for name, (kind, _) in before.items() if name not in now]
    new = [
        ("changed" if name in before else "created", name, kind, revision)
        for name, (kind, revision) in now.items()
        if before.get(name) != (kind, revision)
    ]
    return gone + new
