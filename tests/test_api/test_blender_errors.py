"""Bad input on every route of Blender: a clear error in the envelope, and a scene that is as it was before."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

# Every route that takes a JSON body, with a body that would work.
BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/primitives/cube", {"size": 1}),
    ("POST", "/primitives/sphere", {"radius": 1}),
    ("POST", "/primitives/cylinder", {"depth": 1}),
    ("POST", "/primitives/cone", {"radius1": 1}),
    ("POST", "/primitives/torus", {"minor_radius": 0.1}),
    ("POST", "/primitives/plane", {"size": 1}),
    ("POST", "/primitives/grid", {"size": 1}),
    ("POST", "/primitives/circle", {"radius": 1}),
    ("POST", "/primitives/monkey", {"size": 1}),
    ("POST", "/primitives/empty", {"size": 1}),
    ("POST", "/primitives/text", {"text": "a"}),
    ("POST", "/primitives/curve", {"points": [[0, 0, 0], [1, 0, 0]]}),
    ("POST", "/collections/Parts/instances", {"location": [4, 0, 0]}),
    ("POST", "/meshes", {"vertices": [[0, 0, 0]], "faces": []}),
    ("PATCH", "/objects/Box", {"location": [1, 2, 3]}),
    ("POST", "/objects/Box/duplicate", {"location": [1, 2, 3]}),
    ("POST", "/objects/Box/modifiers", {"type": "bevel", "width": 0.1}),
    ("PATCH", "/objects/Box/modifiers/Array", {"count": 3}),
    ("POST", "/objects/Box/boolean", {"object": "Other"}),
    ("POST", "/objects/join", {"objects": ["Box", "Other"]}),
    ("POST", "/objects/Box/separate", {"by": "loose"}),
    ("POST", "/objects/Box/shade", {"mode": "smooth"}),
    ("POST", "/objects/Box/apply", {"scale": True}),
    ("POST", "/objects/Box/origin", {"to": "bounds"}),
    ("POST", "/objects/Box/animation", {"path": "location", "keys": [{"frame": 1, "value": [0, 0, 0]}]}),
    ("POST", "/objects/Box/constraints", {"type": "copy_location", "target": "Other"}),
    ("PATCH", "/objects/Box/constraints/Follow", {"influence": 0.5}),
    ("POST", "/objects/Box/uv", {"method": "cube"}),
    ("POST", "/objects/Box/bake", {"kind": "ao", "size": 16}),
    ("POST", "/operators/object.shade_flat", {"context": {"selected": ["Box"]}}),
    ("POST", "/materials", {"roughness": 0.1}),
    ("PATCH", "/materials/Red", {"roughness": 0.1}),
    ("POST", "/materials/apply", {"object": "Box", "material": "Red"}),
    ("POST", "/light", {"energy": 1}),
    ("PATCH", "/light/Key", {"energy": 1}),
    ("POST", "/camera", {"lens": 20}),
    ("PATCH", "/camera/Eye", {"lens": 20}),
    ("POST", "/collections", {"name": "New"}),
    ("POST", "/collections/Parts/objects", {"objects": ["Box"]}),
    ("PATCH", "/scene", {"fps": 12}),
    ("PATCH", "/world", {"strength": 2}),
    ("POST", "/scene/save", {"filepath": "x"}),
    ("POST", "/render", {"resolution": [16, 16], "engine": "workbench"}),
    ("POST", "/render/animation", {"resolution": [16, 16], "frame_end": 1}),
    ("POST", "/studio", {"style": "soft"}),
    ("POST", "/look", {"size": 200}),
    ("POST", "/export", {"format": "stl"}),
]


def routes(*without: str) -> pytest.MarkDecorator:
    chosen = [each for each in BODIES if each[1] not in without]
    return pytest.mark.parametrize(("verb", "path", "body"), chosen, ids=[f"{verb} {path}" for verb, path, _ in chosen])


@pytest.fixture
def scene(blender: httpx.Client) -> httpx.Client:
    """Two cubes, an array, a material, a light, a camera, a collection."""
    for path, body in (
        ("/primitives/cube", {"name": "Box"}),
        ("/primitives/cube", {"name": "Other", "location": [1, 1, 1]}),
        ("/objects/Box/modifiers", {"type": "array"}),
        ("/materials", {"name": "Red"}),
        ("/light", {"name": "Key"}),
        ("/camera", {"name": "Eye"}),
        ("/collections", {"name": "Parts"}),
        ("/objects/Box/constraints", {"name": "Follow", "type": "copy_rotation", "target": "Other"}),
    ):
        assert blender.post(path, json=body).status_code == 201
    return blender


def state(scene: httpx.Client) -> list[Any]:
    return [scene.get(path).json()["result"] for path in ("/objects", "/materials", "/scene", "/world", "/collections")]


def refused(answer: httpx.Response, status: int, *codes: str) -> dict[str, Any]:
    body = answer.json()
    assert answer.status_code == status, body
    assert body.keys() == {"status", "error"}
    assert body["status"] == "error"
    error = body["error"]
    assert error.keys() == {"code", "message", "details", "retryable", "request_id"}
    assert error["code"] in codes, error
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in error["message"]
    return error


def test_every_route_with_a_body_is_tried_here(http: httpx.Client) -> None:
    documented = {
        (verb.upper(), path.removeprefix("/api/v1/blender"))
        for path, verbs in http.get("/openapi.json").json()["paths"].items()
        for verb, route in verbs.items()
        if path.startswith("/api/v1/blender/")
        and "application/json" in route.get("requestBody", {}).get("content", {})
        # The host's own, those whose JSON body is only the artifact of an upload, and any property by its path.
        and not path.endswith(("/batch", "/artifact", "/data/{path}"))
    }

    def shape(path: str) -> str:
        parts = path.split("/")
        known = ("Box", "Array", "Red", "Key", "Eye", "Parts", "Follow", "object.shade_flat")
        return "/".join("{}" if part in known or part.startswith("{") else part for part in parts)

    assert {(verb, shape(path)) for verb, path in documented} == {(verb, shape(path)) for verb, path, _ in BODIES}


@routes()
def test_an_unknown_field_is_refused_by_its_name(
    scene: httpx.Client, verb: str, path: str, body: dict[str, Any]
) -> None:
    before = state(scene)
    error = refused(scene.request(verb, path, json={**body, "no_such_field": 1}), 422, "validation_error")
    assert "no_such_field" in json.dumps(error)
    assert state(scene) == before


@routes()
def test_values_of_a_wrong_type_are_refused(scene: httpx.Client, verb: str, path: str, body: dict[str, Any]) -> None:
    before = state(scene)
    for field in body:
        for value in ({"x": 1}, [[]], "\x00"):
            refused(scene.request(verb, path, json={**body, field: value}), 422, "validation_error", "path_not_allowed")
    assert state(scene) == before


@routes("/scene/save")
def test_a_body_that_is_no_json_object_is_refused(
    scene: httpx.Client, verb: str, path: str, body: dict[str, Any]
) -> None:
    before = state(scene)
    for content in (b"", b"{", b"[]", b"null", b'"x"', b'{"location": [NaN, 0, 0]}', b'{"scale": 1e999}', b"\xff\xfe"):
        answer = scene.request(verb, path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), (content, answer.text)
        refused(answer, answer.status_code, "malformed_json", "validation_error")
    assert state(scene) == before


@routes("/render", "/render/animation", "/export", "/scene/save", "/objects/Box/bake", "/look")
def test_a_dry_run_changes_nothing(scene: httpx.Client, verb: str, path: str, body: dict[str, Any]) -> None:
    before = state(scene)
    answer = scene.request(verb, path, json=body, params={"dry_run": "true"})
    assert answer.status_code in (200, 201), answer.text
    assert answer.json() == {"status": "success", "result": {"dry_run": True}}
    assert state(scene) == before


@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [
        ("GET", "/objects/No", "object_not_found"),
        ("PATCH", "/objects/No", "object_not_found"),
        ("DELETE", "/objects/No", "object_not_found"),
        ("POST", "/objects/No/duplicate", "object_not_found"),
        ("GET", "/objects/No/modifiers", "object_not_found"),
        ("GET", "/light/No", "object_not_found"),
        ("GET", "/camera/No", "object_not_found"),
        ("GET", "/materials/No", "material_not_found"),
        ("DELETE", "/materials/No", "material_not_found"),
        ("GET", "/collections/No", "collection_not_found"),
        ("DELETE", "/collections/No", "collection_not_found"),
        ("GET", "/nothing", "not_found"),
        ("GET", "/primitives", "not_found"),
    ],
)
def test_what_is_not_there_is_404(scene: httpx.Client, verb: str, path: str, code: str) -> None:
    before = state(scene)
    refused(scene.request(verb, path, json={} if verb in ("PATCH", "POST") else None), 404, code)
    assert state(scene) == before


def test_an_object_of_another_kind_is_said_to_be_one(scene: httpx.Client) -> None:
    for path in ("/light/Box", "/camera/Box", "/light/Eye", "/camera/Key"):
        refused(scene.get(path), 422, "validation_error")


def test_a_failure_after_the_first_change_takes_everything_back(scene: httpx.Client, gateway: Gateway) -> None:
    before = state(scene)
    # Blender does not fail at will: what describes a new object is replaced by what raises, in the application itself.
    evaluate(
        gateway,
        """
from cadgate_blender.app.scene_index import index
def fail(*arguments, **options):
    raise RuntimeError("the disk is on fire")
index.created = fail
""",
    )
    try:
        error = refused(scene.post("/primitives/cube", json={"name": "Half"}), 422, "command_failed")
        assert error["message"] == "the disk is on fire"
    finally:
        evaluate(gateway, "del index.created")
    assert scene.get("/objects/Half").status_code == 404
    assert state(scene) == before
    assert scene.post("/primitives/cube", json={"name": "Half"}).status_code == 201


def test_too_many_objects_are_refused_with_the_limit(scene: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, "from cadgate_blender.app import limits\nlimits.LIMITS['max_objects'] = 4")
    try:
        for path, body in (("/primitives/cube", {}), ("/light", {}), ("/objects/Box/duplicate", {})):
            error = refused(scene.post(path, json=body), 422, "limit_exceeded")
            assert error["details"] == {"limit": "max_objects", "value": 5, "maximum": 4}
    finally:
        evaluate(gateway, "limits.LIMITS['max_objects'] = 50_000")
    assert scene.post("/primitives/cube", json={}).status_code == 201
