"""Checks what a glTF document announces against the limits, before an importer trusts it."""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast

from cadgate.plugin import UnsupportedFormat
from cadgate_blender import limits, picture_sizes
from cadgate_blender.settings import BlenderSettings

MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
"""Extensions by which views are compressed. Source: the specification of EXT_meshopt_compression."""
PER_VERTEX = 6
"""Numbers that one vertex may need in one accessor: in a closed mesh, each is a corner of six triangles."""
WIDEST = 64
"""Bytes of the longest number: a matrix of floats."""


def check(document: dict[str, Any], binary: bytes, name: str, settings: BlenderSettings) -> None:
    """Raise UnsupportedFormat or LimitExceeded for a document that refers to missing parts, or has too many.

    `binary` is the buffer in a .glb.
    """
    try:
        limits.check(settings, "The number of nodes", len(_parts(document, "nodes")), "max_objects")
        parts = _parts(document, "buffers")
        buffers = [_buffer(part, binary if not number else b"") for number, part in enumerate(parts)]
        for number, part in enumerate(parts):
            if _count(part, "byteLength") > len(buffers[number]) and not _is_only_announced(part):
                raise ValueError(f"buffer {number} should have {part['byteLength']} bytes, but has fewer")
        announced = sum(_count(part, "byteLength") for part in parts if _is_only_announced(part))
        limits.check(settings, "The number of vertices", announced / (PER_VERTEX * WIDEST), "max_vertices")
        for view in _parts(document, "bufferViews"):
            _check_view(view, parts, buffers)
        for accessor in _parts(document, "accessors"):
            corners = _count(accessor, "count") / PER_VERTEX
            limits.check(settings, "The number of vertices", corners, "max_vertices")
        for image in _parts(document, "images"):
            _check_image(image, document, buffers, settings)
        _check_tree(_parts(document, "nodes"))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise UnsupportedFormat(
            f"The file {name!r} is not a glTF that can be imported: {error}", details={"name": name}
        ) from error


def _is_only_announced(part: dict[str, Any]) -> bool:
    """Return whether a buffer has a length but no bytes: those of its views are compressed, and in another buffer."""
    return "uri" not in part and any(_extension(part, name).get("fallback") is True for name in MESHOPT)


def _check_view(view: dict[str, Any], parts: list[dict[str, Any]], buffers: list[bytes]) -> None:
    compressed = [view["extensions"][name] for name in MESHOPT if _extension(view, name)]
    for each in compressed:
        if _count(each, "count") * _count(each, "byteStride") != _count(view, "byteLength"):
            raise ValueError("a compressed bufferView has another length than its elements")
    for each in (view, *compressed):
        number = _count(each, "buffer")
        size = len(buffers[number])
        if each is view and compressed and _is_only_announced(parts[number]):
            size = _count(parts[number], "byteLength")
        if _count(each, "byteOffset") + _count(each, "byteLength") > size:
            raise ValueError("a bufferView extends beyond its buffer")


def _extension(part: dict[str, Any], name: str) -> dict[str, Any]:
    extensions: dict[str, Any] = part.get("extensions") or {}
    return extensions.get(name) or {}


def _parts(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", document.get(kind) or [])


def _count(part: dict[str, Any], key: str) -> int:
    value = part.get(key, 0)
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{key} must be a whole number, not {value!r}")
    return value


def _buffer(part: dict[str, Any], binary: bytes) -> bytes:
    uri = part.get("uri")
    return binary if uri is None else _data(uri)


def _data(uri: str) -> bytes:
    head, _, content = uri.partition(",")
    if not head.endswith(";base64"):
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError(f"a data: URI is not base64 ({error})") from error


def _check_image(
    image: dict[str, Any], document: dict[str, Any], buffers: list[bytes], settings: BlenderSettings
) -> None:
    if "uri" in image:
        content = _data(image["uri"])
    else:
        view = _parts(document, "bufferViews")[_count(image, "bufferView")]
        start = _count(view, "byteOffset")
        content = buffers[_count(view, "buffer")][start : start + _count(view, "byteLength")]
    size = picture_sizes.size_of(content[: picture_sizes.HEAD])
    if size is None:
        raise ValueError("one of its images has no size, or is of an unknown kind")
    limits.check(settings, "The number of pixels of an image", size[0] * size[1], "max_image_pixels")


def _check_tree(nodes: list[dict[str, Any]]) -> None:
    """Raise ValueError for nodes that contain themselves, or have several parents."""
    parents: dict[int, int] = {}
    for number, node in enumerate(nodes):
        for child in cast("list[int]", node.get("children") or []):
            if child in parents or not 0 <= child < len(nodes):
                raise ValueError(f"node {child} has two parents, or does not exist")
            parents[child] = number
    for number in parents:
        # Each has one parent, so a path upwards that is longer than the number of nodes is circular.
        place, steps = number, 0
        while place in parents:
            place, steps = parents[place], steps + 1
            if steps > len(nodes):
                raise ValueError(f"node {number} contains itself")
