"""Transactions of calls, and undo and redo over all the documents that one call touched."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator, NamedTuple

import FreeCAD

from cadgate.appserver import AppError, current, request
from cadgate_freecad.app import holders, versions
from cadgate_freecad.app.changes import dependents_of, in_order
from cadgate_freecad.app.observer import OBSERVER

KEPT = 20
"""How many changes of a document FreeCAD keeps. Without its window this cannot be set."""


class Step(NamedTuple):
    """One request: its label, and how many transactions it committed in which document."""

    label: str
    commits: dict[str, int]
    request: str
    """The name of the request in the journal."""
    alone: bool = True
    """Whether that is all of the request, which has not created, closed or activated documents too."""


class History:
    """The steps that can be undone and redone, the latest last; after a restart, those that were replayed."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._last: str | None = None
        self.repeating = False
        """Whether the journal repeats what was done before, which leaves what can be redone as it is."""
        self.moved: str | None = None
        """The request whose step was moved last, if that is all of it."""
        self.lost: str | None = None
        """The request that would have been moved, had FreeCAD not discarded its changes in a roll-back."""
        self._last_step: Step | None = None

    @contextmanager
    def starting_anew(self, *, keep_undone: bool) -> Generator[None, None, None]:
        """Forget what can be undone, as all documents are loaded anew, and what can be redone unless it is kept."""
        undone = self._undone if keep_undone else []
        self._done, self._undone = [], []
        yield
        self._done, self._undone = [], undone

    def forget(self, document: str) -> None:
        """Forget a closed document: a new one of the same name has nothing to do with these steps."""
        for steps in (self._done,) if self.repeating else (self._done, self._undone):
            for step in steps:
                step.commits.pop(document, None)
            steps[:] = [step for step in steps if step.commits]

    @contextmanager
    def transaction(self, label: str) -> Generator[None, None, None]:
        """Open one transaction in every document touched inside; FreeCAD opens it with the first change there."""
        self.repeating = current().connection is None
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

    def note_documents(self, label: str) -> None:
        """Note that a request has created, opened, closed or activated documents, which FreeCAD cannot undo."""
        last = self._done[-1] if self._done else None
        if last is not None and last.commits and last.request == request().request_name:
            # It is undone as far as it changed what is in documents.
            self._last_step = self._done[-1] = last._replace(alone=False)
            return
        if last is not None and not last.commits:
            del self._done[-1]
        self._done.append(Step(label, {}, request().request_name, alone=False))

    def _note(self, label: str, commits: dict[str, int]) -> None:
        sent = request().request_name
        if self.repeating:
            # It may be what is redone.
            self._undone[:] = [step for step in self._undone if step.request != sent]
        else:
            # FreeCAD discards a document's undone changes with its next change.
            _drop(self._undone, set(commits))
        alone = not self._done or self._done[-1].request != sent or self._done[-1].alone
        if self._last == sent and self._done and self._done[-1] is self._last_step:
            # Another part of the same batch: a request is undone as a whole.
            for name, count in self._done.pop().commits.items():
                commits[name] = commits.get(name, 0) + count
            label = "session.batch"
        self._last, self._last_step = sent, Step(label, commits, sent, alone)
        self._done.append(self._last_step)
        if len(self._done) > 4 * KEPT:
            self._forget_what_freecad_forgot()

    def _forget_what_freecad_forgot(self) -> None:
        since: dict[str, int] = {}
        kept: list[Step] = []
        for step in reversed(self._done):
            if not step.commits or any(since.get(name, 0) < KEPT for name in step.commits):
                kept.insert(0, step)
            for name, count in step.commits.items():
                since[name] = since.get(name, 0) + count
        self._done[:] = kept

    def undo(self, document: str | None) -> str | None:
        """Undo the last step, or the last one that touched `document`; return its label, None if there is none.

        Raises AppError `conflict` if it cannot be undone alone, or FreeCAD no longer has it.
        """
        return self._move(document, "undo")

    def redo(self, document: str | None) -> str | None:
        """Redo the step undone last, or the last one of `document`; return its label, None if there is none.

        It is also None if FreeCAD has discarded it, because a request failed meanwhile: then `lost` is that step's.
        """
        return self._move(document, "redo")

    def next_label(self, document: str | None, action: str) -> str | None:
        """Return what `undo` or `redo` would, and change nothing. Raises the same errors."""
        steps, index = self._next(document, action)
        return None if index is None else steps[index].label

    def _next(self, document: str | None, action: str) -> tuple[list[Step], int | None]:
        """Return the steps from which an action takes one, and the place of that one; None if there is none."""
        self._forget_what_freecad_forgot()
        self.lost = None
        source = self._done if action == "undo" else self._undone
        index = next((i for i in reversed(range(len(source))) if document in (None, *source[i].commits)), None)
        if index is None:
            return source, None
        step = source[index]
        if not step.commits:
            within = list(dict.fromkeys(name for each in reversed(source) for name in each.commits))
            if not within:
                return source, None
            raise AppError(
                "conflict",
                f"The last request, {step.label}, cannot be undone: it concerns documents as a whole. What was done in "
                f"a document before it can be: POST /undo?document={within[0]}",
                {"label": step.label, "documents": within},
            )
        in_between = sorted({name for later in source[index + 1 :] for name in later.commits} & set(step.commits))
        if in_between:
            raise AppError(
                "conflict",
                f"{step.label} touched other documents too, and {', '.join(map(repr, in_between))} changed again "
                f"after that: {action} that change first",
                {"label": step.label, "documents": in_between},
            )
        documents = FreeCAD.listDocuments()
        counter = "UndoCount" if action == "undo" else "RedoCount"
        if all(getattr(documents[name], counter) >= count for name, count in step.commits.items()):
            return source, index
        if action == "redo":
            self.lost = step.request
            return source, None
        raise AppError(
            "conflict",
            f"FreeCAD keeps the last {KEPT} changes of a document; {step.label} made more: undo is impossible",
            {"label": step.label, "changes": step.commits},
        )

    def _move(self, document: str | None, action: str) -> str | None:
        source, index = self._next(document, action)
        if index is None:
            return None
        step = source[index]
        documents = FreeCAD.listDocuments()
        self.moved = step.request if step.alone else None
        del source[index]
        for name, count in step.commits.items():
            for _ in range(count):
                getattr(documents[name], action)()
        settle()
        (self._undone if action == "undo" else self._done).append(step)
        return step.label


def _drop(steps: list[Step], documents: set[str]) -> None:
    """Remove the steps in `documents`, and the older ones in what these touched: FreeCAD keeps that order."""
    kept: list[Step] = []
    for step in reversed(steps):
        if documents.isdisjoint(step.commits):
            kept.insert(0, step)
        else:
            documents = documents | set(step.commits)
    steps[:] = kept


def settle() -> None:
    """Report the objects that a roll-back, an undo or a redo restored, and what depends on them.

    FreeCAD restores their values and shapes, but leaves them touched, and one whose recompute failed stays
    invalid. Observers do not hear of that if the failure changed no property.
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
            if "Invalid" in obj.State or (versions.TOUCHES_DEPENDENTS and "Touched" in obj.State):
                obj.recompute()
                if "Invalid" not in obj.State:
                    obj.purgeTouched()
        for obj in in_order(objects):
            if _shows_others(obj) and "Invalid" not in obj.State:
                obj.recompute()
                obj.purgeTouched()


def _shows_others(obj: Any) -> bool:
    """Return whether the shape of an object is made of others' whenever somebody asks for it.

    FreeCAD remembers it until the object is recomputed, also when what it shows is another one after an undo.
    """
    return obj.TypeId.startswith("App::Link") or holders.is_holder(obj)


def _object(document: str, name: str) -> Any:
    opened: Any = FreeCAD.listDocuments().get(document)
    return None if opened is None else opened.getObject(name)
