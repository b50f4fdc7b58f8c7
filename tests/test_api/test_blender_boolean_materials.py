"""Booleans keep the material of each face, whichever of the two objects it comes from."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

FACES = """
bpy.context.view_layer.update()
shown = bpy.data.objects['A'].evaluated_get(bpy.context.evaluated_depsgraph_get())
names = [getattr(slot.material, 'name', None) for slot in shown.material_slots] or [None]
found = []
for face in shown.data.polygons:
    axis = max(range(3), key=lambda number: abs(face.normal[number]))
    found.append([round(face.center[axis], 3), names[min(face.material_index, len(names) - 1)]])
found
"""
"""Where the plane of each face that is shown is on its axis, and its material."""
OPERATIONS = ("difference", "union", "intersect")
SOLVERS = ("exact", "fast")


def post(blender: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = blender.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()["result"]


def cubes(blender: httpx.Client, first: str | None, second: str | None) -> None:
    """A cube from -1 to 1, and one from 0 to 2 that reaches into it: their faces lie in different planes."""
    for name, color in (("Red", [1, 0, 0]), ("Green", [0, 1, 0]), ("Blue", [0, 0, 1])):
        post(blender, "/materials", name=name, color=color)
    post(blender, "/primitives/cube", name="A", **({} if first is None else {"material": first}))
    placed = {"location": [1, 1, 1], **({} if second is None else {"material": second})}
    post(blender, "/primitives/cube", name="B", **placed)


def check(gateway: Gateway, first: str | None, second: str | None) -> None:
    faces = evaluate(gateway, FACES)
    assert {abs(place) for place, _ in faces} >= {0, 1} or {place for place, _ in faces} >= {1, 2}
    assert [[place, first if abs(place) == 1 else second] for place, _ in faces] == faces


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_face_has_the_material_that_it_had(
    blender: httpx.Client, gateway: Gateway, operation: str, solver: str
) -> None:
    cubes(blender, "Red", "Blue")
    made = post(blender, "/objects/A/boolean", object="B", operation=operation, solver=solver)
    assert made["materials"] == ["Red", "Blue"]
    check(gateway, "Red", "Blue")


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_is_found_by_the_material_and_not_by_the_number_of_its_slot(
    blender: httpx.Client, gateway: Gateway, solver: str
) -> None:
    cubes(blender, "Red", "Green")
    slots = "for name, other in (('A', 'Green'), ('B', 'Blue')):\n    bpy.data.objects[name].data.materials.append("
    evaluate(gateway, f"{slots}bpy.data.materials[other])\nNone")
    evaluate(gateway, "for face in bpy.data.objects['B'].data.polygons: face.material_index = 1\nNone")
    # Blue faces, from the second slot: the first object has green there.
    assert post(blender, "/objects/A/boolean", object="B", solver=solver)["materials"] == ["Red", "Green", "Blue"]
    check(gateway, "Red", "Blue")


def test_a_slot_of_the_object_counts_for_more_than_that_of_its_mesh(blender: httpx.Client, gateway: Gateway) -> None:
    cubes(blender, "Red", "Blue")
    slot = "slot = bpy.data.objects['B'].material_slots[0]\nslot.link = 'OBJECT'\nslot.material = "
    evaluate(gateway, f"{slot}bpy.data.materials['Green']\nNone")
    assert post(blender, "/objects/A/boolean", object="B")["materials"] == ["Red", "Green"]
    check(gateway, "Red", "Green")


def test_a_plain_tool_cuts_what_looks_like_the_rest(blender: httpx.Client, gateway: Gateway) -> None:
    cubes(blender, "Red", None)
    assert post(blender, "/objects/A/boolean", object="B")["materials"] == ["Red"]
    check(gateway, "Red", "Red")


def test_what_has_no_material_keeps_none_beside_what_has_one(blender: httpx.Client, gateway: Gateway) -> None:
    cubes(blender, None, "Blue")
    post(blender, "/objects/A/boolean", object="B", operation="union")
    check(gateway, None, "Blue")


def test_materials_of_which_no_face_is_left_are_not_added(blender: httpx.Client) -> None:
    cubes(blender, "Red", "Blue")
    blender.patch("/objects/B", json={"location": [0, 0, 0], "scale": [3, 3, 3]})
    assert post(blender, "/objects/A/boolean", object="B", operation="intersect")["materials"] == ["Red"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_modifier_shows_them_and_is_applied_as_it_is_shown(
    blender: httpx.Client, gateway: Gateway, operation: str
) -> None:
    cubes(blender, "Red", "Blue")
    post(blender, "/objects/A/modifiers", type="boolean", name="M", object="B", operation=operation)
    check(gateway, "Red", "Blue")
    assert post(blender, "/objects/A/modifiers/M/apply")["materials"] == ["Red", "Blue"]
    check(gateway, "Red", "Blue")


@pytest.mark.parametrize("solver", SOLVERS)
def test_weights_of_the_other_object_are_not_taken_for_the_firsts(
    blender: httpx.Client, gateway: Gateway, solver: str
) -> None:
    cubes(blender, None, None)
    group = "group = bpy.data.objects[{!r}].vertex_groups.new(name={!r})\ngroup.add(range(8), {}, 'REPLACE')\n"
    evaluate(gateway, group.format("A", "Own", 0.25) + group.format("B", "Other", 0.75) + "None")
    post(blender, "/objects/A/boolean", object="B", solver=solver)
    given = "[each.weight for vertex in bpy.data.objects['A'].data.vertices for each in vertex.groups]"
    assert {round(weight, 2) for weight in evaluate(gateway, given)} == {0.25}
