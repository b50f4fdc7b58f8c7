"""Readers of written files, independent of the exporters: glTF, OBJ, STL and PLY to points and triangles.

They read what Blender writes, not everything that the formats allow.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy

from cadgate.appserver import AppError
from cadgate_blender.app.verification import extents
from cadgate_blender.app.verification.extents import Shape

_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


@dataclass
class Contents:
    """What a reader found."""

    parts: list[tuple[str, Shape]] = field(default_factory=list)
    """Parts with their names; empty for formats without names."""
    whole: Shape | None = None
    names: set[str] = field(default_factory=set)
    """Names of all nodes, with and without a shape."""
    moving: set[str] = field(default_factory=set)
    """Names of nodes with animation, their own or inherited."""
    keyed: set[str] = field(default_factory=set)
    """Names of nodes with morph targets."""
    exact_triangles: bool = True
    rough: bool = False
    """Whether it has faces of more than four corners, which can be cut into triangles in very different ways."""


# --- glTF --------------------------------------------------------------------------------------------------------


class Gltf:
    """A glTF document with its buffers. Raises AppError if it is damaged."""

    def __init__(self, document: dict[str, Any], binary: bytes) -> None:
        self.document = document
        self._buffers = [
            base64.b64decode(part["uri"].partition(",")[2]) if "uri" in part else binary
            for part in document.get("buffers", ())
        ]

    @classmethod
    def of(cls, path: str) -> Gltf:
        with open(path, "rb") as file:
            data = file.read()
        if data[:4] != b"glTF":
            return cls(json.loads(data), b"")
        _, version, length = struct.unpack_from("<4sII", data)
        if version != 2 or length != len(data):
            raise AppError("command_failed", "Blender wrote a damaged glb file")
        size = struct.unpack_from("<I", data, 12)[0]
        document = json.loads(data[20 : 20 + size])
        return cls(document, data[28 + size :])

    def accessor(self, number: int) -> Any:
        """Return the values of an accessor, one row each."""
        part = self.document["accessors"][number]
        kind, width = numpy.dtype(_TYPES[part["componentType"]]), _WIDTHS[part["type"]]
        if "bufferView" not in part:
            values = numpy.zeros((part["count"], width), kind)
        else:
            values = self._view(part["bufferView"], part.get("byteOffset", 0), part["count"], width, kind)
        if "sparse" in part:
            sparse = part["sparse"]
            where, what = sparse["indices"], sparse["values"]
            values = values.copy()
            rows = self._view(
                where["bufferView"],
                where.get("byteOffset", 0),
                sparse["count"],
                1,
                numpy.dtype(_TYPES[where["componentType"]]),
            )
            values[rows[:, 0]] = self._view(what["bufferView"], what.get("byteOffset", 0), sparse["count"], width, kind)
        if part.get("normalized") and kind.kind in "iu":
            values = numpy.maximum(values / float(numpy.iinfo(kind).max), -1.0)
        return values

    def _view(self, number: int, offset: int, count: int, width: int, kind: Any) -> Any:
        view = self.document["bufferViews"][number]
        data = self._buffers[view.get("buffer", 0)]
        start = view.get("byteOffset", 0) + offset
        stride = view.get("byteStride") or width * kind.itemsize
        if stride == width * kind.itemsize:
            return numpy.frombuffer(data, kind, count * width, start).reshape(count, width)
        return numpy.ndarray((count, width), kind, data, start, (stride, kind.itemsize))

    def local(self, node: dict[str, Any]) -> Any:
        """Return the matrix of a node."""
        if "matrix" in node:
            return numpy.array(node["matrix"], numpy.float64).reshape(4, 4).T
        x, y, z, w = node.get("rotation", (0, 0, 0, 1))
        turn = numpy.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        matrix = numpy.eye(4)
        matrix[:3, :3] = turn * numpy.array(node.get("scale", (1, 1, 1)))
        matrix[:3, 3] = node.get("translation", (0, 0, 0))
        return matrix

    def worlds(self) -> list[Any]:
        """Return the matrix of every node in the file's space."""
        nodes = self.document.get("nodes", [])
        found: list[Any] = [None] * len(nodes)
        below = {child for node in nodes for child in node.get("children", ())}
        pending = [(number, numpy.eye(4)) for number in range(len(nodes)) if number not in below]
        while pending:
            number, outer = pending.pop()
            found[number] = outer @ self.local(nodes[number])
            pending.extend((child, found[number]) for child in nodes[number].get("children", ()))
        return found

    def triangles(self, primitive: dict[str, Any], count: int) -> Any:
        """Return the triangles of a primitive with `count` vertices; none for points and lines."""
        mode = primitive.get("mode", 4)
        if "indices" in primitive:
            order = self.accessor(primitive["indices"])[:, 0].astype(numpy.int64)
        else:
            order = numpy.arange(count)
        if mode == 4:
            return order[: len(order) // 3 * 3].reshape(-1, 3)
        if mode == 5:
            strip = numpy.stack([order[:-2], order[1:-1], order[2:]], axis=1)
            strip[1::2] = strip[1::2][:, [1, 0, 2]]
            return strip
        if mode == 6:
            return numpy.stack([numpy.repeat(order[:1], len(order) - 2), order[1:-1], order[2:]], axis=1)
        return numpy.empty((0, 3), numpy.int64)


def read_gltf(path: str) -> Contents:
    gltf = Gltf.of(path)
    document, found = gltf.document, Contents()
    nodes, worlds = document.get("nodes", []), gltf.worlds()
    moved = {
        channel["target"].get("node")
        for animation in document.get("animations", ())
        for channel in animation["channels"]
    }
    parents = {child: number for number, node in enumerate(nodes) for child in node.get("children", ())}
    joints = {number: set(skin["joints"]) for number, skin in enumerate(document.get("skins", ()))}
    for number, node in enumerate(nodes):
        name = node.get("name", "")
        found.names.add(name)
        if _moves(number, moved, parents) or joints.get(node.get("skin"), set()) & moved:
            found.moving.add(name)
        if "mesh" not in node:
            continue
        mesh, pieces = document["meshes"][node["mesh"]], []
        weights = node.get("weights") or mesh.get("weights") or []
        for primitive in mesh["primitives"]:
            if "targets" in primitive:
                found.keyed.add(name)
            if "KHR_draco_mesh_compression" in primitive.get("extensions", {}):
                continue
            points = gltf.accessor(primitive["attributes"]["POSITION"]).astype(numpy.float64)
            for weight, target in zip(weights, primitive.get("targets", ())):
                if weight and "POSITION" in target:
                    points = points + weight * gltf.accessor(target["POSITION"])
            triangles = gltf.triangles(primitive, len(points))
            world = worlds[number]
            if numpy.linalg.det(world[:3, :3]) < 0:
                triangles = triangles[:, ::-1]
            if shape := extents.of(points @ world[:3, :3].T + world[:3, 3], triangles):
                # For a skinned mesh only the counts are meaningful: its joints say where it is.
                shape.measured = shape.measured and "skin" not in node
                pieces.append(shape)
        if joined := extents.together(pieces):
            found.parts.append((name, joined))
    found.whole = extents.together(shape for _, shape in found.parts)
    return found


def _moves(number: int | None, moved: set[Any], parents: dict[int, int]) -> bool:
    while number is not None:
        if number in moved:
            return True
        number = parents.get(number)
    return False


# --- OBJ, STL, PLY -----------------------------------------------------------------------------------------------


def read_obj(path: str) -> Contents:
    """Read a file in which the points of each object follow its name, as Blender writes it."""
    found = Contents(exact_triangles=False)
    points: list[bytes] = []
    names: list[str] = [""]
    faces: dict[str, list[bytes]] = {"": []}
    own: dict[str, list[int]] = {"": []}
    lines: dict[str, list[bytes]] = {}
    with open(path, "rb") as file:
        for line in file:
            if line.startswith(b"v "):
                own[names[-1]].append(len(points))
                points.append(line[2:])
            elif line.startswith(b"f "):
                faces[names[-1]].append(line[2:])
            elif line.startswith(b"l "):
                lines.setdefault(names[-1], []).append(line[2:])
            elif line.startswith(b"o "):
                names.append(line[2:].decode("utf-8", "replace").strip())
                faces.setdefault(names[-1], [])
                own.setdefault(names[-1], [])
    if not points:
        return found
    everything = numpy.array([line.split()[:3] for line in points], numpy.float64)
    for name in own:
        triangles = numpy.empty((0, 3), numpy.int64)
        if faces[name]:
            triangles, most = _fans(faces[name])
            found.rough = found.rough or most > 4
        ends = numpy.array(b" ".join(lines.get(name, ())).split(), numpy.int64) - 1
        # Points alone, if there is nothing else.
        which = numpy.unique([*triangles.ravel(), *ends]) if len(triangles) or len(ends) else numpy.array(own[name])
        if len(which) and (shape := extents.of(everything[which], numpy.searchsorted(which, triangles))):
            found.parts.append((name, shape))
    found.whole = extents.together(shape for _, shape in found.parts)
    found.names = set(names[1:])
    return found


def _fans(lines: list[bytes]) -> tuple[Any, int]:
    """Return the triangles of faces with positive indices, as fans, and the most corners of a face."""
    rows = [row.split() for row in re.sub(rb"/[^ \r\n]*", b"", b"".join(lines)).splitlines()]
    found: list[Any] = []
    for corners in sorted({len(row) for row in rows}):
        same = numpy.array([row for row in rows if len(row) == corners], numpy.int64) - 1
        for second in range(1, corners - 1):
            found.append(same[:, [0, second, second + 1]])
    return numpy.concatenate(found), max(len(row) for row in rows)


def read_stl(path: str) -> Contents:
    """Read a binary file, as Blender writes it. Raises AppError if it is damaged."""
    with open(path, "rb") as file:
        data = file.read()
    (count,) = struct.unpack_from("<I", data.ljust(84, b"\0"), 80)
    if len(data) != 84 + 50 * count:
        raise AppError("command_failed", "Blender wrote a damaged stl file")
    kind = numpy.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    corners = numpy.frombuffer(data, kind, count, 84)["corners"].astype(numpy.float64).reshape(-1, 3)
    return Contents(whole=extents.of(corners, numpy.arange(len(corners)).reshape(-1, 3)))


_PLY = {"float": "<f4", "uchar": "u1", "int": "<i4", "uint": "<u4", "short": "<i2", "ushort": "<u2", "char": "i1"}
_PLY.update({"double": "<f8", "float32": "<f4", "uint8": "u1", "int32": "<i4", "uint32": "<u4"})


def read_ply(path: str) -> Contents:
    """Read a binary, triangulated file, as requested of Blender. Raises AppError if it is damaged."""
    with open(path, "rb") as file:
        data = file.read()
    end = data.index(b"end_header\n") + len(b"end_header\n")
    elements: list[tuple[str, int, list[tuple[str, str]]]] = []
    for line in data[:end].decode("ascii", "replace").splitlines():
        words = line.split()
        if words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"] and words[1] != "list":
            elements[-1][2].append((words[2], _PLY[words[1]]))
    points, triangles = numpy.empty((0, 3)), numpy.empty((0, 3), numpy.int64)
    for name, count, properties in elements:
        if name == "vertex":
            rows = numpy.frombuffer(data, numpy.dtype(properties), count, end)
            points = numpy.stack([rows[axis] for axis in "xyz"], axis=1).astype(numpy.float64)
            end += rows.nbytes
        elif name == "face" and count:
            kind = numpy.dtype([("count", "u1"), ("corners", "<u4", 3)])
            faces = numpy.frombuffer(data, kind, count, end)
            if (faces["count"] != 3).any():
                raise AppError("command_failed", "Blender wrote a ply file whose faces are not triangles")
            triangles = faces["corners"].astype(numpy.int64)
    return Contents(whole=extents.of(points, triangles))
