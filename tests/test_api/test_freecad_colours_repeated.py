"""What a pattern in a body repeats has the colours of the faces of its original, each where it is repeated."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post, run
from tests.gateway import Gateway

WAYS = {(1, 0, 0): "#d02010", (-1, 0, 0): "#2060c0", (0, 1, 0): "#20a040", (0, -1, 0): "#e0c000", (0, 0, 1): "#8040a0"}
"""The colours of the sides of the original boss, by the direction in which they look."""


@pytest.fixture
def boss(freecad: httpx.Client) -> httpx.Client:
    """A body: a slab from [-40, 0, 0] to [80, 40, 10], and on it a boss of 4 by 6 by 5 mm at [6, 4] with WAYS."""
    post(freecad, "/bodies", name="Body")
    slab = {"type": "rectangle", "corner": [-40, 0], "width": 120, "height": 40}
    post(freecad, "/sketches", name="Outline", body="Body", geometry=[slab])
    post(freecad, "/features/pad", sketch="Outline", length=10, name="Pad")
    foot = {"type": "rectangle", "corner": [6, 4], "width": 4, "height": 6}
    post(freecad, "/sketches", name="Foot", body="Body", offset=10, geometry=[foot])
    post(freecad, "/features/pad", sketch="Foot", length=5, name="Boss")
    around = {"min": [5, 3, 9.9], "max": [11, 11, 16]}
    painted = [{"faces": {"facing": list(way), "inside": around}, "color": color} for way, color in WAYS.items()]
    patch(freecad, "Boss", face_colors=painted)
    assert sides(freecad, "Boss") == {((8, 7), way): color for way, color in WAYS.items()}
    return freecad


def sides(freecad: httpx.Client, name: str) -> dict[tuple[tuple[int, int], tuple[int, ...]], str]:
    """The coloured faces above the slab: the middle of the boss that each is of, its direction, and its colour."""
    info = get(freecad, f"/objects/{name}")
    painted = {face: each["color"] for each in info["face_colors"] for face in each["faces"]}
    found: dict[tuple[tuple[int, int], tuple[int, ...]], str] = {}
    for face in get(freecad, f"/objects/{name}/faces")["faces"]:
        if face["name"] in painted:
            way = tuple(round(each) for each in face["normal"])
            box = face["bounding_box"]
            middle = [(box["min"][axis] + box["max"][axis]) / 2 for axis in (0, 1)]
            # From the middle of a side to that of its boss; a turned boss is 6 by 4.
            wide = max(box["max"][axis] - box["min"][axis] for axis in (0, 1))
            reach = 0 if way[2] else (2 if wide == pytest.approx(6) else 3)
            at = round(middle[0] - reach * way[0]), round(middle[1] - reach * way[1])
            assert (at, way) not in found
            found[at, way] = painted[face["name"]]
    return found


def test_a_row_of_bosses_has_the_colours_of_the_first(boss: httpx.Client) -> None:
    post(boss, "/features/linear_pattern", object="Boss", direction=[1, 0, 0], spacing=15, count=4, name="Row")
    expected = {((8 + 15 * n, 7), way): color for way, color in WAYS.items() for n in range(4)}
    assert sides(boss, "Row") == sides(boss, "Body") == expected


def test_rows_askew_and_backwards_have_the_colours_of_the_first(boss: httpx.Client) -> None:
    post(boss, "/features/linear_pattern", object="Boss", direction=[1, 1, 0], spacing=15 * 2**0.5, count=2, name="On")
    assert sides(boss, "On") == {((8 + 15 * n, 7 + 15 * n), way): c for way, c in WAYS.items() for n in range(2)}
    post(boss, "/features/linear_pattern", object="Boss", direction=[-1, 0, 0], spacing=15, count=3, name="Back")
    more = {((8 - 15 * n, 7), way): color for way, color in WAYS.items() for n in range(3)}
    assert sides(boss, "Back") == {**sides(boss, "On"), **more}


@pytest.mark.parametrize("angle", [180, -180])
def test_a_ring_of_bosses_has_the_colours_turned(boss: httpx.Client, angle: float) -> None:
    center = [20, 20, 0]
    post(boss, "/features/polar_pattern", object="Boss", center=center, angle=angle, count=3, name="Ring")
    expected: dict[Any, str] = {}
    (x, y), turn = (8 - 20, 7 - 20), 1 if angle > 0 else -1
    for (a, b, c), color in WAYS.items():
        expected[(20 + x, 20 + y), (a, b, c)] = color
        expected[(20 - turn * y, 20 + turn * x), (-turn * b, turn * a, c)] = color
        expected[(20 - x, 20 - y), (-a, -b, c)] = color
    assert sides(boss, "Ring") == expected


def test_a_mirrored_boss_has_the_colours_mirrored(boss: httpx.Client) -> None:
    post(boss, "/features/mirror", object="Boss", normal=[1, 0, 0], base=[40, 0, 0], name="Image")
    expected = {((8, 7), way): color for way, color in WAYS.items()}
    expected |= {((72, 7), (-a, b, c)): color for (a, b, c), color in WAYS.items()}
    assert sides(boss, "Image") == expected


def test_repeated_holes_have_the_colour_of_the_first(boss: httpx.Client) -> None:
    ring = {"type": "circle", "center": [40, 20], "radius": 3}
    post(boss, "/sketches", name="Ring", body="Body", geometry=[ring])
    wall = {"type": "cylinder"}
    hole = {"sketch": "Ring", "through_all": True, "reversed": True, "name": "Hole"}
    post(boss, "/features/pocket", **hole, face_colors=[{"faces": wall, "color": "#102030"}])
    info = post(boss, "/features/linear_pattern", object="Hole", direction=[1, 0, 0], spacing=12, count=3, name="Row")
    painted = {face for each in info["face_colors"] if each["color"] == "#102030" for face in each["faces"]}
    walls = {face["name"] for face in get(boss, "/objects/Row/faces")["faces"] if face["type"] == "cylinder"}
    assert (len(walls), painted) == (3, walls)


def test_what_several_patterns_repeat_together_has_the_colours(boss: httpx.Client, gateway: Gateway) -> None:
    code = """
import FreeCAD
from cadgate_freecad.app.inheriting import inherit
document = FreeCAD.ActiveDocument
body = document.getObject("Body")
steps = []
for role in ("X_Axis", "Y_Axis"):
    step = document.addObject("PartDesign::LinearPattern", "Step")
    line = next(each for each in body.Origin.OriginFeatures if each.Role == role)
    step.Direction, step.Length, step.Occurrences = (line, [""]), 15, 2
    steps.append(step)
turn = document.addObject("PartDesign::Mirrored", "Turn")
turn.MirrorPlane = (document.addObject("PartDesign::Plane", "Middle"), [""])
body.addObject(turn.MirrorPlane[0])
turn.MirrorPlane[0].Placement = FreeCAD.Placement(
    FreeCAD.Vector(40, 0, 0), FreeCAD.Rotation(FreeCAD.Vector(0, 0, 1), FreeCAD.Vector(1, 0, 0))
)
both = document.addObject("PartDesign::MultiTransform", "Both")
body.addObject(both)
both.BaseFeature = document.getObject("Boss")
both.Originals, both.Transformations = [document.getObject("Boss")], [*steps, turn]
document.recompute()
body.Tip = both
document.recompute()
inherit(both)
"""
    run(gateway, code)
    expected: dict[Any, str] = {}
    for (a, b, c), color in WAYS.items():
        for x, y in ((8, 7), (23, 7), (8, 22), (23, 22)):
            expected[(x, y), (a, b, c)] = color
            expected[(80 - x, y), (-a, b, c)] = color
    assert sides(boss, "Both") == expected


def test_the_colours_of_copies_follow_a_change_of_the_original(boss: httpx.Client) -> None:
    post(boss, "/features/linear_pattern", object="Boss", direction=[1, 0, 0], spacing=15, count=4, name="Row")
    before = sides(boss, "Row")
    patch(boss, "Boss", properties={"Length": 9})
    assert (sides(boss, "Row"), get(boss, "/objects/Row")["bounding_box"]["max"][2]) == (before, 19)
