"""Where an attack runs: a gateway, the attacker's key, a canary that nobody may read, a folder that stays empty."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from cadgate.security.keys import KeyFile
from tests.attack.attacks import Outcome
from tests.attack.canary import Canary, Searched, below
from tests.attack.prepared import prepared
from tests.attack.watch import Watch
from tests.gateway import Gateway, eventually

KEYS = ("read", "write", "read,write", "execute", "read,write,execute")
"""The scopes of the keys that a field has. `execute` is for preparation: no attack uses it as its own."""


class NotQuiet(AssertionError):
    """Something was seen that must not be: an attack succeeded."""


@dataclass
class Field:
    """What an attack gets. Its client calls with the attacker's key, and every answer is looked through at the end.

    :param scopes: those of the attacker's key: `read`, `write` or `read,write`.
    :param keys: the texts of all keys, by their scopes.
    :param searched: what earlier fields of this gateway have searched for the secret.
    """

    gateway: Gateway
    scopes: str
    keys: dict[str, str]
    canary: Canary
    sandboxed: bool
    allows_execute: bool
    searched: Searched
    answers: list[httpx.Response] = field(default_factory=list[httpx.Response])
    _heard: list[str] = field(default_factory=list[str])
    _watch: Watch | None = None
    _log_from: int = 0

    # --- who calls ---------------------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The attacker's key."""
        return self.keys[self.scopes]

    @property
    def may_write(self) -> bool:
        return "write" in self.scopes.split(",")

    @property
    def may_read(self) -> bool:
        return "read" in self.scopes.split(",")

    def headers(self, scopes: str | None = None) -> dict[str, str]:
        """The headers of a request with the attacker's key, or with that of `scopes`."""
        return {"Authorization": f"Bearer {self.keys[scopes or self.scopes]}"}

    def client(self, path: str = "/api/v1", *, scopes: str | None = None, **options: Any) -> httpx.Client:
        """A client below `path` with the attacker's key, or with that of `scopes`. Its answers are kept."""
        return self.gateway.client(
            path, headers=self.headers(scopes), event_hooks={"response": [self._keep]}, **options
        )

    @contextlib.contextmanager
    def socket(self, adapter: str, *, scopes: str | None = None) -> Generator[ClientConnection]:
        """A WebSocket with the attacker's key, past its hello."""
        url = self.gateway.url.replace("http", "ws", 1) + f"/ws/{adapter}"
        with connect(
            url, additional_headers=self.headers(scopes), proxy=None, max_size=None, close_timeout=1
        ) as socket:
            socket.recv(timeout=20)
            yield socket

    def execute(self, adapter: str, code: str) -> Any:
        """Run code in the session by the key for preparation; the value of its last expression.

        Not where `allows_execute` is off: ask that first, or use `prepare`.
        """
        with self.socket(adapter, scopes="execute") as socket:
            socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
            while True:
                message = json.loads(socket.recv(timeout=60))
                if message["type"] in ("result", "error"):
                    if message.get("status") != "success":
                        raise RuntimeError(f"the preparation failed: {message}")
                    return message["result"]["value"]

    # --- what it attacks with ----------------------------------------------------------------------------------------

    def prepare(self, adapter: str, code: str, suffix: str | None = None) -> bytes:
        """The file that `code` writes to the path `out`, made by the real application in a process of its own.

        `code` may use `canary`, `folder` and `python` (texts of this field's canary). The same code gives the same
        file again without another run, in all combinations.
        """
        with self._not_watching():
            made = prepared(self.canary, adapter, code, suffix or (".blend" if adapter == "blender" else ".FCStd"))
            for left in self.canary.folder.iterdir():
                left.unlink()
        return made

    def plant(self, name: str, content: bytes) -> Path:
        """Another file next to the canary that nobody may open: a picture, a mesh, a shape with a known number."""
        with self._not_watching():
            path = self.canary.file.parent / name
            path.write_bytes(content)
        return path

    @contextlib.contextmanager
    def _not_watching(self) -> Generator[None]:
        """What happens in this block is the attack's own doing."""
        if self._watch is not None:
            self._heard += self._watch.seen()
        yield
        if self._watch is not None:
            self._watch.seen()

    def deliver(
        self, adapter: str, name: str, data: bytes, *, doors: Sequence[str] = ("open", "import"), **query: Any
    ) -> list[httpx.Response]:
        """Send a file through the doors of an application with the attacker's key, and use what came.

        `open` is `/scene/open` or `/documents/open`. Whatever a door let in is recomputed, exported, saved, drawn.
        """
        responses: list[httpx.Response] = []
        for door in doors:
            path = {"open": OPEN[adapter], "import": "/import"}[door]
            with self.client(f"/api/v1/{adapter}") as client:
                responses.append(
                    client.post(path, files={"file": (name, data)}, params=query if door == "import" else {})
                )
                if responses[-1].is_success:
                    if path == "/documents/open":  # it was opened next to the active document
                        name = responses[-1].json()["result"]["name"]
                        _ok(client.post(f"/documents/{name}/activate", headers=self.headers("read,write")))
                    responses += self.use(adapter)
        return responses

    def use(self, adapter: str) -> list[httpx.Response]:
        """Let the application evaluate what its session holds: recompute, describe, export, save, draw."""
        calls, document = (BLENDER_USES, "") if adapter == "blender" else (FREECAD_USES, self._active_document())
        responses: list[httpx.Response] = []
        with self.client(f"/api/v1/{adapter}") as client:
            for method, path, body in calls:
                responses.append(client.request(method, path.format(document=document), json=body))
        return responses

    def _active_document(self) -> str:
        with self.gateway.client("/api/v1/freecad", headers=self.headers("read,write")) as client:
            documents = _ok(client.get("/documents")).json()["result"]["documents"]
        return next((each["name"] for each in documents if each["active"]), "")

    # --- how it ends -------------------------------------------------------------------------------------------------

    def begin(self, adapter: str | None) -> None:
        """Empty the application's session and start to watch. The runner does this before each attack."""
        if adapter is not None:
            self.reset(adapter)
        for left in self.canary.folder.iterdir():
            left.unlink()
        self.answers.clear()
        self._heard.clear()
        self._log_from = self.gateway.log.stat().st_size
        self._watch = Watch(self.canary.file.parent, self.canary.folder)

    def reset(self, adapter: str) -> None:
        """Empty an application's session."""
        with self.gateway.client(f"/api/v1/{adapter}", headers=self.headers("read,write")) as client:
            if adapter == "blender":
                _ok(client.delete("/scene"))
                return
            for document in _ok(client.get("/documents")).json()["result"]["documents"]:
                _ok(client.delete(f"/documents/{document['name']}"))
            _ok(client.post("/documents", json={"name": "Field"}))

    def assert_quiet(self, what: str, adapter: str | None = None) -> Outcome:
        """The outcome `held(what)`, where nothing happened that must not: else NotQuiet is raised.

        No file next to the canary was opened, nothing was made in the folder, no code left its marker, the secret is
        in no answer, artifact, log or file of the gateway, no answer is 500, the gateway and the session are alive.
        """
        found = self.noises()
        if adapter is not None and not found:
            found += self._session_faults(adapter)
        if found:
            raise NotQuiet("; ".join(found))
        return Outcome(True, what)

    def noises(self, *, since: float = 0.0) -> list[str]:
        """What was seen since `begin` that must not be, without the look at the session.

        :param since: the gateway's files that were changed before this time (of the clock) are not searched again.
        """
        self._heard += self._watch.seen() if self._watch else []
        found = [*self._heard, *(f"{path.name} is in the folder" for path in self.canary.folder.iterdir())]
        found += self._answered_wrong()
        state = self.gateway.state_dir
        secret = self.canary.secret.encode()
        for entry in sorted(below(state), key=lambda each: each.path):
            if entry.name == self.canary.marker:
                found.append(f"code ran: {Path(entry).relative_to(state)} was made")
                Path(entry).unlink()
            elif entry.path != str(self.gateway.log) and self.searched.holds(entry, secret, since):
                found.append(f"the secret is in {Path(entry).relative_to(state)}")
        for marker in (Path.home() / self.canary.marker, Path.cwd() / self.canary.marker):
            if marker.exists():
                found.append(f"code ran: {marker} was made")
                marker.unlink()
        return found

    def quick_noises(self) -> list[str]:
        """The same without the search of the gateway's files: what happened around the canary, and the answers."""
        self._heard += self._watch.seen() if self._watch else []
        return [*self._heard, *self._answered_wrong()]

    def _answered_wrong(self) -> list[str]:
        found: list[str] = []
        secret = self.canary.secret.encode()
        for answer in self.answers:
            if answer.status_code == 500:
                found.append(f"500 from {answer.request.method} {answer.request.url.path}: {_start(answer)}")
            if secret in answer.content:
                found.append(f"the secret is in the answer of {answer.request.method} {answer.request.url.path}")
        with self.gateway.log.open("rb") as log:
            log.seek(self._log_from)
            told = log.read()
        found += ["the secret is in the log"] * (secret in told)
        found += ["the log has a traceback of the gateway"] * (b"Traceback (most recent call last)" in told)
        return found

    def end(self) -> None:
        """Stop watching; the runner does this after each attack."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for left in self.canary.folder.iterdir():
            left.unlink()

    def _session_faults(self, adapter: str) -> list[str]:
        with self.gateway.client("", headers=self.headers("read,write")) as client:
            if client.get("/health").status_code != 200:
                return ["the gateway's /health is not 200"]
            eventually(lambda: client.get(f"/health/{adapter}").status_code == 200, what=f"{adapter} alive")
            answer = client.get(f"/api/v1/{adapter}/objects", params={"limit": 1})
        return [] if answer.status_code == 200 else [f"the session does not answer: {_start(answer)}"]

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        self.answers.append(response)


OPEN = {"blender": "/scene/open", "freecad": "/documents/open"}
BLENDER_USES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/objects?limit=100", None),
    ("POST", "/export", {"format": "obj"}),
    ("POST", "/export", {"format": "glb"}),
    ("POST", "/render", {"resolution": [32, 24], "samples": 1}),
    ("GET", "/render/preview?width=32", None),
    ("POST", "/scene/save", {}),
)
FREECAD_USES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/objects?limit=100", None),
    ("POST", "/documents/{document}/recompute", {}),
    ("POST", "/export", {"format": "step"}),
    ("POST", "/export", {"format": "stl"}),
    ("POST", "/documents/{document}/save", {}),
    ("POST", "/primitives/box", {"length": 1, "width": 1, "height": 1}),
)


def keys_of(state_dir: Path) -> dict[str, str]:
    """A new key for each of KEYS in a state folder."""
    file = KeyFile(state_dir)
    return {scopes: file.create(scopes, scopes.split(","))[0] for scopes in KEYS}


def doors_said(responses: Iterable[httpx.Response]) -> str:
    """The answers of `deliver` in a few words: what each door said, with the code or the warnings."""
    told: list[str] = []
    for response in responses:
        door = response.request.url.path.rpartition("/")[2]
        if door not in ("open", "import"):
            continue
        body = response.json()
        if response.is_success:
            codes = [str(warning["code"]) for warning in body["result"].get("warnings", [])]
        else:
            codes = [str(body["error"]["code"])]
        told.append(" ".join([door, str(response.status_code), *dict.fromkeys(codes)]))
    return ", ".join(told)


def _ok(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise RuntimeError(f"{response.request.url.path}: {response.status_code} {response.text[:300]}")
    return response


def _start(response: httpx.Response) -> str:
    return f"{response.status_code} {response.text[:200]}"
