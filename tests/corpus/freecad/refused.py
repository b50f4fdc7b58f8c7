"""Files that FreeCAD's import does not read, and what the message must say."""

from __future__ import annotations

import gzip
import io
import zipfile

from tests.corpus import Expected, FileCase
from tests.corpus.freecad import step

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def ifc() -> bytes:
    return (
        b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n#1=IFCWALL();\nENDSEC;\nEND-ISO-10303-21;\n"
    )


FILES: list[tuple[str, bytes, list[str]]] = [
    ("zeros.stl", bytes(4000), ["zero bytes"]),
    (
        "pointer.step",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
        ["git-lfs", "git lfs pull"],
    ),
    ("page.step", b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>", ["HTML page", "log-in"]),
    ("answer.stl", b'{"error": "not found"}', ["JSON", "server"]),
    ("house.ifc", ifc(), ["IFC", "IfcConvert"]),
    ("plan.dwg", b"AC1032" + bytes(100), ["DWG", "DXF"]),
    ("part.sldprt", COMPOUND, ["SolidWorks", "STEP"]),
    ("part.ipt", COMPOUND, ["Inventor", "STEP"]),
    ("part.prt", COMPOUND, ["NX", "STEP"]),
    ("drawing.pdf", b"%PDF-1.7\n%\xe2\xe3\n", ["PDF", "STEP"]),
    ("scene.fbx", b"Kaydara FBX Binary  \0\x1a\0", ["FBX", "/api/v1/convert?to=glb"]),
    ("scene.fbx", b"; FBX 7.3.0 project file\n", ["FBX", "/api/v1/convert?to=glb"]),
    ("scene.glb", b"glTF\2\0\0\0\xff\0\0\0", ["GLB", "damaged"]),
    ("scene.gltf", b'{"asset": {"version": "2.0"}}', ["glTF"]),
    ("scene.blend", b"BLENDER-v405RENDH", ["Blender", "stl"]),
    ("scene.usdz", zipped("a.usdc"), ["USD", "damaged"]),
    ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", ["JPEG", "no geometry"]),
    ("photo.png", b"\x89PNG\r\n\x1a\n\0\0", ["PNG", "no geometry"]),
    ("part.x_t", b"**ABCDEFGHIJKLMNOPQRSTUVWXYZ**\n", ["Parasolid", "STEP"]),
    ("part.3dm", b"3D Geometry File Format       5", ["Rhino", "STEP"]),
    ("part.jt", b"Version 9.5 JT  DM 7.3\0\1\2", ["JT", "STEP"]),
    ("part.zip", zipped("part.step", "readme.txt"), ["ZIP", "'part.step'", "unpack"]),
    ("text.docx", zipped("[Content_Types].xml", "word/document.xml"), ["Word"]),
    ("drawing.svg", b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", ["SVG", "DXF"]),
    ("model.dae", b"<?xml version='1.0'?><COLLADA version='1.4.1'/>", ["COLLADA", "STL"]),
    ("note.step", b"Please find the part attached.\n", ["text"]),
    ("house.ifc.gz", gzip.compress(ifc()), ["IFC"]),
    ("doc.FCStd.gz", gzip.compress(zipped("Document.xml")), ["gunzip"]),
    ("part.stpz", gzip.compress(step.block())[:-40], ["gzip"]),
]
CASES = [
    FileCase(
        id=f"refused-{number}-{name}",
        name=name,
        make=lambda data=data: data,
        expected=Expected(error="unsupported_format", error_words=words),
    )
    for number, (name, data, words) in enumerate(FILES)
]
