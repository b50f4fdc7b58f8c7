"""What an operator or a modifier would make is estimated by the object's size, and refused before Blender makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway
from tests.rest_calls import get, post

SETTINGS = {
    "CADGATE_BLENDER_MAX_VERTICES": "20000",
    "CADGATE_BLENDER_MAX_SUBDIVISIONS": "4",
    "CADGATE_BLENDER_MAX_COPIES": "50",
    "CADGATE_BLENDER_MAX_OBJECTS": "60",
    "CADGATE_FREECAD_ENABLED": "false",
}
"""Small limits, so that what is above them is still small."""

EDIT = {"active": "Box", "selected": ["Box"], "mode": "EDIT"}
OBJECT = {"active": "Box", "selected": ["Box"]}
AROUND = {"axis": [0, 0, 1], "center": [5, 0, 0], "angle": 6}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = Gateway(tmp_path_factory.mktemp("sizes") / "state", environment=SETTINGS).start()
    yield running
    running.stop()


@pytest.fixture
def box(limited: Gateway) -> Iterator[httpx.Client]:
    """Blender with small limits and a cube of eight vertices that is called Box."""
    with limited.client("/api/v1/blender") as client:
        assert client.delete("/scene").status_code == 200
        post(client, "/primitives/cube", name="Box")
        yield client


def run(client: httpx.Client, operator: str, context: Any = None, **properties: Any) -> httpx.Response:
    return client.post(f"/operators/{operator}", json={"properties": properties, "context": context})


def succeed(client: httpx.Client, operator: str, context: Any = None, **properties: Any) -> None:
    answer = run(client, operator, context, **properties)
    assert answer.status_code == 200, answer.text


def refused(answer: httpx.Response, limit: str) -> dict[str, Any]:
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["details"]["limit"]) == ("limit_exceeded", limit), error
    return error["details"]


def box_and_pid(client: httpx.Client, limited: Gateway) -> Any:
    return get(client, "/objects/Box"), limited.health("blender")["result"]["pid"]


@pytest.mark.parametrize(
    ("operator", "context", "properties", "limit"),
    [
        ("object.subdivision_set", OBJECT, {"level": 11}, "max_subdivisions"),
        ("object.subdivision_set", OBJECT, {"level": 5, "relative": True}, "max_subdivisions"),
        # A cube has 12 edges and 6 faces: with n cuts, 8 + 12 n + 6 n^2 vertices.
        ("mesh.subdivide", EDIT, {"number_cuts": 60}, "max_vertices"),
        ("mesh.extrude_repeat", EDIT, {"steps": 51}, "max_copies"),
        ("mesh.spin", EDIT, {"steps": 51, **AROUND}, "max_copies"),
        ("mesh.screw", EDIT, {"steps": 10, "turns": 6, "axis": [0, 0, 1]}, "max_copies"),
        ("mesh.bevel", EDIT, {"segments": 100}, "max_vertices"),
        ("mesh.primitive_uv_sphere_add", None, {"segments": 200, "ring_count": 200}, "max_vertices"),
        ("mesh.primitive_uv_sphere_add", None, {"segments": 2000}, "max_vertices"),
        ("mesh.primitive_cylinder_add", None, {"vertices": 12000}, "max_vertices"),
        ("mesh.primitive_grid_add", None, {"x_subdivisions": 5000}, "max_vertices"),
        ("mesh.primitive_torus_add", None, {"major_segments": 200, "minor_segments": 200}, "max_vertices"),
        ("mesh.primitive_ico_sphere_add", None, {"subdivisions": 7}, "max_subdivisions"),
        ("object.quadriflow_remesh", OBJECT, {"target_faces": 100_000}, "max_vertices"),
    ],
)
def test_an_operator_that_would_make_too_much_is_refused_before_it_runs(
    box: httpx.Client, limited: Gateway, operator: str, context: Any, properties: dict[str, Any], limit: str
) -> None:
    before = box_and_pid(box, limited)
    refused(run(box, operator, context, **properties), limit)
    assert box_and_pid(box, limited) == before
    assert get(box, "/objects")["total"] == 1


@pytest.mark.parametrize(
    ("operator", "context", "properties", "vertices"),
    [
        ("mesh.subdivide", EDIT, {"number_cuts": 50}, 8 + 12 * 50 + 6 * 50**2),
        ("mesh.extrude_repeat", EDIT, {"steps": 50, "offset": [0, 0, 1]}, 8 * 51),
        ("mesh.bevel", EDIT, {"segments": 50, "offset": 0.1}, 8 + 12 * 50 + 6 * 50**2),
        ("mesh.spin", EDIT, {"steps": 50, **AROUND}, 8 * 51),
        ("mesh.spin", EDIT, {"steps": 50, "dupli": True, **AROUND}, 8 * 51),
    ],
)
def test_what_the_limits_allow_is_made(
    box: httpx.Client, operator: str, context: Any, properties: dict[str, Any], vertices: int
) -> None:
    succeed(box, operator, context, **properties)
    assert get(box, "/objects/Box")["vertices"] == vertices


def test_what_is_made_of_a_mesh_depends_on_what_is_selected(box: httpx.Client) -> None:
    succeed(box, "mesh.subdivide", EDIT, number_cuts=30)
    refused(run(box, "mesh.subdivide", EDIT, number_cuts=10), "max_vertices")
    succeed(box, "mesh.select_all", EDIT, action="DESELECT")
    succeed(box, "mesh.select_face_by_sides", EDIT, number=4, type="LESS")
    refused(run(box, "mesh.subdivide", EDIT, number_cuts=10), "max_vertices")


def test_repeated_operators_end_at_the_limit(box: httpx.Client) -> None:
    for _ in range(4):
        succeed(box, "mesh.subdivide", EDIT)  # one cut, if nothing is said
    assert get(box, "/objects/Box")["vertices"] == 6 * 16**2 + 2
    succeed(box, "mesh.subdivide", EDIT)
    refused(run(box, "mesh.subdivide", EDIT), "max_vertices")
    for _ in range(20):
        answer = run(box, "mesh.extrude_repeat", EDIT)
        if answer.status_code != 200:
            break
    refused(answer, "max_vertices")


def test_what_a_modifier_makes_of_the_result_counts(box: httpx.Client) -> None:
    post(box, "/objects/Box/modifiers", type="subdivision", levels=4)
    before = get(box, "/objects/Box")
    details = refused(run(box, "mesh.subdivide", EDIT, number_cuts=10), "max_vertices")
    assert details["value"] >= 6 * (11 * 16) ** 2
    assert get(box, "/objects/Box") == before


def test_levels_of_detail_are_added_up_to_the_limit(box: httpx.Client) -> None:
    assert box.post("/data/objects/Box/modifiers", json={"arguments": {"name": "M", "type": "MULTIRES"}}).is_success
    for _ in range(4):
        succeed(box, "object.multires_subdivide", OBJECT, modifier="M")
    refused(run(box, "object.multires_subdivide", OBJECT, modifier="M"), "max_subdivisions")
    succeed(box, "object.subdivision_set", OBJECT, level=3)


def test_a_level_that_is_added_to_others_counts_with_them(box: httpx.Client) -> None:
    succeed(box, "object.subdivision_set", OBJECT, level=3)
    refused(run(box, "object.subdivision_set", OBJECT, level=2, relative=True), "max_subdivisions")
    succeed(box, "object.subdivision_set", OBJECT, level=1, relative=True)
    assert get(box, "/data/objects/Box/modifiers/0/levels")["value"] == 4


@pytest.mark.parametrize(
    "kind", ["SUBSURF", "ARRAY", "MIRROR", "SCREW", "SOLIDIFY", "WIREFRAME", "SKIN", "EDGE_SPLIT", "BEVEL"]
)
def test_modifiers_are_added_by_the_operator_up_to_the_limit(box: httpx.Client, kind: str) -> None:
    for _ in range(40):
        answer = run(box, "object.modifier_add", OBJECT, type=kind)
        if answer.status_code != 200:
            break
        assert get(box, "/objects/Box/evaluated")["vertices"] <= 20_000
    refused(answer, "max_vertices")


@pytest.mark.parametrize(
    ("kind", "properties", "limit"),
    [
        ("SUBSURF", {"render_levels": 5}, "max_subdivisions"),
        ("SUBSURF", {"levels": 11}, "max_subdivisions"),
        ("ARRAY", {"count": 51}, "max_copies"),
        ("ARRAY", {"fit_length": 1000, "fit_type": "FIT_LENGTH"}, "max_copies"),
        ("SCREW", {"render_steps": 3000}, "max_vertices"),
        ("SCREW", {"steps": 100, "iterations": 100}, "max_vertices"),
        ("OCEAN", {"viewport_resolution": 20}, "max_vertices"),
        ("OCEAN", {"repeat_x": 20}, "max_vertices"),
    ],
)
def test_a_property_of_a_modifier_that_would_make_too_much_is_refused(
    box: httpx.Client, limited: Gateway, kind: str, properties: dict[str, Any], limit: str
) -> None:
    assert box.post("/data/objects/Box/modifiers", json={"arguments": {"name": "M", "type": kind}}).is_success
    before = box_and_pid(box, limited)
    *first, last = properties
    for name in first:
        assert box.patch(f"/data/objects/Box/modifiers/M/{name}", json={"value": properties[name]}).is_success
    former = get(box, f"/data/objects/Box/modifiers/M/{last}")
    refused(box.patch(f"/data/objects/Box/modifiers/M/{last}", json={"value": properties[last]}), limit)
    assert get(box, f"/data/objects/Box/modifiers/M/{last}") == former
    assert box_and_pid(box, limited)[1] == before[1]


@pytest.mark.parametrize(("name", "value"), [("resolution_u", 1024), ("render_resolution_u", 1024)])
def test_the_resolution_of_a_curve_is_bounded_by_what_it_would_make(box: httpx.Client, name: str, value: int) -> None:
    points = [[x, x % 2, 0] for x in range(40)]
    made = post(box, "/primitives/curve", name="Line", kind="bezier", points=points)
    assert made["name"] == "Line"
    path = f"/data/objects/Line/data/{name}"
    former = get(box, path)
    refused(box.patch(path, json={"value": value}), "max_vertices")
    assert get(box, path) == former
    assert box.patch(path, json={"value": 100}).is_success


@pytest.mark.parametrize(
    ("shape", "count", "method"),
    [
        ("cylinder", {"vertices": 9000}, "primitives.cylinder"),
        ("cone", {"vertices": 9000}, "primitives.cone"),
        ("circle", {"vertices": 9000, "fill_type": "NGON"}, None),
    ],
)
def test_round_ends_of_which_blender_makes_nothing_else_meanwhile_are_refused(
    box: httpx.Client, shape: str, count: dict[str, Any], method: str | None
) -> None:
    answer = run(box, f"mesh.primitive_{shape}_add", **count)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]["method"]) == (422, "limit_exceeded", method)
    assert (method or "fill_type") in error["message"]
    succeed(box, "mesh.primitive_circle_add", vertices=9000)
    assert get(box, "/objects/Circle")["vertices"] == 9000


def test_instances_are_made_real_up_to_the_limit(box: httpx.Client) -> None:
    points = [[x, y, 0] for x in range(8) for y in range(8)]
    post(box, "/meshes", name="Points", vertices=points, faces=[[0, 1, 9]])
    assert box.patch("/objects/Box", json={"parent": "Points"}).is_success
    assert box.patch("/data/objects/Points/instance_type", json={"value": "VERTS"}).is_success
    before = get(box, "/objects")
    context = {"active": "Points", "selected": ["Points"]}
    refused(run(box, "object.duplicates_make_real", context), "max_objects")
    assert get(box, "/objects") == before
