"""Conversions on the real applications; what comes out is read by others: trimesh, OpenCASCADE 8, Pillow."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway

LENGTHS = (100.0, 50.0, 20.0)
VOLUME = 100_000.0 - np.pi * 10**2 * 20
"""A plate with a hole, in mm³."""


@pytest.fixture(scope="module")
def api(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client("/api/v1") as client:
        yield client


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A plate with a hole, written by another kernel than FreeCAD's."""
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut
    from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox, BRepPrimAPI_MakeCylinder
    from OCP.gp import gp_Ax2, gp_Dir, gp_Pnt
    from OCP.STEPControl import STEPControl_AsIs, STEPControl_Writer

    hole = BRepPrimAPI_MakeCylinder(gp_Ax2(gp_Pnt(30, 25, 0), gp_Dir(0, 0, 1)), 10, 20).Shape()
    plate = BRepAlgoAPI_Cut(BRepPrimAPI_MakeBox(*LENGTHS).Shape(), hole).Shape()
    path = tmp_path_factory.mktemp("step") / "plate.step"
    writer = STEPControl_Writer()
    writer.Transfer(plate, STEPControl_AsIs)
    writer.Write(str(path))
    return path.read_bytes()


def converted(api: httpx.Client, to: str, file: tuple[str, bytes] | str, **more: Any) -> dict[str, Any]:
    if isinstance(file, str):
        answer = api.post("/convert", params={"to": to}, json={"artifact": file, **more})
    else:
        query = {name: json.dumps(value) if name == "options" else value for name, value in more.items()}
        answer = api.post("/convert", params={"to": to, **query}, files={"file": file})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def content(api: httpx.Client, result: dict[str, Any]) -> bytes:
    return api.get(f"/artifacts/{result['artifact']['id']}").content


def solid(data: bytes, kind: str) -> trimesh.Trimesh:
    """The mesh of a file, in its own axes and unit."""
    loaded = trimesh.load(io.BytesIO(data), file_type=kind, force="mesh", process=True)
    assert isinstance(loaded, trimesh.Trimesh)
    loaded.merge_vertices(merge_tex=True, merge_norm=True)
    return loaded


def test_a_step_file_becomes_a_glb_in_metres_with_y_up(api: httpx.Client, step: bytes) -> None:
    result = converted(api, "glb", ("plate.step", step), options={"linear_deflection": 0.02, "angular_deflection": 0.1})
    assert (result["path"], result["formats"], result["warnings"]) == (["freecad"], ["step", "glb"], [])
    assert (result["artifact"]["name"], result["artifact"]["media_type"]) == ("plate.glb", "model/gltf-binary")
    mesh = solid(content(api, result), "glb")
    assert mesh.bounds == pytest.approx(np.array([[0, 0, -0.05], [0.1, 0.02, 0]]), abs=1e-6)
    assert mesh.is_watertight
    assert mesh.volume * 1e9 == pytest.approx(VOLUME, rel=1e-3)


def test_two_applications_share_a_way_that_none_goes_alone(api: httpx.Client, step: bytes) -> None:
    before = {each["id"] for each in api.get("/artifacts").json()["result"]["artifacts"]}
    names = [each["name"] for each in api.get("/freecad/objects").json()["result"]["objects"]]
    scene = api.get("/blender/objects").json()["result"]
    there = converted(api, ".FBX", ("plate.step", step))
    assert (there["path"], there["formats"]) == (["freecad", "blender"], ["step", "glb", "fbx"])
    assert there["artifact"]["name"] == "plate.fbx"
    left = [each for each in api.get("/artifacts").json()["result"]["artifacts"] if each["id"] not in before]
    assert sorted(each["name"] for each in left) == ["plate.fbx", "plate.step"], "what was handed on is removed"

    back = converted(api, "glb", there["artifact"]["id"])
    assert back["path"] == ["blender"]
    mesh = solid(content(api, back), "glb")
    assert mesh.bounds == pytest.approx(np.array([[0, 0, -0.05], [0.1, 0.02, 0]]), abs=1e-5)
    assert mesh.volume * 1e9 == pytest.approx(VOLUME, rel=5e-3)

    # No session has seen anything of it.
    assert [each["name"] for each in api.get("/freecad/objects").json()["result"]["objects"]] == names
    assert api.get("/blender/objects").json()["result"] == scene


def test_an_stl_becomes_an_obj_with_the_same_numbers_and_the_same_bytes_again(api: httpx.Client) -> None:
    box = trimesh.creation.box(extents=LENGTHS)
    box.apply_translation((7, 8, 9))
    written: Any = box.export(file_type="stl")
    stored = api.post("/artifacts", files={"file": ("part.stl", written)}).json()["result"]["id"]
    first, again = converted(api, "obj", stored), converted(api, "obj", stored)
    assert first["artifact"]["sha256"] == again["artifact"]["sha256"]
    mesh = solid(content(api, first), "obj")
    assert mesh.bounds == pytest.approx(box.bounds)
    assert mesh.volume == pytest.approx(100_000)

    scene = converted(api, "glb", stored)
    assert [each["code"] for each in scene["warnings"]] == ["unit_assumed"], "an STL does not say its unit"
    assert sorted(solid(content(api, scene), "glb").extents) == pytest.approx([0.02, 0.05, 0.1])


@pytest.mark.parametrize("name", ["plate.step", "cone.glb"])
def test_a_thumbnail_shows_the_part_framed_on_a_square(api: httpx.Client, step: bytes, name: str) -> None:
    cone: Any = trimesh.creation.cone(radius=0.2, height=1).export(file_type="glb")
    result = converted(api, "thumbnail", (name, step if name == "plate.step" else cone), size=200)
    assert (result["artifact"]["name"], result["artifact"]["media_type"]) == (f"{Path(name).stem}.png", "image/png")
    picture = np.asarray(Image.open(io.BytesIO(content(api, result))).convert("RGB")).astype(int)
    assert picture.shape == (200, 200, 3)
    shown = np.abs(picture - picture[0, 0]).sum(axis=2) > 24
    rows, columns = np.nonzero(shown)
    margins = (rows.min(), 199 - rows.max(), columns.min(), 199 - columns.max())
    assert min(margins) == pytest.approx(12, abs=2), "the longer side fills the frame"
    assert abs(margins[0] - margins[1]) <= 2
    assert abs(margins[2] - margins[3]) <= 2
    assert shown.sum() > 2000


def test_the_answer_is_the_file_itself_where_its_type_is_accepted(api: httpx.Client, step: bytes) -> None:
    answer = api.post(
        "/convert",
        params={"to": "thumbnail", "size": "64"},
        files={"file": ("plate.step", step)},
        headers={"Accept": "image/png"},
    )
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (64, 64)


def test_a_conversion_can_be_a_job(api: httpx.Client, step: bytes) -> None:
    ordered = api.post(
        "/convert", params={"to": "stl"}, files={"file": ("plate.step", step)}, headers={"Prefer": "respond-async"}
    )
    assert ordered.status_code == 202, ordered.text
    job = api.get(f"/jobs/{ordered.json()['result']['id']}", params={"wait": 60}).json()["result"]
    assert (job["state"], job["method"], job["error"]) == ("succeeded", "files.convert", None)
    assert (job["result"]["path"], job["result"]["artifact"]["name"]) == (["freecad"], "plate.stl")
    assert solid(content(api, job["result"]), "stl").extents == pytest.approx(LENGTHS)


def test_an_upload_with_a_key_is_converted_once(api: httpx.Client, step: bytes) -> None:
    sent: dict[str, Any] = {"params": {"to": "brep"}, "headers": {"Idempotency-Key": "convert-once"}}
    first, again = (api.post("/convert", files={"file": ("plate.step", step)}, **sent).json() for _ in range(2))
    assert first["result"]["artifact"]["id"] == again["result"]["artifact"]["id"]
    other = api.post("/convert", files={"file": ("plate.step", step + b"\n")}, **sent)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_conflict")


@pytest.mark.parametrize(
    ("name", "to", "near"), [("a.step", "gbl", "glb"), ("a.fbx", "step", "stl"), ("a.stl", "step", None)]
)
def test_what_cannot_be_made_is_refused_with_what_can(api: httpx.Client, name: str, to: str, near: str | None) -> None:
    answer = api.post("/convert", params={"to": to}, files={"file": (name, b"content")})
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == "unsupported_format"
    assert repr(to) in error["message"]
    assert to not in error["details"]["reachable"]
    assert {"glb", "stl", "thumbnail"} <= set(error["details"]["reachable"])
    assert near is None or near in error["details"]["did_you_mean"]


def test_a_pdf_is_neither_made_of_a_file_nor_listed_as_if_it_were(api: httpx.Client, step: bytes) -> None:
    answer = api.post("/convert", params={"to": "pdf"}, files={"file": ("plate.step", step)})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "unsupported_format")
    assert "pdf" not in error["details"]["reachable"]
    assert {"svg", "dxf", "glb"} <= set(error["details"]["reachable"])
    assert "pdf" not in json.dumps(api.get("/formats").json()["result"])
    other = api.post("/convert", params={"to": "qqqqq"}, files={"file": ("plate.step", step)})
    assert "is no format that is known here. Of step, this can be made: 3mf" in other.json()["error"]["message"]


@pytest.mark.parametrize(
    ("file", "query", "code", "said"),
    [
        (("a.step", b"ISO-10303-21; but no more"), {"to": "glb"}, "unsupported_format", "a.step"),
        (("a.xyz", b"\x01\x02\x03"), {"to": "glb"}, "unsupported_format", "a.xyz"),
        (("a.step", b"x"), {"to": "glb", "size": "64"}, "validation_error", "thumbnail"),
        (("a.step", b"x"), {"to": "glb", "options": '{"scal": 2}'}, "validation_error", "linear_deflection"),
        (("a.step", b"x"), {"to": "glb", "options": "{"}, "validation_error", "JSON"),
        (("a.step", b"x"), {"to": "glb", "options": '{"linear_deflection": -1}'}, "validation_error", "above 0"),
        (("a.step", b"x"), {}, "validation_error", "to"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    api: httpx.Client, file: tuple[str, bytes], query: dict[str, str], code: str, said: str
) -> None:
    answer = api.post("/convert", params=query, files={"file": file})
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert said in error["message"]


def test_a_missing_artifact_is_not_found(api: httpx.Client) -> None:
    answer = api.post("/convert?to=glb", json={"artifact": "0" * 32})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "artifact_not_found")


def test_the_formats_are_those_that_the_applications_announce(api: httpx.Client) -> None:
    formats = {each["format"]: each for each in api.get("/formats").json()["result"]["formats"]}
    assert formats["step"]["read_by"] == formats["step"]["written_by"] == ["freecad"]
    assert {"glb", "fbx", "abc", "blend", "step", "svg", "thumbnail"} <= set(formats["step"]["converts_to"])
    assert formats["fbx"]["read_by"] == ["blender"]
    assert "step" not in formats["fbx"]["converts_to"], "a mesh becomes no exact shape"
    assert {".stp", ".step"} <= set(formats["step"]["suffixes"])
    assert formats["svg"]["converts_to"] == []


PICTURE = """
import os
made = bpy.data.images.new("made", 8, 8)
made.filepath_raw, made.file_format = os.path.join(os.getcwd(), "somebodys.png"), "PNG"
made.pixels[:] = [1, 0, 1, 1] * 64
made.save()
path = made.filepath_raw
bpy.data.images.remove(made)
cube = bpy.data.meshes.new("M")
cube.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
thing = bpy.data.objects.new("Thing", cube)
bpy.context.scene.collection.objects.link(thing)
material = bpy.data.materials.new("P")
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.image = bpy.data.images.load(path)
material.node_tree.links.new(node.outputs[0], material.node_tree.nodes["Principled BSDF"].inputs["Base Color"])
cube.materials.append(material)
file = os.path.join(os.path.dirname(path), "names_it.blend")
bpy.ops.wm.save_as_mainfile(filepath=file, copy=True, relative_remap=False, compress=True)
answer = open(file, "rb").read().hex()
os.unlink(file)
for block in (thing, cube, material):
    getattr(bpy.data, {"Object": "objects", "Mesh": "meshes"}.get(type(block).__name__, "materials")).remove(block)
answer
"""


def test_a_conversion_reads_no_file_of_a_session(api: httpx.Client, gateway: Gateway, blender: httpx.Client) -> None:
    data = bytes.fromhex(evaluate(gateway, PICTURE))
    opened = blender.post("/scene/open", files={"file": ("a.blend", data)})
    assert opened.json()["result"].get("warnings", []) == []  # its own session may
    result = converted(api, "glb", ("a.blend", data))
    assert "missing_files" in [each["code"] for each in result["warnings"]]
    assert b"PNG" not in content(api, result)


def test_a_conversion_reads_no_file_as_it_is(api: httpx.Client) -> None:
    query = {"to": "glb", "options": json.dumps({"trusted": True})}
    answer = api.post("/convert", params=query, files={"file": ("a.blend", b"BLENDER-v405")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error"), answer.text
