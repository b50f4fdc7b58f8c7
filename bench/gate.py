"""`python -m bench.gate`: what the gate adds to a request of bare FastAPI, without a network."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from fastapi import FastAPI

from tests.core.served import probed_app, probes, quiet_settings

BODY = b'{"size": 3}'
ROUNDS, REQUESTS = 20, 300


async def microseconds(app: FastAPI, scope: dict[str, Any]) -> float:
    """Return the best round's time of one request."""
    statuses: set[int] = set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        statuses.add(message.get("status", 200))

    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(REQUESTS):
            await app({**scope, "state": {}}, receive, send)
        best = min(best, (time.perf_counter() - began) / REQUESTS)
    assert statuses == {200}, statuses
    return best * 1e6


async def main() -> None:
    bare = FastAPI()
    bare.include_router(probes)
    gated = probed_app(quiet_settings(Path(tempfile.mkdtemp())))
    # The gate asks the kernel who is at the other end, so the connection is real.
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        accepted, client = listener.accept()
        with accepted:
            common = {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.3"},
                "http_version": "1.1",
                "query_string": b"",
                "root_path": "",
                "scheme": "http",
                "client": client,
                "server": listener.getsockname(),
            }
            headers = [(b"host", b"localhost:8000"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
            sent = [*headers, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
            for method, path, with_headers in (("GET", "/probe/names/x", headers), ("POST", "/probe/json", sent)):
                scope = {**common, "method": method, "path": path, "raw_path": path.encode(), "headers": with_headers}
                first, second = await microseconds(bare, scope), await microseconds(gated, scope)
                print(f"{method:5} bare {first:6.1f} µs   gated {second:6.1f} µs   the gate {second - first:6.1f} µs")


if __name__ == "__main__":
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        uvloop.run(main())
