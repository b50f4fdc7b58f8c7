"""The WebSocket of the adapter: calls, events and code through it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from cadgate.testing.conformance.subject import Creation, Subject, Told
from cadgate.testing.conformance.suite import Suite, needs

SECONDS = 30


class Doors(Suite):
    """`/ws/{adapter}`."""

    def test_the_websocket_greets_answers_and_survives_nonsense(self, subject: Subject) -> None:
        with _connected(subject) as (socket, greeting):
            assert (greeting["type"], greeting["adapter"]) == ("hello", subject.name)
            socket.send("no json")
            assert _next(socket, "error")["error"]["code"] == "malformed_json"
            assert _ask(socket, type="no_such_type", id="1")["type"] == "error"
            assert _ask(socket, type="ping", id="2")["type"] == "pong"
            unknown = _ask(socket, type="call", id="3", method="no_such.method")
            assert (unknown["status"], unknown["error"]["code"]) == ("error", "not_found")

    @needs("creation")
    def test_a_call_does_what_rest_does(self, subject: Subject, creation: Creation) -> None:
        name = creation.new_name()
        with _connected(subject) as (socket, _):
            params = {**creation.params, "name": name}
            made = _ask(socket, type="call", id="1", method=creation.create, params=params)
            assert made["status"] == "success", made
            taken = _ask(socket, type="call", id="2", method=creation.create, params=params)
            assert taken["error"]["code"] == "name_taken"
        assert creation.read(name).json()["result"]["revision"] == made["result"]["revision"]

    @needs("creation", "events")
    def test_changes_are_told_whoever_made_them(self, subject: Subject, creation: Creation) -> None:
        with _connected(subject) as (socket, _):
            assert _ask(socket, type="subscribe", id="1", topics=["objects"])["result"]["topics"] == ["objects"]
            name = creation.make(name=creation.new_name())["name"]
            assert _told(socket, name) == "created"
            creation.subject.batch((creation.delete, {"name": name}))
            assert _told(socket, name) == "deleted"

    @needs("execute")
    def test_code_runs_prints_and_has_a_value(self, subject: Subject) -> None:
        with _connected(subject) as (socket, _):
            socket.send(json.dumps({"type": "execute", "id": "1", "code": "print('printed')\nnumber = 20\nnumber + 1"}))
            assert _next(socket, "stream")["text"].strip() == "printed"
            result = _next(socket, "result")
            assert (result["status"], result["result"]["value"]) == ("success", 21)
            assert _ask(socket, type="execute", id="2", code="number + 2")["result"]["value"] == 22
            failed = _ask(socket, type="execute", id="3", code="1 / 0")
            assert failed["error"]["code"] == "execution_failed"
            assert "ZeroDivisionError" in failed["error"]["traceback"]

    @needs("execute")
    def test_running_code_can_be_interrupted(self, subject: Subject) -> None:
        with _connected(subject) as (socket, _):
            code = "import time\nprint('begun')\nfor _ in range(600):\n    time.sleep(0.1)\n"
            socket.send(json.dumps({"type": "execute", "id": "1", "code": code}))
            assert _next(socket, "stream")["text"].strip() == "begun"
            socket.send(json.dumps({"type": "interrupt", "id": "1"}))
            assert _next(socket, "result")["error"]["code"] == "interrupted"


@contextmanager
def _connected(subject: Subject) -> Generator[tuple[ClientConnection, Told]]:
    url = subject.gateway.url.replace("http://", "ws://", 1) + f"/ws/{subject.name}"
    with connect(url, open_timeout=SECONDS, proxy=None) as socket:
        yield socket, json.loads(socket.recv(SECONDS))


def _next(socket: ClientConnection, kind: str) -> Told:
    """The next message of a type; others are passed over."""
    return _first(socket, lambda message: message["type"] == kind, f"a message {kind!r}")


def _ask(socket: ClientConnection, **message: Any) -> Told:
    """Send a message and return the one that answers it."""
    socket.send(json.dumps(message))
    return _first(
        socket,
        lambda answer: answer.get("id") == message["id"] and answer["type"] != "stream",
        f"the answer to {message['id']!r}",
    )


def _told(socket: ClientConnection, name: str) -> str:
    """What the next event about `name` says was done."""
    event = _first(
        socket,
        lambda message: message.get("topic") == "objects" and message["data"]["name"] == name,
        f"an event about {name!r}",
    )
    return str(event["data"]["action"])


def _first(socket: ClientConnection, wanted: Callable[[Told], bool], what: str) -> Told:
    """The first message that is wanted. Heartbeats come for ever: the wait for it has an end of its own."""
    until = time.monotonic() + SECONDS
    seen: list[Told] = []
    while time.monotonic() < until:
        try:
            message: Told = json.loads(socket.recv(max(0.0, until - time.monotonic())))
        except TimeoutError:
            break
        if wanted(message):
            return message
        seen.append(message)
    raise AssertionError(f"{what} did not come within {SECONDS} s, but {seen[-5:]}")
