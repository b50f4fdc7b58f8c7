"""What changed, for the topics `objects` and `scene`: noted by this package, compared after anybody else's doing."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from cadgate.appserver import current

Stamps = Dict[str, Tuple[str, str]]
"""Name to (type, revision)."""

_notes: list[tuple[str, str, str, str]] = []
_scene: list[str] = []
_told: Stamps | None = None
_foreign = False


def created(info: dict[str, Any]) -> None:
    _note("created", info["name"], info["type"], info["revision"])


def changed(info: dict[str, Any], former: str | None = None) -> None:
    """An object changed; `former` is the name it had, when it was renamed."""
    if former is not None and former != info["name"]:
        deleted(former, info["type"])
        created(info)
    else:
        _note("changed", info["name"], info["type"], info["revision"])


def deleted(name: str, kind: str) -> None:
    _note("deleted", name, kind, "")


def scene(action: str) -> None:
    """The scene as a whole was `changed` (its settings or its world), `cleared` or `opened`."""
    if current().connection is not None:
        _scene.append(action)


def anything() -> None:
    """Something that says nothing about itself has run: executed code, an undo, an opened file."""
    global _foreign
    _foreign = True


def report(emit: Callable[[str, dict[str, Any]], None], stamps: Callable[[], Stamps]) -> None:
    """Emit what was noted; after foreign changes, what a comparison with `stamps()`, the state now, shows."""
    global _foreign, _told, _notes
    notes, _notes = _notes, []
    if _told is None:
        if notes or _foreign:
            _told = stamps()
    elif _foreign:
        now = stamps()
        notes = _difference(_told, now)
        _told = now
    _foreign = False
    while _scene:
        emit("scene", {"action": _scene.pop(0)})
    for action, name, kind, revision in notes:
        if _told is not None:
            if action == "deleted":
                _told.pop(name, None)
            else:
                _told[name] = (kind, revision)
        emit("objects", {"action": action, "name": name, "type": kind})


def _note(action: str, name: str, kind: str, revision: str) -> None:
    # A replay after a crash or a failure has no connection: it repeats what was told before.
    if current().connection is not None:
        _notes.append((action, name, kind, revision))


def _difference(before: Stamps, now: Stamps) -> list[tuple[str, str, str, str]]:
    gone = [("deleted", name, kind, "") for name, (kind, _) in before.items() if name not in now]
    new = [
        ("changed" if name in before else "created", name, kind, revision)
        for name, (kind, revision) in now.items()
        if before.get(name) != (kind, revision)
    ]
    return gone + new
