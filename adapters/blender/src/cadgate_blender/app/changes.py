"""What changed, for the `objects` topic: noted by this package's functions, compared after anybody else's."""

from __future__ import annotations

from typing import Any, Callable

_notes: list[dict[str, Any]] = []
_known: dict[str, tuple[str, str]] = {}
_foreign = False


def created(info: dict[str, Any]) -> None:
    _known[info["name"]] = (info["type"], info["revision"])
    _notes.append({"action": "created", "name": info["name"], "type": info["type"]})


def changed(info: dict[str, Any], former: str | None = None) -> None:
    """An object changed; `former` is the name it had, when it was renamed."""
    if former is not None and former != info["name"]:
        deleted(former, info["type"])
        created(info)
        return
    _known[info["name"]] = (info["type"], info["revision"])
    _notes.append({"action": "changed", "name": info["name"], "type": info["type"]})


def deleted(name: str, kind: str) -> None:
    _known.pop(name, None)
    _notes.append({"action": "deleted", "name": name, "type": kind})


def anything() -> None:
    """Something that says nothing about itself has run: executed code, an undo, an opened file."""
    global _foreign
    _foreign = True


def report(emit: Callable[[str, dict[str, Any]], None], stamps: Callable[[], dict[str, tuple[str, str]]]) -> None:
    """Emit what was noted; after foreign changes, what a comparison of `stamps()` (name to type, revision) shows."""
    global _foreign
    if _foreign:
        _foreign = False
        _compare(stamps())
    notes, _notes[:] = list(_notes), []
    for note in notes:
        emit("objects", note)


def start(stamps: dict[str, tuple[str, str]]) -> None:
    """Take `stamps` as what everybody knows already."""
    global _foreign
    _foreign = False
    _notes.clear()
    _known.clear()
    _known.update(stamps)


def _compare(now: dict[str, tuple[str, str]]) -> None:
    for name, (kind, _) in list(_known.items()):
        if name not in now:
            _notes.append({"action": "deleted", "name": name, "type": kind})
    for name, stamp in now.items():
        before = _known.get(name)
        if before is None:
            _notes.append({"action": "created", "name": name, "type": stamp[0]})
        elif before != stamp:
            _notes.append({"action": "changed", "name": name, "type": stamp[0]})
    _known.clear()
    _known.update(now)
