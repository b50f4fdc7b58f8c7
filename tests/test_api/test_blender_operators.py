"""Blender's operators are found, described and run in a context of their own; what they did is checked by numbers."""

from __future__ import annotations

import os
import signal
from math import pi
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another

EDIT = {"active": "Cube", "selected": ["Cube"], "mode": "EDIT"}
OBJECT = {"active": "Cube", "selected": ["Cube"]}
NOTHING: dict[str, list[str]] = {"changed": [], "created": [], "deleted": [], "data_created": [], "data_deleted": []}


def sent(blender: httpx.Client, operator: str, properties: dict[str, Any], context: Any = None) -> httpx.Response:
    return blender.post(f"/operators/{operator}", json={"properties": properties, "context": context})


def run(blender: httpx.Client, operator: str, properties: dict[str, Any], context: Any = None) -> dict[str, Any]:
    answer = sent(blender, operator, properties, context)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def version(gateway: Gateway) -> tuple[int, int]:
    """The first two numbers of Blender's version."""
    first, second = gateway.health("blender")["result"]["application"].split()[1].split(".")[:2]
    return int(first), int(second)


def add(blender: httpx.Client, name: str = "Cube", **fields: Any) -> dict[str, Any]:
    answer = blender.post("/primitives/cube", json={"name": name, "size": 2, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def described(blender: httpx.Client, name: str) -> dict[str, Any]:
    return blender.get(f"/objects/{name}").json()["result"]


OF_SOME_BLENDERS = {
    **dict.fromkeys(("view3d.ndof_all", "view3d.ndof_orbit", "view3d.ndof_orbit_zoom", "view3d.ndof_pan"), "window"),
    "anim.slot_new_for_object": "loses the keyframes",
}
"""Operators of Blenders that were built for 3D mice, and of 4.3, with a word of the reason why they are refused."""

CRASHING_BEFORE_4_5 = {
    *("paint.vertex_color_brightness_contrast", "paint.vertex_color_hsv", "paint.vertex_color_invert"),
    *("paint.vertex_color_levels", "paint.vertex_color_set"),
}
CRASHING_SINCE_5_2 = {"mask.move_to_layer", "uv.select_circle", "uv.stitch"}


def test_operators_are_listed_found_and_described(blender: httpx.Client, gateway: Gateway) -> None:
    every = blender.get("/operators", params={"limit": 10_000}).json()["result"]
    assert every["total"] == len(every["operators"]) > 2000
    assert all(each["callable"] or each["reason"] for each in every["operators"])
    unreviewed = [each["id"] for each in every["operators"] if (each["reason"] or "").startswith("nobody")]
    now = version(gateway)
    if now <= (5, 2):  # those that later versions have more of are refused until they are reviewed
        assert unreviewed == [], "review them: add them to app/operating/reviewed.py, or refuse them in policy.py"
    for each in every["operators"]:
        if each["id"] in OF_SOME_BLENDERS:
            assert not each["callable"], each
            assert OF_SOME_BLENDERS[each["id"]] in each["reason"]
        crashing = CRASHING_BEFORE_4_5 if now < (4, 5) else CRASHING_SINCE_5_2
        if not (4, 5) <= now < (5, 2) and each["id"] in crashing:
            assert not each["callable"], each
            assert "crashes" in each["reason"]
    found = blender.get("/operators", params={"search": "bevel"}).json()["result"]["operators"]
    assert found[0]["id"] == "mesh.bevel"
    assert blender.get("/operators", params={"search": "merge vertices by distance"}).json()["result"]["total"]
    told = blender.get("/operators/mesh.bevel").json()["result"]
    schema = told["schema"]["properties"]
    assert schema["segments"]["minimum"] == 1
    assert schema["affect"]["enum"] == ["VERTICES", "EDGES"]
    assert schema["offset"]["unit"] == "m"
    assert schema["offset"]["description"]
    assert told["context"] == {"mode": "EDIT", "object_types": ["MESH"], "area": None}
    wrong = blender.get("/operators/mesh.bevle")
    assert wrong.status_code == 404
    assert wrong.json()["error"]["details"]["did_you_mean"][0] == "mesh.bevel"
    batch = blender.post("/batch", json={"calls": [{"method": "operators.get", "params": {"operator": "mesh.bevel"}}]})
    assert batch.json()["result"]["results"][0]["result"] == told


IN_EDIT_MODE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("mesh.subdivide", {"number_cuts": 1}, {"vertices": 26, "faces": 24}),
    ("mesh.bevel", {"offset": 0.1, "segments": 1}, {"vertices": 24, "faces": 26, "dimensions": [2, 2, 2]}),
    ("mesh.inset", {"thickness": 0.1, "use_individual": True}, {"vertices": 32, "faces": 30}),
    ("mesh.poke", {}, {"vertices": 14, "faces": 24}),
    ("mesh.quads_convert_to_tris", {}, {"vertices": 8, "edges": 18, "faces": 12}),
    ("mesh.duplicate", {}, {"vertices": 16, "faces": 12}),
    ("mesh.delete", {"type": "VERT"}, {"vertices": 0, "faces": 0}),
    ("mesh.delete", {"type": "ONLY_FACE"}, {"vertices": 8, "edges": 12, "faces": 0}),
    ("mesh.edge_split", {"type": "EDGE"}, {"vertices": 24, "faces": 6}),
    ("mesh.solidify", {"thickness": 0.1}, {"vertices": 16, "faces": 12}),
    ("mesh.merge", {"type": "CENTER"}, {"vertices": 1, "faces": 0}),
    ("mesh.delete", {"type": "EDGE_FACE"}, {"vertices": 8, "edges": 0, "faces": 0}),
    ("mesh.vertices_smooth", {"factor": 0.5}, {"vertices": 8, "dimensions": [4 / 3] * 3}),
    (
        "mesh.bisect",
        {"plane_co": [0, 0, 0], "plane_no": [1, 0, 0], "clear_inner": True, "use_fill": True},
        {"vertices": 8, "faces": 6, "dimensions": [1, 2, 2]},
    ),
    (
        "mesh.extrude_faces_move",
        {"TRANSFORM_OT_shrink_fatten": {"value": 0.5}},
        {"vertices": 32, "faces": 30, "dimensions": [3, 3, 3]},
    ),
    ("transform.resize", {"value": [2, 1, 1]}, {"dimensions": [4, 2, 2], "scale": [1, 1, 1]}),
    ("transform.translate", {"value": [5, 0, 0]}, {"dimensions": [2, 2, 2], "location": [0, 0, 0]}),
]
"""Operators on a whole cube of 2 m, and what it is then."""


@pytest.mark.parametrize(("operator", "properties", "expected"), IN_EDIT_MODE)
def test_mesh_operators_do_what_they_say(
    blender: httpx.Client, operator: str, properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    add(blender)
    told = run(blender, operator, properties, EDIT)
    assert {**NOTHING, "changed": ["Cube"]}.items() <= told.items()
    now = described(blender, "Cube")
    assert {key: pytest.approx(now[key], abs=1e-5) for key in expected} == expected


ON_OBJECTS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("transform.translate", {"value": [1, 2, 3]}, {}, {"location": [1, 2, 3]}),
    ("transform.resize", {"value": [2, 3, 4]}, {}, {"scale": [2, 3, 4], "dimensions": [4, 6, 8]}),
    ("transform.rotate", {"value": -pi / 2, "orient_axis": "Z"}, {}, {"rotation": [0, 0, 90]}),
    ("object.location_clear", {}, {"location": [1, 2, 3]}, {"location": [0, 0, 0]}),
    ("object.rotation_clear", {}, {"rotation": [10, 20, 30]}, {"rotation": [0, 0, 0]}),
    ("object.scale_clear", {}, {"scale": [1, 2, 3]}, {"scale": [1, 1, 1]}),
    (
        "object.transform_apply",
        {"location": False, "rotation": False, "scale": True},
        {"scale": [1, 2, 3]},
        {"scale": [1, 1, 1], "dimensions": [2, 4, 6]},
    ),
    ("object.transform_apply", {"rotation": False, "scale": False}, {"location": [1, 2, 3]}, {"location": [0, 0, 0]}),
]
"""Operators on a cube that was made with some fields, and what it is then."""


@pytest.mark.parametrize(("operator", "properties", "fields", "expected"), ON_OBJECTS)
def test_object_operators_do_what_they_say(
    blender: httpx.Client,
    gateway: Gateway,
    operator: str,
    properties: dict[str, Any],
    fields: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    if operator == "transform.rotate" and version(gateway)[0] >= 5:
        expected = {"rotation": [0, 0, -90]}  # it turns the other way there
    add(blender, **fields)
    assert run(blender, operator, properties, OBJECT)["changed"] == ["Cube"]
    now = described(blender, "Cube")
    assert {key: pytest.approx(now[key], abs=1e-4) for key in expected} == expected


SEEN: list[tuple[str, dict[str, Any], dict[str, Any], str, Any]] = [
    ("mesh.mark_seam", {}, EDIT, "sum(each.use_seam for each in mesh.edges)", 12),
    ("mesh.mark_sharp", {}, EDIT, "sum(each.use_edge_sharp for each in mesh.edges)", 12),
    ("mesh.faces_shade_smooth", {}, EDIT, "sum(each.use_smooth for each in mesh.polygons)", 6),
    ("mesh.flip_normals", {}, EDIT, "sum(each.normal.dot(each.center) < 0 for each in mesh.polygons)", 6),
    ("mesh.uv_texture_add", {}, EDIT, "len(mesh.uv_layers)", 2),
    # Each face is 2 m wide: projected at 1 m to the width of the picture, it is two pictures wide.
    ("uv.cube_project", {"cube_size": 1}, EDIT, "sorted({round(widest(face), 4) for face in mesh.polygons})", [2.0]),
    ("uv.smart_project", {}, EDIT, "all(-1e-6 <= part <= 1 + 1e-6 for each in uvs() for part in each)", True),
    ("object.shade_smooth", {}, OBJECT, "sum(each.use_smooth for each in mesh.polygons)", 6),
    ("object.vertex_group_add", {}, OBJECT, "len(cube.vertex_groups)", 1),
    ("object.shape_key_add", {}, OBJECT, "len(mesh.shape_keys.key_blocks)", 1),
    (
        "object.constraint_add",
        {"type": "LIMIT_LOCATION"},
        OBJECT,
        "[each.type for each in cube.constraints]",
        ["LIMIT_LOCATION"],
    ),
    ("rigidbody.object_add", {"type": "PASSIVE"}, OBJECT, "cube.rigid_body.type", "PASSIVE"),
    ("object.material_slot_add", {}, OBJECT, "len(cube.material_slots)", 1),
]
"""Operators that change what no count shows, and what Blender itself says of the cube then."""


@pytest.mark.parametrize(("operator", "properties", "context", "expression", "expected"), SEEN)
def test_what_counts_do_not_show_is_there_in_blender(
    blender: httpx.Client,
    gateway: Gateway,
    operator: str,
    properties: dict[str, Any],
    context: dict[str, Any],
    expression: str,
    expected: Any,
) -> None:
    add(blender)
    assert run(blender, operator, properties, context)["changed"] == ["Cube"]
    code = f"""
cube = bpy.data.objects["Cube"]
mesh = cube.data
def uvs(): return [each.uv for each in mesh.uv_layers.active.data]
def widest(face):
    us = [mesh.uv_layers.active.data[each].uv.x for each in face.loop_indices]
    return max(us) - min(us)
{expression}
"""
    assert evaluate(gateway, code) == expected


ADDED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("mesh.primitive_plane_add", {"size": 3}, "Plane", {"vertices": 4, "dimensions": [3, 3, 0]}),
    ("mesh.primitive_circle_add", {"vertices": 16, "radius": 2}, "Circle", {"vertices": 16, "faces": 0}),
    ("mesh.primitive_cone_add", {"vertices": 12, "depth": 5}, "Cone", {"vertices": 13, "faces": 13}),
    ("mesh.primitive_cylinder_add", {"vertices": 12}, "Cylinder", {"vertices": 24, "faces": 14}),
    ("mesh.primitive_uv_sphere_add", {"segments": 8, "ring_count": 6}, "Sphere", {"vertices": 42, "faces": 48}),
    ("mesh.primitive_ico_sphere_add", {"subdivisions": 2}, "Icosphere", {"vertices": 42, "faces": 80}),
    ("mesh.primitive_grid_add", {"x_subdivisions": 4, "y_subdivisions": 5}, "Grid", {"vertices": 30, "faces": 20}),
    ("mesh.primitive_torus_add", {"major_segments": 6, "minor_segments": 4}, "Torus", {"vertices": 24, "faces": 24}),
    ("mesh.primitive_monkey_add", {}, "Suzanne", {"vertices": 507, "faces": 500}),
    ("object.empty_add", {"location": [1, 2, 3]}, "Empty", {"type": "EMPTY", "location": [1, 2, 3]}),
    ("object.camera_add", {"rotation": [pi / 2, 0, 0]}, "Camera", {"type": "CAMERA", "rotation": [90, 0, 0]}),
    ("object.light_add", {"type": "SUN"}, "Sun", {"type": "LIGHT"}),
    ("object.armature_add", {}, "Armature", {"type": "ARMATURE"}),
    ("curve.primitive_bezier_circle_add", {"radius": 2}, "BézierCircle", {"type": "CURVE", "dimensions": [4, 4, 0]}),
]


@pytest.mark.parametrize(("operator", "properties", "name", "expected"), ADDED)
def test_operators_that_add_report_what_they_added(
    blender: httpx.Client, operator: str, properties: dict[str, Any], name: str, expected: dict[str, Any]
) -> None:
    told = run(blender, operator, properties)
    assert (told["changed"], told["created"], told["deleted"]) == ([], [name], [])
    now = described(blender, name)
    assert {key: now[key] if isinstance(now[key], str) else pytest.approx(now[key], abs=1e-4) for key in expected} == (
        expected
    )


def test_operators_on_several_objects(blender: httpx.Client) -> None:
    add(blender)
    add(blender, "Other", location=[4, 0, 0])
    both = {"active": "Cube", "selected": ["Cube", "Other"]}
    run(blender, "object.parent_set", {}, both)
    assert described(blender, "Other")["parent"] == "Cube"
    run(blender, "object.parent_clear", {"type": "CLEAR_KEEP_TRANSFORM"}, {"selected": ["Other"]})
    assert described(blender, "Other")["parent"] is None
    told = run(blender, "object.duplicate", {}, both)
    assert told["created"] == ["Cube.001", "Other.001"]
    told = run(blender, "object.join", {}, both)
    assert (told["changed"], told["deleted"]) == (["Cube"], ["Other"])
    assert described(blender, "Cube")["vertices"] == 16
    told = run(blender, "mesh.separate", {"type": "LOOSE"}, EDIT)
    assert (told["changed"], told["created"]) == (["Cube"], ["Cube.002"])
    assert run(blender, "object.delete", {}, {"selected": ["Cube.001", "Other.001"]})["deleted"] == [
        "Cube.001",
        "Other.001",
    ]


def test_selection_active_object_and_mode_are_left_as_they_were(blender: httpx.Client) -> None:
    add(blender)
    add(blender, "Other")
    assert run(blender, "object.select_pattern", {"pattern": "Other"})["changed"] == []
    run(blender, "mesh.subdivide", {}, EDIT)
    assert sent(blender, "mesh.bevel", {}, OBJECT).status_code == 422
    assert sent(blender, "mesh.bevel", {"affect": "NONE"}, EDIT).status_code == 422
    # without a context, an operator works on what is selected, which is still the other one
    run(blender, "transform.translate", {"value": [0, 0, 5]})
    assert described(blender, "Other")["location"] == [0, 0, 5]
    assert described(blender, "Cube")["location"] == [0, 0, 0]


@pytest.mark.parametrize(
    ("operator", "properties", "context", "code", "words"),
    [
        ("mesh.bevel", {}, OBJECT, "not_possible", "context is incorrect"),
        ("object.shape_key_remove", {}, OBJECT, "not_possible", "mode 'OBJECT'"),
        ("object.join", {}, OBJECT, "command_failed", "cancelled"),
        ("mesh.blend_from_shape", {}, EDIT, "command_failed", "does not have shape keys"),
        ("mesh.bevel", {"ofset": 1}, EDIT, "validation_error", "did you mean 'offset'"),
        ("mesh.bevel", {"segments": 1.5}, EDIT, "validation_error", "whole number"),
        ("mesh.bevel", {"segments": 5000}, EDIT, "validation_error", "Blender's range"),
        ("mesh.bevel", {"affect": "FACES"}, EDIT, "validation_error", "'EDGES'"),
        ("mesh.bevel", {}, {**EDIT, "mode": "POSE"}, "not_possible", "no mode 'POSE'"),
        ("mesh.bevel", {}, {**EDIT, "active": "Nobody"}, "object_not_found", "Nobody"),
        ("mesh.subdivide", {"number_cuts": 100, "smoothness": 0}, EDIT, None, ""),
        ("mesh.primitive_uv_sphere_add", {"segments": 100000, "ring_count": 100000}, None, "limit_exceeded", "max_"),
        ("mesh.nothing", {}, None, "operator_not_found", "mesh.nothing"),
        ("wm.quit_blender", {}, None, "not_possible", "ends the program"),
        ("wm.open_mainfile", {"filepath": "/etc/passwd"}, None, "not_possible", "scene.open"),
        ("wm.save_as_mainfile", {"filepath": "/tmp/x.blend"}, None, "not_possible", "scene.save"),
        ("wm.obj_export", {"filepath": "/tmp/x.obj"}, None, "not_possible", "exchange.export"),
        ("import_scene.gltf", {"filepath": "/etc/passwd"}, None, "not_possible", "exchange.import"),
        ("image.open", {"filepath": "/etc/passwd"}, None, "not_possible", "files"),
        ("script.python_file_run", {"filepath": "/tmp/x.py"}, None, "not_possible", "scope execute"),
        ("console.execute", {}, None, "not_possible", "scope execute"),
        ("text.run_script", {}, None, "not_possible", "code"),
        ("wm.context_set_value", {"data_path": "scene", "value": "1"}, None, "not_possible", "program"),
        ("wm.properties_edit", {}, None, "not_possible", "program"),
        ("preferences.addon_enable", {"module": "x"}, None, "not_possible", "preferences"),
        ("object.modifier_add", {"type": "FLUID"}, OBJECT, "not_possible", "caches"),
        ("node.add_node", {"type": "GeometryNodeImportText"}, OBJECT, "not_possible", "files"),
        ("node.add_node", {"settings": [{"name": "x", "value": "1"}]}, OBJECT, "not_possible", "Python"),
        ("anim.driver_button_add", {}, OBJECT, "not_possible", "scope execute"),
        ("object.mode_set", {"mode": "EDIT"}, OBJECT, "not_possible", "context.mode"),
        ("screen.screen_full_area", {}, None, "not_possible", "window"),
        ("view3d.fly", {}, None, "not_possible", "window"),
    ],
)
def test_what_is_not_possible_is_refused_with_the_reason(
    blender: httpx.Client,
    operator: str,
    properties: dict[str, Any],
    context: dict[str, Any] | None,
    code: str | None,
    words: str,
) -> None:
    before = add(blender)
    answer = sent(blender, operator, properties, context)
    if code is None:
        assert answer.status_code == 200
        return
    assert answer.status_code in (404, 422), answer.text
    error = answer.json()["error"]
    assert error["code"] == code, error
    assert words in error["message"]
    assert described(blender, "Cube") == before
    assert blender.get("/objects").json()["result"]["total"] == 1


@pytest.mark.parametrize(
    ("operator", "name"),
    [
        ("node.swap_node", "type"),
        ("node.add_zone", "input_node_type"),
        ("node.add_zone", "output_node_type"),
        ("node.swap_zone", "input_node_type"),
    ],
)
def test_no_operator_makes_a_node_that_reads_files(
    blender: httpx.Client, gateway: Gateway, operator: str, name: str
) -> None:
    """Those of later versions, too; an earlier one does not have them."""
    known = blender.get("/operators", params={"limit": 10_000}).json()["result"]["operators"]
    there = operator in {each["id"] for each in known}
    assert there or version(gateway) < (5, 2)
    for kind in ("GeometryNodeImportText", "ShaderNodeScript", "CompositorNodeOutputFile"):
        answer = sent(blender, operator, {name: kind}, OBJECT)
        error = answer.json()["error"]
        assert error["code"] == ("not_possible" if there else "operator_not_found"), error
        assert not there or "it reads or writes files" in error["message"], error


def test_operators_are_undone_and_come_back_after_a_kill(own_blender: Gateway) -> None:
    own_blender.start()
    with own_blender.client("/api/v1/blender") as blender:
        add(blender)
        run(blender, "mesh.subdivide", {}, EDIT)
        run(blender, "transform.translate", {"value": [1, 0, 0]}, OBJECT)
        assert sent(blender, "transform.translate?dry_run=true", {"value": [9, 0, 0]}, OBJECT).is_success
        assert blender.post("/undo").is_success
        told = described(blender, "Cube")
        assert (told["vertices"], told["location"]) == (26, [0, 0, 0])
        run(blender, "mesh.poke", {}, EDIT)
        told = described(blender, "Cube")
        pid = own_blender.application_pid("blender")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: is_another(own_blender.health("blender").get("result", {}), pid), what="another Blender")
        assert described(blender, "Cube") == told
