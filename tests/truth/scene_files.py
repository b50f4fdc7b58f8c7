"""Exported scenes, read without Blender: world vertices and triangles, by object where the format knows objects."""

# pxr makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from pxr import Gf, Usd, UsdGeom

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """One object of a file: world points, triangles, and its base colour if the file says one."""

    points: Floats
    faces: NDArray[np.int64]
    color: list[float] | None = None


def read(format: str, path: Path) -> dict[str, Piece]:
    """By name; STL and PLY have one piece without a name. Z is up, whatever the file says."""
    if format in ("glb", "gltf"):
        return {name: _upright(piece) for name, piece in _gltf(path).items()}
    if format == "obj":
        return {name: _upright(piece) for name, piece in _obj(path).items()}
    if format == "usd":
        return _usd(path)
    mesh = trimesh.load_mesh(path, file_type=format, process=False, maintain_order=True)
    return {"": Piece(np.asarray(mesh.vertices, float), np.asarray(mesh.faces))}


def _upright(piece: Piece) -> Piece:
    """From Y up to Z up."""
    x, y, z = piece.points.T
    return Piece(np.column_stack((x, -z, y)), piece.faces, piece.color)


# --- glTF ------------------------------------------------------------------------------------------------------------

_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Gltf:
    """A glTF or GLB file with its buffers."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self._binary = b""
        if data[:4] == b"glTF":
            (length,) = struct.unpack_from("<I", data, 12)
            self.json: dict[str, Any] = json.loads(data[20 : 20 + length])
            self._binary = data[20 + length + 8 :]
        else:
            self.json = json.loads(data)

    def accessor(self, number: int) -> NDArray[Any]:
        """The values of an accessor, one row an element."""
        told = self.json["accessors"][number]
        view = self.json["bufferViews"][told["bufferView"]]
        buffer = self.json["buffers"][view["buffer"]]
        raw = base64.b64decode(buffer["uri"].partition(",")[2]) if "uri" in buffer else self._binary
        start = view.get("byteOffset", 0) + told.get("byteOffset", 0)
        width = _WIDTH[told["type"]]
        values = np.frombuffer(raw, _KINDS[told["componentType"]], told["count"] * width, start)
        return values.reshape(told["count"], width)

    def worlds(self) -> dict[int, Floats]:
        """The world matrix of every node of the scene."""
        found: dict[int, Floats] = {}
        pending = [(number, np.eye(4)) for number in self.json["scenes"][self.json.get("scene", 0)]["nodes"]]
        while pending:
            number, above = pending.pop()
            node = self.json["nodes"][number]
            found[number] = above @ _node_matrix(node)
            pending += [(child, found[number]) for child in node.get("children", ())]
        return found


def _node_matrix(node: dict[str, Any]) -> Floats:
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    whole = np.eye(4)
    whole[:3, :3] = turn @ np.diag(node.get("scale", (1, 1, 1)))
    whole[:3, 3] = node.get("translation", (0, 0, 0))
    return whole


def _gltf(path: Path) -> dict[str, Piece]:
    file = Gltf(path)
    found: dict[str, Piece] = {}
    for number, world in file.worlds().items():
        node = file.json["nodes"][number]
        if "mesh" not in node:
            continue
        points, faces, color, offset = [], [], None, 0
        for primitive in file.json["meshes"][node["mesh"]]["primitives"]:
            own = file.accessor(primitive["attributes"]["POSITION"]).astype(float)
            corners = file.accessor(primitive["indices"]).reshape(-1, 3).astype(np.int64)
            # A node that mirrors turns the triangles round, says the specification.
            faces.append((corners if np.linalg.det(world[:3, :3]) > 0 else corners[:, ::-1]) + offset)
            points.append(own @ world[:3, :3].T + world[:3, 3])
            offset += len(own)
            if "material" in primitive:
                pbr = file.json["materials"][primitive["material"]].get("pbrMetallicRoughness", {})
                color = pbr.get("baseColorFactor", [1, 1, 1, 1])
        found[node["name"]] = Piece(np.concatenate(points), np.concatenate(faces), color)
    return found


# --- others ----------------------------------------------------------------------------------------------------------


def _obj(path: Path) -> dict[str, Piece]:
    points: list[list[float]] = []
    faces: dict[str, list[list[int]]] = {}
    name = ""
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "o":
            name = rest.strip()
        elif word == "v":
            points.append([float(value) for value in rest.split()[:3]])
        elif word == "f":
            corners = [int(corner.partition("/")[0]) - 1 for corner in rest.split()]
            fan = [[corners[0], corners[n], corners[n + 1]] for n in range(1, len(corners) - 1)]
            faces.setdefault(name, []).extend(fan)
    whole = np.array(points, float)
    found: dict[str, Piece] = {}
    for name, triangles in faces.items():
        used, inverse = np.unique(np.array(triangles), return_inverse=True)
        found[name] = Piece(whole[used], inverse.reshape(-1, 3))
    return found


def _usd(path: Path) -> dict[str, Piece]:
    stage = Usd.Stage.Open(str(path))
    metres = UsdGeom.GetStageMetersPerUnit(stage)
    up_is_y = UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y
    cache = UsdGeom.XformCache()
    found: dict[str, Piece] = {}
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Mesh):
            continue
        mesh = UsdGeom.Mesh(prim)
        world: Gf.Matrix4d = cache.GetLocalToWorldTransform(prim)
        rows = np.array(world, float)
        points = np.array(mesh.GetPointsAttr().Get(), float) @ rows[:3, :3] + rows[3, :3]
        faces, start = [], 0
        corners = list(mesh.GetFaceVertexIndicesAttr().Get())
        for count in mesh.GetFaceVertexCountsAttr().Get():
            own = corners[start : start + count]
            faces += [[own[0], own[n], own[n + 1]] for n in range(1, count - 1)]
            start += count
        left = mesh.GetOrientationAttr().Get() == UsdGeom.Tokens.leftHanded
        whole = np.array(faces)
        if left != (np.linalg.det(rows[:3, :3]) < 0):
            whole = whole[:, ::-1]
        piece = Piece(points * metres, whole)
        found[prim.GetParent().GetName()] = _upright(piece) if up_is_y else piece
    return found
