"""Any property of any data-block is read and set by path, by Blender's own types; files and code are not reached."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another


def fill(blender: httpx.Client) -> None:
    assert blender.post("/primitives/cube", json={"name": "Cube", "size": 2}).status_code == 201
    assert blender.post("/primitives/cube", json={"name": "Other", "size": 2}).status_code == 201
    assert blender.post("/materials", json={"name": "Gold/24", "color": "#ffcc00"}).status_code == 201


def read(blender: httpx.Client, path: str) -> Any:
    answer = blender.get(f"/data/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]["value"]


def test_collections_are_listed_and_structures_read(blender: httpx.Client) -> None:
    fill(blender)
    told = {each["path"]: each for each in blender.get("/data").json()["result"]["collections"]}
    assert told["objects"]["count"] == 2
    assert told["materials"]["can_add"]
    assert not {"window_managers", "texts", "libraries"} & told.keys()
    assert read(blender, "objects") == ["Cube", "Other"]
    assert read(blender, "objects/Cube")["display_type"] == "TEXTURED"
    assert read(blender, "materials/Gold%2F24/node_tree/nodes") == ["Principled BSDF", "Material Output"]
    schema = blender.get("/data/objects/Cube/display_type").json()["result"]["schema"]
    assert schema["enum"] == ["BOUNDS", "WIRE", "SOLID", "TEXTURED"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("objects/Cube/location", [1, 2, 3]),
        ("objects/Cube/location/2", 7.5),
        ("objects/Cube/display_type", "WIRE"),
        ("objects/Cube/hide_render", True),
        ("objects/Cube/parent", "Other"),
        ("objects/Cube/data/use_auto_texspace", False),
        ("objects/0/lock_location", [True, False, True]),
        ("scenes/Scene/render/resolution_x", 640),
        ("scenes/Scene/eevee/taa_render_samples", 12),
        ("scenes/Scene/unit_settings/scale_length", 0.5),
        ("worlds/World/color", [0.25, 0.5, 0.75]),
        ("materials/Gold%2F24/node_tree/nodes/Principled BSDF/inputs/Roughness/default_value", 0.25),
        ("materials/Gold%2F24/diffuse_color", [1, 0, 0, 1]),
        ("materials/Gold%2F24/roughness", 0.75),
    ],
)
def test_a_property_is_set_and_undone(blender: httpx.Client, path: str, value: Any) -> None:
    fill(blender)
    before = read(blender, path)
    assert before != value
    answer = blender.patch(f"/data/{path}", json={"value": value})
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["value"] == pytest.approx(value) if not isinstance(value, str) else value
    assert read(blender, path) == (value if isinstance(value, str) else pytest.approx(value))
    assert blender.post("/undo").status_code == 200
    assert read(blender, path) == before


def test_objects_that_are_changed_by_path_are_described_so_by_their_routes(blender: httpx.Client) -> None:
    fill(blender)
    before = blender.get("/objects/Cube").json()["result"]
    assert blender.patch("/data/objects/Cube/scale", json={"value": [1, 2, 3]}).is_success
    now = blender.get("/objects/Cube").json()["result"]
    assert (now["scale"], now["dimensions"]) == ([1, 2, 3], [2, 4, 6])
    assert now["revision"] != before["revision"]
    assert blender.patch("/data/objects/Cube/name", json={"value": "Würfel"}).is_success
    assert blender.get("/objects/Cube").status_code == 404
    assert blender.get("/objects/Würfel").json()["result"]["scale"] == [1, 2, 3]
    late = blender.patch("/data/objects/Würfel/scale", json={"value": [1, 1, 1]}, headers={"If-Match": "000000000000"})
    assert late.status_code == 412


def test_items_are_added_and_removed(blender: httpx.Client) -> None:
    fill(blender)

    def add(path: str, name: str | None, **arguments: Any) -> dict[str, Any]:
        answer = blender.post(f"/data/{path}", json={"name": name, "arguments": arguments})
        assert answer.status_code == 201, answer.text
        return answer.json()["result"]

    assert add("objects/Cube/modifiers", "Edge", type="BEVEL")["type"] == "BevelModifier"
    assert blender.patch("/data/objects/Cube/modifiers/Edge/width", json={"value": 0.25}).is_success
    assert read(blender, "objects/Cube/modifiers/Edge/width") == 0.25
    nodes = "materials/Gold%2F24/node_tree/nodes"
    assert add(nodes, "Sum", type="ShaderNodeMath")["path"] == f"{nodes}/Sum"
    assert add("meshes", "M")["type"] == "Mesh"
    add("objects", "O", object_data="meshes/M")
    assert blender.get("/objects/O").json()["result"]["vertices"] == 0
    add("lights", "L", type="SUN")
    add("objects", "Sun", object_data="lights/L")
    assert blender.get("/objects/Sun").json()["result"]["type"] == "LIGHT"
    for path in ("objects/Cube/modifiers/Edge", f"{nodes}/Sum", "objects/O", "lights/L"):
        assert blender.delete(f"/data/{path}").status_code == 200
        assert blender.get(f"/data/{path}").status_code == 404
    assert blender.get("/objects/O").status_code == 404


@pytest.mark.parametrize(
    ("verb", "path", "body", "code"),
    [
        ("GET", "objects/Cube/locatio", None, "data_not_found"),
        ("GET", "objects/Nobody/location", None, "data_not_found"),
        ("GET", "texts", None, "data_not_found"),
        ("GET", "window_managers/WinMan/windows", None, "data_not_found"),
        ("PATCH", "objects/Cube/location", {"value": [1, 2]}, "validation_error"),
        ("PATCH", "objects/Cube/location", {"value": "there"}, "validation_error"),
        ("PATCH", "objects/Cube/display_type", {"value": "WIRED"}, "validation_error"),
        ("PATCH", "objects/Cube/parent", {"value": "Cube"}, "validation_error"),
        ("PATCH", "objects/Cube/parent", {"value": "Nobody"}, "object_not_found"),
        ("PATCH", "objects/Cube/name", {"value": "Other"}, "name_taken"),
        ("PATCH", "objects/Cube/type", {"value": "MESH"}, "validation_error"),
        ("PATCH", "objects/Cube/modifiers", {"value": []}, "validation_error"),
        ("PATCH", "scenes/Scene/render/filepath", {"value": "/tmp/x"}, "path_not_allowed"),
        ("PATCH", "scenes/Scene/render/use_render_cache", {"value": True}, "path_not_allowed"),
        ("PATCH", "scenes/Scene/render/bake/filepath", {"value": "/tmp/x"}, "path_not_allowed"),
        ("PATCH", "scenes/Scene/render/resolution_x", {"value": 10**9}, "validation_error"),
        ("PATCH", "objects/Cube/data/remesh_voxel_size", {"value": 0.0001}, "limit_exceeded"),
        ("POST", "texts", {"name": "x"}, "data_not_found"),
        ("POST", "objects/Cube/animation_data/drivers", {"arguments": {"data_path": "location"}}, None),
        ("POST", "objects/Cube/modifiers", {"arguments": {"type": "FLUID"}}, "path_not_allowed"),
        ("POST", "objects/Cube/modifiers", {"arguments": {"type": "NOTHING"}}, "validation_error"),
        ("POST", "objects/Cube/modifiers", {}, "validation_error"),
        ("POST", "materials", {"name": "Gold/24"}, "name_taken"),
        ("POST", "images", {"name": "I", "arguments": {"width": 60000, "height": 60000}}, "limit_exceeded"),
        (
            "POST",
            "materials/Gold%2F24/node_tree/nodes",
            {"arguments": {"type": "ShaderNodeScript"}},
            "path_not_allowed",
        ),
        ("DELETE", "scenes/Scene", None, "not_possible"),
        ("DELETE", "objects/Cube/location", None, "validation_error"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    blender: httpx.Client, verb: str, path: str, body: Any, code: str | None
) -> None:
    fill(blender)
    before = blender.get("/objects").json()["result"]
    answer = blender.request(verb, f"/data/{path}", json=body)
    assert answer.status_code in (404, 409, 422), answer.text
    assert code is None or answer.json()["error"]["code"] == code, answer.text
    assert blender.get("/objects").json()["result"] == before


def test_what_was_set_by_path_comes_back_after_a_kill(own_blender: Gateway) -> None:
    own_blender.start()
    with own_blender.client("/api/v1/blender") as blender:
        fill(blender)
        assert blender.patch("/data/objects/Cube/show_bounds", json={"value": True}).is_success
        created = blender.post(
            "/data/materials/Gold%2F24/node_tree/nodes", json={"arguments": {"type": "ShaderNodeRGB"}}
        )
        assert created.status_code == 201
        pid = own_blender.application_pid("blender")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: is_another(own_blender.health("blender").get("result", {}), pid), what="another Blender")
        assert read(blender, "objects/Cube/show_bounds") is True
        assert created.json()["result"]["name"] in read(blender, "materials/Gold%2F24/node_tree/nodes")
        assert not own_blender.health("blender")["result"].get("damages")


INCONSISTENT = [
    ("edges/0/vertices", [0, 99]),
    ("edges/0/vertices", [0, 2_000_000_000]),
    ("edges/0/vertices", [0, 0]),
    ("loops/0/vertex_index", 999),
    ("loops/0/vertex_index", 2_000_000_000),
    ("loops/0/edge_index", 12),
    ("polygons/0/loop_start", 1_000_000),
    ("polygons/0/vertices", [0, 1, 2, 99]),
    ("attributes/.corner_vert/data/0/value", 999),
]


@pytest.mark.parametrize(("path", "value"), INCONSISTENT)
def test_a_mesh_that_would_not_fit_together_is_refused(blender: httpx.Client, path: str, value: Any) -> None:
    fill(blender)
    before = read(blender, f"objects/Cube/data/{path}")
    answer = blender.patch(f"/data/objects/Cube/data/{path}", json={"value": value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error"), answer.text
    assert read(blender, f"objects/Cube/data/{path}") == before
    told = blender.get("/objects/Cube").json()["result"]
    assert (told["vertices"], told["faces"]) == (8, 6)
    assert blender.post("/look", json={"views": ["iso"], "size": 128}).status_code == 200


def test_what_a_face_has_is_set_to_itself(blender: httpx.Client) -> None:
    fill(blender)
    path = "/data/objects/Cube/data/polygons/0/vertices"
    told = blender.get(path).json()["result"]
    assert len(told["value"]) == 4
    assert (told["schema"]["minItems"], told["schema"]["maxItems"]) == (4, 4)
    assert blender.patch(path, json={"value": told["value"]}).status_code == 200


@pytest.mark.parametrize("name", ["matrix_basis", "matrix_local", "matrix_world"])
def test_a_matrix_is_set_by_rows_as_it_is_read(blender: httpx.Client, name: str) -> None:
    fill(blender)
    turned = [[0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]]
    answer = blender.patch(f"/data/objects/Cube/{name}", json={"value": turned})
    assert answer.status_code == 200, answer.text
    for row, wanted in zip(read(blender, f"objects/Cube/{name}"), turned, strict=True):
        assert row == pytest.approx(wanted, abs=1e-6)
    told = blender.get("/objects/Cube").json()["result"]
    assert told["location"] == [5, 6, 7]
    assert told["rotation"] == pytest.approx([0, 0, 90], abs=1e-4)
    assert blender.patch(f"/data/objects/Cube/{name}", json={"value": read(blender, f"objects/Cube/{name}")}).is_success


def test_dimensions_are_set(blender: httpx.Client) -> None:
    fill(blender)
    assert blender.patch("/data/objects/Cube/dimensions", json={"value": [4, 6, 8]}).status_code == 200
    assert read(blender, "objects/Cube/scale") == pytest.approx([2, 3, 4])
    assert blender.get("/objects/Cube").json()["result"]["dimensions"] == pytest.approx([4, 6, 8])


def test_words_are_those_that_blender_has_at_that_place(blender: httpx.Client) -> None:
    told = blender.get("/data/scenes/Scene/render/engine").json()["result"]
    assert {"CYCLES", "BLENDER_WORKBENCH", told["value"]} <= set(told["schema"]["enum"])
    for path, value in (
        ("render/engine", "CYCLES"),
        ("render/engine", "BLENDER_WORKBENCH"),
        ("view_settings/view_transform", "Standard"),
        ("view_settings/view_transform", "AgX"),
    ):
        answer = blender.patch(f"/data/scenes/Scene/{path}", json={"value": value})
        assert answer.status_code == 200, answer.text
        assert read(blender, f"scenes/Scene/{path}") == value
    wrong = blender.patch("/data/scenes/Scene/render/engine", json={"value": "CYCLE"})
    assert wrong.status_code == 422
    assert wrong.json()["error"]["details"]["did_you_mean"] == ["CYCLES"]


@pytest.mark.parametrize(
    ("path", "arguments"), [("objects/Cube/modifiers", {"type": "BEVEL", "x": 1}), ("meshes", {"x": 1})]
)
def test_an_unknown_argument_is_named(blender: httpx.Client, path: str, arguments: dict[str, Any]) -> None:
    fill(blender)
    answer = blender.post(f"/data/{path}", json={"name": "New", "arguments": arguments})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error"), answer.text
    assert "arguments.x" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("objects/Cube/modifiers", {"type": "BEVEL"}),
        ("objects/Cube/vertex_groups", {}),
        ("objects/Cube/data/uv_layers", {}),
        ("objects/Cube/data/attributes", {"type": "FLOAT", "domain": "POINT"}),
        ("materials/Gold%2F24/node_tree/nodes", {"type": "ShaderNodeValue"}),
    ],
)
def test_a_name_below_a_data_block_is_taken_only_once(
    blender: httpx.Client, path: str, arguments: dict[str, Any]
) -> None:
    fill(blender)
    body = {"name": "Twice", "arguments": arguments}
    assert blender.post(f"/data/{path}", json=body).status_code == 201
    count = len(read(blender, path))
    again = blender.post(f"/data/{path}", json=body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "name_taken"), again.text
    assert len(read(blender, path)) == count


def places(blender: httpx.Client, path: str) -> list[float]:
    """The last column of a matrix, which is where the object is."""
    return [row[3] for row in read(blender, path)[:3]]


@pytest.mark.parametrize("visible", [True, False])
def test_matrices_are_those_of_the_scene_as_it_is_now(blender: httpx.Client, visible: bool) -> None:
    for name, place in (("Base", [1, 0, 0]), ("Part", [1, 2, 3])):
        made = blender.post("/primitives/cube", json={"name": name, "location": place})
        assert made.status_code == 201
    blender.patch("/objects/Part", json={"visible": visible}).raise_for_status()
    assert places(blender, "objects/Part/matrix_world") == [1, 2, 3]
    # A parent moves its child as it stands itself.
    blender.patch("/objects/Part", json={"parent": "Base"}).raise_for_status()
    stood = places(blender, "objects/Part/matrix_world")
    assert stood in ([1, 2, 3], [2, 2, 3])
    blender.patch("/objects/Base", json={"location": [101, 0, 0]}).raise_for_status()
    assert places(blender, "objects/Part/matrix_world") == [stood[0] + 100, 2, 3]
    assert places(blender, "objects/Part/matrix_local") == [stood[0] - 1, 2, 3]
    assert [row[3] for row in read(blender, "objects/Part")["matrix_world"][:3]] == [stood[0] + 100, 2, 3]


def test_what_a_constraint_makes_of_a_place_is_read_or_said_to_be_unknown(blender: httpx.Client) -> None:
    for name, place in (("Goal", [4, 5, 6]), ("Part", [1, 2, 3])):
        assert blender.post("/primitives/cube", json={"name": name, "location": place}).status_code == 201
    copied = {"type": "copy_location", "target": "Goal"}
    assert blender.post("/objects/Part/constraints", json=copied).status_code == 201
    assert places(blender, "objects/Part/matrix_world") == [4, 5, 6]
    assert blender.patch("/objects/Goal", json={"location": [7, 8, 9]}).status_code == 200
    assert places(blender, "objects/Part/matrix_world") == [7, 8, 9]
    assert blender.patch("/objects/Part", json={"visible": False}).status_code == 200
    answer = blender.get("/data/objects/Part/matrix_world").json()["result"]
    assert [each["code"] for each in answer["warnings"]] == ["not_evaluated"]
