"""A picture or a file of chosen objects is the same however many others there are, which it does not carry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.blender_code import COMPOSITOR, evaluate
from tests.gateway import Gateway

OTHERS = 300
CHOSEN = {"objects": ["Ball", "Word"]}


def sent(blender: httpx.Client, method: str, path: str, **body: Any) -> Any:
    answer = blender.request(method, path, json=body or None)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def add_others(blender: httpx.Client, count: int) -> None:
    # They shine, throw shadows and stand in front of the others: none of that is to be seen.
    calls = [
        {"method": "primitives.cube", "params": {"name": f"Other {n}", "location": [n % 20 - 5, n // 20 - 8, n % 3]}}
        for n in range(count)
    ]
    sent(blender, "POST", "/batch", calls=calls)


@pytest.fixture(autouse=True)
def as_before(blender: httpx.Client) -> Iterator[None]:
    """The scene's settings, which stay when it is cleared, are as they were for the next test."""
    saved = sent(blender, "POST", "/scene/save", filepath="before.blend")["artifact"]["id"]
    yield
    sent(blender, "POST", "/scene/open", artifact=saved)


def preview(blender: httpx.Client) -> str:
    answer = blender.get("/render/preview", params={"width": 96, "objects": CHOSEN["objects"]})
    assert answer.status_code == 200, answer.text
    return hashlib.sha256(answer.content).hexdigest()


def cycles(blender: httpx.Client, **params: Any) -> str:
    result = sent(
        *(blender, "POST", "/render"),
        **{"engine": "cycles", "samples": 4, "resolution": [64, 48], "denoise": False, **CHOSEN, **params},
    )
    return result["artifact"]["sha256"]


def stage(blender: httpx.Client, gateway: Gateway, code: str) -> None:
    """A ball with modifiers and a texture by another object, a word, and what `code` does to the scene."""
    sent(blender, "POST", "/materials", name="Blue", color=[0.1, 0.2, 1])
    sent(blender, "POST", "/primitives/empty", name="Aim", location=[0.4, 0, 0])
    sent(blender, "POST", "/primitives/cube", name="Ball", material="Blue")
    sent(blender, "POST", "/objects/Ball/modifiers", type="mirror", axes=["x"], mirror_object="Aim")
    sent(blender, "POST", "/objects/Ball/modifiers", type="subdivision", levels=2)
    sent(blender, "POST", "/primitives/text", name="Word", text="Hi", location=[1, -2, 0], rotation=[60, 0, 20])
    sent(blender, "PATCH", "/objects/Word", parent="Aim")
    evaluate(
        gateway,
        "tree = bpy.data.materials['Blue'].node_tree\n"
        "place = tree.nodes.new('ShaderNodeTexCoord')\n"
        "place.object = bpy.data.objects['Aim']\n"
        "shader = next(node for node in tree.nodes if node.bl_idname == 'ShaderNodeBsdfPrincipled')\n"
        "tree.links.new(place.outputs['Object'], shader.inputs['Base Color'])\n"
        "scene = bpy.context.scene\n" + code + "\nNone",
    )


SETTINGS = {
    "as it is": "",
    "lit": (
        "light = bpy.data.objects.new('Lamp', bpy.data.lights.new('Lamp', 'POINT'))\n"
        "light.data.energy, light.location = 900, (4, -4, 5)\n"
        "scene.collection.objects.link(light)"
    ),
    "a light that its collection hides": (
        "light = bpy.data.objects.new('Lamp', bpy.data.lights.new('Lamp', 'POINT'))\n"
        "dark = bpy.data.collections.new('Dark')\n"
        "scene.collection.children.link(dark)\n"
        "dark.objects.link(light)\n"
        "dark.hide_render = True"
    ),
    "colours and samples": (
        "scene.view_settings.view_transform = 'Standard'\n"
        "scene.view_settings.exposure = 1.5\n"
        "scene.cycles.max_bounces = 1\n"
        "scene.cycles.seed = 7\n"
        "scene.display.shading.show_cavity = True"
    ),
    "simplified": "scene.render.use_simplify = True\nscene.render.simplify_subdivision_render = 1",
    "an override of the layer": (
        "scene.view_layers[0].material_override = bpy.data.materials.new('Clay')\n"
        "scene.view_layers[0].material_override.diffuse_color = (0, 1, 0, 1)"
    ),
    "the world": (
        "scene.world.use_nodes = True\n"
        "scene.world.node_tree.nodes['Background'].inputs['Color'].default_value = (0.1, 0.8, 0.1, 1)\n"
        "scene.world.node_tree.nodes['Background'].inputs['Strength'].default_value = 2"
    ),
    "a compositor": (
        COMPOSITOR + "tree = compositor_of(scene)\n"
        "invert = tree.nodes.new('CompositorNodeInvert')\n"
        "tree.links.new(rendered(tree), invert.inputs['Color'])\n"
        "tree.links.new(invert.outputs['Color'], shown(tree))"
    ),
    "a constraint": (
        "tie = bpy.data.objects['Ball'].constraints.new('COPY_ROTATION')\n"
        "bpy.data.objects['Aim'].rotation_euler = (0.3, 0.4, 0.5)\n"
        "tie.target = bpy.data.objects['Aim']"
    ),
    "keys": (
        "ball = bpy.data.objects['Ball']\n"
        "for frame, turn in ((1, 0.0), (20, 1.0)):\n"
        "    ball.rotation_euler.z = turn\n"
        "    ball.keyframe_insert('rotation_euler', frame=frame)\n"
        "scene.frame_set(9)"
    ),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_pictures_of_chosen_objects_are_the_same_pixel_by_pixel_among_others(
    blender: httpx.Client, gateway: Gateway, setting: str
) -> None:
    stage(blender, gateway, SETTINGS[setting])
    few = preview(blender), cycles(blender)
    add_others(blender, OTHERS)
    assert (preview(blender), cycles(blender)) == few


@pytest.mark.parametrize("format", ["stl", "glb"])
def test_files_of_objects_whose_materials_name_others_are_the_same_byte_by_byte_among_others(
    blender: httpx.Client, gateway: Gateway, format: str
) -> None:
    stage(blender, gateway, "bpy.data.objects['Ball']['friend'] = bpy.data.objects.new('Friend', None)")
    export = {"format": format, "objects": ["Ball"]}
    few = sent(blender, "POST", "/export", **export)["artifact"]["sha256"]
    add_others(blender, OTHERS)
    assert sent(blender, "POST", "/export", **export)["artifact"]["sha256"] == few
