"""glTF 2.0, binary or with embedded buffers: the scene's meshes with names, colours and tree; metres, Y up."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from array import array
from typing import Any, Iterator, Sequence

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.reading import gltf_shapes
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles
from cadgate_freecad.app.reading.transforms import Transform, product

DEEPEST = 64
_TO_DOCUMENT = (1000.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1000.0, 0.0, 0.0, 1000.0, 0.0, 0.0)
"""Millimetres with Z up."""
_TYPES = {5120: ("b", 1, 127.0), 5121: ("B", 1, 255.0), 5122: ("h", 2, 32767.0), 5123: ("H", 2, 65535.0)}
_TYPES.update({5125: ("I", 4, 1.0), 5126: ("f", 4, 1.0)})
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_UNDERSTOOD = {"KHR_mesh_quantization", "KHR_materials_unlit", "KHR_texture_transform", gltf_shapes.INSTANCING}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_SHAPES = {0: "points", 1: "lines", 2: "lines", 3: "lines"}


def is_binary(head: bytes) -> bool:
    return head[:4] == b"glTF"


def is_text(head: bytes) -> bool:
    """Return whether JSON begins as glTF does; `head` is the beginning of the file, or all of it."""
    start = head.lstrip()
    return start[:1] == b"{" and b'"asset"' in head and (b'"meshes"' in head or b'"nodes"' in head)


def whole_size(head: bytes) -> int:
    """Return the bytes that the header of a binary file announces."""
    return struct.unpack_from("<I", head, 8)[0] if len(head) >= 12 else -1


def read(path: str, found: Found, name: str) -> None:
    with open(path, "rb") as file:
        data = file.read()
    try:
        _File(data, found).read()
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error, RecursionError) as error:
        raise _damaged(f"{type(error).__name__}: {error}") from None


def _damaged(why: str) -> AppError:
    return AppError("unsupported_format", f"The glTF file is damaged: {why}")


def _linear_to_shown(channels: Sequence[float]) -> str:
    *light, alpha = (min(1.0, max(0.0, float(each))) for each in channels)
    coded = [12.92 * each if each <= 0.0031308 else 1.055 * each ** (1 / 2.4) - 0.055 for each in light]
    text = "#" + "".join(f"{round(each * 255):02x}" for each in (*coded, alpha))
    return text[:7] if text.endswith("ff") else text


class _File:
    def __init__(self, data: bytes, found: Found) -> None:
        self.found = found
        self.binary: bytes | None = None
        if is_binary(data):
            at = 12
            while at + 8 <= len(data):
                length, kind = struct.unpack_from("<I4s", data, at)
                chunk = data[at + 8 : at + 8 + length]
                if kind == b"JSON":
                    self.document = json.loads(chunk)
                elif kind == b"BIN\0" and self.binary is None:
                    self.binary = chunk
                at += 8 + length
        else:
            self.document = json.loads(data.decode("utf-8-sig"))
        self.buffers: dict[int, bytes] = {}
        self.facets = 0
        self.visited: set[int] = set()
        self.above: dict[int, int] | None = None
        self.has_looks_lost = False

    def read(self) -> None:
        document = self.document
        if str(document["asset"]["version"]).split(".")[0] != "2":
            raise AppError("unsupported_format", f"This is glTF {document['asset']['version']}: export it as glTF 2.0")
        unknown = [each for each in document.get("extensionsRequired", []) if each not in _UNDERSTOOD]
        if unknown:
            raise AppError(
                "unsupported_format",
                f"The glTF file needs {', '.join(unknown)}, which is not read here: export it without compression",
                {"extensions": unknown},
            )
        scenes = document.get("scenes") or [{"nodes": self._roots()}]
        for number in scenes[document.get("scene", 0)].get("nodes", []):
            self._node(number, _TO_DOCUMENT, [])
        for kind in ("animations", "skins", "cameras"):
            self.found.leave_out(kind, len(document.get(kind, [])))
        self.found.leave_out("further scenes", len(scenes) - 1)
        lights = document.get("extensions", {}).get("KHR_lights_punctual", {}).get("lights", [])
        self.found.leave_out("lights", len(lights))
        if self.has_looks_lost:
            self.found.colors_lost("The glTF file has textures, or several colours on one mesh")

    def _roots(self) -> list[int]:
        nodes = self.document.get("nodes", [])
        below = {child for node in nodes for child in node.get("children", [])}
        return [number for number in range(len(nodes)) if number not in below]

    def _node(self, number: int, outer: Transform, around: list[tuple[str, str]]) -> None:
        if len(around) > DEEPEST or number in self.visited:
            # A node has one parent: a few that share their children would stand for billions.
            raise _damaged(f"node {number} is in two others or in itself, or is nested too deeply")
        self.visited.add(number)
        node = self.document["nodes"][number]
        matrix = product(outer, _matrix(node))
        label = str(node.get("name") or "")
        children = node.get("children", [])
        inside = [*around, (str(number), label or f"Node{number}")] if children else around
        if "mesh" in node:
            self._show(node, matrix, label, inside)
        for child in children:
            self._node(child, matrix, inside)

    def _show(self, node: dict[str, Any], matrix: Transform, label: str, around: list[tuple[str, str]]) -> None:
        mesh = self.document["meshes"][node["mesh"]]
        joints: list[Transform] = []
        if "skin" in node:
            joints = gltf_shapes.joints_of(self.document["skins"][node["skin"]], self._world, self._numbers)
            # It is where its bones are, wherever its node is.
            matrix = _TO_DOCUMENT
        weights = node.get("weights") or mesh.get("weights") or []
        for instance in gltf_shapes.instances(node, self._numbers):
            self._mesh(mesh, product(matrix, instance), label, around, weights, joints)

    def _world(self, number: int) -> Transform:
        """Return the place of a node in the file."""
        nodes = self.document["nodes"]
        if self.above is None:
            self.above = {child: each for each, node in enumerate(nodes) for child in node.get("children", [])}
        matrix = _matrix(nodes[number])
        for _ in range(DEEPEST):
            if number not in self.above:
                return matrix
            number = self.above[number]
            matrix = product(_matrix(nodes[number]), matrix)
        raise _damaged(f"node {number} is in itself, or is nested too deeply")

    def _mesh(
        self,
        mesh: dict[str, Any],
        matrix: Transform,
        label: str,
        around: list[tuple[str, str]],
        weights: Sequence[float],
        joints: Sequence[Transform],
    ) -> None:
        whole = Triangles()
        colors: set[str | None] = set()
        for primitive in mesh["primitives"]:
            mode = primitive.get("mode", _TRIANGLES)
            if mode not in (_TRIANGLES, _STRIP, _FAN):
                self.found.leave_out(_SHAPES.get(mode, "primitives of an unknown mode"))
                continue
            self.found.leave_out("morph targets", len(primitive.get("targets", [])))
            points = array("d", self._numbers(primitive["attributes"]["POSITION"], ["VEC3"]))
            gltf_shapes.mixed(points, primitive, weights, self._numbers)
            if joints:
                points = gltf_shapes.posed(points, primitive["attributes"], joints, self._numbers)
            count = len(points) // 3
            indices: list[float] = (
                [*self._numbers(primitive["indices"], ["SCALAR"])] if "indices" in primitive else [*range(count)]
            )
            start = len(whole.points) // 3
            corners = array("i", [int(each) + start for each in _corners(indices, mode)])
            if corners and not start <= min(corners) <= max(corners) < start + count:
                raise _damaged(f"a triangle has a corner beyond the {count} points")
            whole.points.extend(points)
            whole.corners.extend(corners)
            colors.add(self._color(primitive))
        if not len(whole):
            return
        self.facets += len(whole)
        limit = 4 * LIMITS["max_facets"]
        if self.facets > limit:
            raise limit_exceeded("The number of triangles of the scene", self.facets, limit, "max_facets")
        label = label or str(mesh.get("name") or "") or self.found.stem
        whole.require_sound(repr(label))
        self.found.add("Mesh", label, mesh=whole.used().moved(matrix).mesh(repr(label)))
        self.found.items[-1].holders = around
        if len(colors) == 1:
            self.found.items[-1].color = colors.pop()
        else:
            self.has_looks_lost = True

    def _color(self, primitive: dict[str, Any]) -> str | None:
        even = gltf_shapes.even_color(primitive, self.document, self._numbers)
        self.has_looks_lost = self.has_looks_lost or even is None
        factor = even or [1.0, 1.0, 1.0, 1.0]
        if "material" not in primitive:
            return None if even is None or factor == [1.0, 1.0, 1.0, 1.0] else _linear_to_shown(factor)
        color, has_picture = gltf_shapes.look_of(self.document["materials"][primitive["material"]])
        self.has_looks_lost = self.has_looks_lost or has_picture
        return _linear_to_shown([a * b for a, b in zip(color, factor)])

    def _numbers(self, number: int, kinds: Sequence[str]) -> Iterator[float]:
        """Yield the numbers of an accessor of one of these kinds, those of one element after the element before."""
        accessor = self.document["accessors"][number]
        kind = accessor["type"]
        if kind not in kinds or "sparse" in accessor or "bufferView" not in accessor:
            raise AppError(
                "unsupported_format",
                f"Accessor {number} of the glTF file is sparse, empty or not {' or '.join(kinds)}: export it in "
                "another way",
            )
        width = _WIDTHS[kind]
        code, size, largest = _TYPES[accessor["componentType"]]
        view = self.document["bufferViews"][accessor["bufferView"]]
        data = self._buffer(view["buffer"])
        stride = view.get("byteStride") or width * size
        count = accessor["count"]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        end = start + stride * (count - 1) + width * size
        if min(start, count, stride) < 0 or (count and end > len(data)):
            raise _damaged(f"accessor {number} reaches beyond its buffer: it is cut off")
        scale = largest if accessor.get("normalized") else 1.0
        row = struct.Struct(f"<{width}{code}")
        for index in range(count):
            for each in row.unpack_from(data, start + index * stride):
                yield each / scale

    def _buffer(self, number: int) -> bytes:
        if number not in self.buffers:
            uri = self.document["buffers"][number].get("uri")
            if uri is None:
                if self.binary is None:
                    raise _damaged("its buffer is missing")
                self.buffers[number] = self.binary
            elif uri.startswith("data:"):
                try:
                    self.buffers[number] = base64.b64decode(uri.partition(",")[2], validate=True)
                except binascii.Error as error:
                    raise _damaged(f"a buffer is not base64: {error}") from None
            else:
                raise AppError(
                    "unsupported_format",
                    f"The glTF file keeps its points in another file, {uri[:100]!r}: export it as glb, or with "
                    "embedded buffers",
                )
        return self.buffers[number]


def _corners(indices: list[float], mode: int) -> list[float]:
    if mode == _TRIANGLES:
        if len(indices) % 3:
            raise _damaged("a triangle has less than three corners")
        return indices
    found: list[float] = []
    for at in range(len(indices) - 2):
        a, b, c = indices[at : at + 3] if mode == _STRIP else (indices[0], *indices[at + 1 : at + 3])
        corners = (b, a, c) if mode == _STRIP and at % 2 else (a, b, c)
        if len(set(corners)) == 3:
            found += corners
    return found


def _matrix(node: dict[str, Any]) -> Transform:
    if "matrix" in node:
        if len(node["matrix"]) != 16:
            raise _damaged("a matrix has not 16 numbers")
        return gltf_shapes.of_columns(node["matrix"])
    parts = (node.get("translation", (0, 0, 0)), node.get("rotation", (0, 0, 0, 1)), node.get("scale", (1, 1, 1)))
    return gltf_shapes.matrix_of(*([*map(float, part)] for part in parts))
