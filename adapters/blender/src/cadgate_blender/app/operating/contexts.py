"""The context that an operator gets: active and selected objects, mode and editor; all of it is left as it was."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Callable, Generator, Sequence, cast

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app import modes, names, versions
from cadgate_blender.app.operating import editors
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
    return {"mode": mode, "object_types": types, "area": editors.AREAS.get(group)}


@contextmanager
def made(
    identifier: str, wanted: dict[str, Any], accepts: Callable[[dict[str, Any]], bool]
) -> Generator[dict[str, Any], None, None]:
    """Make a context and yield what to override. Whatever ends the block, it is left as it was.

    `accepts` says whether the operator is possible with an override.

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
        with editors.opened(identifier, wanted.get("area"), accepts) as override:
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
        if not any(bone.select for bone in versions.bones_with_selection(active)):
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


class _State:
    """The selection, the active object and the scene, by what survives a change of them."""

    def __init__(self) -> None:
        layer = context.view_layer
        self.scene = context.scene.session_uid
        self.layer = layer.name
        self.active = None if layer.objects.active is None else layer.objects.active.session_uid
        self.selected = {obj.session_uid for obj in layer.objects if obj.select_get()}
        self.libraries = {each.session_uid for each in bpy.data.libraries}

    def restore(self, *, keep_selection: bool) -> None:
        index.unknown_change()
        modes.end()
        self._forget_brushes()
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

    def _forget_brushes(self) -> None:
        """Remove the libraries of brushes that Blender loads from its own files when a painting mode begins."""
        own = os.path.realpath(bpy.utils.system_resource("DATAFILES"))  # pyright: ignore[reportAttributeAccessIssue]
        for library in list(bpy.data.libraries):
            path = os.path.realpath(bpy.path.abspath(library.filepath))
            if library.session_uid not in self.libraries and path.startswith(own + os.sep):
                bpy.data.libraries.remove(library)
