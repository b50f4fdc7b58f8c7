"""Readers of moving files that have nothing of Blender: pygltflib, OpenUSD, ufbx, and a plain reader of OBJ.

Each returns what a file shows: for each name and frame, a row of position, normal and UV for each corner, Z up.
"""

from __future__ import annotations

import base64
import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy
from PIL import Image

Values = numpy.ndarray[Any, Any]
Seen = dict[str, list[Values]]
pygltflib: Any = importlib.import_module("pygltflib")
_PXR = ("Gf", "Usd", "UsdGeom", "UsdShade", "UsdSkel")
Gf, Usd, UsdGeom, UsdShade, UsdSkel = (cast(Any, importlib.import_module(f"pxr.{name}")) for name in _PXR)
FPS = 24
_Z_UP = numpy.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])


def corner_rows(points: Values, normals: Values, uvs: Values, world: Values) -> Values:
    """Rows in the world; `world` is for columns, as in mathematics."""
    turned = normals @ numpy.linalg.inv(world[:3, :3])
    turned /= numpy.maximum(numpy.linalg.norm(turned, axis=1), 1e-12)[:, None]
    return numpy.column_stack([points @ world[:3, :3].T + world[:3, 3], turned, uvs])


def z_up(rows: Values) -> Values:
    return numpy.column_stack([rows[:, :3] @ _Z_UP.T, rows[:, 3:6] @ _Z_UP.T, rows[:, 6:]])


class Material(NamedTuple):
    """What a file says of a material: numbers, multiplied by the middle of its picture."""

    color: tuple[float, ...]
    roughness: float
    metallic: float
    alpha: float
    emission: tuple[float, ...]


def linear(picture: bytes) -> Values:
    """The colour in the middle of a picture, as light."""
    with Image.open(BytesIO(picture)) as opened:
        held = numpy.asarray(opened.convert("RGB"))
    curved = held[held.shape[0] // 2, held.shape[1] // 2] / 255
    return numpy.where(curved <= 0.04045, curved / 12.92, ((curved + 0.055) / 1.055) ** 2.4)


def _times(factor: float, color: Sequence[float]) -> tuple[float, ...]:
    return tuple(factor * each for each in color)


# --- glb ---------------------------------------------------------------------------------------------------------

_KINDS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class Glb:
    """A glb file by pygltflib."""

    def __init__(self, path: Path) -> None:
        self.document: Any = pygltflib.GLTF2().load_binary(str(path))
        self._binary: bytes = self.document.binary_blob()
        animations = self.document.animations or ()
        samplers = [sampler for each in animations for sampler in each.samplers]
        self.first = min((float(self.values(each.input).min()) for each in samplers), default=0.0)

    def values(self, number: int) -> Values:
        accessor = self.document.accessors[number]
        width = _WIDTHS[accessor.type]
        found = numpy.zeros((accessor.count, width))
        if accessor.bufferView is not None:
            found[:] = self._view(accessor, _KINDS[accessor.componentType], accessor.count * width).reshape(-1, width)
        if accessor.sparse is not None:
            count, indices = accessor.sparse.count, accessor.sparse.indices
            places = self._view(indices, _KINDS[indices.componentType], count)
            found[places] = self._view(accessor.sparse.values, "<f4", count * width).reshape(-1, width)
        return found

    def _view(self, part: Any, kind: str, count: int) -> Values:
        view = self.document.bufferViews[part.bufferView]
        return numpy.frombuffer(self._binary, kind, count, (view.byteOffset or 0) + (part.byteOffset or 0))

    def _sampled(self, sampler: Any, path: str, seconds: float) -> Values:
        times, values = self.values(sampler.input)[:, 0], self.values(sampler.output)
        values = values.reshape(len(times), -1)
        assert sampler.interpolation in ("LINEAR", "STEP")
        after = int(numpy.searchsorted(times, seconds - 1e-6))
        if after in (0, len(times)):
            return values[0 if after == 0 else -1]
        part = (seconds - times[after - 1]) / (times[after] - times[after - 1])
        if sampler.interpolation == "STEP":
            return values[after if part > 1 - 1e-6 else after - 1]
        one, other = values[after - 1], values[after]
        if path == "rotation" and one @ other < 0:
            other = -other
        mixed = one + part * (other - one)
        return mixed / numpy.linalg.norm(mixed) if path == "rotation" else mixed

    def at(self, seconds: float) -> list[dict[str, Any]]:
        """The transforms and weights of all nodes at a time."""
        names = ("matrix", "translation", "rotation", "scale", "weights")
        nodes: list[dict[str, Any]] = [
            {name: held for name in names if (held := getattr(node, name, None))} for node in self.document.nodes
        ]
        for animation in self.document.animations or ():
            for channel in animation.channels:
                found = self._sampled(animation.samplers[channel.sampler], channel.target.path, seconds)
                nodes[channel.target.node][channel.target.path] = found
        return nodes

    def seen(self, frames: Sequence[int]) -> Seen:
        parents = {child: n for n, node in enumerate(self.document.nodes) for child in node.children or ()}
        seen: Seen = {}
        for frame in frames:
            nodes = self.at(self.first + (frame - frames[0]) / FPS)
            for number, node in enumerate(self.document.nodes):
                if node.mesh is None:
                    continue
                world, above = matrix(nodes[number]), parents.get(number)
                while above is not None:
                    world, above = matrix(nodes[above]) @ world, parents.get(above)
                mesh = self.document.meshes[node.mesh]
                weights = nodes[number].get("weights", mesh.weights or [])
                parts = [self._part(each, weights, world) for each in mesh.primitives]
                seen.setdefault(node.name, []).append(z_up(numpy.concatenate(parts)))
        return seen

    def materials(self) -> dict[str, Material]:
        found: dict[str, Material] = {}
        for each in self.document.materials:
            held = each.pbrMetallicRoughness
            factor = held.baseColorFactor or [1, 1, 1, 1]
            color = numpy.array(factor[:3])
            if held.baseColorTexture is not None:
                view = self.document.bufferViews[self.document.images[held.baseColorTexture.index].bufferView]
                color = color * linear(self._binary[view.byteOffset : view.byteOffset + view.byteLength])
            more: dict[str, Any] = each.extensions or {}
            strength = more.get("KHR_materials_emissive_strength", {}).get("emissiveStrength", 1)
            found[each.name] = Material(
                color=tuple(color),
                roughness=1 if held.roughnessFactor is None else held.roughnessFactor,
                metallic=1 if held.metallicFactor is None else held.metallicFactor,
                alpha=factor[3],
                emission=_times(strength, each.emissiveFactor or (0, 0, 0)),
            )
        return found

    def _part(self, primitive: Any, weights: Any, world: Values) -> Values:
        names = primitive.attributes
        points, normals = self.values(names.POSITION), self.values(names.NORMAL)
        uvs = numpy.zeros((len(points), 2))
        if names.TEXCOORD_0 is not None:
            uvs = self.values(names.TEXCOORD_0) * [1, -1] + [0, 1]
        for weight, target in zip(weights, primitive.targets or (), strict=False):
            held = cast("dict[str, Any]", getattr(target, "__dict__", target))
            points = points + weight * self.values(held["POSITION"])
            if held.get("NORMAL") is not None:
                normals = normals + weight * self.values(held["NORMAL"])
        used = numpy.unique(self.values(primitive.indices)[:, 0].astype(int))
        return corner_rows(points[used], normals[used], uvs[used], world)


def matrix(node: dict[str, Any]) -> Values:
    if "matrix" in node:
        return numpy.array(node["matrix"]).reshape(4, 4).T
    x, y, z, w = node.get("rotation", [0, 0, 0, 1])
    turn = numpy.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    found = numpy.eye(4)
    found[:3, :3] = turn * numpy.array(node.get("scale", [1, 1, 1]))
    found[:3, 3] = node.get("translation", [0, 0, 0])
    return found


# --- usd ---------------------------------------------------------------------------------------------------------


def usd(path: Path, frames: Sequence[int], names: Sequence[str]) -> Seen:
    """A USD file by OpenUSD itself, which applies the blend shapes."""
    stage: Any = Usd.Stage.Open(str(path))
    assert UsdSkel.BakeSkinning(stage.Traverse(), Gf.Interval(frames[0], frames[-1]))
    seen: Seen = {}
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Mesh):
            continue
        mesh, variables = UsdGeom.Mesh(prim), UsdGeom.PrimvarsAPI(prim)
        name = next(each for each in (prim.GetName(), prim.GetParent().GetName()) if each in names)
        uv = next((each for each in variables.GetPrimvars() if "texCoord" in str(each.GetTypeName())), None)
        for frame in frames:
            corners = numpy.array(mesh.GetFaceVertexIndicesAttr().Get(frame))
            points = numpy.array(mesh.GetPointsAttr().Get(frame))[corners]
            normals = numpy.array(mesh.GetNormalsAttr().Get(frame))
            assert mesh.GetNormalsInterpolation() == "faceVarying" or len(normals) == len(corners)
            uvs = numpy.zeros((len(corners), 2)) if uv is None else numpy.array(uv.ComputeFlattened(frame))
            world = numpy.array(UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(frame)).T
            seen.setdefault(name, []).append(corner_rows(points, normals, uvs, world))
    return seen


def usd_materials(path: Path) -> dict[str, Material]:
    """By the preview surfaces of a USD file, with its pictures in their folder."""
    found: dict[str, Material] = {}
    stage: Any = Usd.Stage.Open(str(path))
    for prim in stage.Traverse():
        if not prim.IsA(UsdShade.Shader) or UsdShade.Shader(prim).GetIdAttr().Get() != "UsdPreviewSurface":
            continue
        inputs = {each.GetBaseName(): each for each in UsdShade.Shader(prim).GetInputs()}
        color = inputs["diffuseColor"]
        if color.HasConnectedSource():
            texture = UsdShade.Shader(color.GetConnectedSource()[0].GetPrim())
            shown = linear((path.parent / texture.GetInput("file").Get().path).read_bytes())
        else:
            shown = numpy.array(color.Get())
        glow = inputs.get("emissiveColor")
        found[prim.GetParent().GetName()] = Material(
            color=tuple(shown),
            roughness=inputs["roughness"].Get(),
            metallic=inputs["metallic"].Get(),
            alpha=inputs["opacity"].Get(),
            emission=(0, 0, 0) if glow is None else tuple(glow.Get()),
        )
    return found


# --- fbx ---------------------------------------------------------------------------------------------------------


class Fbx:
    """An FBX file by ufbx, in metres, Z up; read by another process, see tests/fbx_by_ufbx.py."""

    def __init__(self, path: Path, frames: Sequence[int]) -> None:
        times = [str(frame / FPS) for frame in frames]
        program = [sys.executable, "-P", str(Path(__file__).with_name("fbx_by_ufbx.py")), str(path), *times]
        read = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
        self._told: dict[str, Any] = json.loads(read.stdout)

    def seen(self) -> Seen:
        seen: Seen = {}
        for name, moments in self._told["meshes"].items():
            for each in moments:
                world = numpy.eye(4)
                world[:3] = numpy.array(each["world"]).T
                points, normals, uvs = (numpy.array(each[key]) for key in ("points", "normals", "uvs"))
                seen.setdefault(name, []).append(corner_rows(points, normals, uvs, world))
        return seen

    def materials(self) -> dict[str, Material]:
        """By the classic fields that Blender writes, which its own reader and ufbx read the same way."""
        found: dict[str, Material] = {}
        for name, each in self._told["materials"].items():
            color = numpy.array(each["diffuse_color"][:3])
            if each["picture"] is not None:
                color = color * linear(base64.b64decode(each["picture"]))
            found[name] = Material(
                color=tuple(color),
                roughness=1 - (each["specular_exponent"][0] / 100) ** 0.5,
                metallic=each["reflection_factor"][0],
                alpha=1 - each["transparency_factor"][0],
                emission=_times(each["emission_factor"][0], each["emission_color"][:3]),
            )
        return found


# --- still files -------------------------------------------------------------------------------------------------


def obj(path: Path) -> Seen:
    """An OBJ file: one object after each `o`."""
    held: dict[str, list[list[float]]] = {"v": [], "vn": [], "vt": []}
    rows: dict[str, list[list[float]]] = {}
    name = ""
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "o":
            name = rest
        elif word in held:
            held[word].append([float(part) for part in rest.split()])
        elif word == "f":
            for corner in rest.split():
                point, uv, normal = ([*corner.split("/"), "", ""])[:3]
                rows.setdefault(name, []).append(
                    [
                        *held["v"][int(point) - 1][:3],
                        *held["vn"][int(normal) - 1],
                        *(held["vt"][int(uv) - 1] if uv else (0, 0)),
                    ]
                )
    return {name: [z_up(numpy.array(each))] for name, each in rows.items()}


def obj_materials(path: Path) -> dict[str, Material]:
    """By the .mtl file beside an OBJ file; a colour and a picture are multiplied."""
    found: dict[str, Material] = {}
    held: dict[str, list[str]] = {}
    for line in [*path.with_suffix(".mtl").read_text().splitlines(), "newmtl"]:
        word, *values = line.split()[:4] or [""]
        if word == "newmtl" and "newmtl" in held:
            color = numpy.array([float(each) for each in held.get("Kd", ["1", "1", "1"])])
            if "map_Kd" in held:
                color = color * linear((path.parent / " ".join(held["map_Kd"])).read_bytes())
            found[held["newmtl"][0]] = Material(
                color=tuple(color),
                roughness=float(held["Pr"][0]),
                metallic=float(held["Pm"][0]),
                alpha=float(held["d"][0]),
                emission=tuple(float(each) for each in held["Ke"]),
            )
            held = {}
        held[word] = values
    return found
