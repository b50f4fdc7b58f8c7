"""Changes the copy of a session for an export, so that Blender's exporters lose nothing of it."""

from __future__ import annotations

from typing import Any, Sequence

import bpy

from cadgate.appserver import warn
from cadgate_blender.app import flattening, own_normals, shape_keys, showing, transforms
from cadgate_blender.app.motion import Motion, key
from cadgate_blender.app.typed import context

_HOLD_KEYS = ("glb", "gltf", "fbx", "usd")


def prepare(chosen: list[Any], format: str, motion: Motion) -> list[Any]:
    """Change the chosen objects so that `format` can hold them. Returns them: some are new, with the same names."""
    _prepare_collections(chosen, format, motion)
    made = [] if format in ("ply", "stl", "obj") else _instances(chosen, format)
    chosen = [_as_mesh(obj, motion) for obj in chosen]
    if format in ("glb", "gltf", "fbx"):
        for obj in chosen:
            _apply_modifiers(obj, format, motion)
    elif format == "usd":
        for obj in chosen:
            if obj.type == "MESH" and obj.data.shape_keys is not None:
                _apply_modifiers(obj, format, motion)
                _rest_as_shown(obj, motion)
    if format not in ("ply", "stl", "obj"):
        _Tree(chosen, format, motion).straighten()
    for obj in made:
        obj.select_set(True)
    context.view_layer.update()
    return chosen


def listed(names: Sequence[str]) -> str:
    """Return names for a sentence: the first ten."""
    return ", ".join(repr(name) for name in names[:10]) + (" …" if len(names) > 10 else "")


# --- kinds of objects --------------------------------------------------------------------------------------------


def _instances(chosen: list[Any], format: str) -> list[Any]:
    """Make separate objects of what is only shown (by geometry nodes, particles) where an exporter leaves it out."""
    owners = [obj for obj in chosen if _shows_instances(obj, format)]
    if not owners:
        return []
    found = [
        (part.owner, part.world.copy(), flattening.mesh_of(part.object))
        for part in showing.parts(owners)
        if part.is_instance and not _is_written(part, format)
    ]
    for obj in owners:
        if _repeats_children(obj, format):
            obj.instance_type = "NONE"
    made: list[Any] = []
    for name, world, mesh in found:
        if mesh is None:
            continue
        own_normals.transform(mesh, transforms.shear_of(world))
        obj = bpy.data.objects.new(f"{name}_{len(made) + 1}", mesh)
        transforms.place(obj, transforms.without_shear(world))
        context.scene.collection.objects.link(obj)
        made.append(obj)
    return made


def _shows_instances(obj: Any, format: str) -> bool:
    if any(modifier.type == "NODES" and modifier.show_viewport for modifier in obj.modifiers):
        return True
    if format in ("usd", "abc"):
        return obj.instance_type != "NONE"
    return len(obj.particle_systems) > 0 or _repeats_children(obj, format)


def _repeats_children(obj: Any, format: str) -> bool:
    """Return whether it shows its children at its points or faces: the exporter of glTF writes them there only."""
    return format in ("glb", "gltf") and obj.instance_type in ("VERTS", "FACES")


def _is_written(part: showing.Part, format: str) -> bool:
    """Return whether the exporter itself writes an instance: those of USD and Alembic do where it is one of a mesh.

    What is chosen and has a surface will be a mesh.
    """
    original = part.object.original
    is_mesh = original.type == "MESH" or (original.type in showing.CURVED and original.select_get())
    return format in ("usd", "abc") and is_mesh and original.name != part.owner


def _prepare_collections(chosen: list[Any], format: str, motion: Motion) -> None:
    """Make meshes of curves, texts and metaballs in collections that are shown again: exporters write these twice or
    not at all. Take out what is hidden in them for glTF, whose exporter would show it.
    """
    pending = [obj.instance_collection for obj in chosen if obj.instance_type == "COLLECTION"]
    names = {obj.name for obj in chosen}
    seen: set[str] = set()
    while pending:
        collection = pending.pop()
        if collection is None or collection.name in seen:
            continue
        seen.add(collection.name)
        for child in list(collection.children):
            if child.hide_viewport and format in ("glb", "gltf"):
                collection.children.unlink(child)
            else:
                pending.append(child)
        for obj in list(collection.objects):
            if obj.hide_viewport and format in ("glb", "gltf"):
                collection.objects.unlink(obj)
            elif obj.instance_type == "COLLECTION":
                pending.append(obj.instance_collection)
            elif obj.name not in names and not obj.hide_viewport:
                _as_mesh(obj, motion, is_chosen=False)
    context.view_layer.update()


def _as_mesh(obj: Any, motion: Motion, *, is_chosen: bool = True) -> Any:
    """Make a mesh object of a curve, a text or a metaball with faces, since exporters treat them differently."""
    if obj.type not in showing.CURVED:
        return obj
    depsgraph = context.evaluated_depsgraph_get()
    mesh = bpy.data.meshes.new_from_object(
        obj.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
    )
    if not len(mesh.polygons):
        bpy.data.meshes.remove(mesh)
        return obj
    if motion.deforms(obj.name):
        warn("animation_lost", f"The shape of {obj.name!r} changes with the frame; the file has its current shape")
    name, data_name = obj.name, obj.data.name
    made = bpy.data.objects.new(name, mesh)
    _take_place(made, obj)
    obj.user_remap(made)
    bpy.data.objects.remove(obj)
    made.name, mesh.name = name, data_name
    if is_chosen:
        made.select_set(True)
    return made


def _take_place(made: Any, obj: Any) -> None:
    made.parent, made.parent_type, made.parent_bone = obj.parent, obj.parent_type, obj.parent_bone
    made.matrix_parent_inverse = obj.matrix_parent_inverse
    made.rotation_mode = obj.rotation_mode
    for field in ("location", "rotation_euler", "rotation_quaternion", "rotation_axis_angle", "scale"):
        setattr(made, field, getattr(obj, field))
        setattr(made, f"delta_{field}", getattr(obj, f"delta_{field}")) if hasattr(obj, f"delta_{field}") else None
    for name, value in obj.items():
        made[name] = value
    data = obj.animation_data
    if data is not None and data.action is not None:
        made.animation_data_create().action = data.action
        slot = getattr(data, "action_slot", None)
        if slot is not None:
            made.animation_data.action_slot = slot
    for constraint in obj.constraints:
        made.constraints.copy(constraint)


def _apply_modifiers(obj: Any, format: str, motion: Motion) -> None:
    """Apply the modifiers to the mesh, including its shape keys; an armature's modifier stays."""
    if obj.type != "MESH" or not any(each.type != "ARMATURE" and each.show_viewport for each in obj.modifiers):
        return
    made = shape_keys.evaluated(obj)
    if made is None:
        warn(
            "shape_keys_lost",
            f"The modifiers of {obj.name!r} give different vertices for each of its shape keys, which a {format} file "
            "cannot hold: the file has the current shape, without the keys; export with apply_modifiers=false "
            "to keep them",
        )
        made = shape_keys.as_it_is(obj)
    if motion.deforms(obj.name) and made.shape_keys is None and all(each.type != "ARMATURE" for each in obj.modifiers):
        warn("animation_lost", f"The modifiers of {obj.name!r} move its points; the file has their current positions")
    former = obj.data
    name = former.name
    obj.data = made
    if former.users == 0:
        bpy.data.meshes.remove(former)
    made.name = name
    for modifier in [each for each in obj.modifiers if each.type != "ARMATURE"]:
        obj.modifiers.remove(modifier)


def _rest_as_shown(obj: Any, motion: Motion) -> None:
    """Make the current mix of shape keys the shape at rest: USD has values of keys only as an animation."""
    keys = obj.data.shape_keys
    if keys is None or motion.deforms(obj.name) or not any(block.value for block in keys.key_blocks[1:]):
        return
    shape_keys.rest_as_mixed(obj)
    warn(
        "shape_keys_at_rest",
        f"A usd file keeps no values of shape keys that do not move: the current shape of {obj.name!r} is its shape "
        "at rest in the file, from which its keys start",
    )


# --- shear -------------------------------------------------------------------------------------------------------


class _Tree:
    """The chosen objects as the file will have them: each below its nearest chosen ancestor."""

    def __init__(self, chosen: list[Any], format: str, motion: Motion) -> None:
        self._chosen, self._format, self._motion = chosen, format, motion
        self._names = {obj.name for obj in chosen}
        context.view_layer.update()
        # Record them now: Blender's values change when a parent changes.
        self._worlds = {obj.name: motion.world(obj) for obj in chosen}
        self._changed: dict[str, list[Any]] = {}
        self._frames = motion.frames or [motion.now]

    def straighten(self) -> None:
        """Put every shear that a file's transforms cannot hold into points, or take the object out of the tree."""
        for obj in sorted(self._chosen, key=self._depth):
            self._straighten(obj)
        if self._motion.frames:
            context.scene.frame_set(self._motion.now)

    def _depth(self, obj: Any) -> int:
        depth = 0
        while obj.parent is not None:
            obj, depth = obj.parent, depth + 1
        return depth

    def _parent(self, obj: Any) -> Any:
        """Return the nearest chosen ancestor, and whether it is the direct parent."""
        above = obj.parent
        while above is not None and above.name not in self._names:
            above = above.parent
        return above

    def _straighten(self, obj: Any) -> None:
        parent, worlds = self._parent(obj), self._worlds[obj.name]
        if parent is None:
            local = worlds
        else:
            above = self._changed.get(parent.name) or self._worlds[parent.name]
            local = [outer.inverted_safe() @ world for outer, world in zip(_as_long(above, worlds), worlds)]
        slanted = any(transforms.is_sheared(each) for each in local)
        if not slanted and (parent is None or parent.name not in self._changed):
            if obj.parent is not None and parent is not obj.parent:
                # Its parent is not in the file.
                self._set(obj, parent, local)
            elif self._moves_unkeyed(obj):
                self._set(obj, parent, local)
            return
        if not slanted:
            self._set(obj, parent, local)
            return
        shears = [transforms.shear_of(each) for each in local]
        still = all(_near(each, shears[0]) for each in shears)
        if still and obj.type == "MESH" and not transforms.can_hold(obj):
            _apply_modifiers(obj, self._format, self._motion)
        if still and transforms.can_hold(obj):
            transforms.put_into_points(obj, shears[0])
            self._set(obj, parent, [transforms.without_shear(each) for each in local])
        elif not any(transforms.is_sheared(each) for each in worlds):
            self._set(obj, None, worlds)
        elif not transforms.shows_shear(obj):
            bare = [transforms.without_shear(each) for each in worlds]
            self._set(obj, None, bare)
        else:
            self._set(obj, None, [transforms.without_shear(each) for each in worlds])
            warn(
                "sheared",
                f"The parent of {obj.name!r} shears it, which a transform in a {self._format} file cannot hold and its "
                "own data cannot take: it has a different shape in the file; make it a mesh, or remove its parent",
            )

    def _moves_unkeyed(self, obj: Any) -> bool:
        """Return whether it moves only by something that some exporters ignore: a driver or a constraint."""
        if self._format not in ("glb", "gltf", "fbx") or not self._motion.frames or obj.parent_type != "OBJECT":
            return False
        data = obj.animation_data
        keyed = data is not None and (data.action is not None or len(data.nla_tracks))
        return not keyed and (len(obj.constraints) > 0 or data is not None) and self._motion.moves(obj.name)

    def _set(self, obj: Any, parent: Any, local: list[Any]) -> None:
        obj.parent = parent
        obj.parent_type = "OBJECT"
        obj.matrix_parent_inverse.identity()
        for name in ("delta_location", "delta_rotation_euler"):
            setattr(obj, name, (0.0, 0.0, 0.0))
        obj.delta_rotation_quaternion.identity()
        obj.delta_scale = (1.0, 1.0, 1.0)
        if any(not _near(each, local[0]) for each in local):
            key(obj, self._frames, local)
        else:
            obj.constraints.clear()
            obj.animation_data_clear()
            transforms.place(obj, local[0])
        above = [] if parent is None else self._changed.get(parent.name) or self._worlds[parent.name]
        now = [outer @ each for outer, each in zip(_as_long(above, local), local)] if parent is not None else local
        self._changed[obj.name] = now


def _as_long(some: list[Any], others: list[Any]) -> list[Any]:
    return some if len(some) == len(others) else [some[0]] * len(others)


def _near(one: Any, other: Any) -> bool:
    size = max(1e-6, *(abs(value) for row in one for value in row))
    return all(abs(a - b) <= 1e-5 * size for left, right in zip(one, other) for a, b in zip(left, right))
