"""Files that were made to hurt who reads them: refused with a clear error, and the applications do not notice."""

from __future__ import annotations

import base64
import functools
import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway

pytestmark = [pytest.mark.security, pytest.mark.usefixtures("stocked")]

HUGE = 60_000


# --- archives --------------------------------------------------------------------------------------------------------


def zipped(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


BOMB = 2_200 << 20
"""More than eight times `max_import_bytes`, which is what an archive may unpack to."""


@functools.cache
def packed_spaces() -> bytes:
    """Deflated: after a full flush each megabyte is what the first one is, so that one is packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (BOMB >> 20) + packer.flush()


def zip_bomb(member: str) -> bytes:
    """A ZIP of two megabytes whose one member unpacks to more than two thousand."""
    return raw_zip([(member.encode(), packed_spaces(), BOMB)])


def raw_zip(members: list[tuple[bytes, bytes, int]], *, listed: list[int] | None = None, same: bool = False) -> bytes:
    """A ZIP put together by hand. `listed`: which members its directory has; `same`: they share their data."""
    data, places = bytearray(), []
    for name, packed, size in members:
        places.append(0 if same else len(data))
        if not same or not data:
            data += struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), size, len(name), 0)
            data += name + packed
    directory = bytearray()
    chosen = range(len(members)) if listed is None else listed
    for number in chosen:
        name, packed, size = members[number]
        fixed = (b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(packed), size, len(name), 0, 0, 0, 0, 0, places[number])
        directory += struct.pack("<4sHHHHHHIIIHHHHHII", *fixed) + name
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(chosen), len(chosen), len(directory), len(data), 0)
    return bytes(data + directory + end)


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def zstd_bomb(size: int = 8 << 30) -> bytes:
    """A Zstandard frame of blocks that each repeat one byte 128 KiB long."""
    blocks = size >> 17
    frame = struct.pack("<I", 0xFD2FB528) + b"\x00\x38"
    for number in range(blocks):
        frame += ((1 << 17) << 3 | 1 << 1 | (number == blocks - 1)).to_bytes(3, "little") + b"\0"
    return frame


def gzip_bomb() -> bytes:
    return gzip.compress(b"BLENDER-v405" + bytes(1 << 20)) + gzip.compress(bytes(64 << 20), 9) * 40


def document_xml(content: str = "", head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<Document SchemaVersion="4" ProgramVersion="0.20" '
        f'FileVersion="1">{content}</Document>'
    ).encode()


OBJECTS = """<Objects Count="1"><Object type="{kind}" name="A" id="1"/></Objects><ObjectData Count="1"><Object name="A">
<Properties Count="1"><Property name="{name}" type="{type}">{value}</Property></Properties></Object></ObjectData>"""
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(12))
    + "]>"
)


def fcstd(content: str, head: str = "", **more: bytes) -> bytes:
    return zipped(Document_xml=document_xml(content, head), **more)


def fcstd_of(kind: str, name: str, type: str, value: str) -> bytes:
    return fcstd(OBJECTS.format(kind=kind, name=name, type=type, value=value))


def model(head: str = "", body: str = "") -> bytes:
    return zipped(
        **{"3D__3dmodel_model": f'<?xml version="1.0"?>{head}<model unit="millimeter">{body}</model>'.encode()}
    )


# --- pictures --------------------------------------------------------------------------------------------------------


def png(width: int = HUGE, height: int = HUGE) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def exr(width: int = HUGE, height: int = HUGE) -> bytes:
    def attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(each + b"\0" + struct.pack("<iiii", 2, 0, 1, 1) for each in (b"B", b"G", b"R")) + b"\0"
    parts = [
        attribute(b"channels", b"chlist", channels),
        attribute(b"compression", b"compression", b"\0"),
        attribute(b"dataWindow", b"box2i", window),
        attribute(b"displayWindow", b"box2i", window),
        attribute(b"lineOrder", b"lineOrder", b"\0"),
        attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1)),
        attribute(b"screenWindowCenter", b"v2f", bytes(8)),
        attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1)),
    ]
    return b"\x76\x2f\x31\x01\x02\0\0\0" + b"".join(parts) + b"\0" + bytes(1000)


def hdr() -> bytes:
    return b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 60000 +X 60000\n" + bytes(1000)


def tiff() -> bytes:
    tags = [(256, 4, HUGE), (257, 4, HUGE), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 200), (278, 4, HUGE)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + bytes(1000)


def bmp() -> bytes:
    return b"BM" + struct.pack("<IHHI", 1054, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, HUGE, -HUGE, 1, 24, *[0] * 6)


def webp() -> bytes:
    size = (HUGE - 1).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + size + bytes(20)


def jpeg() -> bytes:
    app0 = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    return b"\xff\xd8" + app0 + b"\xff\xc0\0\x11\x08" + struct.pack(">HH", HUGE, HUGE) + b"\3" + bytes(1000)


# --- models ----------------------------------------------------------------------------------------------------------


def gltf(**parts: Any) -> bytes:
    whole = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}], **parts}
    whole.setdefault("meshes", [{"primitives": [{"attributes": {"POSITION": 0}}]}])
    return json.dumps(whole).encode()


def glb(document: bytes, binary: bytes = b"") -> bytes:
    document += b" " * (-len(document) % 4)
    chunks = struct.pack("<I4s", len(document), b"JSON") + document
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


POINTS: dict[str, Any] = {"componentType": 5126, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 1]}
MANY = 2_000_000_000


def embedded(image: bytes) -> bytes:
    uri = "data:image/png;base64," + base64.b64encode(image).decode()
    texture = {"materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}], "textures": [{"source": 0}]}
    triangle = "data:application/octet-stream;base64," + base64.b64encode(bytes(36)).decode()
    return gltf(
        images=[{"uri": uri}], **texture, meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
        accessors=[{"bufferView": 0, "count": 3, **POINTS}], bufferViews=[{"buffer": 0, "byteLength": 36}],
        buffers=[{"byteLength": 36, "uri": triangle}],
    )  # fmt: skip


def ply(count: int = MANY, binary: bool = True) -> bytes:
    kind = "binary_little_endian" if binary else "ascii"
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    faces = f"element face {count}\nproperty list uchar int vertex_indices\n"
    return f"ply\nformat {kind} 1.0\nelement vertex {count}\n{axes}{faces}end_header\n".encode() + bytes(100)


STEP_END = b"END-ISO-10303-21;"


def stl() -> bytes:
    return bytes(80) + struct.pack("<I", 4_000_000_000)


def off() -> bytes:
    return b"OFF\n4000000000 4000000000 0\n0 0 0\n"


REFUSED = {"unsupported_format", "limit_exceeded", "command_failed", "degenerate_result", "payload_too_large"}
BLENDER = "/api/v1/blender"
FREECAD = "/api/v1/freecad"
CASES: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    # Archives.
    "blend of zstd": (f"{BLENDER}/import", "a.blend", zstd_bomb, "limit_exceeded"),
    "blend of zstd, opened": (f"{BLENDER}/scene/open", "a.blend", zstd_bomb, "limit_exceeded"),
    "blend of zstd, cut": (f"{BLENDER}/import", "a.blend", lambda: zstd_bomb(1 << 20)[:20], "unsupported_format"),
    "blend of gzip": (f"{BLENDER}/import", "a.blend", gzip_bomb, "limit_exceeded"),
    "usd of zip": (f"{BLENDER}/import", "a.usd", lambda: zip_bomb("a.usdc"), "limit_exceeded"),
    "3mf": (f"{FREECAD}/import", "a.3mf", lambda: zip_bomb("3D/3dmodel.model"), "limit_exceeded"),
    "amf": (f"{FREECAD}/import", "a.amf", lambda: zip_bomb("a.amf"), "limit_exceeded"),
    "fcstd": (f"{FREECAD}/import", "a.fcstd", lambda: zip_bomb("Document.xml"), "limit_exceeded"),
    "fcstd, opened": (f"{FREECAD}/documents/open", "a.FCStd", lambda: zip_bomb("Document.xml"), "limit_exceeded"),
    "fcstd that lies of its size": (
        f"{FREECAD}/import", "a.fcstd",
        lambda: raw_zip([(b"Document.xml", deflated(bytes(64 << 20)), 100)]), "unsupported_format",
    ),
    "fcstd of overlapping parts": (
        f"{FREECAD}/import", "a.fcstd",
        lambda: raw_zip([(b"Document.xml", deflated(bytes(8 << 20)), 8 << 20)] * 50, same=True), "unsupported_format",
    ),
    "fcstd with a hidden part": (
        f"{FREECAD}/documents/open", "a.fcstd",
        lambda: raw_zip([(b"big", deflated(bytes(8 << 20)), 8 << 20), (b"Document.xml", deflated(document_xml()), 99)],
                        listed=[1]), "unsupported_format",
    ),
    # XML that grows, or reads other files.
    "fcstd with entities": (f"{FREECAD}/documents/open", "a.FCStd", lambda: fcstd("&m;", LAUGHS), "unsupported_format"),
    "fcstd with an outer entity": (
        f"{FREECAD}/documents/open", "a.FCStd",
        lambda: fcstd("&x;", "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"), "unsupported_format",
    ),
    "fcstd with entities in UTF-16": (
        f"{FREECAD}/documents/open", "a.FCStd",
        lambda: zipped(Document_xml=document_xml("&m;", LAUGHS).decode().replace("utf-8", "utf-16").encode("utf-16")),
        "unsupported_format",
    ),
    "3mf with entities": (f"{FREECAD}/import", "a.3mf", lambda: model(LAUGHS, "&m;"), "unsupported_format"),
    "amf with entities": (
        f"{FREECAD}/import", "a.amf", lambda: f"{LAUGHS}<amf>&m;</amf>".encode(), "unsupported_format",
    ),
    # Files that lead to other files.
    "fcstd that includes a file elsewhere": (
        f"{FREECAD}/documents/open", "a.FCStd",
        lambda: fcstd_of("App::FeaturePython", "F", "App::PropertyFileIncluded", '<FileIncluded file="../../../x"/>'),
        "unsupported_format",
    ),
    "fcstd that reads a file elsewhere": (
        f"{FREECAD}/import", "a.FCStd",
        lambda: fcstd_of("Part::ImportBrep", "FileName", "App::PropertyFile", '<String value="/etc/passwd"/>'),
        "unsupported_format",
    ),
    "fcstd that links a document elsewhere": (
        f"{FREECAD}/documents/open", "a.FCStd",
        lambda: fcstd_of("App::Link", "LinkedObject", "App::PropertyXLink", '<XLink file="/etc/x.FCStd" name="A"/>'),
        "unsupported_format",
    ),
    # Pictures.
    "png texture": (f"{BLENDER}/materials/Bomb/texture", "a.png", png, "limit_exceeded"),
    "jpeg texture": (f"{BLENDER}/materials/Bomb/texture", "a.jpg", jpeg, "limit_exceeded"),
    "webp texture": (f"{BLENDER}/materials/Bomb/texture", "a.webp", webp, "limit_exceeded"),
    "tiff texture": (f"{BLENDER}/materials/Bomb/texture", "a.tif", tiff, "limit_exceeded"),
    "bmp texture": (f"{BLENDER}/materials/Bomb/texture", "a.bmp", bmp, "limit_exceeded"),
    "exr world": (f"{BLENDER}/world/image", "a.exr", exr, "limit_exceeded"),
    "hdr world": (f"{BLENDER}/world/image", "a.hdr", hdr, "limit_exceeded"),
    "png world": (f"{BLENDER}/world/image", "a.png", png, "limit_exceeded"),
    "png of no size": (f"{BLENDER}/world/image", "a.png", lambda: png()[:12], "unsupported_format"),
    "picture of another kind": (f"{BLENDER}/world/image", "a.png", hdr, "unsupported_format"),
    "picture in a gltf": (f"{BLENDER}/import", "a.gltf", lambda: embedded(png()), "limit_exceeded"),
    # Models that announce billions.
    "glb buffer": (
        f"{BLENDER}/import", "a.glb", lambda: glb(gltf(buffers=[{"byteLength": MANY}]), bytes(8)), "unsupported_format",
    ),
    "glb accessor without a buffer": (
        f"{BLENDER}/import", "a.glb", lambda: glb(gltf(accessors=[{"count": MANY, **POINTS}])), "limit_exceeded",
    ),
    "gltf view": (
        f"{BLENDER}/import", "a.gltf",
        lambda: gltf(bufferViews=[{"buffer": 0, "byteLength": MANY}], buffers=[{"byteLength": 4, "uri": "data:,abcd"}],
                     accessors=[{"bufferView": 0, "count": 1, **POINTS}]), "unsupported_format",
    ),
    "gltf nodes": (f"{BLENDER}/import", "a.gltf", lambda: gltf(nodes=[{}] * 60_000), "limit_exceeded"),
    "gltf circle": (
        f"{BLENDER}/import", "a.gltf", lambda: gltf(nodes=[{"children": [1]}, {"children": [0]}]), "unsupported_format",
    ),
    "stl of billions": (f"{BLENDER}/import", "a.stl", stl, "unsupported_format"),
    "ply of billions": (f"{BLENDER}/import", "a.ply", ply, "unsupported_format"),
    "ply of billions in text": (f"{BLENDER}/import", "a.ply", lambda: ply(binary=False), "unsupported_format"),
    "mesh of billions": (
        f"{BLENDER}/meshes", "a.cgm", lambda: struct.pack("<4sIII", b"CGM1", MANY, MANY, MANY), "unsupported_format",
    ),
    "stl of billions in FreeCAD": (
        f"{FREECAD}/import", "a.stl", stl, "unsupported_format",
    ),
    "ply of billions in FreeCAD": (f"{FREECAD}/import", "a.ply", ply, "unsupported_format"),
    "off of billions": (f"{FREECAD}/import", "a.off", off, "unsupported_format"),
    "obj of billions in FreeCAD": (f"{FREECAD}/import", "a.obj", lambda: b"v 0 0 0\nf 1 2000000000 3\n", ""),
    "brep of billions": (
        f"{FREECAD}/import", "a.brep",
        lambda: b"DBRep_DrawableShape\n\nCASCADE Topology V1, (c) Matra-Datavision\nLocations 2000000000\n", "",
    ),
    "step that is nested deeply": (
        f"{FREECAD}/import", "a.step",
        lambda: b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\n#1=X(" + b"(" * 200_000 + b";\nENDSEC;\n" + STEP_END, "",
    ),
    # Of another kind than their names.
    "exe as step": (f"{FREECAD}/import", "a.step", lambda: b"MZ" + bytes(1000), "unsupported_format"),
    "html as glb": (f"{BLENDER}/import", "a.glb", lambda: b"<html></html>" * 50, "unsupported_format"),
    "png as blend": (f"{BLENDER}/scene/open", "a.blend", png, "unsupported_format"),
    "zip as fcstd": (f"{FREECAD}/documents/open", "a.FCStd", lambda: zipped(a_txt=b"x"), "unsupported_format"),
    "step as document": (
        f"{FREECAD}/documents/open", "a.FCStd", lambda: b"ISO-10303-21;\nEND-ISO-10303-21;", "",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stocked(gateway: Gateway) -> None:
    with gateway.client() as client:
        client.post(f"{BLENDER}/materials", json={"name": "Bomb"})
        client.post(f"{FREECAD}/documents", json={"name": "Bomb"})


@pytest.mark.parametrize("case", CASES)
def test_a_bomb_is_refused_and_the_application_stays_as_it_was(gateway: Gateway, case: str) -> None:
    route, name, make, code = CASES[case]
    adapter = route.split("/")[3]
    with gateway.client() as client:
        pid = gateway.application_pid(adapter)
        before = client.get(f"/api/v1/{adapter}/objects", params={"fields": "name"}).json()
        answer = client.post(route, files={"file": (name, make())}, headers={"X-Deadline-Ms": "60000"})
        assert answer.status_code == 422, answer.text
        error = answer.json()["error"]
        assert error["code"] == code if code else error["code"] in REFUSED, error
        assert len(error["message"]) > 20
        assert str(gateway.state_dir) not in answer.text
        assert (gateway.application_pid(adapter), client.get(f"/health/{adapter}").status_code) == (pid, 200)
        assert client.get(f"/api/v1/{adapter}/objects", params={"fields": "name"}).json() == before


def test_what_is_sound_still_comes_in(gateway: Gateway) -> None:
    points = base64.b64encode(bytes(12) + struct.pack("<6f", 1, 0, 0, 0, 1, 0)).decode()
    sound = gltf(
        accessors=[{"bufferView": 0, "count": 3, **POINTS}],
        bufferViews=[{"buffer": 0, "byteLength": 36}],
        buffers=[{"byteLength": 36, "uri": f"data:application/octet-stream;base64,{points}"}],
    )
    with gateway.client(BLENDER) as client:
        picture = client.get("/render/preview").content
        # A face of vertices that there are not is left out by Blender.
        partly = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 1 2000000000 -2000000000\n"
        answers: list[httpx.Response] = [
            client.post("/import", files={"file": ("a.gltf", sound)}),
            client.post("/import", files={"file": ("a.obj", partly)}),
            client.post("/materials/Bomb/texture", files={"file": ("a.png", picture)}),
        ]
        assert [answer.status_code for answer in answers] == [200] * 3, [answer.text[:300] for answer in answers]


@pytest.mark.parametrize(
    ("name", "member"), [("a.3mf", b"3D/3dmodel.model"), ("a.amf", b"a.amf"), ("a.FCStd", b"Document.xml")]
)
def test_an_endless_tag_in_an_archive_is_refused_at_once(gateway: Gateway, name: str, member: bytes) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(b"x" * (1 << 20)) for _ in range(400)) + packer.flush()
    with gateway.client("/api/v1/freecad") as client:
        answer = client.post(
            "/import",
            files={"file": (name, raw_zip([(member, packed, 400 << 20)]))},
            headers={"X-Deadline-Ms": "30000"},
        )
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unsupported_format"), answer.text
