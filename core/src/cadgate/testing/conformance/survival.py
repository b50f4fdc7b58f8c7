"""Tests of calls that take too long, and of an application that is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

from cadgate.testing.conformance.application import hello, request, with_application
from cadgate.testing.conformance.subject import Creation, Subject, error_of
from cadgate.testing.conformance.suite import Suite, needs
from cadgate.testing.gateway import alive, eventually

DEADLINE_SECONDS = 0.5
RECOVERY_SECONDS = 90.0


class Survival(Suite):
    """Tests that restart the application."""

    @needs("execute")
    def test_a_deadline_is_kept_and_the_application_serves_on(self, subject: Subject) -> None:
        code = "import time\nfor _ in range(600):\n    time.sleep(0.1)\n"
        began = time.monotonic()
        answer = subject.batch(
            ("session.execute", {"code": code}), headers={"X-Deadline-Ms": str(int(DEADLINE_SECONDS * 1000))}
        )
        seconds = time.monotonic() - began
        assert DEADLINE_SECONDS * 0.9 <= seconds < DEADLINE_SECONDS + subject.settings.grace_seconds + 2
        if answer.status_code == 200:
            assert answer.json()["result"]["results"][0]["error"]["code"] == "deadline_exceeded"
        else:
            error_of(answer, 504, "deadline_exceeded")
        _back(subject)
        again = subject.batch(("session.execute", {"code": "1 + 1"})).json()["result"]["results"][0]
        assert again["result"]["value"] == 2, again

    @needs("execute")
    def test_code_without_an_end_stops_at_its_deadline_also_when_whoever_sent_it_has_gone(
        self, subject: Subject, tmp_path: Path
    ) -> None:
        async def work(process: Any) -> float:
            endless = request(
                "session.execute", {"code": "while True: pass"}, mutates=True, deadline_ms=DEADLINE_SECONDS * 1000
            )
            with socket.create_connection(("127.0.0.1", process.about["port"]), timeout=20) as peer:
                peer.sendall(hello(process.client._secret) + endless)
                assert peer.recv(1)
                began = time.monotonic()
            async with asyncio.timeout(20):
                assert await process.client.call("session.ping", {}) == {"pong": True}
            return time.monotonic() - began

        seconds = with_application(subject, tmp_path, work)
        assert seconds > DEADLINE_SECONDS / 2, "the code was not run"

    @needs("creation", "recovery")
    def test_what_was_acknowledged_survives_the_death_of_the_application(
        self, subject: Subject, creation: Creation
    ) -> None:
        kept = [creation.make() for _ in range(3)]
        name = creation.new_name()
        headers = {"Idempotency-Key": f"key-{name}"}
        keyed = creation.post(headers=headers, name=name)
        deleted = creation.make(name=creation.new_name())["name"]
        subject.batch((creation.delete, {"name": deleted}))
        together = [creation.new_name(), creation.new_name()]
        calls = [(creation.create, {**creation.params, "name": one}) for one in together]
        atomic = subject.batch(*calls, atomic=True)
        assert atomic.status_code == 200, atomic.text
        kept += [each["result"] for each in atomic.json()["result"]["results"]]

        _kill(subject)
        for made in kept:
            read = creation.read(made["name"])
            assert read.status_code == 200, read.text
            assert read.json()["result"]["revision"] == made["revision"]
        assert not creation.exists(deleted)
        again = creation.post(headers=headers, name=name)
        assert (again.status_code, again.json()) == (201, keyed.json())
        creation.make()

    @needs("creation", "recovery")
    def test_what_was_restored_survives_a_second_death(self, subject: Subject, creation: Creation) -> None:
        before = creation.make()
        _kill(subject)
        after = creation.make()
        _kill(subject)
        for made in (before, after):
            assert creation.read(made["name"]).json()["result"]["revision"] == made["revision"]

    def test_a_restart_that_is_asked_for_is_a_new_process(self, subject: Subject) -> None:
        before = subject.gateway.application_pid(subject.name)
        answer = subject.client.post("/restart")
        assert (answer.status_code, answer.json()["result"]) == (202, {"restarting": True}), answer.text
        eventually(lambda: not alive(before), what=f"the end of process {before}")
        _back(subject, besides=before)

    @needs("creation", "recovery")
    def test_a_restart_that_is_asked_for_loses_nothing(self, subject: Subject, creation: Creation) -> None:
        made = creation.make()
        before = subject.gateway.application_pid(subject.name)
        assert subject.client.post("/restart").status_code == 202
        _back(subject, besides=before)
        assert creation.read(made["name"]).json()["result"]["revision"] == made["revision"]

    def test_a_killed_application_is_started_again(self, subject: Subject) -> None:
        _kill(subject)
        assert subject.gateway.health(subject.name)["result"]["status"] == "up"


def _kill(subject: Subject) -> None:
    """Kill the application and wait until it is there again."""
    pid = subject.gateway.application_pid(subject.name)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid), what=f"the end of process {pid}")
    _back(subject, besides=pid)


def _back(subject: Subject, *, besides: int | None = None) -> None:
    def up() -> bool:
        health = subject.gateway.health(subject.name).get("result", {})
        return health.get("status") == "up" and health.get("pid") != besides

    eventually(up, seconds=RECOVERY_SECONDS, what=f"{subject.name} up again")
