"""An application that the tests start themselves, in addition to the gateway's: its methods, and whom it admits."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from cadgate.appserver.framing import HEADER, PROTOCOL, encode
from cadgate.sessions.process import ApplicationProcess
from cadgate.sessions.spawn import Launch
from cadgate.testing.conformance.subject import Subject

T = TypeVar("T")

STOP_SECONDS = 10.0


def with_application(subject: Subject, folder: Path, work: Callable[[ApplicationProcess], Awaitable[T]]) -> T:
    """Start the adapter's application in `folder`, run `work` with it, and stop it."""
    launcher = subject.adapter.launcher(subject.settings)
    launch = Launch(
        plan=launcher.plan(),
        package=subject.adapter.package,
        client=subject.adapter.client,
        folder=folder / "session",
        log=folder / "application.log",
        options=launcher.options(),
        start_seconds=subject.settings.start_timeout_seconds,
        pool_size=1,
    )

    async def run() -> T:
        process = await ApplicationProcess.launch(launch, lambda method, params: None)
        try:
            return await work(process)
        finally:
            await process.stop(STOP_SECONDS)

    return asyncio.run(run())


def hello(secret: str | None = None, protocol: int = PROTOCOL) -> bytes:
    """Return the frame of a hello; without `secret`, with a random one."""
    return request("session.hello", {"secret": secret or secrets.token_urlsafe(32), "protocol": protocol})


def request(method: str, params: dict[str, Any], **meta: Any) -> bytes:
    """Return the frame of a request."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, "meta": meta}
    return encode(json.dumps(message).encode())


def answer_to(port: int, sent: bytes) -> list[dict[str, Any]]:
    """Send bytes to the server on `port`; return its answers until it closes the connection, as it must."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionResetError:
            pass
    answers: list[dict[str, Any]] = []
    while received:
        (length,) = struct.unpack_from(">I", received)
        answers.append(json.loads(received[HEADER.size : HEADER.size + length]))
        received = received[HEADER.size + length :]
    return answers
