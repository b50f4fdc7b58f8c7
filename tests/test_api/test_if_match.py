"""`If-Match` is compared wherever something has a revision, and refused wherever nothing has: never ignored."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

OTHER = {"If-Match": "deadbeef0000"}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["error"]["code"]


def objects(client: httpx.Client) -> dict[str, str]:
    """The revision of each object."""
    return {each["name"]: each["revision"] for each in client.get("/objects").json()["result"]["objects"]}


@pytest.fixture
def scene(blender: httpx.Client) -> httpx.Client:
    """Blender with two cubes, a lamp, a material, and a collection."""
    for path, body in (
        ("/primitives/cube", {"name": "A"}),
        ("/primitives/cube", {"name": "B", "size": 1, "location": [1, 0, 0]}),
        ("/light", {"name": "L"}),
        ("/materials", {"name": "M", "on_conflict": "replace"}),
        ("/collections", {"name": "Co"}),
    ):
        made = blender.post(path, json=body)
        assert made.status_code in (201, 409), made.text
    return blender


@pytest.fixture
def part(freecad: httpx.Client) -> httpx.Client:
    """FreeCAD with two boxes that overlap, a group and a parameter."""
    created: list[tuple[str, dict[str, Any]]] = [
        ("/primitives/box", {"name": "A"}),
        ("/primitives/box", {"name": "B", "location": [5, 5, 5]}),
        ("/groups", {"name": "G", "objects": []}),
    ]
    for path, body in created:
        assert freecad.post(path, json=body).status_code == 201
    assert freecad.put("/parameters", json={"w": {"value": 1}}).status_code == 200
    return freecad


BLENDER_COMPARED: list[tuple[str, str, Any]] = [
    ("POST", "/objects/A/duplicate", {}),
    ("POST", "/objects/A/boolean", {"object": "B", "operation": "union"}),
    ("POST", "/objects/join", {"objects": ["A", "B"], "name": "J"}),
    ("POST", "/primitives/cube", {"name": "A", "on_conflict": "replace"}),
    ("POST", "/primitives/cube", {"name": "New", "on_conflict": "replace"}),
    ("POST", "/primitives/cube", {}),
    ("POST", "/light", {"name": "L", "on_conflict": "replace"}),
    ("PATCH", "/light/L", {"energy": 5}),
    ("PATCH", "/materials/M", {"roughness": 0.1}),
    ("PATCH", "/data/objects/A/hide_render", {"value": True}),
    ("PATCH", "/data/scenes/Scene/frame_end", {"value": 7}),
    ("DELETE", "/materials/M", None),
    ("DELETE", "/objects/A", None),
]
BLENDER_REFUSED: list[tuple[str, str, Any]] = [
    ("DELETE", "/scene", None),
    ("PATCH", "/scene", {"frame": 8}),
    ("PATCH", "/world", {"strength": 0.7}),
    ("POST", "/undo", None),
    ("POST", "/redo", None),
    ("POST", "/collections", {"name": "Co2"}),
    ("POST", "/collections/Co/objects", {"objects": ["A"]}),
    ("DELETE", "/collections/Co", None),
    ("POST", "/studio", {}),
    ("POST", "/operators/mesh.primitive_cube_add", {}),
    ("POST", "/batch", {"calls": [{"method": "objects.delete", "params": {"name": "A"}}]}),
    ("POST", "/batch", {"calls": [{"method": "objects.delete", "params": {"name": "A"}}], "atomic": True}),
    ("POST", "/export", {"format": "stl"}),
    ("POST", "/restart", None),
    ("GET", "/objects/A", None),
    ("GET", "/objects", None),
]
FREECAD_COMPARED: list[tuple[str, str, Any]] = [
    ("POST", "/objects/A/duplicate", {}),
    ("POST", "/objects/A/links", {}),
    ("POST", "/boolean/union", {"object1": "A", "object2": "B"}),
    ("POST", "/primitives/box", {"name": "B", "on_conflict": "replace"}),
    ("POST", "/primitives/box", {}),
    ("PUT", "/parameters", {"w": {"value": 2}}),
    ("PATCH", "/parameters", {"w": {"value": 2}}),
    ("PATCH", "/groups/G", {"add": ["A"]}),
    ("PATCH", "/objects/A", {"label": "x"}),
    ("DELETE", "/objects/A", None),
]
FREECAD_REFUSED: list[tuple[str, str, Any]] = [
    ("POST", "/documents", {"name": "V"}),
    ("POST", "/documents/Test/activate", None),
    ("POST", "/documents/Test/recompute", None),
    ("POST", "/documents/Test/save", None),
    ("DELETE", "/documents/Test", None),
    ("POST", "/undo", None),
    ("POST", "/batch", {"calls": [{"method": "objects.delete", "params": {"name": "A"}}]}),
    ("GET", "/objects/A", None),
]


def check(client: httpx.Client, verb: str, path: str, body: Any, *, compared: bool) -> None:
    before = objects(client)
    answer = client.request(verb, path, json=body, headers=OTHER)
    if compared:
        assert refusal(answer) == (412, "revision_mismatch"), answer.text
    else:
        assert refusal(answer) == (422, "validation_error"), answer.text
        assert answer.json()["error"]["details"]["errors"][0]["loc"] == ["header", "If-Match"]
    assert objects(client) == before


@pytest.mark.parametrize(("verb", "path", "body"), BLENDER_COMPARED)
def test_blender_compares_it_with_what_has_a_revision(scene: httpx.Client, verb: str, path: str, body: Any) -> None:
    check(scene, verb, path, body, compared=True)


@pytest.mark.parametrize(("verb", "path", "body"), BLENDER_REFUSED)
def test_blender_refuses_it_for_what_has_none(scene: httpx.Client, verb: str, path: str, body: Any) -> None:
    check(scene, verb, path, body, compared=False)


@pytest.mark.parametrize(("verb", "path", "body"), FREECAD_COMPARED)
def test_freecad_compares_it_with_what_has_a_revision(part: httpx.Client, verb: str, path: str, body: Any) -> None:
    check(part, verb, path, body, compared=True)


@pytest.mark.parametrize(("verb", "path", "body"), FREECAD_REFUSED)
def test_freecad_refuses_it_for_what_has_none(part: httpx.Client, verb: str, path: str, body: Any) -> None:
    check(part, verb, path, body, compared=False)


def test_the_revision_of_the_original_or_of_what_is_replaced_is_accepted(
    scene: httpx.Client, part: httpx.Client
) -> None:
    for client, creation in ((scene, "/primitives/cube"), (part, "/primitives/box")):
        known = objects(client)
        copied = client.post("/objects/A/duplicate", json={"name": "C"}, headers={"If-Match": known["A"]})
        assert copied.status_code == 201, copied.text
        new = {"name": "B", "on_conflict": "replace"}
        replaced = client.post(creation, json=new, headers={"If-Match": known["B"]})
        assert replaced.status_code == 201, replaced.text
        assert client.post(creation, json={"name": "Star"}, headers={"If-Match": "*"}).status_code == 201


def test_it_is_documented_exactly_where_it_is_compared(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]

    def documented(adapter: str, verb: str, path: str) -> bool:
        whole = f"/api/v1/{adapter}{path}"
        patterns = {each: re.sub(r"\{[^}]+\}", ".+", each) for each in paths if verb.lower() in paths[each]}
        fitting = [each for each, pattern in patterns.items() if re.fullmatch(pattern, whole)]
        operation = paths[whole if whole in fitting else max(fitting, key=len)][verb.lower()]
        named = any(one["name"] == "If-Match" for one in operation.get("parameters", ()))
        assert named == ("412" in operation["responses"]), (adapter, verb, path)
        return named

    for adapter, compared, refused in (
        ("blender", BLENDER_COMPARED, BLENDER_REFUSED),
        ("freecad", FREECAD_COMPARED, FREECAD_REFUSED),
    ):
        for verb, path, _ in compared:
            assert documented(adapter, verb, path), (adapter, verb, path)
        for verb, path, _ in refused:
            assert not documented(adapter, verb, path), (adapter, verb, path)
