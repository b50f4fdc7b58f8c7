"""Geometry nodes over HTTP: groups from files, inputs of every type, what they make, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

ASSET = """
import bpy, os, tempfile
group = bpy.data.node_groups.new("Row", "GeometryNodeTree")
face = group.interface
face.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
for name, kind in [("Count", "Int"), ("Gap", "Float"), ("Flip", "Bool"), ("Shift", "Vector"), ("Tint", "Color"),
                   ("Turn", "Rotation"), ("Word", "String"), ("Pick", "Menu"), ("Thing", "Object"),
                   ("Paint", "Material"), ("Set", "Collection"), ("Image", "Image")]:
    made = face.new_socket(name, in_out="INPUT", socket_type="NodeSocket" + kind)
    if name == "Count":
        made.default_value, made.min_value, made.max_value = 3, 1, 50
    if name == "Gap":
        made.default_value, made.min_value, made.description = 2.0, 0.0, "Between two"
face.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
new, link = group.nodes.new, group.links.new
start, end = new("NodeGroupInput"), new("NodeGroupOutput")
line, put, real = new("GeometryNodeMeshLine"), new("GeometryNodeInstanceOnPoints"), new("GeometryNodeRealizeInstances")
gap, move, mark = new("ShaderNodeCombineXYZ"), new("GeometryNodeTransform"), new("GeometryNodeStoreNamedAttribute")
menu = new("GeometryNodeMenuSwitch")
menu.data_type = "GEOMETRY"
menu.enum_definition.enum_items.clear()
for word in ("Whole", "None"): menu.enum_definition.enum_items.new(word)
link(start.outputs["Count"], line.inputs["Count"])
link(start.outputs["Gap"], gap.inputs["X"]); link(gap.outputs[0], line.inputs["Offset"])
link(line.outputs[0], put.inputs["Points"]); link(start.outputs["Geometry"], put.inputs["Instance"])
link(start.outputs["Turn"], put.inputs["Rotation"])
link(put.outputs[0], real.inputs[0]); link(real.outputs[0], move.inputs["Geometry"])
link(start.outputs["Shift"], move.inputs["Translation"])
mark.inputs["Name"].default_value = "weight"
link(move.outputs[0], mark.inputs["Geometry"]); link(mark.outputs[0], menu.inputs["Whole"])
link(start.outputs["Pick"], menu.inputs["Menu"]); link(menu.outputs[0], end.inputs[0])
group.use_fake_user = True
scattered = bpy.data.node_groups.new("Instances", "GeometryNodeTree")
scattered.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
scattered.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
a, b = scattered.nodes.new("NodeGroupInput"), scattered.nodes.new("NodeGroupOutput")
p = scattered.nodes.new("GeometryNodeInstanceOnPoints")
scattered.links.new(a.outputs[0], p.inputs["Points"]); scattered.links.new(a.outputs[0], p.inputs["Instance"])
scattered.links.new(p.outputs[0], b.inputs[0]); scattered.use_fake_user = True
text = bpy.data.texts.new("evil.py"); text.write("raise SystemExit"); text.use_module = True
path = os.path.join(tempfile.mkdtemp(), "asset.blend")
bpy.data.libraries.write(path, {group, scattered, text}, fake_user=True)
bpy.data.node_groups.remove(group); bpy.data.node_groups.remove(scattered); bpy.data.texts.remove(text)
open(path, "rb").read().hex()
"""


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.fixture(scope="module")
def asset(gateway: Gateway, scene_as_new: None) -> bytes:
    """A .blend file with two groups of geometry nodes, made by Blender."""
    return bytes.fromhex(evaluate(gateway, ASSET))


@pytest.fixture
def row(blender: httpx.Client, asset: bytes) -> httpx.Client:
    """A cube that is called Box, with a modifier by the group Row."""
    answer = blender.post("/node-groups", files={"file": ("asset.blend", asset)})
    assert answer.status_code == 201, answer.text
    assert [group["name"] for group in answer.json()["result"]["node_groups"]] == ["Instances", "Row"]
    post(blender, "/primitives/cube", name="Box")
    post(blender, "/objects/Box/modifiers", type="nodes", group="Row", name="Rows", inputs={"Pick": "Whole"})
    return blender


def settings(client: httpx.Client) -> dict[str, dict[str, Any]]:
    (modifier,) = client.get("/objects/Box/modifiers").json()["result"]["modifiers"]
    assert modifier["type"] == "nodes"
    assert modifier["settings"]["group"] == "Row"
    return {each["name"]: each for each in modifier["settings"]["inputs"]}


def put(client: httpx.Client, **inputs: Any) -> httpx.Response:
    return client.patch("/objects/Box/modifiers/Rows", json={"inputs": inputs})


def counts(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/objects/Box/evaluated")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_inputs_are_listed_with_type_default_and_range(row: httpx.Client) -> None:
    inputs = {each["name"]: each for each in row.get("/node-groups/Row").json()["result"]["inputs"]}
    assert {name: each["type"] for name, each in inputs.items()} == {
        "Count": "integer",
        "Gap": "number",
        "Flip": "boolean",
        "Shift": "vector",
        "Tint": "color",
        "Word": "string",
        "Turn": "rotation",
        "Pick": "menu",
        "Thing": "object",
        "Paint": "material",
        "Set": "collection",
        "Image": "image",
    }
    assert (inputs["Count"]["default"], inputs["Count"]["min"], inputs["Count"]["max"]) == (3, 1, 50)
    assert (inputs["Gap"]["default"], inputs["Gap"]["min"], inputs["Gap"]["max"]) == (2, 0, None)
    assert inputs["Gap"]["description"] == "Between two"
    assert inputs["Pick"]["items"] == ["Whole", "None"]
    assert settings(row)["Count"]["value"] == 3


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Count", 7, 7),
        ("Gap", 3.5, 3.5),
        ("Flip", True, True),
        ("Shift", [1, 2, 3], [1, 2, 3]),
        ("Tint", "#ff0000", [1, 0, 0, 1]),
        ("Tint", [0.5, 0.25, 0, 0.5], [0.5, 0.25, 0, 0.5]),
        ("Turn", [0, 0, 45], [0, 0, 45]),
        ("Word", "hello", "hello"),
        ("Pick", "None", "None"),
        ("Thing", "Other", "Other"),
        ("Paint", "Red", "Red"),
        ("Set", "Parts", "Parts"),
        ("Image", None, None),
    ],
)
def test_every_type_of_input_is_set_and_read(row: httpx.Client, name: str, value: Any, kept: Any) -> None:
    post(row, "/primitives/empty", name="Other")
    post(row, "/materials", name="Red")
    post(row, "/collections", name="Parts")
    before = row.get("/objects/Box").json()["result"]["revision"]
    answer = put(row, **{name: value})
    assert answer.status_code == 200, answer.text
    assert settings(row)[name]["value"] == kept
    assert (row.get("/objects/Box").json()["result"]["revision"] != before) == (value is not None)


def test_what_the_nodes_make_is_counted(row: httpx.Client) -> None:
    assert (counts(row)["vertices"], counts(row)["faces"]) == (24, 18)
    assert {"name": "weight", "domain": "point", "type": "float"} in counts(row)["attributes"]
    put(row, Count=5, Gap=4)
    assert counts(row)["vertices"] == 40
    assert row.get("/objects/Box").json()["result"]["dimensions"] == pytest.approx([18, 2, 2])
    put(row, Pick="None")
    assert counts(row)["vertices"] == 0
    assert row.patch("/objects/Box/modifiers/Rows", json={"group": "Instances"}).status_code == 200
    assert (counts(row)["vertices"], counts(row)["instances"]) == (0, 8)
    assert post(row, "/undo")["undone"] == "modifiers.update"
    post(row, "/undo")
    applied = post(row, "/objects/Box/modifiers/Rows/apply")
    assert (applied["vertices"], applied["modifiers"]) == (40, [])


def test_an_input_is_keyed_and_a_batch_sees_it(row: httpx.Client, gateway: Gateway) -> None:
    assert row.patch("/objects/Box/modifiers/Rows", json={"inputs": {"Count": 2}, "frame": 1}).status_code == 200
    assert row.patch("/objects/Box/modifiers/Rows", json={"inputs": {"Count": 9}, "frame": 9}).status_code == 200
    row.patch("/scene", json={"frame": 9})
    assert counts(row)["vertices"] == 72
    row.patch("/scene", json={"frame": 1})
    assert counts(row)["vertices"] == 16
    update = {"object": "Box", "modifier": "Rows", "settings": {"inputs": {"Gap": 1}}}
    calls = [
        {"method": "modifiers.update", "params": update},
        {"method": "objects.evaluated", "params": {"object": "Box"}},
    ]
    results = post(row, "/batch", calls=calls, atomic=True)["results"]
    assert results[1]["result"]["vertices"] == 16


def test_what_does_not_fit_names_what_does(row: httpx.Client) -> None:
    def refused(**inputs: Any) -> dict[str, Any]:
        answer = put(row, **inputs)
        assert answer.status_code in (404, 422), answer.text
        return answer.json()["error"]

    unknown = refused(Cuont=5)
    assert unknown["details"]["did_you_mean"] == ["Count"]
    assert "'Count'" in unknown["message"]
    assert "from 1 to 50" in refused(Count=51)["message"]
    assert "whole number" in refused(Count=1.5)["message"]
    assert "true or false" in refused(Flip=1)["message"]
    assert "list of 3" in refused(Shift=[1, 2])["message"]
    assert "'Whole', 'None'" in refused(Pick="Half")["message"]
    assert refused(Thing="Bux")["details"]["did_you_mean"] == ["Box"]
    assert refused(Tint="red")["code"] == "validation_error"
    assert settings(row)["Count"]["value"] == 3
    missing = row.post("/objects/Box/modifiers", json={"type": "nodes", "group": "Rwo"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "node_group_not_found")
    used = row.delete("/node-groups/Row")
    assert (used.status_code, used.json()["error"]["code"]) == (409, "conflict")
    assert row.delete("/node-groups/Instances").status_code == 200
    assert row.get("/node-groups").json()["result"]["total"] == 1


def test_a_file_brings_its_groups_and_no_code(
    blender: httpx.Client, http: httpx.Client, asset: bytes, gateway: Gateway, tmp_path: Path
) -> None:
    stored = http.post("/api/v1/artifacts", files={"file": ("asset.blend", asset)}).json()["result"]
    made = post(blender, "/node-groups?groups=Row", artifact=stored["id"])
    assert [group["name"] for group in made["node_groups"]] == ["Row"]
    assert evaluate(gateway, "[t.name for t in bpy.data.texts]") == []
    again = post(blender, "/node-groups?groups=Row", artifact=stored["id"])
    assert [group["name"] for group in again["node_groups"]] == ["Row.001"]
    assert "renamed" in [warning["code"] for warning in again["warnings"]]
    wrong = blender.post("/node-groups", params={"groups": "Rwo"}, json={"artifact": stored["id"]})
    assert wrong.json()["error"]["details"]["did_you_mean"] == ["Row"]
    assert blender.post("/node-groups", files={"file": ("a.stl", b"solid a\nendsolid a\n")}).status_code == 422
