"""Code run in Blender's session by tests: the other door, through which what the API says can be checked."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import connect

from tests.gateway import Gateway, eventually


def evaluate(gateway: Gateway, code: str) -> Any:
    """The value of the last expression of `code`, which must be JSON."""
    return _value(_run(gateway, code))


def evaluate_after_a_death(gateway: Gateway, code: str) -> Any:
    """The same for code in which Blender itself ended once: then it is sent to the one that took its place."""
    message = _run(gateway, code)
    if message["status"] != "success" and message["error"]["code"] == "application_restarted":
        eventually(lambda: gateway.health("blender").get("status") == "success", what="another Blender")
        message = _run(gateway, code)
    return _value(message)


def _value(message: dict[str, Any]) -> Any:
    assert message["status"] == "success", message["error"]
    return message["result"]["value"]


def _run(gateway: Gateway, code: str) -> dict[str, Any]:
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
        while True:
            message = json.loads(socket.recv(timeout=30))
            if message["type"] == "result":
                return message
