"""Colours of objects and faces: kept, inherited, found again after changes, or their loss reported."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post, refused
from tests.gateway import Gateway, eventually

RED, BLUE, GREEN = "#d02010", "#2060c0", "#20a040"
TOP = {"type": "plane", "at": "top"}


def colors(info: dict[str, Any]) -> tuple[Any, Any]:
    return info["color"], {each["color"]: each["faces"] for each in info["face_colors"]}


@pytest.fixture
def box(freecad: httpx.Client) -> httpx.Client:
    """A red box of 10 mm with a blue top."""
    made = post(freecad, "/primitives/box", name="Box", color=RED, face_colors=[{"faces": TOP, "color": BLUE}])
    assert colors(made) == (RED, {BLUE: ["Face6"]})
    return freecad


def test_colours_are_set_changed_and_removed_and_undone(box: httpx.Client) -> None:
    before = get(box, "/objects/Box")
    changed = patch(box, "Box", color=[0, 0.5, 1, 0.5], face_colors=[{"faces": ["Face1", 2], "color": "#00FF00"}])
    assert colors(changed) == ("#0080ff80", {"#00ff00": ["Face1", "Face2"]})
    assert changed["revision"] != before["revision"]
    assert (changed["state"], changed["volume"]) == (["Up-to-date"], before["volume"])
    assert colors(patch(box, "Box", color=None, face_colors=None)) == (None, {})
    assert "CadgateColor" not in get(box, "/objects/Box")["properties"]
    for _ in range(2):
        assert box.post("/undo").status_code == 200
    assert get(box, "/objects/Box")["revision"] == before["revision"]


@pytest.mark.parametrize(
    "body",
    [
        {"color": "red"},
        {"color": [1, 0]},
        {"color": "#12345"},
        {"face_colors": [{"faces": TOP}]},
        {"face_colors": [{"faces": ["Face7"], "color": RED}]},
        {"face_colors": [{"faces": ["Edge1"], "color": RED}]},
        {"face_colors": [{"faces": {"type": "cylinder"}, "color": RED}]},
        {"face_colors": [{"faces": {"at": "up"}, "color": RED}]},
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_what_is_no_colour_is_refused_and_changes_nothing(box: httpx.Client, body: Any, dry: bool) -> None:
    before = get(box, "/objects")
    query = {"dry_run": "true"} if dry else {}
    refused(box.patch("/objects/Box", json={**body, "label": "Other"}, params=query))
    if not dry:
        refused(box.post("/primitives/box", json={"name": "Second", **body}))
    assert get(box, "/objects") == before


def test_a_coloured_face_is_found_again_after_its_object_changed(box: httpx.Client) -> None:
    post(box, "/primitives/box", name="Tool", length=4, width=20, height=4, location=[3, -5, 8])
    cut = post(box, "/boolean/subtract", object1="Box", object2="Tool", name="Cut")
    tops = [face["name"] for face in get(box, "/objects/Cut/faces", type="plane", at="top")["faces"]]
    assert len(tops) == 2
    assert colors(cut) == (RED, {BLUE: tops})
    moved = patch(box, "Tool", location=[0, -5, 8])
    assert moved["valid"]
    [left] = [face["name"] for face in get(box, "/objects/Cut/faces", type="plane", at="top")["faces"]]
    assert colors(get(box, "/objects/Cut")) == (RED, {BLUE: [left]})
    assert colors(get(box, "/objects/Box")) == (RED, {BLUE: ["Face6"]})


def test_the_loss_of_a_coloured_face_is_reported(box: httpx.Client) -> None:
    post(box, "/primitives/box", name="Tool", length=4, width=20, height=4, location=[3, -5, 8])
    post(box, "/boolean/subtract", object1="Box", object2="Tool", name="Cut")
    response = box.patch("/objects/Tool", json={"location": [-5, -5, 8], "properties": {"Length": 30}})
    warnings = response.json()["result"]["warnings"]
    assert [each["code"] for each in warnings] == ["face_color_lost"]
    assert "Cut" in warnings[0]["message"]
    assert colors(get(box, "/objects/Cut")) == (RED, {})


def test_features_take_their_colours_from_their_inputs(box: httpx.Client) -> None:
    post(box, "/primitives/cylinder", name="Bore", radius=2, height=30, location=[5, 5, -5], color=GREEN)
    cut = post(box, "/boolean/subtract", object1="Box", object2="Bore", name="Cut")
    [wall] = [face["name"] for face in get(box, "/objects/Cut/faces", type="cylinder")["faces"]]
    [top] = [face["name"] for face in get(box, "/objects/Cut/faces", type="plane", at="top")["faces"]]
    assert colors(cut) == (RED, {BLUE: [top], GREEN: [wall]})
    rounded = post(box, "/features/fillet", object="Cut", name="Round", radius=1, edges={"type": "line", "at": "top"})
    [wall] = [face["name"] for face in get(box, "/objects/Round/faces", type="cylinder", radius=2)["faces"]]
    [top] = [face["name"] for face in get(box, "/objects/Round/faces", type="plane", at="top")["faces"]]
    assert colors(rounded) == (RED, {BLUE: [top], GREEN: [wall]})
    own = post(box, "/features/mirror", object="Round", normal=[1, 0, 0], color="#ffffff")
    assert own["color"] == "#ffffff"


def test_copies_links_bodies_and_groups_have_colours(box: httpx.Client) -> None:
    copy = post(box, "/objects/Box/duplicate", name="Second", location=[50, 0, 0])
    assert colors(copy) == (RED, {BLUE: ["Face6"]})
    assert colors(patch(box, "Second", properties={"Height": 20})) == (RED, {BLUE: ["Face6"]})
    link = post(box, "/objects/Box/links", name="Third", location=[0, 50, 0])
    assert colors(link) == (RED, {BLUE: ["Face6"]})
    assert colors(patch(box, "Third", color=GREEN)) == (GREEN, {})
    refused(box.patch("/objects/Third", json={"face_colors": [{"faces": ["Face1"], "color": RED}]}))
    post(box, "/groups", name="Group", kind="part", color=GREEN)
    post(box, "/primitives/box", name="Plain")
    assert get(box, "/objects/Plain")["color"] is None
    assert box.patch("/groups/Group", json={"add": ["Plain"]}).status_code == 200
    assert get(box, "/objects/Plain")["color"] == GREEN
    post(box, "/bodies", name="Body", color=BLUE)
    square = {"type": "rectangle", "corner": [0, 0], "width": 10, "height": 10}
    post(box, "/sketches", name="Sketch", body="Body", geometry=[square])
    post(box, "/features/pad", sketch="Sketch", name="Pad", length=5)
    painted = patch(box, "Body", face_colors=[{"faces": TOP, "color": RED}])
    assert colors(painted)[0] == BLUE
    patch(box, "Pad", properties={"Length": 8})
    [top] = [face["name"] for face in get(box, "/objects/Body/faces", type="plane", at="top")["faces"]]
    assert colors(get(box, "/objects/Body")) == (BLUE, {RED: [top]})


def test_colours_survive_a_kill_and_a_saved_file(box: httpx.Client, gateway: Gateway) -> None:
    post(box, "/primitives/cylinder", name="Bore", radius=2, height=30, location=[5, 5, -5], color=GREEN)
    post(box, "/boolean/subtract", object1="Box", object2="Bore", name="Cut")
    before = get(box, "/objects")
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="another")
    assert get(box, "/objects") == before
    saved = post(box, "/documents/Test/save")
    name = post(box, "/documents/open/artifact", artifact=saved["artifact"]["id"])["name"]
    assert colors(get(box, "/objects/Cut", document=name)) == colors(get(box, "/objects/Cut"))
    moved = box.patch("/objects/Bore", params={"document": name}, json={"location": [4, 5, -5]}).json()["result"]
    assert moved["warnings"] == []
    assert len(colors(get(box, "/objects/Cut", document=name))[1]) == 2
