"""A gateway of its own for each test here, whose applications may be killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.whole_state import WholeState
from tests.gateway import Gateway, alive, eventually

OTHER = {"blender": "freecad", "freecad": "blender"}


class Session:
    """One adapter of a gateway: a client at its routes, the whole state of its application, and its end."""

    def __init__(self, gateway: Gateway, adapter: str, client: httpx.Client) -> None:
        self.gateway = gateway
        self.adapter = adapter
        self.client = client
        self.state = WholeState(gateway, adapter, client)

    @property
    def pid(self) -> int:
        return self.gateway.application_pid(self.adapter)

    @property
    def journal(self) -> Path:
        return self.gateway.state_dir / "sessions" / self.adapter / "journal"

    def post(self, path: str, body: object, **options: object) -> httpx.Response:
        answer = self.client.post(path, json=body, **options)  # type: ignore[arg-type]
        assert answer.is_success, answer.text
        return answer

    def patch(self, path: str, body: object) -> httpx.Response:
        answer = self.client.patch(path, json=body)
        assert answer.is_success, answer.text
        return answer

    def put(self, path: str, body: object) -> httpx.Response:
        answer = self.client.put(path, json=body)
        assert answer.is_success, answer.text
        return answer

    def delete(self, path: str) -> httpx.Response:
        answer = self.client.delete(path)
        assert answer.is_success, answer.text
        return answer

    def kill(self) -> int:
        """Kill the application and wait until another one is up; its process."""
        before = self.pid
        os.kill(before, signal.SIGKILL)
        eventually(lambda: not alive(before), what=f"the end of {before}")
        return self.back(before)

    def back(self, before: int) -> int:
        """Wait for an application that is another process than `before`."""

        def again() -> int | None:
            told = self.gateway.health(self.adapter).get("result", {})
            return told["pid"] if told.get("status") == "up" and told["pid"] != before else None

        return int(eventually(again, seconds=60, what=f"{self.adapter} up again") or 0)


def only(adapter: str, **settings: object) -> str:
    """A plugins.toml with one adapter."""
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "\n".join(
        [f"[adapters.{OTHER[adapter]}]", "enabled = false", f"[adapters.{adapter}]", "workers = 0", *lines]
    )


@pytest.fixture(params=["blender", "freecad"])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def session(adapter: str, tmp_path: Path) -> Iterator[Session]:
    """A gateway with one application."""
    gateway = Gateway(tmp_path / "state", plugins=only(adapter)).start()
    try:
        with gateway.client(f"/api/v1/{adapter}") as client:
            yield Session(gateway, adapter, client)
    finally:
        if gateway.running:
            gateway.stop()
