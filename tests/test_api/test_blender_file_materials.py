"""Materials in files: pictures with factors and of one channel, and what no file can hold."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import png


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.fixture
def box(blender: httpx.Client) -> httpx.Client:
    post(blender, "/materials", name="Skin")
    post(blender, "/primitives/cube", name="Box", material="Skin")
    return blender


def textured(client: httpx.Client, slot: str, color: tuple[int, int, int]) -> None:
    files = {"file": ("map.png", png(color))}
    assert client.post("/materials/Skin/texture", params={"slot": slot}, files=files).status_code == 200


def picture(http: httpx.Client, made: dict[str, Any], word: str) -> Any:
    """A pixel of the picture that the .mtl file names."""
    files = {each["name"]: http.get(each["url"]).content for each in made["related"]}
    (material,) = (content.decode() for name, content in files.items() if name.endswith(".mtl"))
    (line,) = [line for line in material.splitlines() if line.startswith(word + " ")]
    with Image.open(io.BytesIO(files[line.partition(" ")[2]])) as opened:
        return opened.convert("RGB").getpixel((1, 1))


def test_a_roughness_with_a_factor_is_a_picture_of_both(box: httpx.Client, http: httpx.Client) -> None:
    textured(box, "roughness", (200, 200, 200))
    assert box.patch("/materials/Skin", json={"roughness": 0.5}).status_code == 200
    made = post(box, "/export", format="obj")
    assert picture(http, made, "map_Pr") == (100, 100, 100)
    assert made["warnings"] == []
    assert box.get("/materials/Skin").json()["result"]["roughness"] == 0.5


def test_pictures_of_what_an_instance_shows_are_fitted_too(box: httpx.Client, http: httpx.Client) -> None:
    textured(box, "roughness", (200, 200, 200))
    assert box.patch("/materials/Skin", json={"roughness": 0.5}).status_code == 200
    post(box, "/collections", name="Boxes")
    assert box.post("/collections/Boxes/objects", json={"objects": ["Box"]}).status_code == 200
    post(box, "/collections/Boxes/instances", name="Again", location=[5, 0, 0])
    assert picture(http, post(box, "/export", format="obj", objects=["Again"]), "map_Pr") == (100, 100, 100)


def test_one_channel_of_a_picture_is_a_picture_of_its_own(
    box: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    textured(box, "metallic", (40, 80, 160))
    code = """
tree = bpy.data.materials["Skin"].node_tree
split, shader = tree.nodes.new("ShaderNodeSeparateColor"), tree.nodes["Principled BSDF"]
link = shader.inputs["Metallic"].links[0]
tree.links.new(link.from_socket, split.inputs[0])
tree.links.new(split.outputs["Blue"], shader.inputs["Metallic"])
None
"""
    evaluate(gateway, code)
    made = post(box, "/export", format="obj")
    assert picture(http, made, "map_Pm") == (160, 160, 160)
    assert made["warnings"] == []


@pytest.mark.parametrize("format", ["obj", "fbx", "usd", "glb"])
def test_what_nodes_compute_is_a_warning_that_names_the_object(
    box: httpx.Client, gateway: Gateway, format: str
) -> None:
    code = """
tree = bpy.data.materials["Skin"].node_tree
noise = tree.nodes.new("ShaderNodeTexNoise")
tree.links.new(noise.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
None
"""
    evaluate(gateway, code)
    (warning,) = post(box, "/export", format=format)["warnings"]
    assert warning["code"] == "material_simplified"
    assert "color" in warning["message"]
    assert "'Skin'" in warning["message"]
    assert "'Box'" in warning["message"]
