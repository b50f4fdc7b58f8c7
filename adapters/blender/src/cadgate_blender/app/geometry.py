"""Meshes from geometry: built once by bmesh, then filled again from plain arrays, which takes half the time."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from typing import Any, Callable, Hashable, Sequence

import bmesh
import bpy

_REMEMBERED = 64
_LARGEST = 20_000

_made: OrderedDict[Hashable, Geometry] = OrderedDict()


class Geometry:
    """The arrays of a mesh: positions, edges, the corners of its faces, their UVs."""

    __slots__ = ("co", "corner_edge", "corner_uv", "corner_vertex", "edges", "face_start", "sizes")

    def __init__(self, mesh: Any) -> None:
        self.sizes = (len(mesh.vertices), len(mesh.edges), len(mesh.loops), len(mesh.polygons))
        vertices, edges, loops, polygons = self.sizes
        self.co = _read(mesh.vertices, "co", "f", vertices * 3)
        self.edges = _read(mesh.edges, "vertices", "i", edges * 2)
        self.corner_vertex = _read(mesh.loops, "vertex_index", "i", loops)
        self.corner_edge = _read(mesh.loops, "edge_index", "i", loops)
        self.face_start = _read(mesh.polygons, "loop_start", "i", polygons)
        self.corner_uv = _read(mesh.uv_layers[0].uv, "vector", "f", loops * 2) if mesh.uv_layers else None

    def mesh(self, name: str) -> Any:
        """A new mesh data-block with this geometry."""
        mesh = bpy.data.meshes.new(name)
        vertices, edges, loops, polygons = self.sizes
        mesh.vertices.add(vertices)
        mesh.edges.add(edges)
        mesh.loops.add(loops)
        mesh.polygons.add(polygons)
        mesh.vertices.foreach_set("co", self.co)
        mesh.edges.foreach_set("vertices", self.edges)
        mesh.loops.foreach_set("vertex_index", self.corner_vertex)
        mesh.loops.foreach_set("edge_index", self.corner_edge)
        mesh.polygons.foreach_set("loop_start", self.face_start)
        if self.corner_uv is not None:
            mesh.uv_layers.new(name="UVMap", do_init=False).uv.foreach_set("vector", self.corner_uv)
        return mesh


def _read(collection: Any, attribute: str, kind: str, length: int) -> array[Any]:
    values: array[Any] = array(kind, bytes(4 * length))
    collection.foreach_get(attribute, values)
    return values


def from_bmesh(key: Hashable, fill: Callable[[Any], Any], smooth: bool = False) -> Callable[[str], Any]:
    """A maker of a mesh whose geometry `fill` puts into an empty bmesh, with a UV map. Equal keys are equal meshes."""

    def build(name: str) -> Any:
        geometry = bmesh.new()
        try:
            geometry.loops.layers.uv.new("UVMap")
            fill(geometry)
            mesh = bpy.data.meshes.new(name)
            geometry.to_mesh(mesh)
        finally:
            geometry.free()
        return mesh

    return _remembered(key, build, smooth)


def from_pieces(
    key: Hashable, pieces: Callable[[], tuple[Sequence[Any], Sequence[Any], Sequence[Any]]], smooth: bool = False
) -> Callable[[str], Any]:
    """The same from vertices, faces and one UV per corner."""

    def build(name: str) -> Any:
        vertices, faces, uvs = pieces()
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(vertices, [], faces, shade_flat=True)
        flat = array("f", [value for uv in uvs for value in uv])
        mesh.uv_layers.new(name="UVMap", do_init=False).uv.foreach_set("vector", flat)
        return mesh

    return _remembered(key, build, smooth)


def _remembered(key: Hashable, build: Callable[[str], Any], smooth: bool) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        geometry = _made.get(key)
        if geometry is not None:
            _made.move_to_end(key)
            mesh = geometry.mesh(name)
            # Faces that are added are smooth until they are told otherwise.
            mesh.shade_flat()
        else:
            mesh = build(name)
            if len(mesh.loops) <= _LARGEST:
                _made[key] = Geometry(mesh)
                if len(_made) > _REMEMBERED:
                    _made.popitem(last=False)
        if smooth:
            mesh.shade_smooth()
        return mesh

    return make
