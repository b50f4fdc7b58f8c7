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


SIDES = {
    "top": "#0000ff",
    "bottom": "#00ffff",
    "left": "#00ff00",
    "right": "#ffff00",
    "front": "#ff00ff",
    "rear": "#ffffff",
}
OUTWARD = {
    "top": (0, 0, 1),
    "bottom": (0, 0, -1),
    "left": (-1, 0, 0),
    "right": (1, 0, 0),
    "front": (0, -1, 0),
    "rear": (0, 1, 0),
}


def by_direction(freecad: httpx.Client, name: str) -> set[tuple[Any, tuple[int, ...]]]:
    """The colours of the faces of a box, or of several that are turned alike, and where these look."""
    painted = {face: color for color, of in colors(get(freecad, f"/objects/{name}"))[1].items() for face in of}
    faces = get(freecad, f"/objects/{name}/faces")["faces"]
    return {(painted.get(face["name"]), tuple(round(each) for each in face["normal"])) for face in faces}


@pytest.fixture
def dice(freecad: httpx.Client) -> httpx.Client:
    """A box with another colour on each side."""
    painted = [{"faces": {"type": "plane", "at": at}, "color": color} for at, color in SIDES.items()]
    post(freecad, "/primitives/box", name="Dice", length=20, width=10, height=5, face_colors=painted)
    assert by_direction(freecad, "Dice") == {(color, OUTWARD[at]) for at, color in SIDES.items()}
    return freecad


def test_a_mirror_image_has_all_the_colours_of_faces_where_they_are_mirrored(dice: httpx.Client) -> None:
    for axis, name in enumerate(("Across", "Along", "Over")):
        normal = [int(axis == each) for each in range(3)]
        post(dice, "/features/mirror", object="Dice", name=name, normal=normal, base=[-50, -50, -50])
        turned = {at: [-part if axis == index else part for index, part in enumerate(OUTWARD[at])] for at in SIDES}
        assert by_direction(dice, name) == {(color, tuple(turned[at])) for at, color in SIDES.items()}


@pytest.mark.parametrize("fuse", [False, True])
def test_patterns_have_all_the_colours_of_faces(dice: httpx.Client, fuse: bool) -> None:
    expected = {(color, OUTWARD[at]) for at, color in SIDES.items()}
    post(dice, "/features/linear_pattern", object="Dice", name="Row", direction=[0, 1, 0], spacing=30, fuse=fuse)
    assert by_direction(dice, "Row") == expected
    post(dice, "/features/polar_pattern", object="Dice", name="Ring", center=[-50, 0, 0], count=2, fuse=fuse)
    turned = {(color, (-x, -y, z)) for color, (x, y, z) in expected}
    assert by_direction(dice, "Ring") == expected | turned


def test_what_is_made_of_mirror_images_keeps_the_colours_of_their_faces(dice: httpx.Client) -> None:
    whole = "Dice"
    for number in range(6):
        whole = post(dice, "/features/mirror", object=whole, name=f"Image{number}", normal=[0, 0, 1])["name"]
    assert by_direction(dice, whole) == {(color, OUTWARD[at]) for at, color in SIDES.items()}
    post(dice, "/primitives/cylinder", name="C", radius=5, height=10, face_colors=[{"faces": TOP, "color": BLUE}])
    turned = post(dice, "/features/mirror", object="C", name="Turned", normal=[0, 0, 1], base=[0, 0, -10])
    [bottom] = [face["name"] for face in get(dice, "/objects/Turned/faces", type="plane", at="bottom")["faces"]]
    assert colors(turned)[1] == {BLUE: [bottom]}


def test_two_faces_of_one_origin_keep_their_different_colours(box: httpx.Client) -> None:
    post(box, "/primitives/box", name="Tool", length=4, width=20, height=4, location=[3, -5, 8])
    post(box, "/boolean/subtract", object1="Box", object2="Tool", name="Cut")
    tops = get(box, "/objects/Cut/faces", type="plane", at="top")["faces"]
    one, two = sorted(tops, key=lambda each: each["center"])
    painted = [{"faces": [one["name"]], "color": BLUE}, {"faces": [two["name"]], "color": GREEN}]
    patch(box, "Cut", face_colors=painted)
    post(box, "/primitives/cylinder", name="Pin", radius=1, height=30, location=[5, 5, -5])
    post(box, "/boolean/subtract", object1="Cut", object2="Pin", name="Drilled")
    left, right = sorted(get(box, "/objects/Drilled/faces", type="plane", at="top")["faces"], key=lambda f: f["center"])
    assert colors(get(box, "/objects/Drilled")) == (RED, {BLUE: [left["name"]], GREEN: [right["name"]]})


def test_a_feature_of_a_body_keeps_the_colours_of_the_faces_before_it(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Body")
    square = {"type": "rectangle", "corner": [0, 0], "width": 10, "height": 10}
    post(freecad, "/sketches", name="Square", body="Body", geometry=[square])
    low = {"type": "plane", "at": "bottom"}
    painted = [{"faces": TOP, "color": BLUE}, {"faces": low, "color": GREEN}]
    post(freecad, "/features/pad", name="Pad", sketch="Square", length=10, color=RED, face_colors=painted)
    round_one = {"type": "circle", "center": [5, 5], "radius": 2}
    post(freecad, "/sketches", name="Circle", body="Body", offset=10, geometry=[round_one])
    pocket = post(freecad, "/features/pocket", name="Pocket", sketch="Circle", length=3)
    assert pocket["warnings"] == []

    def expected() -> dict[str, list[str]]:
        faces = {at: get(freecad, "/objects/Body/faces", type="plane", at=at)["faces"] for at in ("top", "bottom")}
        return {BLUE: [faces["top"][0]["name"]], GREEN: [faces["bottom"][0]["name"]]}

    assert colors(get(freecad, "/objects/Body")) == (RED, expected())
    corner = {"type": "line", "parallel_to": [0, 0, 1]}
    post(freecad, "/features/fillet", object="Body", name="Round", radius=1, edges=corner)
    assert colors(get(freecad, "/objects/Body")) == (RED, expected())
    patch(freecad, "Pad", properties={"Length": 9})
    assert colors(get(freecad, "/objects/Body")) == (RED, expected())


def test_a_feature_of_a_body_that_removes_a_coloured_face_reports_it(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Body")
    square = {"type": "rectangle", "corner": [0, 0], "width": 10, "height": 10}
    post(freecad, "/sketches", name="Square", body="Body", geometry=[square])
    post(freecad, "/features/pad", name="Pad", sketch="Square", length=10, face_colors=[{"faces": TOP, "color": BLUE}])
    larger = {"type": "rectangle", "corner": [-5, -5], "width": 20, "height": 20}
    post(freecad, "/sketches", name="Larger", body="Body", offset=10, geometry=[larger])
    pocket = post(freecad, "/features/pocket", name="Pocket", sketch="Larger", length=3)
    assert [each["code"] for each in pocket["warnings"]] == ["face_color_lost"]
    assert BLUE in pocket["warnings"][0]["message"]
    assert colors(get(freecad, "/objects/Body")) == (None, {})
