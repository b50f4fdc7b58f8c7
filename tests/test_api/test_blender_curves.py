"""Curves over HTTP: their shape, what follows them, what becomes of them in files."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any, cast

import httpx
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway

CORNER = [[0, 0, 0], [3, 0, 0], [3, 4, 0]]


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def length(gateway: Gateway, name: str) -> float:
    return evaluate(gateway, f"bpy.data.objects[{name!r}].data.splines[0].calc_length()")


@pytest.mark.parametrize(
    ("kind", "least", "most"), [("poly", 6.999, 7.001), ("bezier", 7.001, 8.5), ("nurbs", 5.0, 6.999)]
)
def test_a_curve_goes_through_its_points_or_near_them(
    blender: httpx.Client, gateway: Gateway, kind: str, least: float, most: float
) -> None:
    made = post(blender, "/primitives/curve", name="Line", kind=kind, points=CORNER, location=[0, 0, 2])
    assert (made["type"], made["location"]) == ("CURVE", [0, 0, 2])
    assert least < length(gateway, "Line") < most
    assert blender.get("/objects/Line").json()["result"] == {**made, "warnings": []}


def test_handles_make_a_circle_of_four_points(blender: httpx.Client, gateway: Gateway) -> None:
    arm = 4 / 3 * math.tan(math.pi / 8)
    points = [(math.cos(turn), math.sin(turn)) for turn in (0, math.pi / 2, math.pi, 3 * math.pi / 2)]
    handles = [[[x + arm * y, y - arm * x, 0], [x - arm * y, y + arm * x, 0]] for x, y in points]
    circle = {"points": [[x, y, 0] for x, y in points], "handles": handles, "closed": True, "resolution": 64}
    post(blender, "/primitives/curve", name="Ring", **circle)
    assert length(gateway, "Ring") == pytest.approx(2 * math.pi, rel=1e-3)


def test_a_tube_has_its_radius_its_caps_and_its_material_in_files(blender: httpx.Client, http: httpx.Client) -> None:
    post(blender, "/materials", name="Copper", color=[0.8, 0.4, 0.2])
    tube = {"kind": "poly", "points": [[0, 0, 0], [0, 0, 5]], "bevel": 0.5, "bevel_vertices": 64}
    made = post(blender, "/primitives/curve", name="Pipe", material="Copper", **tube)
    assert made["materials"] == ["Copper"]
    assert made["dimensions"] == pytest.approx([1, 1, 5], abs=1e-5)
    exported = post(blender, "/export", format="glb")
    loaded: Any = cast("Any", trimesh).load(
        BytesIO(http.get(exported["artifact"]["url"]).content), file_type="glb", force="mesh"
    )
    loaded.merge_vertices(merge_norm=True, merge_tex=True)
    assert loaded.is_watertight
    assert loaded.volume == pytest.approx(math.pi * 0.25 * 5, rel=5e-3)


def test_an_object_follows_a_curve_and_keys_move_it(blender: httpx.Client, gateway: Gateway) -> None:
    post(blender, "/primitives/curve", name="Track", kind="poly", points=[[0, 0, 0], [10, 0, 0]])
    post(blender, "/primitives/empty", name="Cart")
    post(blender, "/objects/Cart/constraints", type="follow_path", target="Track")
    for frame, position in ((1, 0), (11, 1)):
        path = "/objects/Cart/constraints/Follow Path"
        assert blender.patch(path, json={"position": position, "frame": frame}).status_code == 200
    code = """
found = []
for frame in (1, 6, 11):
    bpy.context.scene.frame_set(frame)
    found.append(round(bpy.data.objects["Cart"].matrix_world.translation.x, 4))
found
"""
    assert evaluate(gateway, code) == [0, 5, 10]


def test_a_curve_is_undone_and_rolled_back(blender: httpx.Client) -> None:
    post(blender, "/primitives/curve", name="Line", points=CORNER)
    assert post(blender, "/undo")["undone"] == "primitives.curve"
    assert blender.get("/objects/Line").status_code == 404
    calls = [
        {"method": "primitives.curve", "params": {"name": "Line", "points": CORNER}},
        {"method": "objects.delete", "params": {"name": "Nobody"}},
    ]
    assert blender.post("/batch", json={"calls": calls, "atomic": True}).status_code == 404
    assert blender.get("/objects").json()["result"]["total"] == 0


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"points": [[0, 0, 0]]}, "points"),
        ({"points": [[1, 1, 1], [1, 1, 1]]}, "the same"),
        ({"points": CORNER, "kind": "poly", "handles": [[[0, 0, 0], [1, 0, 0]]] * 3}, "handles"),
        ({"points": CORNER, "handles": [[[0, 0, 0], [1, 0, 0]]] * 2}, "3 points"),
        ({"points": CORNER, "bevel": 1, "bevel_vertices": 7}, "bevel_vertices"),
    ],
)
def test_what_is_no_curve_says_why(blender: httpx.Client, body: dict[str, Any], word: str) -> None:
    answer = blender.post("/primitives/curve", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
    assert word in answer.text


def test_a_curve_with_too_many_vertices_is_refused(blender: httpx.Client) -> None:
    body = {"points": [[n, 0, 0] for n in range(5000)], "bevel": 0.1, "bevel_vertices": 256, "resolution": 1024}
    answer = blender.post("/primitives/curve", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "limit_exceeded")
