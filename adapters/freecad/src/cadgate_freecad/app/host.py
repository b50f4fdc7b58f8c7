"""FreeCAD as a `Host`: documents, transactions, undo, snapshots and change events."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import Any, Generator

import FreeCAD
import Part

from cadgate.appserver import AppError, Host, current
from cadgate_freecad.app import changes, loosened, open_documents, operands, scripted, snapshots, versions
from cadgate_freecad.app.history import History
from cadgate_freecad.app.labels import fix_labels
from cadgate_freecad.app.later import BATCH, MAY_PUT_OFF
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.observer import OBSERVER


class FreeCADHost(Host):
    """A headless FreeCAD, or the one whose window loaded the add-on."""

    name = "freecad"
    package = "cadgate_freecad.app"
    snapshot_suffix = ".fcsnap"
    transactional = True
    refusals = (*Host.refusals, RuntimeError, ValueError, getattr(FreeCAD.Base, "XMLBaseException", RuntimeError))
    code_modules = scripted.MODULES
    code_words = scripted.WORDS

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self._active: str | None = None
        """The active document of which subscribers know."""
        self._moving: str | None = None
        """`undo` or `redo` while the running call is one of these."""

    def start(self) -> None:
        LIMITS.update(self.settings)
        scripted.serve(self)
        OBSERVER.closed = self._history.forget
        FreeCAD.addDocumentObserver(OBSERVER)
        opened: dict[str, Any] = FreeCAD.listDocuments()
        for document in opened.values():
            # These were open before the add-on began to serve.
            OBSERVER.documents.append(document.Name)
            document.UndoMode = 1
        open_documents.follow()

    def version(self) -> str:
        return versions.text()

    def namespace(self) -> dict[str, Any]:
        open_documents.active()
        return {"FreeCAD": FreeCAD, "App": FreeCAD, "Part": Part}

    @contextmanager
    def transaction(self, label: str) -> Generator[None, None, None]:
        self.beyond_transaction = False
        before, deleted, collected = open_documents.standing(), False, OBSERVER.collected()
        BATCH.forget()
        try:
            with open_documents.working_in_the_named(), self._history.transaction(label):
                try:
                    yield
                    _renew()
                    fix_labels()
                    if label == "session.execute" and OBSERVER.changed:
                        _follow()
                    if current().connection is not None:
                        scripted.warn_of_missing_code()
                except BaseException:
                    deleted = OBSERVER.deleted
                    loosened.give_back()
                    raise
        except BaseException:
            # No transaction covers which documents are open, and deleted ones come back in last place.
            self.beyond_transaction = deleted or open_documents.standing() != before
            if self.managed or not self.beyond_transaction:
                OBSERVER.go_back_to(collected)
            raise
        else:
            if open_documents.standing() != before:
                self._history.note_documents(current().label)
        finally:
            self._history.repeating = False
            loosened.forget()
            open_documents.follow()
            if current().connection is None and self._moving is None:
                OBSERVER.go_back_to(collected)

    @property
    def putting_off(self) -> bool:
        return BATCH.putting_off

    @putting_off.setter
    def putting_off(self, value: bool) -> None:
        BATCH.putting_off = value

    def may_put_off(self, method: str) -> bool:
        return method in MAY_PUT_OFF

    def catch_up(self) -> None:
        changes.catch_up()
        changes.settle()

    def settle(self, method: str) -> None:
        _renew()
        if BATCH.putting_off:
            return
        # A recompute of the document reports its own failures.
        if method != "documents.recompute":
            changes.settle()

    def undo(self) -> str | None:
        self._moving = "undo"
        return self._history.undo(open_documents.named())

    def redo(self) -> str | None:
        self._moving = "redo"
        return self._history.redo(open_documents.named())

    def next_label(self, action: str) -> str | None:
        return self._history.next_label(open_documents.named(), action)

    @property
    def lost_request(self) -> str | None:
        return self._history.lost

    @property
    def moved_request(self) -> str | None:
        return self._history.moved

    def save_snapshot(self, path: str) -> None:
        snapshots.save(path)

    def load_snapshot(self, path: str | None) -> None:
        # A failed call is rolled back to where it began: what could be redone then can be redone afterwards.
        collected = OBSERVER.collected()
        with self._history.starting_anew(keep_undone=self._moving is None):
            snapshots.load(path)
        if self._moving is None:
            OBSERVER.go_back_to(collected)

    def unchanged(self) -> bool:
        return not OBSERVER.changed

    def acting(self) -> str | None:
        return scripted.acting()

    def observe(self) -> None:
        self._moving = None
        for event in OBSERVER.take_scene():
            self.emit("scene", event)
        if self._active != open_documents.Active.name:
            self._active = open_documents.Active.name
            if self._active is not None:
                self.emit("scene", {"action": "activated", "document": self._active})
        for event in OBSERVER.take():
            self.emit("objects", event)


def _follow() -> None:
    """After executed code, return features to the chosen edges; what is not found stays as the code left it."""
    for document in open_documents.opened().values():
        with suppress(AppError):
            changes.follow(document)


def _renew() -> None:
    """Make stand-ins follow objects that a method or code has moved into another container."""
    if OBSERVER.regrouped:
        for document in open_documents.opened().values():
            operands.renew(document)
        OBSERVER.regrouped = False
