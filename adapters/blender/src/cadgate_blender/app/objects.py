"""Objects: adding them to the scene, listing, changing, duplicating, deleting them."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import Any, Callable, Sequence

import bpy

from cadgate.appserver import AppError, about_to_change, method, name_taken, page
from cadgate_blender.app import changes, limits, names
from cadgate_blender.app.describe import collections_of_all, describe, world_matrix

Triple = Sequence[float]


class Placement:
    """Where a new object goes, checked before anything changes. Raises AppError for whatever does not exist."""

    def __init__(
        self,
        *,
        name: str | None,
        on_conflict: str,
        location: Triple,
        rotation: Triple,
        scale: Triple = (1.0, 1.0, 1.0),
        material: str | None = None,
        collection: str | None = None,
    ) -> None:
        names.check_free("object", name, name is not None and names.has_object(name), on_conflict)
        self.name, self.on_conflict = name, on_conflict
        self.location, self.scale = location, scale
        self.rotation = [math.radians(angle) for angle in rotation]
        self.material = None if material is None else names.find("material", bpy.data.materials, material)
        self.collection = bpy.context.scene.collection
        if collection is not None and collection != self.collection.name:
            self.collection = names.find("collection", bpy.data.collections, collection)
        limits.check("The number of objects", names.count_objects() + 1, "max_objects")


def add_object(default: str, placement: Placement, make: Callable[[str], Any]) -> dict[str, Any]:
    """Create the object of `make(name)`'s data (None: an empty) and return its ObjectInfo.

    Raises AppError `name_taken`.
    """
    about_to_change()
    name = placement.name or default
    if placement.name is not None and placement.on_conflict == "replace" and names.has_object(name):
        remove(names.find_object(name))
    data = make(name)
    obj = bpy.data.objects.new(name, data)
    if placement.name is not None and obj.name != name and placement.on_conflict != "rename":
        names.forget()
        raise name_taken("object", name)
    obj.location, obj.rotation_euler, obj.scale = placement.location, placement.rotation, placement.scale
    if placement.material is not None:
        data.materials.append(placement.material)
    placement.collection.objects.link(obj)
    names.note(obj)
    info = describe(obj, [placement.collection.name], visible=True)
    changes.created(info)
    return info


def remove(obj: Any) -> None:
    """Delete an object and its data, if nothing else uses them; its children stay where they are."""
    name, kind, data = obj.name, obj.type, obj.data
    for child in obj.children:
        matrix = world_matrix(child)
        child.parent = None
        child.matrix_basis = matrix
    bpy.data.objects.remove(obj)
    if data is not None and data.users == 0:
        bpy.data.batch_remove([data])
    names.drop(name)
    changes.deleted(name, kind)


@method("objects.list")
def list_objects(*, type: str | None, name: str | None, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    """Objects in Blender's order of names."""
    found = [
        obj
        for obj in bpy.data.objects
        if (type is None or obj.type == type.upper()) and (name is None or fnmatchcase(obj.name, name))
    ]
    collections = collections_of_all()
    return page(
        found,
        lambda obj: describe(obj, collections.get(obj.name, [])),
        limit=limit,
        offset=offset,
        fields=fields,
    )


@method("objects.get")
def get_object(*, name: str) -> dict[str, Any]:
    return describe(names.find_object(name))


@method("objects.delete")
def delete_object(*, name: str) -> dict[str, Any]:
    obj = names.find_object(name)
    about_to_change(describe(obj)["revision"])
    remove(obj)
    if bpy.data.objects.get(name) is not None:
        raise AppError("command_failed", f"Blender did not delete {name!r}")
    return {"deleted": name}
