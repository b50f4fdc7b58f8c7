"""Faults of the network between the gateway and a real application: no acknowledged change lost, none made twice."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cadgate.testing.fault_proxy import FaultProxy, Faults
from tests.faults.conftest import OTHER
from tests.gateway import Gateway, eventually, free_port
from tests.test_api.test_external_mode import CASES, SECRET, start

CALLS = 4
DEADLINE_MS = 2000
GRACE = 1.0

FAULTS = {
    "latency": Faults(latency=0.05),
    "byte by byte": Faults(byte_by_byte=True),
    "reset in a request": Faults(drop_after=1500, end="reset", direction="up"),
    "reset in an answer": Faults(drop_after=4000, end="reset"),
    "truncated answer": Faults(drop_after=4000, end="close"),
    "truncated request": Faults(drop_after=1500, end="close", direction="up"),
    "garbage": Faults(drop_after=4000, end="garbage"),
    "black hole": Faults(drop_after=4000, end="silence"),
}


@pytest.fixture(scope="module", params=list(CASES))
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, FaultProxy, Gateway]]:
    """An external application, a proxy before it, and a gateway that knows the proxy's port only."""
    name: str = request.param
    folder: Path = tmp_path_factory.mktemp(f"proxy-{name}")
    port = free_port()
    application = start(name, folder, port)
    try:
        with FaultProxy(port) as proxy:
            plugins = f"""
                [adapters.{OTHER[name]}]
                enabled = false
                [adapters.{name}]
                mode = "external"
                port = {proxy.port}
                token = "{SECRET}"
                grace_seconds = {GRACE}
            """
            gateway = Gateway(folder / "state", plugins=plugins).start(ready=False)
            eventually(lambda: gateway.health(name)["status"] == "success", seconds=40, what=f"{name} up")
            yield name, proxy, gateway
            assert gateway.stop() == 0
    finally:
        application.kill()
        application.wait()


@pytest.mark.parametrize("fault", list(FAULTS))
def test_every_change_is_made_once_and_every_error_is_clear_and_in_time(
    behind: tuple[str, FaultProxy, Gateway], fault: str
) -> None:
    name, proxy, gateway = behind
    route = "/" + CASES[name][2]
    made: list[str] = []
    with gateway.client(f"/api/v1/{name}") as client:
        before = eventually(lambda: _names(client), what="the objects before")["names"]
        proxy.faults = FAULTS[fault]
        # What is open was opened without faults.
        proxy.reset_all()
        for number in range(CALLS):
            key = {"Idempotency-Key": f"{fault.replace(chr(32), chr(45))}-{number}", "X-Deadline-Ms": str(DEADLINE_MS)}
            made.append(_until_made(client, route, key, proxy))
            proxy.faults = FAULTS[fault]
        proxy.faults = Faults()
        proxy.reset_all()
        after = eventually(lambda: _names(client), what="recovery")["names"]
        assert len(set(made)) == CALLS
        assert set(after) == {*before, *made}


def _until_made(client: httpx.Client, route: str, headers: dict[str, str], proxy: FaultProxy) -> str:
    """Send a change until it is answered; after some attempts the network is mended."""
    until = time.monotonic() + 40
    attempt = 0
    while time.monotonic() < until:
        attempt += 1
        if attempt == 5:
            proxy.faults = Faults()
            proxy.reset_all()
        began = time.monotonic()
        answer = client.post(route, json={}, headers=headers)
        seconds = time.monotonic() - began
        assert seconds < DEADLINE_MS / 1000 + GRACE + 1, f"{seconds:.1f} s: {answer.text}"
        if answer.status_code == 201:
            return str(answer.json()["result"]["name"])
        error = answer.json()["error"]
        assert answer.status_code in (503, 504), answer.text
        assert error["code"] in (
            "application_starting", "application_unavailable", "application_restarted", "deadline_exceeded",
        ), answer.text  # fmt: skip
        assert error["message"]
        if answer.status_code == 503:
            assert error["retryable"]
            select.select([], [], [], 0.1)
    raise AssertionError("the change was never answered")


def _names(client: httpx.Client) -> dict[str, list[str]]:
    """Under `names`, those of all objects; nothing while the application cannot be asked."""
    answer = client.get("/objects?limit=5000&fields=name")
    if answer.status_code != 200:
        return {}
    return {"names": [each["name"] for each in answer.json()["result"]["objects"]]}
