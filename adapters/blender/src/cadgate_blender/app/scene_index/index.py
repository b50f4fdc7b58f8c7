"""`SceneIndex`: names, descriptions, collections, references, modes and news of all objects, kept right together."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import bpy

from cadgate_blender.app import describe as reading
from cadgate_blender.app.scene_index.announcements import Announcements, Emit
from cadgate_blender.app.scene_index.glances import Glances
from cadgate_blender.app.scene_index.precision import referred_to
from cadgate_blender.app.scene_index.references import References

_FACTS_ARE_KEPT = 4096
"""Vertices of a mesh from which on it is cheaper to know its stamp and corners than to find them out again."""
_MOST_FACTS = 10_000
"""Meshes that are remembered, some of which may be no more."""


class Ties(NamedTuple):
    """What must be looked after when an object is deleted."""

    collections: tuple[Any, ...]
    """All that refers to it, where that is known; otherwise empty."""
    is_unmarked: bool
    """Whether nobody can have selected or hidden it."""


class SceneIndex:
    """What is remembered of the objects of the session.

    Only what no other object has a part in is remembered, and with a window, where people change things between two
    calls, nothing.
    """

    def __init__(self) -> None:
        self._objects: dict[str, Any] | None = None
        self._infos: dict[int, dict[str, Any]] = {}
        self._collections: dict[int, tuple[Any, ...]] = {}
        self._facts: dict[int, reading.MeshFacts] = {}
        self._unmarked: set[int] = set()
        self._references = References()
        self._keeps_infos = False
        self._modes_are_known = False
        self._announcements = Announcements()
        self._glances = Glances(self.describe, self._mesh_stamp)

    # --- what operations report --------------------------------------------------------------------------------------

    def created(
        self, obj: Any, collections: Sequence[Any] | None = None, *, is_own: bool = False, visible: bool | None = None
    ) -> dict[str, Any]:
        """There is a new object, linked to `collections`. Return its ObjectInfo.

        `is_own` says that this package made it in this call, so that nobody has selected or hidden it.
        """
        if self._objects is not None:
            self._objects[obj.name] = obj
        if obj.mode != "OBJECT":
            self._modes_are_known = False
        uid = obj.session_uid
        if is_own:
            self._unmarked.add(uid)
        if collections is not None:
            self._collections[uid] = tuple(collections)
        info = self.describe(obj, visible=visible)
        self._announcements.add("created", info["name"], info["type"], info["revision"])
        return info

    def changed(self, obj: Any, *, former: str | None = None, same_mesh: bool = False) -> dict[str, Any]:
        """An object is another one than before. Return its ObjectInfo.

        `former` is the name that it had. `same_mesh` says that the positions and faces of its mesh are as they were.
        """
        if not same_mesh and obj.type == "MESH":
            self._facts.pop(obj.data.session_uid, None)
        info = self.describe(obj)
        name, kind = info["name"], info["type"]
        if former is None or former == name:
            self._announcements.add("changed", name, kind, info["revision"])
            return info
        if self._objects is not None:
            self._objects.pop(former, None)
            self._objects[name] = obj
        self._announcements.add("deleted", former, kind)
        self._announcements.add("created", name, kind, info["revision"])
        return info

    def moved(self, obj: Any) -> dict[str, Any]:
        """An object may be in other collections than before. Return its ObjectInfo."""
        self._collections.pop(obj.session_uid, None)
        return self.changed(obj, same_mesh=True)

    def removed(self, obj: Any) -> None:
        """An object is about to be deleted."""
        uid = obj.session_uid
        if self._objects is not None:
            self._objects.pop(obj.name, None)
        self._infos.pop(uid, None)
        self._collections.pop(uid, None)
        self._unmarked.discard(uid)
        if obj.type == "MESH" and obj.data.users == 1:
            self._facts.pop(obj.data.session_uid, None)
        self._announcements.add("deleted", obj.name, obj.type)

    def scene(self, action: str) -> None:
        """The scene as a whole was `changed` (its settings or its world), `cleared` or `opened`."""
        self._announcements.add_scene(action)

    def unknown_change(self) -> None:
        """Anything may have changed: by executed code, an undo, an opened file. References to objects may be dead."""
        self._objects = None
        self._facts.clear()
        self._forget_ties()
        self._modes_are_known = False
        self._announcements.compare()

    def _forget_ties(self) -> None:
        """Any object may look different, be elsewhere, selected or hidden, and be referred to."""
        self._infos.clear()
        self._collections.clear()
        self._unmarked.clear()
        self._references.forget()

    # --- calls -------------------------------------------------------------------------------------------------------

    def begin(self, method: str, params: dict[str, Any], *, mutates: bool, quiet: bool) -> None:
        """A call begins. `quiet` says that nothing in the session acts by itself, and nobody at a window."""
        if not mutates:
            if not quiet:
                self._infos.clear()
            self._keeps_infos = quiet and not method.startswith("internal.")
            return
        names = referred_to(method, params)
        self._keeps_infos = quiet and names is not None
        if names is None:
            self._forget_ties()
            return
        if not quiet:
            self._infos.clear()
        if names and self._references.is_known:
            for name in names:
                obj = self.objects().get(name)
                if obj is not None:
                    self._references.add(obj)

    def announce(self, emit: Emit) -> None:
        """Emit what the call that ends has changed."""
        self._announcements.emit(emit, self._glances.revisions)

    @property
    def modes_are_known(self) -> bool:
        """Whether every object is known to be in object mode."""
        return self._modes_are_known and bpy.app.background

    def note_object_modes(self) -> None:
        """Every object is in object mode now."""
        self._modes_are_known = True

    # --- what is known -----------------------------------------------------------------------------------------------

    def objects(self) -> dict[str, Any]:
        """Every object by its name."""
        # `bpy.data.objects.get` walks a list: 0.1 ms at 2,000 objects, 0.5 ms at 8,000.
        if self._objects is None or not bpy.app.background:
            self._objects = {obj.name: obj for obj in bpy.data.objects}
        return self._objects

    def find(self, name: str) -> Any:
        """The object `name`; None where there is none, which Blender itself has confirmed."""
        obj = self.objects().get(name)
        try:
            if obj is not None and obj.name == name:
                return obj
        except ReferenceError:
            pass
        self._objects = None
        return self.objects().get(name)

    def described(self, obj: Any, collections: list[str] | None = None) -> dict[str, Any]:
        """ObjectInfo as last described, if nothing has changed since: not for what the running call has changed."""
        known = self._infos.get(obj.session_uid)
        # A copy: what is answered may get warnings.
        return self.describe(obj, collections) if known is None else dict(known)

    def describe(
        self, obj: Any, collections: list[str] | None = None, *, visible: bool | None = None
    ) -> dict[str, Any]:
        """ObjectInfo as the object is now. Who knows the names of its collections passes them."""
        if collections is None:
            collections = [each.name for each in self.collections_of(obj)]
        facts = self._facts_of(obj.data) if obj.type == "MESH" else None
        info = reading.describe(obj, collections, visible, facts)
        if self._keeps_infos and obj.type in ("MESH", "EMPTY") and obj.parent is None and reading.plain(obj):
            self._infos[obj.session_uid] = dict(info)
        else:
            self._infos.pop(obj.session_uid, None)
        return info

    def collections_of(self, obj: Any) -> tuple[Any, ...]:
        """The collections of an object; Blender walks through all objects of all collections for that."""
        if not bpy.app.background:
            return tuple(obj.users_collection)
        known = self._collections.get(obj.session_uid)
        if known is None:
            known = self._collections[obj.session_uid] = tuple(obj.users_collection)
        return known

    def has_no_references(self, obj: Any) -> bool:
        """Whether nothing but collections refers to an object; False where that is not known."""
        return self._references.has_none(obj)

    def ties_of(self, obj: Any) -> Ties:
        """What a deletion of the object has to look after."""
        collections = self.collections_of(obj) if self.has_no_references(obj) else ()
        # Users that are counted are seen here also where nobody reported them.
        known = collections if obj.users == len(collections) else ()
        return Ties(known, obj.session_uid in self._unmarked)

    def _facts_of(self, mesh: Any) -> reading.MeshFacts:
        known = self._facts.get(mesh.session_uid)
        if known is None:
            known = reading.mesh_facts(mesh)
            if bpy.app.background and len(mesh.vertices) >= _FACTS_ARE_KEPT:
                if len(self._facts) >= _MOST_FACTS:
                    self._facts.clear()
                self._facts[mesh.session_uid] = known
        return known

    def _mesh_stamp(self, mesh: Any) -> int:
        known = self._facts.get(mesh.session_uid)
        return reading.mesh_stamp(mesh) if known is None else known[0]
