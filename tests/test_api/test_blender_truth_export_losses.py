"""What no file can hold is named, what it holds is the right way out, and a full check finds what is wrong."""

from __future__ import annotations

import math

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.pictures import png
from tests.test_api.test_blender_truth_export import EVERY, SETUP, code, export, sheared_cube, volume_of, warned

# --- what has no surface, mirrored meshes ------------------------------------------------------------------------


@pytest.mark.parametrize("format", EVERY)
def test_a_text_of_a_space_is_left_out_by_name(blender: httpx.Client, format: str) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    assert blender.post("/primitives/text", json={"name": "Blank", "text": " "}).status_code == 201
    result = export(blender, format=format)
    assert result["objects"] == ["Box"]
    assert warned(result) == ["left_out"]
    assert "'Blank'" in result["warnings"][0]["message"]
    alone = blender.post("/export", json={"format": format, "objects": ["Blank"]})
    assert code(alone) == (422, "degenerate_result")
    assert "'Blank'" in alone.json()["error"]["message"]


@pytest.mark.parametrize("scale", [[-1, 1, 1], [-1, -1, -1], [1, -2, 1]])
@pytest.mark.parametrize("format", ["glb", "obj", "stl", "ply"])
def test_a_mirrored_object_is_not_inside_out(
    blender: httpx.Client, http: httpx.Client, format: str, scale: list[float]
) -> None:
    blender.post("/primitives/cube", json={"name": "Box", "scale": scale})
    result = export(blender, format=format)
    assert volume_of(http, result) == pytest.approx(8 * abs(math.prod(scale)), rel=1e-5)


@pytest.mark.parametrize("format", ["glb", "usd", "fbx", "obj"])
def test_a_picture_on_a_mesh_without_uvs_is_named(blender: httpx.Client, format: str) -> None:
    blender.post("/materials", json={"name": "Wood"})
    blender.post("/materials/Wood/texture", files={"file": ("wood.png", png((90, 60, 20)))})
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    made = blender.post("/meshes", json={"name": "Bare", "vertices": vertices, "faces": [[0, 1, 2]]})
    assert made.status_code == 201, made.text
    applied = blender.post("/materials/apply", json={"object": "Bare", "material": "Wood"}).json()["result"]
    assert warned(applied) == ["no_uvs"]
    result = export(blender, format=format)
    assert warned(result) == ["no_uvs"]
    assert "'Bare'" in result["warnings"][0]["message"]


def test_a_picture_for_a_mesh_without_uvs_is_named_when_it_comes(blender: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Wood"})
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    blender.post("/meshes", json={"name": "Bare", "vertices": vertices, "faces": [[0, 1, 2]], "material": "Wood"})
    answer = blender.post("/materials/Wood/texture", files={"file": ("wood.png", png((90, 60, 20)))})
    assert warned(answer.json()["result"]) == ["no_uvs"]


@pytest.mark.parametrize(("text", "lost"), [("Grüße αβγ", []), ("A\ue123B", ["\ue123"]), ("\u0378", ["\u0378"])])
def test_characters_that_no_font_has_are_named(blender: httpx.Client, text: str, lost: list[str]) -> None:
    made = blender.post("/primitives/text", json={"text": text}).json()["result"]
    assert warned(made) == ["missing_glyphs"] * bool(lost)
    for character in lost:
        assert f"U+{ord(character):04X}" in made["warnings"][0]["message"]


@pytest.mark.parametrize("format", EVERY)
def test_a_full_check_of_a_right_file_finds_nothing(blender: httpx.Client, format: str) -> None:
    sheared_cube(blender)
    blender.post("/primitives/sphere", json={"name": "Ball", "location": [5, 0, 0], "scale": [1, -1, 2]})
    result = export(blender, format=format, verify="full", scale=2)
    assert result["warnings"] == []
    answer = blender.post("/export", json={"format": format, "verify": "slow"})
    assert code(answer) == (422, "validation_error")


WRONG = {
    "smaller": ("box.scale = (0.5, 1, 1)", "spans"),
    "elsewhere": ("box.location.x = 1", "spans"),
    "other triangles": ("box.modifiers.new('Soft', 'SUBSURF')", "triangles"),
    "gone": ("bpy.data.objects.remove(box)", "missing"),
    "inside out": ("box.data.flip_normals()", "encloses"),
}


CHECKED_ALONE = {
    "glb": "export_scene.gltf(filepath={}, export_yup=False, export_apply=True)",
    "obj": "wm.obj_export(filepath={}, up_axis='Z', forward_axis='Y')",
    "stl": "wm.stl_export(filepath={})",
    "ply": "wm.ply_export(filepath={}, export_triangulated_mesh=True)",
}


def finding(gateway: Gateway, case: str, format: str) -> str:
    """What the check says of a file that was written after the scene had changed."""
    path = str(gateway.state_dir / "sessions" / "blender" / "workspace" / f"wrong.{format}")
    return evaluate(
        gateway,
        SETUP
        + f"""
from cadgate_blender.app.verification import extents, files
from cadgate.appserver import AppError
box, ball = cube("Box"), cube("Ball"); ball.location = (0.5, 0, 0); ball.scale = (2, 2, 2)
truth = files.Truth(extents.evaluated([box, ball]), names={{"Box", "Ball"}} if {format!r} == "glb" else set())
{WRONG[case][0]}
view.update()
bpy.ops.{CHECKED_ALONE[format].format(repr(path))}
try:
    files.compare({path!r}, {format!r}, truth, "Z", full=False)
    said = "nothing"
except AppError as error:
    said = error.message
said
""",
    )


@pytest.fixture(scope="module")
def findings(gateway: Gateway) -> dict[tuple[str, str], str]:
    """Of every case, in one Blender: after such code the next test that wants an empty one waits for another."""
    found: dict[tuple[str, str], str] = {}
    with gateway.client("/api/v1/blender") as client:
        for format in CHECKED_ALONE:
            for case in WRONG:
                assert client.delete("/scene").status_code == 200
                found[case, format] = finding(gateway, case, format)
    return found


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("format", CHECKED_ALONE)
def test_a_file_that_is_not_what_the_scene_shows_is_found(
    findings: dict[tuple[str, str], str], case: str, format: str
) -> None:
    said, word = findings[case, format], WRONG[case][1]
    if case in ("gone", "smaller", "elsewhere") and format in ("stl", "ply"):
        # One mesh of everything, in the same box: what is inside is told by the counts, the surface and the volume.
        word = {"gone": "triangles", "smaller": "surface", "elsewhere": "nothing"}[case]
    elif case in ("gone", "other triangles") and format == "obj":
        word = "surface"
    assert word in said
