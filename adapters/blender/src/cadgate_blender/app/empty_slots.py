"""Fills the empty slots of objects that have materials in others: exporters give their faces a material of these."""

from __future__ import annotations

from typing import Any

import bpy
import numpy


def fill(chosen: list[Any], format: str) -> None:
    """Give faces without a material, next to others with one, a plain material as they are shown: Blender's grey.

    For OBJ, faces whose number of a slot is too high get the last slot, as Blender shows them.
    """
    plain: Any = None
    for obj in chosen:
        slots = obj.material_slots
        if not any(slot.material for slot in slots):
            continue
        used = _used(obj, len(slots), lower=format == "obj")
        for number, slot in enumerate(slots):
            if slot.material is None and (used is None or number in used):
                plain = plain or bpy.data.materials.new("Default")
                slot.material = plain


def _used(obj: Any, count: int, *, lower: bool) -> set[int] | None:
    """Return the numbers of the slots that an object's faces use; None if modifiers may change these."""
    if obj.type != "MESH":
        return None
    mesh = obj.data
    numbers = numpy.zeros(len(mesh.polygons), numpy.int32)
    mesh.polygons.foreach_get("material_index", numbers)
    if len(numbers) and numbers.max() >= count:
        numbers = numpy.minimum(numbers, count - 1)
        if lower:
            mesh.polygons.foreach_set("material_index", numbers)
            mesh.update()
    return None if len(obj.modifiers) else {int(each) for each in numpy.unique(numbers)}
