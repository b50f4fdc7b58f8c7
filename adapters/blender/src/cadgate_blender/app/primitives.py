"""Primitive meshes, built without operators: those cost more with every object in the scene."""

from __future__ import annotations

from typing import Any, Callable

import bmesh
import bpy

from cadgate.appserver import method
from cadgate_blender.app.objects import Placement, add_object


def mesh_of(fill: Callable[[Any], Any]) -> Callable[[str], Any]:
    """A maker of a mesh whose geometry `fill` puts into an empty bmesh, with a UV map."""

    def make(name: str) -> Any:
        geometry = bmesh.new()
        try:
            geometry.loops.layers.uv.new("UVMap")
            fill(geometry)
            mesh = bpy.data.meshes.new(name)
            geometry.to_mesh(mesh)
        finally:
            geometry.free()
        return mesh

    return make


@method("primitives.cube")
def cube(*, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    return add_object("Cube", place, mesh_of(lambda bm: bmesh.ops.create_cube(bm, size=size, calc_uvs=True)))
