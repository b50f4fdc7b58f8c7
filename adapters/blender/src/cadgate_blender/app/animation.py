"""Animation of objects: their curves, keyed and removed by RNA path. No drivers and no code come in here."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Sequence

import bpy
from mathutils import Euler

from cadgate.appserver import AppError, about_to_change, method, not_found, warn
from cadgate_blender.app import curves as curves_in_numbers
from cadgate_blender.app import keyframes, names, rna_paths, versions
from cadgate_blender.app.rna_paths import Target
from cadgate_blender.app.scene_index import index as scene_index
from cadgate_blender.app.scene_index import precise
from cadgate_blender.app.typed import context

_MANY_TURNS = 20.0
"""Radians above which an angle is rather in degrees."""


@method("animation.get")
def get(*, object: str) -> dict[str, Any]:
    return _info(names.find_object(object))


@method("animation.key")
@precise()
def key(*, object: str, path: str, keys: list[dict[str, Any]], interpolation: str, index: int | None) -> dict[str, Any]:
    """Key the property at `path`, and return its curves as they were read back."""
    obj = names.find_object(object)
    pairs = [(float(each["frame"]), each["value"]) for each in keys]
    if path == "rotation":
        target, pairs = _turned(obj, pairs, index)
    else:
        target, component = rna_paths.resolve(obj, path)
        if component is not None and index is not None:
            raise AppError("validation_error", f"{path!r} names a component already: leave out index", {"path": path})
        index = component if index is None else index
    columns = _columns(target, pairs, index)
    about_to_change(lambda: scene_index.described(obj)["revision"])
    if path == "rotation" and target.name == "rotation_euler":
        obj.rotation_mode = "XYZ"
    curves = keyframes.write(target, columns, interpolation)
    _warn(obj, target, curves, by_path=path != "rotation")
    _report(obj, target.owner)
    return _info(obj, {target.whole})


@method("animation.remove")
@precise()
def remove(*, object: str, path: str | None, index: int | None, frame: float | None) -> dict[str, Any]:
    """Remove keys; the values stay as they are now."""
    obj = names.find_object(object)
    wanted = None if path is None else [path] if path != "rotation" else list(keyframes.ROTATIONS)
    held = [
        (prefix, block, [curve.data_path for curve in versions.curves_of(block.animation_data)])
        for prefix, block in rna_paths.owners(obj)
        if block.animation_data is not None
    ]
    if wanted is not None and path != "rotation":
        wanted = [_canonical(obj, path or "")]
    known = sorted({prefix + each for prefix, _, paths in held for each in paths})
    chosen = [
        (block, [each for each in paths if wanted is None or prefix + each in wanted]) for prefix, block, paths in held
    ]
    if not any(paths for _, paths in chosen):
        raise not_found("animation", path or object, known)
    about_to_change(lambda: scene_index.described(obj)["revision"])
    count = sum(keyframes.remove(block, paths, index, frame) for block, paths in chosen if paths)
    if not count:
        at = "" if frame is None else f" at frame {frame:g}"
        warn("no_effect", f"{path or object!r} has no such key{at}: nothing was removed")
    for block, paths in chosen:
        if paths:
            _report(obj, block)
    return {"deleted": path or object, "keys": count}


def _canonical(obj: Any, path: str) -> str:
    """Return a path as `GET` lists it; one to what is gone, which a curve may still have, stays as it is."""
    try:
        return rna_paths.resolve(obj, path)[0].whole
    except AppError:
        return path


# --- values of requests --------------------------------------------------------------------------------------------


def _columns(
    target: Target, pairs: Sequence[tuple[float, Any]], index: int | None
) -> dict[int, list[tuple[float, float]]]:
    """Return the keys of each component. Raises AppError for values that do not fit."""
    width = target.width
    if index is not None and index >= max(1, width):
        raise AppError(
            "validation_error", f"{target.whole} has {max(1, width)} components, so no {index}", {"path": target.whole}
        )
    columns: dict[int, list[tuple[float, float]]] = {}
    for frame, value in pairs:
        if width and index is None:
            if not isinstance(value, list) or len(value) != width:
                raise AppError(
                    "validation_error",
                    f"The value at frame {frame:g} must be a list of {width} numbers, as {target.whole} has {width} "
                    f"components, not {value!r}; or send index for one of them",
                    {"path": target.whole, "components": width},
                )
            for number, each in enumerate(value):
                columns.setdefault(number, []).append((frame, keyframes.number(target, each)))
        elif isinstance(value, list):
            what = "one component" if width else "a single value"
            raise AppError(
                "validation_error",
                f"The value at frame {frame:g} must be one value, as it is for {what} of {target.whole}, not {value!r}",
                {"path": target.whole},
            )
        else:
            columns.setdefault(index or 0, []).append((frame, keyframes.number(target, value)))
    return columns


def _turned(obj: Any, pairs: list[tuple[float, Any]], index: int | None) -> tuple[Target, list[tuple[float, Any]]]:
    """Return the property of the object's rotation, and values in degrees as that property holds them."""
    keyed = keyframes.rotation_of(obj)
    if keyed not in (None, "rotation_euler") and index is not None:
        raise AppError(
            "conflict",
            f"{obj.name!r} is keyed by {keyed}, in which no single angle can be set: send all three",
            {"object": obj.name},
        )
    turned: list[tuple[float, Any]] = []
    before = None
    for frame, value in pairs:
        if index is not None:
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise AppError("validation_error", f"An angle is a number of degrees, not {value!r}", {})
            turned.append((frame, math.radians(value)))
            continue
        if not isinstance(value, list) or len(value) != 3 or any(isinstance(each, (bool, str)) for each in value):
            raise AppError(
                "validation_error",
                f"The rotation at frame {frame:g} must be three angles in degrees, not {value!r}",
                {"path": "rotation"},
            )
        radians = [math.radians(each) for each in value]
        if keyed == "rotation_quaternion":
            before = _nearest(Euler(radians).to_quaternion(), before)
            turned.append((frame, list(before)))
        else:
            turned.append((frame, radians))
    if keyed == "rotation_axis_angle":
        raise AppError(
            "conflict",
            f"{obj.name!r} is keyed by rotation_axis_angle: key that, or remove its keys first",
            {"object": obj.name},
        )
    return rna_paths.resolve(obj, keyed or "rotation_euler")[0], turned


def _nearest(turn: Any, before: Any) -> Any:
    """Return a quaternion or its opposite, which is the same rotation: the one without a turn the long way round."""
    return -turn if before is not None and before.dot(turn) < 0 else turn


# --- warnings and descriptions -------------------------------------------------------------------------------------


def _warn(obj: Any, target: Target, curves: Sequence[Any], *, by_path: bool) -> None:
    scene = context.scene
    frames = [float(frame) for curve in curves for frame in curves_in_numbers.points(curve)[:, 0]]
    if min(frames) < scene.frame_start or max(frames) > scene.frame_end:
        warn(
            "outside_range",
            f"Keys of {target.whole} are at frames {min(frames):g} to {max(frames):g}, and the scene plays from "
            f"{scene.frame_start} to {scene.frame_end}: PATCH /scene with frame_start and frame_end to show all",
        )
    if by_path and keyframes.unit(target) == "radians":
        most = max(abs(float(value)) for curve in curves for value in curves_in_numbers.points(curve)[:, 1])
        if most > _MANY_TURNS:
            warn(
                "radians",
                f"{target.whole} is in radians: {most:g} of them are {math.degrees(most):g} degrees. For a rotation in "
                "degrees, the path is rotation",
            )
    inactive = (
        target.owner == obj and target.name in keyframes.ROTATIONS and target.name != keyframes.active_rotation(obj)
    )
    if inactive:
        warn(
            "not_active",
            f"The rotation mode of {obj.name!r} is {obj.rotation_mode}, so {target.name} has no effect: key "
            f"{keyframes.active_rotation(obj)}, or rotation in degrees",
        )
    users = target.owner.users - int(target.owner.use_fake_user)
    if target.owner != obj and users > 1 and not getattr(target.owner, "is_embedded_data", False):
        warn("shared", f"{target.owner.name!r}, which is keyed, is shared by {users} users: it changes in all of them")
    animation = target.owner.animation_data
    if animation.use_nla and any(not track.mute and len(track.strips) for track in animation.nla_tracks):
        warn("layered", f"Strips of the NLA also move {target.owner.name!r}: its values are not only those of the keys")


def _report(obj: Any, owner: Any) -> None:
    scene_index.changed(obj, same_mesh=True)
    if owner == obj.data and owner.users > 1:
        for each in bpy.data.objects:
            if each.data == owner and each != obj:
                scene_index.changed(each, same_mesh=True)


def _info(obj: Any, only: set[str] | None = None) -> dict[str, Any]:
    """Return AnimationInfo, with all curves or those of the paths `only`."""
    curves: list[dict[str, Any]] = []
    drivers: list[str] = []
    for prefix, block in rna_paths.owners(obj):
        if block.animation_data is None:
            continue
        drivers += [prefix + each.data_path for each in block.animation_data.drivers]
        for curve in versions.curves_of(block.animation_data):
            if only is None or prefix + curve.data_path in only:
                curves.append(_curve_info(obj, prefix, curve))
    scene = context.scene
    return {
        "object": obj.name,
        "curves": curves,
        "drivers": list(dict.fromkeys(drivers)),
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
    }


def _curve_info(obj: Any, prefix: str, curve: Any) -> dict[str, Any]:
    path = prefix + curve.data_path
    try:
        target: Target | None = rna_paths.resolve(obj, path)[0]
    except AppError:
        target = None
    words = [point.interpolation.lower() for point in curve.keyframe_points]
    usual = Counter(words).most_common(1)[0][0] if words else "bezier"
    keys = [
        {"frame": float(frame), "value": keyframes.spoken(target, float(value))}
        for frame, value in curves_in_numbers.points(curve)
    ]
    for each, word in zip(keys, words):
        if word != usual:
            each["interpolation"] = word
    single = target is not None and not target.width
    return {
        "path": path,
        "index": None if single else curve.array_index,
        "unit": keyframes.unit(target),
        "interpolation": usual,
        "keys": keys,
        "muted": curve.mute,
    }
