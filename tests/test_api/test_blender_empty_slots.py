"""Faces without a material next to others with one have none of theirs in a file, but the grey that Blender shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pxr import Usd, UsdGeom, UsdShade

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_shown_once import SETUP
from tests.test_api.test_blender_truth_export import data_of, export

# pxr makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

SLOTS = """
def colored(name, *color):
    made = bpy.data.materials.new(name)
    made.use_nodes, made.diffuse_color = True, (*color, 1)
    made.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1)
    return made
red, blue = colored("Red", 1, 0, 0), colored("Blue", 0, 0, 1)
def painted(name, place, *slots):
    made = block(name)
    made.location = (place, 0, 0)
    for each in slots:
        made.data.materials.append(each)
    for number, face in enumerate(made.data.polygons):
        face.material_index = number % 2
    scene.link(made)
    return made
painted("After", 0, red, None)
painted("Before", 5, None, blue)
painted("Own", 10, red, blue).material_slots[0].link = "OBJECT"
painted("Short", 15, blue)
painted("Bare", 20)
bpy.context.view_layer.update()
None
"""
WANTED: dict[str, list[str | None]] = {
    "After": ["Red", None],
    "Before": [None, "Blue"],
    "Own": [None, "Blue"],
    "Short": ["Blue", "Blue"],
    "Bare": [None, None],
}
"""The materials of the faces of each object, the first, third … and the others; None is grey."""


def told(name: str | None) -> str | None:
    return None if name in (None, "", "Default") else name


def of_obj(data: str) -> dict[str, list[str | None]]:
    """The materials by the place of the cube; its faces are told by where they look."""
    points: list[list[float]] = []
    found: dict[str, dict[int, str | None]] = {}
    name, material = "", None
    for line in data.splitlines():
        word, *rest = line.split(" ")
        if word == "o":
            [name], material = rest, material
        elif word == "v":
            points.append([float(each) for each in rest])
        elif word == "usemtl":
            material = told(" ".join(rest))
        elif word == "f":
            corners = [points[int(each.split("/")[0]) - 1] for each in rest]
            found.setdefault(name, {})[side(corners)] = material
    return {name: grouped(by_side) for name, by_side in found.items()}


def side(corners: list[list[float]]) -> int:
    """0 to 5: the number of a cube's face in Blender, from its corners with Y up."""
    spans = [max(each) - min(each) for each in zip(*corners, strict=True)]
    axis = min(range(3), key=lambda index: spans[index])
    place = sum(each[axis] for each in corners) / len(corners)
    if axis == 0:
        return 0 if (place + 1) % 5 < 0.5 else 1
    if axis == 2:
        return 2 if place > 0 else 3  # Blender's Y is against the file's Z
    return 4 if place < 0 else 5


def grouped(by_side: dict[int, str | None]) -> list[str | None]:
    """The one material of the even faces, and that of the odd ones."""
    assert sorted(by_side) == list(range(6))
    pairs = [{by_side[number] for number in range(start, 6, 2)} for start in (0, 1)]
    assert all(len(each) == 1 for each in pairs), by_side
    return [each.pop() for each in pairs]


@pytest.fixture
def painted(blender: httpx.Client, gateway: Gateway) -> httpx.Client:
    evaluate(gateway, SETUP + SLOTS)
    return blender


def test_in_an_obj_file(painted: httpx.Client, http: httpx.Client) -> None:
    result = export(painted, format="obj")
    assert of_obj(data_of(http, result).decode()) == WANTED
    [library] = [each for each in result["related"] if each["name"].endswith(".mtl")]
    grey = http.get(library["url"]).text.split("newmtl Default")[1].split("newmtl")[0]
    [kd] = [line.split()[1:] for line in grey.splitlines() if line.startswith("Kd")]
    assert [float(each) for each in kd] == pytest.approx([0.8] * 3, abs=1e-3)


def test_in_a_usd_file(painted: httpx.Client, http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "scene.usdc"
    path.write_bytes(data_of(http, export(painted, format="usd")))
    stage: Any = Usd.Stage.Open(str(path))
    found: dict[str, list[str | None]] = {}
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Mesh):
            continue
        whole = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial()[0]
        faces = dict.fromkeys(range(6), whole.GetPath().name if whole else None)
        for subset in UsdGeom.Subset.GetAllGeomSubsets(UsdGeom.Mesh(prim)):
            own = UsdShade.MaterialBindingAPI(subset).ComputeBoundMaterial()[0]
            faces.update(dict.fromkeys(subset.GetIndicesAttr().Get(), own.GetPath().name))
        found[prim.GetParent().GetName()] = grouped({face: told(name) for face, name in faces.items()})
    assert found == WANTED


def test_in_an_fbx_file_as_blender_reads_it(painted: httpx.Client) -> None:
    result = export(painted, format="fbx")
    painted.delete("/scene")
    assert painted.post("/import", json={"artifact": result["artifact"]["id"]}).status_code == 200
    for name, wanted in WANTED.items():
        mesh = painted.get(f"/objects/{name}/mesh").json()["result"]
        names = [told((each or "").split(".")[0]) for each in mesh["materials"]] or [None]
        numbers = mesh["face_materials"] or [0] * 6
        assert {names[number] for number in numbers[0::2]} == {wanted[0]}, name
        assert {names[number] for number in numbers[1::2]} == {wanted[1]}, name
