"""The same head again on one connection: admitted without another look, and nothing else is."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cadgate.models.responses import Success
from cadgate.models.root import ROOT
from cadgate.routers.mount import core_routes
from cadgate.web.access import requires
from cadgate.web.gate import Gate
from cadgate.web.router import Router
from tests.core.served import Echo, Sized, probed_app, quiet_settings, served

readings = Router(prefix="/reading")
"""A route that the gate writes no audit lines for, as for those that call methods."""


@readings.post("/json", dependencies=[requires("read")])
async def read_json(body: Sized) -> Success[Echo]:
    """Take JSON."""
    return Success(Echo(value=body.model_dump()))


@readings.post("/root", dependencies=[requires("read")])
async def read_root(body: Sized) -> Success[Echo]:
    """Return what links begin with."""
    return Success(Echo(value=ROOT.get()))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("repeats")
    app = probed_app(quiet_settings(folder))
    app.router.routes.extend(core_routes(readings))
    with served(app) as number:
        yield number


class Browser:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self._sock.makefile("rb")

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def head(self, *more: str, verb: str = "POST", path: str = "/reading/json", length: int = 11) -> bytes:
        lines = [f"{verb} {path} HTTP/1.1", *more, f"Content-Length: {length}"]
        if not any(line.lower().startswith("host:") for line in more):
            lines.append(f"Host: 127.0.0.1:{self.port}")
        if not any(line.lower().startswith("content-type:") for line in more):
            lines.append("Content-Type: application/json")
        return "\r\n".join([*lines, "", ""]).encode()

    def answer(self) -> tuple[int, Any]:
        status = int(self._file.readline().split()[1])
        length = 0
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        content = self._file.read(length)
        return status, json.loads(content) if content else None

    def post(self, body: bytes, *more: str, **head: Any) -> tuple[int, Any]:
        self.send(self.head(*more, length=len(body), **head) + body)
        return self.answer()

    def close(self) -> None:
        self._file.close()
        self._sock.close()


@pytest.fixture
def browser(port: int) -> Iterator[Browser]:
    made = Browser(port)
    yield made
    made.close()


def test_a_repeated_head_is_looked_at_once_and_each_body_is_read(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bytes] = []
    admit = Gate._admit

    def counted(self: Gate, scope: Any, headers: Any, exchange: Any, state: Any) -> bool:
        looked.append(scope["raw_path"])
        return admit(self, scope, headers, exchange, state)

    monkeypatch.setattr(Gate, "_admit", counted)
    for size in (3, 4, 5):
        status, content = browser.post(b'{"size": %d}' % size)
        assert (status, content["result"]["value"]["size"]) == (200, size)
    assert len(looked) == 1
    assert browser.post(b'{"size": 12}')[0] == 200  # another length
    assert browser.post(b'{"size": 12}', path="/reading/nowhere")[0] == 404
    assert len(looked) == 3


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        (("Host: elsewhere.example",), 421, "misdirected_host"),
        (("Origin: https://elsewhere.example",), 403, "forbidden_origin"),
        (("Sec-Fetch-Site: cross-site",), 403, "forbidden_origin"),
        (("X-Forwarded-For: 10.0.0.1",), 403, "forbidden"),
        (("Content-Type: text/plain",), 415, "unsupported_media_type"),
        (("Content-Encoding: gzip",), 415, "unsupported_media_type"),
        (("Host: 127.0.0.1", "Host: 127.0.0.1"), 400, "bad_request"),
    ],
)
def test_one_with_another_line_is_refused_as_ever(
    browser: Browser, more: tuple[str, ...], status: int, code: str
) -> None:
    for _ in range(2):
        assert browser.post(b'{"size": 3}')[0] == 200
    found = browser.post(b'{"size": 3}', *more)
    assert (found[0], found[1]["error"]["code"]) == (status, code)


def test_what_links_begin_with_is_found_for_each_request(tmp_path: Path) -> None:
    app = probed_app(quiet_settings(tmp_path, root_path="/cad"))
    app.router.routes.extend(core_routes(readings))
    with served(app) as port:
        browser = Browser(port)
        answers = [browser.post(b'{"size": 3}', path="/reading/root") for _ in range(3)]
        browser.close()
    assert [(status, content["result"]["value"]) for status, content in answers] == [(200, "/cad")] * 3


def test_another_verb_and_a_query_are_looked_at(browser: Browser) -> None:
    for _ in range(2):
        assert browser.post(b'{"size": 3}')[0] == 200
    assert browser.post(b'{"size": 3}', path="/reading/json?nope=1")[0] == 422
    assert browser.post(b'{"size": 3}', verb="PATCH")[0] == 405
    assert browser.post(b'{"size": 3}')[0] == 200


def test_a_body_in_pieces_after_the_same_head_is_read_to_its_end(browser: Browser) -> None:
    for _ in range(2):
        assert browser.post(b'{"size": 3}')[0] == 200
    browser.send(browser.head())
    browser.send(b'{"size"')
    browser.send(b": 7}")
    status, content = browser.answer()
    assert (status, content["result"]["value"]["size"]) == (200, 7)


def test_a_body_that_is_not_valid_is_refused_after_the_same_head_too(browser: Browser) -> None:
    for _ in range(2):
        assert browser.post(b'{"size": 3}')[0] == 200
    assert browser.post(b'{"size": x}')[0] == 400
    assert browser.post(b'{"sise": 3}')[0] == 422
