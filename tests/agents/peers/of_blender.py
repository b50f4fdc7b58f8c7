"""The tasks in Blender by the tools of dcc-mcp-blender, which has them after its skills are loaded."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, cast

import pytest
from PIL import Image

from tests.agents.peers.of_freecad import PeerTask
from tests.agents.peers.peer import NotDone, Peer
from tests.agents.tasks import near


async def prepare(one: Peer) -> None:
    """Leave nothing of the scene that Blender starts with."""
    await loaded(one, "blender-scene")
    await one.answer("new_scene")


async def loaded(one: Peer, *skills: str) -> None:
    await one.answer("load_skill", skill_names=list(skills))


async def scene_to_picture(one: Peer) -> None:
    await loaded(one, "blender-objects", "blender-materials", "blender-lighting", "blender-camera", "blender-render")
    await one.answer("create_material", name="Red", color=[1, 0, 0, 1])
    await one.answer("create_object", object_type="sphere", name="Ball", location=[0, 0, 1], size=2)
    await one.answer("blender-materials__assign_material", object_name="Ball", material_name="Red")
    await one.answer("create_object", object_type="plane", name="Ground", size=10)
    await one.answer("create_light", light_type="SUN", name="Sun", energy=3)
    await one.answer("rotate_object", name="Sun", rotation=[30, 20, 0])
    await one.answer("create_camera", name="Camera", location=[0, -7, 3], set_as_active=True)
    # No tool turns a camera to a point: atan(2 / 7) below the horizon.
    await one.answer("rotate_object", name="Camera", rotation=[74.05, 0, 0])
    await one.answer("set_render_settings", engine="CYCLES", resolution_x=160, resolution_y=120, samples=4,
                     resolution_percentage=100)  # fmt: skip
    path = one.folder / "ball.png"
    await one.answer("render_scene", output_path=str(path))
    image = Image.open(path).convert("RGB")
    assert image.size == (160, 120)
    red, green, _ = cast("tuple[int, int, int]", image.getpixel((80, 60)))
    assert red > 2 * green


async def bevelled_cube(one: Peer) -> None:
    await loaded(one, "blender-mesh", "blender-objects")
    await one.answer("create_object", object_type="cube", name="Box", size=2)
    await one.answer("add_modifier", object_name="Box", modifier_type="BEVEL", name="Bevel",
                     properties={"width": 0.1, "segments": 2})  # fmt: skip
    await one.answer("apply_modifier", object_name="Box", modifier_name="Bevel")
    told = (await one.answer("get_mesh_info", object_name="Box"))["context"]
    assert told["face_count"] > 6
    size = (await one.answer("get_bounding_box", object_name="Box"))["context"]["size"]
    assert size == pytest.approx([2, 2, 2])


async def model_for_the_web(one: Peer) -> None:
    await loaded(one, "blender-objects", "blender-materials", "blender-interchange")
    await one.answer("create_material", name="Gold", color=[1, 0.8, 0.2, 1], metallic=1)
    await one.answer("create_object", object_type="torus", name="Ring")
    await one.answer("blender-materials__assign_material", object_name="Ring", material_name="Gold")
    path = one.folder / "ring.glb"
    await one.answer("export_gltf", path=str(path), object_names=["Ring"])
    data = path.read_bytes()
    magic, _, _, length, kind = struct.unpack("<4sIII4s", data[:20])
    assert (magic, kind) == (b"glTF", b"JSON")
    document: dict[str, Any] = json.loads(data[20 : 20 + length])
    assert [node["name"] for node in document["nodes"]] == ["Ring"]
    assert [material["name"] for material in document["materials"]] == ["Gold"]


async def code_for_what_no_method_does(one: Peer) -> None:
    await loaded(one, "blender-scripting", "blender-objects")
    code = (
        "import bpy, math\n"
        "curve = bpy.data.curves.new('Spiral', 'CURVE'); curve.dimensions = '3D'\n"
        "line = curve.splines.new('POLY'); line.points.add(99)\n"
        "for i, p in enumerate(line.points): p.co = (math.cos(i / 5), math.sin(i / 5), i / 50, 1)\n"
        "bpy.context.collection.objects.link(bpy.data.objects.new('Spiral', curve)); print('made')\n"
        "result = len(line.points)"
    )
    made = (await one.answer("execute_python", code=code))["context"]
    assert (made["result"], made["stdout"]) == ("100", "made\n"), made
    size = (await one.answer("get_bounding_box", object_name="Spiral"))["context"]["size"]
    if size[2] != near(1.98):
        raise NotDone(f"the bounding box after code is wrong: a height of {size[2]:.4g} m, not 1.98 m")


async def render_in_the_background(one: Peer) -> None:
    await loaded(one, "blender-objects", "blender-camera", "blender-render", "blender-scene")
    await one.answer("create_object", object_type="cube", name="Box")
    await one.answer("create_camera", name="Camera", location=[0, -7, 3], set_as_active=True)
    await one.answer("set_render_settings", engine="CYCLES", resolution_x=64, resolution_y=48, samples=8,
                     resolution_percentage=100, file_format="PNG")  # fmt: skip
    await one.answer("save_scene", filepath=str(one.folder / "scene.blend"))
    pattern = str(one.folder / "frame_####")
    begun = await one.counted("start_render_job", {"output_pattern": pattern, "start_frame": 1, "end_frame": 1})
    if begun.is_error:
        raise NotDone("the background render starts the program `blender`, which the module in Python does not have")
    job = (begun.structured_content or {})["context"]["job_id"]
    await one.answer("create_object", object_type="cube", name="Later", location=[5, 0, 0])
    for _ in range(60):
        told = (await one.answer("get_render_job", job_id=job))["context"]
        if told["status"] in ("completed", "failed", "cancelled"):
            break
        await asyncio.sleep(1)
    (path,) = one.folder.glob("frame_*.png")
    assert Image.open(path).size == (64, 48)


TASKS: dict[str, PeerTask] = {
    each.__name__: each
    for each in (
        *(scene_to_picture, bevelled_cube, model_for_the_web, code_for_what_no_method_does),
        render_in_the_background,
    )
}
NOTES = {"code_for_what_no_method_does": "by code, as here"}
