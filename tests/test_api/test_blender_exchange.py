"""Blender's exports and imports over HTTP, read by other programs; and files that are not what they say."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import httpx
import pygltflib
import pytest
import trimesh
from PIL import Image

from tests.blender_builds import assert_lacks, writes
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


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def names(blender: httpx.Client) -> list[str]:
    return [each["name"] for each in blender.get("/objects").json()["result"]["objects"]]


# --- exports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_answered_and_read_back_by_blender(
    two: httpx.Client, http: httpx.Client, gateway: Gateway, format: str
) -> None:
    answer = two.post(
        "/export", json={"format": format, "filepath": "models/two"}, headers={"Accept": MEDIA_TYPES[format]}
    )
    if not writes(gateway, format):
        assert_lacks(answer, format)
        return
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
def test_modifiers_are_applied_unless_the_request_says_not(
    two: httpx.Client, http: httpx.Client, gateway: Gateway, format: str
) -> None:
    two.post("/objects/Box/modifiers", json={"type": "array", "count": 3})
    widths: list[float] = []
    for apply in (True, False):
        if not writes(gateway, format):
            wanted = {"format": format, "objects": ["Box"], "apply_modifiers": apply}
            assert_lacks(two.post("/export", json=wanted), format)
            continue
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
    assert widths == pytest.approx([6, 2] if writes(gateway, format) else [], abs=1e-3)
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


def test_usd_names_its_textures_as_it_refers_to_them(two: httpx.Client, http: httpx.Client, gateway: Gateway) -> None:
    two.post("/materials/Red/texture", files={"file": ("red.png", png((255, 0, 0)))})
    two.post("/materials/Blue/texture", files={"file": ("blue.png", png((0, 0, 255)))})
    if not writes(gateway, "usd"):
        assert_lacks(two.post("/export", json={"filepath": "two.usda"}), "usd")
        assert_lacks(two.post("/export", json={"filepath": "two.usdz"}), "usd")
        return
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


def test_the_suffix_says_the_format_and_must_agree(two: httpx.Client, gateway: Gateway) -> None:
    result = export(two, filepath="two.stl")
    assert (result["format"], result["artifact"]["name"]) == ("stl", "two.stl")
    assert export(two)["artifact"]["name"] == "scene.glb"
    assert export(two, filepath="two", format="ply")["artifact"]["name"] == "two.ply"
    for params, name in (({"filepath": "two", "format": "usd"}, "two.usd"), ({"filepath": "two.usda"}, "two.usda")):
        if writes(gateway, "usd"):
            assert export(two, **params)["artifact"]["name"] == name
        else:
            assert_lacks(two.post("/export", json=params), "usd")
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
        if writes(gateway, format):
            export(two, format=format, scale=3, apply_modifiers=False)
        else:
            assert_lacks(two.post("/export", json={"format": format}), format)
    assert (two.get("/objects").json(), evaluate(gateway, state)) == before
