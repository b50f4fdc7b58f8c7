"""Materials of meshes that are combined: each face keeps its own, which Blender's solvers take by the first's slots."""

from __future__ import annotations

from typing import Any

import numpy


def bring_together(obj: Any, mesh: Any, other: Any, second: Any) -> None:
    """Give the meshes of two objects the same materials: the first's slots, then what only the other has.

    Faces of the other one without a material get that of the first slot: what a plain tool cuts looks like the rest.
    """
    own = _shown(obj, mesh)
    faces = _slots_of(mesh, len(own))
    places: list[int] = []
    for material in _shown(other, second):
        if material is None:
            places.append(0)
            continue
        if material not in own:
            if not own:
                own.append(None)
                mesh.materials.append(None)
            own.append(material)
            mesh.materials.append(material)
        places.append(own.index(material))
    _put(mesh, faces)
    faces = numpy.array(places or [0], numpy.int32)[_slots_of(second, len(places))]
    second.materials.clear()
    for material in mesh.materials:
        second.materials.append(material)
    _put(second, faces)


def drop_unused(mesh: Any, kept: int) -> None:
    """Remove the slots after the first `kept` ones that no face of a result has."""
    used = set(_slots_of(mesh, len(mesh.materials)).tolist())
    if kept == 0 and used == {0}:
        mesh.materials.clear()
        return
    for number in range(len(mesh.materials) - 1, max(kept, 1) - 1, -1):
        if number not in used:
            mesh.materials.pop(index=number)


def _shown(obj: Any, mesh: Any) -> list[Any]:
    """The material of each slot, which an object may have in the place of its mesh's."""
    found = list(mesh.materials)
    for number, slot in enumerate(obj.material_slots):
        if slot.link == "OBJECT" and number < len(found):
            found[number] = slot.material
    return found


def _slots_of(mesh: Any, slots: int) -> Any:
    """The slot of each face; Blender shows faces of slots that are not there with the last one."""
    numbers = numpy.empty(len(mesh.polygons), numpy.int32)
    mesh.polygons.foreach_get("material_index", numbers)
    return numbers.clip(0, max(0, slots - 1))


def _put(mesh: Any, numbers: Any) -> None:
    mesh.polygons.foreach_set("material_index", numpy.ascontiguousarray(numbers, numpy.int32))
