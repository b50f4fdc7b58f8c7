"""Warns that a value does not last because keyframes, drivers or constraints also set it."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import bpy

from cadgate.appserver import warn
from cadgate_blender.app import versions

TRANSFORMS: dict[str, Sequence[str]] = {
    "location": ("location", "delta_location"),
    "rotation": ("rotation_euler", "rotation_quaternion", "rotation_axis_angle", "delta_rotation_euler"),
    "scale": ("scale", "delta_scale"),
}
VISIBLE: dict[str, Sequence[str]] = {"visible": ("hide_viewport", "hide_render")}

_CONSTRAINTS = {
    "location": ("COPY_LOCATION", "LIMIT_LOCATION", "LIMIT_DISTANCE", "SHRINKWRAP", "FLOOR"),
    "rotation": ("COPY_ROTATION", "LIMIT_ROTATION", "TRACK_TO", "DAMPED_TRACK", "LOCKED_TRACK"),
    "scale": ("COPY_SCALE", "LIMIT_SCALE", "MAINTAIN_VOLUME"),
}
"""What each type changes; a type that is not here changes all three."""

_BECAUSE = {
    "animated": "keyframes set {what} of {name!r} again when a frame is shown or rendered: change or remove them",
    "driven": "a driver computes {what} of {name!r}, and overwrites the new value: change or remove it",
    "constrained": "constraints determine {what} of {name!r}, whatever the value: change or remove them",
}


def _overruled(block: Any) -> dict[str, str]:
    """Map RNA paths to what sets them: `animated` or `driven`."""
    animation = getattr(block, "animation_data", None)
    if animation is None:
        return {}
    found = {
        curve.data_path: "animated"
        for curve in versions.curves_of(animation)
        if not curve.mute and (len(curve.keyframe_points) or len(curve.modifiers) or len(curve.sampled_points))
    }
    found.update({driver.data_path: "driven" for driver in animation.drivers if not driver.mute})
    return found


def warn_of(name: str, block: Any, paths: Mapping[str, Sequence[str]]) -> None:
    """Warn of those fields that keyframes or drivers of `block` set. `paths` is field to RNA paths."""
    overruled = _overruled(block)
    if not overruled:
        return
    held: dict[str, list[str]] = {}
    for field, candidates in paths.items():
        for code in sorted({overruled[path] for path in candidates if path in overruled}):
            held.setdefault(code, []).append(field)
    for code, fields in held.items():
        _say(code, name, fields)


def _say(code: str, name: str, fields: Sequence[str]) -> None:
    text = _BECAUSE[code].format(what=", ".join(fields), name=name)
    warn(code, text[0].upper() + text[1:])


def warn_of_object(obj: Any, fields: Sequence[str]) -> None:
    """Do the same for the transform and visibility of an object, which constraints may determine too."""
    if obj.animation_data is None and not len(obj.constraints):
        return
    known = {**TRANSFORMS, **VISIBLE}
    warn_of(obj.name, obj, {field: known[field] for field in fields if field in known})
    held = [field for field in fields if field in _CONSTRAINTS and _is_constrained(obj, field)]
    if held:
        _say("constrained", obj.name, held)


def warn_of_property(holder: Any, name: str) -> None:
    """Do the same for any property of a data-block or of a structure in it."""
    block: Any = holder.id_data
    fields = [field for field, names in {**TRANSFORMS, **VISIBLE}.items() if name in names]
    if name.startswith("matrix_"):
        fields = list(TRANSFORMS)
    if isinstance(holder, bpy.types.Object) and fields:
        warn_of_object(holder, fields)
    elif block is not None and getattr(block, "animation_data", None) is not None:
        try:
            path = name if holder == block else holder.path_from_id(name)
        except ValueError:  # a layer's collection, which has no path and so no keys
            return
        warn_of(block.name, block, {name: (path,)})


def _is_constrained(obj: Any, field: str) -> bool:
    others = {kind for name, kinds in _CONSTRAINTS.items() if name != field for kind in kinds}
    return any(
        not constraint.mute and constraint.influence > 0 and constraint.type not in others
        for constraint in obj.constraints
    )


def warn_of_socket(name: str, tree: Any, field: str, socket: Any) -> None:
    """Do the same for the value of a node's input."""
    warn_of(name, tree, {field: (socket.path_from_id("default_value"),)})


def warn_of_camera(scene: Any) -> None:
    """Warn if markers of the scene choose its camera."""
    if any(marker.camera is not None for marker in scene.timeline_markers):
        warn("animated", f"Markers of the scene {scene.name!r} choose its camera by the frame: remove their cameras")


def warn_of_modifier(obj: Any, modifier: Any, fields: Mapping[str, Sequence[str]]) -> None:
    """Do the same for settings of a modifier; `fields` is field to Blender's own names."""
    start = f'modifiers["{bpy.utils.escape_identifier(modifier.name)}"].'
    warn_of(obj.name, obj, {field: [start + each for each in own] for field, own in fields.items()})


def go_to_frame(scene: Any, frame: int, subframe: float = 0.0) -> None:
    """Go to a frame, with the keyed values of hidden objects, too: Blender leaves those as they were."""
    hidden = [obj for obj in scene.objects if obj.animation_data is not None and not obj.visible_get()]
    switched = [obj for obj in hidden if obj.hide_viewport and not _keys(obj, "hide_viewport")]
    put_away = [obj for obj in hidden if _is_put_away(obj)]
    # Their collections may be hidden, too, or left out of the view layer.
    room = scene.collection.objects
    elsewhere = [obj for obj in hidden if obj.name not in room]
    for obj in switched:
        obj.hide_viewport = False
    for obj in elsewhere:
        room.link(obj)
    for obj in put_away:
        obj.hide_set(False)
    try:
        scene.frame_set(frame, subframe=subframe)
    finally:
        for obj in switched:
            obj.hide_viewport = True
        for obj in put_away:
            obj.hide_set(True)
        for obj in elsewhere:
            room.unlink(obj)


def _is_put_away(obj: Any) -> bool:
    try:
        return obj.hide_get()
    except RuntimeError:  # not in this view layer
        return False


def _keys(obj: Any, path: str) -> bool:
    return any(curve.data_path == path for curve in versions.curves_of(obj.animation_data))
