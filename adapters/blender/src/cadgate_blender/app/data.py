"""Any property of any data-block, by its path: read, set, and items of collections added and removed."""

from __future__ import annotations

import re
from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, method, name_taken, nearest, warn
from cadgate_blender.app import animated, constraints, data_values, describe, growth, limits, names, objects, rna_values
from cadgate_blender.app.data_paths import (
    Place,
    collections,
    require_keyable,
    require_open,
    require_settable,
    resolve,
)
from cadgate_blender.app.foreign import decided
from cadgate_blender.app.operating import sizes
from cadgate_blender.app.rna_values import invalid, to_json
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import context

_MOST_NAMES = 10_000
_PLACES = ("matrix_world", "matrix_local")
_FRAMES = ("frame_current", "frame_subframe", "frame_float")
_REFUSED_KINDS = re.compile(
    rf"({decided.READING_NODES}|{'|'.join(decided.WRITING_NODES)}|ShaderNodeScript|ShaderNodeTexIES|FLUID\Z)"
)
"""Types of nodes and modifiers that read or write files or run code."""


@method("data.list")
def list_data() -> dict[str, Any]:
    """List the collections of the document."""
    return {
        "collections": [
            {
                "path": prop.identifier,
                "type": prop.fixed_type.identifier,
                "count": len(getattr(bpy.data, prop.identifier)),
                "can_add": _function(prop, "new") is not None,
                "can_remove": _function(prop, "remove") is not None,
            }
            for prop in collections()
        ]
    }


@method("data.get")
def get_data(*, path: list[str]) -> dict[str, Any]:
    """Read a property, or a structure with its simple properties, or the names in a collection.

    What Blender computes is that of the evaluated scene, also if nothing was evaluated since the last change.
    """
    if len(path) > 1:
        context.view_layer.update()  # pyright: ignore[reportFunctionMemberAccess]
    return _describe(resolve(path))


def _describe(place: Place) -> dict[str, Any]:
    prop = place.prop
    described: dict[str, Any] = {"path": place.path, "kind": prop.type.lower(), "value": None, "schema": None}
    if place.item is not None or (prop.type == "POINTER" and not rna_values.is_block(prop.fixed_type)):
        struct = place.value
        if struct is not None:
            described.update(kind="structure", type=struct.bl_rna.identifier, value=_values(struct))
        return described
    if prop.type == "COLLECTION":
        items = getattr(place.holder, prop.identifier)
        described["type"] = prop.fixed_type.identifier
        described["value"] = [getattr(each, "name", str(number)) for number, each in zip(range(_MOST_NAMES), items)]
        return described
    described.update(
        type=prop.fixed_type.identifier if prop.type == "POINTER" else None, schema=data_values.schema(place)
    )
    value = place.value
    if place.component is None:
        value = _computed(place.holder, prop.identifier, value)
    described["value"] = to_json(value)
    return described


def _computed(holder: Any, name: str, value: Any) -> Any:
    """Return a matrix of an object that the scene does not show from its own data: Blender does not evaluate it.

    Warns where only an evaluation would tell.
    """
    if name not in _PLACES or not isinstance(holder, bpy.types.Object) or holder.visible_get():
        return value
    if not describe.placed_plainly(holder):
        warn(
            "not_evaluated",
            f"{holder.name!r} is hidden, so Blender does not evaluate it: its {name} may be that of an earlier state. "
            "PATCH it with visible: true, or show its collection, to read the present one",
        )
        return value
    world = describe.world_matrix(holder)
    if name == "matrix_local" and holder.parent is not None:
        return describe.world_matrix(holder.parent).inverted_safe() @ world
    return world


def _values(struct: Any) -> dict[str, Any]:
    """Return the simple properties of a structure; data-blocks and items by name, collections by their size."""
    found: dict[str, Any] = {}
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if name == "rna_type":
            continue
        try:
            value = getattr(struct, name)
        except (AttributeError, RuntimeError, UnicodeDecodeError):
            continue
        found[name] = len(value) if prop.type == "COLLECTION" else to_json(_computed(struct, name, value))
    return found


@method("data.update")
def update_data(*, path: list[str], value: Any) -> dict[str, Any]:
    """Set a property, and read it back."""
    place = resolve(path)
    if place.item is not None or place.prop.type == "COLLECTION" or place.root is None:
        raise AppError(
            "validation_error",
            f"{place.path!r} is {'an item' if place.item is not None else 'a collection'}, not a property: set one of "
            "its properties",
            {"path": place.path},
        )
    require_settable(place)
    if place.prop.identifier == "data_path":
        require_keyable(str(value))
    wanted = _wanted(place, value)
    sizes.check(place.root, place.holder, place.prop.identifier, wanted)
    former = _former(place)
    if place.holder == place.root and place.prop.identifier == "name":
        _check_name(place, value)
    about_to_change(former[1]["revision"] if former is not None else None)
    _assign(place, wanted)
    data_values.require_sound(place)
    if "modifiers" in path and isinstance(place.root, bpy.types.Object):
        growth.estimate_all(place.root)
    if isinstance(place.holder, bpy.types.Constraint) and isinstance(place.root, bpy.types.Object):
        constraints.require_sound(place.root, place.holder)
    if isinstance(place.holder, bpy.types.Scene) and place.prop.identifier in _FRAMES:
        animated.go_to_frame(place.holder, place.holder.frame_current, place.holder.frame_subframe)
    if former is not None:
        context.view_layer.update()  # pyright: ignore[reportFunctionMemberAccess]
    _confirm(place, wanted, value)
    animated.warn_of_property(place.holder, place.prop.identifier)
    _report(place, former)
    return _describe(place)


def _wanted(place: Place, value: Any) -> Any:
    prop = place.prop
    if place.component is not None:
        return rna_values.convert_component(prop, value, "value")
    if prop.type != "POINTER":
        return data_values.matrix(prop, rna_values.convert(data_values.taken(place.holder, prop), value, "value"))
    if not rna_values.is_block(prop.fixed_type):
        raise invalid("value", f"{place.path!r} is a structure: set one of its properties")
    return _block(prop.fixed_type, value, "value")


def _block(rna: Any, value: Any, field: str) -> Any:
    """Return the data-block of a type by its name, or by its path if several collections could have it."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(field, f"{value!r} must be the name of a data-block ({rna.identifier}), or null")
    if rna.identifier == "Object":
        return names.find_object(value)
    room, _, name = value.partition("/")
    name = name.replace("%2F", "/")
    for prop in collections():
        if prop.identifier == room and prop.fixed_type.identifier != "Object" and name:
            found = getattr(bpy.data, room).get(name)
            if found is not None:
                return found
    known: list[str] = []
    for prop in collections():
        if prop.fixed_type == rna or rna.identifier == "ID" or prop.fixed_type.base == rna:
            found = getattr(bpy.data, prop.identifier).get(value)
            if found is not None:
                return found
            known += getattr(bpy.data, prop.identifier).keys()
    raise invalid(field, f"there is no {rna.identifier} named {value!r}", nearest(value, known))


def _former(place: Place) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the description of the object that the path belongs to."""
    root = place.root
    return (root.name, index.described(root)) if isinstance(root, bpy.types.Object) else None


def _check_name(place: Place, value: str) -> None:
    names.check_length(value)
    room = getattr(bpy.data, place.path.partition("/")[0])
    if not value:
        raise invalid("value", "a name must not be empty")
    if value != place.root.name and room.get(value) is not None:
        raise name_taken(place.root.bl_rna.identifier.lower(), value, on_conflict=False)


def _assign(place: Place, wanted: Any) -> None:
    try:
        if place.component is None:
            setattr(place.holder, place.prop.identifier, wanted)
        else:
            getattr(place.holder, place.prop.identifier)[place.component] = wanted
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise invalid("value", f"Blender refuses it: {str(error).strip()}") from None


def _confirm(place: Place, wanted: Any, value: Any) -> None:
    """Read back: Blender clamps or ignores some values without a word."""
    now = place.value
    if not data_values.is_close(to_json(now), to_json(wanted)):
        raise invalid("value", f"{value!r} does not last: Blender makes it {to_json(now)!r}")


def _report(place: Place, former: tuple[str, dict[str, Any]] | None) -> None:
    if former is not None:
        index.changed(place.root, former=former[0])
        if place.prop.type == "POINTER" or place.root.children:
            index.unknown_change()
        return
    index.unknown_change()
    index.scene("changed")


# --- collections -----------------------------------------------------------------------------------------------------


@method("data.create")
def create_data(*, path: list[str], name: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
    """Add an item to a collection that allows it, as its own `new` does."""
    place = resolve(path)
    if place.item is not None or place.prop.type != "COLLECTION":
        raise AppError("validation_error", f"{place.path!r} is not a collection", {"path": place.path})
    require_open(place)
    function = _function(place.prop, "new")
    if function is None:
        raise AppError(
            "not_possible", f"Nothing can be added to {place.path!r} by itself: Blender has no such function", {}
        )
    given = _arguments(function, name, arguments, place.path)
    root = place.root is None
    wanted = name if name is not None else arguments.get("name")
    if root and name is not None:
        names.check_length(name)
    if isinstance(wanted, str) and _has(getattr(place.holder, place.prop.identifier), wanted):
        raise name_taken(place.prop.fixed_type.identifier.lower(), wanted, on_conflict=False)
    if path[0] == "objects" and root:
        limits.check("The number of objects", names.count_objects() + 1, "max_objects")
    if path[0] == "images" and root:
        pixels = float(given["width"]) * given["height"]
        limits.check("The number of pixels", pixels, "max_image_pixels")
    former = _former(place)
    about_to_change(former[1]["revision"] if former is not None else None)
    items = getattr(place.holder, place.prop.identifier)
    try:
        item = items.new(**given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise invalid("arguments", f"Blender refuses them: {str(error).strip()}") from None
    if item is None:
        raise AppError("command_failed", f"Blender added nothing to {place.path!r} with these arguments", {})
    if isinstance(place.root, bpy.types.Object):
        growth.estimate_all(place.root)
    if root:
        _settle_block(item)
    elif name is not None and "name" not in given:
        _name(item, name, place)
    own = getattr(item, "name", None) or str(len(items) - 1)
    if isinstance(wanted, str) and own != wanted:
        raise name_taken(place.prop.fixed_type.identifier.lower(), wanted, on_conflict=False)
    index.unknown_change()
    index.scene("changed")
    return {"path": f"{place.path}/{own.replace('/', '%2F')}", "name": own, "type": item.bl_rna.identifier}


def _has(items: Any, name: str) -> bool:
    """Return whether a collection has an item of this name."""
    try:
        return items.get(name) is not None
    except TypeError:  # its items have no names
        return False


def _name(item: Any, name: str, place: Place) -> None:
    """Name what Blender creates without a name, such as a node."""
    prop = item.bl_rna.properties.get("name")
    if prop is not None and not prop.is_readonly:
        item.name = name
    elif prop is None:
        raise invalid("name", f"items of {place.path!r} have no names: leave it out")


def _settle_block(block: Any) -> None:
    """Link an object or a collection to the scene; let other data-blocks be kept although nothing uses them."""
    if isinstance(block, bpy.types.Object):
        context.scene.collection.objects.link(block)
    elif isinstance(block, bpy.types.Collection):
        context.scene.collection.children.link(block)
    elif not isinstance(block, bpy.types.Scene):
        block.use_fake_user = True


def _function(prop: Any, name: str) -> Any:
    rna = getattr(prop, "srna", None)
    return None if rna is None else rna.functions.get(name)


def _arguments(function: Any, name: str | None, arguments: dict[str, Any], path: str) -> dict[str, Any]:
    parameters = {each.identifier: each for each in function.parameters if not each.is_output}
    given: dict[str, Any] = {}
    if "name" in parameters:
        chosen = name or arguments.get("name")
        given["name"] = str(chosen or str(arguments.get("type") or path.rpartition("/")[2].rstrip("s")).title())
    for key, value in arguments.items():
        if key == "name":
            continue
        parameter = rna_values.find(parameters, key, "arguments")
        field = f"arguments.{key}"
        if isinstance(value, str) and _REFUSED_KINDS.match(value):
            raise AppError(
                "path_not_allowed", f"{field}: {value!r} reads or writes files or runs code, so it cannot be added", {}
            )
        if key == "data_path":
            require_keyable(str(value))
        given[key] = _argument(parameter, value, field)
    missing = [key for key, each in parameters.items() if each.is_required and key not in given]
    for key in missing:
        if parameters[key].type == "POINTER":
            given[key] = None
        else:
            raise invalid(f"arguments.{key}", "it is needed: " + str(rna_values.schema(parameters[key]))[:300])
    return given


def _argument(parameter: Any, value: Any, field: str) -> Any:
    if parameter.type != "POINTER":
        return rna_values.convert(parameter, value, field)
    if rna_values.is_block(parameter.fixed_type):
        return _block(parameter.fixed_type, value, field)
    if not isinstance(value, str):
        raise invalid(field, f"{value!r} must be the path of a {parameter.fixed_type.identifier}")
    found = resolve([step.replace("%2F", "/") for step in value.split("/")]).value
    if not isinstance(found, bpy.types.bpy_struct):
        raise invalid(field, f"{value!r} is not a {parameter.fixed_type.identifier}")
    return found


@method("data.delete")
def delete_data(*, path: list[str]) -> dict[str, Any]:
    """Remove an item from a collection that allows it."""
    place = resolve(path)
    if place.item is None:
        raise AppError("validation_error", f"{place.path!r} is not an item of a collection", {"path": place.path})
    require_open(place)
    function = _function(place.prop, "remove")
    if function is None:
        raise AppError("not_possible", f"{place.path!r} cannot be removed by itself: Blender has no such function", {})
    if isinstance(place.item, bpy.types.Scene) and (len(bpy.data.scenes) == 1 or place.item == context.scene):
        raise AppError(
            "not_possible", f"{place.path!r} is the scene in which requests work, so it cannot be removed", {}
        )
    items = getattr(place.holder, place.prop.identifier)
    count = len(items)
    former = _former(place)
    about_to_change(former[1]["revision"] if former is not None else None)
    if place.root is not None and place.item == place.root and isinstance(place.item, bpy.types.Object):
        objects.remove(place.item)
    else:
        try:
            items.remove(place.item)
        except (TypeError, RuntimeError) as error:
            raise AppError(
                "command_failed", f"Blender cannot remove {place.path!r}: {str(error).strip()}", {}
            ) from None
    if len(getattr(place.holder, place.prop.identifier)) >= count:
        raise AppError("command_failed", f"Blender did not remove {place.path!r}", {"path": place.path})
    index.unknown_change()
    index.scene("changed")
    return {"deleted": place.path}
