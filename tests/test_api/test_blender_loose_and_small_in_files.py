"""What files hold apart from faces, of what is very small or scaled by much, and of names that they must change."""

from __future__ import annotations

import json
import struct
from io import BytesIO
from typing import Any, cast

import httpx
import numpy
import pytest
import trimesh

POINTS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (5, 5, 5), (6, 5, 5), (9, 9, 9)]
"""A triangle, an edge and a point."""
MIXED: dict[str, Any] = {"name": "Mixed", "vertices": POINTS, "edges": [[3, 4]], "faces": [[0, 1, 2]]}


@pytest.fixture
def mixed(blender: httpx.Client) -> httpx.Client:
    answer = blender.post("/meshes", json=MIXED)
    assert answer.status_code == 201, answer.text
    return blender


def exported(blender: httpx.Client, http: httpx.Client, **body: Any) -> tuple[bytes, dict[str, str], dict[str, bytes]]:
    """The content, the warnings by code, and the files that belong to it by name."""
    answer = blender.post("/export", json=body)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    return (
        http.get(result["artifact"]["url"]).content,
        {each["code"]: each["message"] for each in result["warnings"]},
        {each["name"]: http.get(each["url"]).content for each in result["related"]},
    )


def rows(content: bytes, word: str) -> list[list[str]]:
    return [line.split()[1:] for line in content.decode().splitlines() if line.startswith(word + " ")]


@pytest.mark.parametrize("verify", ["fast", "full"])
def test_a_glb_holds_edges_and_points_without_faces(mixed: httpx.Client, http: httpx.Client, verify: str) -> None:
    content, warnings, _ = exported(mixed, http, format="glb", verify=verify)
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    shapes: dict[int, tuple[list[float], list[float]]] = {}
    for each in document["meshes"][0]["primitives"]:
        place = document["accessors"][each["attributes"]["POSITION"]]
        shapes[each.get("mode", 4)] = (place["min"], place["max"])
    # Triangles, lines and points; Y is up.
    assert shapes == {4: ([0, 0, -1], [1, 0, 0]), 1: ([5, 5, -5], [6, 5, -5]), 0: ([9, 9, -9], [9, 9, -9])}
    assert not warnings


@pytest.mark.parametrize("verify", ["fast", "full"])
def test_a_ply_holds_edges_and_points_without_faces(mixed: httpx.Client, http: httpx.Client, verify: str) -> None:
    content, warnings, _ = exported(mixed, http, format="ply", verify=verify)
    assert b"element vertex 6\n" in content
    assert b"element edge 1\n" in content
    assert not warnings


@pytest.mark.parametrize("verify", ["fast", "full"])
def test_an_obj_holds_edges_without_faces_and_names_lost_points(
    mixed: httpx.Client, http: httpx.Client, verify: str
) -> None:
    content, warnings, _ = exported(mixed, http, format="obj", verify=verify)
    assert rows(content, "l") == [["4", "5"]]
    assert list(warnings) == ["left_out"]
    assert "'Mixed'" in warnings["left_out"]


@pytest.mark.parametrize("verify", ["fast", "full"])
def test_an_stl_holds_the_faces_and_names_the_rest(mixed: httpx.Client, http: httpx.Client, verify: str) -> None:
    content, warnings, _ = exported(mixed, http, format="stl", verify=verify)
    assert len(content) == 84 + 50
    assert list(warnings) == ["left_out"]
    assert "'Mixed'" in warnings["left_out"]


@pytest.mark.parametrize("format", ["glb", "obj", "ply"])
def test_a_cloud_of_points_is_written_where_the_format_has_points(
    blender: httpx.Client, http: httpx.Client, format: str
) -> None:
    assert blender.post("/meshes", json={"name": "Cloud", "vertices": POINTS, "faces": []}).status_code == 201
    content, _, _ = exported(blender, http, format=format)
    blender.delete("/scene")
    answer = blender.post("/import", files={"file": (f"cloud.{format}", content)})
    (came,) = answer.json()["result"]["objects"]
    assert (came["vertices"], came["faces"]) == (6, 0)


@pytest.mark.parametrize("size", [1.23456789e-2, 1.23456789e-3, 1.23456789e-4])
def test_a_small_shape_has_its_digits_in_an_obj(blender: httpx.Client, http: httpx.Client, size: float) -> None:
    corners = [(0, 0, 0), (size, 0, 0), (0, size, 0), (0, 0, size)]
    body = {"vertices": corners, "faces": [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]}
    assert blender.post("/meshes", json=body).status_code == 201
    # Something large next to it takes nothing from it.
    assert blender.post("/primitives/cube", json={"size": 100, "location": [500, 0, 0]}).status_code == 201
    content, _, _ = exported(blender, http, format="obj")
    places = numpy.array(rows(content, "v"), float)
    small = places[numpy.abs(places).max(axis=1) < 1]
    assert small.max() == pytest.approx(size, rel=2e-6)
    assert places.max() == pytest.approx(550, rel=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("format", ["glb", "obj", "stl", "ply", "fbx", "usd", "abc"])
def test_every_factor_that_is_accepted_has_its_effect_both_ways(
    blender: httpx.Client, http: httpx.Client, format: str, factor: float
) -> None:
    assert blender.post("/primitives/cube", json={"size": 1}).status_code == 201
    plain, _, _ = exported(blender, http, format=format)
    scaled, _, _ = exported(blender, http, format=format, scale=factor)
    for content, query in ((plain, {"scale": factor}), (scaled, {})):
        blender.delete("/scene")
        answer = blender.post("/import", params=query, files={"file": (f"cube.{format}", content)})
        assert answer.status_code == 200, answer.text
        (came,) = answer.json()["result"]["objects"]
        assert came["dimensions"] == pytest.approx([factor] * 3, rel=1e-5)
    if format in ("stl", "ply", "obj"):
        mesh: Any = cast("Any", trimesh).load(BytesIO(scaled), file_type=format, force="mesh", process=False)
        assert mesh.extents == pytest.approx([factor] * 3, rel=1e-5)


def test_names_that_an_obj_would_make_alike_stay_apart(blender: httpx.Client, http: httpx.Client) -> None:
    looks = {"Gold leaf": [1, 0, 0], "Gold_leaf": [0, 1, 0], "Gold\tleaf": [0, 0, 1]}
    for number, (name, color) in enumerate(looks.items()):
        assert blender.post("/materials", json={"name": name, "color": color}).status_code in (201, 422)
        body = {"name": name.replace("Gold", "Part"), "location": [3 * number, 0, 0], "material": name}
        blender.post("/primitives/cube", json=body)
    have = blender.get("/objects").json()["result"]["total"]
    content, warnings, related = exported(blender, http, format="obj")
    names = [each[0] for each in rows(content, "o")]
    assert len(set(names)) == len(names) == have >= 2
    (library,) = [each for name, each in related.items() if name.endswith(".mtl")]
    colours = dict(zip([each[0] for each in rows(library, "newmtl")], rows(library, "Kd"), strict=True))
    used = {each[0]: [float(part) for part in colours[each[0]]] for each in rows(content, "usemtl")}
    assert len(used) == have
    assert sorted(used.values()) == sorted(list(map(float, color)) for color in list(looks.values())[:have])
    assert "'Gold leaf'" in warnings["renamed"]
    assert "'Part leaf'" in warnings["renamed"]


def test_names_that_an_alembic_file_changes_are_named(blender: httpx.Client, http: httpx.Client) -> None:
    for number, name in enumerate(("A.B", "A B", "Kept")):
        body = {"name": name, "location": [3 * number, 0, 0]}
        assert blender.post("/primitives/cube", json=body).status_code == 201
    _, warnings, _ = exported(blender, http, format="abc")
    assert "'A B', 'A.B'" in warnings["renamed"]
    assert "Kept" not in warnings["renamed"]
