"""Keys of F-curves: reading, writing and removing them, with the values that they hold."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

import bpy

from cadgate.appserver import AppError, warn
from cadgate_blender.app import motion, versions
from cadgate_blender.app.describe import tidy
from cadgate_blender.app.rna_paths import Target, resolve
from cadgate_blender.app.typed import context

Keys = Sequence["tuple[float, float]"]

# --- values ------------------------------------------------------------------------------------------------------


def number(target: Target, value: Any) -> float:
    """Return a client's value as the number that a curve holds. Raises AppError."""
    rna = target.rna
    kind = _kind(target)
    if kind == "ENUM":
        return float(_enumerated(target, rna, value))
    if isinstance(value, str):
        raise _wrong(target, value, "a number" if kind != "BOOLEAN" else "true or false")
    if kind == "BOOLEAN":
        if value not in (True, False, 0, 1):
            raise _wrong(target, value, "true or false")
        return float(value)
    if isinstance(value, bool):
        raise _wrong(target, value, "a number")
    if kind == "INT" and value != int(value):
        raise _wrong(target, value, "a whole number")
    if rna is not None and not rna.hard_min <= value <= rna.hard_max:
        raise _wrong(target, value, f"a value from {rna.hard_min:g} to {rna.hard_max:g}")
    return float(value)


def _kind(target: Target) -> str:
    if target.rna is not None:
        return str(target.rna.type)
    value = target.value
    first = value[0] if target.width else value
    return "BOOLEAN" if isinstance(first, bool) else "INT" if isinstance(first, int) else "FLOAT"


def _enumerated(target: Target, rna: Any, value: Any) -> int:
    words = {item.identifier: item.value for item in rna.enum_items}
    found = words.get(value.upper(), words.get(value)) if isinstance(value, str) else None
    if found is None:
        raise _wrong(target, value, f"one of {', '.join(words)}")
    return int(found)


def _wrong(target: Target, value: Any, expected: str) -> AppError:
    return AppError(
        "validation_error",
        f"{target.whole} cannot be {value!r}: it is {expected}",
        {"path": target.whole, "value": value},
    )


def spoken(target: Target | None, value: float) -> Any:
    """Return a curve's number as clients write it."""
    if target is None:
        return tidy(value)
    kind = _kind(target)
    if kind == "BOOLEAN":
        return value >= 0.5
    if kind == "ENUM":
        return next((item.identifier for item in target.rna.enum_items if item.value == int(value)), tidy(value))
    return tidy(value)


def unit(target: Target | None) -> str | None:
    rna = None if target is None else target.rna
    if rna is None or rna.type != "FLOAT":
        return None
    angle = rna.unit == "ROTATION" and rna.subtype in ("ANGLE", "EULER", "AXISANGLE")
    return "radians" if angle else None


# --- writing -----------------------------------------------------------------------------------------------------


def write(target: Target, keys: Mapping[int, Keys], interpolation: str) -> list[Any]:
    """Key components of a property, each at its frames, and read them back. Returns the curves. Raises AppError."""
    _own_action(target.owner)
    made: list[Any] = []
    for index, pairs in keys.items():
        curve = _curve(target, index, pairs[0][0])
        for frame, value in pairs:
            point = curve.keyframe_points.insert(frame, value, options={"FAST"})
            point.co = (frame, value)
            point.interpolation = interpolation.upper()
            point.handle_left_type = point.handle_right_type = "AUTO_CLAMPED"
        # Points inserted fast are in no order before this, and their handles are not placed.
        curve.update()
        _check(target, curve, pairs)
        made.append(curve)
    _refresh(target, made)
    return made


def _curve(target: Target, index: int, frame: float) -> Any:
    found = _find(target, index)
    if found is None:
        if not target.owner.keyframe_insert(target.path, index=index if target.width else -1, frame=frame):
            raise AppError("command_failed", f"Blender cannot key {target.whole}")
        found = _find(target, index)
    if found is None:
        raise AppError("command_failed", f"Blender made no curve for {target.whole}")
    return found


def _find(target: Target, index: int) -> Any:
    animation = target.owner.animation_data
    for bag in versions.bags_of(animation):
        found = bag.find(target.path, index=index)
        if found is not None:
            return found
    return None


def _check(target: Target, curve: Any, pairs: Keys) -> None:
    if len(curve.modifiers):
        warn("curve_modifiers", f"Modifiers of the curve of {target.whole} change its values: they are not as keyed")
        return
    for frame, value in pairs:
        found = curve.evaluate(frame)
        if abs(found - value) > 1e-5 * max(1.0, abs(value)):
            raise AppError(
                "command_failed",
                f"At frame {frame:g} the curve of {target.whole} gives {found:g} instead of {value:g}; nothing changed",
            )


def _own_action(owner: Any) -> None:
    """Copy an action that something else uses too, so that only this data-block is keyed."""
    animation = owner.animation_data
    if animation is None or animation.action is None:
        return
    action = animation.action
    own = [strip for track in animation.nla_tracks for strip in track.strips if strip.action == action]
    if action.users - int(action.use_fake_user) <= 1 + len(own):
        return
    copy = action.copy()
    for holder in (animation, *own):
        motion.give(holder, "action", copy)


def _refresh(target: Target, curves: Iterable[Any]) -> None:
    """Set the property to what the curves give at the current frame, which Blender does when the frame changes."""
    animation = target.owner.animation_data
    if animation is None or (animation.use_nla and any(not track.mute for track in animation.nla_tracks)):
        return
    scene = context.scene
    now = scene.frame_current + scene.frame_subframe
    for curve in curves:
        if not curve.mute:
            put(target, curve.array_index, curve.evaluate(now))


def put(target: Target, index: int, value: float) -> None:
    """Set one component of a property to a curve's value."""
    kind = _kind(target)
    if kind == "ENUM":
        word = spoken(target, value)
        if isinstance(word, str):
            setattr(target.container, target.name, word)
        return
    plain: Any = value >= 0.5 if kind == "BOOLEAN" else round(value) if kind == "INT" else value
    if target.width:
        target.value[index] = plain
    elif target.is_custom:
        target.container[target.name] = plain
    else:
        setattr(target.container, target.name, plain)
    if target.is_custom:
        # Blender notices assignments to properties, but not to items.
        target.owner.update_tag()


def current(target: Target) -> list[float]:
    """Return the components of a property as curves hold them."""
    value = target.value
    if target.width:
        return [float(each) for each in value]
    return [number(target, value)]


def key_now(target: Target, frame: float) -> None:
    """Key a property's present value at `frame`."""
    write(target, {index: [(frame, value)] for index, value in enumerate(current(target))}, "bezier")


ROTATIONS = ("rotation_euler", "rotation_quaternion", "rotation_axis_angle")


def active_rotation(obj: Any) -> str:
    """Return the property that holds an object's rotation in its present mode."""
    return {"QUATERNION": ROTATIONS[1], "AXIS_ANGLE": ROTATIONS[2]}.get(obj.rotation_mode, ROTATIONS[0])


def rotation_of(obj: Any) -> str | None:
    """Return the property by which the rotation is keyed already, if its curves are in effect and it is not Euler's."""
    own = active_rotation(obj)
    if own == ROTATIONS[0] or obj.animation_data is None:
        return None
    return own if any(curve.data_path == own for curve in versions.curves_of(obj.animation_data)) else None


def key_transform(obj: Any, fields: Sequence[str], frame: float) -> None:
    """Key the object's present location, rotation, scale and visibility, those of `fields`, at `frame`."""
    paths = {
        "location": ("location",),
        "rotation": (active_rotation(obj),),
        "scale": ("scale",),
        "visible": ("hide_viewport", "hide_render"),
    }
    for field in fields:
        for path in paths[field]:
            key_now(resolve(obj, path)[0], frame)


# --- removing -----------------------------------------------------------------------------------------------------


def remove(owner: Any, paths: Iterable[str] | None, index: int | None, frame: float | None) -> int:
    """Remove keys of a data-block: of `paths` (None: all), of one component, at one frame. Returns how many."""
    animation = owner.animation_data
    wanted = None if paths is None else set(paths)
    count = 0
    if not _matching(animation, wanted, index, frame):
        return 0
    _own_action(owner)
    for bag, curve in _matching(animation, wanted, index, frame):
        if frame is None:
            count += len(curve.keyframe_points)
            bag.remove(curve)
            continue
        points = curve.keyframe_points
        for number in reversed(range(len(points))):  # a removal moves those behind
            if abs(points[number].co[0] - frame) < 1e-4:
                points.remove(points[number])
                count += 1
        if not len(curve.keyframe_points):
            bag.remove(curve)
    _drop_if_empty(owner)
    return count


def _matching(animation: Any, paths: set[str] | None, index: int | None, frame: float | None) -> list[tuple[Any, Any]]:
    return [
        (bag, curve)
        for bag in versions.bags_of(animation)
        for curve in bag
        if (paths is None or curve.data_path in paths)
        and (index is None or curve.array_index == index)
        and (frame is None or any(abs(point.co[0] - frame) < 1e-4 for point in curve.keyframe_points))
    ]


def _drop_if_empty(owner: Any) -> None:
    animation = owner.animation_data
    if animation is None or len(animation.drivers) or len(animation.nla_tracks):
        return
    if any(len(bag) for bag in versions.bags_of(animation)):
        return
    action = animation.action
    owner.animation_data_clear()
    if action is not None and action.users - int(action.use_fake_user) == 0:
        bpy.data.actions.remove(action)
