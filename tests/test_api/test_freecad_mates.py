"""Mates of every kind between planes, axes, circles and balls: what they hold, what they leave free, what is no mate.

Where the parts ended is computed here, from their placements and the places of the elements on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest

from tests.freecad_calls import get, patch, post, refused
from tests.test_api.freecad_parts import turned

ELEMENTS: dict[str, tuple[str, Any, list[float]]] = {
    "plane": ("Box", ["Face6"], [20, 20, 10]),
    "axis": ("Pin", {"type": "cylinder"}, [0, 0, 0]),
    "circle": ("Pin", {"type": "circle", "at": "bottom"}, [0, 0, 0]),
    "ball": ("Ball", {"type": "sphere"}, [0, 0, 0]),
}
"""The object, the face or edge on it, and a point of what it stands for; the direction of all is Z."""
ASKEW: dict[str, Any] = {"location": [50, 3, 27], "rotation": [10, 20, 30]}
UPRIGHT: dict[str, Any] = {"location": [50, 3, 27]}


class Where(NamedTuple):
    """Where the second element is from the first one, which is at the origin and looks along Z."""

    place: Any
    direction: Any

    @property
    def across(self) -> float:
        """The distance from the axis of the first."""
        return float(np.linalg.norm(self.place[:2]))

    @property
    def tilt(self) -> float:
        """Degrees between the directions, right also where they are almost the same."""
        return float(np.degrees(np.arctan2(np.linalg.norm(self.direction[:2]), self.direction[2])))


@pytest.fixture
def shop(freecad: httpx.Client) -> httpx.Client:
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="Pin", radius=5, height=30)
    post(freecad, "/primitives/sphere", name="Ball", radius=5)
    return freecad


def assemble(shop: httpx.Client, first: str, second: str, start: dict[str, Any]) -> dict[str, Any]:
    """Put both into an assembly; return the sides of a mate between them."""
    objects = [ELEMENTS[each][0] for each in (first, second)]
    parts = [{"object": objects[0], "name": "A"}, {"object": objects[1], "name": "B", **start}]
    post(shop, "/assemblies", name="Asm", parts=parts)
    return {"a": {"part": "A", "of": ELEMENTS[first][1]}, "b": {"part": "B", "of": ELEMENTS[second][1]}}


def where(info: dict[str, Any], first: str, second: str) -> Where:
    part = info["parts"][1]
    matrix = turned(part["rotation"])
    at = matrix @ np.array(ELEMENTS[second][2]) + np.array(part["location"]) - np.array(ELEMENTS[first][2])
    return Where(at, matrix @ np.array([0, 0, 1]))


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-5)


def level(found: Where) -> bool:
    return found.tilt == near(90)


def parallel(found: Where) -> bool:
    return min(found.tilt, 180 - found.tilt) == near(0)


CASES: list[tuple[str, str, str, float | None, int, Callable[[Where], bool]]] = [
    ("angle", "axis", "axis", 0, 4, lambda at: at.tilt == near(0)),
    ("angle", "axis", "axis", 180, 4, lambda at: at.tilt == near(180)),
    ("angle", "axis", "axis", 360, 4, lambda at: at.tilt == near(0)),
    ("angle", "plane", "plane", 0, 4, lambda at: at.tilt == near(0)),
    ("angle", "plane", "plane", 180, 4, lambda at: at.tilt == near(180)),
    ("angle", "axis", "circle", 0, 4, lambda at: at.tilt == near(0)),
    ("angle", "circle", "axis", 180, 4, lambda at: at.tilt == near(180)),
    ("angle", "axis", "axis", 60, 5, lambda at: at.tilt == near(60)),
    ("angle", "axis", "axis", 0.01, 5, lambda at: at.tilt == near(0.01)),
    ("angle", "plane", "plane", 179.9, 5, lambda at: at.tilt == near(179.9)),
    ("angle", "plane", "axis", 0, 5, level),
    ("angle", "plane", "axis", 30, 5, lambda at: at.tilt == near(60)),
    ("angle", "axis", "plane", -30, 5, lambda at: at.tilt == near(120)),
    ("angle", "plane", "axis", 90, 4, lambda at: at.tilt == near(0)),
    ("angle", "axis", "plane", -90, 4, lambda at: at.tilt == near(180)),
    ("angle", "plane", "circle", 90, 5, level),
    ("parallel", "plane", "plane", None, 4, parallel),
    ("parallel", "axis", "axis", None, 4, parallel),
    ("parallel", "plane", "axis", None, 5, level),
    ("parallel", "axis", "plane", None, 5, level),
    ("parallel", "plane", "circle", None, 4, parallel),
    ("parallel", "circle", "axis", None, 4, parallel),
    ("distance", "axis", "axis", 0, 2, lambda at: parallel(at) and at.across == near(0)),
    ("distance", "axis", "axis", 10, 3, lambda at: parallel(at) and at.across == near(10)),
    ("distance", "axis", "axis", 1e-4, 3, lambda at: parallel(at) and at.across == pytest.approx(1e-4, abs=1e-6)),
    ("distance", "axis", "circle", 20, 3, lambda at: parallel(at) and at.across == near(20)),
    ("distance", "circle", "axis", 20, 3, lambda at: parallel(at) and at.across == near(20)),
    ("distance", "axis", "circle", 0, 2, lambda at: parallel(at) and at.across == near(0)),
    ("distance", "circle", "circle", 20, 3, lambda at: parallel(at) and np.linalg.norm(at.place) == near(20)),
    ("distance", "circle", "circle", 0, 1, lambda at: parallel(at) and np.linalg.norm(at.place) == near(0)),
    ("distance", "ball", "ball", 0, 3, lambda at: np.linalg.norm(at.place) == near(0)),
    ("distance", "ball", "ball", 20, 5, lambda at: np.linalg.norm(at.place) == near(20)),
    ("distance", "axis", "ball", 20, 5, lambda at: at.across == near(20)),
    ("distance", "axis", "ball", 0, 4, lambda at: at.across == near(0)),
    ("distance", "plane", "axis", 5, 4, lambda at: level(at) and at.place[2] == near(5)),
    ("distance", "plane", "axis", -5, 4, lambda at: level(at) and at.place[2] == near(-5)),
    ("distance", "plane", "circle", 5, 3, lambda at: parallel(at) and at.place[2] == near(5)),
    ("distance", "plane", "ball", 5, 5, lambda at: at.place[2] == near(5)),
    ("distance", "plane", "plane", 5, 3, lambda at: parallel(at) and at.place[2] == near(5)),
    ("concentric", "axis", "axis", None, 2, lambda at: parallel(at) and at.across == near(0)),
    ("concentric", "axis", "circle", None, 2, lambda at: parallel(at) and at.across == near(0)),
    ("concentric", "axis", "ball", None, 4, lambda at: at.across == near(0)),
    ("concentric", "circle", "ball", None, 4, lambda at: at.across == near(0)),
    ("concentric", "ball", "ball", None, 3, lambda at: np.linalg.norm(at.place) == near(0)),
    ("coincident", "axis", "circle", None, 2, lambda at: parallel(at) and at.across == near(0)),
    ("coincident", "circle", "circle", None, 1, lambda at: parallel(at) and np.linalg.norm(at.place) == near(0)),
    ("coincident", "ball", "circle", None, 3, lambda at: np.linalg.norm(at.place) == near(0)),
    ("coincident", "plane", "axis", None, 4, lambda at: level(at) and at.place[2] == near(0)),
    ("coincident", "plane", "plane", None, 3, lambda at: at.tilt == near(180) and at.place[2] == near(0)),
]


@pytest.mark.parametrize("start", [ASKEW, UPRIGHT], ids=["askew", "upright"])
@pytest.mark.parametrize(("kind", "first", "second", "value", "free", "holds"), CASES)
def test_a_mate_holds_and_leaves_the_rest_free(
    shop: httpx.Client,
    start: dict[str, Any],
    kind: str,
    first: str,
    second: str,
    value: float | None,
    free: int,
    holds: Callable[[Where], bool],
) -> None:
    sides = assemble(shop, first, second, start)
    given = {} if value is None else {"value": value}
    held = post(shop, "/assemblies/Asm/mates", type=kind, **sides, **given)
    found = where(held, first, second)
    assert holds(found), found
    assert held["degrees_of_freedom"] == free


SIGNED = [("concentric", None), ("distance", 0), ("distance", 20)]


@pytest.mark.parametrize("start", [ASKEW, UPRIGHT], ids=["askew", "upright"])
@pytest.mark.parametrize(("kind", "value"), SIGNED)
def test_a_ball_may_be_the_first_of_two(
    shop: httpx.Client, kind: str, value: float | None, start: dict[str, Any]
) -> None:
    sides = assemble(shop, "ball", "axis", start)
    held = post(shop, "/assemblies/Asm/mates", type=kind, **sides, **({} if value is None else {"value": value}))
    at = where(held, "ball", "axis")
    assert np.linalg.norm(np.cross(at.place, at.direction)) == near(value or 0)
    assert held["degrees_of_freedom"] == (5 if value else 4)


@pytest.mark.parametrize("first", ["axis", "circle", "ball"])
def test_a_distance_from_a_plane_is_along_its_normal_whichever_comes_first(shop: httpx.Client, first: str) -> None:
    sides = assemble(shop, first, "plane", ASKEW)
    held = post(shop, "/assemblies/Asm/mates", type="distance", value=5, **sides)
    at = where(held, first, "plane")
    assert -at.place @ at.direction == near(5)


def test_a_distance_is_changed_to_none_and_back(shop: httpx.Client) -> None:
    sides = assemble(shop, "axis", "axis", UPRIGHT)
    post(shop, "/assemblies/Asm/mates", type="distance", value=10, **sides)
    for value, free in ((0, 2), (10, 3)):
        held = shop.patch("/assemblies/Asm/mates/1", json={"value": value}).json()["result"]
        at = where(held, "axis", "axis")
        assert (at.across, parallel(at), held["degrees_of_freedom"]) == (near(value), True, free)


WRONG = [
    ("parallel", "plane", "ball", None),
    ("parallel", "ball", "axis", None),
    ("angle", "circle", "ball", 30),
    ("concentric", "plane", "plane", None),
    ("concentric", "plane", "axis", None),
    ("concentric", "ball", "plane", None),
    ("distance", "axis", "axis", -5),
    ("distance", "ball", "circle", -5),
]


@pytest.mark.parametrize(("kind", "first", "second", "value"), WRONG)
def test_what_two_elements_cannot_be_to_each_other_is_refused(
    shop: httpx.Client, kind: str, first: str, second: str, value: float | None
) -> None:
    sides = assemble(shop, first, second, ASKEW)
    before = get(shop, "/assemblies/Asm")
    body = {"type": kind, **sides, **({} if value is None else {"value": value})}
    assert kind in refused(shop.post("/assemblies/Asm/mates", json=body))
    assert get(shop, "/assemblies/Asm") == before


def test_a_negative_distance_of_axes_is_refused_when_it_is_changed_to_that(shop: httpx.Client) -> None:
    sides = assemble(shop, "axis", "axis", ASKEW)
    before = post(shop, "/assemblies/Asm/mates", type="distance", value=10, **sides)
    assert "negative" in refused(shop.patch("/assemblies/Asm/mates/1", json={"value": -10}))
    assert get(shop, "/assemblies/Asm") == before


def test_a_mate_leaves_parts_alone_that_it_does_not_concern(shop: httpx.Client) -> None:
    sides = assemble(shop, "plane", "plane", UPRIGHT)
    post(shop, "/assemblies/Asm/parts", object="Box", name="Held", location=[0, 90, 40])
    apart = {"part": "Held", "of": ["Face1"]}
    post(shop, "/assemblies/Asm/mates", type="parallel", a={"part": "A", "of": ["Face1"]}, b=apart)
    before = post(shop, "/assemblies/Asm/parts", object="Box", name="Loose", location=[0, 200, 0])["parts"]
    # The two tops look the same way: no small turn leads to where they face each other.
    held = post(shop, "/assemblies/Asm/mates", type="coincident", **sides)
    assert where(held, "plane", "plane").tilt == near(180)
    assert held["parts"][2:] == before[2:]


def test_a_part_follows_its_angle_when_its_object_changes(shop: httpx.Client) -> None:
    sides = assemble(shop, "axis", "axis", ASKEW)
    held = post(shop, "/assemblies/Asm/mates", type="angle", value=0, **sides)
    patch(shop, "Pin", properties={"Radius": 7})
    assert get(shop, "/assemblies/Asm")["parts"] == held["parts"]


@pytest.mark.parametrize("side", [2, 200, 40_000])
def test_what_a_small_part_may_do_is_counted_beside_a_large_one(freecad: httpx.Client, side: float) -> None:
    post(freecad, "/primitives/box", name="Floor", length=side, width=side, height=10, location=[0, 0, -20])
    post(freecad, "/primitives/sphere", name="Left", radius=0.2)
    post(freecad, "/primitives/sphere", name="Right", radius=0.2, location=[0.5, 0, 0])
    post(freecad, "/boolean/union", name="Base", objects=["Floor", "Left", "Right"])
    post(freecad, "/boolean/union", name="Pair", objects=["Left", "Right"])
    start = {"location": [3, 1, 2], "rotation": [0, 20, 30]}
    parts = [{"object": "Base", "name": "A"}, {"object": "Pair", "name": "B", **start}]
    post(freecad, "/assemblies", name="Asm", parts=parts)
    # One ball in its place leaves three turns, a second one the turn about both.
    held: dict[str, Any] = {}
    for x, free in ((0.0, 3), (0.5, 1)):
        at = {
            part: next(
                each["name"]
                for each in get(freecad, f"/objects/{obj}/faces", type="sphere")["faces"]
                if each["center"] == pytest.approx([x, 0, 0], abs=1e-3)
            )
            for part, obj in (("A", "Base"), ("B", "Pair"))
        }
        sides = {key: {"part": part, "of": [at[part]]} for key, part in (("a", "A"), ("b", "B"))}
        held = post(freecad, "/assemblies/Asm/mates", type="distance", value=0, **sides)
        assert held["degrees_of_freedom"] == free
    assert held["parts"][1]["location"] == pytest.approx([0, 0, 0], abs=1e-5)
