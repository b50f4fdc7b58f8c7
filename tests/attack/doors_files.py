"""Attacks by files at the newer doors: conversions and thumbnails, node groups, sessions that begin with a file."""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from typing import Any

import httpx

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.blender_files import PLANTED
from tests.attack.blender_scripts import FLUID_PYTHON, PATHS, READING_NODES, SAVE_PACKED
from tests.attack.field import Field
from tests.attack.freecad_files import python_job
from tests.attack.freecad_packages import Target
from tests.attack.promises_callers import names
from tests.attack.promises_files import BLENDS, DXF, GLTF, MODEL, OBJ, SAVE, STEP, SVG, SVG_ENTITY, USDA, zipped

DEADLINE = {"X-Deadline-Ms": "60000"}
BOX = (
    "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid a\n"
)


def converted(field: Field, name: str, data: bytes, **query: Any) -> list[httpx.Response]:
    """Send a file to be drawn, and to be converted, unless it was refused."""
    answers: list[httpx.Response] = []
    with field.client() as client:
        for to in ("thumbnail", "glb"):
            query["to"] = to
            answers.append(client.post("/convert", files={"file": (name, data)}, params=query, headers=DEADLINE))
            if not answers[-1].is_success:
                break
    return answers


def _said(answers: list[httpx.Response]) -> str:
    """Statuses, with the codes of errors and warnings."""
    told: list[str] = []
    for answer in answers:
        body = answer.json()
        result = body.get("result", {})
        codes = [each["code"] for each in result.get("warnings", [])] if answer.is_success else [body["error"]["code"]]
        told.append(" ".join([str(answer.status_code), *dict.fromkeys(codes)]))
    return ", ".join(told)


def text_file(name: str, text: str, field: Field) -> Outcome:
    """A file that names the canary, as a conversion."""
    path = str(field.canary.file)
    told = text.format(path=path, uri=f"file://{path}", shell=field.canary.shell)
    data = zipped(**{"3D__3dmodel_dot_model": told}) if name.endswith(".3mf") else told.encode()
    return field.assert_quiet(_said(converted(field, name, data)))


def blend_file(code: str, field: Field) -> Outcome:
    """A .blend that acts or names files: as a conversion, by node groups, as the beginning of a session."""
    data = field.prepare("blender", code)
    for each in PLANTED:
        field.plant(each, b"CANARY\n")
    answers = converted(field, "a.blend", data)
    with field.client() as client:
        answers.append(client.post("/blender/node-groups", files={"file": ("a.blend", data)}, headers=DEADLINE))
        answers += _session_of(client, "blender", "a.blend", data)
    with field.client("/api/v1/blender") as client:
        client.get("/render/preview?width=32")
    return field.assert_quiet(_said(answers), "blender")


def fcstd_file(field: Field) -> Outcome:
    """An FCStd with Python in it: as a conversion, and as the beginning of a session."""
    data = python_job(Target(field.canary.file, field.canary.folder, field.canary.python))
    answers = converted(field, "a.FCStd", data)
    with field.client() as client:
        answers += _session_of(client, "freecad", "a.FCStd", data)
    return field.assert_quiet(_said(answers), "freecad")


def _session_of(client: httpx.Client, adapter: str, name: str, data: bytes) -> list[httpx.Response]:
    """Begin a session with a file, look what is there, export it, and end it."""
    stored = client.post("/artifacts", files={"file": (name, data)})
    if not stored.is_success:
        return [stored]
    artifact = stored.json()["result"]["id"]
    made = client.post("/sessions", json={"application": adapter, "from": {"artifact": artifact}})
    if made.is_success:
        session = made.json()["result"]["id"]
        where = {"session": session}
        client.get(f"/{adapter}/objects", params=where)
        client.post(f"/{adapter}/export", params=where, json={"format": "stl"})
        client.post(f"/{adapter}/look", params=where, json={"size": 128})
        client.delete(f"/sessions/{session}")
    return [made]


def bombs(field: Field) -> Outcome:
    """Archives that grow, and tags without an end: an answer long before the deadline."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", b"<model a='" + b"0" * (300 << 20))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Document.xml", b"<Document a='" + b"0" * (300 << 20))
    answers: list[httpx.Response] = []
    with field.client() as client:
        for name, data in (("a.3mf", packed.getvalue()), ("a.FCStd", other.getvalue()), ("a.usdz", packed.getvalue())):
            answer = client.post("/convert", files={"file": (name, data)}, params={"to": "stl"}, headers=DEADLINE)
            answers.append(answer)
            if answer.status_code not in (403, 422):
                return broke(f"{name}: {answer.status_code} {answer.text[:200]}")
    return field.assert_quiet(_said(answers))


def lies(field: Field) -> Outcome:
    """Files of another format than their names say, names that are paths, and options that are none of the caller's."""
    answers: list[httpx.Response] = []
    with field.client() as client:
        for name in ("a.blend", "a.glb", "a.usdz", "a.fbx", "a.png", "a.abc", "a.svg", "a.py"):
            files = {"file": (name, BOX.encode())}
            answer = client.post("/convert", files=files, params={"to": "glb"}, headers=DEADLINE)
            answers.append(answer)
            if answer.is_success:
                return broke(f"an STL named {name} was converted")
        for name in names(field):
            files = {"file": (name.replace("\0", ""), BOX.encode())}
            client.post("/convert", files=files, params={"to": "obj"}, headers=DEADLINE)
        for options in (
            {"trusted": True},
            {"filepath": str(field.canary.folder / "made.obj")},
            {"path": str(field.canary.file)},
            {"artifact": "../../keys.json"},
            {"format": "blend"},
            {"document": "Field"},
        ):
            query = {"to": "obj", "options": json.dumps(options)}
            answer = client.post("/convert", files={"file": ("a.stl", BOX.encode())}, params=query, headers=DEADLINE)
            if answer.is_success:
                return broke(f"a conversion accepted {options}")
        for to in ("../x", "py", "internal.read", "thumbnail/../x", "exe"):
            files = {"file": ("a.stl", BOX.encode())}
            if client.post("/convert", files=files, params={"to": to}, headers=DEADLINE).is_success:
                return broke(f"a file was converted to {to!r}")
    return field.assert_quiet(_said(answers[:3]))


CHOSEN = {
    "text": BLENDS["blend-registered-text"] + SAVE,
    "driver": BLENDS["blend-driver"] + SAVE,
    "image": BLENDS["blend-image"] + SAVE,
    "reading-nodes": READING_NODES + SAVE_PACKED,
    "paths": PATHS + SAVE_PACKED,
    "fluid": FLUID_PYTHON + SAVE_PACKED,
}
"""One for each kind of what a .blend can do; all of them are sent through the older doors."""
SHORT = ("references.gltf", "links.svg", "entity.svg", "paths.3mf", "text", "reading-nodes")
"""What the tests try, too."""

ATTACKS = [
    *(
        Attack(f"convert-{name.replace('.', '-')}", "convert", None, partial(text_file, name, text), name in SHORT)
        for name, text in (
            ("references.gltf", GLTF.replace("{uri}", "{path}")),
            ("uris.gltf", GLTF),
            ("material.obj", OBJ),
            ("arcs.usda", USDA),
            ("links.svg", SVG),
            ("entity.svg", SVG_ENTITY),
            ("block.dxf", DXF),
            ("documents.step", STEP),
            ("paths.3mf", MODEL),
        )
    ),
    *(
        Attack(f"newer-doors-blend-{name}", "convert", "blender", partial(blend_file, code), name in SHORT)
        for name, code in CHOSEN.items()
    ),
    Attack("newer-doors-fcstd-python", "convert", "freecad", fcstd_file),
    Attack("convert-bombs", "convert", None, bombs, is_short=False),
    Attack("convert-lies", "convert", None, lies, is_short=False),
]
