"""glTF documents whose values are missing or of another type: refused by name, and the session is as it was."""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest

POINTS = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
TRIANGLE: dict[str, Any] = {
    "asset": {"version": "2.0"},
    "scene": 0,
    "scenes": [{"nodes": [0]}],
    "nodes": [{"mesh": 0, "name": "Triangle"}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
    "accessors": [
        {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]}
    ],
    "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 36}],
    "buffers": [{"byteLength": 36, "uri": "data:application/octet-stream;base64," + base64.b64encode(POINTS).decode()}],
}

CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "scenes that are texts": lambda document: document.update(scenes=["main"]),
    "scenes that are numbers": lambda document: document.update(scenes=[7]),
    "nodes of a scene that are a text": lambda document: document["scenes"][0].update(nodes="all"),
    "children that are a text": lambda document: document["nodes"][0].update(children="none"),
    "children that are not there": lambda document: document["nodes"][0].update(children=[99]),
    "a node that is null": lambda document: document.update(nodes=[None]),
    "a mesh that is null": lambda document: document.update(meshes=[None]),
    "meshes that are null": lambda document: document.update(meshes=None),
    "a mesh without primitives": lambda document: document.update(meshes=[{}]),
    "a primitive that is a text": lambda document: document["meshes"][0].update(primitives=["triangle"]),
    "attributes that are a list": lambda document: document["meshes"][0]["primitives"][0].update(attributes=[0]),
    "an accessor that is not there": lambda document: document["meshes"][0]["primitives"][0].update(indices=12),
    "an accessor without a count": lambda document: document["accessors"][0].pop("count"),
    "an accessor of an unknown type": lambda document: document["accessors"][0].update(type="VEC9"),
    "a matrix of three numbers": lambda document: document["nodes"][0].update(matrix=[1, 2, 3]),
    "a translation of texts": lambda document: document["nodes"][0].update(translation=["a", "b", "c"]),
    "a view that is not there": lambda document: document["accessors"][0].update(bufferView=5),
}


def sent(blender: httpx.Client, document: dict[str, Any]) -> httpx.Response:
    return blender.post("/import", files={"file": ("part.gltf", json.dumps(document).encode())})


def test_the_document_that_is_changed_below_is_right(blender: httpx.Client) -> None:
    assert sent(blender, TRIANGLE).json()["result"]["objects"][0]["vertices"] == 3


@pytest.mark.parametrize("change", CHANGES)
def test_a_document_with_a_value_of_another_type_is_refused(blender: httpx.Client, change: str) -> None:
    blender.post("/primitives/cube", json={"name": "Kept"})
    document = copy.deepcopy(TRIANGLE)
    CHANGES[change](document)
    answer = sent(blender, document)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] in ("unsupported_format", "command_failed", "degenerate_result"), answer.text
    assert [each["name"] for each in blender.get("/objects").json()["result"]["objects"]] == ["Kept"]
