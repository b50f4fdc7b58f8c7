"""Every type is listed and described, and objects of any type are made with the checks of the typed routes."""

from __future__ import annotations

import os
import signal
from math import pi
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another


def made(freecad: httpx.Client, kind: str, **fields: Any) -> dict[str, Any]:
    answer = freecad.post("/objects", json={"type": kind, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def refused(freecad: httpx.Client, kind: str, **fields: Any) -> dict[str, Any]:
    before = freecad.get("/objects").json()["result"]
    answer = freecad.post("/objects", json={"type": kind, **fields})
    assert answer.status_code in (404, 422), answer.text
    assert freecad.get("/objects").json()["result"] == before
    return answer.json()["error"]


def test_types_of_all_workbenches_are_listed_and_found(freecad: httpx.Client) -> None:
    every = freecad.get("/types").json()["result"]
    assert every["total"] == len(every["types"]) > 300
    assert {"Part", "PartDesign", "Sketcher", "TechDraw", "Mesh", "Surface"} <= {t["workbench"] for t in every["types"]}
    assert all(each["creatable"] or each["reason"] for each in every["types"])
    found = freecad.get("/types", params={"search": "ellipse"}).json()["result"]
    assert found["types"][0]["type"] == "Part::Ellipse"
    # found by the documentation of a property alone
    assert any(
        each["type"] == "Part::RegularPolygon"
        for each in freecad.get("/types", params={"search": "regular polygon sides"}).json()["result"]["types"]
    )
    page = freecad.get("/types", params={"limit": 2, "offset": 1, "workbench": "part"}).json()["result"]
    assert len(page["types"]) == 2 < page["total"]


def test_a_type_is_described_by_a_json_schema(freecad: httpx.Client) -> None:
    told = freecad.get("/types/Part::Cylinder").json()["result"]
    assert told["method"] == "primitives.cylinder"
    assert "Part::Feature" in told["bases"]
    radius = told["schema"]["properties"]["Radius"]
    assert (radius["unit"], radius["default"], radius["type"]) == ("mm", 2.0, ["number", "string"])
    assert radius["description"] == "The radius of the cylinder"
    assert told["schema"]["properties"]["MapMode"]["enum"][0] == "Deactivated"
    assert told["schema"]["properties"]["AttacherType"]["readOnly"]
    wrong = freecad.get("/types/Part::Cylindre")
    assert wrong.status_code == 404
    assert wrong.json()["error"]["code"] == "type_not_found"
    assert "Part::Cylinder" in wrong.json()["error"]["details"]["did_you_mean"]


def test_faces_are_made_of_the_edges_of_another_object(freecad: httpx.Client) -> None:
    made(freecad, "Part::Box", name="Box", properties={"Length": 10, "Width": 10, "Height": 10})
    edges = [{"object": "Box", "elements": names} for names in (["Edge1"], ["Edge2"], ["Edge3", "Edge4"])]
    assert made(freecad, "Surface::Filling", properties={"BoundaryEdges": edges})["area"] == pytest.approx(100)
    ruled = {"Curve1": edges[0], "Curve2": {"object": "Box", "elements": ["Edge3"]}}
    assert made(freecad, "Part::RuledSurface", properties=ruled)["area"] == pytest.approx(100)


def test_the_same_schema_comes_by_every_door(freecad: httpx.Client) -> None:
    call = {"method": "types.get", "params": {"type": "Part::Box"}}
    batch = freecad.post("/batch", json={"calls": [call]}).json()["result"]["results"][0]["result"]
    assert batch == freecad.get("/types/Part::Box").json()["result"]


@pytest.mark.parametrize(
    ("kind", "properties", "volume", "area"),
    [
        ("Part::Box", {"Length": 2, "Width": "1 cm", "Height": 3}, 60, 112),
        ("Part::Cylinder", {"Radius": 2, "Height": 5}, 20 * pi, 28 * pi),
        ("Part::Sphere", {"Radius": 3}, 36 * pi, 36 * pi),
        ("Part::Cone", {"Radius1": 3, "Radius2": 0, "Height": 4}, 12 * pi, 24 * pi),
        ("Part::Torus", {"Radius1": 5, "Radius2": 1}, 10 * pi**2, 20 * pi**2),
        ("Part::Ellipsoid", {"Radius1": 1, "Radius2": 2, "Radius3": 3}, 8 * pi, None),
        ("Part::Prism", {"Polygon": 4, "Circumradius": 2, "Height": 3}, 24, None),
        ("Part::Plane", {"Length": 4, "Width": 5}, 0, 20),
        ("Part::Ellipse", {"MajorRadius": 20, "MinorRadius": "1 cm"}, 0, 0),
        ("Part::Line", {"X2": 3, "Y2": 4}, 0, 0),
        ("Part::Vertex", {"X": 3}, 0, 0),
        ("Part::RegularPolygon", {"Polygon": 6, "Circumradius": 2}, 0, 0),
        ("Part::Polygon", {"Nodes": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "Close": True}, 0, 0),
        ("Mesh::Cube", {"Length": 2, "Width": 3, "Height": 4}, 24, 52),
        ("PartDesign::AdditiveBox", {"Length": 2, "Width": 3, "Height": 4}, 24, 52),
    ],
)
def test_objects_have_the_size_that_their_properties_give(
    freecad: httpx.Client, kind: str, properties: dict[str, Any], volume: float, area: float | None
) -> None:
    told = made(freecad, kind, properties=properties)
    assert told["type"] == kind
    assert told["valid"]
    assert told["volume"] == pytest.approx(volume, rel=1e-6, abs=1e-9)
    if area is not None:
        assert told["area"] == pytest.approx(area, rel=1e-6, abs=1e-9)


def support(freecad: httpx.Client) -> str:
    """The property that says on what an object lies: FreeCAD 1.0 has renamed it."""
    properties = freecad.get("/types/Part::Plane").json()["result"]["schema"]["properties"]
    (name,) = {"Support", "AttachmentSupport"} & properties.keys()
    return name


def test_objects_are_made_of_others_and_follow_expressions(freecad: httpx.Client) -> None:
    made(freecad, "Part::Box", name="Box", properties={"Length": 10}, expressions={"Width": "Length * 2"})
    made(freecad, "Part::Cylinder", name="Rod", properties={"Radius": 1, "Placement": {"location": [5, 5, 0]}})
    cut = made(freecad, "Part::Cut", name="Cut", label="Durchgang Ø2", properties={"Base": "Box", "Tool": "Rod"})
    assert cut["volume"] == pytest.approx(2000 - 10 * pi)
    assert (cut["name"], cut["label"]) == ("Cut", "Durchgang Ø2")
    assert not freecad.get("/objects/Rod").json()["result"]["visible"]
    rim = {"Base": "Box", "Dir": [0, 0, 1], "DirMode": "Custom", "LengthFwd": 5, "Solid": True}
    made(freecad, "Part::Ellipse", name="E", properties={"MajorRadius": 4, "MinorRadius": 2})
    column = made(freecad, "Part::Extrusion", properties={**rim, "Base": "E"})
    assert column["volume"] == pytest.approx(40 * pi)
    face = {"object": "Box", "elements": ["Face6"]}
    lying = {"MapMode": "FlatFace", support(freecad): [face], "Length": 2}
    on_top = made(freecad, "Part::Plane", properties=lying)
    assert on_top["location"][2] == pytest.approx(10)


@pytest.mark.parametrize(
    ("kind", "properties", "code", "words"),
    [
        ("Part::Box", {"Length": -5}, "validation_error", "would make it 0"),
        ("Part::Box", {"Lenght": 5}, "validation_error", "did you mean 'Length'"),
        ("Part::Box", {"Length": "5 s"}, "validation_error", "not like '2 in'"),
        ("Part::Box", {"Length": 0}, "degenerate_result", "Length of box too small"),
        ("Part::Boxx", {}, "type_not_found", "Part::Box"),
        ("Part::Prism", {"Polygon": 5000}, "limit_exceeded", "max_sides"),
        ("Part::Helix", {"Pitch": 0.001, "Height": 100}, "limit_exceeded", "max_turns"),
        ("Part::Cut", {}, "degenerate_result", "not a Part object"),
        ("Part::Cut", {"Base": "Nobody"}, "validation_error", "'Nobody' is not an object"),
        ("Part::Plane", {"Support": [{"object": "Own", "elements": ["Face7"]}]}, "validation_error", "no Face7"),
        ("Part::ImportStep", {"FileName": "/etc/passwd"}, "not_possible", "exchange.import"),
        ("Mesh::Export", {"FileName": "/tmp/x.stl"}, "not_possible", "exchange.export"),
        ("App::FeaturePython", {"Proxy": "os"}, "not_possible", "scope execute"),
        ("Part::Plane", {"AttacherType": "os"}, "path_not_allowed", "code"),
        ("TechDraw::DrawViewDimExtent", {}, "not_possible", "crashes"),
        ("Fem::FemMeshShapeObject", {}, "not_possible", "run programs"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    freecad: httpx.Client, kind: str, properties: dict[str, Any], code: str, words: str
) -> None:
    made(freecad, "Part::Box", name="Own")
    if "Support" in properties:
        properties = {support(freecad): properties["Support"]}
    error = refused(freecad, kind, properties=properties)
    assert error["code"] == code, error
    assert words in error["message"]


@pytest.mark.parametrize("given", [{}, {"Profile": None}])
def test_a_loft_without_a_profile_is_refused_also_where_it_would_end_freecad(
    freecad: httpx.Client, gateway: Gateway, given: dict[str, Any]
) -> None:
    before = gateway.application_pid("freecad")
    error = refused(freecad, "PartDesign::AdditiveLoft", properties=given)
    assert error["code"] in ("degenerate_result", "validation_error")
    assert "No profile" in error["message"] or "a loft needs a sketch" in error["message"]
    assert gateway.application_pid("freecad") == before


def test_an_object_of_any_type_is_undone_and_comes_back_after_a_kill(own_freecad: Gateway) -> None:
    own_freecad.start()
    with own_freecad.client("/api/v1/freecad") as freecad:
        made(freecad, "Part::Ellipse", name="E", properties={"MajorRadius": 20, "MinorRadius": 10})
        told = made(freecad, "Part::Box", name="B", properties={"Height": 7})
        assert freecad.post("/undo").is_success
        assert freecad.get("/objects/B").status_code == 404
        assert freecad.post("/redo").is_success
        pid = own_freecad.application_pid("freecad")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: is_another(own_freecad.health("freecad").get("result", {}), pid), what="another FreeCAD")
        again = freecad.get("/objects/B").json()["result"]
        assert {key: again[key] for key in ("volume", "revision")} == {key: told[key] for key in ("volume", "revision")}
        assert freecad.get("/objects/E").json()["result"]["type"] == "Part::Ellipse"
        rehearsed = freecad.post("/objects?dry_run=true", json={"type": "Part::Box", "properties": {"Length": "x"}})
        assert rehearsed.status_code == 422
        assert freecad.get("/objects").json()["result"]["total"] == 2
