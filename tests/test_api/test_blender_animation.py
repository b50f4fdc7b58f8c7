"""Keyframes over HTTP: what is keyed is what Blender evaluates, what cannot be keyed says why, and patches keep it."""

from __future__ import annotations

from math import radians
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

AT = """
scene = bpy.context.scene
now = scene.frame_current
found = []
for frame in {frames}:
    scene.frame_set(frame)
    found.append({value})
scene.frame_set(now)
found
"""


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def patch(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.patch(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def animation(client: httpx.Client, name: str = "Box") -> dict[str, Any]:
    return client.get(f"/objects/{name}/animation").json()["result"]


def keyed(client: httpx.Client, path: str, *pairs: tuple[float, Any], **options: Any) -> dict[str, Any]:
    keys = [{"frame": frame, "value": value} for frame, value in pairs]
    return post(client, "/objects/Box/animation", path=path, keys=keys, **options)


def refused(client: httpx.Client, path: str, value: Any = 1, **options: Any) -> dict[str, Any]:
    body = {"path": path, "keys": [{"frame": 1, "value": value}], **options}
    answer = client.post("/objects/Box/animation", json=body)
    assert answer.status_code == 422, answer.text
    return answer.json()["error"]


def codes(result: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in result.get("warnings", [])]


@pytest.fixture
def box(blender: httpx.Client) -> httpx.Client:
    """A cube that is called Box, with a bevel and a material."""
    post(blender, "/materials", name="Red", color=[1, 0, 0])
    post(blender, "/primitives/cube", name="Box", material="Red")
    post(blender, "/objects/Box/modifiers", type="bevel")
    return blender


def test_keys_are_what_blender_evaluates_and_what_is_listed(box: httpx.Client, gateway: Gateway) -> None:
    made = keyed(box, "location", (1, [0, 0, 0]), (11, [10, 0, 5]), interpolation="linear")
    assert [(curve["path"], curve["index"], curve["interpolation"]) for curve in made["curves"]] == [
        ("location", axis, "linear") for axis in range(3)
    ]
    assert made["curves"][0]["keys"] == [{"frame": 1, "value": 0}, {"frame": 11, "value": 10}]
    assert "warnings" not in made
    assert animation(box)["curves"] == made["curves"]
    code = AT.format(frames=[1, 6, 11, 20], value="list(bpy.data.objects['Box'].matrix_world.translation)")
    assert evaluate(gateway, code) == [[0, 0, 0], [5, 0, 2.5], [10, 0, 5], [10, 0, 5]]


@pytest.mark.parametrize(
    ("path", "values", "index", "inside"),
    [
        ('modifiers["Bevel"].width', (0.1, 0.3), None, "modifiers['Bevel'].width"),
        ("hide_render", (False, True), None, "hide_render"),
        ("scale[2]", (1, 3), 2, "scale[2]"),
        ('["speed"]', (1.5, 4), None, "['speed']"),
        ('modifiers["Bevel"].segments', (1, 5), None, "modifiers['Bevel'].segments"),
        ('modifiers["Bevel"].limit_method', ("ANGLE", "NONE"), None, "modifiers['Bevel'].limit_method"),
    ],
)
def test_any_animatable_property_is_keyed_by_its_path(
    box: httpx.Client, gateway: Gateway, path: str, values: tuple[Any, Any], index: int | None, inside: str
) -> None:
    patch(box, "/objects/Box", properties={"speed": 2.0})
    made = keyed(box, path, (1, values[0]), (9, values[1]), interpolation="constant")
    (curve,) = made["curves"]
    assert curve["index"] == index
    assert [key["value"] for key in curve["keys"]] == pytest.approx(values) or curve["keys"][1]["value"] == values[1]
    owner = "bpy.data.objects['Box']"
    found = evaluate(gateway, AT.format(frames=[1, 8, 9], value=f"{owner}{'' if inside[0] == '[' else '.'}{inside}"))
    assert found == [pytest.approx(values[0]), pytest.approx(values[0]), pytest.approx(values[1])]


def test_materials_lights_and_shape_keys_are_keyed_from_their_object(box: httpx.Client, gateway: Gateway) -> None:
    node = 'material_slots["Red"].material.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value'
    (curve,) = keyed(box, node, (1, 0.2), (5, 0.9))["curves"]
    assert curve["path"].startswith("material_slots[0].material.node_tree.nodes[")
    (again,) = keyed(box, curve["path"], (9, 0.4))["curves"]
    assert [key["frame"] for key in again["keys"]] == [1, 5, 9]
    evaluate(gateway, "o = bpy.data.objects['Box']\no.shape_key_add()\no.shape_key_add(name='Open').name")
    assert keyed(box, 'data.shape_keys.key_blocks["Open"].value', (1, 0), (5, 1))["curves"][0]["keys"][1]["value"] == 1
    post(box, "/light", name="Lamp", kind="point")
    lamp = post(box, "/objects/Lamp/animation", path="data.energy", keys=[{"frame": 3, "value": 50}])
    assert lamp["curves"][0]["path"] == "data.energy"
    assert box.delete("/objects/Lamp/animation").json()["result"]["keys"] == 1


def test_rotation_is_in_degrees_and_its_own_property_in_radians(box: httpx.Client, gateway: Gateway) -> None:
    made = keyed(box, "rotation", (1, [0, 0, 0]), (37, [0, 0, 180]), interpolation="linear")
    assert {(curve["path"], curve["unit"]) for curve in made["curves"]} == {("rotation_euler", "radians")}
    assert made["curves"][2]["keys"][1]["value"] == pytest.approx(radians(180))
    patch(box, "/scene", frame=19)
    assert box.get("/objects/Box").json()["result"]["rotation"] == pytest.approx([0, 0, 90], abs=1e-3)
    patch(box, "/scene", frame=1)
    assert codes(keyed(box, "rotation_euler", (60, [0, 0, 90]))) == ["radians"]
    evaluate(gateway, "bpy.data.objects['Box'].rotation_mode = 'QUATERNION'")
    assert codes(keyed(box, "rotation_euler", (60, [0, 0, 1]))) == ["not_active"]
    keyed(box, "rotation_quaternion", (1, [1, 0, 0, 0]))
    turned = keyed(box, "rotation", (41, [0, 0, 90]))
    assert [curve["path"] for curve in turned["curves"]] == ["rotation_quaternion"] * 4
    assert turned["curves"][3]["keys"][-1]["value"] == pytest.approx(0.5**0.5)


def test_what_cannot_be_keyed_says_what_is_there_instead(box: httpx.Client) -> None:
    before = box.get("/objects/Box").json()["result"]["revision"]
    post(box, "/primitives/empty", name="Other")
    patch(box, "/objects/Box", parent="Other")
    assert refused(box, "locaton")["details"]["did_you_mean"][0] == "location"
    assert refused(box, 'modifiers["Bevl"].width')["details"]["did_you_mean"][0] == "Bevel"
    assert "components" in refused(box, "location", 3)["message"]
    assert "components" in refused(box, "location[5]")["message"]
    assert "whole number" in refused(box, 'modifiers["Bevel"].segments', 1.5)["message"]
    assert "1 to 1000" in refused(box, 'modifiers["Bevel"].segments', 0)["message"]
    assert "one of" in refused(box, 'modifiers["Bevel"].limit_method', "SOMETIMES")["message"]
    assert "true or false" in refused(box, "hide_render", 0.5)["message"]
    assert "'Other'" in refused(box, "parent.location", [0, 0, 0])["message"]
    for path in ("name", "matrix_world", "dimensions", 'modifiers["Bevel"]', "animation_data", "__class__", "a..b"):
        assert refused(box, path)["code"] == "validation_error"
    assert refused(box, "__import__('os').getpid()")["code"] == "validation_error"
    answer = box.post(
        "/objects/Box/animation", json={"path": "location", "keys": [{"frame": 1, "value": [0, 0, 0]}] * 2}
    )
    assert answer.status_code == 422
    patch(box, "/objects/Box", parent=None)
    assert animation(box)["curves"] == []
    assert box.get("/objects/Box").json()["result"]["revision"] == before


def test_a_patch_of_what_is_keyed_warns_or_keys_at_a_frame(box: httpx.Client, gateway: Gateway) -> None:
    keyed(box, "location", (1, [0, 0, 0]), (11, [10, 0, 0]), interpolation="linear")
    assert codes(patch(box, "/objects/Box", location=[7, 7, 7])) == ["animated"]
    patched = patch(box, "/objects/Box", location=[20, 0, 4], scale=[2, 2, 2], frame=21)
    assert codes(patched) == []
    assert patched["location"] == [0, 0, 0], "the current frame is 1"
    at = AT.format(frames=[11, 21], value="list(bpy.data.objects['Box'].location)")
    assert evaluate(gateway, at) == [[10, 0, 0], [20, 0, 4]]
    modifier = patch(box, "/objects/Box/modifiers/Bevel", width=0.25, frame=21)
    assert modifier["settings"]["width"] == 0.25
    keyed(box, 'modifiers["Bevel"].width', (1, 0.05))
    assert box.get("/objects/Box/modifiers").json()["result"]["modifiers"][0]["settings"]["width"] == 0.05
    assert codes(patch(box, "/objects/Box/modifiers/Bevel", width=0.3)) == ["animated"]
    answer = box.patch("/objects/Box", json={"frame": 4})
    assert answer.status_code == 422
    assert "location" in answer.json()["error"]["message"]


def test_keys_are_removed_at_a_frame_by_path_or_all(box: httpx.Client) -> None:
    keyed(box, "location", (1, [0, 0, 0]), (11, [10, 0, 0]))
    keyed(box, "scale", (1, [1, 1, 1]))
    keyed(box, 'modifiers["Bevel"].width', (1, 0.2))

    def delete(**query: Any) -> httpx.Response:
        return box.delete("/objects/Box/animation", params=query)

    assert delete(path="location", frame=11).json()["result"]["keys"] == 3
    assert delete(path="location", index=2).json()["result"] == {"deleted": "location", "keys": 1, "warnings": []}
    assert {curve["path"] for curve in animation(box)["curves"]} == {"location", "scale", 'modifiers["Bevel"].width'}
    gone = delete(path="rotation_euler")
    assert gone.status_code == 404
    assert gone.json()["error"]["code"] == "animation_not_found"
    assert delete().json()["result"] == {"deleted": "Box", "keys": 6, "warnings": []}
    assert animation(box)["curves"] == []
    assert codes(patch(box, "/objects/Box", location=[1, 1, 1])) == []


def test_a_copy_is_keyed_alone_and_undo_and_batches_know_keys(box: httpx.Client) -> None:
    keyed(box, "location", (1, [0, 0, 0]), (11, [10, 0, 0]))
    before = box.get("/objects/Box").json()["result"]["revision"]
    post(box, "/objects/Box/duplicate", name="Copy")
    post(box, "/objects/Copy/animation", path="location", keys=[{"frame": 30, "value": [0, 0, 9]}])
    assert [key["frame"] for key in animation(box)["curves"][0]["keys"]] == [1, 11]
    assert [key["frame"] for key in animation(box, "Copy")["curves"][0]["keys"]] == [1, 11, 30]
    assert box.get("/objects/Box").json()["result"]["revision"] == before
    assert post(box, "/undo")["undone"] == "animation.key"
    assert [key["frame"] for key in animation(box, "Copy")["curves"][0]["keys"]] == [1, 11]
    params = {"object": "Box", "path": "scale", "keys": [{"frame": 5, "value": [2, 2, 2]}]}
    calls = [{"method": "animation.key", "params": params}, {"method": "objects.delete", "params": {"name": "Nobody"}}]
    assert box.post("/batch", json={"calls": calls, "atomic": True}).status_code == 404
    assert {curve["path"] for curve in animation(box)["curves"]} == {"location"}
    post(box, "/batch", calls=calls[:1])
    assert {curve["path"] for curve in animation(box)["curves"]} == {"location", "scale"}
    lost = box.post(
        "/objects/Box/animation",
        json={"path": "scale", "keys": [{"frame": 6, "value": [1, 1, 1]}]},
        headers={"If-Match": before},
    )
    assert lost.status_code == 412


def test_keys_beyond_the_scene_are_warned_of(box: httpx.Client) -> None:
    assert codes(keyed(box, "location", (1, [0, 0, 0]), (300, [1, 0, 0]))) == ["outside_range"]


def test_the_view_of_colours_is_set_by_any_of_its_words(blender: httpx.Client) -> None:
    scene = blender.get("/scene").json()["result"]
    assert (scene["view_transform"], scene["look"], scene["exposure"], scene["gamma"]) == ("AgX", "None", 0, 1)
    scene = patch(blender, "/scene", view_transform="agx", look="High Contrast", exposure=0.5, gamma=1.2)
    assert (scene["look"], scene["exposure"], scene["gamma"]) == ("AgX - High Contrast", 0.5, 1.2)
    answer = blender.patch("/scene", json={"view_transform": "Standart", "exposure": 3})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["did_you_mean"] == ["Standard"]
    scene = patch(blender, "/scene", view_transform="Standard")
    assert (scene["view_transform"], scene["look"], scene["exposure"]) == ("Standard", "High Contrast", 0.5)
    assert blender.patch("/scene", json={"look": "Garish"}).status_code == 422
    patch(blender, "/scene", view_transform="AgX", look="None", exposure=0, gamma=1)


def test_a_hidden_object_is_where_its_keys_put_it(blender: httpx.Client) -> None:
    keys = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 10, "value": [9, 0, 0]}]
    for name in ("Shown", "Hidden", "Still"):
        assert blender.post("/primitives/cube", json={"name": name}).status_code == 201
    for name in ("Shown", "Hidden"):
        body = {"path": "location", "keys": keys, "interpolation": "linear"}
        assert blender.post(f"/objects/{name}/animation", json=body).status_code in (200, 201)
    for name in ("Hidden", "Still"):
        assert blender.patch(f"/objects/{name}", json={"visible": False}).status_code == 200
    for frame in (4, 10, 1, 7):
        assert blender.patch("/scene", json={"frame": frame}).status_code == 200
        for name in ("Shown", "Hidden"):
            info = blender.get(f"/objects/{name}").json()["result"]
            assert info["location"] == pytest.approx([frame - 1, 0, 0], abs=1e-5)
            assert info["visible"] is (name == "Shown")
