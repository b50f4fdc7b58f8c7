"""What Blender exports is what the scene shows: places, sizes, movement, keys, as other programs read the files."""

# pxr makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy
import pygltflib
import pytest
import trimesh
from pxr import Usd, UsdGeom

from tests.blender_code import evaluate, evaluate_after_a_death
from tests.gateway import Gateway
from tests.pictures import png

SQRT2 = math.sqrt(2)
HIERARCHIES = ["glb", "gltf", "fbx", "usd", "abc"]
EVERY = [*HIERARCHIES, "obj", "stl", "ply"]

Box = list[list[float]]


def export(blender: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = blender.post("/export", json=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


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


def run(gateway: Gateway, code: str, by: Callable[[Gateway, str], Any] = evaluate) -> None:
    by(gateway, SETUP + code + "\nview.update()\nNone")


@pytest.mark.parametrize("case", SHEARS)
def test_what_is_sheared_mirrored_shared_or_made_by_others_is_where_the_scene_shows_it(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path, case: str
) -> None:
    # Blender ended once while it made the tree of "nodes", of what is not known.
    run(gateway, SHEARS[case], evaluate_after_a_death if case == "nodes" else evaluate)
    want = box_of_scene(gateway)
    # The files are written first: to look into some of them empties the scene.
    results = [export(blender, format=format) for format in EVERY]
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
    results = [export(blender, format=format, objects=["C"]) for format in EVERY]
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


# --- movement ----------------------------------------------------------------------------------------------------

MOVING = """
box = cube("Box")
for frame, x in ((1, 1.0), (11, 3.0)):
    box.location.x = x; box.keyframe_insert("location", frame=frame)
scene.frame_start, scene.frame_end = 1, 11
scene.frame_set(1)
"""


def outputs(gltf: Any, path: str) -> numpy.ndarray:
    """The values of the animation's sampler for `path`."""
    (channel,) = [each for each in gltf.animations[0].channels if each.target.path == path]
    accessor = gltf.accessors[gltf.animations[0].samplers[channel.sampler].output]
    view = gltf.bufferViews[accessor.bufferView]
    start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
    return numpy.frombuffer(gltf.binary_blob(), "<f4", accessor.count * 3, start).reshape(-1, 3)


@pytest.mark.parametrize("scale", [1, 1000, 0.001])
def test_keyed_places_are_scaled_with_everything_else(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, scale: float
) -> None:
    run(gateway, MOVING)
    gltf = gltf_of(http, export(blender, format="glb", scale=scale))
    assert gltf.nodes[0].translation[0] == pytest.approx(scale)
    values = outputs(gltf, "translation")
    assert (values[0][0], values[-1][0]) == pytest.approx((scale, 3 * scale))


MOVERS = {
    "keys": (MOVING, (2.0, 4.0)),
    "scaled keys": (
        MOVING
        + """
for frame, size in ((1, 1.0), (11, 2.0)):
    box.scale = (size, size, size); box.keyframe_insert("scale", frame=frame)
scene.frame_set(1)
""",
        (2.0, 5.0),
    ),
    "parent": (MOVING + 'hand = empty("Hand"); hand.location.x = 0; box.parent = hand', (2.0, 4.0)),
    "parent moves": (
        MOVING.replace('cube("Box")', 'empty("Cart")').replace("box.", "box.")
        + 'load = cube("Box"); load.parent = box; load.location = (0, 5, 0)',
        (2.0, 4.0),
    ),
    "sheared below a moving parent": (
        MOVING.replace('cube("Box")', 'empty("Cart")')
        + 'box.scale = (1, 1, 3); load = cube("Box"); load.rotation_euler = (0.7, 0, 0); load.parent = box',
        (2.0, 4.0),
    ),
    "driver": (
        """
box = cube("Box")
curve = box.driver_add("location", 0); curve.driver.expression = "1 + (frame - 1) / 5"
scene.frame_start, scene.frame_end = 1, 11
scene.frame_set(1)
""",
        (2.0, 4.0),
    ),
    "constraint": (
        MOVING.replace('cube("Box")', 'empty("Lead")')
        + """
load = cube("Box"); follow = load.constraints.new("COPY_LOCATION"); follow.target = box
scene.frame_set(1)
""",
        (2.0, 4.0),
    ),
}


@pytest.mark.parametrize("format", HIERARCHIES)
@pytest.mark.parametrize("case", MOVERS)
def test_what_moves_in_the_scene_moves_in_the_file(
    blender: httpx.Client, gateway: Gateway, case: str, format: str
) -> None:
    build, (first, last) = MOVERS[case]
    run(gateway, build)
    result = export(blender, format=format, scale=10)
    assert result["warnings"] == []
    blender.delete("/scene")
    answer = blender.post("/import?scale=0.1", json={"artifact": result["artifact"]["id"]})
    assert answer.status_code == 200, answer.text
    ends: list[float] = []
    for frame in (1, 11):
        run(gateway, f"scene.frame_set({frame})")
        ends.append(box_of_scene(gateway)[1][0])
    assert ends == pytest.approx([first, last], abs=2e-3)


@pytest.mark.parametrize("format", ["obj", "stl", "ply"])
def test_a_format_without_movement_says_so(blender: httpx.Client, gateway: Gateway, format: str) -> None:
    run(gateway, MOVING)
    result = export(blender, format=format)
    assert warned(result) == ["still"]
    assert "'Box'" in result["warnings"][0]["message"]


def test_usd_has_a_sample_for_every_frame(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path
) -> None:
    run(gateway, MOVING)
    stage = stage_of(http, export(blender, format="usd", scale=10), tmp_path)
    prim = next(each for each in stage.Traverse() if each.GetName() == "Box" and each.IsA(UsdGeom.Xform))
    xform = UsdGeom.Xformable(prim)
    assert len(xform.GetTimeSamples()) == 11
    at = [xform.ComputeLocalToWorldTransform(time).ExtractTranslation()[0] for time in (1.0, 11.0)]
    assert at == pytest.approx([10, 30])


# --- keys, custom properties, cameras ----------------------------------------------------------------------------

KEYED = """
box = cube("Box"); box.shape_key_add(name="Basis"); up = box.shape_key_add(name="Up")
for point in up.data: point.co.z += 3
"""


@pytest.mark.parametrize("others", ["", 'cube("Plain").modifiers.new("Array", "ARRAY")'])
def test_shape_keys_survive_modifiers_of_the_same_object(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, others: str
) -> None:
    run(gateway, KEYED + 'box.modifiers.new("Soft", "SUBSURF").levels = 1\n' + others)
    result = export(blender, format="glb", up="Z")
    assert result["warnings"] == []
    gltf = gltf_of(http, result)
    mesh = next(mesh for mesh in gltf.meshes if mesh.name == "Box")
    (primitive,) = mesh.primitives
    assert mesh.extras["targetNames"] == ["Up"]
    assert gltf.accessors[primitive.attributes.POSITION].count > 24
    (target,) = primitive.targets
    accessor = gltf.accessors[target["POSITION"]]
    assert accessor.max == pytest.approx([0, 0, 3], abs=1e-5)
    assert accessor.min == pytest.approx([0, 0, 3], abs=1e-5)


def test_shape_keys_that_a_modifier_cannot_keep_are_named(blender: httpx.Client, gateway: Gateway) -> None:
    run(
        gateway,
        KEYED
        + """
for point in up.data: point.co.x = 0.0
weld = box.modifiers.new("Weld", "WELD"); weld.merge_threshold = 0.01
""",
    )
    result = export(blender, format="glb")
    assert warned(result) == ["shape_keys_lost"]
    assert "'Box'" in result["warnings"][0]["message"]
    assert warned(export(blender, format="glb", apply_modifiers=False)) == []


def test_custom_properties_and_the_cameras_aspect_come_back(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    run(
        gateway,
        """
box = cube("Box"); box["part"] = "A-12"; box["mass"] = 2.5
scene.render.resolution_x, scene.render.resolution_y = 800, 400
""",
    )
    blender.post("/camera", json={"name": "Eye", "location": [0, -9, 0], "rotation": [90, 0, 0]})
    result = export(blender, format="glb")
    gltf = gltf_of(http, result)
    (node,) = [each for each in gltf.nodes if each.name == "Box"]
    assert node.extras == {"part": "A-12", "mass": 2.5}
    assert gltf.cameras[0].perspective.aspectRatio == pytest.approx(2)
    blender.delete("/scene")
    blender.post("/import", json={"artifact": result["artifact"]["id"]})
    assert evaluate(gateway, 'obj = bpy.data.objects["Box"]\n[obj["part"], obj["mass"]]') == ["A-12", 2.5]


# --- what has no surface, mirrored meshes ------------------------------------------------------------------------


@pytest.mark.parametrize("format", EVERY)
def test_a_text_of_a_space_is_left_out_by_name(blender: httpx.Client, format: str) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    assert blender.post("/primitives/text", json={"name": "Blank", "text": " "}).status_code == 201
    result = export(blender, format=format)
    assert result["objects"] == ["Box"]
    assert warned(result) == ["left_out"]
    assert "'Blank'" in result["warnings"][0]["message"]
    alone = blender.post("/export", json={"format": format, "objects": ["Blank"]})
    assert code(alone) == (422, "degenerate_result")
    assert "'Blank'" in alone.json()["error"]["message"]


@pytest.mark.parametrize("scale", [[-1, 1, 1], [-1, -1, -1], [1, -2, 1]])
@pytest.mark.parametrize("format", ["glb", "obj", "stl", "ply"])
def test_a_mirrored_object_is_not_inside_out(
    blender: httpx.Client, http: httpx.Client, format: str, scale: list[float]
) -> None:
    blender.post("/primitives/cube", json={"name": "Box", "scale": scale})
    result = export(blender, format=format)
    assert volume_of(http, result) == pytest.approx(8 * abs(math.prod(scale)), rel=1e-5)


@pytest.mark.parametrize("format", ["glb", "usd", "fbx", "obj"])
def test_a_picture_on_a_mesh_without_uvs_is_named(blender: httpx.Client, format: str) -> None:
    blender.post("/materials", json={"name": "Wood"})
    blender.post("/materials/Wood/texture", files={"file": ("wood.png", png((90, 60, 20)))})
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    made = blender.post("/meshes", json={"name": "Bare", "vertices": vertices, "faces": [[0, 1, 2]]})
    assert made.status_code == 201, made.text
    applied = blender.post("/materials/apply", json={"object": "Bare", "material": "Wood"}).json()["result"]
    assert warned(applied) == ["no_uvs"]
    result = export(blender, format=format)
    assert warned(result) == ["no_uvs"]
    assert "'Bare'" in result["warnings"][0]["message"]


def test_a_picture_for_a_mesh_without_uvs_is_named_when_it_comes(blender: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Wood"})
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    blender.post("/meshes", json={"name": "Bare", "vertices": vertices, "faces": [[0, 1, 2]], "material": "Wood"})
    answer = blender.post("/materials/Wood/texture", files={"file": ("wood.png", png((90, 60, 20)))})
    assert warned(answer.json()["result"]) == ["no_uvs"]


@pytest.mark.parametrize(("text", "lost"), [("Grüße αβγ", []), ("A\ue123B", ["\ue123"]), ("\u0378", ["\u0378"])])
def test_characters_that_no_font_has_are_named(blender: httpx.Client, text: str, lost: list[str]) -> None:
    made = blender.post("/primitives/text", json={"text": text}).json()["result"]
    assert warned(made) == ["missing_glyphs"] * bool(lost)
    for character in lost:
        assert f"U+{ord(character):04X}" in made["warnings"][0]["message"]


@pytest.mark.parametrize("format", EVERY)
def test_a_full_check_of_a_right_file_finds_nothing(blender: httpx.Client, format: str) -> None:
    sheared_cube(blender)
    blender.post("/primitives/sphere", json={"name": "Ball", "location": [5, 0, 0], "scale": [1, -1, 2]})
    result = export(blender, format=format, verify="full", scale=2)
    assert result["warnings"] == []
    answer = blender.post("/export", json={"format": format, "verify": "slow"})
    assert code(answer) == (422, "validation_error")


WRONG = {
    "smaller": ("box.scale = (0.5, 1, 1)", "spans"),
    "elsewhere": ("box.location.x = 1", "spans"),
    "other triangles": ("box.modifiers.new('Soft', 'SUBSURF')", "triangles"),
    "gone": ("bpy.data.objects.remove(box)", "missing"),
    "inside out": ("box.data.flip_normals()", "encloses"),
}


CHECKED_ALONE = {
    "glb": "export_scene.gltf(filepath={}, export_yup=False, export_apply=True)",
    "obj": "wm.obj_export(filepath={}, up_axis='Z', forward_axis='Y')",
    "stl": "wm.stl_export(filepath={})",
    "ply": "wm.ply_export(filepath={}, export_triangulated_mesh=True)",
}


def finding(gateway: Gateway, case: str, format: str) -> str:
    """What the check says of a file that was written after the scene had changed."""
    path = str(gateway.state_dir / "sessions" / "blender" / "workspace" / f"wrong.{format}")
    return evaluate(
        gateway,
        SETUP
        + f"""
from cadgate_blender.app.verification import extents, files
from cadgate.appserver import AppError
box, ball = cube("Box"), cube("Ball"); ball.location = (0.5, 0, 0); ball.scale = (2, 2, 2)
truth = files.Truth(extents.evaluated([box, ball]), names={{"Box", "Ball"}} if {format!r} == "glb" else set())
{WRONG[case][0]}
view.update()
bpy.ops.{CHECKED_ALONE[format].format(repr(path))}
try:
    files.compare({path!r}, {format!r}, truth, "Z", full=False)
    said = "nothing"
except AppError as error:
    said = error.message
said
""",
    )


@pytest.fixture(scope="module")
def findings(gateway: Gateway) -> dict[tuple[str, str], str]:
    """Of every case, in one Blender: after such code the next test that wants an empty one waits for another."""
    found: dict[tuple[str, str], str] = {}
    with gateway.client("/api/v1/blender") as client:
        for format in CHECKED_ALONE:
            for case in WRONG:
                assert client.delete("/scene").status_code == 200
                found[case, format] = finding(gateway, case, format)
    return found


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("format", CHECKED_ALONE)
def test_a_file_that_is_not_what_the_scene_shows_is_found(
    findings: dict[tuple[str, str], str], case: str, format: str
) -> None:
    said, word = findings[case, format], WRONG[case][1]
    if case in ("gone", "smaller", "elsewhere") and format in ("stl", "ply"):
        # One mesh of everything, in the same box: what is inside is told by the counts, the surface and the volume.
        word = {"gone": "triangles", "smaller": "surface", "elsewhere": "nothing"}[case]
    elif case in ("gone", "other triangles") and format == "obj":
        word = "surface"
    assert word in said
