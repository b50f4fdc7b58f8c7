"""Pictures in tests: small ones made as files, small renders of the session read as pixels, and images it keeps."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import httpx
from PIL import Image
from websockets.sync.client import connect

from tests.gateway import Gateway

Pixel = tuple[int, int, int]


def png(color: Pixel, size: tuple[int, int] = (4, 4)) -> bytes:
    """A PNG file of one colour."""
    file = BytesIO()
    Image.new("RGB", size, color).save(file, "png")
    return file.getvalue()


def rendered(blender: httpx.Client, **params: Any) -> Image.Image:
    """What a tiny Cycles render of the session shows; `params` are those of `/render`."""
    answer = blender.post(
        "/render",
        json={"resolution": [24, 24], "engine": "cycles", "samples": 4, "denoise": False, **params},
        headers={"Accept": "image/png"},
    )
    assert answer.status_code == 200, answer.text
    return Image.open(BytesIO(answer.content)).convert("RGB")


def pixel(picture: Image.Image, x: float = 0.5, y: float = 0.5) -> Pixel:
    """Red, green and blue at a place in the picture: 0…1 from the left, 0…1 from the top."""
    found = picture.getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(found, tuple)
    red, green, blue = found[:3]
    return red, green, blue


def hue(picture: Image.Image, x: float = 0.5, y: float = 0.5) -> str | None:
    """`red`, `green` or `blue` where one clearly leads; Blender's view transform pales what is bright, so not more."""
    found = pixel(picture, x, y)
    first, second, _ = sorted(found, reverse=True)
    return ("red", "green", "blue")[found.index(first)] if first > 60 and first > 1.2 * second else None


def brightness(picture: Image.Image) -> float:
    """The mean of all pixels, 0…255."""
    grey = picture.convert("L")
    return sum(grey.tobytes()) / (grey.width * grey.height)


def images_kept(gateway: Gateway) -> list[str]:
    """The names of all images in Blender's session, seen by code that runs in it."""
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "execute", "id": 1, "code": "sorted(image.name for image in bpy.data.images)"}))
        while True:
            message = json.loads(socket.recv(timeout=20))
            if message["type"] == "result":
                return message["result"]["value"]
