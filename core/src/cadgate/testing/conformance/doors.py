"""Tests of the adapter's WebSocket: calls, events and code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from cadgate.testing.conformance.subject import Creation, Json, Subject
from cadgate.testing.conformance.suite import Suite, needs

SECONDS = 30


class Doors(Suite):
    """Tests of `/ws/{adapter}`."""

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
            assert _action(socket, name) == "created"
            creation.subject.batch((creation.delete, {"name": name}))
            assert _action(socket, name) == "deleted"

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
def _connected(subject: Subject) -> Generator[tuple[ClientConnection, Json]]:
    url = subject.gateway.url.replace("http://", "ws://", 1) + f"/ws/{subject.name}"
    with connect(url, open_timeout=SECONDS, proxy=None) as socket:
        yield socket, json.loads(socket.recv(SECONDS))


def _next(socket: ClientConnection, kind: str) -> Json:
    """Return the next message of a type, skipping others."""
    return _first(socket, lambda message: message["type"] == kind, f"a message {kind!r}")


def _ask(socket: ClientConnection, **message: Any) -> Json:
    """Send a message, and return the answer."""
    socket.send(json.dumps(message))
    return _first(
        socket,
        lambda answer: answer.get("id") == message["id"] and answer["type"] != "stream",
        f"the answer to {message['id']!r}",
    )


def _action(socket: ClientConnection, name: str) -> str:
    """Return the action of the next event about `name`."""
    event = _first(
        socket,
        lambda message: message.get("topic") == "objects" and message["data"]["name"] == name,
        f"an event about {name!r}",
    )
    return str(event["data"]["action"])


def _first(socket: ClientConnection, wanted: Callable[[Json], bool], what: str) -> Json:
    """Return the first wanted message. The wait is limited, because heartbeats never end."""
    until = time.monotonic() + SECONDS
    seen: list[Json] = []
    while time.monotonic() < until:
        try:
            message: Json = json.loads(socket.recv(max(0.0, until - time.monotonic())))
        except TimeoutError:
            break
        if wanted(message):
            return message
        seen.append(message)
    raise AssertionError(f"{what} did not arrive within {SECONDS} s, only {seen[-5:]}")
