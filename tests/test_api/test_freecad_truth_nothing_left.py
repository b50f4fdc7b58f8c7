"""A result is called empty only where nothing can be left: otherwise the kernel has failed, and the answer says so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

RING: dict[str, Any] = {"name": "Ring", "radius1": 11.607, "radius2": 3.607}
"""Around an axis that is 11.9 mm away from its own, by thirds of a turn, each copy overlaps the others."""
AROUND: dict[str, Any] = {"object": "Ring", "center": [0.69, -11.9, 3.06], "count": 3}


def made(freecad: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = freecad.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def refused(freecad: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """The error of a request that must change nothing."""
    before = freecad.get("/objects").json()["result"]
    answer = freecad.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert freecad.get("/objects").json()["result"] == before
    error = answer.json()["error"]
    assert error["code"] == "degenerate_result"
    return error


def test_a_pattern_of_which_the_kernel_leaves_nothing_is_not_called_empty(freecad: httpx.Client) -> None:
    one = made(freecad, "/primitives/torus", **RING)
    answer = freecad.post("/features/polar_pattern", json={"name": "Rings", **AROUND, "fuse": True})
    if answer.status_code == 201:  # by a version of OpenCASCADE that can
        assert one["volume"] < answer.json()["result"]["volume"] < 3 * one["volume"]
        return
    error = refused(freecad, "/features/polar_pattern", name="Rings", **AROUND, fuse=True)
    assert error["details"]["reason"] == "kernel_failed"
    assert "OpenCASCADE fails" in error["message"]
    assert "would be empty" not in error["message"]
    apart = made(freecad, "/features/polar_pattern", name="Rings", **AROUND, fuse=False)
    assert apart["volume"] == pytest.approx(3 * one["volume"], rel=1e-9)


@pytest.mark.parametrize(
    ("second", "gap"), [({"tool": "Far"}, 20), ({"base": [0, 0, 50]}, 40), ({"base": [0, 0, -2.5]}, 2.5)]
)
def test_a_section_of_what_is_apart_is_empty_and_how_far_it_is(
    freecad: httpx.Client, second: dict[str, Any], gap: float
) -> None:
    made(freecad, "/primitives/box", name="Block")
    made(freecad, "/primitives/box", name="Far", location=[30, 0, 0])
    error = refused(freecad, "/features/section", name="Cut", object="Block", **second)
    assert error["details"]["reason"] == "empty"
    assert f"would be empty: what is cut and what cuts it are {gap:g} mm apart" in error["message"]


def test_a_section_of_what_touches_at_a_point_is_not_called_empty_for_sure(freecad: httpx.Client) -> None:
    made(freecad, "/primitives/box", name="Block")
    made(freecad, "/primitives/box", name="Corner", location=[10, 10, 10])
    error = refused(freecad, "/features/section", name="Cut", object="Block", tool="Corner")
    assert "no edge" in error["message"]
    assert "touch only at points" in error["message"]
