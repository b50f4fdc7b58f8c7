"""Files with tree, names and colours: glTF, USDZ and STEP, read by others than the one that wrote them."""

from __future__ import annotations

import io
import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.freecad_calls import get, post, refused
from tests.step_reader import step_tree

Usd, UsdGeom, UsdShade = (cast("Any", import_module(f"pxr.{name}")) for name in ("Usd", "UsdGeom", "UsdShade"))
GLTF2 = cast("Any", import_module("pygltflib")).GLTF2
trimesh = cast("Any", import_module("trimesh"))
RED, BLUE, GREEN, CLEAR = "#d02010", "#2060c0", "#20a040", "#ffff0080"
TREE = {"Gerät Ø": {"Träger": {"Würfel ✓": None, "Scheibe": None}, "Deckel": None}}


@pytest.fixture
def stand(freecad: httpx.Client) -> httpx.Client:
    """Three levels, four colours, one of them on a single face, and names that are not ASCII."""
    top = {"type": "plane", "at": "top"}
    post(freecad, "/primitives/box", name="A", label="Würfel ✓", color=RED, face_colors=[{"faces": top, "color": BLUE}])
    post(freecad, "/primitives/cylinder", name="B", label="Scheibe", radius=8, height=3, color=GREEN)
    post(freecad, "/primitives/box", name="C", label="Deckel", length=30, location=[0, 0, 40], color=CLEAR)
    post(freecad, "/groups", name="Inner", label="Träger", kind="part", objects=["A", "B"], location=[0, 0, 20])
    post(freecad, "/groups", name="Outer", label="Gerät Ø", kind="part", objects=["Inner", "C"], location=[100, 0, 0])
    return freecad


def fetch(freecad: httpx.Client, format: str, **options: Any) -> bytes:
    made = post(freecad, "/export", format=format, **options)
    assert made["warnings"] == []
    answer = freecad.get(f"../artifacts/{made['artifact']['id']}")
    assert answer.status_code == 200
    return answer.content


def tree_of(gltf: Any, numbers: list[int]) -> dict[str, Any]:
    nodes = [gltf.nodes[number] for number in numbers]
    return {node.name: tree_of(gltf, node.children) if node.children else None for node in nodes}


def shown(channels: Any) -> str:
    """What a screen is sent for linear channels."""
    *light, alpha = channels
    coded = [12.92 * each if each <= 0.0031308 else 1.055 * each ** (1 / 2.4) - 0.055 for each in light]
    digits = "".join(f"{round(each * 255):02x}" for each in [*coded, alpha])
    return "#" + (digits[:6] if digits.endswith("ff") else digits)


@pytest.mark.parametrize("format", ["glb", "gltf"])
def test_gltf_holds_tree_names_and_colours_in_metres_with_y_up(stand: httpx.Client, format: str) -> None:
    data = fetch(stand, format, linear_deflection=0.01)
    gltf = GLTF2.gltf_from_json(data.decode()) if format == "gltf" else GLTF2.load_from_bytes(data)
    assert tree_of(gltf, gltf.scenes[0].nodes) == TREE
    colors = {
        node.name: {shown(gltf.materials[p.material].pbrMetallicRoughness.baseColorFactor) for p in mesh.primitives}
        for node in gltf.nodes
        if node.mesh is not None
        for mesh in [gltf.meshes[node.mesh]]
    }
    assert colors == {"Würfel ✓": {RED, BLUE}, "Scheibe": {GREEN}, "Deckel": {CLEAR}}
    scene: Any = trimesh.load(io.BytesIO(data), file_type=format)
    low, high = scene.bounds
    assert low == pytest.approx([0.092, 0.020, -0.010], abs=1e-5)
    assert high == pytest.approx([0.130, 0.050, 0.008], abs=1e-5)
    whole = scene.to_geometry()
    whole.merge_vertices(merge_tex=True, merge_norm=True)
    assert whole.is_watertight
    disc = get(stand, "/objects/B")["volume"]
    assert whole.volume * 1e9 == pytest.approx(1000 + 3000 + disc, rel=1e-3)
    if format == "glb":
        assert fetch(stand, "glb", linear_deflection=0.01) == data


def test_usdz_is_read_by_usd_with_names_places_and_colours(stand: httpx.Client) -> None:
    data = fetch(stand, "usdz", linear_deflection=0.01)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stand.usdz")
        path.write_bytes(data)
        stage = Usd.Stage.Open(str(path))
        assert UsdGeom.GetStageMetersPerUnit(stage) == 1
        assert UsdGeom.GetStageUpAxis(stage) == "Y"

        def names(prim: Any) -> Any:
            below = {
                each.GetDisplayName(): names(each)
                for each in prim.GetChildren()
                if each.GetTypeName() in ("Xform", "Mesh")
            }
            return below or None

        assert names(stage.GetDefaultPrim()) == TREE
        colors: dict[str, set[str]] = {}
        for prim in stage.Traverse():
            if prim.GetTypeName() not in ("Mesh", "GeomSubset"):
                continue
            material, _ = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial()
            if material:
                shader = UsdShade.Shader(material.ComputeSurfaceSource()[0])
                light = (*shader.GetInput("diffuseColor").Get(), shader.GetInput("opacity").Get())
                owner = prim if prim.GetTypeName() == "Mesh" else prim.GetParent()
                colors.setdefault(owner.GetDisplayName(), set()).add(shown(light))
        assert colors == {"Würfel ✓": {RED, BLUE}, "Scheibe": {GREEN}, "Deckel": {CLEAR}}
        box = UsdGeom.BBoxCache(Usd.TimeCode.Default(), ["default"]).ComputeWorldBound(stage.GetPseudoRoot())
        assert list(box.ComputeAlignedRange().GetMin()) == pytest.approx([0.092, 0.020, -0.010], abs=1e-5)


def test_long_scenes_are_written_in_a_worker_with_the_same_contents(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/torus", name="Ring", color=RED)
    gltf = GLTF2.load_from_bytes(fetch(freecad, "glb", linear_deflection=0.002, angular_deflection=0.06))
    assert gltf.nodes[0].name == "Ring"
    assert shown(gltf.materials[0].pbrMetallicRoughness.baseColorFactor) == RED
    assert json.loads(gltf.to_json())["accessors"][2]["count"] > 60_000


def test_what_has_no_face_is_refused(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/helix", name="Helix")
    assert "face" in refused(freecad.post("/export", json={"format": "glb", "objects": ["Helix"]}))


def step_colors(nodes: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in nodes:
        if node["children"]:
            found |= step_colors(node["children"])
        else:
            found[node["name"]] = node["faces"] | ({node["color"]} if node["color"] else set())
    return found


def step_names(nodes: list[dict[str, Any]]) -> Any:
    return {node["name"]: step_names(node["children"]) for node in nodes} or None


EXPECTED = {"Würfel ✓": {RED, BLUE}, "Scheibe": {GREEN}, "Deckel": {CLEAR}}


def test_step_keeps_tree_names_and_colours_both_ways_and_through_changes(stand: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "stand.step"
    path.write_bytes(fetch(stand, "step"))
    nodes = step_tree(path)
    assert step_names(nodes) == TREE
    assert step_colors(nodes) == EXPECTED
    post(stand, "/documents", name="Again")
    stand.post("/documents/Again/activate")
    answer = stand.post("/import", files={"file": ("stand.step", path.read_bytes())}).json()["result"]
    assert answer["warnings"] == []
    assert {each["label"]: each["color"] for each in answer["objects"]} == {
        "Würfel ✓": RED,
        "Scheibe": GREEN,
        "Deckel": CLEAR,
    }
    cube = next(each for each in answer["objects"] if each["label"] == "Würfel ✓")
    assert cube["face_colors"] == [{"faces": ["Face6"], "color": BLUE}]
    assert get(stand, f"/objects/{cube['container']}")["label"] == "Träger"
    assert cube["bounding_box"]["min"] == pytest.approx([100, 0, 20], abs=1e-6)
    corner = {"type": "line", "parallel_to": [0, 0, 1]}
    rounded = post(stand, "/features/fillet", object=cube["name"], label="Rund", radius=1, edges=corner)
    assert (rounded["color"], rounded["face_colors"][0]["color"]) == (RED, BLUE)
    path.write_bytes(fetch(stand, "step"))
    assert step_colors(step_tree(path)) == {
        **{k: v for k, v in EXPECTED.items() if k != "Würfel ✓"},
        "Rund": {RED, BLUE},
    }


def test_several_objects_without_a_tree_come_back_without_one(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="One", color=RED)
    post(freecad, "/primitives/box", name="Two", location=[20, 0, 0])
    data = fetch(freecad, "step")
    post(freecad, "/documents", name="Again")
    freecad.post("/documents/Again/activate")
    made = freecad.post("/import", files={"file": ("a.step", data)}).json()["result"]
    assert [(each["label"], each["container"], each["color"]) for each in made["objects"]] == [
        ("One", None, RED),
        ("Two", None, None),
    ]


def _imported(freecad: httpx.Client, data: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """What a new document gets from the file, and the codes of the warnings."""
    post(freecad, "/documents", name="Again")
    freecad.post("/documents/Again/activate")
    answer = freecad.post("/import", files={"file": ("a.step", data)}).json()["result"]
    return answer["objects"], [each["code"] for each in answer["warnings"]]


def test_objects_of_one_name_in_a_step_file_have_their_own_colours(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="A", label="Teil", length=40, width=30, color=RED)
    post(freecad, "/primitives/box", name="B", label="Teil", length=4, width=3, height=1, location=[100, 0, 0])
    post(freecad, "/primitives/box", name="C", label="Teil", length=40, width=30, location=[200, 0, 0], color=BLUE)
    post(freecad, "/primitives/box", name="D", label="Teil", length=40, width=30, location=[300, 0, 0])
    objects, warnings = _imported(freecad, fetch(freecad, "step"))
    assert warnings == []
    assert {each["bounding_box"]["min"][0]: (each["label"], each["color"]) for each in objects} == {
        0: ("Teil", RED),
        100: ("Teil", None),
        200: ("Teil", BLUE),
        300: ("Teil", None),
    }


def test_the_solids_of_one_object_in_a_step_file_have_their_own_colours(freecad: httpx.Client) -> None:
    top, low = {"type": "plane", "at": "top"}, {"type": "plane", "at": "bottom"}
    post(freecad, "/primitives/box", name="A", color=RED, face_colors=[{"faces": top, "color": GREEN}])
    post(freecad, "/primitives/box", name="B", location=[100, 0, 5], face_colors=[{"faces": low, "color": BLUE}])
    post(freecad, "/boolean/union", objects=["A", "B"], name="Both")
    objects, _ = _imported(freecad, fetch(freecad, "step", objects=["Both"]))
    for each in objects:
        here = each["bounding_box"]["min"][0]
        seen = {each["color"], *(one["color"] for one in each["face_colors"])} - {None}
        assert seen == ({RED, GREEN, BLUE} if len(objects) == 1 else {0: {RED, GREEN}, 100: {RED, BLUE}}[here])


def test_namesakes_in_parts_of_one_name_have_their_own_colours(freecad: httpx.Client) -> None:
    for name, color, x in (("A", RED, 0), ("B", None, 100), ("C", GREEN, 200)):
        post(freecad, "/primitives/box", name=name, label="Ø 'Teil'", color=color)
        post(freecad, "/groups", name=f"{name}s", label="Halter", kind="part", objects=[name], location=[x, 0, 0])
    objects, warnings = _imported(freecad, fetch(freecad, "step"))
    assert warnings == []
    assert {each["bounding_box"]["min"][0]: (each["label"], each["color"]) for each in objects} == {
        0: ("Ø 'Teil'", RED),
        100: ("Ø 'Teil'", None),
        200: ("Ø 'Teil'", GREEN),
    }
    assert {get(freecad, f"/objects/{each['container']}")["label"] for each in objects} == {"Halter"}
