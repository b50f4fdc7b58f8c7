"""glTF whose geometry is compressed: by Draco, and by meshopt, which Blender reads from 5.2 on."""

from __future__ import annotations

import base64

from tests.corpus import FileCase
from tests.corpus.blender.gltf import FLOAT, SHORT, USHORT, Build, case

STREAM = base64.b64decode(
    "4fAgEQIAdodWZ3iphmWJaJgBaQAAAAAAoAEPAAAAAwQBBgAAAAE8AAAAAwQBGAAAAAEDAAAAAwEBAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAABgAGAAYAAAAAA"
)
"""The tetrahedron as meshoptimizer writes it, through glTF-Transform: triangles, and corners as normalized shorts."""
DRACO = base64.b64decode(
    "RFJBQ08CAgEBAAAABAQAAwAAAS8BARAB/wAAAQAJAwAAAgEBAQADAwEQATADAFCCJJEEAAAAAP8/AAAAAAAAAAAAAAAAAAAAAIA/Dg=="
)
"""The tetrahedron as Draco writes it, through glTF-Transform."""
ANNOUNCED = 24 + 32
"""The bytes of both views when they are read, in a buffer that has none."""


def compressed(
    extension: str = "EXT_meshopt_compression",
    *,
    triangles: int = 24,
    place: int = 0,
    count: int = 12,
    announced: int = ANNOUNCED,
) -> bytes:
    build = Build()
    build.blob = STREAM
    first = {"buffer": 0, "byteOffset": place, "byteLength": 21, "mode": "TRIANGLES", "byteStride": 2, "count": count}
    second = {"buffer": 0, "byteOffset": 24, "byteLength": 70, "mode": "ATTRIBUTES", "byteStride": 8, "count": 4}
    build.document |= {
        "bufferViews": [
            {"buffer": 1, "byteLength": triangles, "extensions": {extension: first}},
            {"buffer": 1, "byteOffset": 24, "byteLength": 32, "byteStride": 8, "extensions": {extension: second}},
        ],
        "accessors": [
            {"type": "SCALAR", "componentType": USHORT, "count": 12, "bufferView": 0},
            {
                "type": "VEC3",
                "componentType": SHORT,
                "count": 4,
                "bufferView": 1,
                "normalized": True,
                "max": [32767] * 3,
                "min": [-32767] * 3,
            },
        ],
        "meshes": [{"name": "Corner", "primitives": [{"attributes": {"POSITION": 1}, "indices": 0}]}],
    }
    build.others = [{"byteLength": announced, "extensions": {extension: {"fallback": True}}}]
    build.node("Part", mesh=0, translation=[0.5] * 3, scale=[0.5] * 3)
    return build.used(extension, "KHR_mesh_quantization", required=True).glb()


def draco() -> bytes:
    build = Build()
    build.blob = DRACO
    build.document |= {
        "bufferViews": [{"buffer": 0, "byteLength": len(DRACO)}],
        "accessors": [
            {"type": "SCALAR", "componentType": USHORT, "count": 12},
            {"type": "VEC3", "componentType": FLOAT, "count": 4, "max": [1, 1, 1], "min": [0, 0, 0]},
        ],
        "meshes": [{"name": "Corner", "primitives": [{"attributes": {"POSITION": 1}, "indices": 0}]}],
    }
    extension = {"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}}
    build.document["meshes"][0]["primitives"][0]["extensions"] = extension
    build.node("Part", mesh=0)
    return build.used("KHR_draco_mesh_compression", required=True).glb()


def unreadable(id: str, data: bytes, words: str) -> FileCase:
    return case(id, lambda: data, error="unsupported_format", error_words=[words])


COMPRESSED = {
    "EXT_meshopt_compression": (lambda: compressed(), "bf_intern_meshopt_bridge"),
    "KHR_meshopt_compression": (lambda: compressed("KHR_meshopt_compression"), "bf_intern_meshopt_bridge"),
    "KHR_draco_mesh_compression": (draco, "bf_intern_draco_bridge"),
}
"""By extension: the tetrahedron, and the library that Blender 5.2 needs for it, which its wheel lacks."""

CASES = [
    unreadable("meshopt beyond its stream", compressed(place=80), "a bufferView extends beyond its buffer"),
    unreadable(
        "meshopt beyond its buffer", compressed(triangles=60, count=30), "a bufferView extends beyond its buffer"
    ),
    unreadable("meshopt of more than fits", compressed(count=10**9), "has another length than its elements"),
    case(
        "meshopt of very much",
        lambda: compressed(triangles=10**12, count=5 * 10**11, announced=10**12 + 32),
        error="limit_exceeded",
        error_words=["max_vertices"],
    ),
]
