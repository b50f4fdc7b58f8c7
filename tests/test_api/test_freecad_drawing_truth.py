"""What a sheet says agrees with what it shows: lengths as they are seen, curves by an arc, sections with all parts.

Places on the sheet are read from the DXF by another reader.
"""

from __future__ import annotations

from math import hypot, pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post
from tests.test_api.test_freecad_drawing_dimensions import on_sheet
from tests.test_api.test_freecad_drawings import fetch


@pytest.fixture
def block(freecad: httpx.Client) -> httpx.Client:
    """60 x 40 x 20 with a chamfer of 10 at the upper right and two upright edges at the left rounded by 8."""
    post(freecad, "/primitives/box", name="Raw", length=60, width=40, height=20)
    post(freecad, "/features/chamfer", name="Cut", object="Raw", size=10, edges=["Edge6"])
    upright = {"parallel_to": [0, 0, 1], "at": "left"}
    post(freecad, "/features/fillet", name="Block", object="Cut", radius=8, edges=upright)
    return freecad


def edge(freecad: httpx.Client, **wanted: Any) -> str:
    """The name of the edge with these facts."""
    every = get(freecad, "/objects/Block/edges?limit=100")["edges"]
    [found] = [each["name"] for each in every if all(each[key] == pytest.approx(wanted[key]) for key in wanted)]
    return str(found)


def drawn(freecad: httpx.Client, obj: str, type: str, view: Any, *of: Any) -> dict[str, Any]:
    """The one dimension of a new drawing."""
    wanted = [{"type": type, "of": list(of), "view": view}]
    made = post(freecad, "/drawings", name="S", on_conflict="replace", objects=[obj], views=[view], dimensions=wanted)
    [dimension] = made["dimensions"]
    return {**dimension, "views": made["views"], "warnings": made.get("warnings", [])}


def test_a_length_stands_only_in_a_view_that_shows_it_as_long(block: httpx.Client) -> None:
    slanted = [edge(block, center=[55, 0, 15])]
    made = drawn(block, "Block", "length", "front", slanted)
    assert (made["value"], made["error"]) == (pytest.approx(200**0.5), None)
    made = drawn(block, "Block", "length", "top", slanted)
    assert made["value"] is None
    assert "'top' shows it 10 mm long, not 14.142: choose 'front' or 'back'" in made["error"]
    assert [each["code"] for each in made["warnings"]] == ["dimension_lost"]
    assert on_sheet(block, "S")[0] == {}
    across = [edge(block, center=[60, 20, 0])]
    assert "shows it 0 mm long, not 40: choose 'top'" in drawn(block, "Block", "length", "front", across)["error"]
    # An isometric view shortens all lengths along the axes alike, so their true length is meant.
    assert drawn(block, "Block", "length", "iso", across)["value"] == 40


def test_a_length_between_two_faces_stands_only_in_a_view_along_them(block: httpx.Client) -> None:
    faces = [{"type": "plane", "at": "bottom"}, {"type": "plane", "at": "top"}]
    for view, value in (("front", 20), ("left", 20), ("top", None)):
        assert drawn(block, "Block", "length", view, *faces)["value"] == value


def test_what_a_section_has_cut_off_has_no_dimension_there(block: httpx.Client) -> None:
    right, left = [edge(block, center=[60, 20, 0])], [edge(block, center=[0, 20, 0])]
    for of, at, value in ((right, 30, None), (left, 30, 24), (right, 59.99, None)):
        made = drawn(block, "Block", "length", {"section": "x", "at": at}, of)
        assert made["value"] == value
        assert value is not None or "has cut it off" in made["error"]
    # Half of an edge is not as long as the edge.
    lower = [edge(block, center=[34, 0, 0])]
    assert drawn(block, "Block", "length", {"section": "z", "at": 5}, lower)["value"] == 52
    assert drawn(block, "Block", "length", {"section": "y", "at": 5}, lower)["value"] is None
    # Of two faces, something is left.
    walls = [{"type": "plane", "at": "front"}, {"type": "plane", "at": "rear"}]
    assert drawn(block, "Block", "length", {"section": "x", "at": 30}, *walls)["value"] == 40
    assert drawn(block, "Block", "length", {"section": "y", "at": 20}, *walls)["value"] is None


def test_an_angle_stands_only_in_a_view_that_shows_both_its_sides(block: httpx.Client) -> None:
    top, slanted = {"type": "plane", "at": "top"}, {"type": "plane", "facing": [1, 0, 1]}
    section = {"section": "y", "at": 9}
    for view, value in (("front", 135), ("back", 135), ("top", None), ("right", None), (section, 135)):
        made = drawn(block, "Block", "angle", view, top, slanted)
        assert made["value"] == (value and pytest.approx(value)), view
        assert value is not None or "does not show the angle as it is: choose 'front' or 'back'" in made["error"]


def test_the_length_of_an_arc_is_marked_as_one_and_not_as_its_chord(block: httpx.Client) -> None:
    arc = [edge(block, center=[8 - 16 / pi, 8 - 16 / pi, 20])]
    made = drawn(block, "Block", "length", "top", arc)
    assert (made["value"], made["text"]) == (pytest.approx(4 * pi), "12.566")
    texts, lines = on_sheet(block, "S")
    [view] = made["views"]
    x, y, _, _ = view["rectangle"]
    middle = (x + (8 - 8 * 0.5**0.5) * view["scale"], y + (8 - 8 * 0.5**0.5) * view["scale"])
    assert any(hypot(a - middle[0], b - middle[1]) < 0.01 for line in lines for a, b in line), "it leads to the arc"
    left, low = texts["12.566"]
    above = [b for line in lines for a, b in line if left - 1 <= a <= left + 15 and low + 3.5 <= b <= low + 8]
    assert len(above) >= 20, "there is an arc above the number"


def test_a_diameter_is_between_the_outlines_of_a_pin_from_its_side_and_a_radius_from_the_axis(
    freecad: httpx.Client,
) -> None:
    post(freecad, "/primitives/cylinder", name="Pin", radius=10, height=30)
    for type, text, ends in (("diameter", "Ø20", (0.0, 20.0)), ("radius", "R10", None)):
        made = drawn(freecad, "Pin", type, "front", {"type": "cylinder"})
        assert made["text"] == text
        [view] = made["views"]
        x, _, width, _ = view["rectangle"]
        _, lines = on_sheet(freecad, "S")
        level = {round(a, 2) for line in lines for a, _ in line if line[0][1] == pytest.approx(line[1][1])}
        assert level & {round(x, 2), round(x + width, 2)}
        if ends is not None:
            assert {round(x, 2), round(x + width, 2)} <= level
    patch(freecad, "Pin", rotation=[20, 30, 0])
    for type in ("diameter", "radius"):
        made = drawn(freecad, "Pin", type, "front", {"type": "cylinder"})
        assert made["value"] is None
        assert "neither as a circle nor from its side" in made["error"]


def test_a_section_cuts_each_of_several_parts_that_overlap(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="Pin", radius=10, height=60)
    parts: list[dict[str, Any]] = [
        {"object": "Box", "name": "Low"},
        {"object": "Box", "name": "High", "location": [0, 0, 10]},
        {"object": "Pin", "name": "Axle", "location": [20, 20, 0]},
        {"object": "Pin", "name": "Away", "location": [100, 5, 0]},
    ]
    post(freecad, "/assemblies", name="Asm", parts=parts)
    section = {"section": "y", "at": 20}
    made = post(freecad, "/drawings", name="S", objects=["Asm"], views=[section], sheet="A3", scale=1)
    [view] = made["views"]
    # The pin that is before the plane is gone.
    assert view["rectangle"][2:] == pytest.approx([40, 60], abs=1e-3)
    x, y, _, _ = view["rectangle"]
    svg = fetch(freecad, "S", "svg").decode()
    hatch = svg.partition('<g id="HATCH"')[2].partition("</g>")[0].split('points="')[1:]
    ends = [tuple(map(float, point.split(","))) for each in hatch for point in each.partition('"')[0].split()]
    found = {"left": False, "right": False, "high": False}
    for a, b in ends:
        across, up = a - x, 297 - b - y
        found["left"] |= across < 5 and up < 20
        found["right"] |= across > 35 and up < 20
        found["high"] |= up > 50
    assert all(found.values()), found


def test_a_plane_that_is_behind_everything_is_refused(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    for at in (-1, 0, 40, 41):
        body = {"objects": ["Box"], "views": [{"section": "x", "at": at}]}
        answer = freecad.post("/drawings", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert f"x = {at:g} does not cut" in answer.json()["error"]["message"]
