"""Dimensions that are chosen by geometry: their numbers, and where they stand on the sheet."""

from __future__ import annotations

import io
from importlib import import_module
from math import hypot
from typing import Any, cast

import httpx
import pytest

from tests.freecad_calls import get, padded, patch, post, refused, run
from tests.gateway import Gateway
from tests.test_api.test_freecad_drawings import fetch

ezdxf = cast("Any", import_module("ezdxf"))
Point = tuple[float, float]


def on_sheet(freecad: httpx.Client, name: str) -> tuple[dict[str, Point], list[list[Point]]]:
    """The texts of dimensions of an A3 sheet by their places, which must be within its frame, and the lines."""
    drawn = ezdxf.read(io.StringIO(fetch(freecad, name, "dxf").decode("cp1252"))).modelspace()
    texts: dict[str, Point] = {}
    lines: list[list[Point]] = []
    for each in drawn:
        if each.dxf.layer == "DIMENSIONS":
            if each.dxftype() == "TEXT":
                texts[each.dxf.text] = (each.dxf.insert.x, each.dxf.insert.y)
            elif each.dxftype() == "LINE":
                lines.append([(each.dxf.start.x, each.dxf.start.y), (each.dxf.end.x, each.dxf.end.y)])
            elif each.dxftype() == "LWPOLYLINE":
                lines.append([(x, y) for x, y, *_ in each.get_points()])
    for text, (x, y) in texts.items():
        assert 10 <= x <= 410, text
        assert 10 <= y <= 287, text
    return texts, lines


def plate(freecad: httpx.Client) -> None:
    """30 x 20 x 10 from the origin, with a hole of 6 mm at [10, 10]."""
    post(freecad, "/primitives/box", name="Plate", length=30, width=20, height=10)
    post(freecad, "/primitives/cylinder", name="Tool", radius=3, height=30, location=[10, 10, -5])
    post(freecad, "/boolean/subtract", objects=["Plate", "Tool"], name="Part")


TURNED: list[Any] = [
    {"type": "diameter", "of": [{"type": "cylinder"}], "view": "top"},
    {"type": "length", "of": [{"type": "line", "at": "left", "inside": {"min": [0, 0, 59], "max": [300, 300, 61]}}]},
    {"type": "length", "of": [{"type": "plane", "at": "front"}, {"type": "cylinder"}], "view": "top"},
]


@pytest.mark.parametrize("nested", [False, True])
def test_dimensions_stand_at_what_they_measure_in_a_moved_container(freecad: httpx.Client, nested: bool) -> None:
    plate(freecad)
    post(freecad, "/groups", name="Inner", kind="part", objects=["Part"], location=[200, 100, 50], rotation=[0, 0, 90])
    if nested:
        # Together they are where the one is in the other case.
        patch(freecad, "Inner", location=[0, 0, 0], rotation=[0, 0, 0])
        post(freecad, "/groups", name="G", kind="part", objects=["Inner"], location=[200, 100, 50], rotation=[0, 0, 90])
    wanted = [{**each, "view": "top"} for each in TURNED]
    made = post(freecad, "/drawings", name="S", objects=["Part"], views=["top"], dimensions=wanted)
    # It reaches from [180, 100] to [200, 130], its hole is at [190, 110].
    assert [each["value"] for each in made["dimensions"]] == [6, 30, 10]
    [view] = made["views"]
    x, y, width, height = view["rectangle"]
    assert (width, height) == (20 * view["scale"], 30 * view["scale"])
    texts, lines = on_sheet(freecad, "S")
    hole = (x + 10 * view["scale"], y + 10 * view["scale"])
    assert any(
        hypot(point[0] - hole[0], point[1] - hole[1]) == pytest.approx(3 * view["scale"], abs=0.01)
        for line in lines
        for point in line
    ), "the leader begins at the hole"
    assert texts["30"][0] < x or texts["30"][0] > x + width
    assert y < texts["30"][1] < y + height
    patch(freecad, "G" if nested else "Inner", location=[-4000, 100, 50])
    moved = get(freecad, "/drawings/S")
    assert [each["value"] for each in moved["dimensions"]] == [6, 30, 10]
    assert on_sheet(freecad, "S") == (texts, lines)


def test_dimensions_of_a_body_and_of_a_link_in_moved_parts_are_on_the_sheet(freecad: httpx.Client) -> None:
    padded(freecad, "Body", "Square", "Pad")
    post(freecad, "/groups", name="G", kind="part", objects=["Body"], location=[900, 0, 0], rotation=[90, 0, 0])
    plate(freecad)
    post(freecad, "/links", object="Part", name="Link", location=[0, 700, 0])
    post(freecad, "/groups", name="H", kind="part", objects=["Link"], location=[0, 0, 800])
    sides = [{"type": "plane", "at": "left"}, {"type": "plane", "at": "right"}]
    for name, value in (("Body", 10), ("Pad", 10), ("Link", 30), ("G", 10), ("H", 30)):
        wanted = [{"type": "length", "of": sides, "view": "front"}]
        made = post(freecad, "/drawings", objects=[name], views=["front"], dimensions=wanted)
        assert [each["value"] for each in made["dimensions"]] == [value], name
        [view] = made["views"]
        x, _, width, _ = view["rectangle"]
        texts, lines = on_sheet(freecad, made["name"])
        assert x < texts[str(value)][0] < x + width, name
        ends = {round(point[0], 2) for line in lines for point in line}
        assert {round(x, 2), round(x + width, 2)} <= ends, name


def test_a_part_with_a_folder_is_no_object_of_dimensions_but_what_is_in_it_is(
    freecad: httpx.Client, gateway: Gateway
) -> None:
    plate(freecad)
    post(freecad, "/primitives/box", name="Other", length=5, width=5, height=5, location=[50, 0, 0])
    post(freecad, "/groups", name="G", kind="part", objects=["Part"], location=[0, 0, 100])
    # As documents of FreeCAD's own have it: the gateway makes no folders in parts.
    code = "d.G.newObject('App::DocumentObjectGroup', 'F').addObject(d.Other); d.G.Group = [d.F, d.Other, d.Part]"
    run(gateway, f"import FreeCAD; d = FreeCAD.ActiveDocument; {code}; d.recompute()")
    sides = [{"type": "plane", "at": "left"}, {"type": "plane", "at": "right"}]
    wanted = [{"type": "length", "of": sides, "view": "front"}]
    said = refused(freecad.post("/drawings", json={"objects": ["G"], "views": ["front"], "dimensions": wanted}))
    assert "'G' shows its folders' objects twice" in said
    body = {"objects": ["Other", "Part"], "views": ["front"], "dimensions": wanted}
    made = post(freecad, "/drawings", **body)
    assert [each["value"] for each in made["dimensions"]] == [5]
    on_sheet(freecad, made["name"])


def test_a_dimension_to_a_hole_stands_at_the_hole_however_long_the_tool_was(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Plate", length=30, width=20, height=10)
    post(freecad, "/primitives/cylinder", name="Tool", radius=3, height=2000, location=[10, 10, -1000])
    post(freecad, "/boolean/subtract", objects=["Plate", "Tool"], name="Part")
    of = [{"type": "cylinder"}, {"type": "plane", "at": "right"}]
    wanted = [{"type": "length", "of": of, "view": "front"}]
    made = post(freecad, "/drawings", name="S", objects=["Part"], views=["front"], dimensions=wanted)
    assert [each["value"] for each in made["dimensions"]] == [20]
    [view] = made["views"]
    x, y, width, height = view["rectangle"]
    texts, lines = on_sheet(freecad, "S")
    assert x < texts["20"][0] < x + width
    assert all(y - 30 < point[1] < y + height + 30 for line in lines for point in line)


def test_a_dimension_of_what_a_detail_does_not_show_is_named_and_not_drawn(freecad: httpx.Client) -> None:
    plate(freecad)
    detail = {"detail": [30, 0, 10], "radius": 6}
    sides = [{"type": "plane", "at": "left"}, {"type": "plane", "at": "right"}]
    wanted = [
        {"type": "length", "of": sides, "view": detail},
        {"type": "diameter", "of": [{"type": "cylinder"}], "view": detail},
    ]
    made = post(freecad, "/drawings", name="S", objects=["Part"], views=["front", detail], dimensions=wanted)
    assert [each["text"] for each in made["dimensions"]] == ["", ""]
    assert all("is not within the detail" in each["error"] for each in made["dimensions"])
    assert [each["code"] for each in made["warnings"]] == ["dimension_lost"] * 2
    assert on_sheet(freecad, "S")[0] == {}
