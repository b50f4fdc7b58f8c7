"""Collects what FreeCAD reports to document observers: object events, committed transactions, changes."""

from __future__ import annotations

from typing import Any, Callable

from cadgate.appserver import uninterruptible
from cadgate_freecad.app import attributes
from cadgate_freecad.app.naming import forget_names


class Observer:
    """Registered once with `FreeCAD.addDocumentObserver`; FreeCAD calls the `slot…` methods.

    One edit causes about four change events, so they are kept per object until `take`.
    """

    def __init__(self) -> None:
        self.events: dict[tuple[str, str], tuple[str, str]] = {}
        self.scene: dict[str, str] = {}
        """What happened to which document as a whole: it was `created`, `deleted`, or `replaced`."""
        self.commits: dict[str, int] = {}
        self.created_documents: list[str] = []
        self.documents: list[str] = []
        """Names of the open documents, the oldest first; FreeCAD itself lists them by name."""
        self.changed = False
        self.deleted = False
        """Whether the call deleted an object that was there before it."""
        self.clock = 0
        self.reshaped: dict[Any, int] = {}
        """When the call changed the shape of which object, and when it recomputed which: `changes.settle` compares."""
        self.recomputed: dict[Any, int] = {}
        self.fresh: set[tuple[str, str]] = set()
        """(document, name) of what the call created."""
        self.extended: set[Any] = set()
        """The objects to which the call has added a property."""
        self.regrouped = False
        """Whether something was added to a container or removed from one."""
        self.paused = False
        """Whether scratch documents are in use."""
        self.closed: Callable[[str], None] = lambda name: None
        """Called with the name of each document that is closed."""
        self.measured: dict[Any, tuple[Any, dict[str, Any]]] = {}
        """Measures of objects that have not changed since: measuring takes longer than the rest of a description.

        They are stored with the placement of the container, which moves without a change of the object.
        """
        self.measured_of_others: dict[Any, tuple[Any, dict[str, Any]]] = {}
        """The same for objects that show others: discarded whenever anything changes."""
        self.described: dict[Any, tuple[Any, dict[str, Any]]] = {}
        """Descriptions of unchanged objects that depend on nothing else, and their state."""
        self._last: Any = None

    def begin(self) -> None:
        """Begin a call: nothing has changed yet."""
        self.commits = {}
        self.created_documents = []
        self.changed = self.deleted = self.regrouped = False
        self.settled()
        self.extended.clear()
        self._last = None

    def settled(self) -> None:
        """Forget what has been checked: nothing is waiting for a recompute."""
        self.reshaped.clear()
        self.recomputed.clear()
        self.fresh.clear()

    def take(self) -> list[dict[str, Any]]:
        """Return the events since the last time, one per object, ready to be sent."""
        events = [
            {"action": action, "name": name, "type": kind, "document": document}
            for (document, name), (action, kind) in self.events.items()
        ]
        self.events = {}
        self._last = None
        return events

    def take_scene(self) -> list[dict[str, Any]]:
        """Return the events about whole documents since the last time, ready to be sent."""
        events = [{"action": action, "document": document} for document, action in self.scene.items()]
        self.scene = {}
        return events

    def collected(self) -> Any:
        """Return what was collected until now, for `go_back_to`."""
        return dict(self.events), dict(self.scene)

    def go_back_to(self, collected: Any) -> None:
        """Drop what was collected since: it was rolled back, or was a restoration, which is not a change."""
        events, scene = collected
        self.events, self.scene = dict(events), dict(scene)
        self._last = None

    def forget(self) -> None:
        """Drop all that was collected."""
        self.go_back_to(({}, {}))

    def _forget_measures(self, obj: Any) -> None:
        self.described.pop(obj, None)
        self.measured.pop(obj, None)
        if self.measured_of_others:
            self.measured_of_others.clear()

    # --- called by FreeCAD -----------------------------------------------------------------------------------------

    @uninterruptible
    def slotCreatedObject(self, obj: Any) -> None:
        if self.paused:
            return
        key = (attributes.document(obj).Name, attributes.name(obj))
        was = self.events.get(key)
        # FreeCAD reports the first label before the creation.
        self.events[key] = (
            "changed" if was is not None and was[0] == "deleted" else "created",
            attributes.type_id(obj),
        )
        self.fresh.add(key)
        self.changed = True

    @uninterruptible
    def slotChangedObject(self, obj: Any, prop: str) -> None:
        self._forget_measures(obj)
        if self.paused:
            return
        if obj is not self._last and obj.Name is None:
            # 1.0 reports changes of what it has just deleted: that has no place in the document, and no events.
            self.changed = True
            return
        if prop == "Group":
            self.regrouped = True
        elif prop == "Shape":
            self.clock += 1
            self.reshaped[obj] = self.clock
        # FreeCAD reports about thirteen changes of a new object.
        if obj is self._last:
            return
        self._last = obj
        self.changed = True
        document = attributes.document(obj)
        if document is not None:
            self.events.setdefault((document.Name, attributes.name(obj)), ("changed", attributes.type_id(obj)))

    @uninterruptible
    def slotAppendDynamicProperty(self, obj: Any, prop: str) -> None:
        self.described.pop(obj, None)
        self.extended.add(obj)

    @uninterruptible
    def slotRemoveDynamicProperty(self, obj: Any, prop: str) -> None:
        self.described.pop(obj, None)

    @uninterruptible
    def slotRecomputedObject(self, obj: Any) -> None:
        if not self.paused:
            self.clock += 1
            self.recomputed[obj] = self.clock

    @uninterruptible
    def slotDeletedObject(self, obj: Any) -> None:
        self._forget_measures(obj)
        self.reshaped.pop(obj, None)
        self.recomputed.pop(obj, None)
        if self.paused:
            return
        self.changed = True
        self._last = None
        key = (obj.Document.Name, obj.Name)
        forget_names(key[0])
        if self._gone(key, obj.TypeId):
            self.deleted = True

    def _gone(self, key: tuple[str, str], kind: str) -> bool:
        """Note that an object is gone; return whether it was there before the call."""
        if self.events.get(key, ("", ""))[0] == "created":
            del self.events[key]
            return False
        self.events[key] = ("deleted", kind)
        return True

    @uninterruptible
    def slotCreatedDocument(self, document: Any) -> None:
        if self.paused:
            return
        self.changed = True
        self.scene[document.Name] = "replaced" if self.scene.get(document.Name) == "deleted" else "created"
        self.created_documents.append(document.Name)
        self.documents.append(document.Name)
        document.UndoMode = 1

    @uninterruptible
    def slotDeletedDocument(self, document: Any) -> None:
        self.measured.clear()
        self.measured_of_others.clear()
        self.described.clear()
        if self.paused:
            return
        self.changed = True
        for obj in document.Objects:
            self._gone((document.Name, obj.Name), obj.TypeId)
        if self.scene.get(document.Name) == "created":
            del self.scene[document.Name]
        else:
            self.scene[document.Name] = "deleted"
        if document.Name in self.documents:
            self.documents.remove(document.Name)
        self.commits.pop(document.Name, None)
        self.closed(document.Name)
        forget_names(document.Name)

    @uninterruptible
    def slotChangedDocument(self, document: Any, prop: str) -> None:
        if self.paused:
            return
        self.changed = True

    @uninterruptible
    def slotCommitTransaction(self, document: Any) -> None:
        if self.paused:
            return
        self.commits[document.Name] = self.commits.get(document.Name, 0) + 1


OBSERVER = Observer()
