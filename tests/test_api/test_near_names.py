"""A word that differs in upper and lower case only is what was meant, wherever a word is looked up."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.rest_calls import post

BLENDER = [
    ("PATCH", "/data/OBJECTS/Box/location", {"value": [0, 0, 0]}, "objects"),
    ("PATCH", "/data/objects/bOX/location", {"value": [0, 0, 0]}, "Box"),
    ("PATCH", "/data/objects/Box/LOCATION", {"value": [0, 0, 0]}, "location"),
    ("PATCH", "/data/scenes/Scene/view_settings/view_transform", {"value": "STANDARD"}, "Standard"),
    ("PATCH", "/data/scenes/Scene/view_settings/view_transform", {"value": "aGx"}, "AgX"),
    ("PATCH", "/data/scenes/Scene/render/engine", {"value": "cycles"}, "CYCLES"),
    ("POST", "/operators/mesh.primitive_cube_add", {"properties": {"SIZE": 1}}, "size"),
    ("POST", "/operators/object.origin_set", {"properties": {"type": "geometry_origin"}}, "GEOMETRY_ORIGIN"),
    ("POST", "/objects/Box/animation", {"path": "LOCATION", "keys": [{"frame": 1, "value": [0, 0, 0]}]}, "location"),
    (
        "POST",
        "/objects/Box/animation",
        {"path": 'modifiers["bEVEL"].width', "keys": [{"frame": 1, "value": 1}]},
        "Bevel",
    ),
    ("PATCH", "/objects/Box/modifiers/Bevel", {"WIDTH": 1}, "width"),
    ("PATCH", "/objects/Box/constraints/Limit", {"INFLUENCE": 1}, "influence"),
    ("PATCH", "/data/objects/Box/data", {"value": "bOX"}, "Box"),
    ("POST", "/PRIMITIVES/CUBE", {}, "/api/v1/blender/primitives/cube"),
]

FREECAD = [
    ("PATCH", "/objects/Box", {"properties": {"LENGTH": 5}}, "Length"),
    ("PATCH", "/objects/Box", {"expressions": {"LENGTH": "5"}}, "Length"),
    ("PATCH", "/objects/Box", {"properties": {"MapMode": "flatFACE"}}, "FlatFace"),
    ("PATCH", "/parameters", {"WIDTH": None}, "Width"),
    ("PATCH", "/parameters", {"double": {"expression": "2 * wIDTH"}}, "Width"),
    ("PATCH", "/parameters", {"double": {"expression": "2 * bOX.Length"}}, "Box"),
    ("GET", "/types/part::BOX", None, "Part::Box"),
    ("POST", "/PRIMITIVES/BOX", {}, "/api/v1/freecad/primitives/box"),
]


def meant(client: httpx.Client, verb: str, path: str, body: Any) -> list[str]:
    refused = client.request(verb, path, json=body)
    assert refused.status_code in (404, 422), refused.text
    return refused.json()["error"]["details"]["did_you_mean"]


@pytest.mark.parametrize(("verb", "path", "body", "right"), BLENDER)
def test_a_word_of_blender_in_another_case_is_what_was_meant(
    blender: httpx.Client, verb: str, path: str, body: Any, right: str
) -> None:
    post(blender, "/primitives/cube", name="Box")
    post(blender, "/objects/Box/modifiers", type="bevel", name="Bevel")
    post(blender, "/objects/Box/constraints", type="limit_scale", name="Limit")
    assert meant(blender, verb, path, body)[0] == right


@pytest.mark.parametrize("path", ["/api/v1/BLENDER/scene", "/health/BLENDER"])
def test_an_adapter_in_another_case_is_what_was_meant(http: httpx.Client, path: str) -> None:
    assert meant(http, "GET", path, None) == ["blender"]


@pytest.mark.parametrize(("verb", "path", "body", "right"), FREECAD)
def test_a_word_of_freecad_in_another_case_is_what_was_meant(
    freecad: httpx.Client, verb: str, path: str, body: Any, right: str
) -> None:
    post(freecad, "/primitives/box", name="Box")
    assert freecad.patch("/parameters", json={"Width": {"value": 4}}).status_code == 200
    assert meant(freecad, verb, path, body)[0] == right
