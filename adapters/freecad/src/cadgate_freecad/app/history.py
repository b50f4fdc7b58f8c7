"""Transactions of calls, and undo and redo over all the documents that one call touched."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, NamedTuple

import FreeCAD

from cadgate.appserver import AppError, request
from cadgate_freecad.app.changes import dependents_of
from cadgate_freecad.app.observer import OBSERVER


class Step(NamedTuple):
    """One request: its label, and how many transactions it committed in which document."""

    label: str
    commits: dict[str, int]


class History:
    """What can be undone and redone. FreeCAD keeps 20 transactions a document; a restart forgets them."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._last: Any = None

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()

    @contextmanager
    def transaction(self, label: str) -> Iterator[None]:
        """One transaction in every document that is touched inside; FreeCAD opens it with the first change there."""
        OBSERVER.begin()
        FreeCAD.setActiveTransaction(label)
        try:
            yield
        except BaseException:
            FreeCAD.closeActiveTransaction(True)
            settle()
            raise
        FreeCAD.closeActiveTransaction(False)
        if OBSERVER.commits:
            self._note(label, dict(OBSERVER.commits))

    def _note(self, label: str, commits: dict[str, int]) -> None:
        sent = request()
        if self._last is sent and self._done:
            # Another part of the same batch: one request is undone as a whole.
            for name, count in self._done.pop().commits.items():
                commits[name] = commits.get(name, 0) + count
            label = "session.batch"
        self._last = sent
        self._done.append(Step(label, commits))
        self._undone.clear()

    def undo(self) -> str | None:
        """Undo the last step; None when there is none. Raises AppError `conflict` when FreeCAD no longer has it."""
        return self._move(self._done, self._undone, "UndoCount", "undo")

    def redo(self) -> str | None:
        """Redo the step undone last; None when there is none."""
        return self._move(self._undone, self._done, "RedoCount", "redo")

    def _move(self, source: list[Step], other: list[Step], counter: str, action: str) -> str | None:
        documents = FreeCAD.listDocuments()
        while source:
            step = source.pop()
            commits = {name: count for name, count in step.commits.items() if name in documents}
            if not commits:
                continue
            if any(getattr(documents[name], counter) < count for name, count in commits.items()):
                source.clear()
                raise AppError(
                    "conflict",
                    f"FreeCAD keeps the last 20 changes of a document, and {step.label} made more: no {action} of that",
                    {"label": step.label, "changes": commits},
                )
            for name, count in commits.items():
                for _ in range(count):
                    getattr(documents[name], action)()
            settle()
            other.append(Step(step.label, commits))
            return step.label
        return None


def settle() -> None:
    """Make the objects that a roll-back, an undo or a redo restored say so, and what depends on them.

    FreeCAD restores their values and shapes, but leaves them touched, and one whose recompute failed stays invalid; of
    that no observer is told where the failure changed no property.
    """
    restored: dict[str, list[Any]] = {}
    for document, name in list(OBSERVER.events):
        obj = _object(document, name)
        if obj is not None:
            restored.setdefault(document, []).append(obj)
    for objects in restored.values():
        for obj in objects:
            if "Invalid" in obj.State:
                obj.recompute()
            obj.purgeTouched()
        for obj in dependents_of(objects):
            if "Invalid" in obj.State:
                obj.recompute()
                if "Invalid" not in obj.State:
                    obj.purgeTouched()


def _object(document: str, name: str) -> Any:
    opened = FreeCAD.listDocuments().get(document)
    return None if opened is None else opened.getObject(name)
