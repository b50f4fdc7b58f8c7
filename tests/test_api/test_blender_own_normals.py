"""Normals that a mesh has of its own, as imported ones have: they stay on the surface whatever is done to the mesh."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway

GIVE = """
import mathutils
mesh = bpy.data.objects[{name!r}].data
mesh.shade_smooth()
own = []
for corner in mesh.loops:
    x, y, z = mesh.vertices[corner.vertex_index].co
    own.append(mathutils.Vector((x + 0.4, 0.5 * y + 0.1, z - 0.3)).normalized())
mesh.normals_split_custom_set(own)
mesh.has_custom_normals
"""
"""Gives each corner a normal that follows from the place of its vertex, and is not the one that the faces give."""

READ = """
bpy.context.view_layer.update()
found = []
for obj in bpy.data.objects:
    if obj.type == 'MESH':
        rows = [list(row) for row in obj.matrix_world]
        points = [list(obj.data.vertices[corner.vertex_index].co) for corner in obj.data.loops]
        found.append([obj.name, rows, points, [list(each.vector) for each in obj.data.corner_normals]])
found
"""
APART = 0.01
"""Blender keeps them as angles of 16 bits."""
SCALES = {"stretched": [1, 1, 2], "mirrored": [1, -1, 1], "both": [-2, 1, 0.5]}

CHECKERED = """
mesh = bpy.data.objects['A'].data
for name in 'XY':
    mesh.materials.append(bpy.data.materials.new(name))
for face in mesh.polygons:
    face.material_index = face.index % 2
None
"""
HELD = """
holder = bpy.data.objects.new('Holder', None)
bpy.context.scene.collection.objects.link(holder)
holder.scale, holder.rotation_euler = (3, 1, 1), (0, 0, 0.5)
bpy.data.objects['A'].parent = holder
None
"""

Corners = Any
"""Rows of a point in the world and the unit normal there."""


def corners(gateway: Gateway, *names: str) -> Corners:
    """All corners in the world, or those of some objects. Normals of a surface go by the inverse, transposed."""
    rows: list[Any] = []
    for name, frame, points, normals in evaluate(gateway, READ):
        if not names or name in names:
            matrix = numpy.array(frame)
            placed = numpy.array(points) @ matrix[:3, :3].T + matrix[:3, 3]
            turned = numpy.array(normals) @ numpy.linalg.inv(matrix[:3, :3])
            rows.append(numpy.hstack([placed, turned / numpy.linalg.norm(turned, axis=1, keepdims=True)]))
    return numpy.vstack(rows)


def changed(before: Corners, after: Corners) -> list[Any]:
    """The corners whose point is still there, without their normal. There must be some that are there."""
    seen, lost = 0, []
    for row in before:
        here = after[numpy.abs(after[:, :3] - row[:3]).max(axis=1) < 1e-3]
        if len(here):
            seen += 1
            if numpy.abs(here[:, 3:] - row[3:]).max(axis=1).min() > APART:
                lost.append(row.round(3).tolist())
    assert seen >= 8
    return lost


@pytest.fixture
def gave(blender: httpx.Client, gateway: Gateway) -> Any:
    def one(primitive: str = "cube", name: str = "A", **params: Any) -> None:
        placed = {"rotation": [20, 30, 40], "location": [1, 2, 3], **params}
        assert blender.post(f"/primitives/{primitive}", json={"name": name, **placed}).status_code == 201
        assert evaluate(gateway, GIVE.format(name=name)) is True

    return one


def post(blender: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = blender.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()["result"]


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_applying_a_transform_keeps_them(
    blender: httpx.Client, gateway: Gateway, gave: Any, scale: list[float]
) -> None:
    gave(scale=scale)
    before = corners(gateway)
    assert post(blender, "/objects/A/apply")["warnings"] == []
    assert changed(before, corners(gateway)) == []


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_joining_keeps_them(blender: httpx.Client, gateway: Gateway, gave: Any, scale: list[float]) -> None:
    gave(scale=scale)
    assert blender.post("/primitives/cube", json={"name": "First", "location": [9, 0, 0]}).status_code == 201
    before = corners(gateway)
    assert post(blender, "/objects/join", objects=["First", "A"])["warnings"] == []
    assert changed(before, corners(gateway)) == []


def test_separating_keeps_them(blender: httpx.Client, gateway: Gateway, gave: Any) -> None:
    gave("sphere", segments=8, rings=4)
    evaluate(gateway, CHECKERED)
    before = corners(gateway)
    assert len(post(blender, "/objects/A/separate", by="material")["objects"]) == 2
    assert changed(before, corners(gateway)) == []


@pytest.mark.parametrize("solver", ["exact", "fast"])
@pytest.mark.parametrize("operation", ["difference", "union", "intersect"])
def test_a_boolean_keeps_them(blender: httpx.Client, gateway: Gateway, gave: Any, operation: str, solver: str) -> None:
    gave("sphere", scale=[1, 1, 2])
    gave("cube", name="Cutter", size=1, location=[2, 2, 3], scale=[1, -1, 1])
    ball, cutter = corners(gateway, "A"), corners(gateway, "Cutter")
    post(blender, "/objects/A/boolean", object="Cutter", operation=operation, solver=solver)
    made = corners(gateway, "A")
    assert changed(ball, made) == []
    # What is taken away leaves its surface seen from the other side; one of its corners is within the ball.
    within = numpy.abs(made[:, None, :3] - cutter[None, :, :3]).max(axis=2).min(axis=0) < 1e-3
    assert within.any()
    expected = cutter[within] * ([1, 1, 1, -1, -1, -1] if operation == "difference" else 1)
    found = [made[numpy.abs(made[:, :3] - row[:3]).max(axis=1) < 1e-3] for row in expected]
    gaps = [numpy.abs(there[:, 3:] - row[3:]).max(axis=1).min() for row, there in zip(expected, found, strict=True)]
    assert max(gaps) < APART


def test_the_file_of_a_sheared_object_has_them(blender: httpx.Client, gateway: Gateway, gave: Any) -> None:
    gave(scale=[1, -1, 2])
    evaluate(gateway, HELD)
    before = corners(gateway)
    file = blender.post("/export", json={"format": "glb", "objects": ["A"]}, headers={"Accept": "model/gltf-binary"})
    read: Any = trimesh.load  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    scene = read(io.BytesIO(file.content), file_type="glb")
    rows: list[Any] = []
    for node in scene.graph.nodes_geometry:
        frame, name = scene.graph[node]
        mesh = scene.geometry[name]
        normals = mesh.vertex_normals @ numpy.linalg.inv(frame[:3, :3])
        points = mesh.vertices @ frame[:3, :3].T + frame[:3, 3]
        rows.append(numpy.hstack([points, normals / numpy.linalg.norm(normals, axis=1, keepdims=True)]))
    y_up = numpy.vstack(rows)
    assert changed(before, y_up[:, [0, 2, 1, 3, 5, 4]] * [1, -1, 1, 1, -1, 1]) == []
