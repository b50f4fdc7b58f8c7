"""Code run in Blender's session by tests: the other door, through which what the API says can be checked."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import connect

from tests.gateway import Gateway


def evaluate(gateway: Gateway, code: str) -> Any:
    """The value of the last expression of `code`, which must be JSON."""
    with connect(f"ws://127.0.0.1:{gateway.port}/ws/blender") as socket:
        socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
        while True:
            message = json.loads(socket.recv(timeout=30))
            if message["type"] == "result":
                assert message["status"] == "success", message["error"]
                return message["result"]["value"]
