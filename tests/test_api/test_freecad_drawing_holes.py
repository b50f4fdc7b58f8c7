"""What is a hole, and what a rounded corner or a piece of a tube: by how far it reaches around its axis."""

from __future__ import annotations

import io
from importlib import import_module
from math import hypot
from typing import Any, cast

import httpx
import pytest

from tests.freecad_calls import patch, post
from tests.test_api.test_freecad_drawings import fetch, values

ezdxf = cast("Any", import_module("ezdxf"))


def drawn(freecad: httpx.Client, *names: str) -> tuple[list[list[float]], dict[str, Any]]:
    """The rows of the hole table of a drawing (Ø, X, Y, Z, in order of X, Y and Z), and the drawing."""
    made = post(freecad, "/drawings", objects=list(names), hole_table=True)
    model = ezdxf.read(io.StringIO(fetch(freecad, made["name"], "dxf").decode("cp1252"))).modelspace()
    texts = [(each.dxf.insert.x, each.dxf.insert.y, each.dxf.text) for each in model.query("TEXT")]
    heads = sorted((x, y) for x, y, text in texts if text == "Hole")
    rows: list[list[str]] = []
    for (left, top), right in zip(heads, [*(x for x, _ in heads[1:]), 200.0], strict=False):
        lines: dict[float, list[tuple[float, str]]] = {}
        for x, y, text in texts:
            if left - 0.1 < x < right - 1 and y < top - 0.1:
                lines.setdefault(round(y, 2), []).append((x, text))
        rows += [[text for _, text in sorted(lines[y])] for y in sorted(lines, reverse=True)]
    assert [row[0] for row in rows] == list("ABCDEFGH")[: len(rows)]
    for row in rows:
        assert [text for *_, text in texts].count(row[0]) >= 2, "its letter is in a view as well"
    return sorted(([float(cell) for cell in row[1:]] for row in rows), key=lambda row: row[1:]), made


def box(freecad: httpx.Client, name: str, size: list[float], at: list[float]) -> None:
    post(freecad, "/primitives/box", name=name, length=size[0], width=size[1], height=size[2], location=at)


def drill(freecad: httpx.Client, name: str, radius: float, at: list[float], height: float, **more: Any) -> None:
    post(freecad, "/primitives/cylinder", name=name, radius=radius, height=height, location=at, **more)


def cut(freecad: httpx.Client, *names: str) -> str:
    return str(post(freecad, "/boolean/subtract", objects=list(names))["name"])


@pytest.fixture
def plate(freecad: httpx.Client) -> httpx.Client:
    """60 x 40 x 10 from the origin."""
    box(freecad, "Plate", [60, 40, 10], [0, 0, 0])
    return freecad


def test_round_corners_of_a_pocket_are_no_holes(plate: httpx.Client) -> None:
    box(plate, "Tool", [30, 20, 10], [10, 10, 5])
    post(plate, "/features/fillet", object="Tool", name="Round", radius=4, edges={"parallel_to": [0, 0, 1]})
    rows, made = drawn(plate, cut(plate, "Plate", "Round"))
    assert rows == []
    assert values(made) == {"60": 60, "40": 40, "10": 10, "R4": 4}


def test_the_round_ends_of_a_slot_are_no_holes(plate: httpx.Client) -> None:
    box(plate, "Middle", [30, 8, 10], [10, 16, 0])
    drill(plate, "One", 4, [10, 20, 0], 10)
    drill(plate, "Two", 4, [40, 20, 0], 10)
    rows, made = drawn(plate, cut(plate, "Plate", "Middle", "One", "Two"))
    assert rows == []
    assert "R4" in values(made)
    assert "Ø8" not in values(made)


@pytest.mark.parametrize(("angle", "holes"), [(120, 0), (180, 0), (240, 1), (360, 1)])
def test_a_piece_of_a_tube_has_a_hole_if_it_is_more_than_half(freecad: httpx.Client, angle: float, holes: int) -> None:
    post(freecad, "/primitives/cylinder", name="Outer", radius=10, height=5, angle=angle)
    drill(freecad, "Inner", 8, [0, 0, 0], 5)
    rows, made = drawn(freecad, cut(freecad, "Outer", "Inner"))
    assert rows == [[16, 0, 0, 5]] * holes
    assert {"Ø16" if holes else "R8", "Ø20" if holes else "R10"} <= set(values(made))


def test_a_hole_is_where_its_edge_is_on_the_part_not_where_the_tool_began(plate: httpx.Client) -> None:
    drill(plate, "Through", 3, [10, 10, -5], 100)
    drill(plate, "Above", 2, [20, 10, 4], 100)
    drill(plate, "Below", 2.5, [30, 10, -100], 106)
    drill(plate, "Tip", 4, [45, 30, 8], 100)
    post(plate, "/primitives/cone", name="Cone", radius1=0, radius2=4, height=3, location=[45, 30, 5])
    drill(plate, "Side", 1, [-50, 35, 5], 60, rotation=[0, 90, 0])
    drill(plate, "Front", 1, [36, -10, 5], 100, rotation=[-90, 0, 0])
    rows, _ = drawn(plate, cut(plate, "Plate", "Through", "Above", "Below", "Tip", "Cone", "Side", "Front"))
    # Of two open ends it is the one at the right, in front, or above.
    assert rows == [
        [2, 0, 35, 5],
        [6, 10, 10, 10],
        [4, 20, 10, 10],
        [5, 30, 10, 0],
        [2, 36, 0, 5],
        [8, 45, 30, 10],
    ]


def test_a_hole_in_a_slanted_face_is_where_its_axis_meets_the_face(freecad: httpx.Client) -> None:
    near, far = {"xmin": 0, "xmax": 40, "zmin": 0, "zmax": 30}, {"x2min": 0, "x2max": 20, "z2min": 0, "z2max": 30}
    post(freecad, "/primitives/wedge", name="W", ymin=0, ymax=20, **near, **far)
    drill(freecad, "Tool", 3, [-10, 10, 15], 100, rotation=[0, 90, 0])
    rows, _ = drawn(freecad, cut(freecad, "W", "Tool"))
    # At y = 10 of 20 the slanted face is halfway between x = 40 and x = 20.
    assert rows == [[6, 30, 10, 15]]


def test_a_hole_of_several_faces_is_one(freecad: httpx.Client) -> None:
    box(freecad, "Left", [30, 40, 10], [0, 0, 0])
    box(freecad, "Right", [30, 40, 10], [30, 0, 0])
    drill(freecad, "One", 4, [30, 20, -5], 100)
    drill(freecad, "Two", 4, [30, 20, -30], 100, rotation=[0, 0, 77])
    one, two = cut(freecad, "Left", "One"), cut(freecad, "Right", "Two")
    # Each half alone reaches only 180 degrees around.
    assert drawn(freecad, one)[0] == []
    assert drawn(freecad, two)[0] == []
    whole = [[8, 30, 20, 10]]
    assert drawn(freecad, one, two)[0] == whole
    post(freecad, "/boolean/union", objects=[one, two], name="Whole")
    rows, made = drawn(freecad, "Whole")
    assert rows == whole
    assert "Ø8" in values(made)


def test_a_hole_that_a_slot_or_a_keyway_cuts_is_one(plate: httpx.Client) -> None:
    drill(plate, "One", 3, [50, 20, -5], 50)
    drill(plate, "Two", 5, [20, 20, -5], 50)
    box(plate, "Slot", [20, 60, 4], [40, -10, 3])
    box(plate, "Key", [7, 3, 10], [20, 18.5, 0])
    rows, _ = drawn(plate, cut(plate, "Plate", "One", "Two", "Slot", "Key"))
    assert rows == [[10, 20, 20, 10], [6, 50, 20, 10]]


def test_blind_holes_from_two_sides_are_two_and_one_through_both_cheeks_of_a_fork_is_one(freecad: httpx.Client) -> None:
    box(freecad, "Block", [40, 20, 30], [0, 0, 0])
    box(freecad, "Gap", [20, 20, 10], [20, 0, 10])
    drill(freecad, "Pin", 4, [30, 10, -50], 200)
    drill(freecad, "Low", 3, [10, 10, 0], 10)
    drill(freecad, "High", 3, [10, 10, 20], 10)
    rows, _ = drawn(freecad, cut(freecad, "Block", "Gap", "Pin", "Low", "High"))
    assert rows == [[6, 10, 10, 0], [6, 10, 10, 30], [8, 30, 10, 30]]


def test_a_rounded_corner_in_pieces_above_each_other_is_a_radius(freecad: httpx.Client) -> None:
    box(freecad, "Block", [60, 40, 50], [0, 0, 0])
    corner = {"type": "line", "parallel_to": [0, 0, 1], "inside": {"min": [-1, -1, -1], "max": [1, 1, 51]}}
    post(freecad, "/features/fillet", object="Block", name="Round", radius=7, edges=corner)
    box(freecad, "One", [20, 20, 5], [-5, -5, 10])
    box(freecad, "Two", [20, 20, 5], [-5, -5, 30])
    name = cut(freecad, "Round", "One", "Two")
    rows, made = drawn(freecad, name)
    assert rows == []
    assert values(made) == {"60": 60, "40": 40, "50": 50, "R7": 7}
    lowest = {"type": "cylinder", "inside": {"min": [-1, -1, -1], "max": [8, 8, 11]}}
    chosen = [{"type": "radius", "of": [lowest], "view": "top"}]
    other = post(freecad, "/drawings", objects=[name], dimensions=chosen)
    for each in (made, other):
        x, y, *_ = next(view["rectangle"] for view in each["views"] if view["view"] == "top")
        model = ezdxf.read(io.StringIO(fetch(freecad, each["name"], "dxf").decode("cp1252"))).modelspace()
        points = [
            ((point[0] - x) / each["scale"], (point[1] - y) / each["scale"])
            for line in model
            if line.dxf.layer == "DIMENSIONS" and line.dxftype() in ("LINE", "LWPOLYLINE")
            for point in (line.get_points() if line.dxftype() == "LWPOLYLINE" else [line.dxf.start, line.dxf.end])
        ]
        # The corner is that of 0 to 7 in X and Y: its leader begins there, not where the circle would go on.
        on = [point for point in points if hypot(point[0] - 7, point[1] - 7) == pytest.approx(7, abs=0.01)]
        assert on
        assert all(point[0] <= 7.01 and point[1] <= 7.01 for point in on)


def test_a_rounded_edge_and_a_round_groove_of_the_same_axis_do_not_make_a_circle(freecad: httpx.Client) -> None:
    # The rounding reaches from 0 to 150 degrees, the groove from 180 to 330.
    post(freecad, "/primitives/cylinder", name="Pie", radius=8, height=5, angle=150)
    post(freecad, "/primitives/cylinder", name="Outer", radius=12, height=5, angle=150, rotation=[0, 0, 180])
    drill(freecad, "Inner", 8, [0, 0, 0], 5)
    rows, made = drawn(freecad, "Pie", cut(freecad, "Outer", "Inner"))
    assert rows == []
    assert {"R8", "R12"} <= set(values(made))
    assert "Ø16" not in values(made)


def test_a_hole_of_three_faces_has_centre_lines(freecad: httpx.Client) -> None:
    drill(freecad, "Tool", 6, [0, 0, -5], 20)
    names: list[str] = []
    for index in range(3):
        turned = {"rotation": [0, 0, 120 * index], "angle": 120}
        post(freecad, "/primitives/cylinder", name=f"Third{index}", radius=20, height=10, **turned)
        names.append(cut(freecad, f"Third{index}", "Tool"))
    made = post(freecad, "/drawings", objects=names, views=["top"])
    assert {"Ø12", "Ø40"} <= set(values(made))
    [view] = made["views"]
    x, y, width, height = view["rectangle"]
    model = ezdxf.read(io.StringIO(fetch(freecad, made["name"], "dxf").decode("cp1252"))).modelspace()
    ends = [(each.dxf.start, each.dxf.end) for each in model.query("LINE") if each.dxf.layer == "CENTER"]
    middles = [((one.x + two.x) / 2, (one.y + two.y) / 2) for one, two in ends]
    center = pytest.approx((x + width / 2, y + height / 2), abs=0.01)
    assert [each == center for each in middles].count(True) == 2


@pytest.mark.parametrize(
    ("scale", "known"), [([1, 1, 1], {True}), ([2, 2, 2], {True}), ([1, 1, -1], {True, False}), ([1, 2, 1], {False})]
)
def test_holes_that_a_link_stretches_are_not_left_out_without_a_word(
    freecad: httpx.Client, scale: list[float], known: set[bool]
) -> None:
    """FreeCAD from 1.0 leaves round what is mirrored; those before make splines of it."""
    post(freecad, "/primitives/box", name="Plate", length=30, width=20, height=10)
    post(freecad, "/primitives/cylinder", name="Tool", radius=3, height=30, location=[10, 10, -5])
    post(freecad, "/boolean/subtract", objects=["Plate", "Tool"], name="Part")
    post(freecad, "/links", object="Part", name="Link")
    patch(freecad, "Link", properties={"ScaleVector": scale})
    post(freecad, "/assemblies", name="Asm", parts=[{"object": "Link", "name": "Only"}])
    for obj in ("Link", "Asm"):
        made = post(freecad, "/drawings", objects=[obj], views=["top"], hole_table=True, dimensions=[])
        warned = {each["code"] for each in made.get("warnings", [])}
        drawn = fetch(freecad, made["name"], "svg").decode()
        assert (">Hole<" in drawn) in known, obj
        assert ("holes_unknown" in warned) is (">Hole<" not in drawn), obj
