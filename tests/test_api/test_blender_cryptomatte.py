"""The cryptomatte of a render: whose each pixel is, by the numbers and names of the file alone."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
import numpy
import pytest

from cadgate_blender.app import cryptomatte
from tests.test_api.test_blender_passes import SHOT, Values, download, exr, post

RAW = ("-f", "rawvideo", "-pix_fmt", "gbrapf32le", "-")


def manifest(data: bytes) -> dict[str, int]:
    """The names and numbers that the file lists."""
    begin = data.index(b"/manifest\0string\0") + len(b"/manifest\0string\0")
    size = struct.unpack_from("<I", data, begin)[0]
    return {name: int(number, 16) for name, number in json.loads(data[begin + 4 : begin + 4 + size]).items()}


def share(channels: dict[str, Values], number: int) -> Values:
    """The share of each pixel that the object with this number has."""
    exponent = min(max(number >> 23 & 255, 1), 254)
    wanted = numpy.array([number & 0x807FFFFF | exponent << 23], numpy.uint32).view(numpy.float32)[0]
    found = numpy.zeros_like(channels["CryptoObject00.r"])
    for layer in range(3):
        for name, amount in (("r", "g"), ("b", "a")):
            same = channels[f"CryptoObject{layer:02}.{name}"] == wanted
            found = found + numpy.where(same, channels[f"CryptoObject{layer:02}.{amount}"], 0)
    return found


@pytest.fixture
def pair(blender: httpx.Client) -> httpx.Client:
    """Two squares below a camera whose picture is ten units wide: 4 by 10 and 5 by 5, which overlap."""
    post(blender, "/primitives/plane", name="Left", size=10, location=[-3, 0, 0], scale=[0.4, 1, 1])
    post(blender, "/primitives/plane", name="Rechts ü", size=5, location=[0.5, 0, -1])
    post(blender, "/camera", location=[0, 0, 5], rotation=[0, 0, 0], projection="orthographic", ortho_scale=10)
    return blender


def test_each_object_has_its_share_of_the_pixels(pair: httpx.Client, http: httpx.Client, tmp_path: Path) -> None:
    shot = {**SHOT, "samples": 16, "passes": ["cryptomatte", "depth"], "pass_format": "png"}
    made = post(pair, "/render", **shot, output="shots/pair.png")
    artifact = made["passes"]["cryptomatte"]
    assert (artifact["name"], artifact["media_type"]) == ("pair.cryptomatte.exr", "image/x-exr")
    data = download(http, artifact)
    names = manifest(data)
    assert set(names) == {"Left", "Rechts ü"}
    channels = exr(data)
    left, right = share(channels, names["Left"]), share(channels, names["Rechts ü"])
    assert left.mean() == pytest.approx(0.4, abs=0.02)
    # What lies under the other is not seen.
    assert right.mean() == pytest.approx(4 * 5 / 100, abs=0.02)
    assert left[2:-2, 5].min() == pytest.approx(1, abs=1e-6)
    assert (left + right).max() < 1 + 1e-5
    again = post(pair, "/render", **shot)
    assert again["passes"]["cryptomatte"]["sha256"] == artifact["sha256"]
    # Another reader finds the same pixels.
    file = tmp_path / "pair.exr"
    file.write_bytes(data)
    read = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-layer", "CryptoObject00", "-i", file, *RAW],
        capture_output=True,
        check=True,
    )
    planes = numpy.frombuffer(read.stdout, "<f4").reshape(4, 64, 64)
    for plane, letter in zip(planes, "gbra", strict=True):
        assert numpy.array_equal(plane.view("u4"), channels[f"CryptoObject00.{letter}"].copy().view("u4"))


@pytest.mark.parametrize(("name", "number"), [("hello", 0x248BFA47), ("hello, world", 0x149BBB7F), ("", 0)])
def test_the_numbers_are_those_of_the_format(name: str, number: int) -> None:
    assert cryptomatte.number(name) == number


def test_only_what_is_drawn_is_seen(pair: httpx.Client, http: httpx.Client) -> None:
    body: dict[str, Any] = {**SHOT, "passes": ["cryptomatte"], "objects": ["Left"]}
    camera = pair.get("/scene").json()["result"]["camera"]
    data = download(http, post(pair, "/render", **body, camera=camera)["passes"]["cryptomatte"])
    names = manifest(data)
    assert share(exr(data), names["Left"]).mean() == pytest.approx(0.4, abs=0.02)
    assert "Rechts ü" not in names or share(exr(data), names["Rechts ü"]).max() == 0
