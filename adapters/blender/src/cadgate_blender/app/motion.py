"""Movement: found by comparing several frames, scaled with its curves, or keyed again frame by frame."""

from __future__ import annotations

from typing import Any, Container, Iterable, Iterator, Sequence

import bpy
from mathutils import Matrix

from cadgate_blender.app.typed import context

_SELF_MOVING = {
    "BUILD",
    "CLOTH",
    "DYNAMIC_PAINT",
    "EXPLODE",
    "FLUID",
    "MESH_SEQUENCE_CACHE",
    "NODES",
    "OCEAN",
    "PARTICLE_SYSTEM",
    "SOFT_BODY",
    "WAVE",
}
"""Modifiers that change with the frame even though nothing is keyed."""
_MOST_FRAMES = 2000
_SCALED = ("location", "delta_location", "scale")

Worlds = "dict[str, list[Any]]"


def may_move() -> bool:
    """Return whether anything in the file could change with the frame: cheap, and true more often than necessary."""
    if len(bpy.data.actions):
        return True
    for obj in bpy.data.objects:
        for block in (obj, obj.data, getattr(obj.data, "shape_keys", None)):
            data = getattr(block, "animation_data", None)
            if data is not None and len(data.drivers):
                return True
        if any(modifier.type in _SELF_MOVING for modifier in obj.modifiers):
            return True
        if any(each.type in ("TRANSFORM_CACHE", "FOLLOW_PATH") for each in obj.constraints):
            return True
    return False


def frames() -> list[int]:
    """Return the frames of the scene's range; of a long one, as many as can be checked."""
    scene = context.scene
    step = max(1, (scene.frame_end - scene.frame_start) // _MOST_FRAMES)
    return sorted({*range(scene.frame_start, scene.frame_end + 1, step), scene.frame_end})


class Motion:
    """The places of objects in every frame of the scene's range, and the objects whose points move.

    :param chosen: the objects to check.
    """

    def __init__(self, chosen: Sequence[Any]) -> None:
        self.now = context.scene.frame_current
        self.frames: list[int] = []
        self.worlds: dict[str, list[Any]] = {obj.name: [] for obj in chosen}
        self._shapes: dict[str, set[Any]] = {}
        if not may_move():
            return
        self.frames = frames()
        few = {self.frames[0], self.frames[len(self.frames) // 2], self.frames[-1]}
        for frame in self.frames:
            context.scene.frame_set(frame)
            depsgraph = context.evaluated_depsgraph_get()
            for obj in chosen:
                evaluated = obj.evaluated_get(depsgraph)
                self.worlds[obj.name].append(evaluated.matrix_world.copy())
                if frame in few and _may_deform(obj):
                    self._shapes.setdefault(obj.name, set()).add(_shape(evaluated))
        context.scene.frame_set(self.now)

    def moves(self, name: str) -> bool:
        """Return whether the object's place changes, by itself or with its parents."""
        worlds = self.worlds.get(name, [])
        return any(not _alike(world, worlds[0]) for world in worlds[1:])

    def deforms(self, name: str) -> bool:
        """Return whether its points change, after modifiers and shape keys."""
        return len(self._shapes.get(name, ())) > 1

    def at_all(self) -> list[str]:
        """Return the names of what moves or deforms."""
        return [name for name in self.worlds if self.moves(name) or self.deforms(name)]

    def world(self, obj: Any) -> list[Any]:
        """Return the object's places: only one if nothing moves."""
        return self.worlds.get(obj.name) or [obj.matrix_world.copy()]


def _may_deform(obj: Any) -> bool:
    return len(obj.modifiers) > 0 or getattr(obj.data, "shape_keys", None) is not None


def _shape(evaluated: Any) -> Any:
    if evaluated.type != "MESH":
        return None
    from cadgate_blender.app.describe import mesh_stamp

    mesh = evaluated.data
    return len(mesh.vertices), mesh_stamp(mesh)


def _alike(one: Any, other: Any) -> bool:
    size = max(1e-6, *(abs(value) for row in one for value in row))
    return all(abs(a - b) <= 1e-5 * size for left, right in zip(one, other) for a, b in zip(left, right))


def key(obj: Any, at: Sequence[int], matrices: Sequence[Any]) -> None:
    """Key the object's own transform in each frame, and remove what moved it before."""
    obj.animation_data_clear()
    obj.constraints.clear()
    obj.rotation_mode = "QUATERNION"
    before = None
    for frame, matrix in zip(at, matrices):
        obj.matrix_basis = matrix
        if before is not None and before.dot(obj.rotation_quaternion) < 0:
            obj.rotation_quaternion.negate()
        before = obj.rotation_quaternion.copy()
        for path in ("location", "rotation_quaternion", "scale"):
            obj.keyframe_insert(path, frame=frame)
    for curve in curves_of(obj):
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def _actions(obj: Any) -> Iterator[tuple[Any, str]]:
    """Yield the object's actions with the property that holds each: its own, and those of its strips."""
    data = obj.animation_data
    if data is None:
        return
    if data.action is not None:
        yield data, "action"
    for track in data.nla_tracks:
        for strip in track.strips:
            if strip.action is not None:
                yield strip, "action"


def _curves(action: Any) -> Iterator[Any]:
    """Yield all curves of an action. From 4.4 they are in the bags of slots; 5.0 has no others."""
    if hasattr(action, "layers") and len(action.layers):
        for layer in action.layers:
            for strip in layer.strips:
                for bag in getattr(strip, "channelbags", ()):
                    yield from bag.fcurves
    elif hasattr(action, "fcurves"):
        yield from action.fcurves


def curves_of(obj: Any) -> Iterator[Any]:
    """Yield the curves of everything that is keyed on an object, in all of its actions."""
    for holder, name in _actions(obj):
        yield from _curves(getattr(holder, name))


def scale_roots(factor: float, besides: Container[str] = ()) -> None:
    """Make everything `factor` times as large, including what is keyed, by scaling the objects without a parent.

    Their children follow. What constraints or drivers place is keyed again if it would otherwise move. The objects
    `besides` stay, because they are shown only by what is scaled.
    """
    if factor == 1.0:
        return
    shared, within = _scaled_collections()
    for collection in shared:
        collection.instance_offset = [value * factor for value in collection.instance_offset]
    roots = [obj for obj in bpy.data.objects if obj.parent is None and obj.name in within and obj.name not in besides]
    placed = [obj for obj in roots if _placed_otherwise(obj)]
    motion = Motion(placed) if placed else None
    if motion is not None and not motion.frames:
        context.view_layer.update()
    worlds = {obj.name: [world.copy() for world in motion.world(obj)] for obj in placed} if motion else {}
    for obj in roots:
        # An instance of a collection that is itself scaled must not enlarge it again.
        scaled = _SCALED[:2] if obj.instance_collection in shared else _SCALED
        for name in scaled:
            setattr(obj, name, [value * factor for value in getattr(obj, name)])
        _scale_curves(obj, factor, scaled)
    cameras: set[Any] = {obj.data for obj in bpy.data.objects if obj.type == "CAMERA"}
    for data in cameras:
        data.ortho_scale *= factor
        data.clip_start, data.clip_end = data.clip_start * factor, data.clip_end * factor
    if motion is not None:
        _place_as_scaled(placed, motion, worlds, factor)
    context.view_layer.update()


def split_scale(operator: Any, factor: float, field: str = "global_scale") -> tuple[float, float]:
    """Return by which factor an operator scales, and the one for `scale_roots`: it silently limits its own."""
    limits = operator.get_rna_type().properties[field]
    return (factor, 1.0) if limits.hard_min <= factor <= limits.hard_max else (1.0, factor)


def _scaled_collections() -> tuple[list[Any], set[str]]:
    """Return the instanced collections whose objects are also in the scene, and the names of what is scaled.

    If only instances show a collection, the instances are scaled, and not the collection.
    """
    within = set(context.scene.objects.keys())
    shown = {obj.instance_collection for obj in bpy.data.objects if obj.instance_collection is not None}
    shared = [each for each in shown if any(obj.name in within for obj in each.all_objects)]
    within |= {obj.name for each in shared for obj in each.all_objects}
    return shared, within


def _placed_otherwise(obj: Any) -> bool:
    data = obj.animation_data
    return bool(len(obj.constraints) or (data is not None and (len(data.drivers) or len(data.nla_tracks))))


def _place_as_scaled(placed: Iterable[Any], motion: Motion, worlds: dict[str, list[Any]], factor: float) -> None:
    larger = Matrix.Scale(factor, 4)
    context.view_layer.update()
    after = Motion(list(placed))
    for obj in placed:
        wanted = [larger @ world for world in worlds[obj.name]]
        if all(_alike(one, other) for one, other in zip(wanted, after.world(obj))):
            continue
        if motion.moves(obj.name):
            key(obj, motion.frames, wanted)
        else:
            obj.animation_data_clear()
            obj.constraints.clear()
            obj.matrix_basis = wanted[0]
    context.scene.frame_set(motion.now)


def _scale_curves(obj: Any, factor: float, scaled: Sequence[str]) -> None:
    done: dict[Any, Any] = {}
    for holder, name in _actions(obj):
        action = getattr(holder, name)
        if action in done:
            # The glTF importer also keeps the action that it sets in a muted track.
            give(holder, name, done[action])
            continue
        own = action
        if action.users > 1:
            # Another object, which is not a root, may have it.
            own = action.copy()
            give(holder, name, own)
        done[action] = done[own] = own
        for curve in _curves(own):
            if curve.data_path in scaled:
                _scale_curve(curve, factor)
    for action, own in list(done.items()):
        if own != action and action.users == 0:
            name = action.name
            bpy.data.actions.remove(action)
            own.name = name


def give(holder: Any, name: str, action: Any) -> None:
    """Make an object or a strip play `action`, with the slot of the same name."""
    if getattr(holder, name) == action:
        return
    slot = getattr(holder, "action_slot", None)
    identifier = slot.identifier if slot is not None else None
    setattr(holder, name, action)
    if identifier is not None and identifier in action.slots:
        holder.action_slot = action.slots[identifier]


def _scale_curve(curve: Any, factor: float) -> None:
    for point in curve.keyframe_points:
        for corner in (point.co, point.handle_left, point.handle_right):
            corner[1] *= factor
    for modifier in curve.modifiers:
        if modifier.type == "GENERATOR":
            for number, value in enumerate(modifier.coefficients):
                modifier.coefficients[number] = value * factor
        elif modifier.type == "FNGENERATOR":
            modifier.amplitude *= factor
            modifier.value_offset *= factor
        elif modifier.type == "NOISE":
            modifier.strength *= factor
    curve.update()
