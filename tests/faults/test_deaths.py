"""What kills an application every time: set aside, or given up with its reason, on the real ones."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.conftest import Session, only
from tests.faults.whole_state import execute
from tests.gateway import Gateway, eventually

CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
KILLS = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def test_a_request_that_kills_the_application_each_time_is_set_aside_and_others_go_on(session: Session) -> None:
    session.post(CREATE[session.adapter], {"name": "Kept"})
    body: dict[str, Any] = {"calls": [{"method": "session.execute", "params": {"code": KILLS}}]}

    def send() -> dict[str, Any]:
        answer = session.client.post("/batch", json=body, headers={"Idempotency-Key": "deadly"})
        return answer.json()["result"]["results"][0]["error"]

    pids = [session.pid]
    for _ in range(2):
        assert send()["code"] == "application_restarted"
        pids.append(session.back(pids[-1]))
    refused = send()
    assert (refused["code"], refused["details"]["deaths"]) == ("command_failed", 2)
    assert "set aside" in refused["message"]
    assert session.pid == pids[-1], "it was not run a third time"
    assert session.client.get("/objects/Kept").status_code == 200
    session.post(CREATE[session.adapter], {"name": "After"})


def test_an_application_that_dies_at_five_starts_in_a_row_is_given_up_until_it_is_asked_for(
    adapter: str, tmp_path: Path
) -> None:
    gateway = Gateway(tmp_path / "state", plugins=only(adapter, recovery_spares=0)).start()
    try:
        with gateway.client(f"/api/v1/{adapter}") as client:
            assert client.post(CREATE[adapter], json={"name": "Kept"}).status_code == 201
            execute(client, "import os; os.write(2, b'last words')")
            with killing(gateway, adapter):
                os.kill(gateway.application_pid(adapter), signal.SIGKILL)
                eventually(lambda: code_of(gateway, adapter) == "application_unavailable", seconds=90, what="giving up")
            error = gateway.health(adapter)["error"]
            assert "failed to start 5 times in a row" in error["message"]
            assert "last words" in error["details"]["log_tail"]
            assert client.post(CREATE[adapter], json={}).status_code == 503
            assert client.post("/restart").is_success
            eventually(lambda: code_of(gateway, adapter) is None, seconds=60, what="the application that was asked for")
            assert client.get("/objects/Kept").status_code == 200
    finally:
        assert gateway.stop() == 0


def code_of(gateway: Gateway, adapter: str) -> str | None:
    """The error of its health; None while it is up."""
    told: dict[str, Any] = gateway.health(adapter)
    return told["error"]["code"] if "error" in told else None


@contextlib.contextmanager
def killing(gateway: Gateway, adapter: str) -> Iterator[None]:
    """Every application of the adapter that is started meanwhile is killed before it is ready."""
    over = threading.Event()
    first = gateway.application_pid(adapter)

    def kill() -> None:
        while not over.is_set():
            for pid in children(gateway.pid) - {first}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def children(parent: int) -> set[int]:
    found: set[int] = set()
    for path in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.update(map(int, path.read_text().split()))
    return found


def test_a_request_that_is_ended_at_its_deadline_twice_is_set_aside(adapter: str, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", plugins=only(adapter, grace_seconds=0.3)).start()
    try:
        with gateway.client(f"/api/v1/{adapter}") as client:
            session = Session(gateway, adapter, client)
            session.post(CREATE[adapter], {"name": "Kept"})
            # In native code, which no interruption reaches.
            stubborn = "sum(range(10**13))"
            body: dict[str, Any] = {"calls": [{"method": "session.execute", "params": {"code": stubborn}}]}
            headers = {"Idempotency-Key": "slow", "X-Deadline-Ms": "300"}

            def send() -> dict[str, Any]:
                answer = client.post("/batch", json=body, headers=headers).json()
                error: dict[str, Any] = (
                    answer["error"] if "error" in answer else answer["result"]["results"][0]["error"]
                )
                return error

            for _ in range(2):
                pid = session.pid
                assert send()["code"] == "deadline_exceeded"
                pid = session.back(pid)
            refused = send()
            assert (refused["code"], refused["details"]["deaths"]) == ("command_failed", 2)
            assert session.pid == pid, "it was not run a third time"
            assert client.get("/objects/Kept").status_code == 200
    finally:
        assert gateway.stop() == 0
