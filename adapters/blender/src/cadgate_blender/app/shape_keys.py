"""Shape keys of a mesh with modifiers: applies the modifiers to each key, as keys of a new mesh."""

from __future__ import annotations

from typing import Any

import bpy
import numpy

from cadgate_blender.app.typed import context


def as_it_is(obj: Any) -> Any:
    """Return a new mesh with the object's modifiers applied, except those of armatures."""
    with _WithoutArmatures(obj):
        depsgraph = context.evaluated_depsgraph_get()
        return bpy.data.meshes.new_from_object(
            obj.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
        )


def evaluated(obj: Any) -> Any:
    """Do the same with the object's shape keys; None if the modifiers give different vertices for some of them."""
    keys = obj.data.shape_keys
    if keys is None:
        return as_it_is(obj)
    with _WithoutArmatures(obj):
        former = _Values(keys)
        try:
            former.all_zero()
            made = _mesh(obj)
            topology, basis = _topology(made), _points(made)
            shapes: list[Any] = []
            for block in keys.key_blocks[1:]:
                block.slider_min, block.slider_max = 0.0, 1.0
                block.value, block.mute = 1.0, False
                shape = _mesh(obj)
                shapes.append(_points(shape) if _topology(shape) == topology else None)
                bpy.data.meshes.remove(shape)
                block.value = 0.0
        finally:
            former.restore()
    if any(shape is None for shape in shapes):
        bpy.data.meshes.remove(made)
        return None
    _add_keys(made, keys, basis, shapes)
    return made


def rest_as_mixed(obj: Any) -> None:
    """Move the basis to the current mix of the keys, and every key with it; all values become zero."""
    blocks = obj.data.shape_keys.key_blocks
    mixed = obj.shape_key_add(name="mixed", from_mix=True)
    moved = _key_points(mixed) - _key_points(blocks[0])
    obj.shape_key_remove(mixed)
    for block in blocks:
        points = _key_points(block) + moved
        block.data.foreach_set("co", points)
        block.value = 0.0
    obj.data.vertices.foreach_set("co", _key_points(blocks[0]))
    obj.data.update()


def _key_points(block: Any) -> Any:
    points = numpy.empty(len(block.data) * 3, numpy.float32)
    block.data.foreach_get("co", points)
    return points


def _mesh(obj: Any) -> Any:
    context.view_layer.update()
    depsgraph = context.evaluated_depsgraph_get()
    return bpy.data.meshes.new_from_object(
        obj.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
    )


def _topology(mesh: Any) -> Any:
    loops = numpy.empty(len(mesh.loops), numpy.int32)
    mesh.loops.foreach_get("vertex_index", loops)
    return len(mesh.vertices), len(mesh.polygons), loops.tobytes()


def _points(mesh: Any) -> Any:
    points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", points)
    return points


def _add_keys(made: Any, keys: Any, basis: Any, shapes: list[Any]) -> None:
    """Give the new mesh keys of the same names, values and animation."""
    owner = bpy.data.objects.new("keys", made)
    try:
        owner.shape_key_add(name=keys.key_blocks[0].name, from_mix=False).data.foreach_set("co", basis)
        for block, points in zip(keys.key_blocks[1:], shapes):
            new = owner.shape_key_add(name=block.name, from_mix=False)
            new.data.foreach_set("co", points)
            new.slider_min, new.slider_max = block.slider_min, block.slider_max
            new.value, new.mute = block.value, block.mute
    finally:
        bpy.data.objects.remove(owner)
    data = keys.animation_data
    if data is not None and data.action is not None:
        made.shape_keys.animation_data_create().action = data.action
        slot = getattr(data, "action_slot", None)
        if slot is not None:
            made.shape_keys.animation_data.action_slot = slot


class _Values:
    """The values of all keys, set to zero and back; their animation is stopped meanwhile."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys
        self._former = [(each, each.slider_min, each.slider_max, each.value, each.mute) for each in keys.key_blocks]
        data = keys.animation_data
        self._drivers = [curve for curve in data.drivers if not curve.mute] if data is not None else []
        self._action = data.action if data is not None else None
        self._slot = getattr(data, "action_slot", None) if data is not None else None

    def all_zero(self) -> None:
        if self._action is not None:
            self._keys.animation_data.action = None
        for curve in self._drivers:
            curve.mute = True
        for block in self._keys.key_blocks[1:]:
            block.slider_min = min(0.0, block.slider_min)
            block.value = 0.0

    def restore(self) -> None:
        for curve in self._drivers:
            curve.mute = False
        for block, least, most, value, mute in self._former:
            block.slider_min, block.slider_max = least, most
            block.value, block.mute = value, mute
        if self._action is not None:
            self._keys.animation_data.action = self._action
            if self._slot is not None:
                self._keys.animation_data.action_slot = self._slot
        context.view_layer.update()


class _WithoutArmatures:
    def __init__(self, obj: Any) -> None:
        self._armatures = [each for each in obj.modifiers if each.type == "ARMATURE" and each.show_viewport]

    def __enter__(self) -> None:
        for modifier in self._armatures:
            modifier.show_viewport = False
        if self._armatures:
            context.view_layer.update()

    def __exit__(self, *_: object) -> None:
        for modifier in self._armatures:
            modifier.show_viewport = True
