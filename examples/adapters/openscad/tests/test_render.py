"""Renders, by the real OpenSCAD: what is in the files, and what is refused."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest
from PIL import Image
from websockets.sync.client import connect

SOLID = "difference() { cube([4, 2, 3]); translate([1, 1, -1]) cylinder(r = 0.5, h = 5, $fn = 16); }"
DRAWING = "translate([1, 2]) square([4, 5]);"


def test_stl_is_binary_and_what_is_told_is_in_it(openscad) -> None:
    made = openscad.render(SOLID)
    content = openscad.bytes_of(made["artifact"])
    assert (made["artifact"]["name"], made["artifact"]["media_type"]) == ("model.stl", "model/stl")
    assert struct.unpack_from("<I", content, 80)[0] == made["facets"] == (len(content) - 84) / 50
    # A plate with a 16-sided hole: 4 sides and the hole's 16 of two triangles each, top and bottom of 18 each at least.
    assert made["facets"] >= 2 * (4 + 16) + 2 * 18
    assert made["bounding_box"] == {"min": [0, 0, 0], "max": [4, 2, 3]}


@pytest.mark.parametrize(
    ("format", "mark"), [("3mf", b"PK"), ("off", b"OFF "), ("amf", b"<?xml"), ("csg", b"difference()")]
)
def test_other_formats_of_solids_hold_the_same(openscad, format: str, mark: bytes) -> None:
    made = openscad.render(SOLID, format=format)
    content = openscad.bytes_of(made["artifact"])
    assert content.startswith(mark)
    assert made["format"] == format
    if format != "csg":
        assert made["facets"] > 20
        assert made["bounding_box"] == {"min": [0, 0, 0], "max": [4, 2, 3]}
    if format == "3mf":
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


@pytest.mark.parametrize("format", ["svg", "dxf"])
def test_drawings_are_2d(openscad, format: str) -> None:
    made = openscad.render(DRAWING, format=format)
    assert made["bounding_box"] == {"min": [1, 2], "max": [5, 7]}
    assert made["facets"] is None
    assert {"svg": b"<svg", "dxf": b"ENTITIES"}[format] in openscad.bytes_of(made["artifact"])


@pytest.mark.parametrize(("source", "format", "told"), [(SOLID, "svg", "3D"), (DRAWING, "stl", "2D")])
def test_what_a_format_cannot_hold_is_refused_with_those_that_can(openscad, source, format, told) -> None:
    error = openscad.refused(source, format=format)
    assert (error["code"], error["details"]["dimensions"]) == ("unsupported_format", told)


def pixels(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def test_a_picture_shows_the_colours_of_the_source(openscad) -> None:
    picture = {"resolution": [320, 200], "colorscheme": "Tomorrow"}
    made = openscad.render('color("red") cube(10, center = true);', format="png", picture=picture)
    assert (made["width"], made["height"], made["warnings"]) == (320, 200, [])
    image = pixels(openscad.bytes_of(made["artifact"]))
    assert image.size == (320, 200)
    red, green, blue = image.getpixel((160, 100))
    assert red > 100
    assert green < 60
    assert blue < 60
    assert image.getpixel((2, 2)) == (248, 248, 248)


def test_a_camera_sees_what_it_looks_at(openscad) -> None:
    source = 'translate([0, 0, 5]) color("blue") cube(2, center = true); color("red") cube(2, center = true);'
    picture = {
        "resolution": [100, 100],
        "projection": "orthographic",
        "camera": {"eye": [0, 0, 40], "center": [0, 0, 0]},
    }
    image = pixels(openscad.bytes_of(openscad.render(source, format="png", picture=picture)["artifact"]))
    red, _, blue = image.getpixel((50, 50))
    assert blue > red


def test_a_picture_that_shows_nothing_says_so(openscad) -> None:
    picture = {"resolution": [64, 48]}
    for source in ("x = 1;", "translate([0, 0, 0]) {}"):
        made = openscad.render(source, format="png", picture=picture)
        assert [one["code"] for one in made["warnings"]] == ["empty_picture"]
    made = openscad.render("cube(1);", format="png", picture={**picture, "preview": False})
    assert made["warnings"] == []


def test_the_bytes_themselves_can_be_had(openscad) -> None:
    answer = openscad.client.post("/render", json={"source": SOLID}, headers={"Accept": "model/stl"})
    assert answer.headers["content-type"] == "model/stl"
    assert answer.headers["x-artifact-id"]
    assert struct.unpack_from("<I", answer.content, 80)[0] > 20


def test_the_suffix_decides_the_format_and_the_file_is_in_the_workspace(openscad) -> None:
    made = openscad.render(SOLID, filepath="parts/plate.3mf")
    assert (made["format"], made["artifact"]["name"]) == ("3mf", "parts/plate.3mf")
    assert "suffix" in openscad.refused(SOLID, filepath="plate.3mf", format="stl")["message"] + str(
        openscad.refused(SOLID, filepath="plate.3mf", format="stl")["details"]
    )
    assert openscad.refused(SOLID, filepath="../plate.stl")["code"] == "path_not_allowed"


@pytest.mark.parametrize("name", ["PLATE.STL", "Plate.3MF", "plate.Csg", "-o.off", "a b;c.amf"])
def test_names_are_taken_as_they_are(openscad, name: str) -> None:
    made = openscad.render(SOLID, filepath=name)
    assert (made["artifact"]["name"], made["format"]) == (name, name.rpartition(".")[2].lower())


def test_a_csg_file_is_a_source_too(openscad) -> None:
    made = openscad.render(SOLID, format="csg")
    again = openscad.client.post("/render", json={"artifact": made["artifact"]["id"], "format": "stl"}).json()["result"]
    assert again["bounding_box"] == {"min": [0, 0, 0], "max": [4, 2, 3]}


# --- wrong sources ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("cube(1);\ncube(", "OpenSCAD: Parser error: syntax error in file main.scad, line 3", 3),
        (
            '\nassert(1 == 2, "no way");',
            "OpenSCAD: Assertion '(1 == 2)' failed: \"no way\" in file main.scad, line 2",
            2,
        ),
        ("function f(x) = f(x + 1); echo(f(1)); cube(1);", "OpenSCAD: Recursion detected calling function 'f'", 1),
    ],
)
def test_errors_are_those_of_openscad_with_the_line(openscad, source: str, message: str, line: int) -> None:
    error = openscad.refused(source)
    assert (error["code"], error["details"]["line"]) == ("command_failed", line)
    assert error["message"].startswith(message)
    assert error["details"]["messages"]


def test_a_mesh_that_is_not_closed_is_an_error_although_openscad_goes_on(openscad) -> None:
    source = "polyhedron(points = [[0,0,0],[1,0,0],[0,1,0]], faces = [[0,1,2]]); cube(1);"
    error = openscad.refused(source)
    assert (error["code"], "not closed" in error["message"]) == ("command_failed", True)


@pytest.mark.parametrize(
    "source", [" ", "// nothing", "module m() { cube(1); }", "difference() { cube(1); cube(3, center = true); }"]
)
def test_a_source_that_makes_nothing_is_degenerate(openscad, source: str) -> None:
    assert openscad.refused(source)["code"] == "degenerate_result"


def test_warnings_are_told_with_the_result(openscad) -> None:
    made = openscad.render("foo(2);\ncube(1);")
    (warning,) = made["warnings"]
    assert warning["code"] == "openscad_warning"
    assert warning["message"] == "Ignoring unknown module 'foo' in file main.scad, line 1"


def test_a_flood_of_output_is_bounded(openscad) -> None:
    made = openscad.render("for (i = [0:5000]) echo(i);\necho(chr([for (i = [0:9999]) 97]));\ncube(1);")
    assert len(made["messages"]) == 1001
    assert made["messages"][-1] == "… 4002 more lines were left out"


def test_an_error_after_a_flood_is_not_missed(openscad) -> None:
    source = "for (i = [0:5000]) echo(i);\npolyhedron(points = [[0,0,0],[1,0,0],[0,1,0]], faces = [[0,1,2]]); cube(1);"
    assert openscad.refused(source)["code"] == "command_failed"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": ""},
        {"source": "cube(1);", "artifact": "0" * 32},
        {"source": "cube(1);", "format": "step"},
        {"source": "cube(1);", "picture": {"resolution": [64, 64]}},
        {"source": "cube(1);", "format": "png", "picture": {"resolution": [1, 1]}},
        {"source": "cube(1);", "format": "png", "picture": {"colorscheme": "Pink"}},
        {"source": "cube(1);\u0000"},
    ],
)
def test_requests_that_make_no_sense_are_refused(openscad, body: dict) -> None:
    answer = openscad.client.post("/render", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")


def test_what_is_too_large_is_refused_with_the_setting(openscad) -> None:
    error = openscad.refused("//" + "x" * 5_000_000)
    assert (error["code"], error["details"]["limit"]) == ("limit_exceeded", "max_source_bytes")
    error = openscad.refused("cube(1);", format="png", picture={"resolution": [16_384, 16_384]})
    assert (error["code"], error["details"]["limit"]) == ("limit_exceeded", "max_picture_pixels")


# --- the other doors -------------------------------------------------------------------------------------------------


def test_batch_and_websocket_render_too_and_tell_what_openscad_says(openscad, cadgate_gateway) -> None:
    batch = [{"method": "source.render", "params": {"source": source}} for source in (SOLID, "cube(")]
    results = openscad.client.post("/batch", json={"calls": batch}).json()["result"]["results"]
    assert [one["status"] for one in results] == ["success", "error"]
    url = cadgate_gateway.url.replace("http://", "ws://", 1) + "/ws/openscad"
    with connect(url, open_timeout=30, proxy=None) as socket:
        socket.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["render"]}))
        params = {"source": 'echo("seen"); cube(1);'}
        socket.send(json.dumps({"type": "call", "id": "2", "method": "source.render", "params": params}))
        events: list[dict] = []
        while True:
            message = json.loads(socket.recv(30))
            if message["type"] == "event":
                events.append(message["data"])
            if message["type"] == "result" and message["id"] == "2":
                break
        assert message["result"]["facets"] == 12
    assert [one["state"] for one in events] == ["started", "rendering", "done"]
    assert 'ECHO: "seen"' in events[1]["messages"]


def test_executed_code_can_evaluate(openscad, cadgate_gateway) -> None:
    url = cadgate_gateway.url.replace("http://", "ws://", 1) + "/ws/openscad"
    with connect(url, open_timeout=30, proxy=None) as socket:
        code = "evaluate('echo(a * 2);', a=21)"
        socket.send(json.dumps({"type": "execute", "id": "1", "code": code}))
        while (message := json.loads(socket.recv(30)))["type"] != "result":
            pass
    assert message["result"]["value"] == ["ECHO: 42"]
