"""Documents as people save them come back as they were, for a key that may not execute: nothing is said but losses."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from math import atanh, pi, sqrt
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.corpus import freecad_documents
from tests.corpus.freecad import fcstd
from tests.gateway import Gateway
from tests.wheels import ROOT

WRITER = Path(freecad_documents.__file__).parent / "written.py"
NAMES = [
    *("plain_box", "cut_with_cylinder", "fused", "common_in_a_compound", "rounded", "chamfered", "constrained_sketch"),
    *("sketch_of_every_curve", "driven_sketch", "padded_body", "pocketed_body", "drilled_body", "patterned_body"),
    *(
        "dressed_body",
        "additive_body",
        "sheet_with_aliases",
        "expressions_of_places",
        "drawing_page",
        "hatched_drawing",
    ),
    *("links", "groups_in_parts", "material", "image", "mesh", "mesh_operations", "cloud", "lofted_and_swept"),
    *("curves_and_primitives", "mirrored_and_offset", "filled_surface", "binders", "texts_and_own_properties"),
    *("draft_shapes", "draft_arrays", "draft_annotations", "arch_wall"),
]
DUE = {
    "draft_annotations": {"code_left_out": ["'Text'", "draftobjects.text", "'Dimension'"]},
    "arch_wall": {"code_left_out": ["'Wall'", "ArchWall"]},
}
"""What has to be said of which document: the code of the warning, and words of it."""
_SQUASH = sqrt(1 - (2 / 4) ** 2)
BY_FORMULA = {
    "Ellipsoid": {
        "volume": 4 / 3 * pi * 2 * 4 * 4,
        "area": 2 * pi * 16 * (1 + (1 - _SQUASH**2) / _SQUASH * atanh(_SQUASH)),
    }
}
"""What FreeCAD measures badly."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the documents and their measures, made by FreeCAD itself."""
    folder = tmp_path_factory.mktemp("corpus")
    command = shutil.which("freecadcmd") or shutil.which("FreeCADCmd") or os.environ["FREECAD_CMD"]
    environment = {**os.environ, "CORPUS": str(folder), "HOME": str(folder), "REPOSITORY": str(ROOT)}
    subprocess.run([command, str(WRITER)], env=environment, capture_output=True, timeout=200, check=False)
    return folder


@pytest.fixture(scope="module")
def documents(written: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What FreeCAD measured, by document and object."""
    return json.loads((written / "measures.json").read_text())


@pytest.fixture(scope="module")
def session(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client("/api/v1/freecad") as client:
        yield client
        for document in client.get("/documents").json()["result"]["documents"]:
            client.delete(f"/documents/{document['name']}")


def opened(client: httpx.Client, name: str, data: bytes) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """The warnings and the objects of a file, which is open afterwards as `name`."""
    answer = client.post("/documents/open", files={"file": (f"{name}.FCStd", data)}, params={"name": name})
    assert answer.status_code == 201, answer.text
    listed = client.get("/objects", params={"document": name, "limit": 1000}).json()["result"]["objects"]
    return answer.json()["result"].get("warnings", []), listed


def compared(objects: list[dict[str, Any]], before: dict[str, dict[str, Any]]) -> None:
    now = {each["name"]: each for each in objects}
    assert now.keys() == before.keys()
    for name, told in before.items():
        assert (now[name]["label"], now[name]["type"]) == (told["label"], told["type"])
        for key in ("volume", "area"):
            if key in told:
                expected = BY_FORMULA.get(name, {}).get(key, told[key])
                assert now[name][key] == pytest.approx(expected, rel=1e-6, abs=1e-6), (name, key)


def test_the_corpus_is_the_list(documents: dict[str, dict[str, dict[str, Any]]]) -> None:
    failed = {name: told["failed"] for name, told in documents.items() if "failed" in told}
    assert not failed
    assert sorted(documents) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_ordinary_document_opens_and_recomputes_as_it_was(
    session: httpx.Client, written: Path, documents: dict[str, dict[str, dict[str, Any]]], name: str
) -> None:
    warnings, objects = opened(session, name, (written / f"{name}.FCStd").read_bytes())
    try:
        due = DUE.get(name, {})
        assert [each["code"] for each in warnings] == list(due), warnings
        for each in warnings:
            assert all(word in each["message"] for word in due[each["code"]]), each
        compared(objects, documents[name])
        report = session.post(f"/documents/{name}/recompute", json={"force": True}).json()["result"]
        assert report["failed"] == []
        again = session.get("/objects", params={"document": name, "limit": 1000}).json()["result"]["objects"]
        compared(again, documents[name])
    finally:
        session.delete(f"/documents/{name}")


@pytest.mark.parametrize("name", ["sheet_with_aliases", "groups_in_parts", "texts_and_own_properties", "draft_arrays"])
def test_an_ordinary_document_is_imported_as_it_was(
    freecad: httpx.Client, written: Path, documents: dict[str, dict[str, dict[str, Any]]], name: str
) -> None:
    answer = freecad.post("/import", files={"file": (f"{name}.FCStd", (written / f"{name}.FCStd").read_bytes())})
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["warnings"] == []
    compared(answer.json()["result"]["objects"], documents[name])


def test_a_value_that_an_expression_gives_follows_after_opening(session: httpx.Client, written: Path) -> None:
    opened(session, "driven", (written / "driven_sketch.FCStd").read_bytes())
    where = {"document": "driven"}
    answer = session.patch("/objects/Box", json={"properties": {"Length": 12}}, params=where)
    assert answer.status_code == 200, answer.text
    sketch = session.get("/objects/Sketch", params=where).json()["result"]
    size = sketch["bounding_box"]
    assert size["max"][0] - size["min"][0] == pytest.approx(25)
    session.delete("/documents/driven")


def test_a_document_of_a_newer_freecad_comes_with_what_this_one_knows(session: httpx.Client, gateway: Gateway) -> None:
    mapped = (
        '<Part ElementMap="" file=""/><ElementMap new="1" count="1"><Element key="Dummy" value="Dummy"/></ElementMap>'
        '<ElementMap2 count="0"></ElementMap2>'
    )
    more = fcstd.prop("Shape", "Part::PropertyPartShape", mapped) + fcstd.NEWER
    # No version has these two.
    more += fcstd.prop("Unheard", "App::PropertyFloat", '<Float value="1"/>')
    others = [fcstd.other("App::VarSet", "Sizes"), fcstd.other("Core::Unheard", "Unheard")]
    data = fcstd.fcstd([fcstd.box(more=more, count=3), *others], "1.0R39109 (Git)")
    warnings, objects = opened(session, "newer", data)
    said = {each["code"]: each["message"] for each in warnings}
    assert said.keys() == {"objects_missing", "properties_missing"}
    is_older = gateway.health("freecad")["result"]["application"].startswith("FreeCAD 0.")
    assert [each["name"] for each in objects] == (["Box"] if is_older else ["Box", "Sizes"])
    assert "'Unheard' (Core::Unheard)" in said["objects_missing"]
    assert ("'Sizes' (App::VarSet)" in said["objects_missing"]) == is_older
    assert ("(ShapeMaterial, Unheard)" if is_older else "(Unheard)") in said["properties_missing"]
    session.delete("/documents/newer")


def test_an_array_that_freecad_1_saved_before_computing_it_follows(session: httpx.Client, written: Path) -> None:
    """FreeCAD 1.0 keeps the names of the properties that have changed since an array was computed."""
    with zipfile.ZipFile(written / "draft_arrays.FCStd") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changes = {"props_changed": ["Shape", "_LinkTouched"]}
    states = [
        b64encode(json.dumps({"use_link": flag, "Type": "Array", **changes}).encode()).decode()
        for flag in (False, True)
    ]
    pattern = re.compile(r'<Python value="[^"]*" encoded="yes" module="draftobjects.array"')
    text, count = pattern.subn(
        lambda _: f'<Python value="{states.pop(0)}" encoded="yes" module="draftobjects.array"',
        parts["Document.xml"].decode(),
    )
    assert count == 2
    parts["Document.xml"] = text.encode()
    warnings, objects = opened(session, "unfinished", packed(parts))
    assert warnings == []
    arrays = {each["name"]: each["volume"] for each in objects if each["name"].startswith("Array")}
    one = next(each["volume"] for each in objects if each["type"] == "Part::Box")
    assert arrays == {"Array": pytest.approx(4 * one), "Array001": pytest.approx(3 * one)}
    where = {"document": "unfinished"}
    answer = session.patch("/objects/Array001", json={"properties": {"NumberPolar": 5}}, params=where)
    assert answer.status_code == 200, answer.text
    assert session.get("/objects/Array001", params=where).json()["result"]["volume"] == pytest.approx(5 * one)
    session.delete("/documents/unfinished")


def packed(parts: dict[str, bytes]) -> bytes:
    """An archive of these entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_an_unknown_object_comes_as_its_stored_shape(session: httpx.Client, written: Path) -> None:
    """A cut of a workbench that is not known is a plain shape, and what links to it finds it."""
    with zipfile.ZipFile(written / "cut_with_cylinder.FCStd") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["Document.xml"] = parts["Document.xml"].replace(b'type="Part::Cylinder"', b'type="Unheard::Tube"')
    warnings, objects = opened(session, "unheard", packed(parts))
    kinds = {each["name"]: each["type"] for each in objects}
    assert kinds == {"Box": "Part::Box", "Cylinder": "Part::Feature", "Cut": "Part::Cut"}
    assert [each["code"] for each in warnings] == ["bare_geometry"]
    assert "'Cylinder' (Unheard::Tube" in warnings[0]["message"]
    report = session.post("/documents/unheard/recompute", json={"force": True}).json()["result"]
    assert report["failed"] == []
    session.delete("/documents/unheard")
