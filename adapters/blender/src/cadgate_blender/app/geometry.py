"""Meshes from geometry: built once as a bmesh, which is kept and written into every mesh that asks for the same."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from typing import Any, Callable, Hashable, Sequence

import bmesh
import bpy

_REMEMBERED = 64
_LARGEST = 20_000
"""Corners of faces beyond which a geometry is not kept."""

_made: OrderedDict[Hashable, Any] = OrderedDict()

Fill = Callable[[Any], None]
Make = Callable[[str], Any]


def from_bmesh(key: Hashable, fill: Fill, smooth: bool = False) -> Make:
    """A maker of a mesh whose geometry `fill` puts into an empty bmesh, with a UV map. Equal keys are equal meshes."""

    def build(geometry: Any) -> None:
        geometry.loops.layers.uv.new("UVMap")
        fill(geometry)

    return _remembered((key, smooth), build, smooth)


def from_pieces(
    key: Hashable, pieces: Callable[[], tuple[Sequence[Any], Sequence[Any], Sequence[Any]]], smooth: bool = False
) -> Make:
    """The same from vertices, faces and one UV per corner."""

    def build(geometry: Any) -> None:
        vertices, faces, uvs = pieces()
        mesh = bpy.data.meshes.new("Pieces")
        try:
            mesh.from_pydata(vertices, [], faces, shade_flat=True)
            flat = array("f", [value for uv in uvs for value in uv])
            mesh.uv_layers.new(name="UVMap", do_init=False).uv.foreach_set("vector", flat)
            geometry.from_mesh(mesh)
        finally:
            bpy.data.meshes.remove(mesh)

    return _remembered((key, smooth), build, smooth)


def _remembered(key: Hashable, build: Fill, smooth: bool) -> Make:
    def make(name: str) -> Any:
        geometry = _made.get(key)
        if geometry is None:
            geometry = bmesh.new()
            build(geometry)
            for face in geometry.faces if smooth else ():
                face.smooth = True
        mesh = bpy.data.meshes.new(name)
        geometry.to_mesh(mesh)
        if len(mesh.loops) > _LARGEST:
            geometry.free()
            return mesh
        _made[key] = geometry
        _made.move_to_end(key)
        if len(_made) > _REMEMBERED:
            _made.popitem(last=False)[1].free()
        return mesh

    return make
