"""What Blender exports is what the scene shows: places, sizes, movement, keys, as other programs read the files."""

# pxr makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy
import pygltflib
import pytest
import trimesh
from pxr import Usd, UsdGeom

from tests.blender_builds import assert_lacks, writes
from tests.blender_code import evaluate
from tests.gateway import Gateway

SQRT2 = math.sqrt(2)
HIERARCHIES = ["glb", "gltf", "fbx", "usd", "abc"]
EVERY = [*HIERARCHIES, "obj", "stl", "ply"]

Box = list[list[float]]


def export(blender: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = blender.post("/export", json=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def export_each(blender: httpx.Client, gateway: Gateway, **params: Any) -> list[dict[str, Any]]:
    """The exports to every format that this Blender was built with; the others are refused with the reason."""
    results: list[dict[str, Any]] = []
    for format in EVERY:
        if writes(gateway, format):
            results.append(export(blender, format=format, **params))
        else:
            assert_lacks(blender.post("/export", json={"format": format, **params}), format)
    return results


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def warned(result: dict[str, Any]) -> list[str]:
    return [each["code"] for each in result["warnings"]]


def data_of(http: httpx.Client, result: dict[str, Any]) -> bytes:
    return http.get(result["artifact"]["url"]).content


def gltf_of(http: httpx.Client, result: dict[str, Any]) -> Any:
    data = data_of(http, result)
    return pygltflib.GLTF2.load_from_bytes(data) if data[:4] == b"glTF" else pygltflib.GLTF2.from_json(data.decode())


def stage_of(http: httpx.Client, result: dict[str, Any], tmp_path: Path) -> Usd.Stage:
    path = tmp_path / result["artifact"]["name"]
    path.write_bytes(data_of(http, result))
    return Usd.Stage.Open(str(path))


def box_of_file(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, result: dict[str, Any], tmp_path: Path
) -> Box:
    """The box of all that is in an exported file, Z up: by trimesh, USD's own library, or (FBX, Alembic) points that
    Blender has read.
    """
    format = result["format"]
    if format == "usd":
        stage = stage_of(http, result, tmp_path)
        points = []
        for prim in stage.Traverse():
            if prim.IsA(UsdGeom.Mesh):
                matrix = UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(Usd.TimeCode.EarliestTime())
                points += [matrix.Transform(p) for p in UsdGeom.Mesh(prim).GetPointsAttr().Get()]
        array = numpy.array(points)
        return [array.min(axis=0).tolist(), array.max(axis=0).tolist()]
    if format in ("fbx", "abc"):
        blender.delete("/scene")
        answer = blender.post("/import", json={"artifact": result["artifact"]["id"]})
        assert answer.status_code == 200, answer.text
        return box_of_scene(gateway)
    loaded = trimesh.load(BytesIO(data_of(http, result)), file_type=format)
    low, high = loaded.bounds.tolist()
    if format in ("glb", "gltf", "obj"):
        return [[low[0], -high[2], low[1]], [high[0], -low[2], high[1]]]
    return [low, high]


def box_of_scene(gateway: Gateway) -> Box:
    return evaluate(
        gateway,
        """
graph = bpy.context.evaluated_depsgraph_get()
points = []
for instance in graph.object_instances:
    if instance.object.type in ("MESH", "CURVE", "FONT", "META", "SURFACE"):
        mesh = instance.object.to_mesh()
        points += [(instance.matrix_world @ v.co)[:] for v in (mesh.vertices if mesh else ())]
        # The next instance may have the same object for another mesh: without this Blender frees one of them twice.
        instance.object.to_mesh_clear()
[[min(p[i] for p in points) for i in range(3)], [max(p[i] for p in points) for i in range(3)]]
""",
    )


def volume_of(http: httpx.Client, result: dict[str, Any]) -> float:
    mesh: Any = trimesh.load(BytesIO(data_of(http, result)), file_type=result["format"], force="mesh")
    return float(mesh.volume)


def sheared_cube(blender: httpx.Client) -> None:
    """A cube turned by 45 degrees about X below an empty that is three times as high."""
    blender.post("/primitives/empty", json={"name": "P", "scale": [1, 1, 3]})
    blender.post("/primitives/cube", json={"name": "C", "rotation": [45, 0, 0]})
    assert blender.patch("/objects/C", json={"parent": "P"}).status_code == 200


def close(have: Box, want: Box, tolerance: float = 1e-3) -> bool:
    return bool(numpy.allclose(have, want, atol=tolerance))


# --- shear -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", EVERY)
def test_a_cube_below_a_stretched_parent_keeps_its_extents(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path, format: str
) -> None:
    sheared_cube(blender)
    if not writes(gateway, format):
        assert_lacks(blender.post("/export", json={"format": format}), format)
        return
    result = export(blender, format=format)
    assert result["warnings"] == []
    have = box_of_file(blender, http, gateway, result, tmp_path)
    assert close(have, [[-1, -SQRT2, -SQRT2], [1, SQRT2, SQRT2]]), have


SHEARS = {
    # The world itself is sheared: a turned cube below a parent that is stretched, without any inverse.
    "world": """
parent = empty("P"); parent.scale = (1, 1, 3)
child = cube("C"); child.rotation_euler = (0.7, 0.2, 0); child.parent = parent
""",
    "nested": """
top = empty("Top"); top.scale = (2, 1, 1); top.rotation_euler = (0, 0, 0.4)
middle = cube("Middle"); middle.rotation_euler = (0, 0.5, 0.3); middle.parent = top; middle.location = (4, 0, 0)
low = cube("Low"); low.rotation_euler = (0.6, 0, 0.9); low.parent = middle; low.scale = (1, 2, 0.5)
low.location = (0, 3, 0)
view.update(); low.matrix_parent_inverse = middle.matrix_world.inverted()
""",
    "mirrored": """
parent = empty("P"); parent.scale = (-1, 1, 3)
child = cube("C"); child.rotation_euler = (0.7, 0.2, 0); child.parent = parent
""",
    "shared": """
parent = empty("P"); parent.scale = (1, 1, 3)
child = cube("C"); child.rotation_euler = (0.7, 0, 0); child.parent = parent
other = bpy.data.objects.new("Other", child.data); scene.collection.objects.link(other); other.location = (5, 0, 0)
""",
    "modified": """
parent = empty("P"); parent.scale = (1, 1, 3)
child = cube("C"); child.rotation_euler = (0.7, 0, 0); child.parent = parent
array = child.modifiers.new("Array", "ARRAY"); array.count = 3
""",
    "text": """
parent = empty("P"); parent.scale = (1, 1, 3)
curve = bpy.data.curves.new("T", "FONT"); curve.body = "Ab"; curve.extrude = 0.2
child = bpy.data.objects.new("T", curve); scene.collection.objects.link(child)
child.rotation_euler = (0.7, 0, 0); child.parent = parent
""",
    "tube": """
parent = empty("P"); parent.scale = (1, 1, 3)
curve = bpy.data.curves.new("T", "CURVE"); curve.dimensions = "3D"; curve.bevel_depth = 0.2
spline = curve.splines.new("POLY"); spline.points.add(2)
for point, co in zip(spline.points, ((0, 0, 0), (1, 0, 0), (1, 2, 1))): point.co = (*co, 1)
child = bpy.data.objects.new("T", curve); scene.collection.objects.link(child)
child.rotation_euler = (0.7, 0, 0); child.parent = parent
""",
    "keyed": """
parent = empty("P"); parent.scale = (1, 1, 3)
child = cube("C"); child.rotation_euler = (0.7, 0, 0); child.parent = parent
child.shape_key_add(name="Basis"); key = child.shape_key_add(name="Up")
for point in key.data: point.co.z += 2
key.value = 0.5
""",
    "instance": """
group = bpy.data.collections.new("Group")
inner = cube("Inner"); scene.collection.objects.unlink(inner); group.objects.link(inner)
inner.rotation_euler = (0.7, 0, 0)
place = empty("Place"); place.instance_type = "COLLECTION"; place.instance_collection = group
place.location = (3, 0, 0)
""",
    "nodes": """
tree = bpy.data.node_groups.new("Copies", "GeometryNodeTree")
for way in ("INPUT", "OUTPUT"):
    tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
copies, block = tree.nodes.new("GeometryNodeInstanceOnPoints"), tree.nodes.new("GeometryNodeMeshCube")
tree.links.new(start.outputs[0], copies.inputs["Points"])
tree.links.new(block.outputs[0], copies.inputs["Instance"])
tree.links.new(copies.outputs[0], end.inputs[0])
cube("Points").modifiers.new("Copies", "NODES").node_group = tree
""",
    "metaball": """
ball = bpy.data.metaballs.new("M"); ball.elements.new(); ball.resolution = 0.2
obj = bpy.data.objects.new("M", ball); scene.collection.objects.link(obj); obj.location = (0, 4, 0)
""",
}
SETUP = """
import bmesh
scene, view = bpy.context.scene, bpy.context.view_layer
def cube(name):
    mesh = bpy.data.meshes.new(name)
    made = bmesh.new(); bmesh.ops.create_cube(made, size=2); made.to_mesh(mesh); made.free()
    obj = bpy.data.objects.new(name, mesh); scene.collection.objects.link(obj); return obj
def empty(name):
    obj = bpy.data.objects.new(name, None); scene.collection.objects.link(obj); return obj
"""


def run(gateway: Gateway, code: str) -> None:
    evaluate(gateway, SETUP + code + "\nview.update()\nNone")


@pytest.mark.parametrize("case", SHEARS)
def test_what_is_sheared_mirrored_shared_or_made_by_others_is_where_the_scene_shows_it(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path, case: str
) -> None:
    run(gateway, SHEARS[case])
    want = box_of_scene(gateway)
    # The files are written first: to look into some of them empties the scene.
    results = export_each(blender, gateway)
    for result in results:
        told = ["shape_keys_at_rest"] if (case, result["format"]) == ("keyed", "usd") else []
        assert warned(result) == told, result
        if case == "keyed" and result["format"] in ("glb", "gltf"):
            # trimesh knows no weights of morph targets; Blender does.
            assert gltf_of(http, result).meshes[0].weights == [0.5]
            result = {**result, "format": "fbx"}
        have = box_of_file(blender, http, gateway, result, tmp_path)
        assert close(have, want, 2e-3), (result["format"], have, want)
        if result["format"] in ("stl", "ply", "glb", "obj") and case != "text":
            assert volume_of(http, result) > 0, result["format"]


def test_a_sheared_child_alone_is_exported_where_it_stands(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path
) -> None:
    run(gateway, SHEARS["world"])
    want = box_of_scene(gateway)
    results = export_each(blender, gateway, objects=["C"])
    for result in results:
        assert result["objects"] == ["C"]
        have = box_of_file(blender, http, gateway, result, tmp_path)
        assert close(have, want, 2e-3), (result["format"], have, want)


def test_cameras_and_lights_below_a_stretched_parent_look_where_they_looked(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    blender.post("/primitives/empty", json={"name": "P", "scale": [1, 1, 3]})
    blender.post("/primitives/cube", json={"name": "Box"})
    blender.post("/camera", json={"name": "Eye", "location": [4, -4, 4], "look_at": [0, 0, 0]})
    blender.patch("/objects/Eye", json={"parent": "P"})
    result = export(blender, format="glb", up="Z")
    assert result["warnings"] == []
    gltf = gltf_of(http, result)
    (node,) = [each for each in gltf.nodes if each.camera is not None]
    scene: Any = trimesh.load(BytesIO(data_of(http, result)), file_type="glb")
    worlds = scene.graph
    matrix, _ = worlds.get(node.name)
    direction = -matrix[:3, 2] / numpy.linalg.norm(matrix[:3, 2])
    assert numpy.allclose(matrix[:3, 3], [4, -4, 4], atol=1e-4)
    assert numpy.allclose(direction, numpy.array([-1, 1, -1]) / math.sqrt(3), atol=1e-4)


@pytest.mark.parametrize("change", ["delete", "none", "other"])
def test_a_sheared_child_stays_where_it_was_when_its_parent_goes(
    blender: httpx.Client, gateway: Gateway, change: str
) -> None:
    blender.post("/primitives/cube", json={"name": "Other", "location": [9, 0, 0], "rotation": [10, 20, 30]})
    blender.delete("/objects/Other")
    run(gateway, SHEARS["world"] + 'q = empty("Q"); q.scale = (2, 1, 1); q.rotation_euler = (0, 0, 1)')
    want = box_of_scene(gateway)
    if change == "delete":
        answer = blender.delete("/objects/P")
    else:
        answer = blender.patch("/objects/C", json={"parent": "Q" if change == "other" else None})
    assert answer.status_code == 200, answer.text
    assert close(box_of_scene(gateway), want, 1e-4)
    assert blender.post("/undo").status_code == 200
    assert close(box_of_scene(gateway), want, 1e-4)


def box_of_low(gateway: Gateway) -> Box:
    """The box of the object that stays when the one in the middle goes."""
    run(gateway, 'bpy.data.objects["Middle"].hide_viewport = True')
    return box_of_scene(gateway)


def test_children_of_a_sheared_child_stay_as_well(blender: httpx.Client, gateway: Gateway) -> None:
    run(gateway, SHEARS["nested"])
    want = box_of_scene(gateway)
    assert blender.delete("/objects/Top").status_code == 200
    assert close(box_of_scene(gateway), want, 1e-4)
    assert close(box_of_scene(gateway), want, 1e-4)
    want_low = box_of_low(gateway)
    assert blender.delete("/objects/Middle").status_code == 200
    assert close(box_of_scene(gateway), want_low, 1e-4)
    (low,) = blender.get("/objects?type=MESH").json()["result"]["objects"]
    assert low["parent"] is None


def test_the_mesh_of_another_object_is_left_alone_when_a_shear_goes_into_it(
    blender: httpx.Client, gateway: Gateway
) -> None:
    run(gateway, SHEARS["shared"])
    want = box_of_scene(gateway)
    assert blender.delete("/objects/P").status_code == 200
    assert close(box_of_scene(gateway), want, 1e-4)
    assert blender.get("/objects/Other").json()["result"]["dimensions"] == pytest.approx([2, 2, 2])


@pytest.mark.parametrize("case", ["modified", "text", "tube"])
def test_what_cannot_take_its_shear_keeps_its_parent(blender: httpx.Client, gateway: Gateway, case: str) -> None:
    run(gateway, SHEARS[case])
    name = "C" if case == "modified" else "T"
    before = blender.get("/objects").json()["result"]
    for answer in (blender.delete("/objects/P"), blender.patch(f"/objects/{name}", json={"parent": None})):
        assert code(answer) == (422, "degenerate_result")
        assert repr(name) in answer.json()["error"]["message"]
    assert blender.get("/objects").json()["result"] == before
