"""Baking over HTTP: what the images show, that materials and exports use them, and what is missing where it is."""

from __future__ import annotations

import io
import random
from typing import Any

import httpx
import numpy
import pytest
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def pixels(http: httpx.Client, artifact: dict[str, Any]) -> numpy.ndarray[Any, Any]:
    """The picture of an artifact, its first row at the top."""
    with Image.open(io.BytesIO(http.get(artifact["url"]).content)) as picture:
        return numpy.asarray(picture.convert("RGB")).astype(int)


def noise(size: int) -> tuple[bytes, numpy.ndarray[Any, Any]]:
    values = numpy.frombuffer(random.Random(7).randbytes(size * size * 3), numpy.uint8).reshape(size, size, 3)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue(), values.astype(int)


@pytest.fixture
def board(blender: httpx.Client) -> httpx.Client:
    """A square that is called Board, of metal."""
    post(blender, "/materials", name="Metal", color=[0.5, 0.25, 1], metallic=1)
    post(blender, "/primitives/plane", name="Board", material="Metal")
    return blender


def exported(http: httpx.Client, blender: httpx.Client) -> dict[str, Any]:
    """The one material of the board's glTF file."""
    made = post(blender, "/export", format="gltf", objects=["Board"])
    (material,) = http.get(made["artifact"]["url"]).json()["materials"]
    return material


def test_a_bake_of_the_base_colour_is_the_texture_and_is_used(board: httpx.Client, http: httpx.Client) -> None:
    file, values = noise(32)
    board.post("/materials/Metal/texture", files={"file": ("noise.png", file)}).raise_for_status()
    made = post(board, "/objects/Board/bake", kind="base_color", size=32, margin=0)
    assert (made["width"], made["height"], made["materials"], made["map"]) == (32, 32, ["Metal"], "UVMap")
    assert numpy.abs(pixels(http, made["artifact"]) - values).max() == 0
    assert board.get("/materials/Metal").json()["result"]["textures"] == {"color": "Board base_color"}
    again = post(board, "/objects/Board/bake", kind="base_color", size=32, margin=0, use=False)
    assert again["artifact"]["sha256"] == made["artifact"]["sha256"]
    assert again["image"] is None
    assert "baseColorTexture" in exported(http, board)["pbrMetallicRoughness"]


def test_a_plain_colour_is_baked_as_it_is_even_of_a_metal(board: httpx.Client, http: httpx.Client) -> None:
    made = post(board, "/objects/Board/bake", kind="base_color", size=8)
    assert pixels(http, made["artifact"])[3, 3].tolist() == pytest.approx([188, 137, 255], abs=1)


def test_occlusion_normals_and_light_are_baked_and_used(board: httpx.Client, http: httpx.Client) -> None:
    post(board, "/primitives/cube", name="Roof", size=4, location=[2, 0, 2.01])
    occluded = post(board, "/objects/Board/bake", kind="ao", size=16, samples=32)
    shade = pixels(http, occluded["artifact"])[:, :, 0]
    assert shade[:, 12:].mean() < 30 < shade[:, :4].mean()
    normal = post(board, "/objects/Board/bake", kind="normal", size=8)
    assert pixels(http, normal["artifact"])[4, 4].tolist() == pytest.approx([128, 128, 255], abs=1)
    textures = board.get("/materials/Metal").json()["result"]["textures"]
    assert textures == {"occlusion": "Board ao", "normal": "Board normal"}
    assert {"occlusionTexture", "normalTexture"} <= exported(http, board).keys()
    lit = post(board, "/objects/Board/bake", kind="combined", size=8, samples=8)
    assert lit["image"] == "Board combined"
    assert "emission" in board.get("/materials/Metal").json()["result"]["textures"]
    answer = board.delete("/materials/Metal/texture", params={"slot": "occlusion"})
    assert "occlusion" not in answer.json()["result"]["textures"]


def test_the_normals_of_a_detailed_mesh_are_baked_onto_a_plain_one(board: httpx.Client, http: httpx.Client) -> None:
    points = [[-1, -1, 0.01], [0, -1, 0.3], [0, 1, 0.3], [-1, 1, 0.01], [1, -1, 0.01], [1, 1, 0.01]]
    post(board, "/meshes", name="Ridge", vertices=points, faces=[[0, 1, 2, 3], [1, 4, 5, 2]])
    made = post(board, "/objects/Board/bake", kind="normal", size=16, sources=["Ridge"], extrusion=0.5, margin=0)
    red = pixels(http, made["artifact"])[8, :, 0]
    assert red[4] < 110
    assert red[12] > 145


def test_a_shared_material_is_copied_and_a_bake_is_undone(board: httpx.Client) -> None:
    post(board, "/primitives/plane", name="Other", material="Metal")
    made = post(board, "/objects/Board/bake", kind="ao", size=8, samples=1)
    assert [warning["code"] for warning in made["warnings"]] == ["material_copied"]
    assert made["materials"] == ["Metal.Board"]
    assert board.get("/objects/Other").json()["result"]["materials"] == ["Metal"]
    assert board.get("/materials/Metal").json()["result"]["textures"] == {}
    assert post(board, "/undo")["undone"] == "bake.image"
    assert board.get("/objects/Board").json()["result"]["materials"] == ["Metal"]
    assert "Metal.Board" not in [each["name"] for each in board.get("/materials").json()["result"]["materials"]]


def test_a_baked_image_is_there_again_after_a_restart(board: httpx.Client, gateway: Gateway) -> None:
    post(board, "/objects/Board/bake", kind="normal", size=8)
    read = "[round(x, 3) for x in bpy.data.images['Board normal'].pixels[:4]]"
    before = evaluate(gateway, read)
    pid = gateway.application_pid("blender")
    assert board.post("/restart").status_code == 202
    eventually(lambda: is_another(gateway.health("blender").get("result", {}), pid), what="another Blender")
    assert evaluate(gateway, read) == before == pytest.approx([0.502, 0.502, 1, 1], abs=0.005)
    assert board.get("/materials/Metal").json()["result"]["textures"] == {"normal": "Board normal"}


def test_what_is_missing_for_a_bake_is_named(board: httpx.Client) -> None:
    def refused(name: str, /, **body: Any) -> dict[str, Any]:
        answer = board.post(f"/objects/{name}/bake", json=body)
        assert answer.status_code == 422, answer.text
        return answer.json()["error"]

    post(board, "/meshes", name="Bare", vertices=[[0, 0, 0], [1, 0, 0], [0, 1, 0]], faces=[[0, 1, 2]])
    error = refused("Bare")
    assert error["details"]["missing"] == "uv_map"
    assert "/objects/Bare/uv" in error["message"]
    post(board, "/objects/Bare/uv")
    assert refused("Bare")["details"]["missing"] == "material"
    assert refused("Board", size=60000)["code"] == "limit_exceeded"
    assert refused("Board", sources=["Board"])["code"] == "validation_error"
    assert refused("Board", kind="dirt")["code"] == "validation_error"
    assert board.post("/objects/Board/bake", json={"map": "UVMop"}).json()["error"]["code"] == "uv_map_not_found"
