"""What a key without `execute` must not reach by properties, animations and files: programs, caches, other names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway

pytestmark = pytest.mark.security


@pytest.fixture
def cloth(blender: httpx.Client) -> httpx.Client:
    """A session with a grid that is a cloth, and a camera."""
    assert blender.post("/primitives/grid", json={"name": "Sheet"}).status_code == 201
    assert blender.post("/camera", json={"name": "Camera", "location": [0, 0, 5]}).status_code == 201
    properties = {"properties": {"type": "CLOTH"}, "context": {"active": "Sheet", "selected": ["Sheet"]}}
    assert blender.post("/operators/object.modifier_add", json=properties).status_code == 200
    return blender


CACHE = "objects/Sheet/modifiers/Cloth/point_cache"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cameras/Camera/custom_bytecode", "OpenShadingLanguage 1.00"),
        ("cameras/Camera/custom_bytecode_hash", "0"),
        ("scenes/Scene/render/views/left/file_suffix", "/../../x"),
        *((f"{CACHE}/{name}", True) for name in ("use_disk_cache", "use_external", "use_library_path")),
        *((f"{CACHE}/point_caches/0/{name}", True) for name in ("use_disk_cache", "use_external", "use_library_path")),
        ("scenes/Scene/render/use_render_cache", True),
    ],
)
def test_what_reaches_programs_and_files_is_not_set(cloth: httpx.Client, path: str, value: Any) -> None:
    before = cloth.get(f"/data/{path}").json()["result"]["value"]
    answer = cloth.patch(f"/data/{path}", json={"value": value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "path_not_allowed"), answer.text
    assert cloth.get(f"/data/{path}").json()["result"]["value"] == before


@pytest.mark.parametrize("name", ["use_disk_cache", "use_external", "use_library_path"])
def test_what_writes_files_is_not_animated_either(cloth: httpx.Client, name: str) -> None:
    path = f'modifiers["Cloth"].point_cache.{name}'
    keys = cloth.post("/objects/Sheet/animation", json={"path": path, "keys": [{"frame": 1, "value": True}]})
    assert (keys.status_code, keys.json()["error"]["code"]) == (422, "path_not_allowed"), keys.text
    # An action with a curve of another property, which comes before those that are added here.
    keys = cloth.post("/objects/Sheet/animation", json={"path": "location", "keys": [{"frame": 1, "value": [0, 0, 0]}]})
    assert keys.status_code in (200, 201), keys.text
    (action,) = cloth.get("/data/actions").json()["result"]["value"]
    curves = f"/data/actions/{action}/fcurves"
    if cloth.get(curves).status_code == 404:
        # From Blender 5.0 they are in a bag of a strip of a layer only.
        curves = f"/data/actions/{action}/layers/0/strips/0/channelbags/0/fcurves"
    total = len(cloth.get(curves).json()["result"]["value"])
    curve = cloth.post(curves, json={"arguments": {"data_path": path}})
    assert (curve.status_code, curve.json()["error"]["code"]) == (422, "path_not_allowed"), curve.text
    curve = cloth.post(curves, json={"arguments": {"data_path": "scale"}})
    assert curve.status_code == 201, curve.text
    curve = cloth.patch(f"{curves}/{total}/data_path", json={"value": path})
    assert (curve.status_code, curve.json()["error"]["code"]) == (422, "path_not_allowed"), curve.text
    assert cloth.get(f"{curves}/{total}/data_path").json()["result"]["value"] == "scale"
    assert cloth.get(f"{curves}/scale").status_code == 404
    assert cloth.delete(f"/data/actions/{action}").status_code == 200


def test_a_scene_of_several_views_is_one_picture_and_says_so(gateway: Gateway, cloth: httpx.Client) -> None:
    for name, value in (("use_multiview", True), ("views_format", "MULTIVIEW")):
        assert cloth.patch(f"/data/scenes/Scene/render/{name}", json={"value": value}).status_code == 200
    try:
        body = {"resolution": [32, 24], "samples": 1, "engine": "cycles"}
        drawn = cloth.post("/render", json=body)
        assert drawn.status_code == 200, drawn.text
        assert [each["code"] for each in drawn.json()["result"]["warnings"]] == ["one_view", "temporary_sun"]
    finally:
        cloth.patch("/data/scenes/Scene/render/use_multiview", json={"value": False})


TEXT = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
HUGE = b"9" * 26


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(
            (f"{word}.obj", TEXT + line + HUGE + b"\n")
            for word, line in (("f", b"f 1 2 "), ("l", b"l 1 "), ("p", b"p "))
        ),
        ("negative.obj", TEXT + b"f 1 2 -" + HUGE + b"\n"),
        ("format.ply", b"ply\nformat\nelement vertex 3\nend_header\n"),
        ("property.ply", b"ply\nformat ascii 1.0\nelement vertex 3\nproperty\nproperty x\nend_header\n1\n1\n1\n"),
        (
            "type.ply",
            b"ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty half x\nproperty half y\n"
            b"property float z\nend_header\n12345678",
        ),
    ],
)
def test_numbers_that_no_file_has_are_no_defect(blender: httpx.Client, name: str, content: bytes) -> None:
    answer = blender.post("/import", files={"file": (name, content)})
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        assert blender.get("/objects").json()["result"]["total"] == 0


def test_nothing_is_written_beside_the_workspace(gateway: Gateway, tmp_path: Path, cloth: httpx.Client) -> None:
    """Names of pictures, objects and materials that are paths stay names in every format."""
    evil = str(tmp_path / "evil")[:60]
    assert cloth.post("/data/images", json={"name": evil, "arguments": {"width": 4, "height": 4}}).status_code == 201
    assert cloth.post("/materials", json={"name": "../../m"}).status_code == 201
    tree = "/data/materials/..%2F..%2Fm/node_tree"
    made = cloth.post(f"{tree}/nodes", json={"name": "T", "arguments": {"type": "ShaderNodeTexImage"}})
    assert made.status_code == 201, made.text
    assert cloth.patch(f"{tree}/nodes/T/image", json={"value": evil}).status_code == 200
    link = {
        "input": "materials/..%2F..%2Fm/node_tree/nodes/Principled BSDF/inputs/Base Color",
        "output": "materials/..%2F..%2Fm/node_tree/nodes/T/outputs/Color",
    }
    assert cloth.post(f"{tree}/links", json={"arguments": link}).status_code == 201
    assert cloth.post("/materials/apply", json={"object": "Sheet", "material": "../../m"}).status_code == 200
    for format in ("usd", "obj", "fbx", "gltf", "glb", "blend"):
        exported = cloth.post("/export", json={"format": format})
        assert exported.status_code == 200, exported.text
        assert not any(each["name"].startswith(("/", "..")) for each in exported.json()["result"]["related"])
    assert list(tmp_path.iterdir()) == []
    cloth.delete("/data/images/" + evil.replace("/", "%2F"))
    cloth.delete("/materials/..%2F..%2Fm")
