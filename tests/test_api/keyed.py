"""A gateway that wants keys, for tests: which are made and withdrawn from another process while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cadgate.security.keys import KeyFile
from tests import commands
from tests.gateway import Gateway, eventually

NEVER = "0123456789abcdef" * 2
"""An id that nothing has."""
ONE_APPLICATION = {"CADGATE_AUTH": "token", "CADGATE_BLENDER_ENABLED": "false", "CADGATE_SHARED_DEFAULT": "false"}
"""The settings of a gateway on which everybody has sessions of FreeCAD of his own."""


@dataclass(frozen=True)
class Holder:
    """Somebody with a key."""

    gateway: Gateway
    id: str
    text: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}

    def client(self, path: str = "", **options: Any) -> httpx.Client:
        """A client that sends the key."""
        return self.gateway.client(path, headers=self.headers, **options)


def cadgate(state_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, in another process, on this state folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
    environment |= {"CADGATE_STATE_DIR": str(state_dir), "CADGATE_PLUGINS": str(state_dir / "plugins.toml")}
    done = commands.cadgate(*arguments, environment=environment, cwd=state_dir)
    assert done.returncode == 0, done.stderr
    return done


def new_key(gateway: Gateway, scopes: str = "read,write,execute") -> Holder:
    """A new key with these scopes."""
    text, key = KeyFile(gateway.state_dir).create("test", scopes.split(","))
    return Holder(gateway, key.id, text)


def revoke(holder: Holder, *, by_command: bool = False) -> float:
    """Revoke a key, `by_command` as an operator does; the moment from which it must be refused."""
    if by_command:
        cadgate(holder.gateway.state_dir, "keys", "revoke", holder.id)
    else:
        assert KeyFile(holder.gateway.state_dir).revoke(holder.id)
    return time.monotonic()


def reduce_scopes(holder: Holder, *scopes: str) -> float:
    """Leave a key only these scopes; the moment from which that holds."""
    file = holder.gateway.state_dir / "keys.json"
    kept = json.loads(file.read_text())
    for key in kept["keys"]:
        if key["id"] == holder.id:
            key["scopes"] = list(scopes)
    part = file.with_name(".keys.json.test")
    part.touch(mode=0o600)
    part.write_text(json.dumps(kept))
    part.replace(file)
    return time.monotonic()


@contextmanager
def own_sessions(state_dir: Path) -> Generator[Gateway]:
    """A gateway of ONE_APPLICATION, for the time of the block."""
    running = Gateway(state_dir, environment=ONE_APPLICATION)
    running.state_dir.mkdir(parents=True)
    new_key(running)
    yield running.start(ready=False)
    running.stop()


def without_own(answer: httpx.Response, identifier: str) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers of an answer, without what each request has of its own."""
    body = json.loads(answer.text.replace(identifier, "ID"))
    body.get("error", {}).pop("request_id", None)
    own = ("x-request-id", "server-timing", "date", "content-length")
    return answer.status_code, body, {name: value for name, value in answer.headers.items() if name not in own}


def up(holder: Holder) -> None:
    """Wait until both applications answer."""
    with holder.client() as client:
        eventually(lambda: client.get("/ready").status_code == 200, seconds=90, what="both applications")
