"""glTF read into FreeCAD: meshes with names, colours, tree and places, in millimetres with Z up, or why not."""

from __future__ import annotations

import base64
import json
import struct
from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, refused
from tests.test_api.test_freecad_scenes import CLEAR, GREEN, TREE, fetch, stand

__all__ = ["stand"]
POINTS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
FACES = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]


def tetrahedron(**changed: Any) -> dict[str, Any]:
    """A tetrahedron with edges of 1 m, moved by 2 m along X in a node that is turned by 90 degrees about Y."""
    data = b"".join(struct.pack("<3f", *point) for point in POINTS) + struct.pack("<12H", *FACES)
    document: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "Außen", "rotation": [0, 0.7071067811865476, 0, 0.7071067811865476], "children": [1]},
            {"name": "Тетраэдр", "mesh": 0, "translation": [2, 0, 0]},
        ],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 12, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": 24},
        ],
        "buffers": [{"byteLength": len(data), "uri": "data:;base64," + base64.b64encode(data).decode()}],
    }
    return {**document, **changed}


def send(freecad: httpx.Client, document: dict[str, Any], name: str = "a.gltf") -> httpx.Response:
    return freecad.post("/import", files={"file": (name, json.dumps(document).encode())})


@pytest.mark.parametrize("format", ["glb", "gltf"])
def test_what_was_exported_comes_back_as_meshes_in_its_tree(stand: httpx.Client, format: str) -> None:
    data = fetch(stand, format, linear_deflection=0.01)
    post(stand, "/documents", name="Again")
    stand.post("/documents/Again/activate").raise_for_status()
    read = stand.post("/import", files={"file": (f"stand.{format}", data)}).json()["result"]
    assert read["format"] == format
    assert [each["code"] for each in read["warnings"]] == ["colors_lost"]  # the face of another colour
    meshes = {each["label"]: each for each in read["objects"]}
    assert {label: each["color"] for label, each in meshes.items()} == {
        "Würfel ✓": None,
        "Scheibe": GREEN,
        "Deckel": CLEAR,
    }
    assert [each["shape_type"] for each in read["objects"]] == ["Mesh"] * 3
    assert meshes["Würfel ✓"]["volume"] == pytest.approx(1000, rel=1e-5)
    assert meshes["Scheibe"]["volume"] == pytest.approx(pi * 64 * 3, rel=1e-3)
    assert meshes["Deckel"]["bounding_box"]["min"] == pytest.approx([100, 0, 40], abs=1e-3)
    inner = get(stand, f"/objects/{meshes['Scheibe']['container']}")
    outer = get(stand, f"/objects/{inner['container']}")
    assert {outer["label"]: {inner["label"]: None}} == {name: {"Träger": None} for name in TREE}


def test_a_foreign_scene_is_placed_coloured_and_named(freecad: httpx.Client) -> None:
    [mesh] = send(freecad, tetrahedron()).json()["result"]["objects"]
    assert (mesh["label"], mesh["color"]) == ("Тетраэдр", "#ff0000")
    assert mesh["volume"] == pytest.approx(1e9 / 6)
    # x = 2…3 turned about Y is z = -2…-3, which is y = 2…3 with Z up.
    assert mesh["bounding_box"]["min"] == pytest.approx([0, 2000, 0], abs=0.01)
    assert mesh["bounding_box"]["max"] == pytest.approx([1000, 3000, 1000], abs=0.01)
    assert get(freecad, f"/objects/{mesh['container']}")["label"] == "Außen"
    assert freecad.post("/undo").status_code == 200
    assert get(freecad, "/objects")["total"] == 0


ACCESSORS = tetrahedron()["accessors"]
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "draco": ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "KHR_draco_mesh_compression"),
    "another file": ({"buffers": [{"byteLength": 72, "uri": "points.bin"}]}, "points.bin"),
    "cut off": ({"buffers": [{"byteLength": 72, "uri": "data:;base64,AAAA"}]}, "cut off"),
    "a corner too many": ({"accessors": [{**ACCESSORS[0], "count": 3}, ACCESSORS[1]]}, "corner"),
    "a circle": ({"nodes": [{"children": [0], "mesh": 0}]}, "nested too deeply"),
    "a child of two": ({"nodes": [{"children": [1, 1]}, {"mesh": 0}]}, "in two others"),
    "no such node": ({"scenes": [{"nodes": [7]}]}, "damaged"),
    "version 1": ({"asset": {"version": "1.0"}}, "2.0"),
    "sparse": ({"accessors": [{**ACCESSORS[0], "sparse": {}}, ACCESSORS[1]]}, "sparse"),
    "a count of millions": ({"accessors": [{**ACCESSORS[0], "count": 10**9}, ACCESSORS[1]]}, "cut off"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_read_is_refused_with_the_reason(freecad: httpx.Client, case: str) -> None:
    changed, said = WRONG[case]
    assert said in refused(send(freecad, tetrahedron(**changed)), "unsupported_format")
    assert get(freecad, "/objects")["total"] == 0
