"""Distance and interference: contained, touching, disjoint, of solids and of what is none, against formulas."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import httpx
import pytest


def make(freecad: httpx.Client, path: str, /, **params: Any) -> dict[str, Any]:
    response = freecad.post(path, json=params)
    assert response.status_code == 201, response.text
    return response.json()["result"]


def line(start: list[float], end: list[float]) -> dict[str, Any]:
    return {"type": "line", "start": start, "end": end}


BOX = ("box", {"length": 10, "width": 10, "height": 10})
PATHS = {"sketch": "/sketches"}
CASES: dict[str, tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]], float, float]] = {
    # both operands, their distance, the volume that they share
    "apart": (BOX, ("box", {"location": [13, 14, 0]}), 5, 0),
    "a face touches": (BOX, ("box", {"location": [10, 0, 0]}), 0, 0),
    "an edge touches": (BOX, ("box", {"location": [10, 10, 0]}), 0, 0),
    "a corner touches": (BOX, ("box", {"location": [10, 10, 10]}), 0, 0),
    "a ball touches": (BOX, ("sphere", {"radius": 5, "location": [5, 5, 15]}), 0, 0),
    "cylinders touch along a line": (
        ("cylinder", {"radius": 5, "height": 10}),
        ("cylinder", {"radius": 3, "height": 10, "location": [8, 0, 0]}),
        0,
        0,
    ),
    "overlapping": (BOX, ("box", {"location": [5, 5, 5]}), 0, 125),
    "a box inside": (BOX, ("box", {"length": 2, "width": 2, "height": 2, "location": [4, 4, 4]}), 0, 8),
    "a ball inside": (BOX, ("sphere", {"radius": 1, "location": [5, 5, 5]}), 0, 4 / 3 * pi),
    "inside, touching the wall": (BOX, ("cylinder", {"radius": 2, "height": 4, "location": [2, 5, 0]}), 0, 16 * pi),
    "the same twice": (BOX, BOX, 0, 1000),
    "a ball in a hollow ring": (
        ("torus", {"radius1": 10, "radius2": 2}),
        ("sphere", {"radius": 3}),
        5,
        0,
    ),
    "apart by a hair": (BOX, ("box", {"location": [10.001, 0, 0]}), 0.001, 0),
    "a wire through": (BOX, ("sketch", {"plane": "xz", "offset": -5, "geometry": [line([-5, 5], [20, 5])]}), 0, 0),
    "a wire inside": (BOX, ("sketch", {"plane": "xz", "offset": -5, "geometry": [line([4, 5], [6, 5])]}), 0, 0),
    "a wire apart": (BOX, ("sketch", {"offset": 12, "geometry": [line([-5, 5], [20, 5])]}), 2, 0),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_distance_and_shared_volume_are_those_of_the_formulas(freecad: httpx.Client, case: str, turned: bool) -> None:
    (kind_a, a), (kind_b, b), distance, shared = CASES[case]
    make(freecad, PATHS.get(kind_a, f"/primitives/{kind_a}"), name="A", **a)
    make(freecad, PATHS.get(kind_b, f"/primitives/{kind_b}"), name="B", **b)
    first, second = ("B", "A") if turned else ("A", "B")
    response = freecad.get(f"/objects/{first}/distance", params={"to": second})
    assert response.status_code == 200, response.text
    result = response.json()["result"]
    assert result["distance"] == pytest.approx(distance, abs=1e-6)
    assert result["common_volume"] == pytest.approx(shared, rel=1e-6, abs=1e-9)
    assert (result["interferes"], result["warnings"]) == (shared > 0, [])
    [one, other] = result["points"]
    assert sqrt(sum((x - y) ** 2 for x, y in zip(one, other, strict=True))) == pytest.approx(distance, abs=1e-6)


def test_what_one_holds_in_its_hollow_does_not_interfere(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/box", name="Block", length=20, width=20, height=20)
    make(freecad, "/primitives/box", name="Room", length=16, width=16, height=16, location=[2, 2, 2])
    make(freecad, "/boolean/subtract", object1="Block", object2="Room", name="Shell")
    make(freecad, "/primitives/box", name="Inside", length=10, width=10, height=10, location=[5, 5, 5])
    result = freecad.get("/objects/Shell/distance", params={"to": "Inside"}).json()["result"]
    assert (result["distance"], result["interferes"], result["common_volume"]) == (3, False, 0)


def test_compounds_interfere_where_one_of_their_parts_does(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/box", name="Pin", length=2, width=2, height=20)
    make(freecad, "/features/linear_pattern", name="Pins", object="Pin", direction=[1, 0, 0], spacing=10, count=3)
    make(freecad, "/primitives/box", name="Plate", length=5, width=10, height=4, location=[9, -1, 3])
    for first, second in (("Pins", "Plate"), ("Plate", "Pins")):
        result = freecad.get(f"/objects/{first}/distance", params={"to": second}).json()["result"]
        assert (result["distance"], result["interferes"]) == (0, True)
        assert result["common_volume"] == pytest.approx(2 * 2 * 4)
