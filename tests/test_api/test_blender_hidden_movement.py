"""An object that is hidden, in whichever way, is where its keys put it: in answers, pictures and files."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.rest_calls import get, post

KEYS = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 11, "value": [10, 0, 0]}]
LAYER = "/data/scenes/Scene/view_layers/ViewLayer/layer_collection/children/Store"
WAYS = {
    "object": ("/data/objects/Box/hide_viewport", True),
    "collection": ("/data/collections/Store/hide_viewport", True),
    "layer": (f"{LAYER}/hide_viewport", True),
    "excluded": (f"{LAYER}/exclude", True),
}


def set_to(blender: httpx.Client, path: str, value: Any) -> None:
    answer = blender.patch(path, json={"value": value})
    assert answer.status_code == 200, answer.text


@pytest.fixture(params=WAYS)
def hidden(request: pytest.FixtureRequest, blender: httpx.Client) -> httpx.Client:
    """A box of 2 that moves along x by 1 for each frame, in the collection Store, hidden at frame 1, with another."""
    assert blender.patch("/scene", json={"frame": 1}).status_code == 200
    post(blender, "/collections", name="Store")
    post(blender, "/primitives/cube", name="Box", size=2, collection="Store")
    post(blender, "/primitives/cube", name="Shown", size=2, location=[0, 5, 0])
    post(blender, "/objects/Box/animation", path="location", keys=KEYS, interpolation="linear")
    set_to(blender, *WAYS[request.param])
    return blender


def place(blender: httpx.Client) -> list[float]:
    return get(blender, "/objects/Box")["location"]


def test_a_hidden_object_is_at_its_keys_in_every_frame(hidden: httpx.Client) -> None:
    before = get(hidden, "/objects")
    for frame in (4, 9, 1, 7):
        assert hidden.patch("/scene", json={"frame": frame}).status_code == 200
        assert place(hidden) == pytest.approx([frame - 1, 0, 0], abs=1e-5)
        set_to(hidden, "/data/scenes/Scene/frame_current", frame + 1)
        assert place(hidden) == pytest.approx([frame, 0, 0], abs=1e-5)
    after = get(hidden, "/objects")
    for field in ("collections", "visible"):
        assert [each[field] for each in after["objects"]] == [each[field] for each in before["objects"]]


def test_pictures_and_files_have_a_hidden_object_at_its_keys(hidden: httpx.Client, http: httpx.Client) -> None:
    assert hidden.patch("/scene", json={"frame": 7}).status_code == 200
    (entry,) = post(hidden, "/look", objects=["Box"], size=256)["legend"]
    assert entry["bounding_box"]["min"] == pytest.approx([5, -1, -1], abs=1e-5)
    exported = post(hidden, "/export", objects=["Box"], format="obj", up="z")
    text = http.get(exported["artifact"]["url"]).text
    xs = [float(line.split()[1]) for line in text.splitlines() if line.startswith("v ")]
    assert (min(xs), max(xs)) == (pytest.approx(5, abs=1e-5), pytest.approx(7, abs=1e-5))


def test_a_hidden_object_goes_where_new_keys_put_it(hidden: httpx.Client) -> None:
    keys = [{"frame": 1, "value": [3, 4, 5]}, {"frame": 11, "value": [13, 4, 5]}]
    post(hidden, "/objects/Box/animation", path="location", keys=keys, interpolation="linear")
    assert place(hidden) == pytest.approx([3, 4, 5], abs=1e-5)
