"""Arguments as models send them: accepted at the agents' door, and refused at the others with what to send instead."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import httpx
import pytest

from tests.agents.agent import agent, text_of
from tests.gateway import Gateway
from tests.live import live

pytestmark = pytest.mark.anyio

PATHS = {
    "primitives.cube": "/primitives/cube",
    "primitives.box": "/primitives/box",
    "primitives.sphere": "/primitives/sphere",
    "materials.create": "/materials",
    "light.create": "/light",
    "meshes.create": "/meshes",
    "objects.join": "/objects/join",
    "sketches.create": "/sketches",
}

ACCEPTED: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    # application, method, as models send it, as it is meant
    ("blender", "primitives.cube", {"size": "3"}, {"size": 3}),
    ("blender", "primitives.cube", {"size": " 2.5 "}, {"size": 2.5}),
    ("blender", "primitives.cube", {"location": "[1, 2, 3]"}, {"location": [1, 2, 3]}),
    ("blender", "primitives.cube", {"location": {"x": 1, "y": 2, "z": 3}}, {"location": [1, 2, 3]}),
    ("blender", "primitives.cube", {"location": {"X": "1", "Y": "2", "Z": "3"}}, {"location": [1, 2, 3]}),
    ("blender", "primitives.cube", {"location": '{"x": 1, "y": 2, "z": 3}'}, {"location": [1, 2, 3]}),
    ("blender", "primitives.cube", {"location": ["1", "2", "3"]}, {"location": [1, 2, 3]}),
    ("blender", "primitives.cube", {"rotation": "0, 0, 45"}, {"rotation": [0, 0, 45]}),
    ("blender", "primitives.sphere", {"segments": "16", "rings": 8.0}, {"segments": 16, "rings": 8}),
    ("blender", "materials.create", {"name": "R", "color": "[1, 0, 0]"}, {"name": "R", "color": [1, 0, 0]}),
    (
        "blender",
        "materials.create",
        {"name": "R", "color": {"r": 1, "g": 0, "b": 0, "a": 1}},
        {"name": "R", "color": [1, 0, 0, 1]},
    ),
    ("blender", "light.create", {"kind": "sun", "energy": "3"}, {"kind": "sun", "energy": 3}),
    (
        "blender",
        "meshes.create",
        {"vertices": "[[0,0,0],[1,0,0],[0,1,0]]", "faces": "[[0,1,2]]"},
        {"vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2]]},
    ),
    ("freecad", "primitives.box", {"location": "[1, 2, 3]"}, {"location": [1, 2, 3]}),
    ("freecad", "primitives.box", {"location": {"x": 1, "y": 2, "z": 3}}, {"location": [1, 2, 3]}),
    (
        "freecad",
        "sketches.create",
        {"geometry": '[{"type": "circle", "center": [0, 0], "radius": "5"}]'},
        {"geometry": [{"type": "circle", "center": [0, 0], "radius": 5}]},
    ),
]
"""What has one meaning."""

REFUSED: list[tuple[str, str, dict[str, Any], str, str]] = [
    # application, method, as models send it, the wrong field, the right one
    ("blender", "primitives.cube", {"sise": 3}, "sise", "size"),
    ("blender", "primitives.cube", {"position": [1, 2, 3]}, "position", "location"),
    ("blender", "materials.create", {"name": "R", "base_color": [1, 0, 0]}, "base_color", "color"),
    ("freecad", "primitives.box", {"lenght": 20}, "lenght", "length"),
    ("freecad", "primitives.sphere", {"Radius": 3}, "Radius", "radius"),
    ("freecad", "primitives.box", {"rot": [0, 0, 45]}, "rot", "rotation"),
]
"""Fields that there are not."""


def comparable(made: Any) -> Any:
    """A result without what differs between two of the same."""
    return {key: value for key, value in made.items() if key not in ("name", "label", "revision", "slot", "warnings")}


def corrected(params: dict[str, Any], errors: list[dict[str, Any]], skipped: int) -> dict[str, Any]:
    """What somebody sends at the second try who reads the errors and nothing else."""
    again = copy.deepcopy(params)
    for error in errors:
        *way, last = error["loc"][skipped:]
        around: Any = again
        for part in way:
            around = around[part]
        if error["type"] == "extra_forbidden":
            around[error["did_you_mean"][0]] = around.pop(last)
        else:
            around[last] = error["example"]
    return again


def empty(gateway: Gateway, blender: httpx.Client, application: str) -> None:
    """Leave nothing of the last call."""
    if application == "blender":
        assert blender.delete("/scene").is_success


@pytest.mark.parametrize(("application", "method", "sent", "meant"), ACCEPTED)
async def test_what_has_one_meaning_is_accepted_from_agents(
    gateway: Gateway,
    blender: httpx.Client,
    freecad: httpx.Client,
    application: str,
    method: str,
    sent: dict[str, Any],
    meant: dict[str, Any],
) -> None:
    async with agent(gateway.url) as one:
        first = await one.call(application, method, **sent)
        empty(gateway, blender, application)
        second = await one.call(application, method, **meant)
        assert comparable(first) == comparable(second)
        empty(gateway, blender, application)
        calls = [{"method": method, "params": sent}]
        (listed,) = (await one.done("batch", application=application, calls=calls))["results"]
        assert comparable(listed["result"]) == comparable(second)


@pytest.mark.parametrize(("application", "method", "sent", "meant"), ACCEPTED)
async def test_elsewhere_the_second_try_is_right(
    gateway: Gateway,
    blender: httpx.Client,
    freecad: httpx.Client,
    application: str,
    method: str,
    sent: dict[str, Any],
    meant: dict[str, Any],
) -> None:
    client = {"blender": blender, "freecad": freecad}[application]
    reference = await _post(client, PATHS[method], meant)
    assert reference.status_code == 201, reference.text
    expected = comparable(reference.json()["result"])
    empty(gateway, blender, application)

    answer = await _post(client, PATHS[method], sent)
    if answer.status_code == 422:
        again = corrected(sent, answer.json()["error"]["details"]["errors"], 1)
        answer = await _post(client, PATHS[method], again)
    assert answer.status_code == 201, answer.text
    assert comparable(answer.json()["result"]) == expected
    empty(gateway, blender, application)

    listed = (await _post(client, "/batch", {"calls": [{"method": method, "params": sent}]})).json()["result"]
    if listed["results"][0]["status"] == "error":
        again = corrected(sent, listed["results"][0]["error"]["details"]["errors"], 0)
        listed = (await _post(client, "/batch", {"calls": [{"method": method, "params": again}]})).json()["result"]
    assert comparable(listed["results"][0]["result"]) == expected
    empty(gateway, blender, application)

    async with live(gateway, application) as connection:
        told = await connection.ask(type="call", id="c", method=method, params=sent)
        if told["status"] == "error":
            again = corrected(sent, told["error"]["details"]["errors"], 0)
            told = await connection.ask(type="call", id="c", method=method, params=again)
        assert comparable(told["result"]) == expected


@pytest.mark.parametrize(("application", "method", "sent", "wrong", "right"), REFUSED)
async def test_an_unknown_field_is_answered_with_the_nearest_at_every_door(
    gateway: Gateway,
    blender: httpx.Client,
    freecad: httpx.Client,
    application: str,
    method: str,
    sent: dict[str, Any],
    wrong: str,
    right: str,
) -> None:
    client = {"blender": blender, "freecad": freecad}[application]
    errors = [
        (await _post(client, PATHS[method], sent)).json()["error"],
        (await _post(client, "/batch", {"calls": [{"method": method, "params": sent}]})).json()["result"]["results"][0][
            "error"
        ],
    ]
    async with live(gateway, application) as connection:
        errors.append((await connection.ask(type="call", id="c", method=method, params=sent))["error"])
    async with agent(gateway.url) as one:
        result = await one.use("call", application=application, method=method, params=sent)
        errors.append(result.structured_content["error"])
        assert repr(right) in text_of(result)
        assert errors[-1]["did_you_mean"][0] == right
    for error in errors:
        assert (error["code"], error["details"]["did_you_mean"][0]) == ("validation_error", right)
        assert wrong in error["message"]


@pytest.mark.parametrize("arguments", ['{"application": "blender", "method": "primitives.cube"}', ""])
async def test_all_arguments_may_come_as_text(gateway: Gateway, blender: httpx.Client, arguments: str) -> None:
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "call", "arguments": arguments}}
    with gateway.client() as client:
        answer = await _post(client, "/mcp", message, {"Accept": "application/json, text/event-stream"})
    told = answer.text.partition("data: ")[2]
    assert ('"isError":true' in told) == (not arguments), told
    assert ("Cube" in told) == bool(arguments)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"size": "three"}, "size"),
        ({"size": "1e999"}, "size"),
        ({"size": True}, "size"),
        ({"location": {"x": 1, "y": 2}}, "location"),
        ({"location": "[1, 2"}, "location"),
        ({"location": [1, 2, "NaN"]}, "location"),
    ],
)
async def test_what_has_no_meaning_is_refused_from_agents_too(
    gateway: Gateway, blender: httpx.Client, params: dict[str, Any], field: str
) -> None:
    async with agent(gateway.url) as one:
        error = await one.refused("call", application="blender", method="primitives.cube", params=params)
        assert error["code"] == "validation_error"
        assert error["details"]["errors"][0]["loc"][0] == field
        assert (await one.call("blender", "objects.list"))["total"] == 0


async def _post(client: httpx.Client, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    return await asyncio.to_thread(client.post, path, json=body, headers=headers)
