"""Where objects are: their own values, which a new parent leaves alone, and their places in the world."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx
import numpy
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.rest_calls import patch, post

OWN = ("location", "rotation", "scale")
GLOBAL = ("global_location", "global_rotation", "global_scale")


def get(client: httpx.Client, name: str) -> dict[str, Any]:
    return client.get(f"/objects/{name}").json()["result"]


def matrix(location: Any, rotation: Any, scale: Any) -> Any:
    """Translation, XYZ Euler angles in degrees and scale as a matrix, by their formulas."""
    (sx, cx), (sy, cy), (sz, cz) = ((math.sin(math.radians(a)), math.cos(math.radians(a))) for a in rotation)
    x = numpy.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = numpy.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = numpy.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    found = numpy.eye(4)
    found[:3, :3] = z @ y @ x @ numpy.diag(scale)
    found[:3, 3] = location
    return found


def own(info: dict[str, Any]) -> Any:
    return matrix(*(info[field] for field in OWN))


def world(info: dict[str, Any]) -> Any:
    return matrix(*(info[field] for field in GLOBAL))


def shown(gateway: Gateway, name: str) -> Any:
    """The world matrix that Blender computes."""
    code = "bpy.context.view_layer.update()\n[list(row) for row in bpy.data.objects[{}].matrix_world]"
    return numpy.array(evaluate(gateway, code.format(json.dumps(name))))


def near(one: Any, other: Any) -> bool:
    return numpy.allclose(one, other, atol=1e-4)


def test_an_answer_has_the_place_in_the_world_whatever_the_parent_does(blender: httpx.Client) -> None:
    post(blender, "/primitives/cube", name="P", location=[10, 0, 0])
    made = post(blender, "/primitives/cube", name="K", location=[3, 0, 0], rotation=[0, 0, 30], scale=[1, 2, 3])
    assert [made[field] for field in GLOBAL] == [made[field] for field in OWN]
    child = patch(blender, "K", parent="P")
    assert (child["location"], child["global_location"]) == ([3, 0, 0], [3, 0, 0])
    patch(blender, "P", location=[0, 0, 0])
    child = get(blender, "K")
    assert (child["location"], child["global_location"]) == ([3, 0, 0], [-7, 0, 0])
    assert patch(blender, "K", location=[0, 0, 0])["global_location"] == [-10, 0, 0]
    patch(blender, "P", rotation=[0, 0, 90], scale=[2, 2, 2])
    (child,) = [each for each in blender.get("/objects").json()["result"]["objects"] if each["name"] == "K"]
    # Ten to the left of the parent: now twice as far, and below it.
    assert child["global_location"] == pytest.approx([0, -20, 0], abs=1e-5)
    assert child["global_rotation"] == pytest.approx([0, 0, 120], abs=1e-4)
    assert child["global_scale"] == pytest.approx([2, 4, 6], abs=1e-5)
    assert (child["rotation"], child["scale"]) == ([0, 0, 30], [1, 2, 3])


@pytest.mark.parametrize("turned", [[10, 120, 20], [400, 0, 0], [0, 0, -200]])
def test_a_parent_changes_no_value_that_was_not_sent(
    blender: httpx.Client, gateway: Gateway, turned: list[float]
) -> None:
    place: dict[str, Any] = {"location": [1.5, -2, 0.25], "rotation": turned, "scale": [1, -2, 3]}
    post(blender, "/primitives/cube", name="K", **place)
    post(blender, "/primitives/empty", name="Still")
    post(blender, "/primitives/empty", name="Far", location=[9, 8, 7], rotation=[33, 44, 55], scale=[2, 2, 2])
    post(blender, "/primitives/empty", name="Uneven", rotation=[0, 45, 0], scale=[1, 3, 0.5])
    before = get(blender, "K")
    for parent in ("Still", "Far", "Uneven", "Far"):
        child = patch(blender, "K", parent=parent)
        assert {field: child[field] for field in OWN} == place
        assert near(shown(gateway, "K"), own(before))
        assert near(world(child), own(before))
    patch(blender, "Far", location=[0, 0, 0], rotation=[0, 0, 10])
    moved = get(blender, "K")
    assert {field: moved[field] for field in OWN} == place
    assert near(world(moved), shown(gateway, "K"))
    assert not near(world(moved), own(before))
    free = patch(blender, "K", parent=None)
    assert near(own(free), world(moved))
    assert [free[field] for field in GLOBAL] == [free[field] for field in OWN]


def test_a_parent_that_adds_nothing_leaves_the_values_when_it_goes(blender: httpx.Client) -> None:
    place: dict[str, Any] = {"location": [1.5, -2, 0.25], "rotation": [10, 120, 20], "scale": [1, -2, 3]}
    for name in ("A", "B"):
        post(blender, "/primitives/cube", name=name, **place)
        post(blender, "/primitives/empty", name=f"Over {name}", location=[5, 6, 7], rotation=[0, 0, 45])
        patch(blender, name, parent=f"Over {name}")
    free = patch(blender, "A", parent=None)
    assert {field: free[field] for field in OWN} == place
    assert blender.delete("/objects/Over B").status_code == 200
    free = get(blender, "B")
    assert {field: free[field] for field in OWN} == place


def test_the_place_in_the_world_is_that_of_constraints_keys_and_deltas(blender: httpx.Client, gateway: Gateway) -> None:
    post(blender, "/primitives/empty", name="Aim", location=[4, 5, 6])
    for name in ("Held", "Keyed", "Child", "Off"):
        post(blender, "/primitives/cube", name=name, location=[1, 0, 0])
    post(blender, "/objects/Held/constraints", type="copy_location", target="Aim")
    patch(blender, "Keyed", location=[0, 2, 0], frame=1)
    patch(blender, "Keyed", location=[0, 12, 0], frame=11)
    patch(blender, "Child", parent="Keyed")
    evaluate(gateway, "off = bpy.data.objects['Off']; off.delta_location = (0, 0, 7); off.delta_scale = (2, 2, 2)")
    blender.patch("/scene", json={"frame": 6})
    held, child, off = (get(blender, name) for name in ("Held", "Child", "Off"))
    start = shown(gateway, "Keyed")[1, 3]
    blender.patch("/scene", json={"frame": 1})
    assert (held["location"], held["global_location"]) == ([1, 0, 0], [4, 5, 6])
    assert child["location"] == [1, 0, 0]
    assert child["global_location"] == pytest.approx([1, start - 2, 0], abs=1e-4)
    assert start > 3
    assert (off["location"], off["global_location"], off["global_scale"]) == ([1, 0, 0], [1, 0, 7], [2, 2, 2])


def test_the_place_of_something_hidden_is_right_or_null(blender: httpx.Client) -> None:
    post(blender, "/primitives/empty", name="Aim", location=[4, 5, 6])
    for name in ("Plain", "Held"):
        post(blender, "/primitives/cube", name=name, location=[1, 0, 0])
    patch(blender, "Plain", parent="Aim")
    assert patch(blender, "Plain", visible=False)["global_location"] == [1, 0, 0]
    post(blender, "/objects/Held/constraints", type="copy_location", target="Aim")
    hidden = patch(blender, "Held", visible=False)
    assert [hidden[field] for field in GLOBAL] == [None, None, None]
    assert patch(blender, "Held", visible=True)["global_location"] == [4, 5, 6]


def test_keys_move_a_child_from_where_it_is(blender: httpx.Client, gateway: Gateway) -> None:
    post(blender, "/primitives/cube", name="K")
    patch(blender, "K", location=[0, 0, 0], frame=1)
    patch(blender, "K", location=[5, 0, 0], frame=2)
    post(blender, "/primitives/empty", name="P", location=[1, 2, 3], rotation=[0, 0, 90])
    child = patch(blender, "K", parent="P")
    assert child["warnings"] == []
    for frame, x in ((2, 5), (1, 0)):
        blender.patch("/scene", json={"frame": frame})
        assert shown(gateway, "K")[:3, 3] == pytest.approx([x, 0, 0], abs=1e-4)
