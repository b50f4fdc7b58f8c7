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


def chosen(freecad: httpx.Client, obj: str, type: str, *of: Any, view: str = "front") -> httpx.Response:
    wanted = [{"type": type, "of": list(of), "view": view}]
    return freecad.post("/drawings", json={"objects": [obj], "views": [view], "dimensions": wanted})


def number(answer: httpx.Response) -> float:
    assert answer.status_code == 201, answer.text
    [dimension] = answer.json()["result"]["dimensions"]
    return float(dimension["value"])


TOP = {"type": "plane", "at": "top"}


def test_the_angle_between_a_line_and_a_plane_is_not_that_to_its_normal(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=60, width=40, height=10)
    post(freecad, "/primitives/wedge", name="W", xmax=40, ymax=20, zmax=30, x2min=0, x2max=20, z2min=0, z2max=30)
    [upright] = [
        each["name"]
        for each in get(freecad, "/objects/Box/edges", type="line")["edges"]
        if each["length"] == 10 and each["start"][:2] == [60, 0]
    ]
    [level] = [
        each["name"]
        for each in get(freecad, "/objects/Box/edges", type="line")["edges"]
        if each["length"] == 60 and each["start"][1:] == [0, 10]
    ]
    assert number(chosen(freecad, "Box", "angle", TOP, [upright])) == pytest.approx(90)
    assert number(chosen(freecad, "Box", "angle", [upright], TOP)) == pytest.approx(90)
    assert number(chosen(freecad, "Box", "angle", [level], TOP)) == pytest.approx(0, abs=1e-9)
    # The slanted edges of the wedge go 20 to the left while they go 20 to the back.
    slanted = [
        each["name"]
        for each in get(freecad, "/objects/W/edges", type="line")["edges"]
        if each["length"] == pytest.approx(20 * 2**0.5)
    ]
    left = {"type": "plane", "at": "left"}
    for each in slanted:
        assert number(chosen(freecad, "W", "angle", left, [each], view="top")) == pytest.approx(45)


def test_an_angle_to_a_ball_is_refused_and_a_rim_counts_as_the_plane_that_it_is_in(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Pin", radius=5, height=30)
    post(freecad, "/primitives/sphere", name="Ball", radius=9, location=[0, 0, 30])
    post(freecad, "/boolean/union", objects=["Pin", "Ball"], name="Both")
    bottom, sphere, side = {"type": "plane", "at": "bottom"}, {"type": "sphere"}, {"type": "cylinder"}
    assert "flat or straight" in refused(chosen(freecad, "Both", "angle", bottom, sphere))
    rim = {"type": "circle", "at": "bottom"}
    assert number(chosen(freecad, "Both", "angle", rim, side)) == pytest.approx(90)
    assert number(chosen(freecad, "Both", "angle", rim, bottom)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_length_does_not_depend_on_the_order_of_its_elements(freecad: httpx.Client, swapped: bool) -> None:
    post(freecad, "/primitives/sphere", name="Ball", radius=5, location=[0, 0, 20])
    post(freecad, "/primitives/cylinder", name="Pin", radius=5, height=30, location=[40, 0, -10])
    post(freecad, "/primitives/box", name="Low", length=40, width=2, height=2, location=[0, -1, -1])
    post(freecad, "/primitives/box", name="High", length=2, width=2, height=22, location=[-1, -1, -1])
    post(freecad, "/boolean/union", objects=["Ball", "Pin", "Low", "High"], name="All")
    ball, pin, rim = {"type": "sphere"}, {"type": "cylinder"}, {"type": "circle", "at": "bottom"}
    # The ball's centre is at [0, 0, 20], the axis at x = 40, the rim at z = -10.
    edge = {"type": "line", "inside": {"min": [1, -1.1, 0.9], "max": [40, -0.9, 1.1]}}
    for of in ([ball, pin], [ball, rim]):
        assert number(chosen(freecad, "All", "length", *(reversed(of) if swapped else of))) == pytest.approx(40)
    assert "on one axis" in refused(chosen(freecad, "All", "length", *([rim, pin] if swapped else [pin, rim])))
    # A rim and an edge that is neither parallel to its axis nor in its plane have no one length between them.
    assert "no one length" in refused(chosen(freecad, "All", "length", *([edge, rim] if swapped else [rim, edge])))


def test_rims_of_one_axis_are_as_far_apart_as_the_cylinder_is_high(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Pin", radius=5, height=30, location=[40, 0, -10])
    rims = [{"type": "circle", "at": side} for side in ("bottom", "top")]
    assert number(chosen(freecad, "Pin", "length", *rims)) == pytest.approx(30)
    # The rims of two holes are as far apart as their axes, however high they are.
    post(freecad, "/primitives/box", name="Step", length=60, width=20, height=10)
    post(freecad, "/primitives/box", name="Upper", length=30, width=20, height=10, location=[0, 0, 10])
    post(freecad, "/primitives/cylinder", name="One", radius=3, height=50, location=[10, 10, -5])
    post(freecad, "/primitives/cylinder", name="Two", radius=4, height=50, location=[50, 10, -5])
    post(freecad, "/boolean/union", objects=["Step", "Upper"], name="Stairs")
    post(freecad, "/boolean/subtract", objects=["Stairs", "One", "Two"], name="Part")
    high, low = ({"type": "circle", "radius": r, "inside": {"min": [0, 0, 1], "max": [60, 20, 20]}} for r in (3, 4))
    assert number(chosen(freecad, "Part", "length", high, low)) == pytest.approx(40)
    # The edge at the right of the lower step is 10 from the axis of the hole whose rim is in its plane.
    edge = {"type": "line", "inside": {"min": [60, 0, 10], "max": [60, 20, 10]}}
    assert number(chosen(freecad, "Part", "length", low, edge)) == pytest.approx(10)
    assert number(chosen(freecad, "Part", "length", edge, low)) == pytest.approx(10)


def test_only_what_has_one_diameter_has_a_diameter(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cone", name="Cone", radius1=4, radius2=8, height=10)
    post(freecad, "/primitives/torus", name="Ring", radius1=10, radius2=2)
    post(freecad, "/primitives/sphere", name="Ball", radius=6)
    for type in ("diameter", "radius"):
        assert "it is not round" in refused(chosen(freecad, "Cone", type, {"type": "cone"}))
        assert "it is not round" in refused(chosen(freecad, "Ring", type, {"type": "torus"}))
        times = 2 if type == "diameter" else 1
        assert number(chosen(freecad, "Cone", type, {"type": "circle", "at": "top"})) == 8 * times
        assert number(chosen(freecad, "Ball", type, {"type": "sphere"})) == 6 * times


SIZES = {0.0004: "0.0004", 0.0012345: "0.0012345", 0.01: "0.01", 0.0123456789: "0.012346", 1 / 3: "0.333", 12: "12"}


def test_the_text_of_a_small_size_equals_it(freecad: httpx.Client) -> None:
    for size, text in SIZES.items():
        post(freecad, "/primitives/box", name="Tiny", length=size, width=2 * size, height=3 * size)
        made = post(freecad, "/drawings", objects=["Tiny"], views=["front"])
        assert [each["text"] for each in made["dimensions"]][:1] == [text]
        assert all(float(each["text"]) == pytest.approx(each["value"], rel=1e-3) for each in made["dimensions"])
        freecad.delete("/objects/Tiny")


def test_holes_of_a_tiny_part_are_where_their_table_says(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Tiny", length=0.06, width=0.04, height=0.01)
    post(freecad, "/primitives/cylinder", name="Tool", radius=0.00325, height=1, location=[0.01225, 0.02, -0.5])
    post(freecad, "/boolean/subtract", objects=["Tiny", "Tool"], name="Part")
    post(freecad, "/drawings", name="S", objects=["Part"], hole_table=True)
    drawn = ezdxf.read(io.StringIO(fetch(freecad, "S", "dxf").decode("cp1252"))).modelspace()
    assert {"0.0065", "0.01225", "0.02", "0.01"} <= {each.dxf.text for each in drawn.query("TEXT")}


def test_an_object_is_on_a_sheet_once(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    body = {"objects": ["Box", "Box"], "parts_list": True}
    assert "names 'Box' twice" in refused(freecad.post("/drawings", json=body))
    post(freecad, "/drawings", name="S", objects=["Box"])
    before = get(freecad, "/drawings/S")
    assert "names 'Box' twice" in refused(freecad.patch("/drawings/S", json={"objects": ["Box", "Box"]}))
    assert get(freecad, "/drawings/S") == before
