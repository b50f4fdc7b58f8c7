"""Movement, shape keys, custom properties and cameras of Blender arrive in files."""

# pxr makes its classes at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import numpy
import pytest
from pxr import UsdGeom

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_truth_export import HIERARCHIES, box_of_scene, export, gltf_of, run, stage_of, warned

MOVING = """
box = cube("Box")
for frame, x in ((1, 1.0), (11, 3.0)):
    box.location.x = x; box.keyframe_insert("location", frame=frame)
scene.frame_start, scene.frame_end = 1, 11
scene.frame_set(1)
"""


def outputs(gltf: Any, path: str) -> numpy.ndarray:
    """The values of the animation's sampler for `path`."""
    (channel,) = [each for each in gltf.animations[0].channels if each.target.path == path]
    accessor = gltf.accessors[gltf.animations[0].samplers[channel.sampler].output]
    view = gltf.bufferViews[accessor.bufferView]
    start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
    return numpy.frombuffer(gltf.binary_blob(), "<f4", accessor.count * 3, start).reshape(-1, 3)


@pytest.mark.parametrize("scale", [1, 1000, 0.001])
def test_keyed_places_are_scaled_with_everything_else(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, scale: float
) -> None:
    run(gateway, MOVING)
    gltf = gltf_of(http, export(blender, format="glb", scale=scale))
    assert gltf.nodes[0].translation[0] == pytest.approx(scale)
    values = outputs(gltf, "translation")
    assert (values[0][0], values[-1][0]) == pytest.approx((scale, 3 * scale))


MOVERS = {
    "keys": (MOVING, (2.0, 4.0)),
    "scaled keys": (
        MOVING
        + """
for frame, size in ((1, 1.0), (11, 2.0)):
    box.scale = (size, size, size); box.keyframe_insert("scale", frame=frame)
scene.frame_set(1)
""",
        (2.0, 5.0),
    ),
    "parent": (MOVING + 'hand = empty("Hand"); hand.location.x = 0; box.parent = hand', (2.0, 4.0)),
    "parent moves": (
        MOVING.replace('cube("Box")', 'empty("Cart")').replace("box.", "box.")
        + 'load = cube("Box"); load.parent = box; load.location = (0, 5, 0)',
        (2.0, 4.0),
    ),
    "sheared below a moving parent": (
        MOVING.replace('cube("Box")', 'empty("Cart")')
        + 'box.scale = (1, 1, 3); load = cube("Box"); load.rotation_euler = (0.7, 0, 0); load.parent = box',
        (2.0, 4.0),
    ),
    "driver": (
        """
box = cube("Box")
curve = box.driver_add("location", 0); curve.driver.expression = "1 + (frame - 1) / 5"
scene.frame_start, scene.frame_end = 1, 11
scene.frame_set(1)
""",
        (2.0, 4.0),
    ),
    "constraint": (
        MOVING.replace('cube("Box")', 'empty("Lead")')
        + """
load = cube("Box"); follow = load.constraints.new("COPY_LOCATION"); follow.target = box
scene.frame_set(1)
""",
        (2.0, 4.0),
    ),
}


@pytest.mark.parametrize("format", HIERARCHIES)
@pytest.mark.parametrize("case", MOVERS)
def test_what_moves_in_the_scene_moves_in_the_file(
    blender: httpx.Client, gateway: Gateway, case: str, format: str
) -> None:
    build, (first, last) = MOVERS[case]
    run(gateway, build)
    result = export(blender, format=format, scale=10)
    assert result["warnings"] == []
    blender.delete("/scene")
    answer = blender.post("/import?scale=0.1", json={"artifact": result["artifact"]["id"]})
    assert answer.status_code == 200, answer.text
    ends: list[float] = []
    for frame in (1, 11):
        run(gateway, f"scene.frame_set({frame})")
        ends.append(box_of_scene(gateway)[1][0])
    assert ends == pytest.approx([first, last], abs=2e-3)


@pytest.mark.parametrize("format", ["obj", "stl", "ply"])
def test_a_format_without_movement_says_so(blender: httpx.Client, gateway: Gateway, format: str) -> None:
    run(gateway, MOVING)
    result = export(blender, format=format)
    assert warned(result) == ["still"]
    assert "'Box'" in result["warnings"][0]["message"]


def test_usd_has_a_sample_for_every_frame(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path
) -> None:
    run(gateway, MOVING)
    stage = stage_of(http, export(blender, format="usd", scale=10), tmp_path)
    prim = next(each for each in stage.Traverse() if each.GetName() == "Box" and each.IsA(UsdGeom.Xform))
    xform = UsdGeom.Xformable(prim)
    assert len(xform.GetTimeSamples()) == 11
    at = [xform.ComputeLocalToWorldTransform(time).ExtractTranslation()[0] for time in (1.0, 11.0)]
    assert at == pytest.approx([10, 30])


# --- keys, custom properties, cameras ----------------------------------------------------------------------------


KEYED = """
box = cube("Box"); box.shape_key_add(name="Basis"); up = box.shape_key_add(name="Up")
for point in up.data: point.co.z += 3
"""


@pytest.mark.parametrize("others", ["", 'cube("Plain").modifiers.new("Array", "ARRAY")'])
def test_shape_keys_survive_modifiers_of_the_same_object(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, others: str
) -> None:
    run(gateway, KEYED + 'box.modifiers.new("Soft", "SUBSURF").levels = 1\n' + others)
    result = export(blender, format="glb", up="Z")
    assert result["warnings"] == []
    gltf = gltf_of(http, result)
    mesh = next(mesh for mesh in gltf.meshes if mesh.name == "Box")
    (primitive,) = mesh.primitives
    assert mesh.extras["targetNames"] == ["Up"]
    assert gltf.accessors[primitive.attributes.POSITION].count > 24
    (target,) = primitive.targets
    accessor = gltf.accessors[target["POSITION"]]
    assert accessor.max == pytest.approx([0, 0, 3], abs=1e-5)
    assert accessor.min == pytest.approx([0, 0, 3], abs=1e-5)


def test_shape_keys_that_a_modifier_cannot_keep_are_named(blender: httpx.Client, gateway: Gateway) -> None:
    run(
        gateway,
        KEYED
        + """
for point in up.data: point.co.x = 0.0
weld = box.modifiers.new("Weld", "WELD"); weld.merge_threshold = 0.01
""",
    )
    result = export(blender, format="glb")
    assert warned(result) == ["shape_keys_lost"]
    assert "'Box'" in result["warnings"][0]["message"]
    assert warned(export(blender, format="glb", apply_modifiers=False)) == []


def test_custom_properties_and_the_cameras_aspect_come_back(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    run(
        gateway,
        """
box = cube("Box"); box["part"] = "A-12"; box["mass"] = 2.5
scene.render.resolution_x, scene.render.resolution_y = 800, 400
""",
    )
    blender.post("/camera", json={"name": "Eye", "location": [0, -9, 0], "rotation": [90, 0, 0]})
    result = export(blender, format="glb")
    gltf = gltf_of(http, result)
    (node,) = [each for each in gltf.nodes if each.name == "Box"]
    assert node.extras == {"part": "A-12", "mass": 2.5}
    assert gltf.cameras[0].perspective.aspectRatio == pytest.approx(2)
    blender.delete("/scene")
    blender.post("/import", json={"artifact": result["artifact"]["id"]})
    assert evaluate(gateway, 'obj = bpy.data.objects["Box"]\n[obj["part"], obj["mass"]]') == ["A-12", 2.5]
