"""Copies of objects over HTTP: equal to the original, and bound to its inputs or free of them."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest

from tests.test_api.test_freecad_truth_chosen import (
    DRILLED,
    UPPER_A,
    get,
    patch,
    plate,
    post,
    rounded,
    roundings,
    volume,
)


def duplicate(freecad: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    return post(freecad, f"/objects/{path}/duplicate", **body)


def test_a_copy_is_named_placed_and_free(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=40, location=[1, 2, 3], rotation=[0, 0, 30])
    copy = duplicate(freecad, "Box")
    assert (copy["name"], copy["location"], copy["rotation"]) == ("Box001", [1, 2, 3], pytest.approx([0, 0, 30]))
    named = duplicate(freecad, "Box", name="Second", label="Zweite Kiste", location=[50, 0, 0])
    assert (named["name"], named["label"], named["location"]) == ("Second", "Zweite Kiste", [50, 0, 0])
    patch(freecad, "Box", properties={"Length": 10})
    assert volume(freecad, "Second") == pytest.approx(4000)
    taken = freecad.post("/objects/Box/duplicate", json={"name": "Second"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")
    assert duplicate(freecad, "Box", name="Second", on_conflict="rename")["name"] == "Second001"


def test_a_copy_on_the_same_inputs_follows_them(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    copy = duplicate(freecad, "Round", name="Twin", location=[0, 0, 50])
    assert copy["volume"] == pytest.approx(DRILLED - rounded(5))
    patch(freecad, "Twin", properties={"radius": 2})
    # The larger rounding stays clear of the other hole by a millimetre.
    patch(freecad, "A", location=[30, 32, -10])
    assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
    assert volume(freecad, "Twin") == pytest.approx(DRILLED - rounded(5, 2))
    assert roundings(freecad, "Round") == roundings(freecad, "Twin") == [(30, 32)]


def test_a_copy_with_its_inputs_is_on_its_own(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    patch(freecad, "B", expressions={"Radius": "<<A>>.Radius - 1 mm"})
    before = len(get(freecad, "/objects")["objects"])
    duplicate(freecad, "Round", name="Other", inputs=True)
    assert len(get(freecad, "/objects")["objects"]) == before + 6
    patch(freecad, "A001", location=[30, 31, -10], properties={"Radius": 3})
    small = 16000 - 10 * pi * (9 + 4) - rounded(3)  # B001 follows A001
    assert (volume(freecad, "Other"), roundings(freecad, "Other")) == (pytest.approx(small), [(30, 31)])
    assert (volume(freecad, "Round"), roundings(freecad, "Round")) == (pytest.approx(DRILLED - rounded(5)), [(10, 20)])
    assert freecad.post("/undo").status_code == 200
    assert freecad.post("/undo").status_code == 200
    assert len(get(freecad, "/objects")["objects"]) == before


def test_sketches_patterns_and_hollows_are_copied(freecad: httpx.Client) -> None:
    ring = {"type": "circle", "center": [5, 5], "radius": 2}
    size = {"type": "radius", "first": {"geometry": 0}, "value": 2, "name": "Bore"}
    post(freecad, "/sketches", name="Ring", geometry=[ring], constraints=[size])
    post(freecad, "/features/extrude", object="Ring", name="Pin", length=5)
    post(freecad, "/features/linear_pattern", object="Pin", name="Row", count=3, spacing=10)
    duplicate(freecad, "Row", name="Again", inputs=True)
    patch(freecad, "Ring001", properties={"Bore": 1})
    assert volume(freecad, "Again") == pytest.approx(3 * pi * 5)
    assert volume(freecad, "Row") == pytest.approx(3 * 4 * pi * 5)


def test_what_is_not_copied_is_refused_with_what_to_do(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Body")
    before = get(freecad, "/objects")
    response = freecad.post("/objects/Body/duplicate", json={})
    assert (response.status_code, "fcstd" in response.json()["error"]["message"]) == (422, True)
    assert freecad.post("/objects/Nothing/duplicate", json={}).status_code == 404
    assert get(freecad, "/objects") == before
