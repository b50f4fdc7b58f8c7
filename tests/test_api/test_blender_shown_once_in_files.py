"""What a file shows only as instances is not shown a second time by itself, and everything is where the file says."""

# The names of USD's modules are made when they are imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import httpx
import numpy
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway

POINTS = numpy.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], float)
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
VOLUME = 1 / 6

SOURCE = f"""
mesh = bpy.data.meshes.new("Part")
mesh.from_pydata({POINTS.tolist()}, [], {FACES})
part = bpy.data.objects.new("Part", mesh)
source = bpy.data.collections.new("Source")
source.objects.link(part)
for number in range(3):
    shown = bpy.data.objects.new(f"Shown{{number}}", None)
    shown.instance_type, shown.instance_collection = "COLLECTION", source
    shown.location = (10 + 5 * number, 0, 0)
    bpy.context.scene.collection.objects.link(shown)
"""
"""A tetrahedron that is shown three times, at 10, 15 and 20 along x; itself it is at the origin."""
KEPT = {
    "in no scene": "",
    "in a collection that is excluded": """
bpy.context.scene.collection.children.link(source)
bpy.context.view_layer.layer_collection.children["Source"].exclude = True
""",
    "below a collection that is switched off": """
stock = bpy.data.collections.new("Stock")
stock.children.link(source)
bpy.context.scene.collection.children.link(stock)
stock.hide_viewport = stock.hide_render = True
""",
}


def converted(http: httpx.Client, name: str, data: bytes, to: str = "stl") -> tuple[trimesh.Trimesh, list[str]]:
    """The mesh of a file that was converted, and the codes of the warnings."""
    answer = http.post("/api/v1/convert", params={"to": to}, files={"file": (name, data)})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    content = http.get(f"/api/v1/artifacts/{result['artifact']['id']}").content
    mesh: Any = cast("Any", trimesh).load(BytesIO(content), file_type=to, force="mesh", process=False)
    return mesh, [each["code"] for each in result["warnings"]]


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


@pytest.mark.parametrize("kept", KEPT)
def test_the_source_of_instances_in_a_blend_is_not_shown_itself(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, kept: str
) -> None:
    evaluate(gateway, SOURCE + KEPT[kept])
    saved = post(blender, "/scene/save", json={})["artifact"]
    mesh, _ = converted(http, "scene.blend", http.get(saved["url"]).content)
    assert mesh.volume == pytest.approx(3 * VOLUME, rel=1e-5)
    assert mesh.bounds.tolist() == [[10, 0, 0], [21, 1, 1]]

    blender.delete("/scene")
    came = post(blender, "/import", json={"artifact": saved["id"]})["objects"]
    assert {each["name"] for each in came} == {"Part", "Shown0", "Shown1", "Shown2"}
    places = """
graph = bpy.context.evaluated_depsgraph_get()
sorted(each.matrix_world.translation.x for each in graph.object_instances if each.object.type == "MESH")
"""
    assert evaluate(gateway, places) == [10, 15, 20]


def test_what_no_scene_of_a_blend_shows_or_needs_is_named(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    evaluate(gateway, SOURCE + "bpy.data.objects.new('Spare', mesh).use_fake_user = True")
    saved = post(blender, "/scene/save", json={})["artifact"]
    blender.delete("/scene")
    result = post(blender, "/import", json={"artifact": saved["id"]})
    assert "Spare" not in {each["name"] for each in result["objects"]}
    (warning,) = result["warnings"]
    assert warning["code"] == "left_out"
    assert "'Spare'" in warning["message"]


def stage(path: Path, fill: Callable[[Any], None]) -> bytes:
    """A USD file in metres with Z up."""
    from pxr import Usd, UsdGeom

    made = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageMetersPerUnit(made, 1)
    UsdGeom.SetStageUpAxis(made, UsdGeom.Tokens.z)
    fill(made)
    made.GetRootLayer().Save()
    return path.read_bytes()


def tetrahedron(made: Any, path: str) -> Any:
    from pxr import UsdGeom

    mesh = UsdGeom.Mesh.Define(made, path)
    mesh.CreatePointsAttr([tuple(map(float, point)) for point in POINTS])
    mesh.CreateFaceVertexCountsAttr([3] * len(FACES))
    mesh.CreateFaceVertexIndicesAttr([corner for face in FACES for corner in face])
    mesh.CreateSubdivisionSchemeAttr("none")
    return mesh


def _at_points(made: Any) -> None:
    from pxr import UsdGeom

    tetrahedron(made, "/Many/Sources/Part")
    many = UsdGeom.PointInstancer.Define(made, "/Many")
    many.CreatePrototypesRel().SetTargets(["/Many/Sources/Part"])
    many.CreatePositionsAttr([(10, 0, 0), (15, 0, 0), (20, 0, 0)])
    many.CreateProtoIndicesAttr([0, 0, 0])


def _by_reference(made: Any) -> None:
    from pxr import UsdGeom

    made.CreateClassPrim("/Source")
    tetrahedron(made, "/Source/Part")
    for number in range(3):
        prim = made.DefinePrim(f"/Shown{number}", "Xform")
        prim.GetReferences().AddInternalReference("/Source")
        prim.SetInstanceable(True)
        UsdGeom.Xformable(prim).AddTranslateOp().Set((10 + 5 * number, 0, 0))


@pytest.mark.parametrize("to", ["stl", "ply", "obj", "glb"])
@pytest.mark.parametrize("fill", [_at_points, _by_reference])
def test_instances_in_a_usd_file_are_all_there_and_their_source_is_not(
    http: httpx.Client, tmp_path: Path, fill: Callable[[Any], None], to: str
) -> None:
    mesh, _ = converted(http, "many.usda", stage(tmp_path / "many.usda", fill), to)
    assert mesh.volume == pytest.approx(3 * VOLUME, rel=1e-5)
    assert mesh.bounds[:, 0].tolist() == [10, 21]


@pytest.mark.parametrize("fill", [_at_points, _by_reference])
def test_instances_in_a_usd_file_are_scaled_once(
    http: httpx.Client, tmp_path: Path, fill: Callable[[Any], None]
) -> None:
    data = stage(tmp_path / "many.usda", fill)
    query = {"to": "stl", "options": json.dumps({"scale": 2})}
    answer = http.post("/api/v1/convert", params=query, files={"file": ("many.usda", data)})
    content = http.get(answer.json()["result"]["artifact"]["url"]).content
    mesh: Any = cast("Any", trimesh).load(BytesIO(content), file_type="stl", force="mesh", process=False)
    assert mesh.volume == pytest.approx(3 * VOLUME * 2**3, rel=1e-5)
    assert mesh.bounds[:, 0].tolist() == [20, 42]


def test_what_begins_its_places_anew_in_a_usd_file_is_not_moved_by_what_is_above(
    http: httpx.Client, tmp_path: Path
) -> None:
    from pxr import UsdGeom

    def fill(made: Any) -> None:
        UsdGeom.Xform.Define(made, "/Above").AddTranslateOp().Set((100, 0, 0))
        UsdGeom.Xform.Define(made, "/Above/Between").AddScaleOp().Set((2, 2, 2))
        mesh = tetrahedron(made, "/Above/Between/Part")
        mesh.AddTranslateOp().Set((1, 2, 3))
        mesh.SetResetXformStack(True)

    mesh, warnings = converted(http, "anew.usda", stage(tmp_path / "anew.usda", fill))
    assert mesh.bounds == pytest.approx(numpy.array([[1, 2, 3], [2, 3, 4]]))
    assert "differs" not in warnings


def test_a_shear_in_a_usd_file_that_blender_cannot_hold_is_a_warning(http: httpx.Client, tmp_path: Path) -> None:
    from pxr import Gf

    def fill(made: Any) -> None:
        slanted = Gf.Matrix4d(1, 0.5, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)
        tetrahedron(made, "/Part").AddTransformOp().Set(slanted)

    data = stage(tmp_path / "slanted.usda", fill)
    answer = http.post("/api/v1/convert", params={"to": "glb"}, files={"file": ("slanted.usda", data)})
    warnings = {each["code"]: each["message"] for each in answer.json()["result"]["warnings"]}

    assert json.dumps([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])[1:-1].replace("], [", "] to [") in warnings["differs"]
