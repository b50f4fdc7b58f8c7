"""Expressions, colours and materials in every creation: links, copies, features, groups; ObjectInfo has them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post, refused

WIDE = {"wide": {"value": 30, "unit": "mm"}}


@pytest.fixture
def box(freecad: httpx.Client) -> httpx.Client:
    freecad.put("/parameters", json=WIDE).raise_for_status()
    post(freecad, "/primitives/box", name="Box", color="#d02010", expressions={"Length": "Parameters.wide"})
    return freecad


def test_what_determines_an_object_is_in_its_description(box: httpx.Client) -> None:
    assert get(box, "/objects/Box")["expressions"] == {"Length": "Parameters.wide"}
    listed = get(box, "/objects", fields="name,expressions")["objects"]
    assert {"name": "Box", "expressions": {"Length": "Parameters.wide"}} in listed
    before = get(box, "/objects/Box")["revision"]
    changed = patch(box, "Box", expressions={"Length": None, "Placement.Base.x": "Parameters.wide * 2"})
    assert changed["expressions"] == {"Placement.Base.x": "Parameters.wide * 2"}
    assert changed["revision"] != before


@pytest.mark.parametrize("path", ["/links", "/objects/Box/links"])
def test_a_link_is_placed_by_an_expression_and_follows_it(box: httpx.Client, path: str) -> None:
    body: dict[str, Any] = {"object": "Box"} if path == "/links" else {}
    made = post(box, path, name="Again", expressions={"Placement.Base.y": "Parameters.wide"}, color="#2060c0", **body)
    assert (made["location"], made["color"], made["links_to"]) == ([0, 30, 0], "#2060c0", "Box")
    box.patch("/parameters", json={"wide": {"value": 40}}).raise_for_status()
    assert get(box, "/objects/Again")["bounding_box"] == {"min": [0, 40, 0], "max": [40, 50, 10]}
    refused(box.post(path, json={"name": "Bad", "expressions": {"Placement.Base.y": "Nobody.wide"}, **body}))


def test_a_copy_differs_by_what_the_request_says(box: httpx.Client) -> None:
    made = post(
        box,
        "/objects/Box/duplicate",
        name="Twin",
        location=[0, 50, 0],
        expressions={"Width": "Parameters.wide / 2"},
        color="#2060c0",
        face_colors=[{"faces": {"type": "plane", "at": "top"}, "color": "#ffffff"}],
        material={"name": "Oak", "density": 700},
    )
    assert made["expressions"] == {"Length": "Parameters.wide", "Width": "Parameters.wide / 2"}
    assert (made["volume"], made["color"], made["location"]) == (30 * 15 * 10, "#2060c0", [0, 50, 0])
    assert made["face_colors"] == [{"faces": ["Face6"], "color": "#ffffff"}]
    assert made["mass"] == pytest.approx(30 * 15 * 10 * 700e-9)
    plain = post(box, "/objects/Box/duplicate", name="Same")
    assert (plain["color"], plain["material"], plain["volume"]) == ("#d02010", None, 3000)
    for _ in range(2):
        assert box.post("/undo").status_code == 200
    assert [each["name"] for each in get(box, "/objects", type="Part::Feature")["objects"]] == ["Box"]
