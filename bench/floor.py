"""`python -m bench.floor`: what two processes cost at least, without any of the gateway.

A FastAPI route does nothing; the same route then sends one frame through a Unix-domain socket to another process and
waits for its answer, which comes at once. The frames have the sizes of a ping, and of a cube with its event. The
difference is the price of two processes: two wake-ups and four system calls. What the gateway and the application cost
comes on top. Both routes take turns, so that other jobs on the machine count for both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from fastapi import FastAPI

from bench.bare import Answer, Params
from bench.http_client import HttpClient
from tests.gateway import eventually, free_port

SIZES = {"ping": (94, 123), "cube": (373, 552)}
"""Bytes of a call, and of its answer."""
DESCRIPTOR = "BENCH_FLOOR"
"""The variable with the descriptor of the server's end."""


class Peer(asyncio.Protocol):
    """The server's end of the connection: one call at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left <= 0:
            self.answered.set_result(None)

    async def call(self, size: int, answer: int) -> None:
        self.left = answer
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(answer.to_bytes(4, "big") + bytes(size - 4))
        await self.answered


def application(descriptor: int) -> None:
    """Answer each call, whose first four bytes are the size that its answer is to have, until the end of the stream."""
    with socket.socket(fileno=descriptor) as sock:
        while data := sock.recv(1 << 16):
            sock.sendall(bytes(int.from_bytes(data[:4], "big")))


@asynccontextmanager
async def _connected(app: FastAPI) -> AsyncGenerator[None]:
    sock = socket.socket(fileno=int(os.environ[DESCRIPTOR]))
    sock.setblocking(False)
    _, app.state.peer = await asyncio.get_running_loop().create_unix_connection(Peer, sock=sock)
    yield
    app.state.peer.transport.close()


app = FastAPI(lifespan=_connected)


@app.post("/alone", status_code=201)
async def alone(params: Params) -> Answer:
    return Answer(status="success", result=params)


@app.post("/ping", status_code=201)
async def ping(params: Params) -> Answer:
    await app.state.peer.call(*SIZES["ping"])
    return Answer(status="success", result=params)


@app.post("/cube", status_code=201)
async def cube(params: Params) -> Answer:
    await app.state.peer.call(*SIZES["cube"])
    return Answer(status="success", result=params)


def _connect(port: int) -> HttpClient | None:
    try:
        return HttpClient(port)
    except OSError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--count", type=int, default=200, help="requests in a round")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        application(given.serve)
        return
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.floor:app", "--port", str(port), "--log-level", "warning"]
    ours, theirs = socket.socketpair()
    root = Path(__file__).parent.parent
    environment = {**os.environ, DESCRIPTOR: str(ours.fileno())}
    server = subprocess.Popen([*command, "--no-access-log"], cwd=root, env=environment, pass_fds=[ours.fileno()])
    serve = [sys.executable, "-m", "bench.floor", "--serve", str(theirs.fileno())]
    other = subprocess.Popen(serve, cwd=root, pass_fds=[theirs.fileno()])
    ours.close()
    theirs.close()
    times: dict[str, list[float]] = {name: [] for name in ("alone", *SIZES)}
    try:
        client = eventually(lambda: _connect(port), what="uvicorn")
        for _ in range(given.rounds):
            for name, found in times.items():
                for _ in range(given.count):
                    began = time.perf_counter()
                    status, body = client.request("POST", f"/{name}", {})
                    found.append((time.perf_counter() - began) * 1e6)
                    assert status == 201, body
    finally:
        server.terminate()
        server.wait(10)
        other.wait(10)
    least = statistics.median(times["alone"])
    print("| µs, p50 | | times FastAPI's |\n| --- | --: | --: |")
    for name, found in times.items():
        label = "FastAPI alone, POST" if name == "alone" else f"and a frame of a {name} to another process and back"
        print(f"| {label} | {statistics.median(found):.0f} | {statistics.median(found) / least:.2f} |")


if __name__ == "__main__":
    main()
