"""The WebSockets of pages with a log-in: they open with it and end with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from cadgate.security.keys import KeyFile
from tests.core.served import probed_app, quiet_settings, served
from tests.gateway import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.security]


# --- WebSockets ------------------------------------------------------------------------------------------------------


def cookie_of(port: int, key: str) -> dict[str, str]:
    with httpx.Client(base_url=f"http://localhost:{port}") as browser:
        assert browser.post("/login", json={"key": key}).status_code == 200
        ((name, value),) = browser.cookies.items()
    return {"Cookie": f"{name}={value}"}


def test_a_websocket_of_an_own_page_opens_with_the_cookie_and_no_other_does(tmp_path: Path, keys: KeyFile) -> None:
    settings = quiet_settings(tmp_path, auth="token", cors_origins=("https://app.example",))
    with served(probed_app(settings)) as port:
        cookie = cookie_of(port, keys.create("browser")[0])
        url = f"ws://localhost:{port}/probe/ws"
        with connect(url, additional_headers=cookie, origin=f"http://localhost:{port}") as websocket:  # type: ignore[arg-type]
            websocket.send("hello")
            assert websocket.recv(timeout=10) == "hello"
        for origin in ("http://evil.example", "http://localhost:3000", "null", "https://app.example", None):
            with pytest.raises(InvalidStatus) as refused:
                connect(url, additional_headers=cookie, origin=origin)  # type: ignore[arg-type]
            assert refused.value.response.status_code in (401, 403), origin


def by_revoking(port: int, cookie: dict[str, str], keys: KeyFile) -> None:
    for key in keys.list():
        keys.revoke(key.id)


def by_logging_out(port: int, cookie: dict[str, str], keys: KeyFile) -> None:
    assert httpx.post(f"http://localhost:{port}/logout", headers=cookie).status_code == 200


def by_waiting(port: int, cookie: dict[str, str], keys: KeyFile) -> None:
    """The absolute limit is two seconds in this test."""


def read_all(websocket: ClientConnection) -> None:
    while True:
        websocket.recv(timeout=10)


@pytest.mark.parametrize("end", [by_revoking, by_logging_out, by_waiting])
def test_a_pages_websocket_ends_with_its_log_in(
    tmp_path: Path, keys: KeyFile, end: Callable[[int, dict[str, str], KeyFile], None]
) -> None:
    external = {"mode": "external", "port": 1, "token": "none"}
    settings = quiet_settings(
        tmp_path,
        auth="token",
        adapters={"freecad": {"enabled": False}, "blender": external},
        login_seconds=2 if end is by_waiting else 600,
    )
    with served(probed_app(settings)) as port:
        cookie = cookie_of(port, keys.create("browser")[0])
        origin = f"http://localhost:{port}"
        with connect(f"ws://localhost:{port}/ws/blender", additional_headers=cookie, origin=origin) as websocket:  # type: ignore[arg-type]
            assert json.loads(websocket.recv(timeout=10))["type"] == "hello"
            end(port, cookie, keys)
            since = time.monotonic()
            with pytest.raises(ConnectionClosed) as closed:
                read_all(websocket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
            assert time.monotonic() - since < (3 if end is by_waiting else 1)
        eventually(lambda: httpx.get(f"{origin}/health", headers=cookie).status_code == 401)
