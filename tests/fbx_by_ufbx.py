"""Reads an FBX file with ufbx and prints it as JSON: `fbx_by_ufbx.py FILE SECONDS…`.

A program of its own: what ufbx returns must outlive all that it was taken from, so nothing is ever freed here.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

ufbx: Any = importlib.import_module("ufbx")
_CLASSIC = (
    *("diffuse_color", "specular_exponent", "reflection_factor", "transparency_factor"),
    *("emission_factor", "emission_color"),
)
_kept: list[Any] = []


def _each(some: Any) -> Iterator[Any]:
    _kept.append(some)
    for number in range(len(some)):
        _kept.append(some[number])
        yield _kept[-1]


def _rows(layer: Any) -> list[list[float]]:
    """The values of a layer for each corner."""
    values = [list(each) for each in _each(layer.values)]
    return [values[number] for number in layer.indices]


def _mesh(node: Any) -> dict[str, Any]:
    mesh = node.mesh
    _kept.append(mesh)
    corners = list(mesh.vertex_position.indices)
    points = [list(each) for each in _each(mesh.skinned_position.values)]
    normals = _rows(mesh.vertex_normal)
    for deformer in _each(mesh.blend_deformers):
        for channel in _each(deformer.channels):
            shape = channel.target_shape
            moved = dict(zip(shape.offset_vertices, [list(each) for each in _each(shape.normal_offsets)], strict=False))
            for normal, corner in zip(normals, corners, strict=True):
                for axis, by in enumerate(moved.get(corner, ())):
                    normal[axis] += channel.weight * by
    to = node.geometry_to_world
    return {
        "world": [list(column) for column in (to.c0, to.c1, to.c2, to.c3)],
        "points": [points[corner] for corner in corners],
        "normals": normals,
        "uvs": _rows(mesh.vertex_uv) if mesh.vertex_uv.exists else [[0.0, 0.0]] * len(corners),
    }


def _material(each: Any) -> dict[str, Any]:
    pictures = list(_each(each.textures))
    told = {name: list(getattr(each.fbx, name).value_vec4) for name in _CLASSIC}
    content = pictures[0].texture.content if pictures else None
    return {**told, "picture": base64.b64encode(content).decode() if content else None}


def main(path: str, *times: str) -> None:
    """Print meshes by name and time, and materials."""
    scene: Any = ufbx.load_file(path, target_axes=ufbx.axes_right_handed_z_up, target_unit_meters=1.0)
    anim: Any = scene.anim
    meshes: dict[str, list[dict[str, Any]]] = {}
    for time in times:
        shown: Any = ufbx.evaluate_scene(scene, anim, float(time), evaluate_skinning=True)
        _kept.append(shown)
        for node in _each(shown.nodes):
            if node.mesh is not None:
                meshes.setdefault(node.name, []).append(_mesh(node))
    materials = {each.name: _material(each) for each in _each(scene.materials)}
    print(json.dumps({"meshes": meshes, "materials": materials}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
