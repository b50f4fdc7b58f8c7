"""Parameters as OpenSCAD's customizer knows them, and the check of overrides."""

from __future__ import annotations

import pytest

SOURCE = """
/* [Size] */
// Width in mm
width = 10; // [1:0.5:100]
depth = 5; // [5, 10, 20]
height = 4; // [50]
label = "hi \\"you\\""; // 20
kind = "round"; // [round:Round one, square]
hollow = true;
at = [1, 2, 3]; // [0:10]
free = -4;
/* [Hidden] */
secret = 3;
/* [Look] */
$fn = 30;
computed = width * 2;
unset = undef;
module thing() { cube([width, depth, height]); }
late = 5;
thing();
echo(label, kind, hollow, at, free);
"""


def test_parameters_are_what_the_customizer_shows(openscad) -> None:
    assert openscad.parameters(SOURCE) == {
        "width": {
            "name": "width",
            "type": "number",
            "default": 10,
            "group": "Size",
            "description": "Width in mm",
            "minimum": 1,
            "maximum": 100,
            "step": 0.5,
        },
        "depth": {
            "name": "depth",
            "type": "number",
            "default": 5,
            "group": "Size",
            "options": [{"value": value, "label": f"{value}"} for value in (5, 10, 20)],
        },
        "height": {"name": "height", "type": "number", "default": 4, "group": "Size", "minimum": 0, "maximum": 50},
        "label": {"name": "label", "type": "string", "default": 'hi "you"', "group": "Size", "max_length": 20},
        "kind": {
            "name": "kind",
            "type": "string",
            "default": "round",
            "group": "Size",
            "options": [{"value": "round", "label": "Round one"}, {"value": "square", "label": "square"}],
        },
        "hollow": {"name": "hollow", "type": "boolean", "default": True, "group": "Size"},
        "at": {"name": "at", "type": "vector", "default": [1, 2, 3], "group": "Size", "minimum": 0, "maximum": 10},
        "free": {"name": "free", "type": "number", "default": -4, "group": "Size"},
        "$fn": {"name": "$fn", "type": "number", "default": 30, "group": "Look"},
    }


def test_a_source_without_parameters_has_none(openscad) -> None:
    assert openscad.parameters("cube(1);") == {}


def test_text_that_looks_like_an_annotation_is_none(openscad) -> None:
    source = 'a = "x\n//Parameter(\\"\\")\nb = 1;"; // note\ncube(1);'
    assert list(openscad.parameters(source)) == ["a"]


def test_an_uploaded_source_is_an_artifact_with_parameters(openscad) -> None:
    answer = openscad.client.post("/sources", files={"file": ("part.scad", SOURCE.encode())})
    assert answer.status_code == 201, answer.text
    told = answer.json()["result"]
    assert told["artifact"]["name"] == "part.scad"
    assert len(told["parameters"]) == 9
    body = {"artifact": told["artifact"]["id"], "parameters": {"width": 20}}
    made = openscad.client.post("/render", json=body).json()["result"]
    assert made["bounding_box"] == {"min": [0, 0, 0], "max": [20, 5, 4]}


def test_every_kind_of_override_arrives(openscad) -> None:
    given = {"width": 12.5, "depth": 10, "height": 50, "label": 'q"\\\n\té', "kind": "square", "hollow": False}
    made = openscad.render(SOURCE, parameters={**given, "at": [3, 2, 0.5], "free": -1e-7})
    assert made["bounding_box"]["max"] == [12.5, 10, 50]
    assert made["parameters"]["kind"] == "square"
    assert "\n".join(made["messages"]) == 'ECHO: "q"\\\n\té", "square", false, [3, 2, 0.5], -1e-7'


def test_an_override_cannot_be_code(openscad) -> None:
    made = openscad.render('t = "x"; // note\ncube(1); echo(t);', parameters={"t": '"; cube(9); //'})
    assert made["bounding_box"]["max"] == [1, 1, 1]
    assert made["messages"] == ['ECHO: ""; cube(9); //"']


def test_an_unknown_parameter_is_refused_with_the_nearest(openscad) -> None:
    error = openscad.refused(SOURCE, parameters={"widht": 3})
    assert (error["code"], error["details"]["did_you_mean"]) == ("validation_error", ["width"])
    assert error["message"] == "The source has no parameter 'widht'; did you mean 'width'?"
    assert "it has none at all" in openscad.refused("cube(1);", parameters={"a": 1})["message"]


@pytest.mark.parametrize("name", ["secret", "computed", "unset", "late"])
def test_what_the_customizer_does_not_show_cannot_be_set(openscad, name: str) -> None:
    assert f"no parameter {name!r}" in openscad.refused(SOURCE, parameters={name: 1})["message"]


@pytest.mark.parametrize(
    ("parameter", "value", "told"),
    [
        ("width", "10", "'width' must be a number, as 10 is, not \"10\""),
        ("width", True, "'width' must be a number, as 10 is, not true"),
        ("hollow", 1, "'hollow' must be a boolean, as true is, not 1"),
        ("label", 3, "'label' must be a string"),
        ("at", 3, "'at' must be a vector, as [1, 2, 3] is, not 3"),
        ("width", 0.9, "'width' must be from 1 to 100, not 0.9"),
        ("width", 100.1, "'width' must be from 1 to 100, not 100.1"),
        ("height", -1, "'height' must be from 0 to 50, not -1"),
        ("depth", 7, "'depth' must be one of 5, 10, 20, not 7"),
        ("kind", "Round one", '\'kind\' must be one of "round", "square", not "Round one"'),
        ("label", "x" * 21, "'label' must have at most 20 characters, not 21"),
        ("at", [1, 2], "'at' must have 3 numbers, as [1, 2, 3] has, not 2"),
        ("at", [1, 2, 11], "'at' must be from 0 to 10, not 11"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(openscad, parameter: str, value: object, told: str) -> None:
    error = openscad.refused(SOURCE, parameters={parameter: value})
    assert (error["code"], error["details"]["errors"][0]["parameter"]) == ("validation_error", parameter)
    assert error["message"].startswith(told)


@pytest.mark.parametrize("value", [None, {"a": 1}, [], ["a"], [[1]], "\x00", "\x1b"])
def test_a_value_that_no_parameter_can_have_is_refused(openscad, value: object) -> None:
    assert openscad.refused(SOURCE, parameters={"label": value})["code"] == "validation_error"


def test_all_that_is_wrong_is_told_together(openscad) -> None:
    error = openscad.refused(SOURCE, parameters={"width": 0, "kind": "x", "nothing": 1})
    assert [one["parameter"] for one in error["details"]["errors"]] == ["width", "kind", "nothing"]


def test_a_broken_source_is_refused_with_its_line(openscad) -> None:
    error = openscad.refused("a = 1;\nb = ;\ncube(a);", path="/parameters")
    assert (error["code"], error["details"]["line"]) == ("command_failed", 2)
    assert error["message"] == "OpenSCAD: Parser error: syntax error in file main.scad, line 2"
