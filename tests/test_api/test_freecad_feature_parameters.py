"""Sizes of features and dimensions of sketches are read and changed after creation, under the names of creation."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest

from tests.test_api.test_freecad_truth_chosen import get, patch, post, volume

UPRIGHT = {"parallel_to": [0, 0, 1]}


def size(freecad: httpx.Client, name: str, parameter: str) -> Any:
    return get(freecad, f"/objects/{name}")["properties"][parameter]["value"]


def refused(freecad: httpx.Client, path: str, /, **properties: Any) -> str:
    before = get(freecad, "/objects")
    response = freecad.patch(f"/objects/{path}", json={"properties": properties})
    assert response.status_code == 422, response.text
    assert get(freecad, "/objects") == before
    return str(response.json()["error"]["message"])


@pytest.fixture
def block(freecad: httpx.Client) -> httpx.Client:
    post(freecad, "/primitives/box", name="Box", length=40, width=40, height=10)
    return freecad


def corner(radius: float) -> float:
    """What a rounding takes from an upright edge of 10 mm."""
    return (1 - pi / 4) * radius**2 * 10


def test_the_radius_of_a_fillet_is_a_size_for_all_edges_or_for_each(block: httpx.Client) -> None:
    post(block, "/features/fillet", object="Box", radius=1, edges=UPRIGHT, name="Round")
    post(block, "/features/mirror", object="Round", plane="yz", name="Image")
    assert size(block, "Round", "radius") == 1
    patch(block, "Round", properties={"radius": "0.2 cm"})
    assert volume(block, "Round") == pytest.approx(16000 - 4 * corner(2))
    assert volume(block, "Image") == pytest.approx(16000 - 4 * corner(2))
    first, *others = size(block, "Round", "edges")
    patch(block, "Round", properties={"radius": {first: 5}})
    assert volume(block, "Round") == pytest.approx(16000 - 3 * corner(2) - corner(5))
    assert size(block, "Round", "radius") == {first: 5, **dict.fromkeys(others, 2)}
    # A change upstream keeps them apart.
    patch(block, "Box", properties={"Height": 20})
    assert volume(block, "Round") == pytest.approx(32000 - 2 * (3 * corner(2) + corner(5)))
    assert block.post("/undo").status_code == 200
    assert volume(block, "Round") == pytest.approx(16000 - 3 * corner(2) - corner(5))


def test_the_edges_of_a_fillet_are_chosen_anew(block: httpx.Client) -> None:
    post(block, "/features/fillet", object="Box", radius=1, edges=UPRIGHT, name="Round")
    info = patch(
        block, "Round", properties={"edges": {"type": "line", "at": "top", "parallel_to": [1, 0, 0]}, "radius": 2}
    )
    assert info["volume"] == pytest.approx(16000 - 2 * (1 - pi / 4) * 4 * 40)
    patch(block, "Box", properties={"Length": 60})
    assert volume(block, "Round") == pytest.approx(24000 - 2 * (1 - pi / 4) * 4 * 60)


def test_the_sizes_of_a_chamfer(block: httpx.Client) -> None:
    post(block, "/features/chamfer", object="Box", size=1, edges=["Edge1"], name="Bevel")
    assert (size(block, "Bevel", "size"), size(block, "Bevel", "size2")) == (1, 1)
    for properties, area in (({"size": 2}, 2), ({"size2": 3}, 3), ({"size": 1}, 1.5), ({"size": 2, "size2": 2}, 2)):
        patch(block, "Bevel", properties=properties)
        assert volume(block, "Bevel") == pytest.approx(16000 - area * 10)


@pytest.mark.parametrize("value", [0, -1, True, None, "1 kg", "wide", [1], {}, {"Edge999": 1}, {"Edge1": 0}, 1e12])
def test_a_size_that_is_none_is_refused(block: httpx.Client, value: Any) -> None:
    post(block, "/features/fillet", object="Box", radius=1, edges=["Edge1"], name="Round")
    assert "radius" in refused(block, "Round", radius=value)
    assert "FreeCAD cannot make" in refused(block, "Round", radius=50)


def test_an_unknown_size_is_named_with_those_there_are(block: httpx.Client) -> None:
    post(block, "/features/fillet", object="Box", radius=1, edges=["Edge1"], name="Round")
    assert "radius" in refused(block, "Round", radiuss=2)
    assert "two names" in refused(block, "Box", Length=1, length=2)


def test_other_features_have_the_sizes_of_their_creation(block: httpx.Client) -> None:
    post(block, "/features/thickness", object="Box", thickness=1, faces={"at": "top"}, name="Tray")
    patch(block, "Tray", properties={"thickness": 2})
    assert volume(block, "Tray") == pytest.approx(16000 - 36 * 36 * 8)
    assert size(block, "Tray", "thickness") == 2
    post(block, "/primitives/cylinder", name="Pin", radius=2, height=5)
    post(block, "/features/linear_pattern", object="Pin", count=3, spacing=10, name="Row")
    patch(block, "Row", properties={"count": 4, "spacing": 20})
    box = get(block, "/objects/Row")["bounding_box"]
    assert box["max"] == pytest.approx([62, 2, 5])
    assert volume(block, "Row") == pytest.approx(4 * 20 * pi)
    patch(block, "Pin", properties={"radius": 3, "height": 10})
    assert volume(block, "Row") == pytest.approx(4 * 90 * pi)
    post(block, "/sketches", name="Profile", geometry=[{"type": "rectangle", "width": 4, "height": 3}])
    post(block, "/features/extrude", object="Profile", length=10, name="Bar")
    patch(block, "Bar", properties={"length": 20, "length_reverse": 5})
    assert volume(block, "Bar") == pytest.approx(12 * 25)


def named(name: str) -> dict[str, Any]:
    ends = {"first": {"geometry": 0, "point": "start"}, "second": {"geometry": 0, "point": "end"}}
    return {"type": "distance_x", **ends, "value": 10, "name": name}


def test_a_dimension_of_a_sketch_is_changed_by_its_name(freecad: httpx.Client) -> None:
    outline = {"type": "rectangle", "width": 10, "height": 5, "fixed": False}
    tall = {**named("Tall"), "type": "distance_y", "first": {"geometry": 1, "point": "start"}, "value": 5}
    tall["second"] = {"geometry": 1, "point": "end"}
    post(freecad, "/sketches", name="Profile", geometry=[outline], constraints=[named("Wide"), tall])
    post(freecad, "/features/extrude", object="Profile", length=10, name="Bar")
    assert size(freecad, "Profile", "Wide") == 10
    patch(freecad, "Profile", properties={"Wide": "2 cm"})
    assert volume(freecad, "Bar") == pytest.approx(20 * 5 * 10)
    patch(freecad, "/sketches/Profile", values=[{"name": "Tall", "value": 7}])
    assert volume(freecad, "Bar") == pytest.approx(20 * 7 * 10)
    assert "'Wide'" not in refused(freecad, "Profile", Wide="1 s")
    wrong = freecad.patch("/sketches/Profile", json={"values": [{"name": "Deep", "value": 1}]})
    assert (wrong.status_code, "Wide, Tall" in wrong.json()["error"]["message"]) == (422, True)
    for value in ({"value": 1}, {"index": 0, "name": "Wide", "value": 1}):
        both = freecad.patch("/sketches/Profile", json={"values": [value]})
        assert (both.status_code, both.json()["error"]["code"]) == (422, "validation_error")


def test_a_wrong_dimension_is_named_as_the_request_names_it(freecad: httpx.Client) -> None:
    outline = {"type": "rectangle", "width": 10, "height": 5, "fixed": False}
    post(freecad, "/sketches", name="Profile", geometry=[outline], constraints=[named("Wide")])
    index = next(
        number
        for number, each in enumerate(get(freecad, "/sketches/Profile")["constraints"])
        if each.get("name") == "Wide"
    )
    assert index > 1
    for path, body, place in (
        ("/objects/Profile", {"properties": {"Wide": "1 s"}}, "properties.Wide"),
        ("/sketches/Profile", {"values": [{"name": "Wide", "value": "1 s"}]}, "values.0.value"),
        ("/sketches/Profile", {"values": [{"index": index, "value": "1 s"}]}, "values.0.value"),
        ("/sketches/Profile", {"values": [{"name": "Wide", "value": 7}, {"index": 0, "value": 1}]}, "values.1.value"),
    ):
        answer = freecad.patch(path, json=body)
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["error"]["details"]["errors"]
        assert error["loc"] == ["body", place]


def test_a_dry_run_of_a_size_changes_nothing(block: httpx.Client) -> None:
    post(block, "/features/fillet", object="Box", radius=1, edges=UPRIGHT, name="Round")
    before = get(block, "/objects/Round")
    assert block.patch("/objects/Round?dry_run=true", json={"properties": {"radius": 2}}).status_code == 200
    assert get(block, "/objects/Round") == before


# --- expressions -----------------------------------------------------------------------------------------------------


def test_an_expression_determines_a_size_and_is_followed(block: httpx.Client) -> None:
    made = post(block, "/primitives/cylinder", name="Pin", height=5, expressions={"Radius": "Box.Height / 5 + 1 mm"})
    assert made["volume"] == pytest.approx(9 * pi * 5)
    assert get(block, "/objects/Pin")["properties"]["Radius"]["expression"] is not None
    post(block, "/features/mirror", object="Pin", plane="xy", name="Image")
    patch(block, "Box", properties={"Height": 20})
    assert volume(block, "Image") == pytest.approx(25 * pi * 5)
    message = refused(block, "Pin", Radius=3)
    assert "change 'Box', which it refers to" in message
    assert '{"expressions": {"Radius": null}}' in message
    patch(block, "Pin", expressions={"height": "Radius * 2", "Placement.Base.x": "Box.Length"})
    assert volume(block, "Image") == pytest.approx(25 * pi * 10)
    assert get(block, "/objects/Pin")["location"] == [40, 0, 0]
    patch(block, "Pin", expressions={"Radius": None, "Height": None}, properties={"Radius": 2})
    patch(block, "Box", properties={"Height": 30})
    assert volume(block, "Image") == pytest.approx(4 * pi * 10)
    for _ in range(2):
        assert block.post("/undo").status_code == 200
    patch(block, "Box", properties={"Height": 10})
    assert volume(block, "Image") == pytest.approx(9 * pi * 6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Box.Width * ", "is not a valid expression"),
        ("Nothing.Width", "Nothing"),
        ("Box.Nothing", "Nothing"),
        ("Pin.Radius * 2", "is circular"),
        ("Height * 2 + Length", "is circular"),
        ("3 s", "TimeSpan"),
        ("Box.Label", "not a number"),
        ("Box.Width / 0", "not finite"),
        ("-3", ""),
        ("1e30", "max_extent_mm"),
    ],
)
def test_an_expression_that_is_none_is_refused_by_name(block: httpx.Client, text: str, said: str) -> None:
    post(block, "/primitives/cylinder", name="Pin", expressions={"Radius": "Box.Length"})
    before = get(block, "/objects")
    response = block.patch("/objects/Box", json={"expressions": {"Length": text}})
    assert response.status_code in (413, 422), response.text
    message = response.json()["error"]["message"] + str(response.json()["error"]["details"])
    assert said in message
    assert get(block, "/objects") == before
    if "Pin" not in text:
        made = block.post("/primitives/box", json={"name": "New", "expressions": {"Length": text}})
        assert (made.status_code, get(block, "/objects")) == (response.status_code, before)


def test_a_name_that_no_expression_can_determine_is_refused(block: httpx.Client) -> None:
    response = block.patch("/objects/Box", json={"expressions": {"Depth": "5"}})
    assert (response.status_code, "'Depth'" in response.json()["error"]["message"]) == (422, True)
    both = block.patch("/objects/Box", json={"expressions": {"Length": "5"}, "properties": {"Length": 6}})
    assert (both.status_code, both.json()["error"]["code"]) == (422, "validation_error")


def test_a_name_that_is_a_unit_is_written_by_its_label(block: httpx.Client) -> None:
    """`A` is ampere to FreeCAD."""
    post(block, "/primitives/cylinder", name="A", radius=3)
    wrong = block.patch("/objects/Box", json={"expressions": {"Length": "A.Radius * 2"}})
    assert (wrong.status_code, "<<A>>" in wrong.json()["error"]["message"]) == (422, True)
    patch(block, "Box", expressions={"Length": "<<A>>.Radius * 2"})
    assert volume(block, "Box") == pytest.approx(6 * 40 * 10)


def test_features_sketches_and_pads_take_expressions(block: httpx.Client) -> None:
    outline = {"type": "rectangle", "width": 10, "height": 5, "fixed": False}
    tall = {**named("Tall"), "type": "distance_y", "first": {"geometry": 1, "point": "start"}, "value": 5}
    tall["second"] = {"geometry": 1, "point": "end"}
    post(block, "/bodies", name="Body")
    wide = {"Wide": "Box.Height * 2"}
    post(
        block,
        "/sketches",
        name="Profile",
        body="Body",
        geometry=[outline],
        constraints=[named("Wide"), tall],
        expressions=wide,
    )
    info = post(block, "/features/pad", sketch="Profile", name="Pad", expressions={"Length": "Box.Height"})
    assert info["volume"] == pytest.approx(20 * 5 * 10)
    assert "an expression determines it" in refused(block, "Profile", Wide=3)
    patch(block, "Box", properties={"Height": 12})
    assert volume(block, "Body") == pytest.approx(24 * 5 * 12)
    patch(block, "Profile", expressions={"Wide": None}, properties={"Wide": 3})
    assert volume(block, "Body") == pytest.approx(3 * 5 * 12)
