"""FreeCAD's exports and imports over HTTP, read by other programs: trimesh, a fresh FreeCAD, and parsers of XML."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from io import BytesIO
from math import pi
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import trimesh

VOLUME = 1000 + 40 * pi + 2 * pi**2 * 40
AREA = 600 + 2 * pi * 2 * 12 + 4 * pi**2 * 20
EXACT = ["step", "iges", "brep", "fcstd", "dxf", "svg"]
MESHES = ["stl", "obj", "ply", "3mf", "amf"]
MAGIC = {
    "step": b"ISO-10303-21;",
    "iges": b" " * 72 + b"S",
    "brep": b"DBRep_DrawableShape",
    "fcstd": b"PK\x03\x04",
    "dxf": b"999\nFreeCAD",
    "svg": b"<?xml",
    "obj": b"# Created by FreeCAD",
    "ply": b"ply\nformat binary",
    "3mf": b"PK\x03\x04",
    "amf": b"PK\x03\x04",
}


@pytest.fixture
def three(freecad: httpx.Client) -> httpx.Client:
    """A box, a cylinder and a torus that do not touch."""
    for kind, params in (
        ("box", {"name": "Plate", "label": "Platte <Ø10>"}),
        ("cylinder", {"name": "Pin", "location": [30, 0, 0]}),
        ("torus", {"name": "Ring", "location": [0, 50, 0]}),
    ):
        assert freecad.post(f"/primitives/{kind}", json=params).status_code == 201
    return freecad


def export(freecad: httpx.Client, **params: Any) -> dict[str, Any]:
    response = freecad.post("/export", json=params)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def bytes_of(freecad: httpx.Client, result: dict[str, Any]) -> bytes:
    response = freecad.get(f"{freecad.base_url.scheme}://{freecad.base_url.netloc.decode()}{result['artifact']['url']}")
    assert response.status_code == 200
    assert len(response.content) == result["artifact"]["size"]
    return response.content


@pytest.mark.parametrize("format", EXACT + MESHES)
def test_every_format_is_written_with_its_magic_and_tells_its_objects(three: httpx.Client, format: str) -> None:
    result = export(three, format=format)
    assert (result["format"], result["objects"]) == (format, ["Plate", "Pin", "Ring"])
    data = bytes_of(three, result)
    if format == "stl":
        assert len(data) == 84 + 50 * result["facets"]
    else:
        assert data.startswith(MAGIC[format]), data[:80]
    assert (result["facets"] is not None) == (format in MESHES)
    assert result["artifact"]["name"].lower() == f"export.{format}"


def test_step_is_the_default_format_and_a_fresh_freecad_reads_the_exact_volume(
    three: httpx.Client, tmp_path: Path
) -> None:
    result = export(three)
    assert result["format"] == "step"
    for format in ("step", "iges", "brep"):
        (tmp_path / f"part.{format}").write_bytes(bytes_of(three, export(three, format=format)))
    measured = measured_by_freecad(tmp_path)
    for format in ("step", "iges", "brep"):
        assert measured[format]["volume"] == pytest.approx(VOLUME, rel=1e-6)
        assert measured[format]["area"] == pytest.approx(AREA, rel=1e-6)
        assert measured[format]["solids"] == 3
    assert "'Platte <\\X2\\00D8\\X0\\10>'" in (tmp_path / "part.step").read_text("ascii")


def measured_by_freecad(folder: Path) -> dict[str, Any]:
    """Volume, area and number of solids of part.step, part.iges and part.brep, measured by a FreeCAD of its own."""
    script = folder / "measure.py"
    script.write_text(
        "import json, os, Part\n"
        "told = {}\n"
        "for format in ('step', 'iges', 'brep'):\n"
        f"    shape = Part.Shape(); shape.read(os.path.join({str(folder)!r}, 'part.' + format))\n"
        "    told[format] = {'volume': shape.Volume, 'area': shape.Area, 'solids': len(shape.Solids)}\n"
        f"json.dump(told, open({str(folder / 'told.json')!r}, 'w'))\n"
        "os._exit(0)\n"
    )
    program = shutil.which(os.environ.get("FREECAD_CMD", "freecadcmd"))
    assert program is not None, "FreeCAD is not installed"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    subprocess.run([program, str(script)], check=True, timeout=60, env=environment, stdout=subprocess.DEVNULL)
    return json.loads((folder / "told.json").read_text())


@pytest.mark.parametrize("format", ["stl", "ply", "obj"])
def test_another_program_reads_the_mesh_and_finds_it_watertight(three: httpx.Client, format: str) -> None:
    result = export(three, format=format, linear_deflection=0.01, angular_deflection=0.1)
    loaded: Any = trimesh.load(BytesIO(bytes_of(three, result)), file_type=format, force="mesh")
    assert len(loaded.faces) == result["facets"]
    loaded.merge_vertices()
    assert loaded.is_watertight
    assert loaded.volume == pytest.approx(VOLUME, rel=5e-3)
    assert loaded.bounds[1] == pytest.approx([32, 62, 10], abs=0.05)


def test_3mf_and_amf_keep_the_objects_apart_with_their_labels(three: httpx.Client) -> None:
    with zipfile.ZipFile(BytesIO(bytes_of(three, export(three, format="3mf")))) as archive:
        model = ElementTree.fromstring(archive.read("3D/3dmodel.model"))
    core = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"
    volume = 0.0
    for node in model.iter(core + "object"):
        points = [[float(each.get(axis, "")) for axis in "xyz"] for each in node.iter(core + "vertex")]
        faces = [[int(each.get(key, "")) for key in ("v1", "v2", "v3")] for each in node.iter(core + "triangle")]
        mesh = trimesh.Trimesh(points, faces)
        assert mesh.is_watertight
        volume += mesh.volume
    assert volume == pytest.approx(VOLUME, rel=2e-2)
    assert [node.get("name") for node in model.iter(core + "object")] == ["Platte <Ø10>", "Pin", "Ring"]
    with zipfile.ZipFile(BytesIO(bytes_of(three, export(three, format="amf")))) as archive:
        assert "Platte &lt;Ø10&gt;" in archive.read(archive.namelist()[0]).decode()


def test_the_deflections_rule_the_number_of_triangles(three: httpx.Client) -> None:
    counts = [
        export(three, format="stl", objects=["Ring"], linear_deflection=linear, angular_deflection=angular)["facets"]
        for linear, angular in ((1, 1), (0.1, 0.5), (0.1, 0.1), (0.01, 0.1), (1, 1))
    ]
    assert counts == [*sorted(counts[:4]), counts[0]]
    assert len(set(counts)) >= 3


def test_a_fine_mesh_is_made_beside_the_session_and_an_absurd_one_is_refused(three: httpx.Client) -> None:
    result = export(three, format="stl", objects=["Ring"], linear_deflection=0.01, angular_deflection=0.1)
    assert result["facets"] > 25_000
    assert len(bytes_of(three, result)) == 84 + 50 * result["facets"]
    refused = three.post("/export", json={"format": "stl", "linear_deflection": 1e-9, "angular_deflection": 1e-4})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "limit_exceeded")
    assert refused.json()["error"]["details"]["limit"] == "max_face_facets"


def test_the_format_follows_the_suffix_and_a_missing_one_is_appended(three: httpx.Client) -> None:
    assert export(three, filepath="a/b.STL")["format"] == "stl"
    assert export(three, filepath="flange.stp")["artifact"]["name"] == "flange.stp"
    assert export(three, filepath="flange", format="iges")["artifact"]["name"] == "flange.iges"
    assert export(three, filepath="v1.2")["artifact"]["name"] == "v1.2.step"
    contradiction = three.post("/export", json={"filepath": "a.stl", "format": "step"})
    assert (contradiction.status_code, contradiction.json()["error"]["code"]) == (422, "validation_error")


@pytest.mark.parametrize("path", ["../x.step", "/etc/x.step", "a//b.step", "a/../b.step", "a\\b.step", "%2e.step"])
def test_a_path_that_leads_out_of_the_workspace_is_refused(three: httpx.Client, path: str) -> None:
    response = three.post("/export", json={"filepath": path})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "path_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        {"format": "exe"},
        {"linear_deflection": 0},
        {"angular_deflection": -1},
        {"objects": []},
        {"objects": "Plate"},
        {"quality": 3},
    ],
)
def test_an_export_that_makes_no_sense_is_refused(three: httpx.Client, body: dict[str, Any]) -> None:
    response = three.post("/export", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")


def test_only_chosen_objects_are_exported_and_hidden_inputs_are_not(three: httpx.Client) -> None:
    assert export(three, objects=["Pin"], format="brep")["objects"] == ["Pin"]
    three.post("/boolean/union", json={"object1": "Plate", "object2": "Pin", "name": "Both"})
    assert export(three, format="brep")["objects"] == ["Ring", "Both"]
    missing = three.post("/export", json={"objects": ["Pin", "Rign"]})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "object_not_found")
    assert missing.json()["error"]["details"]["did_you_mean"] == ["Ring"]


def test_an_empty_document_has_nothing_to_export_and_a_wire_no_triangles(freecad: httpx.Client) -> None:
    empty = freecad.post("/export", json={})
    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "degenerate_result")
    freecad.post("/primitives/helix", json={"name": "Wire"})
    mesh = freecad.post("/export", json={"format": "stl"})
    assert (mesh.status_code, mesh.json()["error"]["code"]) == (422, "validation_error")
    assert export(freecad, format="step")["objects"] == ["Wire"]


def test_accept_answers_the_bytes_themselves(three: httpx.Client) -> None:
    response = three.post("/export", json={"format": "stl"}, headers={"Accept": "model/stl"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "model/stl"
    assert len(response.headers["x-artifact-id"]) == 32
    loaded: Any = trimesh.load(BytesIO(response.content), file_type="stl")
    assert loaded.is_watertight


def test_svg_is_the_view_from_above_in_millimetres(freecad: httpx.Client) -> None:
    freecad.post("/primitives/cylinder", json={"radius": 10, "height": 3})
    root = ElementTree.fromstring(bytes_of(freecad, export(freecad, format="svg")))
    assert root.get("width", "").endswith("mm")
    low_x, low_y, width, height = (float(part) for part in root.get("viewBox", "").split())
    assert low_x < -10 < low_x + width
    assert low_y < -10 < low_y + height


def test_exporting_changes_nothing_not_even_a_revision(three: httpx.Client) -> None:
    before = (three.get("/objects").json(), three.get("/documents").json())
    for format in (*EXACT, *MESHES):
        export(three, format=format)
    assert (three.get("/objects").json(), three.get("/documents").json()) == before


# --- import ------------------------------------------------------------------------------------------------------


def import_file(freecad: httpx.Client, name: str, data: bytes) -> dict[str, Any]:
    response = freecad.post("/import", files={"file": (name, data)})
    assert response.status_code == 200, response.text
    return response.json()["result"]


@pytest.mark.parametrize("format", ["step", "iges", "brep", "fcstd"])
def test_exact_formats_come_back_with_the_same_solids(three: httpx.Client, format: str) -> None:
    data = bytes_of(three, export(three, format=format))
    three.post("/documents", json={"name": "Back"})
    response = three.post("/import?document=Back", files={"file": (f"part.{format}", data)})
    result = response.json()["result"]
    assert result["format"] == format
    assert sum(each["volume"] for each in result["objects"]) == pytest.approx(VOLUME, rel=1e-6)
    assert all(each["document"] == "Back" and each["valid"] for each in result["objects"])
    if format in ("step", "fcstd"):
        assert [each["label"] for each in result["objects"]] == ["Platte <Ø10>", "Pin", "Ring"]
        assert [each["bounding_box"]["max"][0] for each in result["objects"]] == pytest.approx([10, 32, 12])
    if format == "fcstd":
        assert [each["type"] for each in result["objects"]] == ["Part::Box", "Part::Cylinder", "Part::Torus"]


@pytest.mark.parametrize("format", MESHES)
def test_mesh_formats_come_back_as_meshes_with_volume(three: httpx.Client, format: str) -> None:
    data = bytes_of(three, export(three, format=format))
    result = import_file(three, f"part.{format}", data)
    assert result["format"] == format
    assert {each["shape_type"] for each in result["objects"]} == {"Mesh"}
    assert sum(each["volume"] for each in result["objects"]) == pytest.approx(VOLUME, rel=2e-2)


def test_a_mesh_that_another_program_made_is_read(freecad: httpx.Client) -> None:
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=5)
    for format in ("stl", "obj", "ply", "off"):
        data: Any = sphere.export(file_type=format)
        [mesh] = import_file(freecad, f"ball.{format}", data if isinstance(data, bytes) else data.encode())["objects"]
        assert mesh["volume"] == pytest.approx(sphere.volume, rel=1e-5)
        assert mesh["label"] == "ball"


def test_an_artifact_is_imported_by_its_id_and_the_content_tells_the_format(three: httpx.Client) -> None:
    artifact = export(three, format="brep", objects=["Pin"], filepath="pin.brep")["artifact"]
    result = three.post("/import", json={"artifact": artifact["id"]}).json()["result"]
    assert result["objects"][0]["volume"] == pytest.approx(40 * pi)
    lying = import_file(three, "pin.stl", bytes_of(three, export(three, objects=["Pin"])))
    assert (lying["format"], [each["code"] for each in lying["warnings"]]) == ("step", ["suffix_mismatch"])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("note.step", b"hello world"),
        ("empty.step", b"ISO-10303-21;\nHEADER;\nENDSEC;\nEND-ISO-10303-21;\n"),
        ("junk.stl", bytes(range(256)) * 4),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_what_is_no_model_is_unsupported(freecad: httpx.Client, name: str, data: bytes) -> None:
    response = freecad.post("/import", files={"file": (name, data)})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "unsupported_format"), response.text
    assert freecad.get("/objects").json()["result"]["total"] == 0


def test_an_import_needs_a_file(freecad: httpx.Client) -> None:
    assert freecad.post("/import", files={"other": ("a.step", b"x")}).status_code == 422
    assert freecad.post("/import", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
    missing = freecad.post("/import", json={"artifact": "0" * 32})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "artifact_not_found")


def test_an_import_is_one_step_of_undo(three: httpx.Client) -> None:
    data = bytes_of(three, export(three))
    import_file(three, "part.step", data)
    assert three.get("/objects").json()["result"]["total"] == 6
    assert three.post("/undo").json()["result"]["undone"] == "exchange.import"
    assert three.get("/objects").json()["result"]["total"] == 3


def test_the_schema_says_which_types_the_bytes_of_an_export_have(http: httpx.Client) -> None:
    export = http.get("/openapi.json").json()["paths"]["/api/v1/freecad/export"]["post"]
    types = export["responses"]["200"]["content"].keys()
    assert {"application/json", "model/step", "model/stl", "image/svg+xml"} <= types
