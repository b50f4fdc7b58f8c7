"""A gateway as attacks meet it: with keys, with or without a sandbox, with or without executed code."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

from tests.attack.canary import Canary, Searched
from tests.attack.field import Field, keys_of
from tests.gateway import NO_SPARES, Gateway, eventually

ADAPTERS = ("blender", "freecad")
SETTINGS = {
    "CADGATE_AUTH": "token",
    "CADGATE_WEBHOOK_ALLOW": "*,127.0.0.77",
    "CADGATE_BODY_IDLE_SECONDS": "5",
    **NO_SPARES,
}
"""Webhooks may go to every name that is not one of a private network, and to one address of this machine. Nobody waits
for a body that trickles as long as a gateway does by itself."""


@dataclass
class Ground:
    """A running gateway with keys of every kind."""

    gateway: Gateway
    keys: dict[str, str]
    canary: Canary
    sandboxed: bool
    allows_execute: bool
    searched: Searched = dataclass_field(default_factory=Searched)

    def field(self, scopes: str) -> Field:
        """A field for one attack by a key of these scopes."""
        return Field(self.gateway, scopes, self.keys, self.canary, self.sandboxed, self.allows_execute, self.searched)

    def ready(self, adapter: str | None = None) -> None:
        """Wait until the applications answer; a gateway that an attack ended is started again."""
        if not self.gateway.running:
            self.gateway.start(ready=False)
        headers = {"Authorization": f"Bearer {self.keys['read']}"}
        with self.gateway.client(headers=headers) as client:
            for each in ADAPTERS if adapter is None else (adapter,):
                eventually(lambda: client.get(f"/health/{each}").status_code == 200, seconds=90, what=f"{each} up")  # noqa: B023


@contextmanager
def ground(*, sandboxed: bool = False, allows_execute: bool = True, home: Path | None = None) -> Generator[Ground]:
    """A gateway that lives as long as the block.

    :param home: where the canary lies, which prepared files name: the same for all grounds of a run.
    """
    with tempfile.TemporaryDirectory(prefix="cadgate-attack-") as own:
        state = Path(own, "state")
        settings = "".join(
            f'[adapters.{adapter}]\nsandbox = "{"bubblewrap" if sandboxed else "none"}"\n'
            f"allow_execute = {str(allows_execute).lower()}\n"
            for adapter in ADAPTERS
        )
        gateway = Gateway(state, environment=SETTINGS, plugins=settings, by_command=True)
        state.mkdir(mode=0o700)
        made = Ground(gateway, keys_of(state), Canary(home or Path(own)).make(), sandboxed, allows_execute)
        gateway.start(ready=False)
        try:
            made.ready()
            yield made
        finally:
            if gateway.running:
                gateway.stop()
