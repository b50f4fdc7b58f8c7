"""Meshes that a client made itself: as JSON, as raw arrays, and what Blender would repair is refused."""

from __future__ import annotations

import struct
from array import array
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

PYRAMID: dict[str, Any] = {
    "vertices": [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1.5]],
    "faces": [[3, 2, 1, 0], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
}
READ = """
mesh = bpy.data.objects['Made'].data
[[list(vertex.co) for vertex in mesh.vertices], [list(face.vertices) for face in mesh.polygons]]
"""


def raw(vertices: list[list[float]], faces: list[list[int]]) -> bytes:
    """The binary form, as the documentation of the route describes it."""
    header = struct.pack("<4sIII", b"CGM1", len(vertices), len(faces), sum(map(len, faces)))
    positions = b"".join(struct.pack("<3f", *vertex) for vertex in vertices)
    sizes = b"".join(struct.pack("<I", len(face)) for face in faces)
    corners = b"".join(struct.pack("<I", index) for face in faces for index in face)
    return header + positions + sizes + corners


def sheet(side: int) -> dict[str, Any]:
    """A square of `side` x `side` vertices."""
    return {
        "vertices": [[x * 0.5, y * 0.5, (x * y % 7) * 0.25] for x in range(side) for y in range(side)],
        "faces": [
            [x * side + y, (x + 1) * side + y, (x + 1) * side + y + 1, x * side + y + 1]
            for x in range(side - 1)
            for y in range(side - 1)
        ],
    }


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def total(blender: httpx.Client) -> int:
    return blender.get("/objects").json()["result"]["total"]


def test_a_mesh_has_exactly_the_vertices_and_faces_that_were_sent(blender: httpx.Client, gateway: Gateway) -> None:
    blender.post("/materials", json={"name": "Red"})
    body = {**PYRAMID, "name": "Made", "location": [0, 0, 2], "scale": [2, 2, 2], "material": "Red"}
    answer = blender.post("/meshes", json=body)
    assert answer.status_code == 201, answer.text
    info = answer.json()["result"]
    assert (info["vertices"], info["edges"], info["faces"]) == (5, 8, 5)
    assert (info["dimensions"], info["location"], info["materials"]) == ([4.0, 4.0, 3.0], [0.0, 0.0, 2.0], ["Red"])
    assert evaluate(gateway, READ) == [PYRAMID["vertices"], PYRAMID["faces"]]
    assert blender.get("/objects/Made").json()["result"] == info


def test_loose_vertices_and_edges_are_a_mesh_too(blender: httpx.Client) -> None:
    body = {"vertices": [[0, 0, 0], [1, 0, 0], [2, 0, 0]], "faces": [], "edges": [[0, 1]]}
    info = blender.post("/meshes", json=body).json()["result"]
    assert (info["vertices"], info["edges"], info["faces"], info["name"]) == (3, 1, 0, "Mesh")


@pytest.mark.parametrize("multipart", [False, True])
def test_raw_arrays_make_the_same_mesh(blender: httpx.Client, gateway: Gateway, multipart: bool) -> None:
    data = raw(PYRAMID["vertices"], PYRAMID["faces"])
    query = {"name": "Made", "smooth": "true"}
    if multipart:
        answer = blender.post("/meshes", params=query, files={"file": ("pyramid.cgm", data)})
    else:
        answer = blender.post(
            "/meshes", params=query, content=data, headers={"Content-Type": "application/octet-stream"}
        )
    assert answer.status_code == 201, answer.text
    assert answer.json()["result"]["faces"] == 5
    assert evaluate(gateway, READ) == [PYRAMID["vertices"], PYRAMID["faces"]]
    assert evaluate(gateway, "all(face.use_smooth for face in bpy.data.objects['Made'].data.polygons)") is True


def test_a_large_mesh_as_json_is_the_mesh_that_was_sent(blender: httpx.Client, gateway: Gateway) -> None:
    mesh = sheet(80)
    before = len(blender.get("/../artifacts").json()["result"]["artifacts"])
    answer = blender.post("/meshes", json={**mesh, "name": "Made", "location": [1, 2, 3], "rotation": [0, 0, 45]})
    assert answer.status_code == 201, answer.text
    info = answer.json()["result"]
    assert (info["vertices"], info["faces"]) == (6400, 79 * 79)
    assert (info["location"], info["rotation"]) == ([1.0, 2.0, 3.0], [0.0, 0.0, 45.0])
    assert evaluate(gateway, READ) == [mesh["vertices"], mesh["faces"]]
    assert len(blender.get("/../artifacts").json()["result"]["artifacts"]) == before


@pytest.mark.parametrize(
    "change",
    [
        {"vertices": []},
        {"vertices": [[0, 0]]},
        {"vertices": [[0, 0, "1"]]},
        {"vertices": [[0, 0, 1e30], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2]]},
        {"faces": [[0, 1]]},
        {"faces": [[0, 1, 5]]},
        {"faces": [[0, 1, -1]]},
        {"faces": [[0, 1, 1.5]]},
        {"faces": [[0, 1, 1]]},
        {"faces": [[0, 1, 4], [0, 1, 4]]},
        {"edges": [[0, 9]]},
        {"edges": [[0, 1, 2]]},
        {"faces": None},
        {"normals": []},
        {"name": ""},
    ],
)
def test_a_mesh_that_cannot_be_is_refused_and_not_made(
    blender: httpx.Client, gateway: Gateway, change: dict[str, Any]
) -> None:
    assert code(blender.post("/meshes", json={**PYRAMID, **change})) == (422, "validation_error")
    assert total(blender) == 0
    assert evaluate(gateway, "len(bpy.data.meshes)") == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (422, "unsupported_format")),
        (b"solid cube", (422, "unsupported_format")),
        (raw(PYRAMID["vertices"], PYRAMID["faces"])[:-1], (422, "unsupported_format")),
        (raw(PYRAMID["vertices"], PYRAMID["faces"]) + b"\0", (422, "unsupported_format")),
        (raw([[0, 0, float("nan")]], []), (422, "validation_error")),
        (raw([[0, 0, float("inf")]], []), (422, "validation_error")),
        (raw([], []), (422, "validation_error")),
        (raw(PYRAMID["vertices"], [[0, 1]]), (422, "validation_error")),
        (raw(PYRAMID["vertices"], [[0, 1, 9]]), (422, "validation_error")),
        (raw(PYRAMID["vertices"], [[0, 1, 1]]), (422, "validation_error")),
        (struct.pack("<4sIII", b"CGM1", 4_000_000_000, 0, 0), (422, "unsupported_format")),
    ],
)
def test_raw_arrays_that_are_no_mesh_are_refused(
    blender: httpx.Client, gateway: Gateway, data: bytes, expected: tuple[int, str]
) -> None:
    answer = blender.post("/meshes", content=data, headers={"Content-Type": "application/octet-stream"})
    assert code(answer) == expected
    assert total(blender) == 0
    assert evaluate(gateway, "len(bpy.data.meshes)") == 0


def test_more_vertices_than_the_limit_are_refused(blender: httpx.Client) -> None:
    count = 5_000_001
    data = struct.pack("<4sIII", b"CGM1", count, 0, 0) + array("f", [0.0]).tobytes() * 3 * count
    answer = blender.post("/meshes", content=data, headers={"Content-Type": "application/octet-stream"})
    assert code(answer) == (422, "limit_exceeded")
    assert answer.json()["error"]["details"]["limit"] == "max_vertices"
    assert total(blender) == 0


def test_a_taken_name_leaves_no_mesh_behind(blender: httpx.Client, gateway: Gateway) -> None:
    blender.post("/meshes", json={**PYRAMID, "name": "Made"})
    assert code(blender.post("/meshes", json={**PYRAMID, "name": "Made"})) == (409, "name_taken")
    replaced = blender.post("/meshes", json={**PYRAMID, "name": "Made", "on_conflict": "replace"}).json()["result"]
    assert replaced["name"] == "Made"
    assert evaluate(gateway, "[mesh.name for mesh in bpy.data.meshes]") == ["Made"]


def test_a_body_of_another_type_is_415(blender: httpx.Client) -> None:
    answer = blender.post("/meshes", content=b"v 0 0 0", headers={"Content-Type": "text/plain"})
    assert code(answer) == (415, "unsupported_media_type")
