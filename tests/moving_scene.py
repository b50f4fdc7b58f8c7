"""A moving scene for tests of files, and what Blender shows of it: corners of faces with normals and UVs, by frame."""

from __future__ import annotations

from typing import Any

import httpx
import numpy

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import png

Values = numpy.ndarray[Any, Any]
FRAMES = (1, 13, 25)

_SHOWN = """
import numpy
scene, found = bpy.context.scene, {}
for frame in FRAMES:
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    for obj in bpy.data.objects:
        if obj.type != "MESH":
            continue
        shown = obj.evaluated_get(graph)
        mesh, world = shown.data, shown.matrix_world
        turn = world.to_3x3().inverted_safe().transposed()
        layer = mesh.uv_layers.active
        rows = []
        for corner in range(len(mesh.loops)):
            point = world @ mesh.vertices[mesh.loops[corner].vertex_index].co
            normal = (turn @ mesh.corner_normals[corner].vector).normalized()
            rows.append([*point, *normal, *(layer.uv[corner].vector if layer else (0, 0))])
        found.setdefault(obj.name, []).append(rows)
scene.frame_set(1)
found
"""


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    """The result of a call that must succeed."""
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def make(blender: httpx.Client, gateway: Gateway) -> None:
    """Make the scene: parents that shear and mirror, shape keys, modifiers, custom normals, two materials, movement."""
    post(blender, "/materials", name="Skin", roughness=0.25, metallic=0.5, color=[0.9, 0.5, 0.25])
    post(
        blender,
        "/materials",
        name="Bare",
        roughness=0.75,
        metallic=0.125,
        color=[0.1, 0.2, 0.4],
        alpha=0.5,
        emission_color=[1, 0.5, 0],
        emission_strength=2,
    )
    picture = {"file": ("skin.png", png((200, 120, 90), (8, 8)))}
    assert blender.post("/materials/Skin/texture", files=picture).status_code == 200
    assert blender.patch("/materials/Skin", json={"color": [0.5, 1, 0.75]}).status_code == 200
    post(blender, "/primitives/cube", name="Arm", scale=[1, 3, 1], material="Skin")
    post(blender, "/primitives/cone", name="Hand", location=[0, 2, 1], rotation=[0, 0, 30], vertices=6, material="Skin")
    post(blender, "/primitives/cone", name="Twin", location=[6, 0, 0], scale=[-1, 1, 2], vertices=5, material="Skin")
    post(blender, "/primitives/cube", name="Face", location=[0, -6, 0], material="Skin")
    post(blender, "/primitives/sphere", name="Ball", location=[6, 2, 0], segments=6, rings=4, material="Bare")
    post(blender, "/primitives/cylinder", name="Rod", location=[-6, 0, 0], vertices=7, material="Bare")
    square = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    post(
        blender, "/meshes", name="Plate", vertices=square, faces=[[0, 1, 2, 3]], location=[0, 9, 0], scale=[2, 1, 1],
        uvs=[[0, 0], [0.5, 0], [0.5, 0.75], [0, 0.75]], normals=[[0.6, 0, 0.8]] * 4, material="Skin",
    )  # fmt: skip
    for child, parent in (("Hand", "Arm"), ("Ball", "Twin")):
        assert blender.patch(f"/objects/{child}", json={"parent": parent}).status_code == 200
    post(blender, "/objects/Ball/shade", mode="smooth")
    post(blender, "/objects/Rod/shade", mode="auto", angle=40)
    post(blender, "/objects/Rod/modifiers", type="mirror", axes=["z"])
    post(blender, "/objects/Hand/modifiers", type="bevel", width=0.05)
    evaluate(
        gateway,
        "o = bpy.data.objects['Face']\no.shape_key_add()\no.shape_key_add(name='Tall').data[0].co.z = -5\n"
        "m = bpy.data.objects['Arm'].data\nm.materials.append(bpy.data.materials['Bare'])\n"
        "m.polygons[2].material_index = 1",
    )
    turn = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 25, "value": [0, 40, 90]}]
    post(blender, "/objects/Arm/animation", path="rotation", keys=turn, interpolation="linear")
    move = [{"frame": 1, "value": [6, 0, 0]}, {"frame": 25, "value": [6, 4, 2]}]
    post(blender, "/objects/Twin/animation", path="location", keys=move)
    smile = [{"frame": 1, "value": 0}, {"frame": 25, "value": 1}]
    path = 'data.shape_keys.key_blocks["Tall"].value'
    post(blender, "/objects/Face/animation", path=path, keys=smile, interpolation="linear")
    assert blender.patch("/scene", json={"frame_start": 1, "frame_end": 25, "frame": 1}).status_code == 200


def shown(gateway: Gateway) -> dict[str, list[Values]]:
    """What Blender shows: for each mesh and frame, a row of position, normal and UV for each corner."""
    found: dict[str, list[Any]] = evaluate(gateway, f"FRAMES = {FRAMES}\n{_SHOWN}")
    return {name: [numpy.array(rows) for rows in frames] for name, frames in found.items()}


def apart(one: Values, other: Values, columns: slice) -> float:
    """How far the corners of one are from the nearest ones of the other, both ways, by position and by `columns`."""
    place = numpy.abs(one[:, None, :3] - other[None, :, :3]).max(axis=2)
    part = numpy.abs(one[:, None, columns] - other[None, :, columns]).max(axis=2)
    both = numpy.maximum(place, part)
    return float(max(both.min(axis=0).max(), both.min(axis=1).max()))
