"""Meshes from geometry, as arrays or as a bmesh. Small geometry is cached, and written into each mesh that needs it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Callable, Hashable, NamedTuple

import bmesh
import bpy
import numpy

from cadgate.appserver import AppError
from cadgate_blender.app import mesh_arrays
from cadgate_blender.app.describe import MeshFacts, mesh_facts

_REMEMBERED = 64
_LARGEST = 20_000
"""The number of face corners above which a geometry is not cached."""

Fill = Callable[[Any], Any]
Make = Callable[[str], Any]


class _Made(NamedTuple):
    """A geometry, as a bmesh, and the facts of its meshes."""

    geometry: Any
    facts: MeshFacts


_made: OrderedDict[Hashable, _Made] = OrderedDict()


class Arrays(NamedTuple):
    """A mesh in numbers, each a numpy array: positions, the corners of all faces in sequence, and the number of corners
    of each face.
    """

    points: Any
    corners: Any
    sizes: Any
    uvs: Any = None
    """Two numbers for each corner."""
    smooth: Any = False
    """Whether all faces are shaded smooth, or one value for each."""
    edges: Any = None
    """Pairs of points, if there are no faces."""


def from_bmesh(key: Hashable, fill: Fill, smooth: bool = False) -> Make:
    """Return a mesh maker whose geometry `fill` puts into an empty bmesh, with a UV map. Equal keys, equal meshes."""

    def build(mesh: Any) -> None:
        geometry = bmesh.new()
        try:
            geometry.loops.layers.uv.new("UVMap")
            fill(geometry)
            geometry.to_mesh(mesh)
        finally:
            geometry.free()
        if smooth:
            mesh.shade_smooth()

    return _Remembered((key, smooth), build)


def from_arrays(key: Hashable, arrays: Callable[[], Arrays]) -> Make:
    """Do the same from arrays, whose cost per vertex is the same at every size."""

    def build(mesh: Any) -> None:
        fill_mesh(mesh, arrays())
        # Elements added to a mesh are selected; those from a bmesh are not.
        for name in [each.name for each in mesh.attributes if each.name.startswith(".select_")]:
            mesh.attributes.remove(mesh.attributes[name])

    return _Remembered(key, build)


def fill_mesh(mesh: Any, arrays: Arrays) -> None:
    """Write arrays into an empty mesh, and read their sizes back. Raises AppError."""
    points, corners, sizes, uvs, smooth, edges = arrays
    mesh.vertices.add(len(points))
    mesh_arrays.put_positions(mesh, points)
    if edges is not None and len(edges):
        mesh.edges.add(len(edges))
        mesh.edges.foreach_set("vertices", numpy.ascontiguousarray(edges, numpy.int32).ravel())
    if len(sizes):
        mesh.loops.add(len(corners))
        mesh_arrays.put_corner_vertices(mesh, corners)
        mesh.polygons.add(len(sizes))
        starts = numpy.zeros(len(sizes), numpy.int32)
        numpy.cumsum(sizes[:-1], out=starts[1:])
        mesh.polygons.foreach_set("loop_start", starts)
    mesh.update(calc_edges=True)
    if smooth is not True and len(sizes):
        flat = mesh.attributes.get("sharp_face") or mesh.attributes.new("sharp_face", "BOOLEAN", "FACE")
        flat.data.foreach_set("value", numpy.ones(len(sizes), bool) if smooth is False else ~smooth)
    if uvs is not None:
        layer = mesh.uv_layers.new(name="UVMap", do_init=False)
        layer.uv.foreach_set("vector", numpy.ascontiguousarray(uvs, numpy.float32).ravel())
    if (len(mesh.vertices), len(mesh.loops), len(mesh.polygons)) != (len(points), len(corners), len(sizes)):
        raise AppError(
            "command_failed",
            f"Blender made {len(mesh.vertices)} vertices, {len(mesh.polygons)} faces of {len(points)}, {len(sizes)}",
        )


class _Remembered:
    """Makes meshes of one geometry, which is built once."""

    def __init__(self, key: Hashable, build: Fill) -> None:
        self._key = key
        self._build = build
        self.facts: MeshFacts | None = None

    def __call__(self, name: str) -> Any:
        mesh = bpy.data.meshes.new(name)
        made = _made.get(self._key)
        if made is not None:
            _made.move_to_end(self._key)
            made.geometry.to_mesh(mesh)
        else:
            self._build(mesh)
            if len(mesh.loops) > _LARGEST or len(mesh.vertices) > _LARGEST:
                return mesh
            geometry = bmesh.new()
            geometry.from_mesh(mesh)
            mesh.clear_geometry()
            # The first one is made in the same way as all others, so they are equal to the last bit.
            geometry.to_mesh(mesh)
            made = _made[self._key] = _Made(geometry, mesh_facts(mesh))
            if len(_made) > _REMEMBERED:
                _made.popitem(last=False)[1].geometry.free()
        self.facts = made.facts
        return mesh


def facts_of(make: Make) -> MeshFacts | None:
    """Return the facts of the mesh that `make` has just made, as they were read from the first one; None: unknown."""
    return make.facts if isinstance(make, _Remembered) else None
