"""Blender's primitives over HTTP: their geometry is that of Blender's own operators, and what is wrong is refused."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

# Parameters of the API, Blender's own operator with its parameters, then vertices, edges, faces, and the volume's sign.
SAME_AS_OPERATORS = [
    ("cube", {}, "cube", {}, (8, 12, 6), True),
    ("cube", {"size": 0.5}, "cube", {"size": 0.5}, (8, 12, 6), True),
    ("sphere", {}, "uv_sphere", {}, (482, 992, 512), True),
    (
        "sphere",
        {"radius": 2, "segments": 5, "rings": 4},
        "uv_sphere",
        {"radius": 2, "segments": 5, "ring_count": 4},
        (17, 35, 20),
        True,
    ),
    ("sphere", {"kind": "ico"}, "ico_sphere", {}, (42, 120, 80), True),
    (
        "sphere",
        {"kind": "ico", "subdivisions": 1, "radius": 3},
        "ico_sphere",
        {"subdivisions": 1, "radius": 3},
        (12, 30, 20),
        True,
    ),
    ("cylinder", {}, "cylinder", {}, (64, 96, 34), True),
    (
        "cylinder",
        {"radius": 0.2, "depth": 5, "vertices": 6},
        "cylinder",
        {"radius": 0.2, "depth": 5, "vertices": 6},
        (12, 18, 8),
        True,
    ),
    ("cone", {}, "cone", {}, (33, 64, 33), True),
    (
        "cone",
        {"radius1": 0, "radius2": 2, "vertices": 8},
        "cone",
        {"radius1": 0, "radius2": 2, "vertices": 8},
        (9, 16, 9),
        True,
    ),
    (
        "cone",
        {"radius1": 2, "radius2": 1, "depth": 3, "vertices": 3},
        "cone",
        {"radius1": 2, "radius2": 1, "depth": 3, "vertices": 3},
        (6, 9, 5),
        True,
    ),
    ("torus", {}, "torus", {"major_radius": 1, "minor_radius": 0.25}, (576, 1152, 576), True),
    (
        "torus",
        {"major_radius": 3, "minor_radius": 1, "major_segments": 7, "minor_segments": 3},
        "torus",
        {"major_radius": 3, "minor_radius": 1, "major_segments": 7, "minor_segments": 3},
        (21, 42, 21),
        True,
    ),
    ("plane", {}, "plane", {}, (4, 4, 1), False),
    ("grid", {"x_subdivisions": 3}, "grid", {"x_subdivisions": 3}, (44, 73, 30), False),
    ("circle", {"vertices": 5}, "circle", {"vertices": 5}, (5, 5, 0), False),
    ("circle", {"fill": True}, "circle", {"fill_type": "NGON"}, (32, 32, 1), False),
    ("monkey", {}, "monkey", {}, (507, 1005, 500), False),
]

COMPARE = """
import bmesh
def facts(mesh):
    bm = bmesh.new()
    bm.from_mesh(mesh)
    points = sorted([round(value, 4) + 0.0 for value in vertex.co] for vertex in mesh.vertices)
    faces = sorted(round(face.calc_area(), 4) for face in bm.faces)
    uvs = len(mesh.uv_layers) == 1 and any(uv.vector.length > 0 for uv in mesh.uv_layers[0].uv) or not len(bm.faces)
    found = points, faces, round(bm.calc_volume(signed=True), 3), all(edge.is_manifold for edge in bm.edges), uvs
    bm.free()
    return found
made = bpy.data.objects["Made"].data
bpy.ops.mesh.primitive_{operator}_add(**{options})
own = bpy.context.object.data
[facts(made)[:2] == facts(own)[:2], *facts(made)[2:], all(not face.use_smooth for face in made.polygons)]
"""


def made(blender: httpx.Client, primitive: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


@pytest.mark.parametrize(("kind", "params", "operator", "options", "counts", "closed"), SAME_AS_OPERATORS)
def test_the_geometry_is_that_of_blenders_own_operator(
    blender: httpx.Client,
    gateway: Gateway,
    kind: str,
    params: dict[str, Any],
    operator: str,
    options: dict[str, Any],
    counts: tuple[int, int, int],
    closed: bool,
) -> None:
    # The geometry of the first may be remembered for those that follow: what is compared is a later one.
    first = made(blender, kind, **params)
    info = made(blender, kind, name="Made", **params)
    assert (info["vertices"], info["edges"], info["faces"]) == counts
    assert (first["vertices"], first["edges"], first["faces"]) == counts
    code = COMPARE.replace("{operator}", operator).replace("{options}", repr(options))
    same, volume, manifold, has_uvs, flat = evaluate(gateway, code)
    assert same, "points or faces differ from the operator's"
    assert has_uvs
    assert flat
    if closed:
        assert manifold
        assert volume > 0, "the normals point inwards"


@pytest.mark.parametrize("kind", ["cube", "sphere", "torus", "plane"])
def test_a_second_one_has_the_same_geometry_and_a_mesh_of_its_own(
    blender: httpx.Client, gateway: Gateway, kind: str
) -> None:
    one, two = made(blender, kind, name="One"), made(blender, kind, name="Two")
    assert [one[field] for field in ("vertices", "edges", "faces", "dimensions")] == [
        two[field] for field in ("vertices", "edges", "faces", "dimensions")
    ]
    assert (
        evaluate(
            gateway,
            """
one, two = (bpy.data.objects[name].data for name in ("One", "Two"))
def facts(mesh):
    return [
        [list(vertex.co) for vertex in mesh.vertices],
        [list(face.vertices) for face in mesh.polygons],
        [list(edge.vertices) for edge in mesh.edges],
        [list(uv.vector) for uv in mesh.uv_layers[0].uv],
        [list(face.normal) for face in mesh.polygons],
    ]
two.validate() or one == two or facts(one) != facts(two)
""",
        )
        is False
    )


def test_a_primitive_without_parameters_has_blenders_name_and_stands_at_the_origin(blender: httpx.Client) -> None:
    info = made(blender, "cube")
    assert info == {
        "name": "Cube",
        "type": "MESH",
        "location": [0.0, 0.0, 0.0],
        "rotation": [0.0, 0.0, 0.0],
        "scale": [1.0, 1.0, 1.0],
        "global_location": [0.0, 0.0, 0.0],
        "global_rotation": [0.0, 0.0, 0.0],
        "global_scale": [1.0, 1.0, 1.0],
        "dimensions": [2.0, 2.0, 2.0],
        "parent": None,
        "children": [],
        "collections": ["Scene Collection"],
        "materials": [],
        "modifiers": [],
        "visible": True,
        "vertices": 8,
        "edges": 12,
        "faces": 6,
        "properties": {},
        "revision": info["revision"],
        "warnings": [],
    }
    assert blender.get("/objects/Cube").json()["result"] == info
    assert made(blender, "cube")["name"] == "Cube.001"


def test_it_is_placed_turned_and_scaled_as_asked_in_degrees(blender: httpx.Client, gateway: Gateway) -> None:
    info = made(
        blender, "cube", name="Box", location=[1.1, -2, 1e6], rotation=[0, 45.5, -90], scale=[1, -2, 0.5], size=3
    )
    assert info["location"] == [1.1, -2.0, 1e6]
    assert info["rotation"] == [0.0, 45.5, -90.0]
    assert info["scale"] == [1.0, -2.0, 0.5]
    assert info["dimensions"] == [3.0, 6.0, 1.5]
    radians = evaluate(
        gateway, "list(bpy.data.objects['Box'].rotation_euler) + [bpy.data.objects['Box'].rotation_mode]"
    )
    assert radians == [0.0, pytest.approx(0.794125), pytest.approx(-1.570796), "XYZ"]


def test_it_takes_a_material_and_a_collection_that_exist(blender: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Red"})
    blender.post("/collections", json={"name": "Parts"})
    info = made(blender, "torus", material="Red", collection="Parts")
    assert (info["materials"], info["collections"]) == (["Red"], ["Parts"])
    for field in ("material", "collection"):
        answer = blender.post("/primitives/cube", json={"name": "No", field: "Rad"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, f"{field}_not_found")
    assert blender.get("/objects").json()["result"]["total"] == 1


def test_smooth_shading_is_there_for_round_things(blender: httpx.Client, gateway: Gateway) -> None:
    made(blender, "sphere", name="Ball", smooth=True)
    assert evaluate(gateway, "all(face.use_smooth for face in bpy.data.objects['Ball'].data.polygons)") is True


def test_an_empty_is_an_object_without_geometry(blender: httpx.Client) -> None:
    info = made(blender, "empty", name="Pivot", location=[1, 2, 3])
    assert (info["type"], info["vertices"], info["dimensions"]) == ("EMPTY", None, [0.0, 0.0, 0.0])


def test_text_is_a_curve_object_as_wide_as_its_letters(blender: httpx.Client, gateway: Gateway) -> None:
    short, long = made(blender, "text", text="i"), made(blender, "text", text="iiii\nü", name="Lines")
    assert (short["type"], short["name"]) == ("FONT", "Text")
    assert 0 < short["dimensions"][0] < long["dimensions"][0]
    assert evaluate(gateway, "bpy.data.objects['Lines'].data.body") == "iiii\nü"


# --- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("cube", {"size": 0}),
        ("cube", {"size": -1}),
        ("cube", {"size": "2"}),
        ("cube", {"size": True}),
        ("cube", {"size": None}),
        ("cube", {"size": 1e-50}),
        ("cube", {"size": 1e30}),
        ("cube", {"radius": 1}),
        ("cube", {"location": [1, 2]}),
        ("cube", {"location": [1, 2, 3, 4]}),
        ("cube", {"location": [1, 2, 1e30]}),
        ("cube", {"location": {"x": 1}}),
        ("cube", {"rotation": [1e9, 0, 0]}),
        ("cube", {"scale": ["1", 1, 1]}),
        ("cube", {"name": ""}),
        ("cube", {"name": "a\nb"}),
        ("cube", {"name": 3}),
        ("cube", {"name": "x" * 300}),
        ("cube", {"on_conflict": "ignore"}),
        ("sphere", {"segments": 2}),
        ("sphere", {"rings": 2}),
        ("sphere", {"segments": 8.0}),
        ("sphere", {"kind": "quad"}),
        ("sphere", {"kind": "ico", "subdivisions": 0}),
        ("cylinder", {"vertices": 2}),
        ("cylinder", {"depth": 0}),
        ("cone", {"radius1": 0, "radius2": 0}),
        ("cone", {"radius1": -1}),
        ("torus", {"minor_radius": 0}),
        ("torus", {"minor_segments": 2}),
        ("empty", {"display": "image"}),
        ("empty", {"material": "Red"}),
        ("text", {}),
        ("text", {"text": ""}),
    ],
)
def test_a_primitive_that_cannot_be_is_refused_and_not_made(
    blender: httpx.Client, kind: str, params: dict[str, Any]
) -> None:
    answer = blender.post(f"/primitives/{kind}", json=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error"), answer.text
    assert blender.get("/objects").json()["result"] == {"objects": [], "total": 0}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(blender: httpx.Client, number: str) -> None:
    body = f'{{"location": [0, {number}, 0]}}'
    answer = blender.post("/primitives/cube", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert blender.get("/objects").json()["result"]["total"] == 0


@pytest.mark.parametrize(
    ("kind", "params", "vertices"),
    [
        ("sphere", {"segments": 20_000, "rings": 20_000}, 399_980_002),
        ("sphere", {"kind": "ico", "subdivisions": 12}, 41_943_042),
        ("torus", {"major_segments": 1_000_000, "minor_segments": 1_000_000}, 10**12),
        ("grid", {"x_subdivisions": 20_000, "y_subdivisions": 20_000}, 400_040_001),
    ],
)
def test_a_primitive_that_would_kill_blender_is_refused_with_the_limit(
    blender: httpx.Client, kind: str, params: dict[str, Any], vertices: int
) -> None:
    answer = blender.post(f"/primitives/{kind}", json=params)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "limit_exceeded"
    assert error["details"] == {"limit": "max_vertices", "value": vertices, "maximum": 5_000_000}
    assert "max_vertices" in error["message"]
    assert blender.get("/objects").json()["result"]["total"] == 0


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Größe", "a/b", "with space", "..", "../../etc/passwd", "100%", "x" * 63, "ü" * 31, "Cube.001", "?&#"]
)
def test_any_text_up_to_blenders_limit_is_a_name(blender: httpx.Client, name: str) -> None:
    info = made(blender, "cube", name=name)
    assert info["name"] == name
    path = "/objects/" + "".join(f"%{byte:02X}" for byte in name.encode())
    assert blender.get(path).json()["result"] == info
    assert blender.delete(path).json()["result"] == {"deleted": name}
    assert blender.get(path).status_code == 404


@pytest.mark.parametrize("letter", ["x", "ü"])
def test_a_name_that_blender_would_cut_is_refused(blender: httpx.Client, gateway: Gateway, letter: str) -> None:
    newer = int(gateway.health("blender")["result"]["application"].split()[1].partition(".")[0]) >= 5
    limit = 255 if newer else 63
    name = letter * (limit // len(letter.encode()) + 1)
    answer = blender.post("/primitives/cube", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
    assert str(limit) in answer.json()["error"]["message"]
    assert blender.get("/objects").json()["result"]["total"] == 0


def test_a_name_in_use_is_409_unless_the_request_says_what_to_do(blender: httpx.Client) -> None:
    first = made(blender, "cube", name="Part")
    answer = blender.post("/primitives/sphere", json={"name": "Part"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "name_taken")
    assert blender.get("/objects/Part").json()["result"] == first

    renamed = made(blender, "sphere", name="Part", on_conflict="rename")
    assert renamed["name"] == "Part.001"
    assert blender.get("/objects/Part").json()["result"] == first

    replaced = made(blender, "plane", name="Part", on_conflict="replace")
    assert (replaced["name"], replaced["vertices"]) == ("Part", 4)
    assert blender.get("/objects").json()["result"]["total"] == 2


def test_a_name_that_executed_code_took_is_taken_too(blender: httpx.Client, gateway: Gateway) -> None:
    made(blender, "cube", name="Mine")
    evaluate(gateway, "bpy.data.objects['Mine'].name = 'Theirs'")
    assert blender.post("/primitives/cube", json={"name": "Theirs"}).status_code == 409
    assert made(blender, "cube", name="Mine")["name"] == "Mine"


def test_creating_does_not_leave_meshes_behind(blender: httpx.Client, gateway: Gateway) -> None:
    made(blender, "cube", name="A")
    made(blender, "cube", name="A", on_conflict="replace")
    blender.post("/primitives/cube", json={"name": "A"})
    blender.delete("/objects/A")
    assert evaluate(gateway, "len(bpy.data.meshes)") == 0


def test_the_answer_is_what_a_call_over_the_socket_gives(blender: httpx.Client, gateway: Gateway) -> None:
    from websockets.sync.client import connect

    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "call", "id": 7, "method": "primitives.cone", "params": {"name": "Tip"}}))
        while (message := json.loads(socket.recv(timeout=20)))["type"] != "result":
            pass
    assert message["result"] == blender.get("/objects/Tip").json()["result"]


def test_text_with_thickness_says_its_thickness(blender: httpx.Client) -> None:
    thick = blender.post("/primitives/text", json={"text": "Hi", "extrude": 0.1}).json()["result"]
    flat = blender.post("/primitives/text", json={"text": "Hi"}).json()["result"]

    assert thick["dimensions"] == pytest.approx([*flat["dimensions"][:2], 0.2])
    assert flat["dimensions"][2] == 0 < flat["dimensions"][1] < flat["dimensions"][0]
    scaled = blender.patch(f"/objects/{thick['name']}", json={"scale": [1, 1, 3]}).json()["result"]
    assert scaled["dimensions"][2] == pytest.approx(0.6)


def test_a_curve_is_as_large_as_its_points_and_its_bevel(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(
        gateway,
        "curve = bpy.data.curves.new('Path', 'CURVE')\n"
        "curve.dimensions = '3D'\n"
        "curve.splines.new('POLY').points.add(1)\n"
        "curve.splines[0].points[1].co = (2, 0, 0, 1)\n"
        "curve.bevel_depth = 0.1\n"
        "bpy.context.scene.collection.objects.link(bpy.data.objects.new('Path', curve))\n",
    )

    assert blender.get("/objects/Path").json()["result"]["dimensions"] == pytest.approx([2, 0.2, 0.2])
