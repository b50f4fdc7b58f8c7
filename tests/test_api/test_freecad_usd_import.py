"""USD files imported into FreeCAD, by way of Blender: its own, and those of USD's own library."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.freecad_calls import get, post, refused

Usd, UsdGeom, UsdUtils = (cast("Any", import_module(f"pxr.{name}")) for name in ("Usd", "UsdGeom", "UsdUtils"))
RED, GREEN = "#d02010", "#20a040"


def sent(freecad: httpx.Client, name: str, data: bytes) -> dict[str, Any]:
    answer = freecad.post("/import", files={"file": (name, data)})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def slab(suffix: str, *, metres: float, up: str) -> bytes:
    """A closed slab of 10 x 20 x 30 units with one corner in the origin, in a file of USD's own library."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, f"slab{'.usdc' if suffix == '.usdz' else suffix}"))
        stage = Usd.Stage.CreateNew(path)
        UsdGeom.SetStageMetersPerUnit(stage, metres)
        UsdGeom.SetStageUpAxis(stage, up)
        mesh = UsdGeom.Mesh.Define(stage, "/Slab")
        mesh.GetPrim().SetDisplayName("Plättchen")
        mesh.CreatePointsAttr([(x, y, z) for z in (0, 30) for y in (0, 20) for x in (0, 10)])
        mesh.CreateFaceVertexCountsAttr([4] * 6)
        mesh.CreateFaceVertexIndicesAttr(
            [0, 2, 3, 1, 4, 5, 7, 6, 0, 1, 5, 4, 2, 6, 7, 3, 0, 4, 6, 2, 1, 3, 7, 5]
        )  # fmt: skip
        mesh.CreateSubdivisionSchemeAttr("none")
        stage.SetDefaultPrim(mesh.GetPrim())
        stage.Save()
        if suffix == ".usdz":
            assert UsdUtils.CreateNewUsdzPackage(path, str(Path(folder, "slab.usdz")))
            path = str(Path(folder, "slab.usdz"))
        return Path(path).read_bytes()


def test_its_own_usdz_comes_back_with_tree_names_places_and_colours(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="A", label="Würfel ✓", length=10, width=20, height=30, color=RED)
    post(freecad, "/primitives/box", name="B", label="Deckel", location=[50, 0, 0], color=GREEN)
    post(freecad, "/groups", name="G", label="Gerät Ø", kind="part", objects=["A", "B"], location=[100, 0, 0])
    made = post(freecad, "/export", format="usdz", objects=["G"])["artifact"]
    stored = len(freecad.get("../artifacts", params={"limit": 1000}).json()["result"]["artifacts"])
    imported = post(freecad, "/import", artifact=made["id"])
    assert imported["format"] == "usdz"
    assert [each["code"] for each in imported["warnings"]] == ["converted"]
    by_label = {each["label"]: each for each in imported["objects"]}
    assert {label: each["color"] for label, each in by_label.items()} == {"Würfel ✓": RED, "Deckel": GREEN}
    box = by_label["Würfel ✓"]
    assert box["volume"] == pytest.approx(6000, rel=1e-5)
    assert box["bounding_box"]["min"] == pytest.approx([100, 0, 0], abs=1e-4)
    assert box["bounding_box"]["max"] == pytest.approx([110, 20, 30], abs=1e-4)
    assert get(freecad, f"/objects/{box['container']}")["label"] == "Gerät Ø"
    assert len(freecad.get("../artifacts", params={"limit": 1000}).json()["result"]["artifacts"]) == stored
    post(freecad, "/undo")
    assert freecad.get(f"/objects/{box['name']}").status_code == 404


@pytest.mark.parametrize("suffix", [".usda", ".usdc", ".usdz"])
@pytest.mark.parametrize(
    ("metres", "up", "size"),
    [(0.01, "Z", [100, 200, 300]), (1.0, "Y", [10_000, 30_000, 20_000]), (0.001, "Z", [10, 20, 30])],
)
def test_units_and_the_axis_up_are_those_of_the_file(
    freecad: httpx.Client, suffix: str, metres: float, up: str, size: list[float]
) -> None:
    (made,) = sent(freecad, f"slab{suffix}", slab(suffix, metres=metres, up=up))["objects"]
    assert made["label"] == "Plättchen"
    low, high = made["bounding_box"]["min"], made["bounding_box"]["max"]
    assert [b - a for a, b in zip(low, high, strict=True)] == pytest.approx(size, rel=1e-5)
    assert made["volume"] == pytest.approx(size[0] * size[1] * size[2], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("half.usdc", slab(".usdc", metres=1, up="Z")[:400], "unsupported_format"),
        ("empty.usda", b"#usda 1.0\n", "degenerate_result"),
        ("text.usdz", b"PK\x03\x04 and no more", "unsupported_format"),
    ],
)
def test_what_is_no_scene_is_refused_and_changes_nothing(
    freecad: httpx.Client, name: str, data: bytes, code: str
) -> None:
    refused(freecad.post("/import", files={"file": (name, data)}), code)
    assert get(freecad, "/objects")["total"] == 0
