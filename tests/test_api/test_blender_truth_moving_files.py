"""A moving, parented, sheared, mirrored, shape-keyed, textured scene in files.

At three frames, what other readers see is what Blender shows, or a warning names the object.
"""

from __future__ import annotations

import importlib
import json
import struct
from pathlib import Path
from typing import Any, cast

import httpx
import numpy
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.moving_files import matrix
from tests.moving_scene import post
from tests.pictures import png

_PXR = ("Gf", "Usd", "UsdGeom", "UsdSkel")
Gf, Usd, UsdGeom, UsdSkel = (cast(Any, importlib.import_module(f"pxr.{name}")) for name in _PXR)
Values = numpy.ndarray[Any, Any]
FRAMES = (1, 13, 25)

SHOWN = """
import numpy
scene, found = bpy.context.scene, {}
for frame in FRAMES:
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    for name in ("Arm", "Hand", "Twin", "Face"):
        shown = bpy.data.objects[name].evaluated_get(graph)
        points = [list(shown.matrix_world @ v.co) for v in shown.data.vertices]
        found.setdefault(name, []).append([list(map(min, zip(*points))), list(map(max, zip(*points)))])
scene.frame_set(1)
found
"""


@pytest.fixture
def moving(blender: httpx.Client, gateway: Gateway) -> httpx.Client:
    """An arm that turns and is stretched, a hand that it shears, a mirrored twin, and a face with a shape key."""
    post(blender, "/materials", name="Skin", roughness=0.25, metallic=0.5)
    picture = {"file": ("skin.png", png((200, 120, 90), (8, 8)))}
    assert blender.post("/materials/Skin/texture", files=picture).status_code == 200
    post(blender, "/primitives/cube", name="Arm", scale=[1, 3, 1], material="Skin")
    post(blender, "/primitives/cone", name="Hand", location=[0, 2, 1], rotation=[0, 0, 30], material="Skin")
    post(blender, "/primitives/cone", name="Twin", location=[6, 0, 0], scale=[-1, 1, 2], material="Skin")
    post(blender, "/primitives/cube", name="Face", location=[0, -6, 0], material="Skin")
    assert blender.patch("/objects/Hand", json={"parent": "Arm"}).status_code == 200
    evaluate(gateway, "o = bpy.data.objects['Face']\no.shape_key_add()\no.shape_key_add(name='Tall').data[0].co.z = -5")
    turn = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 25, "value": [0, 40, 90]}]
    post(blender, "/objects/Arm/animation", path="rotation", keys=turn, interpolation="linear")
    move = [{"frame": 1, "value": [6, 0, 0]}, {"frame": 25, "value": [6, 4, 2]}]
    post(blender, "/objects/Twin/animation", path="location", keys=move)
    smile = [{"frame": 1, "value": 0}, {"frame": 25, "value": 1}]
    post(
        blender, "/objects/Face/animation", path='data.shape_keys.key_blocks["Tall"].value', keys=smile,
        interpolation="linear",
    )  # fmt: skip
    assert blender.patch("/scene", json={"frame_start": 1, "frame_end": 25, "frame": 1}).status_code == 200
    return blender


def written(http: httpx.Client, made: dict[str, Any], folder: Path) -> Path:
    path = folder / made["artifact"]["name"]
    path.write_bytes(http.get(made["artifact"]["url"]).content)
    return path


def told(made: dict[str, Any]) -> str:
    return " ".join(warning["message"] for warning in made.get("warnings", []))


def compare(shown: dict[str, Any], seen: dict[str, list[Values]], made: dict[str, Any]) -> None:
    """Each object's box at each frame is Blender's, or a warning names the object."""
    for name, boxes in shown.items():
        away = max(float(numpy.abs(numpy.array(box) - seen[name][n]).max()) for n, box in enumerate(boxes))
        assert away < 2e-3 or repr(name) in told(made), (name, away, told(made))


def test_usd_shows_at_each_frame_what_blender_shows(
    moving: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path
) -> None:
    shown = evaluate(gateway, f"FRAMES = {FRAMES}\n{SHOWN}")
    made = post(moving, "/export", format="usd")
    stage: Any = Usd.Stage.Open(str(written(http, made, tmp_path)))
    # Shape keys are blend shapes of a skeleton: USD itself applies them.
    assert UsdSkel.BakeSkinning(stage.Traverse(), Gf.Interval(1, 25))
    seen: dict[str, list[Values]] = {}
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Mesh):
            continue
        names = [prim.GetName(), prim.GetParent().GetName()]
        name = next(each for each in names if each in shown)
        for frame in FRAMES:
            matrix = numpy.array(UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(frame))
            points = numpy.array(UsdGeom.Mesh(prim).GetPointsAttr().Get(frame))
            world = numpy.column_stack([points, numpy.ones(len(points))]) @ matrix
            seen.setdefault(name, []).append(numpy.array([world[:, :3].min(axis=0), world[:, :3].max(axis=0)]))
    compare(shown, seen, made)


class Glb:
    """A glb file, read from its specification as far as these tests need it."""

    def __init__(self, data: bytes) -> None:
        size = struct.unpack_from("<I", data, 12)[0]
        self.document: dict[str, Any] = json.loads(data[20 : 20 + size])
        self._binary = data[28 + size :]

    def rows(self, number: int) -> Values:
        accessor = self.document["accessors"][number]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        assert accessor["componentType"] == 5126
        found = numpy.zeros((accessor["count"], width))
        if "bufferView" in accessor:
            found[:] = self._view(accessor, "<f4", accessor["count"] * width).reshape(-1, width)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            kind = {5121: "u1", 5123: "<u2", 5125: "<u4"}[sparse["indices"]["componentType"]]
            places = self._view(sparse["indices"], kind, sparse["count"])
            found[places] = self._view(sparse["values"], "<f4", sparse["count"] * width).reshape(-1, width)
        return found

    def _view(self, part: dict[str, Any], kind: str, count: int) -> Values:
        view = self.document["bufferViews"][part["bufferView"]]
        return numpy.frombuffer(self._binary, kind, count, view.get("byteOffset", 0) + part.get("byteOffset", 0))

    def moved(self, seconds: float) -> list[dict[str, Any]]:
        """The nodes with what the animations give them at a time."""
        nodes: list[dict[str, Any]] = [dict(node) for node in self.document["nodes"]]
        for animation in self.document.get("animations", ()):
            for channel in animation["channels"]:
                sampler = animation["samplers"][channel["sampler"]]
                times, values = self.rows(sampler["input"])[:, 0], self.rows(sampler["output"])
                path = channel["target"]["path"]
                values = values.reshape(len(times), -1)
                # The exporter writes a key for each frame, and these are asked for.
                nodes[channel["target"]["node"]][path] = values[numpy.abs(times - seconds).argmin()].tolist()
        return nodes


def test_glb_shows_at_each_frame_what_blender_shows(
    moving: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path
) -> None:
    shown = evaluate(gateway, f"FRAMES = {FRAMES}\n{SHOWN}")
    made = post(moving, "/export", format="glb")
    glb = Glb(written(http, made, tmp_path).read_bytes())
    parents = {child: n for n, node in enumerate(glb.document["nodes"]) for child in node.get("children", ())}
    seen: dict[str, list[Values]] = {}
    for frame in FRAMES:
        # Time 0 is frame 0, or the first frame.
        first = min(float(glb.rows(s["input"]).min()) for a in glb.document["animations"] for s in a["samplers"])
        nodes = glb.moved(first + (frame - 1) / 24)
        for number, node in enumerate(nodes):
            if "mesh" not in node or node["name"] not in shown:
                continue
            world, above = matrix(node), parents.get(number)
            while above is not None:
                world, above = matrix(nodes[above]) @ world, parents.get(above)
            mesh = glb.document["meshes"][node["mesh"]]
            parts: list[Values] = []
            for primitive in mesh["primitives"]:
                points = glb.rows(primitive["attributes"]["POSITION"])
                weights = node.get("weights", mesh.get("weights", []))
                for weight, target in zip(weights, primitive.get("targets", ()), strict=False):
                    points = points + weight * glb.rows(target["POSITION"])
                parts.append((numpy.column_stack([points, numpy.ones(len(points))]) @ world.T)[:, :3])
            corners = numpy.concatenate(parts)[:, [0, 2, 1]] * [1, -1, 1]
            seen.setdefault(node["name"], []).append(numpy.array([corners.min(axis=0), corners.max(axis=0)]))
    compare(shown, seen, made)
    (material,) = glb.document["materials"]
    factors = material["pbrMetallicRoughness"]
    assert (factors["roughnessFactor"], factors["metallicFactor"]) == pytest.approx((0.25, 0.5), abs=1e-6)
    assert "baseColorTexture" in factors
