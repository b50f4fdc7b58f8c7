"""3MF with the colours of objects and faces and the tree as components, and colours of 3MF files read again."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.freecad_calls import get, post
from tests.test_api.test_freecad_scenes import BLUE, CLEAR, GREEN, RED, TREE, fetch, stand

__all__ = ["stand"]
CORE = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"


class Model:
    """A 3MF, read by the words of its specification."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            root = ElementTree.fromstring(archive.read("3D/3dmodel.model"))
        assert root.get("unit") == "millimeter"
        self.groups = {
            each.get("id"): [base.get("displaycolor") or "" for base in each]
            for each in root.iter(f"{CORE}basematerials")
        }
        self.objects = {each.get("id"): each for each in root.iter(f"{CORE}object")}
        defined: list[Any] = []
        for number, each in self.objects.items():
            defined.append(number)
            assert all(part.get("objectid") in defined for part in each.iter(f"{CORE}component"))
        self.built = [each.get("objectid") for each in root.iter(f"{CORE}item")]
        self.tree = self._tree(self.built)

    def _tree(self, numbers: list[Any]) -> Any:
        found: dict[Any, Any] = {}
        for number in numbers:
            parts = [each.get("objectid") for each in self.objects[number].iter(f"{CORE}component")]
            found[self.objects[number].get("name")] = self._tree(parts) if parts else None
        return found

    def color(self, group: Any, index: Any) -> str:
        text = self.groups[group][int(index)].lower()
        return text[:7] if text.endswith("ff") else text

    def colors(self) -> dict[Any, Counter[str]]:
        """How many triangles of each mesh have which colour."""
        found: dict[Any, Counter[str]] = {}
        for each in self.objects.values():
            triangles = [*each.iter(f"{CORE}triangle")]
            if triangles:
                found[each.get("name")] = Counter(
                    self.color(one.get("pid") or each.get("pid"), one.get("p1") or each.get("pindex"))
                    for one in triangles
                    if each.get("pid") is not None
                )
        return found


def test_a_3mf_holds_tree_names_and_colours_of_objects_and_faces(stand: httpx.Client) -> None:
    model = Model(fetch(stand, "3mf"))
    assert model.tree == TREE
    colors = model.colors()
    assert colors["Würfel ✓"] == {RED: 10, BLUE: 2}
    assert (set(colors["Scheibe"]), set(colors["Deckel"])) == ({GREEN}, {CLEAR})
    assert fetch(stand, "3mf") == fetch(stand, "3mf")


def test_a_cut_keeps_the_colours_of_its_faces_and_a_closed_mesh(stand: httpx.Client) -> None:
    post(stand, "/primitives/cylinder", name="Pin", radius=2, height=30, location=[300, 5, -5], color=GREEN)
    post(stand, "/primitives/box", name="Plate", length=20, location=[290, 0, 0], color=RED)
    drilled = post(stand, "/boolean/subtract", object1="Plate", object2="Pin", name="Drilled")
    made = post(stand, "/export", format="3mf", objects=["Drilled"], linear_deflection=0.01)
    assert made["warnings"] == []
    data = stand.get(f"../artifacts/{made['artifact']['id']}").content
    counts = Model(data).colors()["Drilled"]
    assert set(counts) == {RED, GREEN}
    read = stand.post("/import", files={"file": ("drilled.3mf", data)}).json()["result"]
    [mesh] = read["objects"]
    assert mesh["volume"] == pytest.approx(drilled["volume"], rel=1e-3)
    # A mesh has one colour here: those of single triangles are reported.
    assert [each["code"] for each in read["warnings"]] == ["colors_lost"]


def test_colours_of_objects_come_back(stand: httpx.Client) -> None:
    data = fetch(stand, "3mf", objects=["B", "C"])
    read = stand.post("/import", files={"file": ("two.3mf", data)}).json()["result"]
    assert read["warnings"] == []
    assert {each["label"]: each["color"] for each in read["objects"]} == {"Scheibe": GREEN, "Deckel": CLEAR}
    described = get(stand, f"/objects/{read['objects'][0]['name']}")
    assert described["bounding_box"]["min"] == pytest.approx([92, -8, 20], abs=0.1)


def test_what_has_no_colour_has_none_in_the_file(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    model = Model(fetch(freecad, "3mf"))
    assert (model.groups, model.tree, model.colors()) == ({}, {"Box": None}, {"Box": Counter()})
    top = {"type": "plane", "at": "top"}
    freecad.patch("/objects/Box", json={"face_colors": [{"faces": top, "color": BLUE}]}).raise_for_status()
    assert Model(fetch(freecad, "3mf")).colors() == {"Box": {"#cccccc": 10, BLUE: 2}}
