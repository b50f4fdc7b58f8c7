"""Checks what a glTF document announces against the limits, before an importer trusts it."""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast

from cadgate.plugin import UnsupportedFormat
from cadgate_blender import limits, picture_sizes
from cadgate_blender.settings import BlenderSettings

PER_VERTEX = 6
"""Numbers that one vertex may need in one accessor: in a closed mesh, each is a corner of six triangles."""


def check(document: dict[str, Any], binary: bytes, name: str, settings: BlenderSettings) -> None:
    """Raise UnsupportedFormat or LimitExceeded for a document that refers to missing parts, or has too many.

    `binary` is the buffer in a .glb.
    """
    try:
        limits.check(settings, "The number of nodes", len(_parts(document, "nodes")), "max_objects")
        buffers = [
            _buffer(part, binary if not number else b"") for number, part in enumerate(_parts(document, "buffers"))
        ]
        for number, part in enumerate(_parts(document, "buffers")):
            if _count(part, "byteLength") > len(buffers[number]):
                raise ValueError(f"buffer {number} should have {part['byteLength']} bytes, but has fewer")
        for view in _parts(document, "bufferViews"):
            if _count(view, "byteOffset") + _count(view, "byteLength") > len(buffers[_count(view, "buffer")]):
                raise ValueError("a bufferView extends beyond its buffer")
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
