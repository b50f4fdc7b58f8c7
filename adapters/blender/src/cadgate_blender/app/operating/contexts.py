"""The context that an operator gets: active and selected objects, mode and editor; all of it is left as it was."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator, Sequence, cast

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app import modes, names
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import context

EDITED = {
    **dict.fromkeys(("mesh", "uv"), ("EDIT", ["MESH"])),
    "armature": ("EDIT", ["ARMATURE"]),
    "curve": ("EDIT", ["CURVE", "SURFACE"]),
    "surface": ("EDIT", ["SURFACE"]),
    "font": ("EDIT", ["FONT"]),
    "lattice": ("EDIT", ["LATTICE"]),
    "mball": ("EDIT", ["META"]),
    "pose": ("POSE", ["ARMATURE"]),
    "curves": ("EDIT", ["CURVES"]),
    "pointcloud": ("EDIT", ["POINTCLOUD"]),
    "grease_pencil": ("EDIT", ["GREASEPENCIL"]),
}
"""The mode and types of objects of most operators of a group."""
AREAS = {
    "action": "DOPESHEET_EDITOR",
    "graph": "GRAPH_EDITOR",
    "marker": "DOPESHEET_EDITOR",
    "nla": "NLA_EDITOR",
    "node": "NODE_EDITOR",
    "sequencer": "SEQUENCE_EDITOR",
    "view3d": "VIEW_3D",
}
"""The editor in which a group works. It is there without a window, too."""
_SELECTING = {
    "MESH": "mesh",
    "CURVE": "curve",
    "SURFACE": "curve",
    "ARMATURE": "armature",
    "LATTICE": "lattice",
    "META": "mball",
}


def needed(identifier: str) -> dict[str, Any]:
    """Return what context an operator needs, as far as its group says it."""
    group, _, name = identifier.partition(".")
    mode, types = EDITED.get(group, ("OBJECT" if group in ("object", "rigidbody") else None, None))
    if name.startswith("primitive_") and name.endswith("_add"):
        mode, types = "OBJECT", None
    return {"mode": mode, "object_types": types, "area": AREAS.get(group)}


@contextmanager
def made(identifier: str, wanted: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
    """Make a context and yield what to override. Whatever ends the block, it is left as it was.

    Raises AppError `object_not_found`, `not_possible`.
    """
    chosen = wanted.get("selected")
    active = None if wanted.get("active") is None else _in_scene(wanted["active"])
    if chosen is None and active is not None:
        chosen = [active.name]
    selected = None if chosen is None else [_in_scene(each) for each in chosen]
    if active is None and selected:
        active = selected[0]
    state = _State()
    try:
        if selected is not None:
            _select(selected)
        if active is not None:
            context.view_layer.objects.active = active
        _enter(identifier, (wanted.get("mode") or "OBJECT").upper())
        with _editor(wanted.get("area") or AREAS.get(identifier.partition(".")[0])) as override:
            yield override
    finally:
        state.restore(keep_selection="select" in identifier)


def _in_scene(name: str) -> Any:
    obj = names.find_object(name)
    if context.view_layer.objects.get(name) != obj:
        raise AppError(
            "not_possible",
            f"{name!r} is not in the view layer, so no operator can work on it: link it to a collection of the scene",
            {"object": name},
        )
    return obj


def _select(objects: Sequence[Any]) -> None:
    for obj in context.view_layer.objects:
        if obj.select_get() != (obj in objects):
            obj.select_set(obj in objects)
    for obj in objects:
        if not obj.select_get():
            raise AppError(
                "not_possible",
                f"{obj.name!r} cannot be selected, because it is hidden: show it first",
                {"object": obj.name},
            )


def _enter(identifier: str, mode: str) -> None:
    if mode.startswith("EDIT_"):
        mode = "EDIT"
    if mode == "OBJECT":
        return
    active: Any = context.view_layer.objects.active
    if active is None:
        raise AppError("not_possible", f"Mode {mode!r} needs an active object: send context.active", {"mode": mode})
    try:
        bpy.ops.object.mode_set(mode=cast("Any", mode))
    except (RuntimeError, TypeError) as error:
        raise AppError(
            "not_possible",
            f"{active.name!r} ({active.type}) has no mode {mode!r}: {str(error).strip()}",
            {"object": active.name, "mode": mode},
        ) from None
    if mode in ("EDIT", "POSE") and "select" not in identifier:
        _select_elements(active, mode)


def _select_elements(active: Any, mode: str) -> None:
    """Select everything that is edited unless something is: an operator works on what is selected."""
    if mode == "POSE":
        if not any(bone.select for bone in active.data.bones):
            bpy.ops.pose.select_all(action="SELECT")
        return
    group = _SELECTING.get(active.type)
    if group is None:
        return
    edited = [obj for obj in context.view_layer.objects if obj.mode == "EDIT"]
    if not any(_has_selection(obj) for obj in edited):
        getattr(bpy.ops, group).select_all(action="SELECT")


def _has_selection(obj: Any) -> bool:
    data = obj.data
    if obj.type == "MESH":
        return bool(data.total_vert_sel)
    if obj.type == "ARMATURE":
        return any(bone.select for bone in data.edit_bones)
    if obj.type in ("CURVE", "SURFACE"):
        return any(
            any(point.select_control_point for point in spline.bezier_points) or any(p.select for p in spline.points)
            for spline in data.splines
        )
    if obj.type == "LATTICE":
        return any(point.select for point in data.points)
    return any(element.select for element in data.elements)


@contextmanager
def _editor(kind: str | None) -> Generator[dict[str, Any], None, None]:
    """Yield the override for an editor of this type: an area of the program's screen shows it for a moment."""
    if kind is None:
        yield {}
        return
    window: Any = context.window_manager.windows[0]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    areas = [area for area in window.screen.areas if area.type == kind]
    area = areas[0] if areas else max(window.screen.areas, key=lambda each: each.width * each.height)
    former = area.type
    try:
        if area.type != kind:
            try:
                area.type = kind
            except TypeError as error:
                raise AppError("validation_error", f"context.area: {error}", {"area": kind}) from None
        region = next(each for each in area.regions if each.type == "WINDOW")
        space = area.spaces.active
        if kind == "NODE_EDITOR":
            _show_tree(space)
        yield {"window": window, "screen": window.screen, "area": area, "region": region, "space_data": space}
    finally:
        if area.type != former:
            area.type = former


def _show_tree(space: Any) -> None:
    """Let a node editor show the tree of the active object's material."""
    active = context.view_layer.objects.active
    material = None if active is None else active.active_material
    if material is not None and material.node_tree is not None:
        space.tree_type, space.pin = "ShaderNodeTree", True
        space.node_tree = material.node_tree


class _State:
    """The selection, the active object and the scene, by what survives a change of them."""

    def __init__(self) -> None:
        layer = context.view_layer
        self.scene = context.scene.session_uid
        self.layer = layer.name
        self.active = None if layer.objects.active is None else layer.objects.active.session_uid
        self.selected = {obj.session_uid for obj in layer.objects if obj.select_get()}

    def restore(self, *, keep_selection: bool) -> None:
        index.unknown_change()
        modes.end()
        window: Any = context.window_manager.windows[0]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        if window.scene.session_uid != self.scene:
            window.scene = next((each for each in bpy.data.scenes if each.session_uid == self.scene), window.scene)
        former = window.scene.view_layers.get(self.layer)
        if former is not None and window.view_layer != former:
            window.view_layer = former
        layer = context.view_layer
        if keep_selection:
            return
        for obj in layer.objects:
            chosen = obj.session_uid in self.selected
            if obj.select_get() != chosen:
                obj.select_set(chosen)
        layer.objects.active = next((obj for obj in layer.objects if obj.session_uid == self.active), None)
