"""Blender's exports and imports over HTTP, read by other programs; and files that are not what they say."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pygltflib
import pytest
import trimesh
from PIL import Image

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import pixel, png

FORMATS = ["glb", "gltf", "obj", "stl", "ply", "fbx", "usd", "abc", "blend"]
HEADS = {
    "glb": b"glTF",
    "gltf": b"{",
    "obj": b"# Blender",
    "ply": b"ply",
    "fbx": b"Kaydara FBX Binary",
    "usd": b"PXR-USDC",
    "abc": b"Ogawa",
}
MEDIA_TYPES = {
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "obj": "model/obj",
    "stl": "model/stl",
    "ply": "application/x-ply",
    "fbx": "application/x-fbx",
    "usd": "model/vnd.usd",
    "abc": "application/x-alembic",
    "blend": "application/x-blender",
}


def add(blender: httpx.Client, primitive: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def export(blender: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = blender.post("/export", json=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def content(http: httpx.Client, artifact: dict[str, Any]) -> bytes:
    return http.get(artifact["url"]).content


def loaded(http: httpx.Client, result: dict[str, Any]) -> trimesh.Trimesh:
    """The exported file as one mesh, as trimesh reads it."""
    data = BytesIO(content(http, result["artifact"]))
    mesh: Any = trimesh.load(data, file_type=result["format"], force="mesh", process=True)
    return mesh


def upload(blender: httpx.Client, name: str, data: Any, **query: Any) -> httpx.Response:
    return blender.post("/import", files={"file": (name, data)}, params=query)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def names(blender: httpx.Client) -> list[str]:
    return [each["name"] for each in blender.get("/objects").json()["result"]["objects"]]


@pytest.fixture
def two(blender: httpx.Client) -> httpx.Client:
    """A red cube of 2 at (1, 2, 3), and a blue ball of radius 0.5 at the origin."""
    blender.post("/materials", json={"name": "Red", "color": [1, 0, 0]})
    blender.post("/materials", json={"name": "Blue", "color": [0, 0, 1]})
    add(blender, "cube", name="Box", location=[1, 2, 3], material="Red")
    add(blender, "sphere", name="Ball", radius=0.5, material="Blue")
    return blender


# --- exports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_answered_and_read_back_by_blender(
    two: httpx.Client, http: httpx.Client, format: str
) -> None:
    answer = two.post(
        "/export", json={"format": format, "filepath": "models/two"}, headers={"Accept": MEDIA_TYPES[format]}
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == MEDIA_TYPES[format]
    assert answer.content.startswith(HEADS.get(format, b""))
    artifact = answer.headers["X-Artifact-Id"]
    assert http.get(f"/api/v1/artifacts/{artifact}").content == answer.content

    if format == "usd" and refuses_usd(two, http, artifact):
        return
    before = {each["name"]: each for each in two.get("/objects").json()["result"]["objects"]}
    two.delete("/scene")
    imported = two.post("/import", json={"artifact": artifact})
    assert imported.status_code == 200, imported.text
    objects = imported.json()["result"]["objects"]
    meshes = [each for each in objects if each["type"] == "MESH"]
    if format in ("stl", "ply"):
        assert len(meshes) == 1
        assert meshes[0]["dimensions"] == pytest.approx([2.5, 3.5, 4.5], abs=1e-4)
    else:
        assert sorted(each["name"] for each in meshes) == ["Ball", "Box"]
        for each in meshes:
            assert each["dimensions"] == pytest.approx(before[each["name"]]["dimensions"], abs=1e-3)
    assert sorted(names(two)) == sorted(each["name"] for each in objects)


@pytest.mark.parametrize("format", ["glb", "gltf", "obj", "stl", "ply"])
def test_another_program_reads_the_same_shape(two: httpx.Client, http: httpx.Client, format: str) -> None:
    result = export(two, format=format, objects=["Box"])
    assert (result["objects"], result["format"]) == (["Box"], format)
    mesh = loaded(http, result)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    assert mesh.is_watertight
    assert len(mesh.vertices) == 8
    assert mesh.volume == pytest.approx(8, rel=1e-5)
    y_up = format in ("glb", "gltf", "obj")
    assert mesh.bounds.tolist() == (
        [[0.0, 2.0, -3.0], [2.0, 4.0, -1.0]] if y_up else [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]
    )


@pytest.mark.parametrize("format", ["glb", "obj", "stl", "ply"])
def test_scale_and_up_axis_are_as_asked(two: httpx.Client, http: httpx.Client, format: str) -> None:
    z_up = loaded(http, export(two, format=format, objects=["Box"], scale=1000, up="Z"))
    assert z_up.bounds.tolist() == [[0.0, 1000.0, 2000.0], [2000.0, 3000.0, 4000.0]]
    y_up = loaded(http, export(two, format=format, objects=["Box"], scale=0.5, up="y"))
    assert y_up.bounds.tolist() == [[0.0, 1.0, -1.5], [1.0, 2.0, -0.5]]


@pytest.mark.parametrize("format", ["glb", "stl", "obj", "fbx", "usd", "abc"])
def test_modifiers_are_applied_unless_the_request_says_not(two: httpx.Client, http: httpx.Client, format: str) -> None:
    two.post("/objects/Box/modifiers", json={"type": "array", "count": 3})
    widths: list[float] = []
    for apply in (True, False):
        artifact = export(two, format=format, objects=["Box"], apply_modifiers=apply)["artifact"]["id"]
        if format == "usd" and refuses_usd(two, http, artifact):
            return
        two.post("/collections", json={"name": "In", "on_conflict": "replace"})
        objects = two.post("/import?collection=In", json={"artifact": artifact}).json()["result"]["objects"]
        assert {tuple(each["collections"]) for each in objects} == {("In",)}
        mesh = next(each for each in objects if each["type"] == "MESH")
        widths.append(mesh["dimensions"][0])
        for each in objects:
            two.delete(f"/objects/{each['name']}")
    assert widths == pytest.approx([6, 2], abs=1e-3)
    assert two.get("/objects/Box").json()["result"]["modifiers"] == ["Array"]


def test_gltf_is_one_file_that_holds_its_buffers_and_images(two: httpx.Client, http: httpx.Client) -> None:
    two.post("/materials/Red/texture", files={"file": ("red.png", png((255, 0, 0)))})
    result = export(two, format="gltf")
    assert result["related"] == []
    document = json.loads(content(http, result["artifact"]))
    uris = [each["uri"] for each in [*document["buffers"], *document["images"]]]
    assert len(uris) == 2
    for uri in uris:
        head, _, data = uri.partition(";base64,")
        assert head.startswith("data:")
        assert base64.b64decode(data, validate=True)
    gltf = pygltflib.GLTF2.from_json(json.dumps(document))
    assert {mesh.name for mesh in gltf.meshes} == {"Box", "Ball"}
    assert {material.name for material in gltf.materials} == {"Red", "Blue"}


def test_obj_has_its_materials_and_textures_beside_it(two: httpx.Client, http: httpx.Client) -> None:
    two.post("/materials/Red/texture", files={"file": ("red.png", png((255, 0, 0)))})
    result = export(two, format="obj", filepath="parts/two.obj")
    related = {each["name"]: content(http, each) for each in result["related"]}
    assert b"mtllib two.mtl" in content(http, result["artifact"])
    assert b"newmtl Red" in related["two.mtl"]
    picture = next(name for name in related if name.endswith(".png"))
    assert f"map_Kd {picture}".encode() in related["two.mtl"]
    assert related[picture].startswith(b"\x89PNG")


def refuses_usd(blender: httpx.Client, http: httpx.Client, artifact: str) -> bool:
    """Whether this Blender is 4.2, whose wheel lacks USD's own modules: what a file refers to cannot be looked at."""
    if not http.get("/health/blender").json()["result"]["application"].startswith("Blender 4.2"):
        return False
    assert code(blender.post("/import", json={"artifact": artifact})) == (422, "unsupported_format")
    return True


def test_usd_names_its_textures_as_it_refers_to_them(two: httpx.Client, http: httpx.Client) -> None:
    two.post("/materials/Red/texture", files={"file": ("red.png", png((255, 0, 0)))})
    two.post("/materials/Blue/texture", files={"file": ("blue.png", png((0, 0, 255)))})
    result = export(two, filepath="two.usda")
    # 4.2 writes the pictures anew: what counts is what they show.
    shown = {each["name"]: Image.open(BytesIO(content(http, each))) for each in result["related"]}
    assert {name: (image.size, pixel(image)) for name, image in shown.items()} == {
        "textures/blue.png": ((4, 4), (0, 0, 255)),
        "textures/red.png": ((4, 4), (255, 0, 0)),
    }
    assert b"@./textures/red.png@" in content(http, result["artifact"])
    if refuses_usd(two, http, result["artifact"]["id"]):
        return
    objects = two.post("/import", json={"artifact": result["artifact"]["id"]}).json()["result"]["objects"]
    assert len(objects) == 2
    whole = export(two, filepath="two.usdz", objects=["Box"])
    assert whole["related"] == []
    assert content(http, whole["artifact"]).startswith(b"PK")


def test_fbx_holds_its_textures(two: httpx.Client) -> None:
    two.post("/materials/Red/texture", files={"file": ("red.png", png((255, 0, 0)))})
    result = export(two, format="fbx")
    assert result["related"] == []
    two.delete("/scene")
    two.post("/import", json={"artifact": result["artifact"]["id"]})
    assert list(two.get("/materials/Red").json()["result"]["textures"]) == ["color"]


def test_materials_travel_with_glb(two: httpx.Client) -> None:
    artifact = export(two, format="glb")["artifact"]["id"]
    two.delete("/scene")
    two.post("/import", json={"artifact": artifact})
    assert two.get("/materials/Red").json()["result"]["color"] == pytest.approx([1, 0, 0, 1])
    assert two.get("/objects/Box").json()["result"]["materials"] == ["Red"]


def test_hidden_objects_are_exported_when_they_are_named(two: httpx.Client, http: httpx.Client) -> None:
    two.patch("/objects/Box", json={"visible": False})
    assert loaded(http, export(two, format="stl", objects=["Box"])).volume == pytest.approx(8, rel=1e-5)
    assert two.get("/objects/Box").json()["result"]["visible"] is False


def test_a_blend_holds_only_what_was_asked_for_with_modifiers(two: httpx.Client) -> None:
    two.post("/objects/Ball/modifiers", json={"type": "solidify"})
    artifact = export(two, format="blend", objects=["Ball"])["artifact"]["id"]
    two.delete("/scene")
    objects = two.post("/import", json={"artifact": artifact}).json()["result"]["objects"]
    assert [(each["name"], each["modifiers"]) for each in objects] == [("Ball", ["Solidify"])]


def test_the_suffix_says_the_format_and_must_agree(two: httpx.Client) -> None:
    result = export(two, filepath="two.stl")
    assert (result["format"], result["artifact"]["name"]) == ("stl", "two.stl")
    assert export(two)["artifact"]["name"] == "scene.glb"
    assert export(two, filepath="two", format="usd")["artifact"]["name"] == "two.usd"
    assert export(two, filepath="two.usda")["artifact"]["name"] == "two.usda"
    assert code(two.post("/export", json={"filepath": "two.stl", "format": "glb"})) == (422, "validation_error")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"format": "docx"}, (422, "validation_error")),
        ({"objects": []}, (422, "validation_error")),
        ({"objects": "Box"}, (422, "validation_error")),
        ({"objects": ["Box", "No"]}, (404, "object_not_found")),
        ({"scale": 0}, (422, "validation_error")),
        ({"scale": -1}, (422, "validation_error")),
        ({"up": "X"}, (422, "validation_error")),
        ({"format": "abc", "up": "Z"}, (422, "validation_error")),
        ({"apply_modifiers": "yes"}, (422, "validation_error")),
        ({"filepath": "../../etc/passwd"}, (422, "path_not_allowed")),
        ({"filepath": "/tmp/x.glb"}, (422, "path_not_allowed")),
        ({"filepath": ""}, (422, "path_not_allowed")),
        ({"filepath": "a/"}, (422, "path_not_allowed")),
        ({"units": "mm"}, (422, "validation_error")),
    ],
)
def test_an_export_that_cannot_be_is_refused_and_writes_nothing(
    two: httpx.Client, http: httpx.Client, params: dict[str, Any], expected: tuple[int, str]
) -> None:
    before = http.get("/api/v1/artifacts").json()["result"]
    assert code(two.post("/export", json=params)) == expected
    assert http.get("/api/v1/artifacts").json()["result"] == before


@pytest.mark.parametrize("format", [each for each in FORMATS if each != "blend"])
def test_nothing_to_export_is_said_and_no_file_is_written(
    blender: httpx.Client, http: httpx.Client, format: str
) -> None:
    before = http.get("/api/v1/artifacts").json()["result"]
    assert code(blender.post("/export", json={"format": format})) == (422, "degenerate_result")
    assert http.get("/api/v1/artifacts").json()["result"] == before


def test_a_light_alone_has_no_surface(blender: httpx.Client) -> None:
    blender.post("/light", json={"name": "Key"})
    assert code(blender.post("/export", json={"format": "stl"})) == (422, "degenerate_result")
    assert export(blender, format="glb")["objects"] == ["Key"]


def test_an_export_leaves_the_session_as_it_was(two: httpx.Client, gateway: Gateway) -> None:
    two.patch("/objects/Ball", json={"visible": False})
    two.post("/objects/Box/modifiers", json={"type": "bevel"})
    state = "[[obj.select_get(), obj.hide_viewport, len(obj.modifiers)] for obj in bpy.data.objects]"
    before = two.get("/objects").json(), evaluate(gateway, state)
    for format in FORMATS:
        export(two, format=format, scale=3, apply_modifiers=False)
    assert (two.get("/objects").json(), evaluate(gateway, state)) == before


# --- imports -----------------------------------------------------------------------------------------------------


def test_an_upload_is_added_to_what_is_there_and_renamed_where_a_name_is_taken(
    two: httpx.Client, http: httpx.Client
) -> None:
    data = content(http, export(two, format="glb")["artifact"])
    before = two.get("/objects/Box").json()["result"]
    answer = upload(two, "two.glb", data)
    assert answer.status_code == 200, answer.text
    objects = answer.json()["result"]["objects"]
    assert sorted(each["name"] for each in objects) == ["Ball.001", "Box.001"]
    assert sorted(names(two)) == ["Ball", "Ball.001", "Box", "Box.001"]
    assert two.get("/objects/Box").json()["result"] == before
    assert objects[0] == two.get(f"/objects/{objects[0]['name']}").json()["result"]


def test_scale_up_axis_and_collection_of_an_import(blender: httpx.Client, http: httpx.Client) -> None:
    blender.post("/collections", json={"name": "In"})
    mesh = trimesh.creation.box((10, 20, 30))
    mesh.apply_translation([0, 0, 15])
    answer = upload(blender, "plate.stl", mesh.export(file_type="stl"), scale=0.1, collection="In")
    (plate,) = answer.json()["result"]["objects"]
    assert (plate["name"], plate["collections"]) == ("plate", ["In"])
    assert plate["dimensions"] == pytest.approx([1, 2, 3])
    answer = upload(blender, "plate.stl", mesh.export(file_type="stl"), up="Y")
    assert answer.json()["result"]["objects"][0]["name"] == "plate.001"
    assert code(upload(blender, "plate.glb", mesh.export(file_type="glb"), up="Z")) == (422, "validation_error")
    assert code(upload(blender, "plate.stl", mesh.export(file_type="stl"), collection="No")) == (
        404,
        "collection_not_found",
    )
    assert len(names(blender)) == 2


def test_a_part_of_freecad_becomes_an_object(blender: httpx.Client, freecad: httpx.Client) -> None:
    freecad.post("/primitives/cylinder", json={"name": "Pin", "radius": 5, "height": 40})
    exported = freecad.post("/export", json={"format": "stl", "linear_deflection": 0.01}).json()["result"]
    answer = blender.post("/import?scale=0.001", json={"artifact": exported["artifact"]["id"]})
    assert answer.status_code == 200, answer.text
    (pin,) = answer.json()["result"]["objects"]
    assert pin["dimensions"] == pytest.approx([0.01, 0.01, 0.04], rel=1e-3)


def gltf_with(uri: str) -> bytes:
    return json.dumps({"asset": {"version": "2.0"}, "buffers": [{"uri": uri, "byteLength": 12}]}).encode()


BROKEN = [
    ("a.txt", b"hello"),
    ("a", b"hello"),
    ("a.glb", b"hello"),
    ("a.glb", struct.pack("<4sIIII", b"glTF", 2, 1000, 4, 0x4E4F534A) + b"{}  "),
    ("a.gltf", b"[]"),
    ("a.gltf", b"{" * 5000),
    ("a.gltf", gltf_with("../../../etc/passwd")),
    ("a.gltf", gltf_with("file:///etc/passwd")),
    ("a.obj", b"\0\1\2"),
    ("a.obj", b"just words\n"),
    ("a.stl", b"\0" * 100),
    ("a.ply", b"solid\n"),
    ("a.fbx", b"\x89PNG"),
    ("a.blend", b"\x89PNG"),
    ("a.png", png((1, 2, 3))),
]


@pytest.mark.parametrize(("name", "data"), BROKEN)
def test_a_file_that_is_not_what_it_says_is_unsupported(two: httpx.Client, name: str, data: bytes) -> None:
    before = two.get("/objects").json()["result"]
    assert code(upload(two, name, data)) == (422, "unsupported_format")
    assert two.get("/objects").json()["result"] == before


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.fbx", b"Kaydara FBX Binary  \0\x1a\0"),
        ("a.blend", b"BLENDER-v405"),
        ("a.usd", b"PXR-USDC"),
        ("a.abc", b"Ogawa"),
        ("a.ply", b"ply\nformat binary_little_endian 1.0\nelement vertex 99999999\nproperty float x\nend_header\n"),
        ("a.stl", b"solid nothing\nendsolid\n"),
        ("a.gltf", b'{"asset": {"version": "9.0"}}'),
    ],
)
def test_a_damaged_file_is_refused_and_blender_lives(two: httpx.Client, name: str, head: bytes) -> None:
    before = two.get("/objects").json()["result"]
    pid = two.get("/../../../health/blender").json()["result"]["pid"]
    noise = b"" if name.endswith((".gltf", ".stl")) else bytes((i * 7919 + 13) % 256 for i in range(3000))
    answer = upload(two, name, head + noise)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] in ("command_failed", "degenerate_result", "unsupported_format")
    assert "/" not in answer.json()["error"]["message"]
    assert two.get("/objects").json()["result"] == before
    assert two.get("/../../../health/blender").json()["result"]["pid"] == pid


def test_an_import_without_a_file_or_with_an_unknown_artifact_is_refused(blender: httpx.Client) -> None:
    assert code(blender.post("/import", json={"artifact": "0" * 32})) == (404, "artifact_not_found")
    assert code(blender.post("/import", json={})) == (422, "validation_error")
    assert code(blender.post("/import", files={"other": ("a.glb", b"x")})) == (422, "validation_error")
    assert code(blender.post("/import", files={"file": ("a.glb", b"")})) == (422, "validation_error")
    assert code(blender.post("/import", content=b"x", headers={"Content-Type": "text/plain"})) == (
        415,
        "unsupported_media_type",
    )


def test_a_blend_brings_no_scripts_and_no_files_of_this_machine(
    blender: httpx.Client, gateway: Gateway, http: httpx.Client, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(png((1, 2, 3)))
    # In a Blender without a sandbox, as on the machine of whoever sends it.
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            f"""
import bpy, os
bpy.ops.wm.read_factory_settings(use_empty=True)
text = bpy.data.texts.new("evil.py")
text.write("import bpy; bpy.data.objects.new('Evil', None)")
text.use_module = True
image = bpy.data.images.load({str(secret)!r})
image.use_fake_user = True
material = bpy.data.materials.new("Spy")
material.use_nodes = True
material.node_tree.nodes.new("ShaderNodeTexImage").image = image
obj = bpy.data.objects.new("Box", bpy.data.meshes.new("Box"))
obj.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
obj.data.materials.append(material)
bpy.context.scene.collection.objects.link(obj)
bpy.ops.wm.save_as_mainfile(filepath={str(tmp_path / "evil.blend")!r}, copy=True)
os._exit(0)
""",
        ],
        capture_output=True,
    )
    assert made.returncode == 0, made.stderr
    answer = upload(blender, "evil.blend", (tmp_path / "evil.blend").read_bytes())
    assert answer.status_code == 200, answer.text
    assert [each["code"] for each in answer.json()["result"]["warnings"]] == ["missing_files", "code_left_out"]
    assert names(blender) == ["Box"]
    sizes = "[list(image.size) for image in bpy.data.images]"
    assert evaluate(gateway, sizes) in ([], [[0, 0]])


def test_undo_takes_an_import_back(two: httpx.Client, http: httpx.Client) -> None:
    before = two.get("/objects").json()["result"]
    artifact = export(two, format="glb")["artifact"]["id"]
    two.post("/import", json={"artifact": artifact})
    assert len(names(two)) == 4
    assert two.post("/undo").status_code == 200
    assert two.get("/objects").json()["result"] == before


@pytest.mark.parametrize("format", ["stl", "obj", "ply"])
def test_an_export_names_only_what_is_in_the_file(blender: httpx.Client, format: str) -> None:
    add(blender, "cube", name="Box")
    add(blender, "empty", name="Nothing")
    blender.post("/camera", json={"name": "View"})

    everything = export(blender, format=format)
    named = export(blender, format=format, objects=["View", "Box", "Nothing"])

    assert (everything["objects"], everything["warnings"]) == (["Box"], [])
    assert named["objects"] == ["Box"]
    assert named["warnings"] == [
        {
            "code": "left_out",
            "message": f"What has no surface cannot be in a {format} file, and was left out: 'View', 'Nothing'",
        }
    ]


def test_an_obj_file_gives_no_material_to_what_has_none(blender: httpx.Client, http: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Red"})
    blender.post("/collections", json={"name": "Group"})
    add(blender, "cube", name="A", material="Red")
    add(blender, "cube", name="B")
    add(blender, "sphere", name="C", material="Red", collection="Group")
    add(blender, "cube", name="D", collection="Group")
    written = export(blender, format="obj")
    assert blender.delete("/scene").status_code == 200

    made = blender.post("/import", json={"artifact": written["artifact"]["id"]}).json()["result"]["objects"]

    bare = {each["name"]: bool(each["materials"]) for each in made}
    assert bare == {"A": True, "B": False, "C": True, "D": False}


def test_an_alembic_file_that_is_whole_misses_no_files(two: httpx.Client) -> None:
    written = export(two, format="abc")

    made = two.post("/import", json={"artifact": written["artifact"]["id"]}).json()["result"]

    assert made["warnings"] == []
    assert len(made["objects"]) == 2


def test_names_that_usd_cannot_hold_are_told(blender: httpx.Client, http: httpx.Client) -> None:
    for name in ("Würfel", "a b", "Plain_1"):
        add(blender, "cube", name=name)

    written = export(blender, format="usd")

    [warning] = written["warnings"]
    assert warning["code"] == "renamed"
    told = {name for name in ("Würfel", "a b", "Plain_1") if repr(name) in warning["message"]}
    # 5.0 writes letters of all scripts.
    assert {"a b"} <= told <= {"a b", "Würfel"}
    if refuses_usd(blender, http, written["artifact"]["id"]):
        return
    assert blender.delete("/scene").status_code == 200
    blender.post("/import", json={"artifact": written["artifact"]["id"]})
    kept = {"Würfel", "a b", "Plain_1"} - told
    assert kept | {"a_b"} <= set(names(blender))
    assert not told & set(names(blender))
    assert export(blender, format="usd")["warnings"] == []


@pytest.mark.parametrize("name", [".", "parts/.", "..", ". ."])
def test_a_refused_path_is_told_as_it_was_sent(two: httpx.Client, name: str) -> None:
    error = two.post("/export", json={"format": "glb", "filepath": name}).json()["error"]

    assert (error["code"], error["details"]["path"]) == ("path_not_allowed", name)


def test_the_schema_says_which_types_the_bytes_of_an_export_have(http: httpx.Client) -> None:
    export = http.get("/openapi.json").json()["paths"]["/api/v1/blender/export"]["post"]
    types = export["responses"]["200"]["content"].keys()
    assert {"application/json", "model/gltf-binary", "model/stl", "application/x-blender"} <= types
