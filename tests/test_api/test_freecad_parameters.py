"""The named values of a document: what refers to them follows, and what cannot be names the chain."""

from __future__ import annotations

import os
import signal
from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post, refused
from tests.gateway import Gateway, eventually


def put(freecad: httpx.Client, **table: Any) -> dict[str, Any]:
    response = freecad.put("/parameters", json=table)
    assert response.status_code == 200, response.text
    return response.json()["result"]


@pytest.fixture
def plate(freecad: httpx.Client) -> httpx.Client:
    """A plate of width by half the width by 5 mm, with a pin that follows the width too."""
    put(
        freecad,
        width={"value": 40, "unit": "mm", "description": "Across"},
        half={"expression": "width / 2"},
        rho={"value": 7.85, "unit": "g/cm^3"},
        count={"value": 3},
    )
    sizes = {"Length": "Parameters.width", "Width": "Parameters.half"}
    post(freecad, "/primitives/box", name="Plate", height=5, expressions=sizes)
    return freecad


def test_parameters_are_read_as_they_were_given(plate: httpx.Client) -> None:
    assert get(plate, "/parameters") == {
        "width": {"value": 40, "unit": "mm", "expression": None, "description": "Across"},
        "half": {"value": 20, "unit": "mm", "expression": "width / 2", "description": None},
        "rho": {"value": 7.85, "unit": "g/cm^3", "expression": None, "description": None},
        "count": {"value": 3, "unit": None, "expression": None, "description": None},
    }


def test_objects_follow_their_parameters_and_undo_takes_both_back(plate: httpx.Client) -> None:
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(40 * 20 * 5)
    changed = plate.patch("/parameters", json={"width": {"value": 50}})
    assert changed.json()["result"]["width"] == {
        "value": 50,
        "unit": "mm",
        "expression": None,
        "description": "Across",
    }
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(50 * 25 * 5)
    assert plate.post("/undo").status_code == 200
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(40 * 20 * 5)
    assert get(plate, "/parameters")["width"]["value"] == 40
    assert plate.post("/redo").status_code == 200
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(50 * 25 * 5)
    assert patch(plate, "Plate", expressions={"Height": "Parameters.half / 5"})["volume"] == pytest.approx(50 * 25 * 5)


@pytest.mark.parametrize(
    ("table", "value", "unit"),
    [
        ({"value": "2 in"}, 2, "in"),
        ({"value": 2, "unit": "in"}, 2, "in"),
        ({"value": "1 ft 2 in"}, 355.6, "mm"),
        ({"value": 1e-7, "unit": "mm"}, 1e-7, "mm"),
        ({"value": -12.345678901234, "unit": "mm"}, -12.345678901234, "mm"),
        ({"value": 30, "unit": "deg"}, 30, "deg"),
        ({"value": 100, "unit": "mm^2"}, 100, "mm^2"),
        ({"expression": "40 mm + 2 mm"}, 42, "mm"),
        ({"expression": "2 * (3 + 4)"}, 14, None),
        ({"expression": "max(3; 4) * 1 mm"}, 4, "mm"),
    ],
)
def test_values_have_the_unit_they_were_given(freecad: httpx.Client, table: Any, value: float, unit: str) -> None:
    made = put(freecad, a=table)["a"]
    assert (made["value"], made["unit"]) == (pytest.approx(value, rel=1e-11), unit)
    assert (made["expression"] is None) == ("expression" not in table)
    again = get(freecad, "/parameters")["a"]
    assert again == made


def test_put_replaces_one_as_a_whole_and_null_removes_one(plate: httpx.Client) -> None:
    assert put(plate, width={"value": 41, "unit": "mm"})["width"]["description"] is None
    left = put(plate, count=None)
    assert list(left) == ["width", "half", "rho"]
    assert plate.post("/undo").status_code == 200
    assert get(plate, "/parameters")["count"]["value"] == 3
    assert refused(plate.put("/parameters", json={"nothing": None}))
    ten, seven = ({"value": value, "unit": "mm"} for value in (10, 7))
    put(plate, width={"expression": "half_width * 2"}, half_width=ten, half=seven)
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(20 * 7 * 5)


@pytest.mark.parametrize(
    ("table", "chain"),
    [
        ({"width": {"expression": "half * 2"}}, ["width", "half", "width"]),
        ({"a": {"expression": "a + 1 mm"}}, ["a", "a"]),
        (
            {"a": {"expression": "b"}, "b": {"expression": "Parameters.c"}, "c": {"expression": "a"}},
            ["a", "b", "c", "a"],
        ),
        ({"a": {"expression": "wid / 2"}}, ["a", "wid"]),
        ({"a": {"expression": "Nothing.Length"}}, ["a", "Nothing.Length"]),
        ({"a": {"expression": "Plate.Height"}}, ["Parameters.a", "Plate.Height", "Parameters"]),
        ({"a": {"expression": "width + rho"}}, ["a", "width", "rho"]),
        ({"width": {"value": 40, "unit": "kg"}}, ["Plate.Length", "Parameters.width"]),
        ({"width": {"value": 40, "unit": "mm^2"}}, ["Plate.Length", "Parameters.width"]),
        ({"width": None}, ["half", "width"]),
        ({"half": None}, ["Plate.Width", "Parameters.half"]),
        ({"a": {"expression": "1 / (count - 3)"}}, ["a", "count"]),
    ],
)
def test_what_cannot_be_is_refused_with_its_chain_and_changes_nothing(
    plate: httpx.Client, table: Any, chain: list[str]
) -> None:
    before = (get(plate, "/parameters"), get(plate, "/objects"))
    response = plate.put("/parameters", json=table)
    assert " -> ".join(chain) in refused(response)
    assert response.json()["error"]["details"]["chain"] == chain
    assert (get(plate, "/parameters"), get(plate, "/objects")) == before
    assert patch(plate, "Plate", properties={"Height": 6})["volume"] == pytest.approx(40 * 20 * 6)


@pytest.mark.parametrize("value", [0, -3])
def test_a_value_that_makes_an_object_impossible_is_refused(plate: httpx.Client, value: float) -> None:
    before = (get(plate, "/parameters"), get(plate, "/objects"))
    response = plate.patch("/parameters", json={"width": {"value": value}})
    assert "Plate" in refused(response, "degenerate_result")
    assert (get(plate, "/parameters"), get(plate, "/objects")) == before


@pytest.mark.parametrize(
    "table",
    [
        {"mm": {"value": 1}},
        {"A1": {"value": 1}},
        {"pi": {"value": 1}},
        {"Label": {"value": 1}},
        {"recompute": {"value": 1}},
        {"Breite Ø": {"value": 1}},
        {"warnings": {"value": 1}},
        {"Plate": {"value": 1}},
        {"a": {"value": 1, "unit": "bananas"}},
        {"a": {"value": 1, "unit": "1"}},
        {"a": {"value": "heavy"}},
        {"a": {"value": "2 in", "unit": "mm"}},
        {"a": {"value": 1, "expression": "width"}},
        {"a": {"expression": "width +"}},
        {"a": {"expression": "sqrt(-1)"}},
        {"a": {"expression": "Plate.Proxy"}},
        {"a": {"unit": "mm"}},
        {"a": {"value": True}},
        {"a": {}},
        {"a": 3},
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_what_is_no_parameter_is_refused(plate: httpx.Client, table: Any, dry: bool) -> None:
    before = get(plate, "/parameters")
    refused(plate.put("/parameters", params={"dry_run": "true"} if dry else {}, json=table))
    assert get(plate, "/parameters") == before


def test_parameters_may_use_objects_that_do_not_use_them(plate: httpx.Client) -> None:
    post(plate, "/primitives/cylinder", name="Shaft", radius=4)
    assert put(plate, bore={"expression": "Shaft.Radius * 2 + 0.1 mm"})["bore"]["value"] == pytest.approx(8.1)
    patch(plate, "Shaft", properties={"Radius": 5})
    assert get(plate, "/parameters")["bore"]["value"] == pytest.approx(10.1)
    refused(plate.patch("/objects/Shaft", json={"expressions": {"Height": "Parameters.bore"}}))


def test_parameters_survive_a_kill_and_a_saved_file(plate: httpx.Client, gateway: Gateway) -> None:
    assert plate.patch("/parameters", json={"width": {"value": 44}}).status_code == 200
    before = get(plate, "/parameters")
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="another FreeCAD"
    )
    assert get(plate, "/parameters") == before
    saved = post(plate, "/documents/Test/save")
    opened = post(plate, "/documents/open/artifact", artifact=saved["artifact"]["id"])["name"]
    assert get(plate, "/parameters", document=opened) == before
    assert get(plate, "/objects/Plate", document=opened)["volume"] == pytest.approx(44 * 22 * 5)


def test_parameters_in_batches_roll_back_with_them(plate: httpx.Client) -> None:
    calls = [
        {"method": "parameters.update", "params": {"parameters": {"width": {"value": 60}}}},
        {"method": "primitives.box", "params": {"name": "Plate"}},
    ]
    failed = plate.post("/batch", json={"atomic": True, "calls": calls})
    assert failed.json()["error"]["details"]["index"] == 1
    assert get(plate, "/parameters")["width"]["value"] == 40
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(40 * 20 * 5)
    done = plate.post("/batch", json={"atomic": True, "calls": calls[:1]})
    assert done.json()["result"]["results"][0]["result"]["half"]["value"] == 30
    assert get(plate, "/objects/Plate")["volume"] == pytest.approx(60 * 30 * 5)


def test_constraints_and_feature_sizes_follow_parameters(freecad: httpx.Client) -> None:
    put(freecad, w={"value": 30, "unit": "mm"})
    post(freecad, "/bodies", name="Body")
    disc = {"type": "circle", "center": [0, 0], "radius": 10}
    across = {"type": "diameter", "first": {"geometry": 0}, "value": 20, "name": "across"}
    post(freecad, "/sketches", name="Profile", body="Body", geometry=[disc], constraints=[across])
    post(freecad, "/features/pad", sketch="Profile", name="Pad", length=4)
    patch(freecad, "Profile", expressions={"across": "Parameters.w"})
    assert get(freecad, "/objects/Body")["volume"] == pytest.approx(pi * 15**2 * 4)
    assert freecad.patch("/parameters", json={"w": {"value": 35}}).status_code == 200
    assert get(freecad, "/objects/Body")["volume"] == pytest.approx(pi * 17.5**2 * 4)
    before = get(freecad, "/objects")
    refused(freecad.patch("/parameters", json={"w": {"unit": "deg"}}))
    assert get(freecad, "/objects") == before
