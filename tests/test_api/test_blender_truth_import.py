"""What Blender imports is what the file holds: refused, warned of or right, and scaled with all that moves."""

# pxr makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import struct
from typing import Any

import httpx
import pytest
from pxr import Gf, Sdf, Usd, UsdGeom

from tests.blender_builds import has_library
from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.truth.carried_case import Carried, document

TRIANGLE = ["facet normal 0 0 1", "outer loop", "vertex 0 0 0", "vertex 1 0 0", "vertex 0 1 0", "endloop", "endfacet"]
STL = "\n".join(["solid part", *TRIANGLE, "endsolid part"])
PLY = (
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
)
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


def upload(blender: httpx.Client, name: str, data: bytes | str, **query: Any) -> httpx.Response:
    data = data.encode() if isinstance(data, str) else data
    return blender.post("/import", files={"file": (name, data)}, params=query)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def warned(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["code"] for each in answer.json()["result"]["warnings"]]


def binary_stl(*corners: float, tail: bytes = b"") -> bytes:
    return b"made here".ljust(80) + struct.pack("<I12fH", 1, 0, 0, 1, *corners, 0) + tail


DEGENERATE = {
    "decimal commas": ("a.stl", STL.replace("vertex 1 0 0", "vertex 1,5 0,0 0,0"), "decimal commas"),
    "decimal commas in obj": ("a.obj", OBJ.replace("1 0 0", "1,5 0 0"), "decimal commas"),
    "decimal commas in ply": ("a.ply", PLY.replace("\n1 0 0", "\n1,5 0 0"), "decimal commas"),
    "carriage returns": ("a.stl", STL.replace("\n", "\r"), "carriage returns"),
    "carriage returns in obj": ("a.obj", OBJ.replace("\n", "\r"), "carriage returns"),
    "carriage returns in ply": ("a.ply", PLY.replace("\n", "\r"), "carriage returns"),
    "no facets": ("a.stl", "solid part\nendsolid part\n", "geometry"),
    "nan": ("a.stl", STL.replace("vertex 1", "vertex nan"), "finite"),
    "infinite": ("a.stl", STL.replace("vertex 1", "vertex inf"), "finite"),
    "too large": ("a.stl", STL.replace("vertex 1", "vertex 1e39"), "finite"),
    "binary nan": ("a.stl", binary_stl(0, 0, 0, float("nan"), 0, 0, 0, 1, 0), "finite"),
    "nan in obj": ("a.obj", OBJ.replace("v 1", "v nan"), "finite"),
    "nan in ply": ("a.ply", PLY.replace("\n1 0 0", "\nnan 0 0"), "finite"),
    "words for numbers": ("a.stl", STL.replace("vertex 1 0 0", "vertex one 0 0"), "'one 0 0'"),
    "two numbers": ("a.obj", OBJ.replace("v 1 0 0", "v 1 0"), "three numbers"),
    "faces of nothing": ("a.obj", OBJ.replace("f 1 2 3", "f 1 2 9"), "none of them"),
    "faces of nothing in ply": ("a.ply", PLY.replace("3 0 1 2", "3 0 1 7"), "none of them"),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_a_file_without_sound_geometry_is_refused_with_the_reason(blender: httpx.Client, case: str) -> None:
    name, data, word = DEGENERATE[case]
    answer = upload(blender, name, data)
    assert answer.status_code == 422, answer.text
    assert code(answer) == (422, "degenerate_result")
    assert word in answer.json()["error"]["message"]
    assert blender.get("/objects").json()["result"]["total"] == 0


READABLE = {
    "upper case": ("a.stl", STL.upper()),
    "a byte order mark": ("a.stl", "\ufeff" + STL),
    "a byte order mark in obj": ("a.obj", "\ufeff" + OBJ),
    "tabs": ("a.stl", STL.replace(" ", "\t")),
    "carriage returns and line feeds": ("a.stl", STL.replace("\n", "\r\n")),
    "notes after the end": ("a.stl", binary_stl(0, 0, 0, 1, 0, 0, 0, 1, 0, tail=b"COLOR=abcd")),
    "solid in a binary header": (
        "a.stl",
        b"solid part".ljust(80) + binary_stl(0, 0, 0, 1, 0, 0, 0, 1, 0)[80:],
    ),
    "negative indices": ("a.obj", OBJ.replace("f 1 2 3", "f -3 -2 -1")),
    "negative indices of all kinds": (
        "a.obj",
        OBJ.replace("f 1 2 3", "vt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 1\nf -3/-3/-1 -2/-2/-1 -1/-1/-1"),
    ),
    "a continued line": ("a.obj", OBJ.replace("f 1 2", "f 1 \\\n2")),
    "vertex_index": ("a.ply", PLY.replace("vertex_indices", "vertex_index")),
    "carriage returns in a ply": ("a.ply", PLY.replace("\n", "\r\n")),
}


@pytest.mark.parametrize("case", READABLE)
def test_a_dialect_of_a_format_is_read_whole(blender: httpx.Client, case: str) -> None:
    name, data = READABLE[case]
    answer = upload(blender, name, data, up="Z")
    assert warned(answer) == []
    (made,) = answer.json()["result"]["objects"]
    assert (made["vertices"], made["faces"]) == (3, 1)
    assert made["dimensions"] == pytest.approx([1, 1, 0])


def test_faces_that_do_not_come_are_counted(blender: httpx.Client) -> None:
    answer = upload(blender, "a.obj", OBJ + "f 1 2 9\nf 1 2 3\n")
    assert set(warned(answer)) == {"faces_left_out"}
    text = " ".join(each["message"] for each in answer.json()["result"]["warnings"])
    assert "1 of the 3 faces" in text
    assert "1 faces of the obj file name points" in text


STRANGERS = {
    "part.step": (b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\nENDSEC;\nEND-ISO-10303-21;\n", "FreeCAD"),
    "house.ifc": (
        b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\nENDSEC;\nEND-ISO-10303-21;\n",
        "IFC",
    ),
    "plan.dwg": (b"AC1032" + bytes(200), "DWG"),
    "part.glb": (b"<!DOCTYPE html><html><body>Log in</body></html>", "HTML"),
    "part.obj": (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n", "LFS"),
    "part.stl": (b"%PDF-1.7\n" + bytes(100), "PDF"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_file_of_another_kind_is_called_by_its_name(blender: httpx.Client, name: str) -> None:
    data, word = STRANGERS[name]
    answer = upload(blender, name, data)
    assert code(answer) == (422, "unsupported_format")
    assert word.lower() in answer.json()["error"]["message"].lower()


# --- glTF --------------------------------------------------------------------------------------------------------


def gltf(document: dict[str, Any], *views: bytes) -> bytes:
    """A .glb of a document, with a bufferView for each of `views`."""
    blob, made = b"", []
    for view in views:
        made.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(view)})
        blob += view + bytes(-len(view) % 4)
    document = {"asset": {"version": "2.0"}, "bufferViews": made, "buffers": [{"byteLength": len(blob)}], **document}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return (
        struct.pack("<4sIIII", b"glTF", 2, 28 + len(text) + len(blob), len(text), 0x4E4F534A)
        + text
        + struct.pack("<II", len(blob), 0x004E4942)
        + blob
    )


def triangle(**node: Any) -> dict[str, Any]:
    return {
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "Tri", "mesh": 0, **node}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]}
        ],
    }


POINTS = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)


def test_compressed_data_that_are_noise_are_refused(blender: httpx.Client, gateway: Gateway) -> None:
    document = triangle()
    document["meshes"] = [
        {
            "primitives": [
                {
                    "attributes": {"POSITION": 0},
                    "indices": 1,
                    "extensions": {"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}},
                }
            ]
        }
    ]
    document["accessors"] = [
        {"componentType": 5126, "count": 24, "type": "VEC3", "min": [-1, -1, -1], "max": [1, 1, 1]},
        {"componentType": 5123, "count": 36, "type": "SCALAR"},
    ]
    document["extensionsUsed"] = document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    noise = bytes((number * 7919 + 13) % 256 for number in range(300))
    answer = upload(blender, "noise.glb", gltf(document, noise))
    assert answer.status_code == 422, answer.text
    unread = has_library(gateway, "bf_intern_draco_bridge") is False
    codes = ("unsupported_format",) if unread else ("degenerate_result", "command_failed")
    assert answer.json()["error"]["code"] in codes
    assert blender.get("/objects").json()["result"]["total"] == 0


def test_points_of_a_gltf_that_are_no_numbers_are_refused(blender: httpx.Client) -> None:
    bad = struct.pack("<9f", 0, 0, 0, float("inf"), 0, 0, 0, 1, 0)
    assert code(upload(blender, "inf.glb", gltf(triangle(), bad))) == (422, "degenerate_result")


def test_a_required_extension_that_blender_does_not_read_is_named(blender: httpx.Client) -> None:
    document = {**triangle(), "extensionsUsed": ["EXT_unheard_of_compression"]}
    document["extensionsRequired"] = document["extensionsUsed"]
    answer = upload(blender, "packed.glb", gltf(document, POINTS))
    assert code(answer) == (422, "unsupported_format")
    assert "EXT_unheard_of_compression" in answer.json()["error"]["message"]


def test_a_file_of_places_alone_says_so(blender: httpx.Client) -> None:
    document = {"scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"name": "Here", "translation": [1, 2, 3]}]}
    answer = upload(blender, "places.gltf", json.dumps({"asset": {"version": "2.0"}, **document}))
    assert warned(answer) == ["no_geometry"]


MOVING = {
    "animations": [
        {
            "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}}],
            "samplers": [{"input": 1, "output": 2}],
        }
    ]
}


def moving_gltf() -> bytes:
    document = {**triangle(), **MOVING}
    document["accessors"] = [
        *document["accessors"],
        {"bufferView": 1, "componentType": 5126, "count": 2, "type": "SCALAR", "min": [0], "max": [1]},
        {"bufferView": 2, "componentType": 5126, "count": 2, "type": "VEC3"},
    ]
    return gltf(document, POINTS, struct.pack("<2f", 0, 1), struct.pack("<6f", 1, 0, 0, 3, 0, 0))


def moving_usd(tmp: Any) -> bytes:
    path = str(tmp / "moving.usda")
    stage = Usd.Stage.CreateNew(path)
    stage.SetTimeCodesPerSecond(24)
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(24)
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1)
    mesh = UsdGeom.Mesh.Define(stage, Sdf.Path("/Tri"))
    mesh.CreatePointsAttr([Gf.Vec3f(0, 0, 0), Gf.Vec3f(1, 0, 0), Gf.Vec3f(0, 1, 0)])
    mesh.CreateFaceVertexCountsAttr([3])
    mesh.CreateFaceVertexIndicesAttr([0, 1, 2])
    place = mesh.AddTranslateOp()
    place.Set(Gf.Vec3d(1, 0, 0), 0)
    place.Set(Gf.Vec3d(3, 0, 0), 24)
    stage.Save()
    return (tmp / "moving.usda").read_bytes()


PLACES = """
ends = []
for frame in (0, 24):
    bpy.context.scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    obj = next(each for each in bpy.data.objects if each.type == "MESH").evaluated_get(graph)
    ends.append([round((obj.matrix_world @ point.co).x, 4) for point in obj.data.vertices][:2])
ends
"""


@pytest.mark.parametrize("scale", [1, 100, 0.01])
@pytest.mark.parametrize("format", ["glb", "usd"])
def test_what_moves_in_a_file_is_scaled_with_its_movement(
    blender: httpx.Client, gateway: Gateway, tmp_path: Any, format: str, scale: float
) -> None:
    data = moving_gltf() if format == "glb" else moving_usd(tmp_path)
    name = "a.glb" if format == "glb" else "a.usda"
    assert warned(upload(blender, name, data, scale=scale)) == []
    ends = evaluate(gateway, PLACES)
    assert ends == [pytest.approx([scale, 2 * scale]), pytest.approx([3 * scale, 4 * scale])]


@pytest.mark.parametrize("format", ["glb", "obj", "stl", "ply", "fbx", "usd", "abc", "blend"])
def test_a_scale_applies_to_places_sizes_and_cameras_in_every_format(
    blender: httpx.Client, gateway: Gateway, format: str
) -> None:
    blender.post("/primitives/cube", json={"name": "Box", "location": [3, 4, 5]})
    blender.post("/camera", json={"name": "Eye", "location": [10, 20, 30]})
    blender.post("/light", json={"name": "Lamp", "kind": "point", "location": [1, 2, 3]})
    written = blender.post("/export", json={"format": format}).json()["result"]["artifact"]["id"]
    blender.delete("/scene")
    answer = blender.post("/import?scale=10", json={"artifact": written})
    assert warned(answer) == []
    places = evaluate(
        gateway,
        """
graph = bpy.context.evaluated_depsgraph_get()
found = {}
for obj in bpy.data.objects:
    world = obj.evaluated_get(graph).matrix_world
    points = [world @ v.co for v in obj.data.vertices] if obj.type == "MESH" else [world.translation]
    found[obj.type] = [[round(f(p[i] for p in points), 3) for i in range(3)] for f in (min, max)]
found
""",
    )
    assert places["MESH"] == [[20, 30, 40], [40, 50, 60]]
    if format not in ("obj", "stl", "ply"):
        assert places["CAMERA"][0] == pytest.approx([100, 200, 300], abs=0.01)
    if format not in ("obj", "stl", "ply", "abc"):
        assert places["LIGHT"][0] == pytest.approx([10, 20, 30], abs=0.01)


def test_a_moving_alembic_file_moves_after_its_file_is_gone(blender: httpx.Client, gateway: Gateway) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    evaluate(
        gateway,
        """
obj = bpy.data.objects["Box"]
for frame, x in ((1, 0.0), (10, 9.0)):
    obj.location.x = x; obj.keyframe_insert("location", frame=frame)
bpy.context.scene.frame_end = 10
None
""",
    )
    written = blender.post("/export", json={"format": "abc"}).json()["result"]["artifact"]["id"]
    blender.delete("/scene")
    assert warned(blender.post("/import", json={"artifact": written})) == []
    code = """
obj = next(each for each in bpy.data.objects if each.type == "MESH")
ends = []
for frame in (1, 10):
    bpy.context.scene.frame_set(frame)
    ends.append(round(obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation.x, 4))
ends
"""
    assert evaluate(gateway, code) == [0, 9]


def test_an_action_that_is_set_and_in_a_track_is_scaled_in_both(blender: httpx.Client, gateway: Gateway) -> None:
    """The importer of glTF leaves the action of an object in a muted track besides."""
    case = Carried({"translation": [1, 2, 3]}, None, [[1, 2, 3], [4, 5, 6]], [1, 1, 1, 1], False, None)
    content = json.dumps(document(case)).encode()
    assert blender.post("/import?scale=100", files={"file": ("in.gltf", content)}).status_code == 200
    code = """
[[action.name, [[key.co[1] for key in curve.keyframe_points] for layer in action.layers for strip in layer.strips
                for bag in strip.channelbags for curve in bag.fcurves]] for action in bpy.data.actions]
"""
    assert evaluate(gateway, code) == [["Move", [[100, 400], [-300, -600], [200, 500]]]]


def test_alpha_of_a_number_times_a_texture_is_the_number(blender: httpx.Client) -> None:
    case = document(Carried({"translation": [0, 0, 0]}, None, None, [0.8, 0.5, 0.2, 0.5], True, None))
    case["materials"][0]["alphaMode"] = "BLEND"
    answer = blender.post("/import", files={"file": ("in.gltf", json.dumps(case).encode())})
    assert answer.status_code == 200, answer.text
    material = blender.get("/materials/Paint").json()["result"]
    assert (material["color"][:3], material["alpha"]) == (pytest.approx([0.8, 0.5, 0.2]), pytest.approx(0.5))
    assert material["textures"]["color"] == "Grain"
