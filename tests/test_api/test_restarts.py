"""`POST /restart` is a request like any other: a dry run restarts nothing, and a key restarts once."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from tests.gateway import eventually


def pid_of(http: httpx.Client) -> int | None:
    """The process of FreeCAD, once it is up."""
    told: dict[str, Any] = http.get("/health/freecad").json().get("result", {})
    return told["pid"] if told.get("status") == "up" else None


def settled(http: httpx.Client) -> int:
    return eventually(lambda: pid_of(http), seconds=60, what="FreeCAD up")


def test_a_dry_run_of_a_restart_restarts_nothing(http: httpx.Client, freecad: httpx.Client) -> None:
    before = settled(http)
    dry = freecad.post("/restart?dry_run=true")
    assert (dry.status_code, dry.json()["result"]) == (200, {"dry_run": True})
    assert freecad.get("/documents").status_code == 200
    assert settled(http) == before
    wrong = freecad.post("/restart?dry_run=maybe")
    assert (wrong.status_code, wrong.json()["error"]["details"]["errors"][0]["loc"]) == (422, ["query", "dry_run"])
    assert settled(http) == before


def test_a_restart_sent_again_with_its_key_restarts_once(http: httpx.Client, freecad: httpx.Client) -> None:
    before, key = settled(http), {"Idempotency-Key": secrets.token_hex(8)}
    first = freecad.post("/restart", headers=key)
    assert first.status_code == 202
    after = eventually(lambda: (pid := pid_of(http)) and pid != before and pid, seconds=60, what="another FreeCAD")
    again = freecad.post("/restart", headers=key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert freecad.get("/documents").status_code == 200
    assert settled(http) == after


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_a_key_of_a_restart_is_not_one_of_another_application(
    http: httpx.Client, freecad: httpx.Client, adapter: str
) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    before = settled(http)
    assert freecad.post("/restart", headers=key).status_code == 202
    eventually(lambda: (pid := pid_of(http)) and pid != before, seconds=60, what="another FreeCAD")
    other = http.post(f"/api/v1/{adapter}/restart", headers=key)
    if adapter == "freecad":
        assert other.status_code == 202
    else:
        assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_conflict")
