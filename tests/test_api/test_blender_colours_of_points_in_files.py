"""Colours of points and corners in files: as they are, or a warning that names the object."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, cast

import httpx
import numpy
import pytest
import trimesh

POINTS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
COLOURS = [(255, 0, 0), (0, 128, 0), (1, 2, 254), (37, 99, 200)]

HEAD = """ply
format ascii 1.0
element vertex 4
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
element face 4
property list uchar int vertex_indices
end_header
"""


def painted() -> bytes:
    """A tetrahedron with a colour at each point, as scanners write it."""
    rows = [(*point, *colour) for point, colour in zip(POINTS, COLOURS, strict=True)]
    rows += [(3, *face) for face in FACES]
    return (HEAD + "".join(" ".join(map(str, row)) + "\n" for row in rows)).encode()


def converted(http: httpx.Client, name: str, data: bytes, to: str) -> tuple[bytes, dict[str, str]]:
    """The content of the new file, and the warnings by code."""
    answer = http.post("/api/v1/convert", params={"to": to}, files={"file": (name, data)})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    content = http.get(f"/api/v1/artifacts/{result['artifact']['id']}").content
    return content, {each["code"]: each["message"] for each in result["warnings"]}


def exported(blender: httpx.Client, http: httpx.Client, format: str) -> tuple[bytes, dict[str, str]]:
    answer = blender.post("/export", json={"format": format})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    content = http.get(result["artifact"]["url"]).content
    return content, {each["code"]: each["message"] for each in result["warnings"]}


def colours_of(ply: bytes) -> dict[tuple[float, ...], tuple[int, ...]]:
    """The colour at each point of a PLY file."""
    mesh: Any = cast("Any", trimesh).load(BytesIO(ply), file_type="ply", process=False)
    places = [tuple(float(part) for part in point) for point in numpy.round(mesh.vertices, 5)]
    shown = [tuple(int(part) for part in colour) for colour in mesh.visual.vertex_colors]
    return dict(zip(places, shown, strict=True))


WANTED = {tuple(map(float, point)): (*colour, 255) for point, colour in zip(POINTS, COLOURS, strict=True)}


@pytest.mark.parametrize("way", ["ply", "obj", "abc", "glb", "usd", "fbx"])
def test_colours_of_points_come_through_every_format_that_holds_them(http: httpx.Client, way: str) -> None:
    content, warnings = converted(http, "painted.ply", painted(), way)
    assert "colors_lost" not in warnings
    back = content if way == "ply" else converted(http, f"painted.{way}", content, "ply")[0]
    found = colours_of(back)
    # Some of them keep the colour of each corner, so that a point may be there more than once, and round in between.
    assert found.keys() == WANTED.keys()
    most = 0 if way == "ply" else 1
    assert all(abs(a - b) <= most for point in WANTED for a, b in zip(found[point], WANTED[point], strict=True))


def test_the_colours_of_a_ply_are_the_same_after_several_conversions(http: httpx.Client) -> None:
    content = painted()
    for _ in range(3):
        content, _ = converted(http, "painted.ply", content, "ply")
    assert colours_of(content) == WANTED


def test_an_obj_has_the_colours_behind_its_points(http: httpx.Client) -> None:
    content, _ = converted(http, "painted.ply", painted(), "obj")
    rows = [list(map(float, line.split()[1:])) for line in content.decode().splitlines() if line.startswith("v ")]
    # The colours of sRGB, as in the PLY, in 0 to 1; Y is up.
    assert {(x, -z, y): [round(part * 255) for part in colour] for x, y, z, *colour in rows} == {
        point: list(colour[:3]) for point, colour in WANTED.items()
    }


def test_what_has_no_colours_is_white_in_a_ply_beside_what_has_some(blender: httpx.Client, http: httpx.Client) -> None:
    for name, place, colours in (("Painted", 0, COLOURS), ("Plain", 5, None)):
        body: dict[str, Any] = {"name": name, "vertices": POINTS, "faces": FACES, "location": [place, 0, 0]}
        if colours is not None:
            body["colors"] = [[part / 255 for part in colour] for colour in colours]
        assert blender.post("/meshes", json=body).status_code == 201
    found = colours_of(exported(blender, http, "ply")[0])
    assert {colour for (x, _, _), colour in found.items() if x >= 5} == {(255, 255, 255, 255)}
    assert len({colour for (x, _, _), colour in found.items() if x < 5}) == 4


def test_a_format_without_colours_names_what_loses_them(http: httpx.Client) -> None:
    _, warnings = converted(http, "painted.ply", painted(), "stl")
    assert "'painted'" in warnings["colors_lost"]


@pytest.mark.parametrize("format", ["obj", "ply"])
def test_a_colour_for_each_corner_where_only_points_have_one_is_named(
    blender: httpx.Client, http: httpx.Client, format: str
) -> None:
    red, blue = [1, 0, 0], [0, 0, 1]
    body = {"name": "Torn", "vertices": POINTS, "faces": FACES, "colors": [red] * 3 + [blue] * 9}
    assert blender.post("/meshes", json=body).status_code == 201
    assert "'Torn'" in exported(blender, http, format)[1]["colors_lost"]
    blender.delete("/scene")
    assert blender.post("/meshes", json={**body, "colors": [red] * 12}).status_code == 201
    assert "colors_lost" not in exported(blender, http, format)[1]


def test_colours_that_the_material_does_not_show_do_not_tint_an_obj(blender: httpx.Client, http: httpx.Client) -> None:
    assert blender.post("/materials", json={"name": "Red", "color": [1, 0, 0]}).status_code == 201
    body = {"name": "Both", "vertices": POINTS, "faces": FACES, "colors": [[0, 0, 1]] * 4, "materials": ["Red"]}
    assert blender.post("/meshes", json=body).status_code == 201
    content, warnings = exported(blender, http, "obj")
    assert {len(line.split()) for line in content.decode().splitlines() if line.startswith("v ")} == {4}
    assert "'Both'" in warnings["colors_lost"]


def test_what_has_no_colours_is_not_painted_in_an_obj(blender: httpx.Client, http: httpx.Client) -> None:
    plain = {"name": "Plain", "vertices": POINTS, "faces": FACES}
    assert blender.post("/meshes", json=plain).status_code == 201
    alone, _ = exported(blender, http, "obj")
    assert {len(line.split()) for line in alone.decode().splitlines() if line.startswith("v ")} == {4}
    assert blender.post("/meshes", json={**plain, "name": "Painted", "colors": [[0, 0, 1]] * 4}).status_code == 201
    both, _ = exported(blender, http, "obj")
    # No colour and white look the same.
    rows = [tuple(map(float, line.split()[4:])) for line in both.decode().splitlines() if line.startswith("v ")]
    assert rows.count((0, 0, 1)) == 4
    assert all(row in ((), (1, 1, 1)) for row in rows if row != (0, 0, 1))


def test_colours_of_points_in_a_glb_are_not_said_to_be_lost(http: httpx.Client) -> None:
    first, _ = converted(http, "painted.ply", painted(), "glb")
    content, warnings = converted(http, "painted.glb", first, "glb")
    assert not warnings
    (length,) = struct.unpack_from("<I", content, 12)
    assert b"COLOR_0" in content[20 : 20 + length]
