"""What a file is, by its first bytes: the kinds that people upload by mistake are named, with what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from cadgate.plugin import recognise, recognise_bytes

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
IFC = b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC2X3'));\nENDSEC;\nDATA;\nENDSEC;\nEND-ISO-10303-21;\n"
STEP = IFC.replace(b"IFC2X3", b"AUTOMOTIVE_DESIGN")


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


KINDS = [
    ("a.step", b"", "empty", "0 bytes"),
    ("a.stl", bytes(5000), "zeros", "not downloaded"),
    ("a.step", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "git-lfs", "git lfs pull"),
    ("a.step", b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "html", "log-in page"),
    ("a.stl", b"\xef\xbb\xbf<html lang='en'>", "html", "log-in page"),
    ("a.step", b'{"message": "Not Found"}', "json", "server's answer"),
    ("a.step", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "html", "link"),
    ("a.ifc", IFC, "ifc", "IfcConvert"),
    ("a.step", STEP, "step", "STEP"),
    ("a.stpz", gzip.compress(STEP), "gzip-step", "gunzip"),
    ("a.gz", gzip.compress(b"\0\1\2" * 50), "gzip", "gunzip"),
    ("a.ifcxml", b"<?xml version='1.0'?>\n<!-- x -->\n<ifc:ifcXML>", "ifc", "STEP"),
    ("a.ifczip", zipped("model.ifc"), "ifc", "unpack"),
    ("a.dwg", b"AC1032" + bytes(50), "dwg", "DXF"),
    ("a.dxf", b"AutoCAD Binary DXF\r\n\x1a\0", "dxf-binary", "ASCII"),
    ("a.sldprt", COMPOUND, "solidworks", "STEP"),
    ("part.bin", COMPOUND + "SwDocContentMgr".encode("utf-16-le"), "solidworks", "STEP"),
    ("a.ipt", COMPOUND, "inventor", "STEP"),
    ("a.bin", COMPOUND, "compound", "STEP"),
    ("a.pdf", b"%PDF-1.7\n", "pdf", "STEP"),
    ("a.fbx", b"Kaydara FBX Binary  \0", "fbx", "STL"),
    ("a.fbx", b"; FBX 7.3.0 project file\nFBXHeaderExtension:  {\n", "fbx", "STL"),
    ("a.blend", b"BLENDER-v405", "blend", "Blender"),
    ("a.glb", b"glTF\2\0\0\0", "glb", "STL"),
    ("a.gltf", b'{"asset": {"version": "2.0"}}', "gltf", "STL"),
    ("a.usdc", b"PXR-USDC\0", "usd", "STL"),
    ("a.usda", b"#usda 1.0\n", "usd", "STL"),
    ("a.usdz", zipped("a.usdc"), "usdz", "STL"),
    ("a.png", b"\x89PNG\r\n\x1a\n", "png", "no geometry"),
    ("a.jpg", b"\xff\xd8\xff\xe0", "jpeg", "no geometry"),
    ("a.x_t", b"**ABCDEFGHIJKLMNOPQRSTUVWXYZ****", "parasolid", "STEP"),
    ("a.3dm", b"3D Geometry File Format     4", "3dm", "STEP"),
    ("a.jt", b"Version 9.5 JT  DM 6.3\0\1", "jt", "STEP"),
    ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), "docx", "no geometry"),
    ("a.3mf", zipped("[Content_Types].xml", "3D/3dmodel.model"), "3mf", "3MF"),
    ("a.FCStd", zipped("Document.xml"), "fcstd", "FreeCAD"),
    ("a.zip", zipped("part.step", "note.txt"), "zip", "'part.step', 'note.txt'"),
    ("a.zip", b"PK\x03\x04" + bytes(40), "zip", "damaged"),
    ("a.svg", b"<?xml version='1.0'?><!DOCTYPE svg><svg xmlns='x'/>", "svg", "DXF"),
    ("a.dae", b"<COLLADA version='1.4.1'>", "dae", "STL"),
    ("a.gcode", b"; made by a slicer\nG28\nG1 X1 Y2\nG1 X2 Y3\n", "gcode", "model"),
    ("a.step", b"Dear all, here is the part.\n", "text", "export it again"),
]


@pytest.mark.parametrize(("name", "data", "kind", "word"), KINDS, ids=[f"{kind}-{name}" for name, _, kind, _ in KINDS])
def test_a_file_is_named_by_its_content_and_the_refusal_says_what_to_do(
    tmp_path: Path, name: str, data: bytes, kind: str, word: str
) -> None:
    path = tmp_path / "stored"
    path.write_bytes(data)
    found = recognise(str(path), name)
    assert found is not None
    assert found.kind == kind
    message = found.refusal(name)
    assert repr(name) in message
    assert word in message
    assert found.advice in message
    assert "do that" in found.refusal(name, "do that")


@pytest.mark.parametrize("data", [bytes(range(256)), b"\x93NUMPY\x01\0", b"\0\1\2\3" * 30])
def test_what_nobody_knows_is_none(data: bytes) -> None:
    assert recognise_bytes(data, "a.bin") is None
