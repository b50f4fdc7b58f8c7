"""Files that Blender writes say nothing of the machine, and the same scene gives the same bytes, in every session."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from tests.gateway import COLD_WORKERS, NO_SPARES, Gateway
from tests.pictures import png

STABLE = ["a.glb", "a.gltf", "a.obj", "a.stl", "a.ply", "a.fbx", "a.usda", "a.usdc", "a.usdz", "a.usd", "a.abc"]


def fill(client: httpx.Client) -> None:
    """Several objects, a family, a picture, an animation, names that sort otherwise than they were made."""
    client.delete("/scene")
    client.post("/materials", json={"name": "Red", "color": [1, 0, 0]})
    client.post("/materials/Red/texture", files={"file": ("red.png", png((255, 0, 0)))})
    client.post("/materials", json={"name": "Glow", "emission_color": [1, 1, 0], "emission_strength": 4})
    client.post("/primitives/cube", json={"name": "Zebra", "material": "Red"})
    client.post("/primitives/sphere", json={"name": "Ball", "location": [3, 0, 0], "material": "Glow"})
    client.post("/primitives/cylinder", json={"name": "Ant", "location": [0, 4, 0]})
    client.post("/primitives/empty", json={"name": "Stand"})
    for number in range(6):
        client.post("/primitives/cube", json={"name": f"C{number}", "location": [number, 9, 0]})
        client.patch(f"/objects/C{number}", json={"parent": "Stand" if number % 2 else "Ball"})
    client.post("/collections", json={"name": "Kept"})
    client.post("/primitives/cube", json={"name": "Once", "location": [0, 20, 0], "collection": "Kept"})
    client.post("/collections/Kept/instances", json={"name": "OnceMore", "location": [5, 0, 0]})
    client.post("/camera", json={"name": "Eye", "location": [0, -9, 2], "look_at": [0, 0, 0]})
    client.post("/light", json={"name": "Lamp", "kind": "spot", "location": [2, 2, 6]})


def kept(client: httpx.Client, name: str, known: dict[str, dict[str, bytes]] = {}) -> dict[str, bytes]:  # noqa: B006
    """What the first session writes, once."""
    if name not in known:
        known[name] = written(client, name)
    return known[name]


def written(client: httpx.Client, name: str) -> dict[str, bytes]:
    answer = client.post("/export", json={"filepath": name})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    # Formats without materials say so.
    assert {each["code"] for each in result["warnings"]} <= {"materials_lost"}
    base = str(client.base_url.copy_with(raw_path=b"/"))
    return {
        each["name"]: httpx.get(base.rstrip("/") + each["url"], trust_env=False).content
        for each in [result["artifact"], *result["related"]]
    }


@pytest.fixture(scope="module")
def first(gateway: Gateway, scene_as_new: None) -> Iterator[httpx.Client]:
    with gateway.client("/api/v1/blender") as client:
        fill(client)
        yield client
        client.delete("/scene")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Gateway]]:
    """The same scene in another process, another folder, another place in memory."""
    other = Gateway(
        tmp_path_factory.mktemp("a-quite-different-place"),
        plugins="[adapters.freecad]\nenabled = false\n",
        environment={**COLD_WORKERS, **NO_SPARES},
    ).start()
    with other.client("/api/v1/blender") as client:
        fill(client)
        yield client, other
    other.stop()


@pytest.mark.parametrize("name", STABLE)
def test_the_same_scene_gives_the_same_bytes_again_and_in_a_fresh_session(
    first: httpx.Client, second: tuple[httpx.Client, Gateway], name: str
) -> None:
    once = kept(first, name)
    assert written(first, name) == once
    assert written(second[0], name) == once


def opened(name: str, data: bytes) -> bytes:
    """A file with everything that is packed in it."""
    if name.endswith(".fbx"):
        return data + b"".join(inflated(data[match.start() :]) for match in re.finditer(b"\x78[\x01\x9c\xda]", data))
    if name.endswith(".usdz"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return data + b"".join(archive.read(member) for member in archive.namelist())
    return data


def inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data)
    except zlib.error:
        return b""


@pytest.mark.parametrize("name", STABLE)
def test_no_file_holds_a_path_or_a_date_of_the_server(first: httpx.Client, gateway: Gateway, name: str) -> None:
    for each, data in kept(first, name).items():
        whole = opened(each, data)
        assert str(gateway.state_dir).encode() not in whole, each
        assert b"/tmp/" not in whole, each
        assert b"/home/" not in whole, each
        assert not re.search(rb"20[23]\d[-/]\d\d[-/]\d\d", whole), each


def test_a_blend_file_holds_no_path_of_the_server(first: httpx.Client, gateway: Gateway) -> None:
    (data,) = written(first, "a.blend").values()
    raw = zstandard.ZstdDecompressor().stream_reader(data).read()
    assert b"Zebra" in raw
    assert str(gateway.state_dir).encode() not in raw
    assert str(Path.home()).encode() + b"/" not in raw


PICTURES: dict[str, dict[str, Any]] = {
    "png": {"engine": "cycles"},
    "jpeg": {"engine": "cycles"},
    "exr": {"engine": "cycles"},
    "webp": {"engine": "cycles"},
}


@pytest.mark.parametrize("format", PICTURES)
def test_the_same_picture_has_the_same_bytes_and_no_notes(
    first: httpx.Client, second: tuple[httpx.Client, Gateway], gateway: Gateway, format: str
) -> None:
    body = {"format": format, "resolution": [32, 24], "samples": 2, "denoise": False, **PICTURES[format]}
    pictures: list[bytes] = []
    wanted = {"Accept": f"image/{'x-exr' if format == 'exr' else format}"}
    for client in (first, first, second[0]):
        answer = client.post("/render", json=body, headers=wanted)
        assert answer.status_code == 200, answer.text
        pictures.append(answer.content)
    assert pictures[0] == pictures[1] == pictures[2]
    assert str(gateway.state_dir).encode() not in pictures[0]
    for note in (b"RenderTime", b"cycles.", b"Date", b"Camera", b".blend"):
        assert note not in pictures[0]
