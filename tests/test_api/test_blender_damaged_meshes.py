"""Files whose faces have points that are not there: refused, whichever importer reads them, and nothing came."""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Callable

import httpx
import pytest
import zstandard

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_malformed_gltf import TRIANGLE

USD = """#usda 1.0
def Mesh "Fan"
{{
    int[] faceVertexCounts = [3]
    int[] faceVertexIndices = [{corners}]
    point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)]
}}
"""


def usd(corners: str) -> bytes:
    return USD.format(corners=corners).encode()


def ply(corners: str) -> bytes:
    head = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    faces = "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    return f"{head}{faces}0 0 0\n1 0 0\n0 1 0\n3 {corners}\n".encode()


def obj(corners: str) -> bytes:
    return f"o Fan\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf {corners}\n".encode()


def gltf(last: int) -> bytes:
    document = copy.deepcopy(TRIANGLE)
    indices = struct.pack("<3H", 0, 1, last)
    document["buffers"].append(
        {"byteLength": 6, "uri": "data:application/octet-stream;base64," + base64.b64encode(indices).decode()}
    )
    document["bufferViews"].append({"buffer": 1, "byteOffset": 0, "byteLength": 6})
    document["accessors"].append({"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"})
    document["meshes"][0]["primitives"][0]["indices"] = 1
    return json.dumps(document).encode()


RIGHT: dict[str, Callable[[], bytes]] = {
    "fan.usda": lambda: usd("0, 1, 2"),
    "fan.ply": lambda: ply("0 1 2"),
    "fan.obj": lambda: obj("1 2 3"),
    "fan.gltf": lambda: gltf(2),
}
DAMAGED: list[tuple[str, Callable[[], bytes]]] = [
    ("fan.usda", lambda: usd("0, 1, 512")),
    ("fan.usda", lambda: usd("0, 1, 4")),
    ("fan.usda", lambda: usd("0, 1, -3")),
    ("fan.usda", lambda: usd("0, 1, 2000000000")),
    ("fan.ply", lambda: ply("0 1 3")),
    ("fan.ply", lambda: ply("0 1 512")),
    ("fan.obj", lambda: obj("1 2 512")),
    ("fan.gltf", lambda: gltf(3)),
    ("fan.gltf", lambda: gltf(512)),
]


@pytest.mark.parametrize("name", RIGHT)
def test_the_file_without_the_damage_is_imported(blender: httpx.Client, name: str) -> None:
    answer = blender.post("/import", files={"file": (name, RIGHT[name]())})
    assert answer.status_code in (200, 201), answer.text
    assert [each["faces"] for each in answer.json()["result"]["objects"] if each["type"] == "MESH"] == [1]


@pytest.mark.parametrize(("name", "file"), DAMAGED)
def test_a_face_with_a_point_that_is_not_there_is_refused(
    blender: httpx.Client, name: str, file: Callable[[], bytes]
) -> None:
    answer = blender.post("/import", files={"file": (name, file())})
    assert answer.status_code == 422, answer.text
    assert blender.get("/objects").json()["result"]["total"] == 0
    assert blender.post("/primitives/cube", json={}).status_code == 201


def test_a_scene_with_a_frame_rate_of_zero_is_not_opened(blender: httpx.Client, gateway: Gateway) -> None:
    assert blender.patch("/scene", json={"fps": 29.97}).json()["result"]["fps"] == pytest.approx(29.97, abs=1e-3)
    artifact = blender.post("/scene/save", json={"filepath": "rate.blend"}).json()["result"]["artifact"]["id"]
    with gateway.client("/api/v1") as client:
        saved = client.get(f"/artifacts/{artifact}").content
    data = zstandard.ZstdDecompressor().stream_reader(saved, read_across_frames=True).read()
    base = struct.pack("<f", evaluate(gateway, "bpy.context.scene.render.fps_base"))
    assert base in data
    answer = blender.post("/scene/open", files={"file": ("rate.blend", data.replace(base, bytes(4)))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "degenerate_result"), answer.text
    assert "frame rate" in answer.json()["error"]["message"]
    right = blender.post("/scene/open", files={"file": ("rate.blend", data)})
    assert right.json()["result"]["fps"] == pytest.approx(29.97, abs=1e-3)
    assert blender.patch("/scene", json={"fps": 24}).status_code == 200
