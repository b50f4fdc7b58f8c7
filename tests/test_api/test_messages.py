"""A request that is not right is answered alike by REST, batch and WebSocket, and so that the second try is right."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.gateway import Gateway
from tests.live import live
from tests.test_refusals import FOREIGN

pytestmark = pytest.mark.anyio

Case = tuple[str, str, dict[str, Any]]

CASES: list[Case] = [
    ("blender", "primitives/cube", {"location": {"x": 1, "y": 2, "z": 3}}),
    ("blender", "primitives/cube", {"position": [1, 2, 3]}),
    ("blender", "primitives/cylinder", {"vertices": 32.0, "smooth": "true"}),
    ("blender", "materials", {"color": "red"}),
    ("freecad", "primitives/box", {"location": "[1, 2, 3]"}),
    ("freecad", "primitives/box", {"lenght": 5}),
    ("freecad", "primitives/box", {"length": None, "width": -1}),
]
METHODS = {"materials": "materials.create"}


def told(error: dict[str, Any]) -> list[dict[str, Any]]:
    """What an error says of each place, without where the whole was sent."""
    assert error["code"] == "validation_error"
    entries: list[dict[str, Any]] = error["details"]["errors"]
    return [{**one, "loc": [part for part in one["loc"] if part != "body"]} for one in entries]


@pytest.mark.parametrize(("adapter", "path", "body"), CASES, ids=repr)
async def test_all_doors_say_the_same(gateway: Gateway, adapter: str, path: str, body: dict[str, Any]) -> None:
    method = METHODS.get(path, path.replace("/", "."))
    with gateway.client(f"/api/v1/{adapter}") as client:
        answer = client.post(f"/{path}", json=body)
        assert answer.status_code == 422, answer.text
        rest = answer.json()["error"]
        batch = client.post("/batch", json={"calls": [{"method": method, "params": body}]}).json()["result"]
        atomic = client.post("/batch", json={"calls": [{"method": method, "params": body}], "atomic": True})
    async with live(gateway, adapter) as connection:
        called = await connection.ask(type="call", id=1, method=method, params=body)
    assert told(rest) == told(batch["results"][0]["error"]) == told(called["error"]) == told(atomic.json()["error"])
    # Of one call of many the request as a whole may be valid.
    words = rest["message"].replace("body.", "").removeprefix("The request is not valid: ")
    assert words == called["error"]["message"] == batch["results"][0]["error"]["message"]
    assert not FOREIGN.search(rest["message"])


@pytest.mark.parametrize(("adapter", "wrong"), [("blender", "create_cube"), ("freecad", "primitives.bx")])
async def test_a_misspelt_method_names_the_nearest(gateway: Gateway, adapter: str, wrong: str) -> None:
    meant = {"blender": "primitives.cube", "freecad": "primitives.box"}[adapter]
    with gateway.client(f"/api/v1/{adapter}") as client:
        batch = client.post("/batch", json={"calls": [{"method": wrong}]}).json()["result"]["results"][0]["error"]
    async with live(gateway, adapter) as connection:
        called = (await connection.ask(type="call", id=1, method=wrong, params={}))["error"]
    for error in (batch, called):
        assert (error["code"], error["details"]["did_you_mean"][0]) == ("not_found", meant)
        assert f"did you mean {meant!r}" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("blender/primitive/cube", "blender/primitives/cube"),
        ("freecad/box", "freecad/primitives/box"),
        ("freecad/object/Base", "freecad/objects/Base"),
    ],
)
def test_a_misspelt_path_names_the_nearest(http: httpx.Client, wrong: str, meant: str) -> None:
    error = http.post(f"/api/v1/{wrong}", json={}).json()["error"]
    assert (error["code"], error["details"]["did_you_mean"][0]) == ("not_found", f"/api/v1/{meant}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The request has no body: send a JSON object with Content-Type application/json, for example {"),
        (b"[]", "body: [] is a list: send an object with the fields"),
        (b"null", "body: null is not accepted: send an object with the fields"),
        (b'{"size": NaN}', "body.size: a number must be finite: JSON has no NaN and no Infinity"),
    ],
)
def test_a_body_of_another_kind_is_told_what_to_send(http: httpx.Client, content: bytes, words: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = http.post("/api/v1/blender/materials", content=content, headers=headers)
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("blender/objects?limit=ten", "query.limit: 'ten' is not accepted: send a whole number from 1 to 10000"),
        ("blender/objects?limit=0", "query.limit: '0' is not accepted: send a whole number from 1 to 10000"),
        ("freecad/objects?offset=-1", "query.offset: '-1' is not accepted: send a whole number, 0 or more"),
        ("blender/objects?limt=5", "did you mean 'limit'?"),
    ],
)
def test_a_query_is_told_what_to_send(http: httpx.Client, path: str, words: str) -> None:
    error = http.get(f"/api/v1/{path}").json()["error"]
    assert error["code"] == "validation_error"
    assert words in error["message"]
    assert not FOREIGN.search(error["message"])


async def test_a_message_that_is_none_is_told_what_to_send(gateway: Gateway) -> None:
    async with live(gateway, "blender") as connection:
        spelt = await connection.ask(type="Call", id=1, method="objects.list")
        named = await connection.ask(type="call", id=2, methd="objects.list")
        text = await connection.ask(type="call", id=3, method="objects.list", params="{}")
    assert spelt["error"]["details"]["did_you_mean"] == ["call"]
    assert named["error"]["details"]["did_you_mean"] == ["method"]
    assert "params: '{}' is a string: send {}" in text["error"]["message"]
