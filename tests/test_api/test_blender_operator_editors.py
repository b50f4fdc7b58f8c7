"""Operators get the editor that they need, also if nobody names it, and leave nothing of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_operators import ADDED, CRASHING_BEFORE_4_5, IN_EDIT_MODE, ON_OBJECTS, SEEN, version

SCENE = """
for kind in ("images", "masks", "node_groups"):
    for each in list(getattr(bpy.data, kind)):
        getattr(bpy.data, kind).remove(each)
cube = bpy.data.objects["Cube"]
group = bpy.data.node_groups.new("Group", "GeometryNodeTree")
group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
cube.modifiers.new("Nodes", "NODES").node_group = group
cube.data.color_attributes.new("Colour", "FLOAT_COLOR", "CORNER")
bpy.data.images.new("Drawing", 8, 8)
mask = bpy.data.masks.new("Mask")
mask.layers.new(name="Layer").splines.new().points.add(3)
curve = bpy.data.hair_curves.new("Hair")
curve.add_curves([3, 3])
hair = bpy.data.objects.new("Hair", curve)
bpy.context.scene.collection.objects.link(hair)
len(bpy.data.objects)
"""
SCREEN = "[[area.type, area.ui_type] for area in bpy.context.window_manager.windows[0].screen.areas]"
CUBE: dict[str, Any] = {"active": "Cube", "selected": ["Cube"]}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, Any]] = [
    ("object.hide_view_set", {}, CUBE, "cube.hide_get()", True),
    ("node.interface_item_new", {}, CUBE, "len(group.interface.items_tree)", 2),
    ("mask.layer_new", {"name": "More"}, CUBE, "[each.name for each in mask.layers]", ["Layer", "More"]),
    ("curves.delete", {}, {"active": "Hair", "mode": "EDIT"}, "len(hair.data.curves)", 0),
    ("anim.keyframe_insert_by_name", {"type": "Location"}, CUBE, "cube.animation_data.action is not None", True),
    (
        "graph.select_all",
        {"action": "SELECT"},
        CUBE,
        "list({point.select_control_point for curve in versions.curves_of(cube.animation_data)"
        " for point in curve.keyframe_points})",
        [True],
    ),
    (
        "action.select_all",
        {"action": "SELECT"},
        CUBE,
        "list({point.select_control_point for curve in versions.curves_of(cube.animation_data)"
        " for point in curve.keyframe_points})",
        [True],
    ),
    # It imports a part of Blender that nothing has imported before.
    ("nla.bake", {"bake_types": ["OBJECT"]}, CUBE, "cube.animation_data.action is not None", True),
    (
        "paint.vertex_color_set",
        {},
        {**CUBE, "mode": "VERTEX_PAINT"},
        "[len(bpy.data.libraries), len({tuple(each.color) for each in cube.data.color_attributes[0].data})]",
        [0, 1],
    ),
]


@pytest.mark.parametrize(("operator", "properties", "context", "expression", "expected"), CASES)
def test_an_operator_without_an_area_gets_its_editor(
    blender: httpx.Client,
    gateway: Gateway,
    operator: str,
    properties: dict[str, Any],
    context: dict[str, Any],
    expression: str,
    expected: Any,
) -> None:
    assert blender.post("/primitives/cube", json={"name": "Cube"}).status_code == 201
    assert evaluate(gateway, SCENE) == 2
    if operator.startswith(("graph", "action")):
        keys = {"path": "location", "keys": [{"frame": 1, "value": [0, 0, 0]}]}
        assert blender.post("/objects/Cube/animation", json=keys).status_code == 201
    screen = evaluate(gateway, SCREEN)
    ran = blender.post(f"/operators/{operator}", json={"properties": properties, "context": context})
    if operator in CRASHING_BEFORE_4_5 and version(gateway) < (4, 5):
        assert (ran.status_code, ran.json()["error"]["code"]) == (422, "not_possible")
        return
    assert ran.status_code == 200, ran.text
    found = "from cadgate_blender.app import versions\n"
    found += 'cube, hair = bpy.data.objects["Cube"], bpy.data.objects["Hair"]\n'
    found += 'group, mask = bpy.data.node_groups["Group"], bpy.data.masks["Mask"]\n'
    assert evaluate(gateway, found + expression) == expected
    assert evaluate(gateway, SCREEN) == screen
    assert evaluate(gateway, "bpy.context.mode") == "OBJECT"


def test_a_refusal_says_what_blender_does_not_accept(blender: httpx.Client) -> None:
    assert blender.post("/primitives/cube", json={"name": "Cube"}).status_code == 201
    for context, words in ((CUBE, "in any editor"), ({**CUBE, "area": "VIEW_3D"}, "area 'VIEW_3D'")):
        error = blender.post("/operators/pose.rot_clear", json={"context": context}).json()["error"]
        assert error["code"] == "not_possible"
        assert "does not accept 'Cube' (MESH) in mode 'OBJECT'" in error["message"]
        assert words in error["message"]
    error = blender.post("/operators/object.hide_view_set", json={"context": {**CUBE, "area": "NO"}}).json()["error"]
    assert (error["code"], "VIEW_3D" in error["message"]) == ("validation_error", True)
    error = blender.post("/operators/sequencer.strip_modifier_add", json={}).json()["error"]
    assert (error["code"], "'type'" in error["message"]) == ("validation_error", True)


def test_fifty_operators_of_many_groups_have_checked_results() -> None:
    tables = (IN_EDIT_MODE, ON_OBJECTS, SEEN, ADDED, CASES)
    checked = {case[0] for table in tables for case in table}
    assert len(checked) >= 50
    assert len({each.split(".")[0] for each in checked}) >= 10
