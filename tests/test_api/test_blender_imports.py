"""Files come into Blender: uploads and artifacts, whole, damaged and hostile; and what only some exports have."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import png
from tests.test_api.test_blender_exchange import add, code, content, export, names, refuses_usd


def upload(blender: httpx.Client, name: str, data: Any, **query: Any) -> httpx.Response:
    return blender.post("/import", files={"file": (name, data)}, params=query)


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
