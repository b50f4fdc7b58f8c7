"""Reading, listing, changing, measuring and deleting FreeCAD's objects over HTTP."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest


def make(freecad: httpx.Client, kind: str, **params: Any) -> dict[str, Any]:
    response = freecad.post(f"/primitives/{kind}", json=params)
    assert response.status_code == 201, response.text
    return response.json()["result"]


def get(freecad: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    response = freecad.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def drilled(freecad: httpx.Client) -> None:
    """A box of 10 mm, a cylinder of radius 2 through its middle, and `Cut`, the one without the other."""
    make(freecad, "box", name="Box")
    make(freecad, "cylinder", name="Hole", radius=2, height=10, location=[5, 5, 0])
    response = freecad.post("/boolean/subtract", json={"object1": "Box", "object2": "Hole", "name": "Cut"})
    assert response.status_code == 201, response.text


def cut_volume(freecad: httpx.Client) -> float:
    return float(get(freecad, "/objects/Cut")["volume"])


# --- reading -----------------------------------------------------------------------------------------------------


def test_objects_are_listed_in_order_in_pages_and_filtered(freecad: httpx.Client) -> None:
    for name in ("A1", "B1", "A2"):
        make(freecad, "box", name=name)
    make(freecad, "sphere", name="S", label="Kugel")
    assert [each["name"] for each in get(freecad, "/objects")["objects"]] == ["A1", "B1", "A2", "S"]
    page = get(freecad, "/objects", limit=2, offset=1)
    assert ([each["name"] for each in page["objects"]], page["total"]) == (["B1", "A2"], 4)
    assert [each["name"] for each in get(freecad, "/objects", name="A*")["objects"]] == ["A1", "A2"]
    assert [each["name"] for each in get(freecad, "/objects", type="Part::Sphere")["objects"]] == ["S"]
    assert get(freecad, "/objects", type="Part::Feature")["total"] == 4
    assert get(freecad, "/objects", label="Kug*")["total"] == 1
    assert get(freecad, "/objects", fields="name,volume")["objects"][0] == {"name": "A1", "volume": 1000}


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "offset=-1", "fields=name,%20", "fields=nothing", "x=1"])
def test_a_bad_page_is_refused(freecad: httpx.Client, query: str) -> None:
    make(freecad, "box")
    response = freecad.get(f"/objects?{query}")
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")


def test_an_object_has_typed_properties_with_unit_group_and_documentation(freecad: httpx.Client) -> None:
    make(freecad, "box", length="1 in")
    length = get(freecad, "/objects/Box")["properties"]["Length"]
    assert length == {
        "value": 25.4,
        "unit": "mm",
        "type": "App::PropertyLength",
        "group": "Box",
        "documentation": "The length of the box",
        "read_only": False,
        "expression": None,
        "choices": None,
    }
    make(freecad, "cylinder")
    angle = get(freecad, "/objects/Cylinder")["properties"]["Angle"]
    assert (angle["value"], angle["unit"]) == (360, "deg")


def test_what_an_object_depends_on_and_what_uses_it_are_told(freecad: httpx.Client) -> None:
    drilled(freecad)
    assert get(freecad, "/objects/Cut")["depends_on"] == ["Box", "Hole"]
    assert get(freecad, "/objects/Box")["used_by"] == ["Cut"]
    assert get(freecad, "/objects/Cut")["properties"]["Base"]["value"] == "Box"


def test_an_unknown_object_is_404_and_the_nearest_names_are_told(freecad: httpx.Client) -> None:
    make(freecad, "box", name="Bracket")
    for method in ("GET", "PATCH", "DELETE"):
        response = freecad.request(method, "/objects/Braket", json={} if method == "PATCH" else None)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (404, "object_not_found")
        assert error["details"]["did_you_mean"] == ["Bracket"]
    assert freecad.get("/objects/a%2Fb%20c").json()["error"]["details"]["name"] == "a/b c"


# --- changing ----------------------------------------------------------------------------------------------------


def test_a_changed_property_recomputes_the_object_and_all_that_depends_on_it(freecad: httpx.Client) -> None:
    drilled(freecad)
    assert cut_volume(freecad) == pytest.approx(1000 - 40 * pi)
    response = freecad.patch("/objects/Box", json={"properties": {"Length": 20, "Height": "2 cm"}})
    assert response.status_code == 200, response.text
    assert response.json()["result"]["volume"] == pytest.approx(4000)
    assert cut_volume(freecad) == pytest.approx(4000 - 40 * pi)


def test_label_placement_and_visibility_change_and_what_is_not_sent_stays(freecad: httpx.Client) -> None:
    make(freecad, "box", location=[1, 2, 3], rotation=[0, 0, 45])
    changed = freecad.patch("/objects/Box", json={"label": "Größer", "location": ["1 in", 0, 0], "visible": False})
    result = changed.json()["result"]
    assert (result["label"], result["visible"]) == ("Größer", False)
    assert result["location"] == pytest.approx([25.4, 0, 0])
    assert result["rotation"] == pytest.approx([0, 0, 45])
    turned = freecad.patch("/objects/Box", json={"rotation": [10, 20, 30]}).json()["result"]
    assert turned["location"] == pytest.approx([25.4, 0, 0])
    assert turned["rotation"] == pytest.approx([10, 20, 30])


def test_moving_an_operand_moves_the_hole(freecad: httpx.Client) -> None:
    drilled(freecad)
    assert freecad.patch("/objects/Hole", json={"location": [0, 5, 0]}).status_code == 200
    assert cut_volume(freecad) == pytest.approx(1000 - 20 * pi)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"properties": {"Length": -5}}, "validation_error"),
    ({"properties": {"Length": 0}}, "degenerate_result"),
    ({"properties": {"Length": "5 N"}}, "validation_error"),
    ({"properties": {"Length": True}}, "validation_error"),
    ({"properties": {"Length": None}}, "validation_error"),
    ({"properties": {"Length": 1e20}}, "limit_exceeded"),
    ({"properties": {"Lenght": 5}}, "validation_error"),
    ({"properties": {"Shape": 5}}, "validation_error"),
    ({"properties": {"Label": "x"}}, "validation_error"),
    ({"properties": {"Placement": [0, 0, 0]}}, "validation_error"),
    ({"properties": {"MapMode": "Nowhere"}}, "validation_error"),
    ({"name": "Other"}, "validation_error"),
    ({"rotation": ["1 deg", 0, 0]}, "validation_error"),
    ({"visible": "yes"}, "validation_error"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_a_change_that_is_refused_changes_nothing_at_all(
    freecad: httpx.Client, changes: dict[str, Any], code: str
) -> None:
    drilled(freecad)
    before = get(freecad, "/objects")
    # The label is fine, and must not arrive either.
    response = freecad.patch("/objects/Box", json={"label": "Fine", **changes})
    assert (response.status_code, response.json()["error"]["code"]) == (422, code)
    assert get(freecad, "/objects") == before


def test_a_change_that_would_empty_a_dependent_is_rolled_back_and_names_it(freecad: httpx.Client) -> None:
    make(freecad, "box", name="A")
    make(freecad, "box", name="B", location=[5, 0, 0])
    assert freecad.post("/boolean/intersect", json={"object1": "A", "object2": "B"}).status_code == 201
    before = get(freecad, "/objects")
    response = freecad.patch("/objects/B", json={"location": [100, 0, 0]})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["details"]["object"]) == (422, "degenerate_result", "Common")
    assert get(freecad, "/objects") == before
    assert freecad.patch("/objects/B", json={"location": [8, 0, 0]}).status_code == 200


def test_a_link_cannot_be_bent_into_a_circle(freecad: httpx.Client) -> None:
    drilled(freecad)
    for value in ("Cut", "Nothing", 5):
        response = freecad.patch("/objects/Cut", json={"properties": {"Base": value}})
        assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")
    make(freecad, "box", name="Larger", length=30)
    assert freecad.patch("/objects/Cut", json={"properties": {"Base": "Larger"}}).status_code == 200
    assert cut_volume(freecad) == pytest.approx(3000 - 40 * pi)


def test_a_revision_changes_with_the_object_and_guards_a_change(freecad: httpx.Client) -> None:
    first = make(freecad, "box")["revision"]
    assert get(freecad, "/objects/Box")["revision"] == first
    second = freecad.patch("/objects/Box", json={"properties": {"Length": 11}}, headers={"If-Match": first})
    assert second.status_code == 200
    assert second.json()["result"]["revision"] != first
    late = freecad.patch("/objects/Box", json={"label": "late"}, headers={"If-Match": first})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "revision_mismatch")
    gone = freecad.delete("/objects/Box", headers={"If-Match": first})
    assert gone.status_code == 412
    assert get(freecad, "/objects/Box")["label"] == "Box"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("box", {"Length": -3}),
        ("cylinder", {"Angle": 400}),
        ("cylinder", {"Radius": "-1 mm"}),
        ("prism", {"Polygon": 2}),
    ],
)
def test_a_dry_run_refuses_the_values_that_freecad_would_not_keep(
    freecad: httpx.Client, kind: str, change: dict[str, Any]
) -> None:
    make(freecad, kind, name="It")
    before = (get(freecad, "/objects"), get(freecad, "/documents"))
    refused = [freecad.patch(f"/objects/It{query}", json={"properties": change}) for query in ("", "?dry_run=true")]
    assert [each.status_code for each in refused] == [422, 422]
    real, trial = (each.json()["error"] for each in refused)
    assert (trial["code"], trial["message"]) == (real["code"], real["message"])
    assert (get(freecad, "/objects"), get(freecad, "/documents")) == before
    allowed = freecad.patch("/objects/It?dry_run=true", json={"properties": {next(iter(change)): 7}})
    assert allowed.json() == {"status": "success", "result": {"dry_run": True}}
    assert (get(freecad, "/objects"), get(freecad, "/documents")) == before


@pytest.mark.parametrize("body", [{"label": None}, {"location": None}, {"visible": None}, {"properties": None}])
def test_null_is_no_value_to_change_to(freecad: httpx.Client, body: dict[str, Any]) -> None:
    make(freecad, "box", name="It")
    response = freecad.patch("/objects/It", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")
    assert next(iter(body)) in response.json()["error"]["message"]


def test_undo_and_redo_take_whole_requests_back_and_forth(freecad: httpx.Client) -> None:
    drilled(freecad)
    assert freecad.patch("/objects/Box", json={"properties": {"Length": 20}, "label": "Long"}).status_code == 200
    assert freecad.post("/undo").status_code == 200
    assert cut_volume(freecad) == pytest.approx(1000 - 40 * pi)
    assert get(freecad, "/objects/Box")["label"] == "Box"
    assert get(freecad, "/objects/Box")["state"] == ["Up-to-date"]
    assert freecad.post("/undo").status_code == 200
    assert freecad.get("/objects/Cut").status_code == 404
    assert get(freecad, "/objects/Box")["visible"] is True
    assert freecad.post("/redo").status_code == 200
    assert freecad.post("/redo").status_code == 200
    assert cut_volume(freecad) == pytest.approx(2000 - 40 * pi)


# --- deleting ----------------------------------------------------------------------------------------------------


def test_an_input_cannot_be_deleted_without_what_depends_on_it(freecad: httpx.Client) -> None:
    drilled(freecad)
    response = freecad.delete("/objects/Box")
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["details"]["dependents"]) == (409, "conflict", ["Cut"])
    assert "Cut depends on it." in error["message"]
    cascaded = freecad.delete("/objects/Box?cascade=true").json()["result"]
    assert cascaded == {"deleted": "Box", "cascaded": ["Cut"]}
    assert [each["name"] for each in get(freecad, "/objects")["objects"]] == ["Hole"]


def test_the_inputs_of_a_deleted_boolean_are_seen_again(freecad: httpx.Client) -> None:
    drilled(freecad)
    assert get(freecad, "/objects/Box")["visible"] is False
    assert freecad.delete("/objects/Cut").json()["result"] == {"deleted": "Cut", "cascaded": []}
    assert get(freecad, "/objects/Box")["visible"] is True


# --- measures and geometry ---------------------------------------------------------------------------------------


def test_measures_tell_inertia_counts_and_validity(freecad: httpx.Client) -> None:
    make(freecad, "box", length=10, width=20, height=30, rotation=[0, 0, 90])
    measured = get(freecad, "/objects/Box/measures")
    assert measured["counts"] == {"solids": 1, "shells": 1, "faces": 6, "wires": 6, "edges": 12, "vertices": 8}
    # A quarter turn about Z swaps X and Y.
    assert [measured["inertia"][i][i] for i in range(3)] == pytest.approx(
        [6000 / 12 * (100 + 900), 6000 / 12 * (400 + 900), 6000 / 12 * (100 + 400)]
    )
    assert measured["length"] == pytest.approx(4 * 60)
    assert (measured["valid"], measured["problems"], measured["closed"]) == (True, [], True)


def test_the_distance_between_two_objects_and_what_they_share(freecad: httpx.Client) -> None:
    make(freecad, "box", name="A")
    make(freecad, "sphere", name="S", radius=5, location=[20, 5, 5])
    apart = get(freecad, "/objects/A/distance", to="S")
    assert (apart["distance"], apart["interferes"]) == (pytest.approx(5), False)
    assert apart["points"] == [pytest.approx([10, 5, 5]), pytest.approx([15, 5, 5])]
    make(freecad, "box", name="B", location=[5, 0, 0])
    assert get(freecad, "/objects/A/distance", to="B")["common_volume"] == pytest.approx(500)
    assert freecad.get("/objects/A/distance?to=A").status_code == 422
    assert freecad.get("/objects/A/distance?to=C").status_code == 404


def test_faces_are_found_by_kind_direction_and_place(freecad: httpx.Client) -> None:
    drilled(freecad)
    everything = get(freecad, "/objects/Cut/faces")
    assert everything["total"] == 7
    [top] = get(freecad, "/objects/Cut/faces", at="top")["faces"]
    assert top["normal"] == [0, 0, 1]
    assert top["area"] == pytest.approx(100 - 4 * pi)
    assert get(freecad, "/objects/Cut/faces", facing="0,0,2")["faces"] == [top]
    assert get(freecad, "/objects/Cut/faces", parallel_to="0,0,1", type="plane")["total"] == 2
    [hole] = get(freecad, "/objects/Cut/faces", type="cylinder")["faces"]
    assert (hole["radius"], [abs(part) for part in hole["axis"]]) == (2, [0, 0, 1])
    assert get(freecad, "/objects/Cut/faces", min_area=99.9)["total"] == 5


def test_edges_are_found_by_kind_direction_radius_and_face(freecad: httpx.Client) -> None:
    drilled(freecad)
    circles = get(freecad, "/objects/Cut/edges", type="circle", at="top")["edges"]
    assert [(each["radius"], each["closed"]) for each in circles] == [(2, True)]
    assert circles[0]["axis_center"] == pytest.approx([5, 5, 10])
    assert get(freecad, "/objects/Cut/edges", type="line", parallel_to="0,0,1", max_length=10)["total"] == 5
    [top] = get(freecad, "/objects/Cut/faces", at="top")["faces"]
    on_top = get(freecad, "/objects/Cut/edges", on_face=top["name"])
    assert sorted(each["name"] for each in on_top["edges"]) == sorted(top["edges"])
    assert freecad.get("/objects/Cut/edges?on_face=Face99").status_code == 422
    assert freecad.get("/objects/Cut/edges?parallel_to=0,0,0").status_code == 422


def test_what_was_hidden_alone_is_shown_again_by_undo(freecad: httpx.Client) -> None:
    name = freecad.post("/primitives/box", json={}).json()["result"]["name"]
    assert freecad.patch(f"/objects/{name}", json={"visible": False}).json()["result"]["visible"] is False
    assert freecad.post("/undo").json()["result"]["undone"] == "objects.update"
    assert freecad.get(f"/objects/{name}").json()["result"]["visible"] is True
    assert freecad.post("/redo").is_success
    assert freecad.get(f"/objects/{name}").json()["result"]["visible"] is False
