"""Finds what in the scene or in Blender acts by itself on what calls do: drivers, handlers, an open mode."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

from cadgate.appserver import scripting
from cadgate_blender.app import versions
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.snapshots import NOT_DATA

MODULES = scripting.MODULES | {"bmesh", "bpy", "bpy_extras", "gpu_extras", "mathutils", "numpy"}
WORDS = scripting.WORDS | {
    *("addon_enable", "addon_utils", "addons", "as_module", "driver_namespace"),
    *("extensions", "handlers", "msgbus", "preferences", "props", "register_class", "register_classes_factory"),
    *("register_submodule_factory", "register_tool", "run_script", "script", "timers", "types", "use_scripts"),
    *("python_file_run", "load_scripts", "modules_from_path", "execfile"),
}
"""Names in `bpy` that subscribe, register, evaluate or run code."""

_before: dict[str, list[Any]] = {}
_names: dict[str, Any] = {}


def begin() -> None:
    """Record what is there now, which is Blender's own."""
    _before.update(_handlers())
    _names.update(bpy.app.driver_namespace)


def acting() -> str | None:
    """Return the first one found, as the end of a sentence, or None. Takes two milliseconds at 2,000 objects."""
    for name, functions in _handlers().items():
        if functions != _before.get(name, []):
            return f"bpy.app.handlers.{name} has been changed"
    if dict(bpy.app.driver_namespace) != _names:
        return "bpy.app.driver_namespace has been changed"
    for block in _driven():
        return f"{block.name!r} has drivers"
    for obj in bpy.data.objects:
        if obj.mode != "OBJECT":
            return f"{obj.name!r} is in mode {obj.mode}"
    return None


def update_result(result: dict[str, Any]) -> None:
    """Update what a result says about an object, which handlers or drivers may have changed since."""
    if not {"name", "type", "revision", "location"} <= result.keys():
        return
    obj = bpy.data.objects.get(result["name"])
    if obj is not None:
        result.update({key: value for key, value in index.describe(obj).items() if key in result})
    else:
        text = f"{result['name']!r} is gone, or has another name: code in this session acts on changes"
        result.setdefault("warnings", []).append({"code": "changed_by_code", "message": text})


def _handlers() -> dict[str, list[Any]]:
    found = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
    return {name: list(functions) for name, functions in found.items() if isinstance(functions, list)}


def _driven() -> Iterator[Any]:
    for room in versions.rooms(NOT_DATA):
        held: Any = getattr(bpy.data, room.identifier)
        known = room.fixed_type.properties
        if not len(held) or "animation_data" not in known:
            continue
        # Nodes that a material or the like holds are in no room of their own; keys of shapes are.
        has_nodes = "node_tree" in known
        for block in held:
            if _has_drivers(block):
                yield getattr(block, "user", block)
            elif has_nodes and block.node_tree is not None and _has_drivers(block.node_tree):
                yield block


def _has_drivers(block: Any) -> bool:
    return block.animation_data is not None and len(block.animation_data.drivers) > 0
