"""Short words for tests of FreeCAD: ask, make, change, and run code inside it; each sees to it that it succeeded."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.gateway import Gateway
from tests.live import live
from tests.rest_calls import get as get
from tests.rest_calls import patch as patch
from tests.rest_calls import post as post


def refused(response: httpx.Response, code: str = "validation_error", status: int = 422) -> str:
    """The message of an error that must be just this one."""
    assert (response.status_code, response.json()["error"]["code"]) == (status, code), response.text
    return str(response.json()["error"]["message"])


def run(gateway: Gateway, code: str) -> Any:
    """Execute code in FreeCAD; the value of its last expression."""

    async def execute() -> Any:
        async with live(gateway, "freecad") as client:
            *_, answer = await client.run(code)
            assert answer["status"] == "success", answer
            return answer["result"]["value"]

    return asyncio.run(execute())


def settled(freecad: httpx.Client) -> bool:
    """Whether all objects are up to date and valid."""
    return all(each["state"] == ["Up-to-date"] and each["valid"] for each in get(freecad, "/objects")["objects"])


def corners(info: dict[str, Any]) -> list[float]:
    """`[xmin, ymin, zmin, xmax, ymax, zmax]`."""
    box = info["bounding_box"]
    return [*box["min"], *box["max"]]


def padded(freecad: httpx.Client, body: str, sketch: str, pad: str, **where: Any) -> None:
    """A pad of 10 x 10 x 5 from the origin of a new body."""
    post(freecad, "/bodies", name=body, **where)
    square = {"type": "rectangle", "corner": [0, 0], "width": 10, "height": 10}
    post(freecad, "/sketches", name=sketch, body=body, geometry=[square])
    post(freecad, "/features/pad", name=pad, sketch=sketch, length=5)
