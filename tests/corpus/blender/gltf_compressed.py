"""glTF whose geometry is compressed by meshopt, which Blender reads from 5.2 on."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tests.corpus import FileCase
from tests.corpus.blender.gltf import SHORT, UNIT, USHORT, Build, case, one

STREAM = base64.b64decode(
    "4fAgEQIAdodWZ3iphmWJaJgBaQAAAAAAoAEPAAAAAwQBBgAAAAE8AAAAAwQBGAAAAAEDAAAAAwEBAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAABgAGAAYAAAAAA"
)
"""The tetrahedron as meshoptimizer writes it, through glTF-Transform: triangles, and corners as normalized shorts."""
ANNOUNCED = 24 + 32
"""The bytes of both views when they are read, in a buffer that has none."""


def compressed(extension: str = "EXT_meshopt_compression", *, triangles: int = 24, place: int = 0) -> bytes:
    build = Build()
    build.blob = STREAM
    first = {"buffer": 0, "byteOffset": place, "byteLength": 21, "mode": "TRIANGLES", "byteStride": 2, "count": 12}
    second = {"buffer": 0, "byteOffset": 24, "byteLength": 70, "mode": "ATTRIBUTES", "byteStride": 8, "count": 4}
    build.document |= {
        "bufferViews": [
            {"buffer": 1, "byteLength": triangles, "extensions": {extension: first}},
            {"buffer": 1, "byteOffset": 24, "byteLength": 32, "byteStride": 8, "extensions": {extension: second}},
        ],
        "accessors": [
            {"type": "SCALAR", "componentType": USHORT, "count": 12, "bufferView": 0},
            {
                **{"type": "VEC3", "componentType": SHORT, "count": 4, "bufferView": 1, "normalized": True},
                **{"max": [32767] * 3, "min": [-32767] * 3},
            },
        ],
        "meshes": [{"name": "Corner", "primitives": [{"attributes": {"POSITION": 1}, "indices": 0}]}],
    }
    build.others = [{"byteLength": ANNOUNCED, "extensions": {extension: {"fallback": True}}}]
    build.node("Part", mesh=0, translation=[0.5] * 3, scale=[0.5] * 3)
    return build.used(extension, "KHR_mesh_quantization", required=True).glb()


def unreadable(id: str, data: bytes, words: str) -> FileCase:
    return case(id, lambda: data, error="unsupported_format", error_words=[words])


def since_5_2(id: str, data: bytes, word: str, **newer: Any) -> FileCase:
    older: Mapping[str, Any] = {"error": "unsupported_format", "error_words": [word]}
    return case(id, lambda: data, since=(5, 2), newer=newer, **older)


CASES = [
    since_5_2(
        "meshopt required", one().used("EXT_meshopt_compression", required=True).glb(), "EXT_meshopt_compression"
    ),
    since_5_2("meshopt", compressed(), "EXT_meshopt_compression", box=UNIT, faces=4),
    since_5_2("meshopt of Khronos", compressed("KHR_meshopt_compression"), "KHR_meshopt_compression", box=UNIT),
    unreadable("meshopt beyond its stream", compressed(place=80), "a bufferView extends beyond its buffer"),
    unreadable("meshopt beyond what is announced", compressed(triangles=60), "a bufferView extends beyond its buffer"),
]
