"""Constraints over HTTP: what Blender evaluates, what is listed, changed, keyed, removed and refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

WORLD = """
bpy.context.view_layer.update()
m = bpy.data.objects['Box'].evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world
"""


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def constrain(client: httpx.Client, **body: Any) -> dict[str, Any]:
    return post(client, "/objects/Box/constraints", **body)


def world(gateway: Gateway, what: str) -> Any:
    """A part of the matrix that Blender shows Box with."""
    return evaluate(gateway, f"{WORLD}[round(x, 4) + 0.0 for x in {what}]")


@pytest.fixture
def box(blender: httpx.Client) -> httpx.Client:
    """A cube that is called Box beside an empty, Goal, that is placed, turned and scaled."""
    post(blender, "/primitives/cube", name="Box", location=[0, 0, 1])
    post(blender, "/primitives/empty", name="Goal", location=[5, 0, 1], rotation=[0, 0, 90], scale=[2, 2, 2])
    return blender


@pytest.mark.parametrize(
    ("constraint", "part", "expected"),
    [
        ({"type": "track_to", "target": "Goal"}, "m.to_3x3() @ __import__('mathutils').Vector((0, 0, -1))", [1, 0, 0]),
        ({"type": "track_to", "target": "Goal", "track_axis": "x", "up_axis": "z"}, "m.col[0].xyz", [1, 0, 0]),
        ({"type": "damped_track", "target": "Goal"}, "m.col[1].xyz", [1, 0, 0]),
        ({"type": "locked_track", "target": "Goal", "track_axis": "-y"}, "m.col[1].xyz", [-1, 0, 0]),
        ({"type": "copy_location", "target": "Goal"}, "m.translation", [5, 0, 1]),
        ({"type": "copy_location", "target": "Goal", "axes": ["x"], "invert": ["x"]}, "m.translation", [-5, 0, 1]),
        ({"type": "copy_location", "target": "Goal", "offset": True}, "m.translation", [5, 0, 2]),
        ({"type": "copy_location", "target": "Goal", "influence": 0.5}, "m.translation", [2.5, 0, 1]),
        ({"type": "copy_location", "target": "Goal", "enabled": False}, "m.translation", [0, 0, 1]),
        ({"type": "copy_rotation", "target": "Goal"}, "m.col[0].xyz", [0, 1, 0]),
        ({"type": "copy_rotation", "target": "Goal", "invert": ["z"], "mix": "add"}, "m.col[0].xyz", [0, -1, 0]),
        ({"type": "copy_scale", "target": "Goal", "axes": ["z"]}, "m.to_scale()", [1, 1, 2]),
        ({"type": "copy_transforms", "target": "Goal"}, "m.col[0].xyz", [0, 2, 0]),
        ({"type": "limit_location", "max": [None, None, 0.25]}, "m.translation", [0, 0, 0.25]),
        (
            {"type": "limit_rotation", "min": [None, None, 30], "max": [None, None, 45]},
            "[m.to_euler().z * 6]",
            [3.1416],
        ),
        ({"type": "limit_scale", "min": [3, None, None]}, "m.to_scale()", [3, 1, 1]),
        ({"type": "limit_distance", "target": "Goal", "distance": 2}, "m.translation", [3, 0, 1]),
        ({"type": "limit_distance", "target": "Goal", "distance": 9, "mode": "surface"}, "m.translation", [-4, 0, 1]),
    ],
)
def test_a_constraint_does_in_blender_what_it_is_called(
    box: httpx.Client, gateway: Gateway, constraint: dict[str, Any], part: str, expected: list[float]
) -> None:
    made = constrain(box, **constraint)
    assert made["type"] == constraint["type"]
    assert {**made["settings"], "influence": made["influence"], "enabled": made["enabled"]} | constraint == {
        **made["settings"], "influence": made["influence"], "enabled": made["enabled"], "type": made["type"]
    }  # fmt: skip
    assert world(gateway, part) == pytest.approx(expected, abs=1e-3)
    assert box.get("/objects/Box/constraints").json()["result"]["constraints"] == [made]


def test_a_path_is_followed_at_keyed_positions(box: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, "bpy.ops.curve.primitive_bezier_circle_add(radius=4)\nbpy.context.object.name = 'Track'")
    made = constrain(box, type="follow_path", target="Track", follow=True, forward_axis="x")
    assert made["settings"]["position"] == 0

    def patch(**body: Any) -> httpx.Response:
        return box.patch("/objects/Box/constraints/Follow Path", json=body)

    assert patch(position=0, frame=1).status_code == 200
    assert patch(position=0.5, frame=11).status_code == 200
    evaluate(gateway, "bpy.context.scene.frame_set(1)")
    start = world(gateway, "m.translation")
    evaluate(gateway, "bpy.context.scene.frame_set(11)")
    end = world(gateway, "m.translation")
    evaluate(gateway, "bpy.context.scene.frame_set(1)")
    # The object's own location is added.
    assert [a + b for a, b in zip(start, end, strict=True)] == pytest.approx([0, 0, 2], abs=0.01)
    assert (start[0] ** 2 + start[1] ** 2) ** 0.5 == pytest.approx(4, abs=0.01)
    (curve,) = box.get("/objects/Box/animation").json()["result"]["curves"]
    assert curve["path"] == 'constraints["Follow Path"].offset_factor'
    assert "cannot be keyed" in patch(follow=True, frame=3).json()["error"]["message"]


def test_constraints_are_changed_and_removed_and_undone(box: httpx.Client, gateway: Gateway) -> None:
    constrain(box, type="copy_location", target="Goal", name="Stick")
    before = box.get("/objects/Box").json()["result"]["revision"]
    patched = box.patch("/objects/Box/constraints/Stick", json={"axes": ["z"], "influence": 0.5}).json()["result"]
    assert (patched["settings"]["axes"], patched["influence"]) == (["z"], 0.5)
    assert box.get("/objects/Box").json()["result"]["revision"] != before
    warned = box.patch("/objects/Box", json={"location": [1, 2, 3]}).json()["result"]["warnings"]
    assert [each["code"] for each in warned] == ["constrained"]
    assert box.delete("/objects/Box/constraints/Stick").json()["result"] == {"deleted": "Stick"}
    assert box.get("/objects/Box/constraints").json()["result"]["constraints"] == []
    post(box, "/undo")
    assert box.get("/objects/Box/constraints").json()["result"]["constraints"][0]["name"] == "Stick"
    assert world(gateway, "m.translation") == [1, 2, 2]
    params = {"object": "Box", "constraint": {"type": "limit_location", "max": [0, None, None]}}
    results = post(box, "/batch", calls=[{"method": "constraints.add", "params": params}], atomic=True)["results"]
    assert results[0]["result"]["name"] == "Limit Location"
    assert world(gateway, "m.translation") == [0, 2, 2]


def test_what_cannot_be_constrained_says_why(box: httpx.Client) -> None:
    def refused(status: int = 422, /, **body: Any) -> dict[str, Any]:
        answer = box.post("/objects/Box/constraints", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["error"]

    assert refused(404, type="track_to", target="Gaol")["details"]["did_you_mean"] == ["Goal"]
    assert "depend on itself" in refused(type="track_to", target="Box")["message"]
    post(box, "/objects/Goal/constraints", type="copy_location", target="Box")
    assert refused(type="track_to", target="Goal")["details"]["chain"] == ["Box", "Goal", "Box"]
    assert "CURVE" in refused(type="follow_path", target="Goal")["message"]
    assert "above max" in refused(type="limit_location", min=[1, None, None], max=[0, None, None])["message"]
    assert "both sides" in refused(type="limit_rotation", min=[1, None, None])["message"]
    refused(type="glue", target="Goal")
    constrain(box, type="limit_scale", name="Small", max=[1, 1, 1])
    assert refused(409, type="limit_scale", name="Small")["code"] == "name_taken"
    wrong = box.patch("/objects/Box/constraints/Small", json={"track_axis": "x"})
    assert wrong.status_code == 422
    assert "limit_scale" in wrong.json()["error"]["message"]
    gone = box.patch("/objects/Box/constraints/Smal", json={"influence": 1})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "constraint_not_found")


SAME_AXES: list[tuple[dict[str, Any], list[str]]] = [
    ({"type": "track_to", "target": "Goal", "track_axis": "z", "up_axis": "z"}, ["track_axis", "up_axis"]),
    ({"type": "track_to", "target": "Goal", "track_axis": "-y"}, ["track_axis", "up_axis"]),
    ({"type": "locked_track", "target": "Goal", "track_axis": "x", "lock_axis": "x"}, ["track_axis", "lock_axis"]),
    ({"type": "locked_track", "target": "Goal", "track_axis": "-z"}, ["track_axis", "lock_axis"]),
    ({"type": "follow_path", "target": "Way", "forward_axis": "-z"}, ["forward_axis", "up_axis"]),
]


@pytest.mark.parametrize(("constraint", "fields"), SAME_AXES)
def test_one_axis_for_two_ends_is_refused(box: httpx.Client, constraint: dict[str, Any], fields: list[str]) -> None:
    """Blender ignores such constraints without a word."""
    post(box, "/primitives/curve", name="Way", points=[[0, 0, 0], [4, 0, 0]], kind="poly")
    answer = box.post("/objects/Box/constraints", json=constraint)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["details"]["fields"]) == ("validation_error", fields)
    assert all(field in error["message"] for field in fields)
    assert box.get("/objects/Box/constraints").json()["result"]["constraints"] == []
    # Nor does a change lead there.
    [first, second] = fields
    one, other = ("x", "y") if first != "track_axis" or second == "up_axis" else ("y", "z")
    made = constrain(box, **{**constraint, first: one, second: other})
    path = f"/objects/Box/constraints/{made['name']}"
    assert box.get(f"/data{path}/is_valid").json()["result"]["value"] is True
    for change in ({first: other}, {second: one}, {first: f"-{other}"}):
        answer = box.patch(path, json=change)
        assert (answer.status_code, answer.json()["error"]["details"]["fields"]) == (422, fields), answer.text
    assert box.patch(path, json={first: "z" if second == "up_axis" else "x"}).status_code == 200
    assert box.get(f"/data{path}/is_valid").json()["result"]["value"] is True


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("track_axis", "TRACK_Y", "different axes"),
        ("track_axis", "TRACK_NEGATIVE_Y", "different axes"),
        ("up_axis", "UP_X", "different axes"),
        ("target", "Follower", "depend on itself"),
    ],
)
def test_a_constraint_is_checked_by_its_path_as_by_its_route(
    box: httpx.Client, name: str, value: str, words: str
) -> None:
    post(box, "/primitives/cube", name="Follower")
    post(box, "/objects/Follower/constraints", type="copy_location", target="Box")
    constrain(box, type="track_to", name="Aim", target="Goal", track_axis="x", up_axis="y")
    path = f"/data/objects/Box/constraints/Aim/{name}"
    before = box.get(path).json()["result"]["value"]
    answer = box.patch(path, json={"value": value})
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["error"]["message"]
    assert box.get(path).json()["result"]["value"] == before
    assert box.patch(path, json={"value": before}).status_code == 200
