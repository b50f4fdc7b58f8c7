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
