"""What clients and language models get wrong in requests, and that the answer leads to the right call: each value of
the table is refused in the API's own words, and what the answer proposes is accepted at the second try."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cadgate.contract.builtin import Batch
from cadgate.errors import CadgateError
from cadgate.refusals.names import nearest_methods, nearest_paths
from cadgate.refusals.schemas import contract_of
from cadgate.refusals.validation import validation_failed
from cadgate_blender.models.materials import MaterialParams
from cadgate_blender.models.meshes import MeshParams
from cadgate_blender.models.modifiers import ModifierParams
from cadgate_blender.models.primitives import CubeParams, CylinderParams
from cadgate_freecad.models.features import FilletParams, LoftParams
from cadgate_freecad.models.primitives import BoxParams

FOREIGN = re.compile(
    r"Input should|Extra inputs|Field required|tuple|dictionary|pydantic|valid (number|string|list)|dict\b"
)

QUAD = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
TABLE: list[tuple[type[BaseModel], Any, str, str]] = [
    # vectors in other notations
    (
        CubeParams,
        {"location": "[1,2,3]"},
        "location",
        "'[1,2,3]' is a string: send [1, 2, 3]; it must be a list of 3",
    ),
    (CubeParams, {"location": "1, 2, 3"}, "location", "send [1, 2, 3]"),
    (CubeParams, {"location": "1 2.5 -3"}, "location", "send [1, 2.5, -3]"),
    (CubeParams, {"location": "(1, 2, 3)"}, "location", "send [1, 2, 3]"),
    (CubeParams, {"location": {"x": 1, "y": 2, "z": 3}}, "location", "is an object: send [1, 2, 3]"),
    (CubeParams, {"location": {"X": 1, "Y": 2, "Z": 3}}, "location", "is an object: send [1, 2, 3]"),
    (CubeParams, {"location": ["1", 2, 3]}, "location.0", "'1' is a string: send 1"),
    (
        CubeParams,
        {"location": [1, 2]},
        "location.2",
        "the third value of the list is missing: send a list of 3",
    ),
    (CubeParams, {"location": [1, 2, 3, 4]}, "location", "4 values were sent: send a list of 3 numbers"),
    (CubeParams, {"location": 5}, "location", "5 is a number: send a list of 3 numbers"),
    (CubeParams, {"location": None}, "location", "null is not accepted: send a list of 3 numbers"),
    (CubeParams, {"location": [None, 0, 0]}, "location.0", "null is not accepted: send a number"),
    (CubeParams, {"location": [1, 2, 3e20]}, "location.2", "3e+20 is not accepted: send a number from -1000000000 to"),
    (CubeParams, {"rotation": ["90deg", 0, 0]}, "rotation.0", "send 90; it must be a number"),
    (CubeParams, {"rotation": ["1.5 rad", 0, 0]}, "rotation.0", "(XYZ Euler angles in degrees)"),
    (CubeParams, {"scale": 2}, "scale", "2 is a number: send a list of 3 numbers"),
    # numbers
    (CubeParams, {"size": "2"}, "size", "'2' is a string: send 2; it must be a number above 0"),
    (CubeParams, {"size": "big"}, "size", "'big' is a string: send a number above 0"),
    (CubeParams, {"size": True}, "size", "true is a boolean: send a number"),
    (CubeParams, {"size": None}, "size", "null is not accepted: send a number"),
    (CubeParams, {"size": 0}, "size", "0 is not accepted: send a number above 0"),
    (CubeParams, {"size": -1}, "size", "-1 is not accepted: send a number above 0"),
    (CubeParams, {"size": [2]}, "size", "[2] is a list: send 2"),
    (CubeParams, {"size": {"value": 2}}, "size", "is an object: send 2"),
    (CylinderParams, {"vertices": 32.0}, "vertices", "32.0 has a decimal point: send 32; it must be a whole number"),
    (CylinderParams, {"vertices": 32.5}, "vertices", "32.5 is not a whole number: send a whole number from 3 to"),
    (CylinderParams, {"vertices": "32"}, "vertices", "'32' is a string: send 32"),
    (CylinderParams, {"vertices": 2}, "vertices", "2 is not accepted: send a whole number from 3 to"),
    (BoxParams, {"length": -1}, "length", "-1 is not accepted: send a number above 0"),
    (BoxParams, {"length": [10]}, "length", "[10] is a list: send 10"),
    (BoxParams, {"length": ""}, "length", "an empty string is not accepted: send a number above 0"),
    (BoxParams, {"length": None}, "length", "null is not accepted"),
    # booleans
    (CylinderParams, {"smooth": "true"}, "smooth", "'true' is a string: send true; it must be true or false"),
    (CylinderParams, {"smooth": "yes"}, "smooth", "send true"),
    (CylinderParams, {"smooth": "False"}, "smooth", "send false"),
    (CylinderParams, {"smooth": 1}, "smooth", "1 is a number: send true"),
    # texts and choices
    (CubeParams, {"name": 5}, "name", '5 is a number: send "5"'),
    (CubeParams, {"name": ""}, "name", "an empty string is not accepted: send a string"),
    (CubeParams, {"name": ["Cube"]}, "name", 'is a list: send "Cube"'),
    (CubeParams, {"on_conflict": "Error"}, "on_conflict", "'Error' is not accepted: send \"error\"; it must be"),
    (CubeParams, {"on_conflict": "overwrite"}, "on_conflict", 'send "error", "rename" or "replace"'),
    # colours
    (MaterialParams, {"color": "#f00"}, "color", "'#f00' is not accepted: send \"#ff0000\""),
    (MaterialParams, {"color": "red"}, "color", 'send "#ff0000"'),
    (MaterialParams, {"color": "ff8800"}, "color", 'send "#ff8800"'),
    (MaterialParams, {"color": "rgb(255, 0, 0)"}, "color", 'send "#ff0000"'),
    (MaterialParams, {"color": [255, 128, 0]}, "color", "from 0 to 1, not to 255: send [1.0, 0.502, 0.0]"),
    (MaterialParams, {"color": "[1, 0, 0]"}, "color", "send [1, 0, 0]"),
    (MaterialParams, {"color": {"r": 1, "g": 0, "b": 0}}, "color", "send [1, 0, 0]"),
    (MaterialParams, {"color": [1, 0]}, "color", "2 values were sent: a colour is"),
    # unknown fields
    (CubeParams, {"sise": 2}, "sise", "unknown field; did you mean 'size'? Accepted fields: name, on_conflict"),
    (CubeParams, {"Size": 2}, "Size", "did you mean 'size'?"),
    (CubeParams, {"position": [1, 2, 3]}, "position", "did you mean 'location'?"),
    (CubeParams, {"onConflict": "rename"}, "onConflict", "did you mean 'on_conflict'?"),
    (CylinderParams, {"segments": 16}, "segments", "did you mean 'vertices'?"),
    (MaterialParams, {"base_color": "#ff0000"}, "base_color", "did you mean 'color'?"),
    (CubeParams, {"wheels": 4}, "wheels", "unknown field; accepted fields: name"),
    (CubeParams, {"dry_run": True}, "dry_run", "send it in the query of a request, `?dry_run=true`"),
    (BoxParams, {"material": {"densty": 7850}}, "material.densty", "did you mean 'density'?"),
    # alternatives and lists
    (ModifierParams, {"object": "Cube", "modifier": {"type": "bevl"}}, "modifier.type", "did you mean 'bevel'?"),
    (ModifierParams, {"object": "Cube", "modifier": {}}, "modifier.type", 'it is required, but missing: send "array"'),
    (ModifierParams, {"object": "Cube", "modifier": "bevel"}, "modifier", 'send {"type": "bevel"}'),
    (
        ModifierParams,
        {"object": "Cube", "modifier": {"type": "bevel", "wdth": 1}},
        "modifier.wdth",
        "did you mean 'width'?",
    ),
    (FilletParams, {"object": "Box", "edges": "Edge1"}, "edges", "'Edge1' is a string: send [\"Edge1\"]"),
    (FilletParams, {"object": "Box", "edges": {"typ": "line"}}, "edges.typ", "did you mean 'type'?"),
    (FilletParams, {"object": "Box", "edges": ["edge 1"]}, "edges.0", "'edge 1' is not accepted"),
    (FilletParams, {}, "object", "it is required, but missing: send a string"),
    (FilletParams, {"object": ["Box"]}, "object", 'is a list: send "Box"'),
    (LoftParams, {"objects": "Bottom, Top"}, "objects", 'send ["Bottom", "Top"]'),
    (LoftParams, {"objects": ["Bottom"]}, "objects", "1 value was sent: send a list of 2 to 100 strings"),
    (
        MeshParams,
        {"vertices": QUAD, "faces": [0]},
        "faces.0",
        "0 is a number: send a list",
    ),
    (MeshParams, {"vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2.0]]}, "faces.0.2", "send 2"),
    # whole bodies
    (CubeParams, [], "the parameters", "[] is a list: send an object with the fields name"),
    (CubeParams, [{"size": 1}], "the parameters", 'is a list: send {"size": 1}'),
    (CubeParams, "cube", "the parameters", "'cube' is a string: send an object"),
    (Batch, [{"method": "objects.list"}], "the parameters", "is a list: send an object with the fields calls, atomic"),
    (Batch, {"calls": {"method": "objects.list"}}, "calls", 'is an object: send [{"method": "objects.list"}]'),
    (Batch, {"calls": []}, "calls", 'no values were sent: send a list of 1 to 10000 objects, for example [{"method"'),
    (Batch, {"calls": [{"name": "objects.list"}]}, "calls.0.name", "did you mean 'method'?"),
    (Batch, {"calls": [{"method": "objects.list", "args": {}}]}, "calls.0.args", "did you mean 'params'?"),
    (Batch, {"calls": [{"method": "objects.list", "params": "{}"}]}, "calls.0.params", "'{}' is a string: send {}"),
    (Batch, {"operations": [{"method": "objects.list"}]}, "operations", "did you mean 'calls'?"),
]


def refused(model: type[BaseModel], value: Any) -> CadgateError:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return validation_failed(caught.value.errors(include_url=False), contract=contract_of(model))


def corrected(value: Any, entries: list[dict[str, Any]]) -> Any:
    """`value` as somebody sends it at the second try: with what the answer proposes."""
    value = copy.deepcopy(value)
    for entry in sorted(entries, key=lambda one: one["type"] != "extra_forbidden"):
        loc = entry["loc"]
        if not loc:
            value = entry["example"]
            continue
        around = value
        if isinstance(loc[-1], int) and entry["type"] == "missing":
            loc = loc[:-1]  # the example is that of the whole list
        for part in loc[:-1]:
            around = around[part]
        if entry["type"] == "extra_forbidden":
            given = around.pop(loc[-1])
            for name in entry.get("did_you_mean", [])[:1]:
                around[name] = given
        elif entry["type"] != "missing" or loc[-1] not in around or isinstance(loc[-1], int) or entry["loc"] != loc:
            around[loc[-1]] = entry["example"]
    return value


def test_the_table_holds_sixty_habits_and_more() -> None:
    assert len({repr(value) for _, value, _, _ in TABLE}) >= 60


@pytest.mark.parametrize(("model", "value", "where", "words"), TABLE, ids=lambda part: repr(part)[:40])
def test_a_wrong_value_is_told_in_the_apis_own_words(
    model: type[BaseModel], value: Any, where: str, words: str
) -> None:
    error = refused(model, value)
    assert f"{where}: " in error.message
    assert words in error.message
    for entry in error.details["errors"]:
        assert {"type", "loc", "msg"} <= set(entry)
        assert not FOREIGN.search(entry["msg"]), entry
    assert not FOREIGN.search(error.message)


COLOURS = [entry for entry in TABLE if entry[0] is MaterialParams and "color" in entry[1]]


@pytest.mark.parametrize(
    ("model", "value"),
    [(model, value) for model, value, where, words in TABLE if (model, value, where, words) not in COLOURS],
    ids=lambda part: repr(part)[:40],
)
def test_what_is_proposed_is_accepted_at_the_second_try(model: type[BaseModel], value: Any) -> None:
    model.model_validate(corrected(value, refused(model, value).details["errors"]))


@pytest.mark.parametrize(
    ("value", "send"),
    [(value["color"], match[1]) for _, value, _, words in COLOURS if (match := re.search(r"send (.+)$", words))],
    ids=repr,
)
def test_a_proposed_colour_is_accepted(value: Any, send: str) -> None:
    MaterialParams.model_validate({"color": json.loads(send)})


METHODS = ["primitives.cube", "primitives.cylinder", "objects.list", "objects.get", "materials.create", "render.still"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("primitives.cub", "primitives.cube"),
        ("primitive.cube", "primitives.cube"),
        ("Primitives.Cube", "primitives.cube"),
        ("primitives/cube", "primitives.cube"),
        ("cube", "primitives.cube"),
        ("create_cube", "primitives.cube"),
        ("cube.primitives", "primitives.cube"),
        ("blender.primitives.cube", "primitives.cube"),
        ("listObjects", "objects.list"),
        ("objects_list", "objects.list"),
        ("render", "render.still"),
    ],
)
def test_a_misspelt_method_is_found(name: str, meant: str) -> None:
    assert nearest_methods(name, METHODS)[0] == meant


def test_what_is_like_no_method_names_none() -> None:
    assert nearest_methods("teapot", METHODS) == nearest_methods("", METHODS) == []


PATHS = ["/api/v1/blender/primitives/cube", "/api/v1/blender/objects", "/api/v1/blender/objects/{name}", "/health"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v1/blender/primitive/cube", "/api/v1/blender/primitives/cube"),
        ("/api/v1/blender/cube", "/api/v1/blender/primitives/cube"),
        ("/api/v1/blender/object", "/api/v1/blender/objects"),
        ("/api/v1/blender/object/Wheel", "/api/v1/blender/objects/Wheel"),
    ],
)
def test_a_misspelt_path_is_found(path: str, meant: str) -> None:
    assert nearest_paths(path, PATHS)[0] == meant
