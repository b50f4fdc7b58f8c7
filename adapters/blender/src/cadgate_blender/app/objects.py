"""Objects: adding them to the scene, listing, changing, duplicating, deleting them."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import Any, Callable, Sequence

import bpy
from mathutils import Euler

from cadgate.appserver import AppError, about_to_change, method, name_taken, page, warn
from cadgate_blender.app import (
    animated,
    aside,
    geometry,
    keyframes,
    limits,
    names,
    properties,
    removal,
    transforms,
    versions,
)
from cadgate_blender.app.describe import collections_of_all, vector, world_matrix
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.typed import context

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
        self.collection = find_collection(collection)
        limits.check("The number of objects", names.count_objects() + 1, "max_objects")

    def make_way(self, source: Any = None) -> None:
        """Make the first change: delete the object that the new one replaces, if the request says so.

        `If-Match` names the revision of what it replaces, or else of its `source`. Raises AppError `revision_mismatch`.
        """
        name = self.name if self.on_conflict == "replace" else None
        replaced = names.find_object(name) if name is not None and names.has_object(name) else None
        compared = source if replaced is None else replaced
        about_to_change(None if compared is None else lambda: index.described(compared)["revision"])
        if replaced is not None:
            remove(replaced)

    def check_name(self, obj: Any) -> None:
        """Raise AppError if Blender did not give the new object the requested name."""
        if self.name is not None and obj.name != self.name and self.on_conflict != "rename":
            index.unknown_change()
            raise name_taken("object", self.name)


def find_collection(name: str | None) -> Any:
    """Return the collection `name`; the scene's own for None. Raises AppError `collection_not_found`."""
    root = context.scene.collection
    if name is None or name == root.name:
        return root
    return names.find("collection", bpy.data.collections, name)


def add_object(
    default: str, placement: Placement, make: Callable[[str], Any], dress: Callable[[Any], None] | None = None
) -> dict[str, Any]:
    """Create the object of `make(name)`'s data (None: an empty), `dress` it, and return its ObjectInfo.

    Raises AppError `name_taken`, `revision_mismatch`.
    """
    placement.make_way()
    name = placement.name or default
    data = make(name)
    obj = bpy.data.objects.new(name, data)
    placement.check_name(obj)
    _name_data(obj)
    # Only what differs from a new object's: an assignment tells the whole session that the object has moved.
    if any(placement.location):
        obj.location = placement.location
    if any(placement.rotation):
        obj.rotation_euler = placement.rotation
    if any(each != 1 for each in placement.scale):
        obj.scale = placement.scale
    if placement.material is not None:
        data.materials.append(placement.material)
    if dress is not None:
        dress(obj)
    placement.collection.objects.link(obj)
    return index.created(obj, (placement.collection,), is_own=True, visible=True, facts=geometry.facts_of(make))


def _name_data(obj: Any) -> None:
    """Give an object's own data the object's name, so that a replay, whose request has the object's name in it, gives
    both the same names. What Blender itself chooses for data depends on the request.
    """
    if obj.data is not None and obj.data.name != obj.name:
        versions.rename(obj.data, obj.name)


def remove(obj: Any) -> None:
    """Delete an object and its data, if nothing else uses them; its children stay where they are.

    Raises AppError `degenerate_result` if one of them cannot.
    """
    name, data = obj.name, obj.data
    children = children_of(obj)
    for child in children:
        check_unparent(child)
    for child in children:
        if _is_keyed(child):
            warn("animated", f"The keys of {child.name!r} are relative to {name!r}, which is deleted: it will move")
        unparent(child)
    ties = index.ties_of(obj)
    index.removed(obj)
    removal.remove_object(obj, ties.collections, is_unmarked=ties.is_unmarked)
    drop_unused(data, is_unmarked=ties.has_unmarked_data)
    for child in children:
        index.changed(child)


def drop_unused(data: Any, *, is_unmarked: bool) -> None:
    """Delete an object's former data, if nothing uses it any more. `is_unmarked` says that no editor shows it."""
    if data is not None and data.users == 0:
        removal.remove_data(data, is_unmarked=is_unmarked)


def children_of(obj: Any) -> list[Any]:
    """Return the object's children; asking Blender costs a walk over all objects."""
    return [] if index.has_no_references(obj) else list(obj.children)


def check_unparent(obj: Any) -> None:
    """Raise AppError for an object that would change its shape without its parent: it is sheared, which it cannot be
    by itself.
    """
    if transforms.shows_shear(obj) and not transforms.can_hold(obj) and transforms.is_sheared(world_matrix(obj)):
        remedy = "apply its modifiers first" if obj.type == "MESH" else "make it a mesh first, or delete it too"
        raise AppError(
            "degenerate_result",
            f"{obj.name!r} is sheared by its parent {obj.parent.name!r}, and location, rotation and scale cannot hold "
            f"that: without the parent it would have a different shape. Nothing was changed: {remedy}",
            {"object": obj.name, "parent": obj.parent.name},
        )


def unparent(obj: Any) -> None:
    """Remove the parent without moving the object; a shear by the parent goes into its points.

    The caller reports the object as changed.
    """
    matrix = world_matrix(obj)
    obj.parent = None
    obj.parent_type = "OBJECT"
    obj.matrix_parent_inverse.identity()
    if transforms.is_sheared(matrix):
        if transforms.shows_shear(obj):
            transforms.put_into_points(obj, transforms.shear_of(matrix))
        bare = transforms.without_shear(matrix)
        for child in obj.children:
            child.matrix_parent_inverse = bare.inverted_safe() @ matrix @ child.matrix_parent_inverse
        matrix = bare
    transforms.place_alike(obj, matrix)


def _is_keyed(obj: Any) -> bool:
    return obj.parent is not None and obj.animation_data is not None and obj.animation_data.action is not None


# --- methods -----------------------------------------------------------------------------------------------------


@method("objects.list")
@precise()
def list_objects(*, type: str | None, name: str | None, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    """List objects in Blender's order of names."""
    found = [
        obj
        for obj in bpy.data.objects
        if (type is None or obj.type == type.upper()) and (name is None or fnmatchcase(obj.name, name))
    ]
    if fields is not None and {field.strip() for field in fields.split(",")} <= _BRIEF.keys():
        return page(found, _brief, limit=limit, offset=offset, fields=fields)
    collections = collections_of_all()
    with aside.together():
        return page(
            found,
            lambda obj: index.described(obj, collections.get(obj.name, [])),
            limit=limit,
            offset=offset,
            fields=fields,
        )


_BRIEF: dict[str, Callable[[Any], Any]] = {
    "name": lambda obj: obj.name,
    "type": lambda obj: obj.type,
    "location": lambda obj: vector(obj.location),
    "scale": lambda obj: vector(obj.scale),
    "parent": lambda obj: obj.parent.name if obj.parent else None,
}
"""Fields that need no whole description: a list of names takes a tenth of the time."""


def _brief(obj: Any) -> dict[str, Any]:
    return {field: read(obj) for field, read in _BRIEF.items()}


@method("objects.get")
@precise()
def get_object(*, name: str) -> dict[str, Any]:
    return index.described(names.find_object(name))


@method("objects.delete")
@precise()
def delete_object(*, name: str) -> dict[str, Any]:
    obj = names.find_object(name)
    for child in children_of(obj):
        check_unparent(child)
    about_to_change(lambda: index.described(obj)["revision"])
    remove(obj)
    if not removal.is_gone(obj):
        raise AppError("command_failed", f"Blender did not delete {name!r}")
    return {"deleted": name}


KEYED = ("location", "rotation", "scale", "visible")
"""What can be keyed of an object by its own fields."""


@method("objects.update")
@precise("parent")
def update_object(*, name: str, **wanted: Any) -> dict[str, Any]:
    """Change what `wanted` contains: new_name, location, rotation (degrees), scale, parent (None: none), visible …

    `on_conflict` says what to do if the new name is in use.
    """
    obj = names.find_object(name)
    new_name, on_conflict = wanted.get("new_name", name), wanted.pop("on_conflict", "error")
    taken = new_name != name and names.has_object(new_name)
    names.check_free("object", new_name, taken, on_conflict)
    frame = wanted.pop("frame", None)
    keyed = [field for field in KEYED if field in wanted] if frame is not None else []
    if frame is not None and not keyed:
        raise AppError(
            "validation_error",
            f"frame says where to key, but nothing that can be keyed was sent: add one of {', '.join(KEYED)}",
            {"frame": frame},
        )
    parent = _new_parent(obj, wanted)
    if "parent" in wanted and parent is None and obj.parent is not None:
        check_unparent(obj)
    replaced = names.find_object(new_name) if taken and on_conflict == "replace" else None
    if replaced is not None and replaced == parent:
        raise AppError("validation_error", f"{new_name!r} cannot be replaced: it is to be the parent of {name!r}")
    known = index.described(obj)
    about_to_change(known["revision"], anything=bool(wanted))
    if replaced is not None:
        remove(replaced)
    moved: Sequence[str] = ()
    if "parent" in wanted and parent != obj.parent:
        _set_parent(obj, parent)
        # Without a parent, it stays where it is by its own values.
        moved = tuple(animated.TRANSFORMS) if parent is None else ()
    if "location" in wanted:
        obj.location = wanted["location"]
    if "rotation" in wanted:
        _turn(obj, [math.radians(angle) for angle in wanted["rotation"]], keyed=frame is not None)
    if "scale" in wanted:
        obj.scale = wanted["scale"]
    if "visible" in wanted:
        obj.hide_viewport = obj.hide_render = not wanted["visible"]
        if wanted["visible"] and obj.name in context.view_layer.objects:
            obj.hide_set(False)
    if "properties" in wanted:
        properties.write(obj, wanted["properties"])
    if new_name != name:
        versions.rename(obj, new_name)
        if obj.name != new_name and on_conflict != "rename":
            raise name_taken("object", new_name)
    if frame is not None:
        keyframes.key_transform(obj, keyed, frame)
    animated.warn_of_object(obj, [*moved, *(field for field in wanted if field not in (*moved, *keyed))])
    if not wanted:
        return index.describe(obj)
    shows_as_before = "visible" not in wanted and obj.animation_data is None
    visible = known["visible"] if shows_as_before else None
    return index.changed(obj, former=name, same_mesh="parent" not in wanted, visible=visible)


def _turn(obj: Any, angles: Triple, *, keyed: bool) -> None:
    """Set the rotation: one to be keyed in the mode in which its other keys are."""
    mode = keyframes.rotation_of(obj) if keyed else None
    if mode == "rotation_quaternion":
        obj.rotation_quaternion = Euler(angles).to_quaternion()
    elif mode == "rotation_axis_angle":
        axis, angle = Euler(angles).to_quaternion().to_axis_angle()
        obj.rotation_axis_angle = (angle, *axis)
    else:
        obj.rotation_mode = "XYZ"
        obj.rotation_euler = angles


def _new_parent(obj: Any, wanted: dict[str, Any]) -> Any:
    """Return the new parent. Raises AppError if it does not exist or is a child."""
    if wanted.get("parent") is None:
        return None
    parent = names.find_object(wanted["parent"])
    above = parent
    while above is not None:
        if above == obj:
            raise AppError(
                "validation_error",
                f"{parent.name!r} cannot be the parent of {obj.name!r}: it is the object itself or one of its children",
                {"parent": parent.name},
            )
        above = above.parent
    return parent


def _set_parent(obj: Any, parent: Any) -> None:
    """Set the parent without moving the object: location, rotation, scale and keys stay, and the inverse of the
    parent, which can be any matrix, makes up for the parent.
    """
    if parent is None:
        unparent(obj)
        return
    inverse = world_matrix(parent).inverted_safe()
    if obj.parent is not None and obj.parent_type == "OBJECT":
        inverse = inverse @ world_matrix(obj.parent) @ obj.matrix_parent_inverse
    elif obj.parent is not None:
        # A bone or vertices of its former parent.
        inverse = inverse @ world_matrix(obj) @ obj.matrix_basis.inverted_safe()
    obj.parent = parent
    obj.parent_type = "OBJECT"
    obj.matrix_parent_inverse = inverse


@method("objects.duplicate")
@precise()
def duplicate(
    *,
    object: str,
    name: str | None,
    on_conflict: str,
    location: Triple | None,
    rotation: Triple | None,
    scale: Triple | None,
    linked: bool,
) -> dict[str, Any]:
    """Copy an object with its modifiers, materials and settings; `linked` copies share the mesh."""
    original = names.find_object(object)
    place = Placement(name=name, on_conflict=on_conflict, location=(0, 0, 0), rotation=(0, 0, 0))
    if name == object and on_conflict == "replace":
        raise AppError("validation_error", f"{object!r} cannot be replaced by its own copy: choose another name")
    collections = index.collections_of(original)
    place.make_way(original)
    copy = original.copy()
    if original.data is not None and not linked:
        copy.data = original.data.copy()
    if name is not None:
        versions.rename(copy, name)
        place.check_name(copy)
    if not linked:
        _name_data(copy)
    if location is not None:
        copy.location = location
    if rotation is not None:
        copy.rotation_mode = "XYZ"
        copy.rotation_euler = [math.radians(angle) for angle in rotation]
    if scale is not None:
        copy.scale = scale
    wanted = {"location": location, "rotation": rotation, "scale": scale}
    animated.warn_of_object(copy, [field for field, value in wanted.items() if value is not None])
    collections = collections or (context.scene.collection,)
    for collection in collections:
        collection.objects.link(copy)
    return index.created(copy, collections, is_own=True, visible=not copy.hide_viewport)
