"""No body makes others wait, whatever its kind: uploads, raw bytes, messages of agents, headers, large right ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from tests.heavy_bodies import KINDS, LIMIT_SECONDS, SIZE, Watcher, filled, multipart, stall_of
from tests.test_api.test_heavy_bodies import bodies_of_routes

KNOWN_KINDS = {"application/json", "multipart/form-data", "application/octet-stream"}
REFUSED = {400, 404, 409, 413, 415, 422}


@pytest.fixture(scope="module")
def operations(http: httpx.Client) -> list[tuple[str, str, dict[str, Any]]]:
    """Verb, path and the contents of every route that takes a body."""
    paths = http.get("/openapi.json").json()["paths"]
    return [
        (verb.upper(), re.sub(r"\{\w+\}", "nothing", path), operation["requestBody"]["content"])
        for path, verbs in paths.items()
        for verb, operation in verbs.items()
        if "requestBody" in operation
    ]


def stalls_of(watcher: Watcher, requests: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The requests that made others wait for too long, and how long."""
    found = {name: stall_of(watcher, request) for name, request in requests.items()}
    return {name: stall for name, stall in found.items() if stall > LIMIT_SECONDS}


def test_every_body_of_every_route_is_tried_here_or_there(
    http: httpx.Client, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    assert {kind for _, _, contents in operations for kind in contents} <= KNOWN_KINDS
    tried = {(verb, path) for verb, path, _ in bodies_of_routes(http)}
    assert {(verb, path) for verb, path, contents in operations if "application/json" in contents} == tried
    assert len(tried) > 90


@pytest.mark.parametrize("kind", ["parts", "nearly boundaries"])
def test_no_route_that_takes_files_makes_others_wait(
    http: httpx.Client, watcher: Watcher, operations: list[tuple[str, str, dict[str, Any]]], kind: str
) -> None:
    content_type, body = multipart(kind)
    routes = [(verb, path) for verb, path, contents in operations if "multipart/form-data" in contents]
    assert len(routes) > 9
    answers: dict[str, int] = {}

    def send(verb: str, path: str) -> None:
        answer = http.request(verb, path, content=body, headers={"Content-Type": content_type})
        answers[f"{verb} {path}"] = answer.status_code

    requests = {
        f"{verb} {path}": lambda verb=verb, path=path: send(verb, path)  # type: ignore[misc]
        for verb, path in routes
    }
    assert stalls_of(watcher, requests) == {}
    assert {name: status for name, status in answers.items() if status not in (*REFUSED, 201)} == {}


def test_no_raw_body_makes_others_wait(
    http: httpx.Client, watcher: Watcher, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    routes = [(verb, path) for verb, path, contents in operations if "application/octet-stream" in contents]
    assert routes
    for body in (b"CGM1" + b"\xff" * (SIZE - 4), b"CGM1" + b"\0" * (SIZE - 4), b"\0" * SIZE):

        def send(body: bytes = body) -> None:
            for verb, path in routes:
                answer = http.request(verb, path, content=body, headers={"Content-Type": "application/octet-stream"})
                assert answer.status_code in REFUSED, answer.text

        assert stall_of(watcher, send) <= LIMIT_SECONDS


def test_no_message_of_an_agent_makes_others_wait(http: httpx.Client, watcher: Watcher) -> None:
    call = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"call","arguments":{"params":%s}}}'
    listed, most = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"},', 1_000_000
    bodies = {
        **{kind: KINDS[kind]() for kind in ("wrong items", "unknown fields", "deep", "escapes", "never ends")},
        "a list of messages": filled(listed, b"[", b"{}]"),
        "a short list of messages": filled(listed, b"[", b"{}]", most),
        "numbers": call % filled(b"0,", b"[", b"0]", most),
        "depth": call % (b"[" * 400_000 + b"]" * 400_000),
        "fields": call % (b"{" + b",".join(b'"k%06d":1' % number for number in range(most // 14)) + b"}"),
        "a text": call % (b'"' + b"\\u00e9" * (most // 8) + b'"'),
        "a method": b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * most + b'"}',
    }
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

    def send(body: bytes) -> None:
        assert http.post("/mcp", content=body, headers=headers).status_code in {200, 400, 413}

    requests = {name: lambda body=body: send(body) for name, body in bodies.items()}  # type: ignore[misc]
    assert stalls_of(watcher, requests) == {}


def test_no_header_makes_others_wait(http: httpx.Client, watcher: Watcher) -> None:
    long = "x" * 30_000
    headers = {
        "Cadgate-Session": long,
        "Cadgate-Webhook": json.dumps({"url": "https://" + "a." * 10_000, "events": ["finished"] * 3000}),
        "Prefer": ",".join(["respond-async"] * 2000),
        "Last-Event-ID": "9" * 30_000,
        "If-Match": ",".join(['"a"'] * 7000),
        "Accept": ",".join(["image/png;q=0.1"] * 1800),
    }

    def send() -> None:
        for name, value in headers.items():
            for verb, path in (("POST", "/api/v1/freecad/export"), ("GET", "/api/v1/jobs/nothing/events")):
                assert http.request(verb, path, headers={name: value}).status_code in {*REFUSED, 403}

    assert stall_of(watcher, send) <= LIMIT_SECONDS


MOST = 150_000
"""Values of a body, below the limit."""


def grown(value: Any, times: int) -> Any:
    """An example with so many of the items of its lists."""
    if isinstance(value, dict):
        return {name: grown(each, times) for name, each in value.items()}
    if isinstance(value, list) and value and not all(isinstance(each, (int, float)) for each in value):
        return [grown(value[0], 1)] * times
    return value


def examples(operation: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """The examples of a route's JSON."""
    content = operation["application/json"]
    name = str(content["schema"].get("$ref", "")).rpartition("/")[2]
    schema = document["components"]["schemas"].get(name, content["schema"])
    found = [content.get("example"), *schema.get("examples", []), *_values(content.get("examples", {}))]
    return [each for each in found if isinstance(each, dict)]


def _values(found: dict[str, Any]) -> list[Any]:
    return [each.get("value") for each in found.values()]


def test_no_large_right_body_makes_others_wait(
    http: httpx.Client, watcher: Watcher, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    """Bodies as the examples are, with many items: what a model accepts may cost more than what it refuses."""
    document = http.get("/openapi.json").json()
    requests: dict[str, Callable[[], object]] = {}
    answers: dict[str, int] = {}
    for verb, path, contents in operations:
        if "application/json" not in contents:
            continue
        for number, example in enumerate(examples(contents, document)):
            one = len(re.findall(r"[,:\[]", json.dumps(grown(example, 1))))
            body = grown(example, max(2, MOST // max(1, one)))
            if body == example:
                continue
            content = json.dumps(body).encode()[: 2 * SIZE]

            def send(
                verb: str = verb, path: str = path, content: bytes = content, name: str = f"{verb} {path}"
            ) -> None:
                query = {} if path.startswith(("/api/v1/sessions", "/api/v1/convert")) else {"dry_run": "true"}
                kind = {"Content-Type": "application/json", "X-Deadline-Ms": "20000"}
                answers[name] = http.request(verb, path, content=content, headers=kind, params=query).status_code

            requests[f"{verb} {path} {number}"] = send
    assert len(requests) > 20
    assert stalls_of(watcher, requests) == {}
    assert {name: status for name, status in answers.items() if status >= 500 and status != 504} == {}
