"""Who sets a value that keyframes, drivers or constraints set too is warned that it does not last."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

BOX = "o = bpy.data.objects['Box']\n"

CASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "location": (BOX + "o.keyframe_insert('location')", "/objects/Box", {"location": [1, 2, 3]}, "animated"),
    "rotation": (BOX + "o.keyframe_insert('rotation_euler')", "/objects/Box", {"rotation": [1, 2, 3]}, "animated"),
    "scale": (BOX + "o.keyframe_insert('scale', index=1)", "/objects/Box", {"scale": [1, 2, 3]}, "animated"),
    "visible": (BOX + "o.keyframe_insert('hide_render')", "/objects/Box", {"visible": False}, "animated"),
    "no parent": (
        BOX + "o.parent = bpy.data.objects['Other']; o.keyframe_insert('location')",
        "/objects/Box",
        {"parent": None},
        "animated",
    ),
    "a strip": (
        BOX + "o.keyframe_insert('location'); a = o.animation_data; t = a.nla_tracks.new()\n"
        "s = t.strips.new('s', 1, a.action)\na.action = None",
        "/objects/Box",
        {"location": [1, 2, 3]},
        "animated",
    ),
    "driven": (
        BOX + "d = o.driver_add('location', 0).driver; d.expression = '7'",
        "/objects/Box",
        {"location": [1, 2, 3]},
        "driven",
    ),
    "constrained": (
        BOX + "c = o.constraints.new('COPY_LOCATION'); c.target = bpy.data.objects['Other']",
        "/objects/Box",
        {"location": [1, 2, 3]},
        "constrained",
    ),
    "tracked": (
        BOX + "c = o.constraints.new('TRACK_TO'); c.target = bpy.data.objects['Other']",
        "/objects/Box",
        {"rotation": [1, 2, 3]},
        "constrained",
    ),
    "a light": (
        "bpy.data.objects['Lamp'].data.keyframe_insert('energy')",
        "/light/Lamp",
        {"energy": 5},
        "animated",
    ),
    "a light's direction": (
        "bpy.data.objects['Lamp'].keyframe_insert('rotation_euler')",
        "/light/Lamp",
        {"look_at": [1, 1, 1]},
        "animated",
    ),
    "a lens": ("bpy.data.objects['Eye'].data.keyframe_insert('lens')", "/camera/Eye", {"lens": 70}, "animated"),
    "a scene's camera": (
        "m = bpy.context.scene.timeline_markers.new('m', frame=1); m.camera = bpy.data.objects['Eye']",
        "/scene",
        {"camera": "Eye"},
        "animated",
    ),
    "a material": (
        "bpy.data.materials['M'].node_tree.nodes['Principled BSDF'].inputs['Roughness']"
        ".keyframe_insert('default_value')",
        "/materials/M",
        {"roughness": 0.25},
        "animated",
    ),
    "a world": (
        "bpy.context.scene.world.node_tree.nodes['Background'].inputs['Strength'].keyframe_insert('default_value')",
        "/world",
        {"strength": 2},
        "animated",
    ),
    "a modifier": (
        BOX + "o.modifiers.new('Bevel', 'BEVEL'); o.keyframe_insert('modifiers[\"Bevel\"].width')",
        "/objects/Box/modifiers/Bevel",
        {"width": 0.25},
        "animated",
    ),
}

NAMES = {
    "0": "location",
    "hide_render": "visible",
    "rotation_euler": "rotation",
    "width": "width",
    "energy": "energy",
    "default_value": "default_value",
}
"""What a warning calls that to which a path leads, by its end."""

CASES |= {
    "a property by its path": (
        BOX + "o.keyframe_insert('location')",
        "/data/objects/Box/location/0",
        {"value": 2},
        "animated",
    ),
    "a driven property by its path": (
        BOX + "d = o.driver_add('hide_render').driver; d.expression = '0'",
        "/data/objects/Box/hide_render",
        {"value": False},
        "driven",
    ),
    "a constrained property by its path": (
        BOX + "c = o.constraints.new('TRACK_TO'); c.target = bpy.data.objects['Other']",
        "/data/objects/Box/rotation_euler",
        {"value": [1, 2, 3]},
        "constrained",
    ),
    "a property of a modifier by its path": (
        BOX + "o.modifiers.new('Bevel', 'BEVEL'); o.keyframe_insert('modifiers[\"Bevel\"].width')",
        "/data/objects/Box/modifiers/Bevel/width",
        {"value": 0.25},
        "animated",
    ),
    "a property of a light by its path": (
        "bpy.data.objects['Lamp'].data.keyframe_insert('energy')",
        "/data/objects/Lamp/data/energy",
        {"value": 5},
        "animated",
    ),
    "a property of a node by its path": (
        "bpy.data.materials['M'].node_tree.nodes['Principled BSDF'].inputs['Roughness']"
        ".keyframe_insert('default_value')",
        "/data/materials/M/node_tree/nodes/Principled BSDF/inputs/Roughness/default_value",
        {"value": 0.25},
        "animated",
    ),
}

ELSEWHERE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another value": (BOX + "o.keyframe_insert('location')", "/objects/Box", {"scale": [1, 2, 3]}),
    "a curve that is off": (
        BOX + "o.keyframe_insert('scale')\na = o.animation_data.action\n"
        "for t in getattr(a, 'fcurves', None) or a.layers[0].strips[0].channelbags[0].fcurves: t.mute = True",
        "/objects/Box",
        {"scale": [1, 2, 3]},
    ),
    "a constraint on something else": (
        BOX + "c = o.constraints.new('COPY_ROTATION'); c.target = bpy.data.objects['Other']",
        "/objects/Box",
        {"location": [1, 2, 3]},
    ),
    "a property of a structure without a path, in what is animated": (
        "bpy.context.scene.keyframe_insert('gravity')",
        "/data/scenes/Scene/view_layers/ViewLayer/layer_collection/hide_viewport",
        {"value": False},
    ),
    "a property of a layer in what is animated": (
        "bpy.context.scene.keyframe_insert('gravity')",
        "/data/scenes/Scene/view_layers/ViewLayer/use_pass_mist",
        {"value": False},
    ),
    "another property by its path": (
        BOX + "o.keyframe_insert('location')",
        "/data/objects/Box/scale",
        {"value": [1, 2, 3]},
    ),
    "another modifier": (
        BOX + "o.modifiers.new('Bevel', 'BEVEL'); o.modifiers.new('Bevel2', 'BEVEL')\n"
        "o.keyframe_insert('modifiers[\"Bevel2\"].width')",
        "/objects/Box/modifiers/Bevel",
        {"width": 0.25},
    ),
}


@pytest.fixture
def stage(blender: httpx.Client) -> httpx.Client:
    blender.patch("/world", json={"strength": 1})
    blender.post("/materials", json={"name": "M"})
    blender.post("/primitives/cube", json={"name": "Box", "material": "M"})
    blender.post("/primitives/empty", json={"name": "Other", "location": [5, 5, 5]})
    blender.post("/light", json={"name": "Lamp", "location": [0, 0, 5]})
    blender.post("/camera", json={"name": "Eye", "location": [9, 0, 5]})
    return blender


def clean(gateway: Gateway) -> None:
    """What belongs to the scene and the world outlives the objects."""
    evaluate(
        gateway,
        "s = bpy.context.scene; s.timeline_markers.clear(); s.animation_data_clear(); "
        "s.world.node_tree.animation_data_clear(); 1",
    )


def changed(blender: httpx.Client, path: str, body: dict[str, Any]) -> list[dict[str, str]]:
    answer = blender.patch(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"].get("warnings", [])


@pytest.mark.parametrize("case", CASES)
def test_a_value_that_does_not_last_is_warned_of(stage: httpx.Client, gateway: Gateway, case: str) -> None:
    code, path, body, expected = CASES[case]
    if case not in ("a modifier", "a property of a modifier by its path", "no parent"):
        assert changed(stage, path, body) == []
    evaluate(gateway, code + "\n1")

    warnings = changed(stage, path, body)

    clean(gateway)
    assert [each["code"] for each in warnings] == [expected]
    field = next(iter(body))
    words = {"parent": "location", "look_at": "rotation", "value": NAMES.get(path.split("/")[-1])}.get(field, field)
    assert words in warnings[0]["message"]


@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_value_that_lasts_is_not(stage: httpx.Client, gateway: Gateway, case: str) -> None:
    code, path, body = ELSEWHERE[case]
    evaluate(gateway, code + "\n1")

    warnings = changed(stage, path, body)

    clean(gateway)
    assert warnings == []


def test_the_warning_is_true(stage: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, BOX + "o.keyframe_insert('location'); 1")
    changed(stage, "/objects/Box", {"location": [1, 2, 3]})
    assert stage.get("/objects/Box").json()["result"]["location"] == [1, 2, 3]

    changed(stage, "/scene", {"frame": 2})

    assert stage.get("/objects/Box").json()["result"]["location"] == [0, 0, 0]
    changed(stage, "/scene", {"frame": 1})


def test_a_copy_that_is_placed_is_warned_of_too(stage: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, BOX + "o.keyframe_insert('location'); 1")
    made = stage.post("/objects/Box/duplicate", json={"location": [1, 2, 3]}).json()["result"]
    assert [each["code"] for each in made["warnings"]] == ["animated"]
