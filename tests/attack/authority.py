"""Attacks on who may do what and for how long: keys that were revoked, files of others, the order of checks, shares."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from functools import partial

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from cadgate.security.keys import KeyFile
from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import Field

SECONDS = 1.0
MAKE = {"blender": "primitives.cube", "freecad": "primitives.box"}
WRITES: dict[str, tuple[tuple[str, dict[str, object]], ...]] = {
    "blender": (
        ("/export", {"format": "stl", "filepath": "another.stl"}),
        ("/render", {"output": "another.png", "engine": "workbench", "resolution": [32, 32], "samples": 1}),
        ("/scene/save", {"filepath": "another.blend"}),
    ),
    "freecad": (
        ("/export", {"format": "step", "filepath": "another.step"}),
        ("/documents/Field/save", {"filepath": "another.FCStd"}),
    ),
}


class Guest:
    """Somebody with a key of their own that allows what the attacker's does."""

    def __init__(self, field: Field, scopes: str | None = None) -> None:
        self._field = field
        self._keys = KeyFile(field.gateway.state_dir)
        self.text, key = self._keys.create("guest", (scopes or field.scopes).split(","))
        self.id = key.id
        self.headers = {"Authorization": f"Bearer {self.text}"}

    def revoke(self) -> float:
        self._keys.revoke(self.id)
        return time.monotonic()

    def client(self, path: str = "/api/v1") -> httpx.Client:
        return self._field.gateway.client(path, headers=self.headers)

    def connect(self, adapter: str) -> ClientConnection:
        url = self._field.gateway.url.replace("http", "ws", 1) + f"/ws/{adapter}"
        return connect(url, additional_headers=self.headers, proxy=None, max_size=None, close_timeout=1)


def goes_on_by_websocket(field: Field, *, adapter: str) -> Outcome:
    guest = Guest(field)
    with guest.connect(adapter) as client:
        client.recv(timeout=20)
        client.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["objects", "output"]}))
        client.recv(timeout=20)
        revoked = guest.revoke()
        for number in range(50):
            with contextlib.suppress(ConnectionClosed):
                call = {"type": "call", "id": number, "method": MAKE[adapter], "params": {"name": f"Gone{number}"}}
                client.send(json.dumps(call))
        try:
            while True:
                message = json.loads(client.recv(timeout=3))
                if message["type"] == "result":
                    return broke(f"an answer after the revocation: {message}")
        except TimeoutError:
            return broke("the connection stayed open")
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else None
    seconds = time.monotonic() - revoked
    if seconds > SECONDS:
        return broke(f"the connection was closed after {seconds:.1f} s")
    with field.client(f"/api/v1/{adapter}", scopes="read,write") as owner:
        if any(one["name"].startswith("Gone") for one in owner.get("/objects").json()["result"]["objects"]):
            return broke("a call that came after the revocation was worked on")
    return field.assert_quiet(f"closed with {code}", adapter)


def goes_on_reading(field: Field) -> Outcome:
    """A download that is slow enough to last beyond the revocation."""
    size = 32 << 20
    guest, got, status = Guest(field, "read,write"), 0, 0
    with guest.client() as client:
        stored = client.post("/artifacts", files={"file": ("big.bin", b"x" * size)}).json()["result"]
    with (
        guest.client("") as client,
        contextlib.suppress(httpx.TransportError),
        client.stream("GET", stored["url"]) as answer,
    ):
        status = answer.status_code
        until = guest.revoke() + SECONDS
        for piece in answer.iter_raw(1 << 16):
            got += len(piece)
            if time.monotonic() < until:
                time.sleep(0.01)
    if status != 200 or got >= size:
        return broke(f"{status}, {got} of {size} bytes: the download must begin, and end with the key")
    return field.assert_quiet(f"cut off after {got} of {size} bytes")


def replaces_files(field: Field, *, adapter: str) -> Outcome:
    """Files that another key wrote, by every method that writes some."""
    workspace = field.gateway.state_dir / "sessions" / adapter / "workspace"
    with field.client(f"/api/v1/{adapter}", scopes="read,write,execute") as owner:
        owner.post(f"/primitives/{'cube' if adapter == 'blender' else 'box'}", json={})
        for path, body in WRITES[adapter]:
            written = owner.post(path, json=body)
            if written.status_code not in (200, 409):
                return broke(f"the preparation failed: {written.text[:200]}")
    before = {file.name: file.stat().st_ino for file in workspace.glob("another*")}
    answers: list[int] = []
    with Guest(field).client(f"/api/v1/{adapter}") as guest:
        for path, body in WRITES[adapter]:
            answers.append(guest.post(path, json=body).status_code)
            call = {"method": _method_of(field, adapter, path), "params": {**body, **_named(path)}}
            item = guest.post("/batch", json={"calls": [call]}).json()["result"]["results"][0]
            answers.append(200 if item["status"] == "success" else 0)
    if 200 in answers or {file.name: file.stat().st_ino for file in workspace.glob("another*")} != before:
        return broke(f"a file of another key was replaced: {answers}")
    return field.assert_quiet(f"refused with {sorted(set(answers) - {0})}", adapter)


def _named(path: str) -> dict[str, str]:
    return {"name": path.split("/")[2]} if path.startswith("/documents/") else {}


def _method_of(field: Field, adapter: str, path: str) -> str:
    if path.startswith("/documents/"):
        return "documents.save"
    with field.client(f"/api/v1/{adapter}", scopes="read,write") as client:
        for one in client.get("/methods").json()["result"]["methods"]:
            if one["route"] is not None and one["route"]["path"] == f"/api/v1/{adapter}{path}":
                return str(one["name"])
    raise LookupError(path)


def learns_by_errors(field: Field) -> Outcome:
    """What a route says of a body that the key may not send at all."""
    tried = 0
    with field.client("", scopes="read,write") as owner:
        document = owner.get("/openapi.json").json()["paths"]
    with Guest(field, "execute").client("") as client:
        for path, verb in _operations(document):
            if not path.startswith("/api/v1/") or path.endswith(("/restart", "/batch")):
                continue
            url = path.replace("{", "").replace("}", "") + "?nothing=1"
            kind = {"Content-Type": "application/json", "If-Match": '"'}
            answer = client.request(verb, url, content=b"{", headers=kind)
            tried += 1
            if answer.status_code != 403:
                return broke(f"{verb} {path} validates before it asks for the scope: {answer.status_code}")
    return field.assert_quiet(f"403, {tried} times")


def _operations(document: dict[str, dict[str, object]]) -> Iterator[tuple[str, str]]:
    for path, verbs in document.items():
        for verb in verbs:
            yield path, verb.upper()


def fills_the_places(field: Field) -> Outcome:
    """As many WebSockets as one key gets; another key must get in."""
    guest = Guest(field)
    with contextlib.ExitStack() as stack:
        opened = 0
        try:
            while opened < 600:
                stack.enter_context(guest.connect("freecad"))
                opened += 1
        except InvalidStatus as refused:
            status = refused.response.status_code
        else:
            return broke("600 WebSockets by one key")
        with Guest(field).connect("freecad") as other:
            other.recv(timeout=20)
    return field.assert_quiet(f"{status} after {opened}, and another key gets in", "freecad")


ATTACKS = [
    *(
        Attack(f"revoked-websocket-{adapter}", "S4", adapter, partial(goes_on_by_websocket, adapter=adapter))
        for adapter in MAKE
    ),
    Attack("revoked-download", "S4", None, goes_on_reading),
    *(
        Attack(f"file-of-another-key-{adapter}", "S5", adapter, partial(replaces_files, adapter=adapter))
        for adapter in MAKE
    ),
    Attack("errors-before-403", "S7", None, learns_by_errors),
    Attack("websockets-of-one-key", "S10", "freecad", fills_the_places),
]
