"""glTF as programs write it: extensions, encodings, transforms, and what Blender must make of them (Z up)."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.corpus import Expected, FileCase
from tests.pictures import png

Document = dict[str, Any]
FLOAT, USHORT, SHORT, UBYTE, BYTE, UINT = 5126, 5123, 5122, 5121, 5120, 5125
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
CODES = {FLOAT: "f", USHORT: "H", SHORT: "h", UBYTE: "B", BYTE: "b", UINT: "I"}

# A tetrahedron: the corner of a unit cube. In the file Y points up, in Blender Z: (x, y, z) becomes (x, -z, y).
CORNER = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
FACES = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]
UNIT = ((0, -1, 0), (1, 0, 1))


class Build:
    """A document that grows, with its buffer."""

    def __init__(self, **document: Any) -> None:
        self.document: Document = {"asset": {"version": "2.0"}, "scene": 0, **document}
        self.blob = b""
        self.others: list[Document] = []
        """Buffers after the first, whose bytes are elsewhere."""

    def view(self, data: bytes, **more: Any) -> int:
        self.blob += bytes(-len(self.blob) % 4)
        views = self.document.setdefault("bufferViews", [])
        views.append({"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data), **more})
        self.blob += data
        return len(views) - 1

    def values(self, numbers: Sequence[float], kind: str, component: int = FLOAT, **more: Any) -> int:
        width = WIDTHS[kind]
        view = self.view(struct.pack(f"<{len(numbers)}{CODES[component]}", *numbers))
        accessors = self.document.setdefault("accessors", [])
        accessor: Document = {
            "bufferView": view,
            "componentType": component,
            "count": len(numbers) // width,
            "type": kind,
            **more,
        }
        if kind == "VEC3":
            rows = [numbers[i : i + 3] for i in range(0, len(numbers), 3)]
            accessor |= {
                "min": [min(c) for c in zip(*rows, strict=True)],
                "max": [max(c) for c in zip(*rows, strict=True)],
            }
        accessors.append(accessor)
        return len(accessors) - 1

    def corner(self, **primitive: Any) -> int:
        """A mesh of one tetrahedron."""
        attributes = {"POSITION": self.values(CORNER, "VEC3"), **primitive.pop("attributes", {})}
        indices = self.values(FACES, "SCALAR", USHORT)
        meshes = self.document.setdefault("meshes", [])
        meshes.append({"name": "Corner", "primitives": [{"attributes": attributes, "indices": indices, **primitive}]})
        return len(meshes) - 1

    def node(self, name: str, root: bool = True, **node: Any) -> int:
        nodes = self.document.setdefault("nodes", [])
        nodes.append({"name": name, **node})
        if root:
            self.document.setdefault("scenes", [{"nodes": []}])[0]["nodes"].append(len(nodes) - 1)
        return len(nodes) - 1

    def used(self, *names: str, required: bool = False) -> Build:
        self.document["extensionsUsed"] = list(names)
        if required:
            self.document["extensionsRequired"] = list(names)
        return self

    def glb(self) -> bytes:
        blob = self.blob + bytes(-len(self.blob) % 4)
        document = {**self.document}
        if blob:
            document["buffers"] = [{"byteLength": len(self.blob)}, *self.others]
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        tail = struct.pack("<II", len(blob), 0x004E4942) + blob if blob else b""
        return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(tail), len(text), 0x4E4F534A) + text + tail

    def gltf(self, media: str = "application/octet-stream") -> bytes:
        data = base64.b64encode(self.blob).decode()
        buffers = [{"byteLength": len(self.blob), "uri": f"data:{media};base64,{data}"}]
        return json.dumps({**self.document, "buffers": buffers}).encode()


def one(**node: Any) -> Build:
    build = Build()
    build.node("Part", mesh=build.corner(), **node)
    return build


def material(**more: Any) -> Build:
    build = Build(materials=[{"name": "Paint", **more}])
    uvs = build.values([0, 0, 1, 0, 0, 1, 1, 1], "VEC2")
    build.node("Part", mesh=build.corner(material=0, attributes={"TEXCOORD_0": uvs}))
    return build


def picture(build: Build) -> Build:
    build.document["images"] = [{"bufferView": build.view(png((200, 100, 50))), "mimeType": "image/png"}]
    build.document["textures"] = [{"source": 0}]
    return build


def extended(name: str, content: Document) -> bytes:
    return material(extensions={name: content}).used(name).glb()


def quantized(normalized: bool) -> bytes:
    build = Build()
    top = 32767 if normalized else 100
    points = build.values([v * top for v in CORNER], "VEC3", SHORT, **({"normalized": True} if normalized else {}))
    # Three numbers of two bytes are padded to eight where the standard is followed.
    rows = [CORNER[i : i + 3] for i in range(0, 12, 3)]
    padded = b"".join(struct.pack("<3hH", *(v * top for v in row), 0) for row in rows)
    build.document["accessors"][points]["bufferView"] = build.view(padded, byteStride=8)
    indices = build.values(FACES, "SCALAR", UBYTE)
    build.document["meshes"] = [{"primitives": [{"attributes": {"POSITION": points}, "indices": indices}]}]
    size = 2 if normalized else 0.02
    build.node("Part", mesh=0, scale=[size, size, size])
    return build.used("KHR_mesh_quantization", required=True).glb()


def sparse() -> bytes:
    build = one()
    accessor = build.document["accessors"][0]
    accessor["sparse"] = {
        "count": 1,
        "indices": {"bufferView": build.view(struct.pack("<H", 1)), "componentType": USHORT},
        "values": {"bufferView": build.view(struct.pack("<3f", 5, 0, 0))},
    }
    accessor["max"] = [5, 1, 1]
    return build.glb()


def interleaved() -> bytes:
    build = Build()
    rows = [CORNER[i : i + 3] for i in range(0, 12, 3)]
    view = build.view(b"".join(struct.pack("<6f", *row, 0, 0, 1) for row in rows), byteStride=24)
    common = {"bufferView": view, "componentType": FLOAT, "count": 4, "type": "VEC3"}
    build.document["accessors"] = [{**common, "min": [0, 0, 0], "max": [1, 1, 1]}, {**common, "byteOffset": 12}]
    indices = build.values(FACES, "SCALAR", UINT)
    build.document["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": indices}]}]
    build.node("Part", mesh=0)
    return build.glb()


def mode(number: int, indices: Sequence[int] | None) -> bytes:
    build = Build()
    primitive: Document = {"mode": number, "attributes": {"POSITION": build.values(CORNER, "VEC3")}}
    if indices is not None:
        primitive["indices"] = build.values(indices, "SCALAR", USHORT)
    build.document["meshes"] = [{"primitives": [primitive]}]
    build.node("Part", mesh=0)
    return build.glb()


def morphed(weight: float) -> bytes:
    build = one()
    target = build.values([0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0], "VEC3")
    mesh = build.document["meshes"][0]
    mesh["primitives"][0]["targets"] = [{"POSITION": target}]
    mesh |= {"weights": [weight], "extras": {"targetNames": ["Long"]}}
    return build.glb()


def skinned() -> bytes:
    build = Build()
    joints = build.values([0] * 16, "VEC4", UBYTE)
    weights = build.values([1, 0, 0, 0] * 4, "VEC4")
    mesh = build.corner(attributes={"JOINTS_0": joints, "WEIGHTS_0": weights})
    identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    inverse = build.values(identity, "MAT4")
    bone = build.node("Bone")
    build.document["skins"] = [{"joints": [bone], "inverseBindMatrices": inverse}]
    build.node("Part", mesh=mesh, skin=0)
    return build.glb()


def animated() -> bytes:
    build = one()
    times, places = build.values([0, 1], "SCALAR", min=[0], max=[1]), build.values([0, 0, 0, 4, 0, 0], "VEC3")
    build.document["animations"] = [
        {
            "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}}],
            "samplers": [{"input": times, "output": places}],
        }
    ]
    return build.glb()


def family() -> bytes:
    build = Build()
    mesh = build.corner()
    low = build.node("Low", root=False, mesh=mesh, translation=[1, 0, 0])
    build.node("High", mesh=mesh, translation=[10, 0, 0], scale=[2, 2, 2], children=[low])
    return build.glb()


def camera(orthographic: bool) -> bytes:
    lens = (
        {"type": "orthographic", "orthographic": {"xmag": 2, "ymag": 2, "znear": 0.1, "zfar": 100}}
        if orthographic
        else {"type": "perspective", "perspective": {"yfov": 0.8, "aspectRatio": 2, "znear": 0.1}}
    )
    build = one()
    build.document["cameras"] = [{"name": "Eye", **lens}]
    build.node("Eye", camera=0, translation=[0, 0, 5])
    return build.glb()


def light(kind: str) -> bytes:
    content: Document = {"type": kind, "intensity": 10, "name": "Lamp"}
    if kind == "spot":
        content["spot"] = {"outerConeAngle": 0.5}
    build = one()
    build.document["extensions"] = {"KHR_lights_punctual": {"lights": [content]}}
    build.node("Lamp", extensions={"KHR_lights_punctual": {"light": 0}}, translation=[0, 3, 0])
    return build.used("KHR_lights_punctual").glb()


def scenes() -> bytes:
    build = one()
    build.node("Elsewhere", root=False, mesh=0, translation=[100, 0, 0])
    build.document["scenes"].append({"nodes": [1]})
    return build.glb()


def textured_by_uri() -> bytes:
    build = material(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})
    data = base64.b64encode(png((9, 9, 9))).decode()
    build.document["images"] = [{"uri": f"data:image/png;base64,{data}"}]
    build.document["textures"] = [{"source": 0}]
    return build.glb()


def two_primitives() -> bytes:
    build = Build(materials=[{"name": "A"}, {"name": "B"}])
    mesh = build.corner(material=0)
    points = build.values([v + 2 for v in CORNER], "VEC3")
    indices = build.values(FACES, "SCALAR", USHORT)
    build.document["meshes"][mesh]["primitives"].append(
        {"attributes": {"POSITION": points}, "indices": indices, "material": 1}
    )
    build.node("Part", mesh=mesh)
    return build.glb()


def renamed(text: str) -> bytes:
    build = Build()
    build.node(text, mesh=build.corner())
    return build.glb()


def case(
    id: str,
    make: Callable[[], bytes],
    suffix: str = ".glb",
    since: tuple[int, int] | None = None,
    newer: Mapping[str, Any] | None = None,
    **expected: Any,
) -> FileCase:
    return FileCase(
        id=f"gltf {id}",
        name=f"part{suffix}",
        make=make,
        expected=_expected(expected),
        since=since,
        newer=None if newer is None else _expected(newer),
    )


def _expected(fields: Mapping[str, Any]) -> Expected:
    if "error" in fields:
        return Expected(**fields)
    return Expected(**{"names": ["Part"], "kinds": ["MESH"], "box": UNIT, "faces": 4, **fields})


TEXTURED = {"baseColorTexture": {"index": 0}}
MATERIALS: dict[str, Document] = {
    "KHR_materials_unlit": {},
    "KHR_materials_clearcoat": {"clearcoatFactor": 0.5},
    "KHR_materials_transmission": {"transmissionFactor": 0.9},
    "KHR_materials_ior": {"ior": 1.33},
    "KHR_materials_emissive_strength": {"emissiveStrength": 5},
    "KHR_materials_sheen": {"sheenRoughnessFactor": 0.4},
    "KHR_materials_specular": {"specularFactor": 0.3},
    "KHR_materials_volume": {"thicknessFactor": 1},
    "KHR_materials_anisotropy": {"anisotropyStrength": 0.6},
}

CASES = [
    case("plain", lambda: one().glb()),
    case("data URI", lambda: one().gltf(), ".gltf"),
    case("data URI of another media type", lambda: one().gltf("application/gltf-buffer"), ".gltf"),
    case(
        "external buffer",
        lambda: json.dumps({**one().document, "buffers": [{"byteLength": 72, "uri": "part.bin"}]}).encode(),
        ".gltf",
        error="unsupported_format",
        error_words=["part.bin", ".glb"],
    ),
    case("translation", lambda: one(translation=[5, 6, 7]).glb(), box=((5, -8, 6), (6, -7, 7))),
    case("rotation", lambda: one(rotation=[0.70710678, 0, 0, 0.70710678]).glb(), box=((0, -1, -1), (1, 0, 0))),
    case("negative scale", lambda: one(scale=[-2, 1, 1]).glb(), box=((-2, -1, 0), (0, 0, 1))),
    case(
        "matrix",
        lambda: one(matrix=[2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0, 1, 1, 1, 1]).glb(),
        box=((1, -5, 1), (3, -1, 4)),
    ),
    case("quantized, normalized", lambda: quantized(True), box=((0, -2, 0), (2, 0, 2)), tolerance=1e-3),
    case("quantized", lambda: quantized(False), box=((0, -2, 0), (2, 0, 2)), tolerance=1e-3),
    case("sparse", sparse, box=((0, -1, 0), (5, 0, 1))),
    case("interleaved", interleaved),
    case("strip", lambda: mode(5, [0, 1, 2, 3]), faces=2),
    case("fan", lambda: mode(6, [0, 1, 2, 3]), faces=2),
    case("no indices", lambda: mode(4, None), faces=1),
    case("lines", lambda: mode(1, [0, 1, 2, 3]), faces=0),
    case("points", lambda: mode(0, None), faces=0),
    case("morph target at rest", lambda: morphed(0)),
    case("morph target", lambda: morphed(0.5), box=((0, -1, 0), (2, 0, 1))),
    case("skin", skinned, names=["Part", "Armature"], kinds=["MESH", "ARMATURE"]),
    # Frame 1 of 24 in a second, in which it moves by 4.
    case("animation", animated, box=((4 / 24, -1, 0), (1 + 4 / 24, 0, 1))),
    case(
        "family",
        family,
        names=["High", "Low"],
        kinds=["MESH", "MESH"],
        faces=8,
        box=((10, -2, 0), (14, 0, 2)),
    ),
    case("camera", lambda: camera(False), names=["Part", "Eye"], kinds=["MESH", "CAMERA"]),
    case("orthographic camera", lambda: camera(True), names=["Part", "Eye"], kinds=["MESH", "CAMERA"]),
    *(
        case(f"{kind} light", lambda kind=kind: light(kind), names=["Part", "Lamp"], kinds=["MESH", "LIGHT"])
        for kind in ("point", "spot", "directional")
    ),
    case("extras", lambda: one(extras={"part": "A-1", "sizes": [1, 2]}).glb()),
    case("two primitives", two_primitives, faces=8, box=((0, -3, 0), (3, 0, 3))),
    case(
        "texture in the buffer",
        lambda: picture(material(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})).glb(),
    ),
    case("texture as a data URI", textured_by_uri),
    case(
        "texture transform",
        lambda: (
            picture(
                material(
                    pbrMetallicRoughness={
                        "baseColorTexture": {"index": 0, "extensions": {"KHR_texture_transform": {"scale": [2, 2]}}}
                    }
                )
            )
            .used("KHR_texture_transform")
            .glb()
        ),
    ),
    *(case(name, lambda name=name, content=content: extended(name, content)) for name, content in MATERIALS.items()),
    case("alpha mask", lambda: material(alphaMode="MASK", alphaCutoff=0.4).glb()),
    case("name in other letters", lambda: renamed("Würfel 立方体"), names=["Würfel 立方体"]),
    # A name has at most 63 bytes, from Blender 5.0 on 255.
    case("long name", lambda: renamed("n" * 300), names=["n" * 63], since=(5, 0), newer={"names": ["n" * 255]}),
    case(
        "extension of a firm",
        lambda: one(extensions={"FIRM_notes": {"a": 1}}).used("FIRM_notes").glb(),
    ),
    case(
        "version 1",
        lambda: json.dumps({"asset": {"version": "1.0"}, "nodes": {}}).encode(),
        ".gltf",
        error="unsupported_format",
    ),
    case(
        "another scene",
        scenes,
        names=["Part", "Elsewhere"],
        kinds=["MESH", "MESH"],
        box=((0, -1, 0), (101, 0, 1)),
        faces=8,
    ),
]
