"""UV maps over HTTP: unwrapped by every method, measured, and refused where there is nothing to unwrap."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

METHODS = ["smart", "angle", "cube", "cylinder", "sphere"]


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.mark.parametrize("method", ["smart", "angle", "cube"])
def test_a_cube_has_six_islands_without_overlap(blender: httpx.Client, method: str) -> None:
    post(blender, "/primitives/cube", name="Box")
    made = post(blender, "/objects/Box/uv", method=method)
    assert (made["islands"], made["overlap"], made["outside"], made["stretch"]) == (6, 0, 0, 0)
    assert 0.5 < made["coverage"] < 1
    assert blender.get("/objects/Box/uv").json()["result"] == made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["sphere", "cylinder", "torus", "monkey"])
def test_every_shape_is_unwrapped_by_every_method_into_the_square(
    blender: httpx.Client, kind: str, method: str
) -> None:
    name = post(blender, f"/primitives/{kind}")["name"]
    before = blender.get(f"/objects/{name}").json()["result"]
    made = post(blender, f"/objects/{name}/uv", method=method, map="Second")
    assert made["map"] == "Second"
    assert made["maps"][-1] == "Second"
    assert made["outside"] == 0
    assert made["islands"] >= 1
    if method in ("smart", "angle"):
        assert made["overlap"] <= 0.02, "what remains is warned of"
    if (kind, method) in (("sphere", "sphere"), ("cylinder", "cylinder")):
        assert made["overlap"] == 0
        assert made["coverage"] > 0.4
    assert {warning["code"] for warning in made.get("warnings", [])} <= {"overlap", "degenerate_uvs"}
    after = blender.get(f"/objects/{name}").json()["result"]
    assert {**after, "revision": ""} == {**before, "revision": ""}


def test_a_cylinder_has_a_side_and_two_caps_of_their_true_shape(blender: httpx.Client) -> None:
    post(blender, "/primitives/cylinder", name="Rod")
    made = post(blender, "/objects/Rod/uv", method="cylinder")
    assert made["islands"] == 3
    assert made["stretch"] < 0.01


def test_the_measures_are_those_of_a_known_map(blender: httpx.Client, gateway: Gateway) -> None:
    square = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    far = [[x + 5, y, z] for x, y, z in square]
    uvs = [[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]
    post(blender, "/meshes", name="Two", vertices=square + far, faces=[[0, 1, 2, 3], [4, 5, 6, 7]], uvs=uvs + uvs)
    made = blender.get("/objects/Two/uv").json()["result"]
    assert (made["islands"], made["overlap"], made["stretch"]) == (2, 1, 0)
    assert made["coverage"] == pytest.approx(0.25, abs=0.002)
    assert [warning["code"] for warning in made["warnings"]] == ["overlap"]
    half = [[u * 2 + 0.5, v] for u, v in uvs]
    post(blender, "/meshes", name="Out", vertices=square, faces=[[0, 1, 2, 3]], uvs=half)
    out = blender.get("/objects/Out/uv").json()["result"]
    assert out["outside"] == pytest.approx(0.5, abs=0.01)
    assert out["stretch"] == pytest.approx(((4 + 1) / 2 / 2) ** 0.5 - 1, abs=1e-3)
    assert evaluate(gateway, "len(bpy.data.meshes)") == 2, "no copy is left behind"


def test_seams_of_the_mesh_decide_and_shape_keys_stay(blender: httpx.Client, gateway: Gateway) -> None:
    post(blender, "/primitives/cube", name="Box")
    evaluate(gateway, "o = bpy.data.objects['Box']\no.shape_key_add()\no.shape_key_add(name='Tall').data[0].co.z")
    evaluate(gateway, "m = bpy.data.meshes['Box']\nfor e in m.edges[:7]: e.use_seam = True\nlen(m.edges)")
    made = post(blender, "/objects/Box/uv", method="angle")
    assert made["islands"] < 6
    assert evaluate(gateway, "len(bpy.data.objects['Box'].data.shape_keys.key_blocks)") == 2
    assert post(blender, "/undo")["undone"] == "uv.unwrap"


def test_what_has_no_faces_or_no_map_says_so(blender: httpx.Client) -> None:
    post(blender, "/primitives/circle", name="Ring")
    post(blender, "/primitives/empty", name="Nothing")
    post(blender, "/meshes", name="Bare", vertices=[[0, 0, 0], [1, 0, 0], [0, 1, 0]], faces=[[0, 1, 2]])
    refused = blender.post("/objects/Ring/uv", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation_error")
    assert blender.post("/objects/Nothing/uv", json={}).status_code == 422
    none = blender.get("/objects/Bare/uv")
    assert (none.status_code, none.json()["error"]["code"]) == (404, "uv_map_not_found")
    assert post(blender, "/objects/Bare/uv")["map"] == "UVMap"
    other = blender.get("/objects/Bare/uv", params={"map": "UVMop"})
    assert other.json()["error"]["details"]["did_you_mean"] == ["UVMap"]


@pytest.mark.parametrize("method", ["smart", "angle"])
@pytest.mark.parametrize(("size", "scale"), [(1e-3, 1), (2, 1), (1e9, 1), (1e9, 10)])
def test_a_mesh_of_any_size_is_unwrapped_with_the_gap_that_was_asked_for(
    blender: httpx.Client, gateway: Gateway, method: str, size: float, scale: float
) -> None:
    """Blender's own operators lay a cube of 1e9 out without gaps, and with one of 1e10 never come to an end."""
    post(blender, "/primitives/cube", name="Sized", size=size, scale=[scale] * 3)
    post(blender, "/objects/Sized/apply")
    assert post(blender, "/objects/Sized/uv", method=method, margin=0.03)["islands"] == 6
    corners = evaluate(
        gateway,
        "import bpy\nmesh = bpy.data.objects['Sized'].data\n"
        "[[list(mesh.uv_layers.active.uv[i].vector) for i in face.loop_indices] for face in mesh.polygons]",
    )
    boxes = [(*map(min, zip(*face, strict=True)), *map(max, zip(*face, strict=True))) for face in corners]
    gaps = [
        max(one[0] - two[2], two[0] - one[2], one[1] - two[3], two[1] - one[3])
        for one, two in itertools.combinations(boxes, 2)
    ]
    assert min(gaps) == pytest.approx(0.03, rel=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_a_mesh_with_several_maps_gets_another_one_and_keeps_the_others(blender: httpx.Client, method: str) -> None:
    post(blender, "/primitives/cube", name="Box")
    names = ["UVMap", "A1", "A2", "A3", "A4"]
    for name, way in zip(names, ["cube", "sphere", "cylinder", "sphere", "cylinder"], strict=True):
        post(blender, "/objects/Box/uv", method=way, map=name)
    first = {name: blender.get("/objects/Box/uv", params={"map": name}).json()["result"] for name in names}
    for name in ("A5", "A2", "UVMap"):
        made = post(blender, "/objects/Box/uv", method=method, map=name)
        assert (made["map"], made["maps"]) == (name, [*names, "A5"])
        if method in ("smart", "angle", "cube"):
            assert (made["islands"], made["overlap"], made["stretch"]) == (6, 0, 0)
    for name in ("A1", "A3", "A4"):
        kept = blender.get("/objects/Box/uv", params={"map": name}).json()["result"]
        assert {**kept, "maps": []} == {**first[name], "maps": []}
