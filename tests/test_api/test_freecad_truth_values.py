"""What a request sets is what there is after the recompute, or the request is refused and says what overrules it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.freecad_calls import corners, get, padded, patch, post, refused, run
from tests.gateway import Gateway

DRIVEN = """
document = App.ActiveDocument
document.Driven.setExpression("Length", "Source.Length * 2")
document.Driven.setExpression(".Placement.Base.x", "Source.Width")
document.Turned.setExpression("Placement.Rotation.Angle", "Source.Height * 3")
document.Sketch.setExpression("Constraints.wide", "Source.Length")
document.Sketch.setExpression("Constraints[1]", "Source.Width / 2")
document.recompute()
"""


@pytest.fixture
def driven(gateway: Gateway, freecad: httpx.Client) -> httpx.Client:
    """Boxes and a sketch whose values follow those of the box `Source` by expressions."""
    for name in ("Source", "Driven", "Turned"):
        post(freecad, "/primitives/box", name=name)
    line = {"type": "line", "start": [1, 2], "end": [11, 2]}
    end = {"geometry": 0, "point": "end"}
    start = {"geometry": 0, "point": "start"}
    constraints = [
        {"type": "distance", "first": start, "second": end, "value": 10, "name": "wide"},
        {"type": "distance_x", "first": {"geometry": "origin"}, "second": start, "value": 1},
        {"type": "distance_y", "first": {"geometry": "origin"}, "second": start, "value": 2},
    ]
    post(freecad, "/sketches", name="Sketch", geometry=[line], constraints=constraints)
    run(gateway, DRIVEN)
    return freecad


def dimensions(freecad: httpx.Client) -> list[float]:
    return [each["value"] for each in get(freecad, "/sketches/Sketch")["constraints"]]


@pytest.mark.parametrize(
    ("index", "expression", "path"),
    [(0, "Source.Length", "Sketch.Constraints.wide"), (1, "Source.Width / 2", "Sketch.Constraints[1]")],
)
def test_a_dimension_that_an_expression_determines_is_refused_with_the_expression(
    driven: httpx.Client, index: int, expression: str, path: str
) -> None:
    before = get(driven, "/sketches/Sketch")
    for query in ({}, {"dry_run": True}):
        body = {"values": [{"index": 2, "value": 7}, {"index": index, "value": 33}]}
        message = refused(driven.patch("/sketches/Sketch", json=body, params=query))
        assert repr(expression) in message
        assert path in message
        assert "change 'Source'" in message
    assert get(driven, "/sketches/Sketch") == before
    assert driven.patch("/sketches/Sketch", json={"values": [{"index": 2, "value": 7}]}).status_code == 200
    patch(driven, "Source", properties={"Length": 25, "Width": 8})
    assert dimensions(driven) == [25, 4, 7]


def test_a_property_that_an_expression_determines_is_refused_with_the_expression(driven: httpx.Client) -> None:
    for query in ({}, {"dry_run": True}):
        body = {"properties": {"Height": 3, "Length": 20.5}}
        message = refused(driven.patch("/objects/Driven", json=body, params=query))
        assert "'Source.Length * 2'" in message
        assert "change 'Source'" in message
        assert '{"expressions": {"Length": null}}' in message
    assert corners(get(driven, "/objects/Driven")) == [10, 0, 0, 30, 10, 10]
    properties = get(driven, "/objects/Driven")["properties"]
    assert properties["Length"]["expression"] == "Source.Length * 2"
    assert properties["Placement"]["expression"] == "Base.x = Source.Width"


def test_a_placement_that_an_expression_determines_is_refused_in_what_it_determines(driven: httpx.Client) -> None:
    assert "'Source.Width'" in refused(driven.patch("/objects/Driven", json={"location": [1, 2, 3]}))
    assert patch(driven, "Driven", location=[10, 2, 3])["location"] == [10, 2, 3]
    assert patch(driven, "Driven", rotation=[0, 0, 90])["rotation"] == [0, 0, 90]
    assert "'Source.Height * 3'" in refused(driven.patch("/objects/Turned", json={"rotation": [0, 0, 10]}))
    assert patch(driven, "Turned", location=[5, 5, 5])["location"] == [5, 5, 5]
    assert get(driven, "/objects/Turned")["rotation"] == pytest.approx([0, 0, 30])


def test_a_reference_dimension_is_refused(gateway: Gateway, driven: httpx.Client) -> None:
    run(gateway, "App.ActiveDocument.Sketch.setDriving(2, False); App.ActiveDocument.recompute()")
    message = refused(driven.patch("/sketches/Sketch", json={"values": [{"index": 2, "value": 7}]}))
    assert "reference" in message
    assert dimensions(driven)[2] == 2


def test_dimensions_are_read_back_under_the_numbers_that_deletions_leave(driven: httpx.Client) -> None:
    body = {"values": [{"index": 2, "value": 7}], "delete_constraints": [1]}
    response = driven.patch("/sketches/Sketch", json=body)
    assert response.status_code == 200, response.text
    assert dimensions(driven) == [10, 7]


def test_what_lies_on_something_is_moved_with_it_or_on_it(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    square = {"type": "rectangle", "corner": [1, 1], "width": 2, "height": 2}
    post(freecad, "/sketches", name="On", on="Box", face="Face6", geometry=[square])
    message = refused(freecad.patch("/objects/On", json={"location": [1, 1, 1]}), "conflict", 409)
    assert "Face6 of 'Box'" in message
    assert "AttachmentOffset" in message
    patch(freecad, "On", properties={"AttachmentOffset": {"location": [2, 3, 4]}})
    assert corners(get(freecad, "/objects/On")) == [3, 4, 14, 5, 6, 14]
    padded(freecad, "Body", "Sketch", "Pad")
    message = refused(freecad.patch("/objects/Pad", json={"location": [5, 5, 5]}), "conflict", 409)
    assert "'Body'" in message


@pytest.mark.parametrize(
    ("kind", "sizes", "properties", "kept"),
    [
        ("box", {}, {"Length": -5}, "0.0"),
        ("cylinder", {}, {"Angle": 400}, "360.0"),
        ("cylinder", {}, {"Angle": -20}, "0.0"),
        ("cylinder", {}, {"FirstAngle": 100}, "89.99999"),
        ("prism", {"sides": 6}, {"Polygon": 2}, "3"),
        ("sphere", {}, {"Angle1": -120}, "-90.0"),
    ],
)
def test_what_freecad_would_clamp_is_refused_with_what_it_would_become(
    freecad: httpx.Client, kind: str, sizes: dict[str, Any], properties: dict[str, Any], kept: str
) -> None:
    before = post(freecad, f"/primitives/{kind}", name="Thing", **sizes)
    message = refused(freecad.patch("/objects/Thing", json={"properties": properties}))
    assert message.endswith(f"FreeCAD would make it {kept}")
    assert get(freecad, "/objects/Thing")["revision"] == before["revision"]


def test_properties_of_links_are_told_from_those_of_what_they_show(gateway: Gateway, freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    run(gateway, "l = App.ActiveDocument.addObject('App::Link', 'Link'); l.LinkedObject = App.ActiveDocument.Box")
    post(freecad, "/documents/Test/recompute")
    message = refused(freecad.patch("/objects/Link", json={"properties": {"Length": 33}}))
    assert "is a property of 'Box'" in message
    assert patch(freecad, "Link", properties={"Scale": 2})["volume"] == pytest.approx(8000)
    refused(freecad.patch("/objects/Link", json={"properties": {"Scale": 0}}), "degenerate_result")
    assert refused(freecad.patch("/objects/Link", json={"properties": {"ElementCount": -3}})).endswith("make it 0")


def test_what_a_recompute_overwrites_is_refused(gateway: Gateway, freecad: httpx.Client) -> None:
    run(
        gateway,
        """
class Stubborn:
    def __init__(self, obj):
        obj.addProperty("App::PropertyLength", "Size")
        obj.addProperty("App::PropertyVector", "Corner")
        obj.Proxy = self
    def execute(self, obj):
        obj.Size = 7
        obj.Corner = App.Vector(1, 2, 3)
        obj.Shape = Part.makeBox(7, 7, 7)
Stubborn(App.ActiveDocument.addObject("Part::FeaturePython", "Stubborn"))
App.ActiveDocument.recompute()
""",
    )
    for properties in ({"Size": 20}, {"Corner": [3, 2, 1]}):
        message = refused(freecad.patch("/objects/Stubborn", json={"properties": properties}))
        assert "FreeCAD would make it" in message
    assert get(freecad, "/objects/Stubborn")["properties"]["Size"]["value"] == 7
