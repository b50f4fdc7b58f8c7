"""Collections that are shown again, and custom properties that files carry both ways."""

from __future__ import annotations

from io import BytesIO
from typing import Any, cast

import httpx
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway

COUNT = """
graph = bpy.context.evaluated_depsgraph_get()
sorted(round(each.matrix_world.translation.x, 3) for each in graph.object_instances if each.object.type == "MESH")
"""


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.fixture
def parts(blender: httpx.Client) -> httpx.Client:
    """A collection with two cubes."""
    post(blender, "/collections", name="Parts")
    for name, place in (("One", 0), ("Two", 3)):
        post(blender, "/primitives/cube", name=name, size=1, location=[place, 0, 0], collection="Parts")
    return blender


def test_a_collection_is_shown_again_and_follows_its_changes(
    parts: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    made = post(parts, "/collections/Parts/instances", name="Again", location=[10, 0, 0])
    assert (made["name"], made["type"], made["location"]) == ("Again", "EMPTY", [10, 0, 0])
    assert evaluate(gateway, COUNT) == [0, 3, 10, 13]
    assert parts.patch("/objects/Two", json={"location": [4, 0, 0]}).status_code == 200
    assert evaluate(gateway, COUNT) == [0, 4, 10, 14]
    exported = post(parts, "/export", format="glb")
    loaded: Any = cast("Any", trimesh).load(
        BytesIO(http.get(exported["artifact"]["url"]).content), file_type="glb", force="mesh"
    )
    assert loaded.bounds[:, 0] == pytest.approx([-0.5, 14.5], abs=1e-5)


def test_an_instance_is_undone_and_rolled_back(parts: httpx.Client) -> None:
    post(parts, "/collections/Parts/instances", name="Again")
    assert post(parts, "/undo")["undone"] == "collections.instance"
    assert parts.get("/objects").json()["result"]["total"] == 2
    calls = [
        {"method": "collections.instance", "params": {"source": "Parts", "name": "Again"}},
        {"method": "objects.delete", "params": {"name": "Nobody"}},
    ]
    assert parts.post("/batch", json={"calls": calls, "atomic": True}).status_code == 404
    assert parts.get("/objects").json()["result"]["total"] == 2


def test_a_collection_that_would_show_itself_is_refused(parts: httpx.Client) -> None:
    post(parts, "/collections", name="Inner", parent="Parts")
    for body in ({"collection": "Parts"}, {"collection": "Inner"}):
        answer = parts.post("/collections/Parts/instances", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert "show itself" in answer.json()["error"]["message"]
    assert parts.post("/collections/Scene Collection/instances", json={}).status_code == 422
    assert parts.post("/collections/Nothing/instances", json={}).status_code == 404


def test_a_collection_that_goes_names_what_showed_it(parts: httpx.Client) -> None:
    post(parts, "/collections/Parts/instances", name="Again")
    warnings = parts.delete("/collections/Parts").json()["result"]["warnings"]
    assert [each["code"] for each in warnings] == ["instances_empty"]
    assert "'Again'" in warnings[0]["message"]


def test_custom_properties_come_back_from_gltf_files(blender: httpx.Client, http: httpx.Client) -> None:
    post(blender, "/primitives/cube", name="Part")
    properties = {"part": "A-12", "mass": 2.5, "count": 3, "sizes": [1, 2, 3], "words": ["a", "b"], "spare": True}
    assert blender.patch("/objects/Part", json={"properties": properties}).status_code == 200
    for format in ("glb", "gltf"):
        exported = post(blender, "/export", format=format)
        content = http.get(exported["artifact"]["url"]).content
        blender.delete("/scene")
        answer = blender.post("/import", files={"file": (f"part.{format}", content)})
        assert answer.status_code == 200, answer.text
        (made,) = answer.json()["result"]["objects"]
        assert made["properties"] == properties
