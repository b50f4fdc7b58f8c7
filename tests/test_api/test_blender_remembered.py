"""What is remembered of objects is what a look at them shows, whatever changed them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.blender_code import evaluate
from tests.gateway import Gateway

CUBE = "/primitives/cube"
CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/objects/A/duplicate", {"name": "Same", "linked": True}),
    ("PATCH", "/objects/A", {"location": [1, 2, 3], "properties": {"part": 7}}),
    ("PATCH", "/objects/B", {"parent": "A"}),
    ("PATCH", "/objects/A", {"scale": [2, 2, 2]}),
    ("POST", "/materials/apply", {"object": "Same", "material": "Red"}),
    ("PATCH", "/materials/Red", {"name": "Blue"}),
    ("POST", "/materials", {"name": "Blue", "on_conflict": "replace"}),
    ("POST", "/collections", {"name": "Parts"}),
    ("POST", "/collections/Parts/objects", {"objects": ["A", "C"]}),
    ("POST", CUBE, {"name": "D", "collection": "Parts"}),
    ("POST", "/objects/D/duplicate", {"name": "E"}),
    ("POST", "/objects/C/modifiers", {"type": "array", "name": "Two", "count": 2}),
    ("POST", "/objects/C/modifiers/Two/apply", {}),
    ("POST", "/objects/C/boolean", {"object": "D", "operation": "union", "delete_other": True}),
    ("PATCH", "/objects/E", {"name": "Other", "visible": False}),
    ("POST", CUBE, {"name": "A", "on_conflict": "replace"}),
    ("POST", "/objects/Other/origin", {"to": "bounds"}),
    ("POST", "/objects/join", {"objects": ["A", "Same"]}),
    ("DELETE", "/collections/Parts", {}),
    ("POST", "/undo", {}),
    ("DELETE", "/objects/A", {}),
]


def listed(blender: httpx.Client) -> list[Any]:
    return blender.get("/objects").json()["result"]["objects"]


def test_lists_are_those_of_a_session_that_remembers_nothing(blender: httpx.Client, gateway: Gateway) -> None:
    blender.post("/materials", json={"name": "Red", "on_conflict": "replace"})
    for name in "ABC":
        assert blender.post(CUBE, json={"name": name}).status_code == 201
    for method, path, body in CHANGES:
        # So that there is something to remember.
        one = {each["name"]: each for each in listed(blender)}
        answer = blender.request(method, path, json=body or None)
        assert answer.is_success, (method, path, answer.text)
        known = listed(blender)
        single = [blender.get(f"/objects/{each['name']}").json()["result"] for each in known]
        for each in single:
            each.pop("warnings", None)
        evaluate(gateway, "bpy.context.scene['looked'] = bpy.context.scene.get('looked', 0) + 1\nNone")
        assert listed(blender) == known == single, (method, path, answer.text, one)
    evaluate(gateway, "del bpy.context.scene['looked']\nNone")
