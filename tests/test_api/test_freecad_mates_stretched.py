"""Mates of parts that are scaled, stretched or mirrored: they hold where the part is shown, or are refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.freecad_calls import corners, get, patch, post, refused

TOP, BOTTOM, ROUND = {"type": "plane", "at": "top"}, {"type": "plane", "at": "bottom"}, {"type": "cylinder"}


@pytest.fixture
def pair(freecad: httpx.Client) -> httpx.Client:
    """An assembly of a block of 40 x 40 x 10, and of a pin of radius 5 and height 30 far from it."""
    post(freecad, "/primitives/box", name="Block", length=40, width=40, height=10)
    post(freecad, "/primitives/cylinder", name="Pin", radius=5, height=30)
    parts = [{"object": "Block", "name": "A"}, {"object": "Pin", "name": "B", "location": [100, 3, 7]}]
    post(freecad, "/assemblies", name="Pair", parts=parts)
    return freecad


def sides(of_a: Any, of_b: Any) -> dict[str, Any]:
    return {"a": {"part": "A", "of": of_a}, "b": {"part": "B", "of": of_b}}


def test_a_mate_is_on_the_face_of_a_scaled_part_where_it_is_shown(pair: httpx.Client) -> None:
    patch(pair, "A", properties={"Scale": 2})
    held = post(pair, "/assemblies/Pair/mates", type="coincident", **sides(TOP, BOTTOM))
    assert held["degrees_of_freedom"] == 3
    assert corners(get(pair, "/objects/B"))[2::3] == pytest.approx([20, 50], abs=1e-5)
    post(pair, "/assemblies/Pair/mates", type="distance", value=5, **sides({"type": "plane", "at": "right"}, ROUND))
    # The wall at the right is at 80, and the axis 5 beyond it.
    assert corners(get(pair, "/objects/B"))[0::3] == pytest.approx([80, 90], abs=1e-5)


def test_the_other_part_follows_when_a_part_is_scaled_and_is_back_after_undo(pair: httpx.Client) -> None:
    post(pair, "/assemblies/Pair/mates", type="coincident", **sides(TOP, BOTTOM))
    for scale in (3, 0.5, -1):
        patch(pair, "A", properties={"ScaleVector": [1, 1, scale]})
        at = corners(get(pair, "/objects/B"))
        # The top of the block looks down where it is mirrored, so the pin hangs from it.
        ends = [10 * scale, 10 * scale + 30] if scale > 0 else [-10 - 30, -10]
        assert at[2::3] == pytest.approx(ends, abs=1e-5)
        assert pair.post("/undo").status_code == 200
    assert corners(get(pair, "/objects/B"))[2::3] == pytest.approx([10, 40], abs=1e-5)


def test_a_scaled_pin_keeps_its_axis_and_a_stretched_one_has_none(pair: httpx.Client) -> None:
    patch(pair, "B", properties={"Scale": 3})
    held = post(pair, "/assemblies/Pair/mates", type="distance", value=0, **sides(["Edge1"], ROUND))
    assert held["degrees_of_freedom"] == 2
    assert corners(get(pair, "/objects/B"))[:2] == pytest.approx([-15, -15], abs=1e-5)
    message = refused(
        pair.patch("/objects/B", json={"properties": {"ScaleVector": [1, 2, 1]}}), "degenerate_result", 422
    )
    assert "has become another kind of surface" in message
    assert corners(get(pair, "/objects/B"))[:2] == pytest.approx([-15, -15], abs=1e-5)


def test_faces_of_a_mirrored_part_are_chosen_by_name_where_freecad_makes_splines_of_them(pair: httpx.Client) -> None:
    patch(pair, "A", properties={"ScaleVector": [1, 1, -1]})
    chosen = pair.post("/assemblies/Pair/mates", json={"type": "coincident", **sides(BOTTOM, TOP)})
    if chosen.status_code != 201:  # FreeCAD before 1.0 makes splines of its faces
        assert "mirrored: choose by name" in refused(chosen)
        # Face6 is the top of the block, which is at -10 now and looks down.
        post(pair, "/assemblies/Pair/mates", type="coincident", **sides(["Face6"], TOP))
    assert corners(get(pair, "/objects/B"))[2::3] == pytest.approx([-40, -10], abs=1e-5)


def test_a_mated_part_is_not_put_elsewhere_nor_made_an_array(pair: httpx.Client) -> None:
    before = post(pair, "/assemblies/Pair/mates", type="coincident", **sides(TOP, BOTTOM))
    body = {"name": "Folder", "kind": "group", "objects": ["B"]}
    assert "another container" in refused(pair.post("/groups", json=body), "degenerate_result", 422)
    array = {"properties": {"ElementCount": 3}}
    assert "array" in refused(pair.patch("/objects/A", json=array), "degenerate_result", 422)
    assert get(pair, "/assemblies/Pair") == before


def test_an_array_of_links_has_no_mates(pair: httpx.Client) -> None:
    patch(pair, "A", properties={"ElementCount": 3})
    wanted = {"type": "coincident", **sides(["Face1"], BOTTOM)}
    assert "array" in refused(pair.post("/assemblies/Pair/mates", json=wanted))


@pytest.mark.parametrize(
    ("kind", "of_a", "of_b", "value"),
    [
        ("coincident", TOP, ROUND, None),
        ("parallel", TOP, BOTTOM, None),
        ("distance", TOP, BOTTOM, 5),
        ("concentric", ["Edge1"], ROUND, None),
    ],
)
def test_what_has_no_other_side_is_not_flipped(
    pair: httpx.Client, kind: str, of_a: Any, of_b: Any, value: float | None
) -> None:
    before = get(pair, "/assemblies/Pair")
    wanted = {"type": kind, **sides(of_a, of_b), "flipped": True, **({} if value is None else {"value": value})}
    assert "flipped" in refused(pair.post("/assemblies/Pair/mates", json=wanted))
    assert get(pair, "/assemblies/Pair") == before
    made = post(pair, "/assemblies/Pair/mates", **{**wanted, "flipped": False})
    assert "flipped" in refused(pair.patch("/assemblies/Pair/mates/1", json={"flipped": True}))
    assert get(pair, "/assemblies/Pair") == made
