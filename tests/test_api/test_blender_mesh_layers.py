"""Meshes with more than points, and pictures of chosen objects."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_mesh_operations import SQUARE, add, code, post

# --- meshes with more than points ----------------------------------------------------------------------------------


STATE = """
m = bpy.data.objects["Q"].data
[[list(u.vector) for u in m.uv_layers.active.uv],
 [[round(x, 2) for x in n.vector] for n in m.corner_normals],
 [[round(x, 3) for x in c.color] for c in m.color_attributes.active_color.data],
 m.color_attributes.active_color.domain]
"""


def test_uvs_normals_and_colours_of_vertices_and_of_corners_arrive(blender: httpx.Client, gateway: Gateway) -> None:
    up, slanted = [0, 0, 2], [0.6, 0, 0.8]
    uvs = [[0, 0], [1, 0], [1, 1], [0, 1]]
    post(
        blender, "/meshes", 201, **SQUARE, uvs=uvs, normals=[up, slanted, up, up], colors=["#ff0000"] + [[0, 1, 0]] * 3
    )
    found = evaluate(gateway, STATE)
    assert found[0] == [uvs[index] for index in (0, 1, 2, 2, 3, 0)]
    assert found[1] == [[0, 0, 1], [0.6, 0, 0.8], *[[0, 0, 1]] * 4]
    assert found[2:] == [[[1, 0, 0, 1], *[[0, 1, 0, 1]] * 3], "POINT"]

    corners = [[number / 8, 0.5] for number in range(6)]
    normals = [up, up, up, slanted, slanted, slanted]
    colors = [[number / 8, 0, 0, 0.5] for number in range(6)]
    more = {"uvs": corners, "normals": normals, "colors": colors, "on_conflict": "replace"}
    post(blender, "/meshes", 201, **SQUARE, **more)
    found = evaluate(gateway, STATE)
    assert found[0] == corners
    assert found[1] == [*[[0, 0, 1]] * 3, *[[0.6, 0, 0.8]] * 3]
    assert found[2:] == [colors, "CORNER"]


@pytest.mark.parametrize(
    "more", [{"uvs": [[0, 0]] * 5}, {"normals": [[0, 0, 0]] * 4}, {"colors": [[1, 1, 1]] * 7}, {"normals": [[0, 0, 1]]}]
)
def test_wrong_numbers_of_them_are_refused(blender: httpx.Client, more: dict[str, Any]) -> None:
    assert code(blender.post("/meshes", json={**SQUARE, **more})) == (422, "validation_error")
    assert blender.get("/objects").json()["result"]["total"] == 0


# --- pictures of chosen objects ------------------------------------------------------------------------------------


def preview(blender: httpx.Client, **params: Any) -> Image.Image:
    answer = blender.get("/render/preview", params={"width": 64, "height": 64, "transparent": True, **params})
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def covered(picture: Image.Image) -> float:
    """Which part of a transparent picture shows something."""
    alpha = picture.getchannel("A").tobytes()
    return sum(value > 127 for value in alpha) / len(alpha)


def test_only_chosen_objects_are_drawn_and_framed(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="Small", size=0.1)
    add(blender, "cube", name="Large", size=20, location=[30, 0, 0])
    blender.post("/camera", json={"location": [100, 0, 0], "look_at": [200, 0, 0]})
    before = blender.get("/objects").json()["result"]

    alone, large, nothing = preview(blender, objects="Small"), preview(blender, objects=["Large"]), preview(blender)

    assert covered(nothing) == 0
    assert covered(alone) > 0.3
    assert covered(alone) == pytest.approx(covered(large), abs=0.05)
    assert blender.get("/objects").json()["result"] == before
    body = {"objects": ["Small"], "resolution": [32, 32], "engine": "workbench", "samples": 1, "transparent": True}
    answer = blender.post("/render", json=body, headers={"Accept": "image/png"})
    assert covered(Image.open(io.BytesIO(answer.content))) > 0.3


def test_a_hidden_object_is_drawn_when_it_is_chosen(blender: httpx.Client) -> None:
    add(blender, "cube", name="A")
    blender.patch("/objects/A", json={"visible": False})
    assert covered(preview(blender)) == 0
    assert covered(preview(blender, objects="A")) > 0.3


def test_objects_that_show_nothing_or_are_not_there_are_refused(blender: httpx.Client) -> None:
    add(blender, "empty", name="E")
    assert code(blender.get("/render/preview", params={"objects": "Nope"})) == (404, "object_not_found")
    assert code(blender.get("/render/preview", params={"objects": "E"})) == (422, "validation_error")
    assert code(blender.post("/render", json={"objects": []})) == (422, "validation_error")
