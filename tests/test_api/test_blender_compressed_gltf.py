"""Compressed glTF files: smaller, the same scene, and refused for formats that have no such thing."""

from __future__ import annotations

import os
from typing import Any

import httpx
import numpy
import pytest

from tests.blender_builds import has_library
from tests.blender_code import evaluate
from tests.corpus.blender.gltf import UNIT
from tests.corpus.blender.gltf_compressed import COMPRESSED
from tests.gateway import Gateway
from tests.pictures import png
from tests.test_api.test_corpus_blender import BOX


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.fixture
def head(blender: httpx.Client) -> httpx.Client:
    """A finely divided head with a picture, that is called Head, and moves."""
    post(blender, "/materials", name="Skin")
    picture = {"file": ("skin.png", png((200, 120, 90), (64, 64)))}
    assert blender.post("/materials/Skin/texture", files=picture).status_code == 200
    post(blender, "/primitives/monkey", name="Head", material="Skin", location=[1, 2, 3])
    post(blender, "/objects/Head/modifiers", type="subdivision", levels=2)
    keys = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 20, "value": [0, 0, 5]}]
    post(blender, "/objects/Head/animation", path="location", keys=keys)
    return blender


def is_refused_without_draco(head: httpx.Client, gateway: Gateway, **body: Any) -> bool:
    """Whether this Blender is a wheel from 5.2, which has no library for Draco; then, that the export says so."""
    number = gateway.health("blender")["result"]["application"].split()[1].split(".")[:2]
    if "BLENDER_CMD" in os.environ or tuple(map(int, number)) < (5, 2):
        return False
    answer = head.post("/export", json={**body, "compression": "draco"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unsupported_format"), answer.text
    assert "Draco" in answer.json()["error"]["message"]
    return True


@pytest.mark.parametrize("format", ["glb", "gltf"])
def test_draco_makes_a_smaller_file_that_is_read_as_the_same_object(
    head: httpx.Client, gateway: Gateway, format: str
) -> None:
    if is_refused_without_draco(head, gateway, format=format):
        return
    plain = post(head, "/export", format=format, objects=["Head"])
    small = post(head, "/export", format=format, objects=["Head"], compression="draco", images="webp")
    assert small["artifact"]["size"] * 3 < plain["artifact"]["size"]
    assert small.get("warnings", []) == plain.get("warnings", [])
    (back,) = post(head, "/import", artifact=small["artifact"]["id"])["objects"]
    (same,) = post(head, "/import", artifact=plain["artifact"]["id"])["objects"]
    assert (back["vertices"], back["faces"]) == (same["vertices"], same["faces"])
    assert back["dimensions"] == pytest.approx(same["dimensions"], rel=1e-3)
    assert back["location"] == pytest.approx(same["location"], abs=1e-4)


def test_pictures_are_written_as_asked(head: httpx.Client, http: httpx.Client) -> None:
    for images, kind in (("auto", "image/png"), ("webp", "image/webp"), ("jpeg", "image/jpeg")):
        made = post(head, "/export", format="gltf", objects=["Head"], images=images)
        document = http.get(made["artifact"]["url"]).json()
        assert [each["mimeType"] for each in document["images"]] == [kind]
        assert document["images"][0]["uri"].startswith(f"data:{kind};base64,")


def test_the_same_scene_is_compressed_to_the_same_bytes(head: httpx.Client, gateway: Gateway) -> None:
    if is_refused_without_draco(head, gateway, format="glb"):
        return
    made = [post(head, "/export", format="glb", compression="draco")["artifact"]["sha256"] for _ in range(2)]
    assert made[0] == made[1]


def test_other_formats_have_no_compression(head: httpx.Client) -> None:
    for body in ({"format": "obj", "compression": "draco"}, {"format": "usd", "images": "webp"}):
        answer = head.post("/export", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert "glb and gltf" in answer.json()["error"]["message"]


@pytest.mark.parametrize("extension", COMPRESSED)
def test_a_compressed_file_is_read_or_refused_with_what_is_missing(
    blender: httpx.Client, gateway: Gateway, extension: str
) -> None:
    make, library = COMPRESSED[extension]
    there = has_library(gateway, library)
    answer = blender.post("/import", files={"file": ("part.glb", make())})
    if there or (there is None and "draco" in extension):
        assert answer.status_code == 200, answer.text
        (part,) = answer.json()["result"]["objects"]
        assert (part["name"], part["vertices"], part["faces"]) == ("Part", 4, 4)
        assert numpy.allclose(evaluate(gateway, BOX), UNIT, atol=1e-4)
        return
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "unsupported_format"), answer.text
    assert ("was built without the library" if there is False else extension) in error["message"]
    assert blender.get("/objects").json()["result"]["total"] == 0
