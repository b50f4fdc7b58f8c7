"""Meshes whose faces are not flat: what reads or stretches them folds them along one diagonal or the other."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway

UNEVEN = """
import random
chance = random.Random({seed})
for vertex in bpy.data.objects[{name!r}].data.vertices:
    vertex.co = [value + chance.uniform(-0.4, 0.4) for value in vertex.co]
None
"""
POINTS = """
bpy.context.view_layer.update()
[list(obj.matrix_world @ vertex.co) for obj in bpy.data.objects for vertex in obj.data.vertices]
"""
FORMATS = ("glb", "obj", "stl", "ply")


def add(blender: httpx.Client, primitive: str, **params: Any) -> None:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text


def written(blender: httpx.Client, format: str) -> Any:
    """The points of a file, in Blender's axes."""
    answer = blender.post("/export", json={"format": format, "up": "Z"} if format != "glb" else {"format": format})
    assert answer.is_success, answer.text
    file = blender.get(str(blender.base_url.copy_with(path=answer.json()["result"]["artifact"]["url"])))
    read: Any = trimesh.load  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    scene = read(io.BytesIO(file.content), file_type=format, process=False)
    points = (scene.to_geometry() if hasattr(scene, "to_geometry") else scene).vertices
    return points[:, [0, 2, 1]] * [1, -1, 1] if format == "glb" else points


def gap(one: Any, other: Any) -> float:
    """The distance from a point of one to the nearest of the other, for that where it is greatest."""
    apart = numpy.linalg.norm(numpy.array(one)[:, None] - numpy.array(other)[None], axis=2)
    return float(max(apart.min(axis=0).max(), apart.min(axis=1).max()))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("primitive", ["cube", "grid", "torus"])
def test_a_mesh_whose_faces_are_not_flat_is_written(
    blender: httpx.Client, gateway: Gateway, primitive: str, format: str
) -> None:
    """Area and volume depend on the fold, so they are no sign of a wrong file."""
    add(blender, primitive, name="A", scale=[0.4, -3, 2], rotation=[20, 30, 40])
    evaluate(gateway, UNEVEN.format(seed=3, name="A"))
    assert gap(written(blender, format), evaluate(gateway, POINTS)) < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_a_mesh_whose_faces_are_not_flat_may_be_stretched(blender: httpx.Client, gateway: Gateway, seed: int) -> None:
    """The volume of the triangles that Blender makes of them is another one then."""
    add(blender, "cube", name="A", scale=[0.2, -3, 2 + seed], rotation=[20, 30, 40 + seed])
    evaluate(gateway, UNEVEN.format(seed=seed, name="A"))
    before = evaluate(gateway, POINTS)

    applied = blender.post("/objects/A/apply", json={})

    assert applied.json()["result"]["scale"] == [1, 1, 1]
    assert gap(evaluate(gateway, POINTS), before) < 2e-4
    add(blender, "cube", name="B", scale=[1, 4, 0.3], rotation=[70, 10, seed])
    evaluate(gateway, UNEVEN.format(seed=seed, name="B"))
    before = evaluate(gateway, POINTS)
    assert blender.post("/objects/join", json={"objects": ["A", "B"]}).is_success
    assert gap(evaluate(gateway, POINTS), before) < 2e-4
