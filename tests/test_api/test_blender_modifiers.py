"""Blender's modifiers and booleans over HTTP: what they make, how they are changed, applied, refused."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

VOLUME = """
import bmesh
def volume(name):
    bm = bmesh.new()
    bm.from_object(bpy.data.objects[name], bpy.context.evaluated_depsgraph_get())
    found = round(bm.calc_volume(signed=True), 4), all(edge.is_manifold for edge in bm.edges)
    bm.free()
    return found
"""


def add(blender: httpx.Client, primitive: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def get(blender: httpx.Client, name: str, /) -> dict[str, Any]:
    return blender.get(f"/objects/{name}").json()["result"]


def modify(blender: httpx.Client, **modifier: Any) -> dict[str, Any]:
    answer = blender.post("/objects/Box/modifiers", json=modifier)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def modifiers(blender: httpx.Client) -> list[dict[str, Any]]:
    return blender.get("/objects/Box/modifiers").json()["result"]["modifiers"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def volume(gateway: Gateway, name: str) -> float:
    """Of what Blender shows; the mesh must be closed."""
    found, closed = evaluate(gateway, VOLUME + f"volume({name!r})")
    assert closed
    return found


@pytest.fixture
def box(blender: httpx.Client) -> httpx.Client:
    """A cube with edges of 2 that is called Box."""
    add(blender, "cube", name="Box")
    return blender


# --- modifiers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "settings", "dimensions"),
    [
        ({"type": "subdivision"}, {"levels": 1, "scheme": "catmull_clark"}, None),
        ({"type": "subdivision", "levels": 2, "scheme": "simple"}, {"levels": 2, "scheme": "simple"}, [2, 2, 2]),
        ({"type": "bevel"}, {"width": 0.1, "segments": 1, "limit": "angle", "angle": 30}, [2, 2, 2]),
        (
            {"type": "bevel", "width": 0.5, "segments": 3, "limit": "none", "angle": 45},
            {"width": 0.5, "segments": 3, "limit": "none", "angle": 45},
            [2, 2, 2],
        ),
        ({"type": "array"}, {"count": 2, "relative_offset": [1, 0, 0], "constant_offset": None}, [4, 2, 2]),
        (
            {"type": "array", "count": 3, "constant_offset": [0, 0, 5]},
            {"count": 3, "relative_offset": None, "constant_offset": [0, 0, 5]},
            [2, 2, 12],
        ),
        (
            {"type": "mirror", "axes": ["x", "z"]},
            {"axes": ["x", "z"], "mirror_object": None, "merge": True, "merge_threshold": 0.001},
            [2, 2, 2],
        ),
        ({"type": "solidify", "thickness": 0.5, "offset": 1}, {"thickness": 0.5, "offset": 1, "even": True}, [3, 3, 3]),
        ({"type": "decimate", "ratio": 0.4}, {"ratio": 0.4}, None),
    ],
)
def test_each_type_is_added_with_its_settings_and_shows_in_the_size(
    box: httpx.Client, request_: dict[str, Any], settings: dict[str, Any], dimensions: list[float] | None
) -> None:
    before = get(box, "Box")
    info = modify(box, **request_)
    assert info["modifiers"] == [request_["type"].capitalize()]
    assert info["vertices"] == 8, "the mesh itself must stay as it is"
    assert info["revision"] != before["revision"]
    if dimensions is not None:
        assert info["dimensions"] == pytest.approx(dimensions, abs=1e-5)
    assert modifiers(box) == [
        {
            "name": request_["type"].capitalize(),
            "type": request_["type"],
            "settings": settings,
            "show_viewport": True,
            "show_render": True,
            "warnings": [],
        }
    ]


def test_settings_come_beside_the_type_or_in_an_object_of_their_own(box: httpx.Client) -> None:
    modify(box, type="SUBSURF", name="Round", settings={"levels": 2})
    assert [(each["name"], each["settings"]["levels"]) for each in modifiers(box)] == [("Round", 2)]


def test_modifiers_work_in_their_order_and_names_are_unique_per_object(box: httpx.Client) -> None:
    modify(box, type="bevel", name="One")
    modify(box, type="array", name="Two")
    assert [each["name"] for each in modifiers(box)] == ["One", "Two"]
    assert code(box.post("/objects/Box/modifiers", json={"type": "array", "name": "One"})) == (409, "name_taken")
    assert modify(box, type="bevel")["modifiers"] == ["One", "Two", "Bevel"]
    assert modify(box, type="bevel")["modifiers"] == ["One", "Two", "Bevel", "Bevel.001"]


def test_a_setting_is_changed_and_others_stay(box: httpx.Client) -> None:
    modify(box, type="array", count=2)
    answer = box.patch("/objects/Box/modifiers/Array", json={"count": 4})
    assert answer.json()["result"]["settings"] == {
        "count": 4,
        "relative_offset": [1.0, 0.0, 0.0],
        "constant_offset": None,
    }
    assert get(box, "Box")["dimensions"] == [8.0, 2.0, 2.0]
    assert box.patch("/objects/Box/modifiers/Array", json={"show_viewport": False}).status_code == 200
    assert get(box, "Box")["dimensions"] == [2.0, 2.0, 2.0]


def test_a_removed_modifier_leaves_the_mesh_as_it_was(box: httpx.Client) -> None:
    before = get(box, "Box")
    modify(box, type="subdivision")
    assert box.delete("/objects/Box/modifiers/Subdivision").json()["result"] == {"deleted": "Subdivision"}
    assert get(box, "Box") == before


def test_an_applied_modifier_becomes_the_mesh(box: httpx.Client, gateway: Gateway) -> None:
    box.post("/materials", json={"name": "Red"})
    box.post("/materials/apply", json={"object": "Box", "material": "Red"})
    modify(box, type="subdivision", levels=1, scheme="simple")
    modify(box, type="array", count=2)
    answer = box.post("/objects/Box/modifiers/Subdivision/apply")
    assert answer.status_code == 200, answer.text
    info = answer.json()["result"]
    assert (info["vertices"], info["faces"], info["modifiers"]) == (26, 24, ["Array"])
    assert (info["materials"], info["dimensions"]) == (["Red"], [4.0, 2.0, 2.0])
    assert evaluate(gateway, "[len(bpy.data.meshes), len(bpy.data.scenes), len(bpy.data.objects)]") == [1, 1, 1]


def test_applying_one_that_is_not_the_first_says_so(box: httpx.Client) -> None:
    modify(box, type="array")
    modify(box, type="subdivision", scheme="simple")
    info = box.post("/objects/Box/modifiers/Subdivision/apply").json()["result"]
    assert [warning["code"] for warning in info["warnings"]] == ["not_first"]
    assert (info["vertices"], info["modifiers"]) == (26, ["Array"])


@pytest.mark.parametrize(
    "modifier",
    [
        {},
        {"type": "wave"},
        {"type": 3},
        {"type": "bevel", "levels": 2},
        {"type": "bevel", "width": -1},
        {"type": "bevel", "segments": 0},
        {"type": "array", "count": 0},
        {"type": "array", "relative_offset": [1, 0]},
        {"type": "mirror", "axes": []},
        {"type": "mirror", "axes": ["w"]},
        {"type": "boolean"},
        {"type": "boolean", "object": "Box"},
        {"type": "boolean", "object": "Key"},
        {"type": "decimate", "ratio": 1.5},
        {"type": "subdivision", "settings": 2},
        {"type": "subdivision", "levels": 1, "settings": {"levels": 2}},
        {"type": "subdivision", "name": ""},
    ],
)
def test_a_modifier_that_cannot_be_is_refused_and_not_added(box: httpx.Client, modifier: dict[str, Any]) -> None:
    box.post("/light", json={"name": "Key"})
    before = get(box, "Box")
    assert code(box.post("/objects/Box/modifiers", json=modifier)) == (422, "validation_error")
    assert get(box, "Box") == before


@pytest.mark.parametrize(
    ("modifier", "limit"),
    [
        ({"type": "subdivision", "levels": 11}, "max_subdivisions"),
        ({"type": "array", "count": 100_000}, "max_copies"),
        ({"type": "bevel", "segments": 1000, "limit": "none"}, "max_vertices"),
    ],
)
def test_a_modifier_that_would_kill_blender_is_refused_with_the_limit(
    box: httpx.Client, modifier: dict[str, Any], limit: str
) -> None:
    answer = box.post("/objects/Box/modifiers", json=modifier)
    assert code(answer) == (422, "limit_exceeded")
    assert answer.json()["error"]["details"]["limit"] == limit
    assert modifiers(box) == []


def test_modifiers_that_together_would_kill_blender_are_refused(box: httpx.Client) -> None:
    modify(box, type="array", count=1000)
    modify(box, type="array", name="Second", count=500)
    answer = box.post("/objects/Box/modifiers", json={"type": "subdivision", "levels": 6})
    assert code(answer) == (422, "limit_exceeded")
    answer = box.patch("/objects/Box/modifiers/Second", json={"count": 1000})
    assert code(answer) == (422, "limit_exceeded")
    assert modifiers(box)[1]["settings"]["count"] == 500


def test_a_setting_of_another_type_is_refused_by_name(box: httpx.Client) -> None:
    modify(box, type="bevel")
    answer = box.patch("/objects/Box/modifiers/Bevel", json={"width": 0.3, "levels": 2})
    assert code(answer) == (422, "validation_error")
    assert answer.json()["error"]["details"]["unknown"] == ["levels"]
    assert modifiers(box)[0]["settings"]["width"] == 0.1


def test_modifiers_and_objects_that_are_not_there_are_404(box: httpx.Client) -> None:
    modify(box, type="bevel")
    for answer in (
        box.patch("/objects/Box/modifiers/Bovel", json={"width": 1}),
        box.delete("/objects/Box/modifiers/Bovel"),
        box.post("/objects/Box/modifiers/Bovel/apply"),
    ):
        assert code(answer) == (404, "modifier_not_found")
        assert answer.json()["error"]["details"]["did_you_mean"] == ["Bevel"]
    assert code(box.get("/objects/Bax/modifiers")) == (404, "object_not_found")
    assert code(box.post("/objects/Box/modifiers", json={"type": "boolean", "object": "No"})) == (
        404,
        "object_not_found",
    )


def test_a_light_takes_no_modifiers(blender: httpx.Client) -> None:
    blender.post("/light", json={"name": "Key"})
    assert code(blender.post("/objects/Key/modifiers", json={"type": "bevel"})) == (422, "validation_error")


# --- booleans ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "expected"), [("difference", 8 - 1), ("union", 8 + 7), ("intersect", 1), ("subtract", 7)]
)
def test_a_boolean_has_the_exact_volume(box: httpx.Client, gateway: Gateway, operation: str, expected: float) -> None:
    add(box, "cube", name="Other", location=[1, 1, 1])
    answer = box.post("/objects/Box/boolean", json={"object": "Other", "operation": operation})
    assert answer.status_code == 200, answer.text
    info = answer.json()["result"]
    assert (info["name"], info["modifiers"], info["warnings"]) == ("Box", [], [])
    assert volume(gateway, "Box") == pytest.approx(expected, abs=1e-3)
    assert get(box, "Other")["vertices"] == 8
    assert evaluate(gateway, "[len(bpy.data.meshes), len(bpy.data.scenes), len(bpy.data.objects)]") == [2, 1, 2]


def test_a_hole_is_drilled_where_the_other_object_stands_and_the_drill_can_go(
    box: httpx.Client, gateway: Gateway
) -> None:
    add(box, "cylinder", name="Drill", radius=0.5, depth=10, vertices=256, location=[0.2, 0, 0])
    answer = box.post("/objects/Box/boolean", json={"object": "Drill", "delete_other": True})
    assert answer.status_code == 200, answer.text
    assert volume(gateway, "Box") == pytest.approx(8 - pi * 0.25 * 2, abs=0.01)
    assert box.get("/objects/Drill").status_code == 404


def test_both_objects_count_as_they_are_shown(box: httpx.Client, gateway: Gateway) -> None:
    modify(box, type="array", count=2)
    add(box, "cube", name="Other", scale=[0.5, 0.5, 0.5], location=[3, 0, 1])
    assert box.post("/objects/Box/boolean", json={"object": "Other", "operation": "union"}).status_code == 200
    assert volume(gateway, "Box") == pytest.approx(16.75, abs=1e-3)


def test_an_empty_result_is_refused_and_nothing_changes(box: httpx.Client, gateway: Gateway) -> None:
    add(box, "cube", name="Far", location=[9, 0, 0])
    add(box, "cube", name="Big", size=10)
    before = get(box, "Box")
    for other, operation in (("Far", "intersect"), ("Big", "difference")):
        answer = box.post("/objects/Box/boolean", json={"object": other, "operation": operation})
        assert code(answer) == (422, "degenerate_result")
    assert get(box, "Box") == before
    assert evaluate(gateway, "[len(bpy.data.meshes), len(bpy.data.scenes), len(bpy.data.objects)]") == [3, 1, 3]


def test_a_boolean_without_effect_says_so(box: httpx.Client) -> None:
    before = get(box, "Box")
    add(box, "cube", name="Far", location=[9, 0, 0])
    info = box.post("/objects/Box/boolean", json={"object": "Far"}).json()["result"]
    assert [warning["code"] for warning in info["warnings"]] == ["no_effect"]
    assert {**info, "warnings": []} == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"object": "Box"}, (422, "validation_error")),
        ({"object": "Key"}, (422, "validation_error")),
        ({"object": "No"}, (404, "object_not_found")),
        ({"object": "Other", "operation": "xor"}, (422, "validation_error")),
        ({"object": "Other", "solver": "magic"}, (422, "validation_error")),
        ({}, (422, "validation_error")),
    ],
)
def test_a_boolean_that_cannot_be_is_refused(
    box: httpx.Client, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    box.post("/light", json={"name": "Key"})
    add(box, "cube", name="Other", location=[1, 1, 1])
    before = get(box, "Box")
    assert code(box.post("/objects/Box/boolean", json=body)) == expected
    assert get(box, "Box") == before


def test_a_dry_run_of_a_boolean_computes_it_and_changes_nothing(box: httpx.Client) -> None:
    add(box, "cube", name="Other", location=[1, 1, 1])
    before = get(box, "Box")
    answer = box.post("/objects/Box/boolean?dry_run=true", json={"object": "Other"})
    assert answer.json() == {"status": "success", "result": {"dry_run": True}}
    assert get(box, "Box") == before


def test_a_taken_name_of_a_modifier_is_told_without_advice_that_the_route_refuses(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    blender.post("/objects/Box/modifiers", json={"type": "bevel", "name": "Twice"})

    error = blender.post("/objects/Box/modifiers", json={"type": "bevel", "name": "Twice"}).json()["error"]

    assert error["code"] == "name_taken"
    assert error["message"] == "The name 'Twice' is in use by another modifier: choose another"
