"""Files that end too early: refused by what the file announces, not by what OpenCASCADE happens to make of the rest."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from math import pi
from pathlib import Path
from typing import Any

import httpx
import pytest
from OCP import BinTools, TopTools
from OCP.BRep import BRep_Builder
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.BRepPrimAPI import BRepPrimAPI_MakeCylinder, BRepPrimAPI_MakeTorus
from OCP.BRepTools import BRepTools
from OCP.gp import gp_Trsf, gp_Vec
from OCP.Message import Message_ProgressRange
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS_Compound

from cadgate_freecad.app.reading import brep

VOLUME = 2 * 90 * pi + 10 * pi**2
"""Two cylinders of radius 3 and height 10, and a torus 5/1."""
BOX = {"min": [-6, -6, -1], "max": [6, 6, 13]}
KINDS = [("text", 1), ("text", 2), ("text", 3), ("binary", 1), ("binary", 2), ("binary", 3), ("binary", 4)]


@pytest.fixture
def three(freecad: httpx.Client) -> httpx.Client:
    """A box with a hole, a moved cylinder, and a turned torus."""
    for kind, params in (
        ("box", {"name": "Plate"}),
        ("cylinder", {"name": "Pin", "location": [30, 0, 0]}),
        ("torus", {"name": "Ring", "location": [0, 50, 0], "rotation": [10, 20, 30]}),
    ):
        assert freecad.post(f"/primitives/{kind}", json=params).status_code == 201
    return freecad


def send(freecad: httpx.Client, name: str, data: bytes) -> httpx.Response:
    return freecad.post("/import", files={"file": (name, data)})


def require_refused(freecad: httpx.Client, name: str, data: bytes, tenths: Sequence[int] = range(1, 10)) -> None:
    """So many tenths of the file, and all of it but its last bytes, are refused."""
    for length in (*(len(data) * tenth // 10 for tenth in tenths), len(data) - 24):
        response = send(freecad, name, data[:length])
        found = response.status_code, response.json().get("error", {}).get("code")
        assert found == (422, "unsupported_format"), (length, len(data), response.text)


@pytest.mark.parametrize("format", ["step", "iges", "brep", "stl", "ply", "3mf", "amf", "fcstd", "dxf"])
def test_a_file_cut_off_anywhere_is_refused_and_the_document_unchanged(three: httpx.Client, format: str) -> None:
    before = three.get("/objects").json()
    result = three.post("/export", json={"format": format}, headers={"Accept": "application/octet-stream"})
    assert result.status_code == 200
    data = result.content
    if result.headers["content-type"].startswith("application/json"):
        url = result.json()["result"]["artifact"]["url"]
        data = three.get(f"{three.base_url.scheme}://{three.base_url.netloc.decode()}{url}").content
    require_refused(three, f"cut.{format}", data)
    assert three.get("/objects").json() == before


def ascii_stl(names: list[str]) -> bytes:
    facet = "facet normal 0 0 1\nouter loop\nvertex {0} 0 0\nvertex 1 0 0\nvertex {0} 1 0\nendloop\nendfacet\n"
    return "".join(
        f"solid {name}\n{''.join(facet.format(-number) for number in range(1, 12))}endsolid {name}\n" for name in names
    ).encode()


def ascii_ply(format: str) -> bytes:
    points = [(x, y, 0) for x in range(6) for y in range(6)]
    faces = [(6 * x + y, 6 * x + y + 6, 6 * x + y + 1) for x in range(5) for y in range(5)]
    rows = [f"{x}.000001 {y}.000001 0.000001" for x, y, _ in points]
    rows += [("3 " if format == "ply" else "3  ") + " ".join(map(str, face)) for face in faces]
    head = "OFF\n36 25 0\n"
    if format == "ply":
        head = (
            "ply\nformat ascii 1.0\nelement vertex 36\nproperty float x\nproperty float y\nproperty float z\n"
            "element face 25\nproperty list uchar int vertex_indices\nend_header\n"
        )
    return (head + "\n".join(rows) + "\n").encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("one.stl", ascii_stl(["one"])),
        ("two.stl", ascii_stl(["one", "two", "three"])),
        ("text.ply", ascii_ply("ply")),
        ("text.off", ascii_ply("off")),
    ],
)
def test_text_of_meshes_cut_off_anywhere_is_refused(freecad: httpx.Client, name: str, data: bytes) -> None:
    whole = send(freecad, name, data)
    assert whole.status_code == 200, whole.text
    require_refused(freecad, name, data)


def written_by_opencascade(path: Path, kind: str, version: int) -> bytes:
    """A compound of a meshed cylinder, the same one at another location, and a torus."""
    cylinder = BRepPrimAPI_MakeCylinder(3, 10).Shape()
    BRepMesh_IncrementalMesh(cylinder, 0.1)
    moved = gp_Trsf()
    moved.SetTranslation(gp_Vec(1, 2, 3))
    compound, builder = TopoDS_Compound(), BRep_Builder()
    builder.MakeCompound(compound)
    for each in (cylinder, cylinder.Moved(TopLoc_Location(moved)), BRepPrimAPI_MakeTorus(5, 1).Shape()):
        builder.Add(compound, each)
    module: Any = TopTools if kind == "text" else BinTools
    prefix = "TopTools" if kind == "text" else "BinTools"
    versions = getattr(module, f"{prefix}_FormatVersion")
    write: Any = BRepTools.Write_s if kind == "text" else BinTools.BinTools.Write_s
    chosen = getattr(versions, f"{prefix}_FormatVersion_VERSION_{version}")
    assert write(compound, str(path), True, True, chosen, Message_ProgressRange())
    return path.read_bytes()


@pytest.mark.parametrize(("kind", "version"), KINDS)
def test_a_brep_of_opencascade_is_read_whole_and_refused_when_cut(
    freecad: httpx.Client, tmp_path: Path, kind: str, version: int
) -> None:
    data = written_by_opencascade(tmp_path / "part.brep", kind, version)
    response = send(freecad, "part.brep", data)
    assert response.status_code == 200, response.text
    made = response.json()["result"]["objects"][0]
    assert made["volume"] == pytest.approx(VOLUME, rel=1e-6)
    assert made["bounding_box"]["min"] == pytest.approx(BOX["min"], abs=1e-4)
    assert made["bounding_box"]["max"] == pytest.approx(BOX["max"], abs=1e-4)
    require_refused(freecad, "part.brep", data, [7])
    assert all(brep.damage(data[:length]) for length in range(0, len(data) - 2, 7))


@pytest.fixture(scope="module")
def by_freecad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text and a binary file that a FreeCAD of its own wrote."""
    folder = tmp_path_factory.mktemp("written")
    script = folder / "write.py"
    script.write_text(
        "import FreeCAD, Part\n"
        "c = Part.makeCylinder(3, 10)\n"
        "c.tessellate(0.1)\n"
        "s = Part.makeCompound([c, c.translated(FreeCAD.Vector(1, 2, 3)), Part.makeTorus(5, 1)])\n"
        f"s.exportBrep({str(folder / 'text.brep')!r})\n"
        f"s.exportBinary({str(folder / 'binary.brep')!r})\n"
    )
    program = shutil.which(os.environ.get("FREECAD_CMD", "freecadcmd"))
    assert program is not None, "FreeCAD is not installed"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    subprocess.run([program, str(script)], check=True, timeout=60, env=environment, stdout=subprocess.DEVNULL)
    return folder


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_a_brep_of_freecad_is_read_whole_and_refused_when_cut(
    freecad: httpx.Client, by_freecad: Path, kind: str
) -> None:
    data = (by_freecad / f"{kind}.brep").read_bytes()
    made = send(freecad, "part.brep", data).json()["result"]["objects"][0]
    assert made["volume"] == pytest.approx(VOLUME, rel=1e-6)
    require_refused(freecad, "part.brep", data, [7])
    assert all(brep.damage(data[:length]) for length in range(0, len(data) - 2, 7))


@pytest.mark.parametrize("ends", [b"\r\n", b"\n\n\0\0"])
def test_a_brep_with_other_line_ends_or_bytes_after_it_is_read(
    freecad: httpx.Client, tmp_path: Path, ends: bytes
) -> None:
    data = written_by_opencascade(tmp_path / "part.brep", "text", 1)
    data = data.replace(b"\n", ends) if ends == b"\r\n" else data + ends
    response = send(freecad, "part.brep", data)
    assert response.status_code == 200, response.text
    assert response.json()["result"]["objects"][0]["volume"] == pytest.approx(VOLUME, rel=1e-6)


def test_a_brep_with_a_hole_in_the_middle_is_refused_with_what_is_missing(
    freecad: httpx.Client, tmp_path: Path
) -> None:
    data = written_by_opencascade(tmp_path / "part.brep", "text", 1)
    at = data.index(b"\nCurves ") + 12
    response = send(freecad, "part.brep", data[:at] + b"\n" + data[data.index(b"Polygon3D") :])
    assert (response.status_code, response.json()["error"]["code"]) == (422, "unsupported_format"), response.text
    assert "'Curves'" in response.json()["error"]["message"]
