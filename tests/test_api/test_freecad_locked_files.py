"""What a file must not do for a key without `execute`: each attack on the real FreeCAD, and what `trusted` asks for."""

from __future__ import annotations

import asyncio
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from cadgate.security.keys import KeyFile
from tests.attack import freecad_files, freecad_packages
from tests.attack.freecad_code import CODE
from tests.attack.freecad_files import WAYS
from tests.attack.freecad_packages import BOX, Target, document, python, text, thing
from tests.attack.freecad_paths import FILES
from tests.gateway import NO_SPARES, Gateway, eventually
from tests.live import live

pytestmark = [pytest.mark.anyio, pytest.mark.security]

ONLY_FREECAD = "[adapters.blender]\nenabled = false\n"
SECRET = "CANARY-91c4-of-the-user"
NAMES = [*CODE, *FILES, *(f"hidden-{name}" for name in WAYS)]
ARTIFACT = "0123456789abcdef0123456789abcdef"
TRUSTING: list[dict[str, Any]] = [
    {"method": "documents.open", "params": {"artifact": ARTIFACT, "trusted": True}},
    {"method": "exchange.import", "params": {"artifact": ARTIFACT, "trusted": True, "document": "Own"}},
]


@dataclass
class Ground:
    """A gateway with keys, and what the files are after."""

    gateway: Gateway
    target: Target
    keys: dict[str, str] = field(default_factory=dict[str, str])

    def headers(self, scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scopes]}"}

    def client(self, scopes: str = "read,write") -> httpx.Client:
        return self.gateway.client("/api/v1/freecad", headers=self.headers(scopes))

    def made(self) -> list[str]:
        """The files in the folder that stays empty, which is empty again then."""
        found = [path.name for path in self.target.folder.iterdir()]
        for name in found:
            (self.target.folder / name).unlink()
        return found

    def audit(self, method: str) -> dict[str, Any]:
        lines = (self.gateway.state_dir / "logs" / "audit.log").read_text().splitlines()
        return [line for line in map(json.loads, lines) if line["method"] == method][-1]


def ground(folder: Path, plugins: str) -> Ground:
    home = folder / "user"
    (home / "private").mkdir(parents=True)
    (home / "folder").mkdir()
    (home / "private" / "canary.txt").write_text(SECRET)
    target = Target(
        home / "private" / "canary.txt", home / "folder", f"__import__('os').system('touch {home}/folder/ran')"
    )
    target.brep.write_bytes(freecad_files.secret_shape())
    # The file that is trusted shows what it does in a folder that a sandbox would not let it reach.
    if "[adapters.freecad]" not in plugins:
        plugins += "[adapters.freecad]\n"
    plugins = plugins.replace("[adapters.freecad]\n", '[adapters.freecad]\nsandbox = "none"\n')
    gateway = Gateway(folder / "state", plugins=plugins, environment={"CADGATE_AUTH": "token", **NO_SPARES})
    gateway.state_dir.mkdir()
    made = Ground(gateway, target)
    for scopes in ("read,write", "read,write,execute"):
        made.keys[scopes] = KeyFile(gateway.state_dir).create(scopes, scopes.split(","))[0]
    gateway.start(ready=False)
    with made.client() as client:
        eventually(lambda: client.get("/objects").status_code == 200, seconds=60, what="FreeCAD up")
    return made


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = ground(tmp_path_factory.mktemp("locked"), ONLY_FREECAD)
    yield made
    made.gateway.stop()


@pytest.fixture
def writer(on: Ground) -> Iterator[httpx.Client]:
    """A client that may not execute, with one empty document."""
    with on.client() as client:
        empty(client)
        yield client
    on.made()


def empty(client: httpx.Client) -> None:
    for each in client.get("/documents").json()["result"]["documents"]:
        client.delete(f"/documents/{each['name']}")
    assert client.post("/documents", json={"name": "Own"}).status_code == 201


def saved(client: httpx.Client, name: str) -> bytes:
    """All parts of the saved document, one after the other."""
    answer = client.post(f"/documents/{name}/save", json={})
    assert answer.status_code == 200, answer.text
    data = client.get(f"../artifacts/{answer.json()['result']['artifact']['id']}").content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"\n".join(archive.read(part) for part in archive.namelist())


@pytest.mark.parametrize("name", NAMES)
def test_a_file_neither_runs_code_nor_reaches_other_files(on: Ground, writer: httpx.Client, name: str) -> None:
    given, data = freecad_files.files(on.target)[name]
    into_own = name in CODE or "first-entry" in name
    doors = [("/documents/open", "a"), *([("/import", "Own")] if into_own else [])]
    for door, document_name in doors:
        answer = writer.post(door, files={"file": (given, data)})
        assert on.made() == []
        assert SECRET not in answer.text
        if answer.status_code == 422:
            assert answer.json()["error"]["code"] == "unsupported_format", answer.text
            continue
        assert answer.is_success, answer.text
        opened = answer.json()["result"].get("name", document_name)
        report = writer.post(f"/documents/{opened}/recompute", json={"force": True})
        assert report.status_code == 200, report.text
        assert str(freecad_packages.SECRET_VOLUME) not in writer.get("/objects", params={"document": opened}).text
        assert SECRET.encode() not in saved(writer, opened)
        assert on.made() == []


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("path-job", "code_left_out", ["'Job' (Proxy PathScripts.PathJob.ObjectJob)", "trusted=true"]),
        ("pickled-class", "code_left_out", ["'Old' (Proxy)"]),
        ("proxy-of-fem-solver", "objects_left_out", ["'Scripted' (Fem::FemSolverObjectPython: its solvers"]),
        ("text-in-a-techdraw-view", "objects_left_out", ["'View' (TechDraw::DrawViewDraft: it runs Python"]),
        ("link-that-calls", "properties_left_out", ["'Link' (LinkExecute"]),
        ("expression-that-sets-builtins", "expressions_left_out", ["'Follower' (_py.len", "not a value of the model"]),
        ("export-mesh", "objects_left_out", ["'Export' (Mesh::Export: it writes a file"]),
        ("techdraw-template", "files_left_out", ["'Reader' (Template)"]),
        ("path-in-a-property", "files_left_out", ["'Reader' (Where)"]),
    ],
)
def test_what_is_left_out_is_said_by_name(
    on: Ground, writer: httpx.Client, name: str, code: str, words: list[str]
) -> None:
    given, data = freecad_files.files(on.target)[name]
    answer = writer.post("/documents/open", files={"file": (given, data)})
    told = {each["code"]: each["message"] for each in answer.json()["result"]["warnings"]}
    assert all(word in told[code] for word in words), told


def test_an_object_that_reads_files_comes_as_the_shape_that_is_stored_with_it(on: Ground, writer: httpx.Client) -> None:
    reader = thing(
        "Part::ImportBrep",
        "Reader",
        freecad_packages.text("FileName", str(on.target.brep)),
        ("Shape", "Part::PropertyPartShape", '<Part file="Reader.brp"/>'),
    )
    with zipfile.ZipFile(io.BytesIO(document(BOX, reader))) as archive:
        listed = archive.read("Document.xml")
    shape = freecad_files.secret_shape()
    data = freecad_packages.package(("Document.xml", listed), ("Reader.brp", shape), ("Extra.brp", b"unused"))
    answer = writer.post("/documents/open", files={"file": ("a.FCStd", data)})
    assert [each["code"] for each in answer.json()["result"]["warnings"]] == ["bare_geometry"]
    found = writer.get("/objects/Reader", params={"document": "a"}).json()["result"]
    assert (found["type"], round(found["volume"], 2)) == ("Part::Feature", freecad_packages.SECRET_VOLUME)
    assert b"ImportBrep" not in saved(writer, "a")


def test_a_link_to_an_object_that_was_left_out_takes_no_other_of_its_name(on: Ground, writer: httpx.Client) -> None:
    assert writer.post("/primitives/box", json={"name": "Job"}).status_code == 201
    link = ("LinkedObject", "App::PropertyXLink", '<XLink file="" stamp="" name="Job"/>')
    data = document(BOX, thing("Drawing::FeaturePage", "Job"), thing("App::Link", "Show", link))
    answer = writer.post("/import", files={"file": ("a.FCStd", data)})
    assert answer.status_code == 200, answer.text
    assert {each["name"] for each in answer.json()["result"]["objects"]} == {"Box", "Show"}
    listed = writer.get("/objects/Job").json()["result"]
    assert (listed["type"], round(listed["volume"])) == ("Part::Box", 1000)


def test_a_step_file_reads_no_other_file(on: Ground, writer: httpx.Client) -> None:
    """The other file is a pipe that nobody writes to: whoever opens it waits for ever."""
    pipe = on.target.file.parent / "other.stp"
    os.mkfifo(pipe)
    data = freecad_files.step_that_refers_to(str(pipe))
    answer = writer.post("/import", files={"file": ("a.step", data)}, headers={"X-Deadline-Ms": "60000"})
    assert (answer.status_code, answer.json().get("error", {}).get("code")) == (200, None), answer.text
    told = answer.json()["result"]
    assert [round(each["volume"], 6) for each in told["objects"]] == [8]
    assert any("references to other files" in each["message"] for each in told["warnings"])


# --- trusted ---------------------------------------------------------------------------------------------------------


def test_a_trusted_file_is_refused_without_the_scope_by_every_door(on: Ground, writer: httpx.Client) -> None:
    given, data = freecad_files.files(on.target)["path-job"]
    file = {"file": (given, data)}
    answers = [
        writer.post("/documents/open", files=file, params={"trusted": "true"}),
        writer.post("/documents/open", files=file, data={"trusted": "true"}),
        writer.post("/import", files=file, data={"trusted": "true"}),
        writer.post("/documents/open", json={"artifact": ARTIFACT, "trusted": True}),
        writer.post("/import", json={"artifact": ARTIFACT, "trusted": True}),
        writer.post("/import?trusted=true", json={"artifact": ARTIFACT}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), answer.text
        assert answer.json()["error"]["details"]["required"] == "execute"
    assert (on.audit("exchange.import")["outcome"], on.audit("exchange.import")["trusted"]) == ("forbidden", True)
    told = writer.post("/batch", json={"calls": TRUSTING}).json()["result"]["results"]
    assert [each["error"]["code"] for each in told] == ["forbidden"] * 2
    assert on.made() == []


async def test_a_trusted_file_is_refused_over_a_websocket_too(on: Ground) -> None:
    async with live(on.gateway, "freecad", additional_headers=on.headers("read,write")) as socket:
        for call in TRUSTING:
            answer = await socket.ask(type="call", id="c", **call)
            assert answer["error"]["code"] == "forbidden"


def test_a_wrong_trusted_is_said(writer: httpx.Client) -> None:
    file = {"file": ("a.FCStd", document(BOX))}
    for answer in (
        writer.post("/documents/open", files=file, data={"trusted": "perhaps"}),
        writer.post("/documents/open", files=file, params={"trusted": "perhaps"}),
        writer.post("/documents/open", json={"artifact": ARTIFACT, "trusted": "yes"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
    assert writer.post("/documents/open", files=file, data={"trusted": "false"}).status_code == 201


def running_code(on: Ground) -> tuple[str, bytes]:
    """A file whose job runs code when it is opened: of a text in it, or from FreeCAD 1.0 of a file that it names."""
    with on.gateway.client(headers=on.headers("read,write")) as client:
        application = client.get("/health/freecad").json()["result"]["application"]
    if application.startswith("FreeCAD 0."):
        return freecad_files.files(on.target)["path-job"]
    post = on.target.file.parent / "own"
    Path(f"{post}_post.py").write_text(on.target.python)
    job = thing(
        "App::FeaturePython", "Job", python(module="Path.Main.Job", cls="ObjectJob"), text("PostProcessor", str(post))
    )
    return "job.FCStd", document(job)


@pytest.mark.parametrize("door", ["/documents/open", "/import"])
def test_a_trusted_file_is_opened_as_it_is_and_the_audit_log_says_so(on: Ground, door: str) -> None:
    """The proof that the attack is one: trusted, the file runs its code."""
    given, data = running_code(on)
    with on.client("read,write,execute") as client:
        empty(client)
        assert client.post(door, files={"file": (given, data)}).is_success
        assert on.made() == []
        answer = client.post(door, files={"file": (given, data)}, data={"trusted": "true"})
        assert answer.is_success, answer.text
        assert on.made() == ["ran"]
        empty(client)
    line = on.audit({"/import": "exchange.import"}.get(door, "documents.open"))
    assert (line["outcome"], line["trusted"]) == ("success", True)
    on.made()


def test_no_file_is_trusted_where_code_is_switched_off(tmp_path: Path) -> None:
    made = ground(tmp_path, ONLY_FREECAD + "[adapters.freecad]\nallow_execute = false\n")
    try:
        given, data = freecad_files.files(made.target)["path-job"]
        with made.client("read,write,execute") as client:
            refused = client.post("/documents/open", files={"file": (given, data)}, data={"trusted": "true"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
            assert "allow_execute = false" in refused.json()["error"]["message"]
            assert client.post("/documents/open", files={"file": (given, data)}).status_code == 201
            assert client.post("/import", files={"file": (given, data)}).status_code == 200
        assert made.made() == []
    finally:
        made.gateway.stop()


# --- routes that set properties --------------------------------------------------------------------------------------

MADE_BY_CODE = """
import FreeCAD as App, Mesh, TechDraw, Part
d = App.ActiveDocument
d.addObject('Part::Box', 'Solid')
d.addObject('Mesh::Cube', 'Cube')
for kind, name in (('Part::ImportBrep', 'Brep'), ('Part::ImportStep', 'Step'), ('Part::ImportIges', 'Iges'),
                   ('Mesh::Import', 'Mesh'), ('Mesh::Export', 'Export'), ('Part::CurveNet', 'Net'),
                   ('TechDraw::DrawViewDraft', 'View'), ('TechDraw::DrawHatch', 'Hatch'),
                   ('TechDraw::DrawSVGTemplate', 'Template'), ('App::VRMLObject', 'Scene'),
                   ('App::FeaturePython', 'Scripted'), ('Part::Extrusion', 'Extrusion'), ('App::Link', 'Link')):
    d.addObject(kind, name)
d.Export.Source = d.Cube
d.recompute()
"""
SETTING = [
    *(("Brep", "FileName"), ("Step", "FileName"), ("Iges", "FileName"), ("Mesh", "FileName"), ("Export", "FileName")),
    *(("Net", "FileName"), ("View", "LineStyle"), ("Hatch", "HatchPattern"), ("Template", "Template")),
    *(("Scene", "Urls"), ("Scene", "Resources"), ("Scripted", "Proxy"), ("Extrusion", "FaceMakerClass")),
    ("Link", "LinkExecute"),
]


@pytest.fixture(scope="module")
def with_readers(on: Ground) -> None:
    async def run() -> dict[str, Any]:
        async with live(on.gateway, "freecad", additional_headers=on.headers("read,write,execute")) as socket:
            _, _, answer = await socket.run(MADE_BY_CODE)
            return answer

    with on.client("read,write,execute") as client:
        empty(client)
    answer = asyncio.run(run())
    assert answer["status"] == "success", answer


def test_no_route_sets_what_names_a_file_or_code(on: Ground, with_readers: None) -> None:
    with on.client() as client:
        for name, key in SETTING:
            value: Any = [str(on.target.file)] if key in ("Urls", "Resources") else str(on.target.brep)
            refused = client.patch(f"/objects/{name}", json={"properties": {key: value}})
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, "path_not_allowed"), (name, key)
            assert repr(key) in refused.json()["error"]["message"]
            refused = client.patch(f"/objects/{name}", json={"expressions": {key: "<</etc/hostname>>"}})
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, "path_not_allowed"), (name, key)
        report = client.post("/documents/Own/recompute", json={"force": True})
        assert report.status_code == 200
        assert str(freecad_packages.SECRET_VOLUME) not in client.get("/objects").text
    assert on.made() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Length", "_py.len"),
        ("Length", "_self.Height"),
        ("Length", "_app.ActiveDocument.Solid.Height"),
        ("Length", "Solid._self.Height"),
        ("Length", "Own#Solid.Height"),
        ("Length", "Solid.Shape.exportBrep(<</tmp/x>>)"),
        ("Label2", "<<%s>> % _re"),
        ("Placement.__class__", "1"),
        ("Label2.__doc__", "1"),
    ],
)
def test_an_expression_that_leads_to_python_is_refused(on: Ground, with_readers: None, name: str, text: str) -> None:
    with on.client() as client:
        refused = client.patch("/objects/Solid", json={"expressions": {name: text}})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation_error"), refused.text
        good = client.patch("/objects/Solid", json={"expressions": {"Length": "max(2 mm; Height / 2)"}})
        assert good.status_code == 200, good.text
        assert client.patch("/objects/Solid", json={"expressions": {"Length": None}}).status_code == 200
