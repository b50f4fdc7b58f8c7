"""Union, subtract and intersect over HTTP: exact volumes, and every result that is none."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest


def make(freecad: httpx.Client, kind: str, **params: Any) -> None:
    assert freecad.post(f"/primitives/{kind}", json=params).status_code == 201


def operate(freecad: httpx.Client, operation: str, **params: Any) -> dict[str, Any]:
    response = freecad.post(f"/boolean/{operation}", json=params)
    assert response.status_code == 201, response.text
    return response.json()["result"]


@pytest.fixture
def boxes(freecad: httpx.Client) -> httpx.Client:
    """Cubes of 10 mm: A at the origin, B shifted by half its edge, Far away, and Small inside A."""
    make(freecad, "box", name="A")
    make(freecad, "box", name="B", location=[5, 0, 0])
    make(freecad, "box", name="Far", location=[100, 0, 0])
    make(freecad, "box", name="Small", length=2, width=2, height=2, location=[4, 4, 4])
    return freecad


@pytest.mark.parametrize(("operation", "volume"), [("union", 1500), ("subtract", 500), ("intersect", 500)])
def test_two_boxes_combine_exactly(boxes: httpx.Client, operation: str, volume: float) -> None:
    info = operate(boxes, operation, object1="A", object2="B", name="Result", label="Ergebnis")
    assert (info["name"], info["label"]) == ("Result", "Ergebnis")
    assert info["volume"] == pytest.approx(volume, rel=1e-9)
    assert (info["valid"], info["state"], info["warnings"]) == (True, ["Up-to-date"], [])


def test_curved_operands_combine_exactly_and_the_box_around_the_result_is_tight(freecad: httpx.Client) -> None:
    make(freecad, "box", name="Box")
    make(freecad, "sphere", name="Ball", radius=5)
    info = operate(freecad, "subtract", object1="Box", object2="Ball")
    assert info["volume"] == pytest.approx(1000 - 4 / 3 * pi * 125 / 8)
    assert info["bounding_box"] == {"min": [0, 0, 0], "max": [10, 10, 10]}
    assert info["type"] == "Part::Cut"


def test_a_cylinder_through_a_box_leaves_a_bore(freecad: httpx.Client) -> None:
    make(freecad, "box", name="Box", length=20, width=20, height=10)
    make(freecad, "cylinder", name="Drill", radius=3, height=30, location=[10, 10, -10])
    info = operate(freecad, "subtract", object1="Box", object2="Drill")
    assert info["volume"] == pytest.approx(4000 - pi * 9 * 10, rel=1e-6)
    assert info["area"] == pytest.approx(2 * 400 + 4 * 200 - 2 * pi * 9 + 2 * pi * 3 * 10, rel=1e-6)


def test_two_spheres_share_a_lens(freecad: httpx.Client) -> None:
    radius, distance = 5, 6
    make(freecad, "sphere", name="Left", radius=radius)
    make(freecad, "sphere", name="Right", radius=radius, location=[distance, 0, 0])
    info = operate(freecad, "intersect", object1="Left", object2="Right")
    assert info["volume"] == pytest.approx(pi * (4 * radius + distance) * (2 * radius - distance) ** 2 / 12, rel=1e-6)


def test_a_torus_is_cut_in_half(freecad: httpx.Client) -> None:
    make(freecad, "torus", name="Ring", radius1=10, radius2=2)
    make(freecad, "box", name="Half", length=40, width=40, height=40, location=[-20, 0, -20])
    info = operate(freecad, "subtract", object1="Ring", object2="Half")
    assert info["volume"] == pytest.approx(2 * pi**2 * 10 * 4 / 2, rel=1e-6)
    assert info["bounding_box"]["max"][1] == pytest.approx(0, abs=1e-6)


def test_the_order_of_a_subtraction_matters(boxes: httpx.Client) -> None:
    assert operate(boxes, "subtract", object1="B", object2="A")["bounding_box"]["min"] == [10, 0, 0]
    assert operate(boxes, "subtract", object1="A", object2="B")["bounding_box"]["max"] == [5, 10, 10]


def test_the_operands_stay_as_hidden_inputs(boxes: httpx.Client) -> None:
    operate(boxes, "union", object1="A", object2="B")
    objects = {each["name"]: each["visible"] for each in boxes.get("/objects").json()["result"]["objects"]}
    assert objects == {"A": False, "B": False, "Far": True, "Small": True, "Fusion": True}


@pytest.mark.parametrize(("operation", "volume"), [("union", 2500), ("subtract", 492), ("intersect", 4)])
def test_more_than_two_operands_are_a_list(boxes: httpx.Client, operation: str, volume: float) -> None:
    names = {"union": ["A", "B", "Far"], "subtract": ["A", "B", "Small"], "intersect": ["A", "B", "Small"]}[operation]
    if operation == "subtract":
        assert boxes.patch("/objects/Small", json={"location": [1, 1, 1]}).status_code == 200
    info = operate(boxes, operation, objects=names)
    assert info["volume"] == pytest.approx(volume)


def test_the_result_can_be_placed_and_combined_again(boxes: httpx.Client) -> None:
    first = operate(boxes, "subtract", object1="A", object2="B", location=[0, 0, 50])
    assert first["bounding_box"]["min"] == [0, 0, 50]
    again = operate(boxes, "union", object1=first["name"], object2="Far")
    assert again["volume"] == pytest.approx(1500)


@pytest.mark.parametrize(
    ("operation", "objects"), [("subtract", ("A", "Far")), ("union", ("A", "Small")), ("intersect", ("Small", "A"))]
)
def test_an_operation_that_changes_nothing_carries_a_warning(
    boxes: httpx.Client, operation: str, objects: tuple[str, str]
) -> None:
    info = operate(boxes, operation, object1=objects[0], object2=objects[1])
    assert [each["code"] for each in info["warnings"]] == ["no_effect"]


def test_a_union_of_parts_that_do_not_touch_says_so(boxes: httpx.Client) -> None:
    info = operate(boxes, "union", object1="A", object2="Far")
    assert info["volume"] == pytest.approx(2000)
    assert [each["code"] for each in info["warnings"]] == ["disjoint"]


@pytest.mark.parametrize(("operation", "objects"), [("intersect", ("A", "Far")), ("subtract", ("Small", "A"))])
def test_an_empty_result_is_422_and_the_document_stays_as_it_was(
    boxes: httpx.Client, operation: str, objects: tuple[str, str]
) -> None:
    before = boxes.get("/objects").json()
    response = boxes.post(f"/boolean/{operation}", json={"object1": objects[0], "object2": objects[1]})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "degenerate_result")
    assert boxes.get("/objects").json() == before


@pytest.mark.parametrize(
    "body",
    [
        {"object1": "A", "object2": "A"},
        {"objects": ["A", "B", "A"]},
        {"objects": ["A"]},
        {"object1": "A"},
        {"object1": "A", "object2": "B", "objects": ["A", "B"]},
        {"object1": "A", "object2": "B", "operation": "intersect"},
        {"object1": "A", "object2": "B", "name": "2x"},
        {"object1": "A", "object2": 5},
        {},
    ],
)
def test_operands_that_make_no_sense_are_422_validation_error(boxes: httpx.Client, body: dict[str, Any]) -> None:
    response = boxes.post("/boolean/union", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")
    assert boxes.get("/objects").json()["result"]["total"] == 4


def test_an_operation_that_agrees_with_the_route_is_accepted(boxes: httpx.Client) -> None:
    body = {"object1": "A", "object2": "B", "operation": "union"}
    assert boxes.post("/boolean/union", json=body).json()["result"]["volume"] == pytest.approx(1500)


def test_an_unknown_operand_is_404_with_the_nearest_name(boxes: httpx.Client) -> None:
    response = boxes.post("/boolean/union", json={"object1": "A", "object2": "Smal"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (404, "object_not_found")
    assert error["details"]["did_you_mean"] == ["Small"]


def test_an_operand_without_a_solid_or_face_is_refused(boxes: httpx.Client) -> None:
    make(boxes, "helix", name="Wire")
    response = boxes.post("/boolean/subtract", json={"object1": "A", "object2": "Wire"})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")
    assert "Wire" in response.json()["error"]["message"]


def test_the_result_cannot_take_the_name_of_its_own_operand(boxes: httpx.Client) -> None:
    body = {"object1": "A", "object2": "B", "name": "A"}
    assert boxes.post("/boolean/union", json=body).json()["error"]["code"] == "name_taken"
    replacing = boxes.post("/boolean/union", json={**body, "on_conflict": "replace"})
    assert (replacing.status_code, replacing.json()["error"]["code"]) == (409, "conflict")
    assert boxes.get("/objects").json()["result"]["total"] == 4


def test_a_failed_union_in_an_atomic_batch_leaves_nothing_of_the_batch(freecad: httpx.Client) -> None:
    calls = [
        {"method": "primitives.box", "params": {"name": "A"}},
        {"method": "primitives.box", "params": {"name": "B", "location": [50, 0, 0]}},
        {"method": "boolean.intersect", "params": {"object1": "A", "object2": "B"}},
    ]
    response = freecad.post("/batch", json={"calls": calls, "atomic": True})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["details"]["index"]) == (422, "degenerate_result", 2)
    assert freecad.get("/objects").json()["result"]["total"] == 0
    calls[1]["params"]["location"] = [5, 0, 0]
    results = freecad.post("/batch", json={"calls": calls, "atomic": True}).json()["result"]["results"]
    assert results[2]["result"]["volume"] == pytest.approx(500)
