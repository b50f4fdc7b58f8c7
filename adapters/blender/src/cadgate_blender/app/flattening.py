"""Plain meshes in place of all that the scene shows of some objects, where an exporter cannot write it as it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import bpy

from cadgate_blender.app import own_normals, showing, transforms
from cadgate_blender.app.typed import context


def flatten(chosen: list[Any], format: str) -> None:
    """Replace everything in the scene by one selected mesh for each part that it shows of these objects, if `format`
    needs it.

    In an OBJ file a material applies until another one is named, and there is no keyword for none: meshes without one
    come first. Blender writes objects in the scene's order, but each with what it depends on. Its PLY exporter leaves
    mirrored objects inside out.
    """
    if not _is_needed(chosen, format):
        return
    meshes: list[_Mesh] = []
    numbers: dict[str, int] = {}
    for part in showing.parts(chosen):
        if part.is_instance:
            numbers[part.owner] = numbers.get(part.owner, 0) + 1
        mesh = _mesh_of(part, numbers[part.owner] if part.is_instance else 0, format)
        if mesh is not None:
            meshes.append(mesh)
    bpy.data.batch_remove(list(bpy.data.objects))
    # What is not an instance keeps its name.
    made = [_placed(mesh) for mesh in sorted(meshes, key=lambda mesh: mesh.number)]
    for obj in sorted(made, key=lambda obj: any(obj.data.materials)):
        context.scene.collection.objects.link(obj)
    context.view_layer.update()
    for obj in made:
        obj.select_set(True)


def _is_needed(chosen: list[Any], format: str) -> bool:
    if format == "obj":
        return len({_has_material(part.object) for part in showing.parts(chosen)}) > 1
    return format == "ply" and any(part.world.determinant() < 0 for part in showing.parts(chosen))


def _has_material(obj: Any) -> bool:
    # Geometry nodes give materials to the data only.
    return any(slot.material for slot in obj.material_slots) or any(getattr(obj.data, "materials", ()))


class _Mesh(NamedTuple):
    owner: str
    number: int
    """Among the instances of the owner; 0 is no instance."""
    data: Any
    world: Any


def _mesh_of(part: showing.Part, number: int, format: str) -> _Mesh | None:
    """Return a part as a new mesh; None if it has no points."""
    mesh = mesh_of(part.object)
    if mesh is None or not len(mesh.vertices):
        return None
    world = part.world.copy()
    if transforms.is_sheared(world):
        own_normals.transform(mesh, transforms.shear_of(world))
        world = transforms.without_shear(world)
    if format == "ply" and world.determinant() < 0:
        own_normals.turn_faces(mesh)
    return _Mesh(part.owner, number, mesh, world)


def mesh_of(obj: Any) -> Any:
    """Return a new mesh of an evaluated object with its materials; None if it has no surface."""
    try:
        mesh = bpy.data.meshes.new_from_object(obj)
    except RuntimeError:
        return None
    for number, slot in enumerate(obj.material_slots):
        if slot.link == "OBJECT" and number < len(mesh.materials):
            mesh.materials[number] = slot.material.original if slot.material else None
    return mesh


def _placed(mesh: _Mesh) -> Any:
    obj = bpy.data.objects.new(f"{mesh.owner}_{mesh.number}" if mesh.number else mesh.owner, mesh.data)
    transforms.place(obj, mesh.world)
    return obj
