"""The short way of a request: what it answers is what FastAPI answers, and what is wrong is FastAPI's to say."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from cadgate.web.direct import DIRECT, Direct
from tests.core.served import exchange, probed_app, quiet_settings, served


def with_all_ways(folder: Path) -> FastAPI:
    return probed_app(quiet_settings(folder))


def routes_of(app: FastAPI) -> list[Route]:
    return [each for each in app.router.routes if isinstance(each, Route)]


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """A gateway as it is, and one whose routes have no short way."""
    direct, usual = (with_all_ways(tmp_path_factory.mktemp(name)) for name in ("direct", "usual"))
    for route in routes_of(usual):
        setattr(route, DIRECT, None)
    with served(direct) as first, served(usual) as second:
        yield first, second


def asked(port: int, verb: str, path: str, body: bytes | None, *more: str) -> tuple[int, dict[str, str], Any]:
    lines = [f"{verb} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "X-Request-ID: same", *more]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    status, headers, content = exchange(port, "\r\n".join([*lines, "", ""]).encode() + (body or b""))
    for name in ("date", "server-timing"):
        assert headers.pop(name)
    return status, headers, json.loads(content) if content else None


JSON = "Content-Type: application/json"
REQUESTS: dict[str, tuple[Any, ...]] = {
    "right": ("POST", "/probe/json", b'{"size": 3}', JSON),
    "with defaults": ("POST", "/probe/json", b"{}", JSON),
    "a known query": ("POST", "/probe/json?note=1", b"{}", JSON),
    "another type's parameters": ("POST", "/probe/json", b"{}", JSON + "; charset=utf-8"),
    "an unknown query": ("POST", "/probe/json?nope=1", b"{}", JSON),
    "a wrong field": ("POST", "/probe/json", b'{"size": "3", "other": 1}', JSON),
    "no object": ("POST", "/probe/json", b"[1]", JSON),
    "no JSON": ("POST", "/probe/json", b'{"size": ', JSON),
    "not a number": ("POST", "/probe/json", b'{"size": NaN}', JSON),
    "too large a number": ("POST", "/probe/json", b'{"anything": 1e999}', JSON),
    "too deep": ("POST", "/probe/json", b'{"anything": ' + b"[" * 70 + b"]" * 70 + b"}", JSON),
    "too many fields": (
        "POST",
        "/probe/json",
        json.dumps({f"f{number}": number for number in range(3000)}).encode(),
        JSON,
    ),
    "large": ("POST", "/probe/json", json.dumps({"anything": "x" * 100_000}).encode(), JSON),
    "no body": ("POST", "/probe/json", None, JSON),
    "an empty body": ("POST", "/probe/json", b"", JSON),
    "another type": ("POST", "/probe/json", b"{}", "Content-Type: text/plain"),
    "a mark before": ("POST", "/probe/json", b'\xef\xbb\xbf{"size": 4}', JSON),
    "a query": ("GET", "/probe/query?size=2.5", None),
    "a query's defaults": ("GET", "/probe/query", None),
    "a wrong query": ("GET", "/probe/query?size=x", None),
    "a name": ("GET", "/probe/names/a%2Fb%20%C3%A9", None),
    "HEAD": ("HEAD", "/probe/names/x", None),
    "a verb that is none": ("PUT", "/probe/names/x", b"{}", JSON),
    "a defect": ("GET", "/probe/crash", None),
    "an answer that was not promised": ("GET", "/probe/wrong-answer", None),
    "an error": ("GET", "/probe/starting", None),
    "a strange error": ("GET", "/probe/strange", None),
    "a dry run": ("POST", "/probe/dry", None),
    "its context": ("GET", "/probe/context", None, "Idempotency-Key: k", "X-Deadline-Ms: 20"),
    "a wrong header": ("GET", "/probe/context", None, "X-Deadline-Ms: soon"),
    "a foreign page": ("POST", "/probe/json", b"{}", JSON, "Origin: http://localhost:3000"),
    "a connection that is to end": ("POST", "/probe/json", b"{}", JSON, "Connection: close"),
    "no such path": ("GET", "/probe/nothing-here", None),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=list(REQUESTS))
def test_both_ways_answer_the_same(ports: tuple[int, int], request_: tuple[Any, ...]) -> None:
    first, second = (asked(port, *request_) for port in ports)
    assert first == second


def test_routes_of_the_usual_shape_have_a_short_way(tmp_path: Path) -> None:
    found = {
        each.name for each in routes_of(with_all_ways(tmp_path)) if isinstance(getattr(each, DIRECT, None), Direct)
    }
    assert {"take_json", "take_query", "take_name", "dry", "health", "adapter_health"} <= found


def test_requests_on_one_connection_keep_their_order(ports: tuple[int, int]) -> None:
    """Sent all at once, also behind one that goes FastAPI's way."""
    port = ports[0]
    bodies = [b'{"size": 1}', json.dumps({"size": 2, "anything": "x" * 70_000}).encode(), b'{"size": 3}']
    head = f"POST /probe/json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{JSON}\r\n"
    sent = b"".join(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        received = b""
        while received.count(b"HTTP/1.1 200") < 3 or not received.endswith(b"}}}"):
            chunk = connection.recv(65536)
            assert chunk
            received += chunk
    places = [received.index(b'"size":%d' % number) for number in (1, 2, 3)]
    assert places == sorted(places)
