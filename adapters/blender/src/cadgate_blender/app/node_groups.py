"""Groups of geometry nodes, modifiers that use them, and what these make."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, method, page, warn
from cadgate_blender.app import names, node_inputs, snapshots, versions
from cadgate_blender.app.foreign import opening
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import open_library

_KIND = "GEOMETRY"


def find(name: str) -> Any:
    """Return the group `name`. Raises AppError `node_group_not_found`."""
    return names.find("node_group", {group.name: group for group in _groups()}, name)


def _groups() -> list[Any]:
    return [group for group in bpy.data.node_groups if group.type == _KIND]


def info(group: Any) -> dict[str, Any]:
    """NodeGroupInfo."""
    return {
        "name": group.name,
        "inputs": [node_inputs.describe(group, socket) for socket in node_inputs.sockets(group)],
        "outputs": [
            item.name for item in group.interface.items_tree if item.item_type == "SOCKET" and item.in_out == "OUTPUT"
        ],
        "users": group.users - int(group.use_fake_user),
    }


# --- modifiers -----------------------------------------------------------------------------------------------------


def check(settings: dict[str, Any]) -> None:
    """Raise AppError for a group or inputs that do not exist, or do not fit."""
    group = find(settings["group"]) if settings.get("group") is not None else None
    wanted = settings.get("inputs")
    if not isinstance(wanted, dict) or not wanted:
        return
    if group is None:
        raise AppError("validation_error", "The modifier has no node group, so it has no inputs: send group too", {})
    for name, value in wanted.items():
        node_inputs.converted(group, node_inputs.find(group, name), value)


def group_of(modifier: Any) -> str | None:
    return modifier.node_group.name if modifier.node_group is not None else None


def set_group(modifier: Any, name: str | None) -> None:
    modifier.node_group = None if name is None else find(name)


def inputs_of(modifier: Any) -> list[dict[str, Any]]:
    """Return the inputs of a modifier's group, with the values that it has for them."""
    group = modifier.node_group
    if group is None:
        return []
    found: list[dict[str, Any]] = []
    for socket in node_inputs.sockets(group):
        described = node_inputs.describe(group, socket)
        value = versions.node_input(modifier, socket.identifier)
        found.append({**described, "value": node_inputs.spoken(described["type"], value)})
    return found


def set_inputs(modifier: Any, wanted: Any) -> None:
    """Set inputs by name, and read them back."""
    group = modifier.node_group
    for name, value in (wanted or {}).items():
        socket = node_inputs.find(group, name)
        made = node_inputs.converted(group, socket, value)
        try:
            versions.put_node_input(modifier, socket.identifier, made)
        except LookupError as error:
            raise AppError(
                "command_failed", f"Blender does not know the word {value!r} of the menu {name!r}"
            ) from error
        _check_kept(modifier, socket, made)
    # Blender notices assignments to properties, but not to items.
    modifier.id_data.update_tag()


def _check_kept(modifier: Any, socket: Any, made: Any) -> None:
    kept: Any = versions.node_input(modifier, socket.identifier)
    if isinstance(made, list):
        kept = list(kept)
    same = (
        all(abs(one - other) <= 1e-5 * max(1.0, abs(other)) for one, other in zip(kept, made))
        if isinstance(made, list)
        else abs(kept - made) <= 1e-5 * max(1.0, abs(made))
        if isinstance(made, float)
        else kept == made
    )
    if not same:
        raise AppError("command_failed", f"Blender keeps {socket.name!r} as {kept!r}, not as {made!r}")


def path_of(modifier: Any, name: str) -> str:
    """Return the RNA path of an input, by which it is keyed."""
    start = f'modifiers["{bpy.utils.escape_identifier(modifier.name)}"]'
    return start + versions.node_input_path(modifier, node_inputs.find(modifier.node_group, name).identifier)


# --- groups --------------------------------------------------------------------------------------------------------


@method("node_groups.list")
def list_groups(*, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    found = page(_groups(), info, limit=limit, offset=offset, fields=fields)
    return {"node_groups": found["objects"], "total": found["total"]}


@method("node_groups.get")
def get(*, name: str) -> dict[str, Any]:
    return info(find(name))


@method("node_groups.delete")
def delete(*, name: str) -> dict[str, Any]:
    group = find(name)
    users = sorted(user.name for user in bpy.data.user_map(subset=[group])[group])
    if users:
        raise AppError(
            "conflict",
            f"{name!r} is used by {', '.join(map(repr, users[:10]))}: remove the modifiers or nodes that use it first",
            {"users": users[:100]},
        )
    about_to_change()
    bpy.data.node_groups.remove(group)
    return {"deleted": name}


@method("internal.read_groups")
def read_groups(*, path: str, into: str, roots: list[str], trusted: bool, groups: list[str] | None) -> dict[str, Any]:
    """In a worker: open the .blend file `path` without code, and save it with its groups as `into`."""
    try:
        try:
            opening.open_file(path, roots, trusted=trusted)
        except RuntimeError as error:
            raise AppError(
                "command_failed", "Blender cannot open the file: it is damaged, or is not a .blend"
            ) from error
        if not _groups():
            raise AppError("degenerate_result", "The .blend file has no groups of geometry nodes")
        chosen = _groups() if groups is None else [find(name) for name in dict.fromkeys(groups)]
        for group in chosen:
            group.use_fake_user = True
        snapshots.save(into)
        return {"groups": [group.name for group in chosen]}
    finally:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


@method("internal.append_groups")
def append_groups(*, path: str, groups: list[str]) -> dict[str, Any]:
    """Append groups of a file that a worker has checked, and what their nodes refer to."""
    about_to_change()
    before = {obj.name for obj in bpy.data.objects}
    with open_library(path, link=False) as (source, taken):
        taken.node_groups = [name for name in source.node_groups if name in groups]
        order = [name for name in source.node_groups if name in groups]
    made = list(taken.node_groups)
    for library in list(bpy.data.libraries):
        bpy.data.libraries.remove(library)
    if any(group is None for group in made) or len(made) != len(groups):
        raise AppError("command_failed", "Blender did not append all groups of the file")
    for wanted, group in zip(order, made):
        group.use_fake_user = True
        if group.name != wanted:
            warn("renamed", f"The name {wanted!r} is in use: the group from the file is called {group.name!r}")
    brought = sorted(obj.name for obj in bpy.data.objects if obj.name not in before)
    if brought:
        warn(
            "brought_along",
            f"Nodes refer to objects, which came too and are in no collection: {', '.join(map(repr, brought[:10]))}",
        )
    index.unknown_change()
    return {"node_groups": [info(group) for group in sorted(made, key=lambda each: each.name)]}
