"""Limits bound what they name, and names of files promise what is in them."""

from __future__ import annotations

import struct
from typing import Any

import httpx
import numpy
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway


def raw_grid(side: int) -> bytes:
    """A square of quads with `side` x `side` vertices."""
    index = numpy.arange(side * side, dtype="<u4").reshape(side, side)
    quads = numpy.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1)
    x, y = numpy.meshgrid(numpy.arange(side), numpy.arange(side), indexing="ij")
    points = numpy.stack([x, y, numpy.zeros_like(x)], axis=-1).astype("<f4")
    faces = (side - 1) ** 2
    header = struct.pack("<4sIII", b"CGM1", side * side, faces, 4 * faces)
    return header + points.tobytes() + numpy.full(faces, 4, "<u4").tobytes() + quads.astype("<u4").tobytes()


def test_max_vertices_bounds_vertices_and_not_corners(blender: httpx.Client) -> None:
    answer = blender.post("/meshes", content=raw_grid(1150), headers={"Content-Type": "application/octet-stream"})

    assert answer.status_code == 201, answer.text
    assert answer.json()["result"]["vertices"] == 1_322_500
    assert answer.json()["result"]["faces"] == 1149 * 1149


@pytest.mark.parametrize("subdivisions", [9, 10])
def test_an_ico_sphere_is_bounded_by_max_subdivisions(blender: httpx.Client, subdivisions: int) -> None:
    answer = blender.post("/primitives/sphere", json={"kind": "ico", "subdivisions": subdivisions})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "limit_exceeded"
    assert answer.json()["error"]["details"] == {
        "limit": "max_subdivisions",
        "value": subdivisions - 2,
        "maximum": 6,
    }


@pytest.mark.parametrize("kind", ["SUBSURF", "MULTIRES"])
def test_a_subdivision_that_code_made_is_bounded_too(blender: httpx.Client, gateway: Gateway, kind: str) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    blender.post("/primitives/cube", json={"name": "Tool"})
    code = f"m = bpy.data.objects['Tool'].modifiers.new('Fine', {kind!r}); m.show_viewport = False; "
    code += "m.levels = 8" if kind == "SUBSURF" else "[bpy.ops.object.multires_subdivide.poll(), 1]"
    if kind == "MULTIRES":
        code = (
            "o = bpy.data.objects['Tool']; bpy.context.view_layer.objects.active = o\n"
            "m = o.modifiers.new('Fine', 'MULTIRES')\n"
            "for _ in range(7): bpy.ops.object.multires_subdivide(modifier='Fine', mode='SIMPLE')\n"
        )
    evaluate(gateway, code + "\n1")

    for answer in (
        blender.post("/objects/Box/boolean", json={"object": "Tool"}),
        blender.post("/objects/Tool/modifiers/Fine/apply"),
        blender.post("/objects/Tool/modifiers", json={"type": "bevel"}),
    ):
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["details"]["limit"] == "max_subdivisions"


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("render", {"output": "x.mp4"}),
        ("render", {"output": "shots/x.JPG", "format": "png"}),
        ("render", {"output": "x.tiff"}),
        ("render", {"output": "x.exr", "format": "jpeg"}),
        ("render", {"output": "x.stl", "engine": "workbench"}),
        ("export", {"filepath": "x.3mf"}),
        ("export", {"filepath": "x.step", "format": "glb"}),
        ("export", {"filepath": "x.png"}),
        ("export", {"filepath": "x.zip", "format": "stl"}),
    ],
)
def test_a_name_that_promises_another_kind_of_file_is_refused(
    blender: httpx.Client, route: str, body: dict[str, Any]
) -> None:
    blender.post("/primitives/cube", json={})

    answer = blender.post(f"/{route}", json={**body, **({"resolution": [8, 8]} if route == "render" else {})})

    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] == "validation_error"
    assert "suffix" in answer.json()["error"]["message"] + str(answer.json()["error"]["details"])


@pytest.mark.parametrize("name", ["v1.5", "bracket.final", "x"])
def test_any_other_suffix_is_a_part_of_the_name(blender: httpx.Client, name: str) -> None:
    blender.post("/primitives/cube", json={})

    answer = blender.post("/export", json={"filepath": name, "format": "stl"})

    assert answer.json()["result"]["artifact"]["name"] == f"{name}.stl"


def sides(gateway: Gateway, name: str) -> list[bool]:
    """Whether each face shades smooth, by whether it stands upright."""
    code = f"[[abs(p.normal.z) < 0.99, p.use_smooth] for p in bpy.data.objects[{name!r}].data.polygons]"
    return [upright == smooth for upright, smooth in evaluate(gateway, code)]


@pytest.mark.parametrize("kind", ["cylinder", "cone"])
def test_a_smooth_cylinder_or_cone_has_flat_ends(blender: httpx.Client, gateway: Gateway, kind: str) -> None:
    assert blender.post(f"/primitives/{kind}", json={"name": "Round", "smooth": True}).status_code == 201

    assert all(sides(gateway, "Round"))
    assert blender.get("/objects/Round").json()["result"]["dimensions"] == [2, 2, 2]
