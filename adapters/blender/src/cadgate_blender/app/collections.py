"""Collections: groups of objects in the scene's tree."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, method, name_taken, warn
from cadgate_blender.app import names
from cadgate_blender.app.objects import Placement, add_object, find_collection
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.typed import context


def _all() -> list[Any]:
    return [context.scene.collection, *bpy.data.collections]


def _info(collection: Any) -> dict[str, Any]:
    parent = next((each for each in _all() if collection.name in each.children), None)
    return {
        "name": collection.name,
        "parent": parent.name if parent else None,
        "objects": sorted(obj.name for obj in collection.objects),
        "children": [child.name for child in collection.children],
    }


@method("collections.list")
def list_collections() -> dict[str, Any]:
    return {"collections": [_info(collection) for collection in _all()]}


@method("collections.get")
def get(*, name: str) -> dict[str, Any]:
    return _info(find_collection(name))


@method("collections.create")
def create(*, name: str | None, on_conflict: str, parent: str | None) -> dict[str, Any]:
    above = find_collection(parent)
    existing = None if name is None else bpy.data.collections.get(name)
    taken = existing is not None or name == context.scene.collection.name
    names.check_free("collection", name, taken, on_conflict)
    if on_conflict == "replace" and taken and (existing is None or existing == above):
        raise AppError("validation_error", f"{name!r} cannot be replaced here: choose another name", {"name": name})
    about_to_change()
    if existing is not None and on_conflict == "replace":
        _dissolve(existing)
    collection = bpy.data.collections.new(name or "Collection")
    if name is not None and collection.name != name and on_conflict != "rename":
        raise name_taken("collection", name)
    collection.use_fake_user = True
    above.children.link(collection)
    return _info(collection)


@method("collections.delete")
def delete(*, name: str) -> dict[str, Any]:
    """Delete a collection; objects and collections that are in no other move to the scene's own collection."""
    collection = find_collection(name)
    if collection == context.scene.collection:
        raise AppError("validation_error", f"{name!r} is the scene's own collection and cannot be deleted")
    about_to_change()
    shown = sorted(obj.name for obj in bpy.data.objects if obj.instance_collection == collection)
    if shown:
        warn("instances_empty", f"{', '.join(map(repr, shown[:10]))} showed {name!r} again, and shows nothing now")
    _dissolve(collection)
    return {"deleted": name}


def _dissolve(collection: Any) -> None:
    root = context.scene.collection
    objects = list(collection.objects)
    for child in list(collection.children):
        collection.children.unlink(child)
        if not any(child.name in each.children for each in _all()):
            root.children.link(child)
    bpy.data.collections.remove(collection)
    for obj in objects:
        if not obj.users_collection:
            root.objects.link(obj)
        index.moved(obj)


@method("collections.move")
def move(*, name: str, objects: list[str], keep: bool) -> dict[str, Any]:
    collection = find_collection(name)
    chosen = [names.find_object(each) for each in dict.fromkeys(objects)]
    about_to_change()
    for obj in chosen:
        others = [each for each in obj.users_collection if each != collection]
        if obj.name not in collection.objects:
            collection.objects.link(obj)
        if not keep:
            for other in others:
                other.objects.unlink(obj)
        index.moved(obj)
    return _info(collection)


@method("collections.instance")
@precise()
def instance(*, source: str, **placement: Any) -> dict[str, Any]:
    """Add an empty that shows a collection again. Raises AppError if the collection would show itself."""
    place = Placement(**placement)
    shown = find_collection(source)
    if shown == context.scene.collection:
        raise AppError("validation_error", f"{source!r} is the scene's own collection, which would show itself")
    if place.collection in _within(shown):
        raise AppError(
            "validation_error",
            f"The instance would be in {place.collection.name!r}, which {source!r} contains, and so show itself: "
            "choose another collection",
            {"source": source},
        )

    def dress(obj: Any) -> None:
        obj.instance_type = "COLLECTION"
        obj.instance_collection = shown

    return add_object(source, place, lambda name: None, dress)


def _within(collection: Any) -> list[Any]:
    """Return a collection, those in it, and those that objects in it show."""
    found = [collection]
    for each in found:
        below = [*each.children, *(obj.instance_collection for obj in each.objects if obj.instance_collection)]
        found += [inner for inner in below if inner not in found]
    return found
