"""`python -m bench.gateway`: the work of the gateway's own process for a request, with nothing else in the measurement.

Requests go into uvicorn's protocol as bytes and come out as bytes; a stand-in for Blender answers at once. Times are
processor time, the least of several rounds: other jobs on the machine change them little. With `PYTHONPATH` set to
another tree's packages, it measures that tree.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from pydantic_core import from_json, to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from bench.bare import app as bare_app
from cadgate.clients.base_client import BaseSocketClient
from cadgate.clients.connection import Connection
from cadgate.config.settings import Settings
from cadgate.main import create_app
from cadgate.security.keys import KeyFile
from cadgate.web.protocol import GatewayProtocol

CUBE: dict[str, Any] = {
    "name": "Cube",
    "type": "MESH",
    **{name: [0.0, 0.0, 0.0] for name in ("location", "rotation", "scale", "dimensions")},
    "parent": None,
    "collections": ["Scene Collection"],
    "materials": [],
    "modifiers": [],
    "visible": True,
    **dict.fromkeys(("vertices", "edges", "faces"), 8),
    "properties": {},
    "revision": "3f1c0b9e5d27",
    "warnings": [],
}


class Blender(asyncio.Transport):
    """The other end of the gateway's connection: answers as soon as the event loop comes round."""

    def __init__(self, client: Connection) -> None:
        super().__init__()
        self._client = client
        client.connection_made(self)

    def write(self, data: Any) -> None:
        message = from_json(bytes(data)[4:])
        result = {"pong": True} if message["method"] == "session.ping" else CUBE
        meta = {"queue_ms": 0.02, "app_ms": 0.3}
        answer = to_json({"jsonrpc": "2.0", "id": message["id"], "result": result, "meta": meta})
        frame = len(answer).to_bytes(4, "big") + answer
        asyncio.get_running_loop().call_soon(self._client.data_received, frame)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        pass


class Browser(asyncio.Transport):
    """The client's end of an HTTP connection, with the addresses of a real one."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        super().__init__()
        self._addresses = addresses
        self.answer = b""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._addresses.get(name, default)

    def write(self, data: Any) -> None:
        self.answer += data

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    pause_reading = resume_reading = abort = close


def served(app: Any, protocol: type[HttpToolsProtocol], browser: Browser) -> HttpToolsProtocol:
    """Return `app` behind uvicorn's protocol, connected to the browser."""
    config = uvicorn.Config(app, http=protocol, log_config=None, access_log=False, proxy_headers=False)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Thu, 31 Jan 2030 09:15:02 GMT")]
    made = protocol(config, state, {}, asyncio.get_running_loop())
    made.connection_made(browser)
    return made


async def microseconds(protocol: HttpToolsProtocol, browser: Browser, request: bytes, rounds: int, count: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(count):
            browser.answer = b""
            protocol.data_received(request)
            while not protocol.cycle.response_complete:  # noqa: ASYNC110 - waiting is what is measured
                await asyncio.sleep(0)
        best = min(best, (time.process_time() - began) / count)
    assert browser.answer.startswith(b"HTTP/1.1 20"), browser.answer
    return best * 1e6


def gateway(folder: Path, auth: str) -> tuple[Any, bytes]:
    """Return the gateway's application with Blender up, and the header that it requires."""
    header = b""
    if auth == "token":
        folder.mkdir(parents=True, exist_ok=True)
        header = f"Authorization: Bearer {KeyFile(folder).create('bench')[0]}\r\n".encode()
    settings: dict[str, Any] = {"state_dir": folder, "auth": auth}
    app = create_app(Settings(**settings))
    supervisor: Any = app.state.runtimes["blender"].default.session._supervisor
    client: Any = BaseSocketClient("127.0.0.1", 1, "")
    connection = Connection(lambda method, params: None)
    Blender(connection)
    client._pool._connections = [connection]
    supervisor.client, supervisor.status = client, replace(supervisor.status, state="up")
    supervisor.ready.set()
    return app, header


async def measure(folder: Path, auth: str, rounds: int, count: int) -> dict[str, float]:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        with accepted:
            browser = Browser({"sockname": accepted.getsockname(), "peername": client.getsockname()})
            app, header = gateway(folder, auth)
            host = f"Host: 127.0.0.1:{accepted.getsockname()[1]}\r\n".encode()
            sent = b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            bare, ours = served(bare_app, HttpToolsProtocol, browser), served(app, GatewayProtocol, browser)
            requests = {
                "FastAPI alone, POST": (bare, b"POST /echo HTTP/1.1\r\n" + host + sent),
                "ping": (ours, b"GET /health/blender HTTP/1.1\r\n" + host + header + b"\r\n"),
                "cube": (ours, b"POST /api/v1/blender/primitives/cube HTTP/1.1\r\n" + host + header + sent),
            }
            return {
                label: await microseconds(protocol, browser, request, rounds, count)
                for label, (protocol, request) in requests.items()
            }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--count", type=int, default=300, help="requests in a round")
    given = parser.parse_args()
    print("| µs of the gateway's process | local | times FastAPI's | token | times FastAPI's |")
    print("| --- | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory(prefix="cadgate-bench-") as name, open(os.devnull, "w") as nowhere:
        found: dict[str, dict[str, float]] = {}
        for auth in ("local", "token"):
            with contextlib.redirect_stderr(nowhere):
                found[auth] = uvloop.run(measure(Path(name) / auth, auth, given.rounds, given.count))
    for label in found["local"]:
        each = [(figures[label], figures[label] / figures["FastAPI alone, POST"]) for figures in found.values()]
        print(f"| {label} | " + " | ".join(f"{cost:.0f} | {times:.2f}" for cost, times in each) + " |")


if __name__ == "__main__":
    main()
