"""A material's values are those that have effect: in the answer, in a render, in an exported file."""

from __future__ import annotations

import json
import struct
from typing import Any, cast

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import images_kept, pixel, png, rendered

ALL = ("color", "metallic", "roughness", "emission_color", "emission_strength", "alpha")


def texture(blender: httpx.Client, slot: str, data: bytes | None = None) -> dict[str, Any]:
    file = {"file": (f"{slot}.png", data or png((255, 255, 255)))}
    answer = blender.post("/materials/M/texture", params={"slot": slot}, files=file)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def patched(blender: httpx.Client, **values: Any) -> dict[str, Any]:
    answer = blender.patch("/materials/M", json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def get(blender: httpx.Client, name: str = "M") -> dict[str, Any]:
    return blender.get(f"/materials/{name}").json()["result"]


def gltf(data: bytes) -> dict[str, Any]:
    """The JSON of a .glb file."""
    (size,) = struct.unpack_from("<I", data, 12)
    return cast("dict[str, Any]", json.loads(data[20 : 20 + size]))


def exported(blender: httpx.Client) -> dict[str, Any]:
    """The material of the exported object."""
    answer = blender.post("/export", json={"format": "glb"}, headers={"Accept": "model/gltf-binary"})
    assert answer.status_code == 200, answer.text
    return gltf(answer.content)["materials"][0]


def glb(material: dict[str, Any]) -> bytes:
    """A .glb file of one triangle with that material and a white picture, written by hand."""
    picture = png((255, 255, 255))
    points = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0) + struct.pack("<6f", 0, 0, 1, 0, 0, 1)
    data = points + picture + b"\0" * (-len(picture) % 4)
    views = [(0, 36), (36, 24), (60, len(picture))]
    document: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "T"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "material": 0}]}],
        "materials": [{"name": "M", **material}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": 2, "mimeType": "image/png", "name": "white"}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
            {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC2"},
        ],
        "bufferViews": [{"buffer": 0, "byteOffset": at, "byteLength": size} for at, size in views],
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    parts = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts


@pytest.fixture
def stage(blender: httpx.Client) -> httpx.Client:
    """A wall with material M that fills the camera's view, and nothing else that gives light."""
    blender.post("/materials", json={"name": "M", "color": "#000000"})
    blender.post("/primitives/plane", json={"name": "Wall", "size": 10, "rotation": [90, 0, 0], "material": "M"})
    blender.post("/camera", json={"location": [0, -5, 0], "look_at": [0, 0, 0]})
    blender.patch("/world", json={"strength": 0})
    return blender


SETS = [
    ("color", "color", [0.5, 0.25, 0.125, 1], ("pbrMetallicRoughness", "baseColorFactor"), [0.5, 0.25, 0.125, 1]),
    ("metallic", "metallic", 0.25, ("pbrMetallicRoughness", "metallicFactor"), 0.25),
    ("roughness", "roughness", 0.75, ("pbrMetallicRoughness", "roughnessFactor"), 0.75),
    ("emission", "emission_color", [0.5, 0.25, 0.125, 1], ("emissiveFactor",), [0.5, 0.25, 0.125]),
    ("alpha", "alpha", 0.5, ("pbrMetallicRoughness", "baseColorFactor"), None),
]


@pytest.mark.parametrize(("slot", "field", "value", "path", "factor"), SETS)
def test_a_value_beside_a_texture_is_its_factor_in_answers_and_files(
    stage: httpx.Client, slot: str, field: str, value: Any, path: tuple[str, ...], factor: Any
) -> None:
    textured = texture(stage, slot)
    assert textured[field] == ([1, 1, 1, 1] if isinstance(value, list) else 1)

    changed = patched(stage, **{field: value})

    assert changed[field] == value
    assert changed["textures"] == textured["textures"]
    assert changed["warnings"] == []
    assert get(stage)[field] == value
    found: Any = exported(stage)
    if factor is not None:
        for key in path:
            found = found[key]
        assert found == pytest.approx(factor, abs=1e-6)
    again = patched(stage, **{field: value})
    assert (again[field], again["textures"]) == (value, textured["textures"])


def test_a_factor_is_seen_in_the_picture_and_can_be_changed(stage: httpx.Client) -> None:
    texture(stage, "emission")
    patched(stage, emission_color=[1, 0, 0])
    red = pixel(rendered(stage))
    patched(stage, emission_color=[0, 0, 1])
    blue = pixel(rendered(stage))

    assert red[0] > 150 > 100 > red[2]
    assert blue[2] > 150 > 100 > blue[0]


@pytest.mark.parametrize("field", ALL)
def test_what_another_node_makes_is_told_and_is_unlinked_with_a_warning_when_it_is_set(
    stage: httpx.Client, gateway: Gateway, field: str
) -> None:
    socket = {"color": "Base Color"}.get(field, field.replace("_", " ").title())
    code = f"""
tree = bpy.data.materials["M"].node_tree
noise = tree.nodes.new("ShaderNodeTexNoise")
made = noise.outputs["Color" if {"color" in field} else "Fac"]
tree.links.new(made, tree.nodes["Principled BSDF"].inputs[{socket!r}])
1
"""
    evaluate(gateway, code)
    before = get(stage)
    assert (before[field], before["linked"]) == (None, [field])
    assert blender_list(stage)[0]["linked"] == [field]

    value = [0.5, 0.5, 0.5, 1] if "color" in field else 0.5
    changed = patched(stage, **{field: value})

    assert (changed[field], changed["linked"]) == (value, [])
    assert [each["code"] for each in changed["warnings"]] == ["unlinked"]
    assert field in changed["warnings"][0]["message"]
    linked = f"bool(bpy.data.materials['M'].node_tree.nodes['Principled BSDF'].inputs[{socket!r}].links)"
    assert evaluate(gateway, linked) is False


def blender_list(blender: httpx.Client) -> list[dict[str, Any]]:
    return blender.get("/materials").json()["result"]["materials"]


IMPORTED = [
    ({"pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.25, 0.125, 1], "baseColorTexture": {"index": 0}}},
     {"color": [0.5, 0.25, 0.125, 1], "textures": {"color"}}),
    ({"alphaMode": "BLEND",
      "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.25], "baseColorTexture": {"index": 0}}},
     {"alpha": 0.25, "color": [1, 1, 1, 1], "textures": {"color", "alpha"}}),
    ({"pbrMetallicRoughness": {
        "metallicFactor": 0.25, "roughnessFactor": 0.75, "metallicRoughnessTexture": {"index": 0}}},
     {"metallic": 0.25, "roughness": 0.75, "textures": {"metallic", "roughness"}}),
    ({"emissiveFactor": [0.5, 0.25, 0.125], "emissiveTexture": {"index": 0}},
     {"emission_color": [0.5, 0.25, 0.125, 1], "emission_strength": 1, "textures": {"emission"}}),
    ({"pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.25, 0.125, 1]}},
     {"color": [0.5, 0.25, 0.125, 1], "textures": set[str]()}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), IMPORTED)
def test_an_imported_factor_and_its_texture_are_told(
    blender: httpx.Client, source: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert blender.post("/import", files={"file": ("m.glb", glb(source))}).status_code == 200

    found = get(blender)

    assert set(found["textures"]) == expected["textures"]
    assert found["linked"] == []
    for field in expected.keys() - {"textures"}:
        assert found[field] == pytest.approx(expected[field], abs=1e-6), field


def test_a_texture_leaves_its_slot_and_the_value_stays(stage: httpx.Client, gateway: Gateway) -> None:
    texture(stage, "color")
    texture(stage, "roughness")
    patched(stage, color=[0.5, 0.25, 0.125])

    answer = stage.delete("/materials/M/texture", params={"slot": "color"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["textures"] == {"roughness": "roughness.png"}
    assert get(stage)["color"] == [0.5, 0.25, 0.125, 1]
    assert "baseColorTexture" not in exported(stage)["pbrMetallicRoughness"]
    assert images_kept(gateway) == ["roughness.png"]
    again = stage.delete("/materials/M/texture", params={"slot": "color"})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "texture_not_found")
    assert stage.delete("/materials/M/texture", params={"slot": "normal"}).status_code == 404


def test_a_texture_that_leaves_can_be_taken_back(stage: httpx.Client) -> None:
    before = texture(stage, "color")
    stage.delete("/materials/M/texture")

    assert get(stage)["color"] == [0, 0, 0, 1]
    assert stage.post("/undo").status_code == 200
    assert get(stage)["textures"] == before["textures"]


def test_values_of_a_shader_without_effect_are_not_told_as_the_materials(stage: httpx.Client, gateway: Gateway) -> None:
    evaluate(
        gateway,
        "t = bpy.data.materials['M'].node_tree; e = t.nodes.new('ShaderNodeEmission')\n"
        "t.links.new(e.outputs[0], t.nodes['Material Output'].inputs['Surface']); 1",
    )

    answer = stage.patch("/materials/M", json={"color": [1, 0, 0]})

    assert set(get(stage)["linked"]) == set(ALL)
    assert [get(stage)[field] for field in ALL] == [None] * len(ALL)
    assert answer.status_code == 422
    assert "Principled" in answer.json()["error"]["message"]


def test_two_slots_of_one_material_have_factors_of_their_own(stage: httpx.Client) -> None:
    for slot in ("color", "emission"):
        texture(stage, slot)
    changed = patched(stage, color=[0.5, 0.5, 0.5], emission_color=[0.25, 0.25, 0.25])

    assert changed["color"] == [0.5, 0.5, 0.5, 1]
    assert changed["emission_color"] == [0.25, 0.25, 0.25, 1]
