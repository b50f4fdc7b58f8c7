"""Attacks by what one body costs: it must not make others wait, nor stay for ever."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from functools import partial

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import Field
from tests.heavy_bodies import KINDS, LIMIT_SECONDS, UPLOADS, multipart, stall_of, watching

PATHS = ("/api/v1/blender/meshes", "/api/v1/blender/batch", "/api/v1/freecad/primitives/box")


def measured(field: Field, request: Callable[[], object]) -> Outcome:
    with watching(field.gateway.port, field.gateway.pid, headers=field.headers()) as watcher:
        stall = stall_of(watcher, request)
    if stall > LIMIT_SECONDS:
        return broke(f"others waited {stall * 1000:.0f} ms")
    return field.assert_quiet("nobody else waited 100 ms")


def heavy(kind: str, field: Field) -> Outcome:
    """16 MiB of JSON at routes that read JSON."""
    body = KINDS[kind]()
    with field.client("") as client:

        def send() -> None:
            for path in PATHS:
                client.post(path, content=body, headers={"Content-Type": "application/json"})

        return measured(field, send)


def upload(kind: str, field: Field) -> Outcome:
    """16 MiB of multipart that take the parser long."""
    content_type, body = multipart(kind)
    with field.client("") as client:
        return measured(
            field, lambda: client.post("/api/v1/artifacts", content=body, headers={"Content-Type": content_type})
        )


def message(kind: str, field: Field) -> Outcome:
    """16 MiB in a message of a WebSocket."""
    text = KINDS[kind]().decode()
    with field.socket("blender") as client:

        def send() -> None:
            client.send(text)
            while json.loads(client.recv(timeout=60))["type"] != "error":
                pass

        return measured(field, send)


def trickle(field: Field) -> Outcome:
    """A body of which a byte comes now and then."""
    with socket.create_connection(("127.0.0.1", field.gateway.port), timeout=60) as peer:
        head = "POST /api/v1/artifacts HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        authorization = "".join(f"{name}: {value}\r\n" for name, value in field.headers().items())
        peer.sendall(f"{head}{authorization}Content-Length: 100000\r\n\r\n--b\r\n".encode())
        peer.settimeout(1)
        began = time.monotonic()
        while time.monotonic() - began < 60:
            try:
                peer.sendall(b"-")
                if peer.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            return broke("the connection was held for a minute")
    return field.assert_quiet("the connection was ended")


def _attack(form: str, kind: str, adapter: str | None, run: Callable[[str, Field], Outcome], first: str) -> Attack:
    """One kind in one form: the tests of heavy bodies try each, so that one of a form is enough for a short run."""
    return Attack(f"{form}-{kind.replace(' ', '-')}", "S8", adapter, partial(run, kind), is_short=kind == first)


MESSAGES = ("wrong items", "unknown fields", "long numbers", "escapes", "never ends")
ATTACKS = (
    *(_attack("body", kind, None, heavy, "wrong items") for kind in KINDS),
    *(_attack("upload", kind, None, upload, next(iter(UPLOADS))) for kind in UPLOADS),
    *(_attack("message", kind, "blender", message, "wrong items") for kind in MESSAGES),
    Attack("body-trickles", "S10", None, trickle),
)
