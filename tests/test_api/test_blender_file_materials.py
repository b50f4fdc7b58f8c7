"""Materials in files: pictures with factors and of one channel, and what no file can hold."""

from __future__ import annotations

import io
from typing import Any, cast

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


def test_only_the_pictures_that_the_materials_name_come_with_an_obj_file(box: httpx.Client, http: httpx.Client) -> None:
    textured(box, "color", (10, 20, 30))
    post(box, "/materials", name="Unused")
    assert box.post("/world/image", files={"file": ("sky.png", png((9, 9, 9)))}).status_code in (200, 201)
    unused = {"file": ("unused.png", png((8, 8, 8)))}
    assert box.post("/materials/Unused/texture", params={"slot": "color"}, files=unused).status_code == 200
    post(box, "/primitives/cube", name="Plain", location=[5, 0, 0])
    for format, files in {"obj": ["map.png", "scene.mtl"], "usd": ["textures/map.png"], "fbx": []}.items():
        assert [each["name"] for each in post(box, "/export", format=format)["related"]] == files
    plain = post(box, "/export", format="obj", objects=["Plain"])
    assert [each["name"] for each in plain["related"]] == ["scene.mtl"]
    assert "map_" not in http.get(plain["related"][0]["url"]).text


@pytest.mark.parametrize("format", ["obj", "usd", "fbx"])
def test_pictures_of_the_same_file_name_stay_apart(blender: httpx.Client, http: httpx.Client, format: str) -> None:
    colors = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]
    names = ["map.png", "map.png", "map.png", "map.PNG"]
    for number, (name, color) in enumerate(zip(names, colors, strict=True)):
        post(blender, "/materials", name=f"M{number}")
        post(blender, "/primitives/cube", name=f"C{number}", location=[3 * number, 0, 0], material=f"M{number}")
        files = {"file": (name, png(color))}
        assert blender.post(f"/materials/M{number}/texture", files=files).status_code == 200
    made = post(blender, "/export", format=format)
    if format == "obj":
        assert named_pictures(http, made) == {f"M{number}": color for number, color in enumerate(colors)}
    elif format == "usd":
        pictures = [http.get(each["url"]).content for each in made["related"]]
        assert sorted(middle(each) for each in pictures) == sorted(colors)
    else:
        content = http.get(made["artifact"]["url"]).content
        assert {color: content.count(png(color)) for color in colors} == dict.fromkeys(colors, 1)


def middle(content: bytes) -> tuple[int, ...]:
    with Image.open(io.BytesIO(content)) as opened:
        return cast("tuple[int, ...]", opened.convert("RGB").getpixel((1, 1)))


def named_pictures(http: httpx.Client, made: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """The colour of the picture of each material of an .mtl file."""
    files = {each["name"]: http.get(each["url"]).content for each in made["related"]}
    found: dict[str, tuple[int, ...]] = {}
    material = ""
    for line in files["scene.mtl"].decode().splitlines():
        word, _, rest = line.partition(" ")
        if word == "newmtl":
            material = rest
        elif word == "map_Kd":
            found[material] = middle(files[rest])
    return found


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
