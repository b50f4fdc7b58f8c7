"""Metric threads of holes: drilled for the thread or for a bolt to go through, noted, or really cut."""

from __future__ import annotations

import os
import signal
from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, refused
from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another

SLAB = 20 * 20 * 8


@pytest.fixture
def slab(freecad: httpx.Client) -> httpx.Client:
    """A body of 20 x 20 x 8 and a sketch with a circle on top."""
    post(freecad, "/bodies", name="Body")
    post(freecad, "/sketches", name="Base", body="Body", geometry=[{"type": "rectangle", "width": 20, "height": 20}])
    post(freecad, "/features/pad", sketch="Base", length=8)
    mark = {"type": "circle", "center": [10, 10], "radius": 1}
    post(freecad, "/sketches", name="Mark", body="Body", offset=8, geometry=[mark])
    return freecad


@pytest.mark.parametrize(
    ("thread", "drilled", "size"),
    [
        ({"size": "M6"}, 5.0, "M6"),
        ({"size": "M6x0.75", "tolerance": "7H"}, 5.25, "M6x0.75"),
        ({"size": "M8x1"}, 7.0, "M8x1.0"),
        ({"size": "M6", "fit": "normal"}, 6.6, "M6"),
        ({"size": "M6", "fit": "close"}, 6.4, "M6"),
        ({"size": "M6", "fit": "wide"}, 7.0, "M6"),
    ],
)
def test_a_thread_determines_the_diameter(slab: httpx.Client, thread: Any, drilled: float, size: str) -> None:
    info = post(slab, "/features/hole", sketch="Mark", name="Hole", thread=thread, through_all=True)
    assert info["volume"] == pytest.approx(SLAB - pi / 4 * drilled**2 * 8)
    properties = {name: each["value"] for name, each in get(slab, "/objects/Hole")["properties"].items()}
    assert (properties["Diameter"], properties["ThreadSize"].partition("x1.0")[0]) == (
        drilled,
        size.partition("x1.0")[0],
    )
    assert properties["Threaded"] == (thread.get("fit", "tapped") == "tapped")
    if "tolerance" in thread:
        assert properties["ThreadClass"] == "7H"


def test_a_thread_is_really_cut_and_replayed_and_undone(slab: httpx.Client, gateway: Gateway) -> None:
    before = get(slab, "/objects/Body")
    info = post(
        slab, "/features/hole", sketch="Mark", name="Hole", thread={"size": "M6", "modeled": True}, through_all=True
    )
    # Between the bore of 5 mm and the thread's 6 mm, where the profile of ISO 68 leaves the greater part.
    drilled, whole = (pi / 4 * size**2 * 8 for size in (5, 6))
    assert (SLAB - info["volume"] - drilled) / (whole - drilled) == pytest.approx(0.42, abs=0.03)
    assert info["valid"]
    walls = [each for each in get(slab, "/objects/Body/faces")["faces"] if each["type"] not in ("plane", "cylinder")]
    assert len(walls) >= 8
    made = get(slab, "/objects/Body")
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: is_another(gateway.health("freecad").get("result", {}), pid), what="another FreeCAD", seconds=60)
    assert get(slab, "/objects/Body") == made
    assert slab.post("/undo").status_code == 200
    assert get(slab, "/objects/Body") == before


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"thread": {"size": "M6"}, "diameter": 5}, "only one"),
    ({"thread": {"size": "M6x0.3"}}, "M6x0.75"),
    ({"thread": {"size": "M200"}}, "M1.2"),
    ({"thread": {"size": "6 mm"}}, "M6"),
    ({"thread": {"size": "M6", "fit": "close", "modeled": True}}, "modeled"),
    ({"thread": {"size": "M6"}, "head": "counterbore", "head_diameter": 6, "head_depth": 2}, "6 mm"),
]


@pytest.mark.parametrize(("fields", "said"), WRONG)
def test_what_is_no_thread_is_refused(slab: httpx.Client, fields: dict[str, Any], said: str) -> None:
    before = get(slab, "/objects")
    assert said in refused(slab.post("/features/hole", json={"sketch": "Mark", **fields}))
    deep = {"sketch": "Mark", "thread": {"size": "M1", "modeled": True}, "depth": 1000}
    refused(slab.post("/features/hole", json=deep), "limit_exceeded")
    assert get(slab, "/objects") == before
