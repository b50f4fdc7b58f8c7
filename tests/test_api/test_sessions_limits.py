"""Limits of sessions: places, queue, idle and lifetime, memory and disk; and what a killed gateway leaves."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, alive, eventually
from tests.test_api.test_sessions import Made, code_of, make

MIB = 1024 * 1024
SETTINGS = {
    "CADGATE_BLENDER_ENABLED": "false",
    "CADGATE_MAX_AWAKE": "2",
    "CADGATE_MAX_SESSIONS": "6",
    "CADGATE_WARM_APPLICATIONS": "0",
    "CADGATE_FREECAD_SESSION_MEMORY_BYTES": "500MiB",
    "CADGATE_FREECAD_MAX_SESSION_BYTES": "2MiB",
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = Gateway(tmp_path_factory.mktemp("limits") / "state", environment=SETTINGS).start()
    yield running
    running.stop()


@pytest.fixture
def new(limited: Gateway) -> Iterator[Any]:
    """Make sessions of FreeCAD, which are deleted after the test."""
    made: list[Made] = []

    def one(**body: Any) -> Made:
        with limited.client() as client:
            answer = client.post("/api/v1/sessions", json={"application": "freecad", **body})
        assert answer.status_code in (201, 202), answer.text
        made.append(Made(limited, "freecad", answer.json()["result"]["id"]))
        return made[-1]

    yield one
    with limited.client() as client:
        for each in made:
            client.delete(each.path)


def run(session: Made, code: str, **headers: str) -> dict[str, Any]:
    """Run code in a session; the entry of its result."""
    with session.client() as client:
        calls = {"calls": [{"method": "session.execute", "params": {"code": code}}]}
        answer = client.post("/batch", json=calls, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]["results"][0]


@contextmanager
def busy(*sessions: Made) -> Generator[None]:
    """Keep sessions busy for the block."""
    code = "import os, time\nwhile not os.path.exists('stop'): time.sleep(0.01)\nos.remove('stop')"
    threads = [threading.Thread(target=run, args=(session, code)) for session in sessions]
    for thread in threads:
        thread.start()
    try:
        for session in sessions:
            eventually(lambda session=session: session.shown()["state"] == "busy", what="busy")
        yield
    finally:
        for session in sessions:
            with suppress(FileNotFoundError):  # it was deleted
                (session.gateway.state_dir / "sessions" / session.id / "workspace" / "stop").touch()
        for thread in threads:
            thread.join()


def test_the_next_one_is_queued_and_served_in_order(limited: Gateway, new: Any) -> None:
    first, second = new(), new()
    with busy(first, second), limited.client() as client:
        answers = [client.post("/api/v1/sessions", json={"application": "freecad"}) for _ in range(2)]
        shown = [answer.json()["result"] for answer in answers]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert [(each["state"], each["position"], each["pid"]) for each in shown] == [
            ("queued", 1, None),
            ("queued", 2, None),
        ]
        third, fourth = (Made(limited, "freecad", each["id"]) for each in shown)
        late = third.create("Late", **{"X-Deadline-Ms": "300"})
        assert code_of(late) == (504, "deadline_exceeded")
        assert late.json()["error"]["details"]["position"] == 1
        assert late.json()["error"]["details"]["started"] is False
        told = client.get(f"/health/freecad?session={fourth.id}").json()["result"]
        assert (told["status"], told["position"]) == ("queued", 2)
        numbers = client.get("/health").json()["result"]["adapters"]["freecad"]["sessions"]
        assert numbers == {"total": 4, "awake": 2, "suspended": 0, "queued": 2}
        assert 'cadgate_sessions{adapter="freecad",state="queued"} 2.0' in client.get("/metrics").text
    assert third.create("Now").status_code == 201
    assert fourth.create("Now").status_code == 201
    assert third.names() == fourth.names() == {"Now"}
    with limited.client() as client:
        client.delete(third.path)
        client.delete(fourth.path)


def test_idle_sessions_make_room_for_those_that_are_called(new: Any) -> None:
    sessions = [new() for _ in range(4)]
    for session in sessions:
        assert session.create("Here").status_code == 201
    states = [session.shown()["state"] for session in sessions]
    assert states.count("ready") == 2
    assert states.count("suspended") == 2
    assert all(session.names() == {"Here"} for session in sessions)


def test_a_new_session_waits_while_others_were_just_used_and_then_takes_their_place(limited: Gateway, new: Any) -> None:
    first, second = new(), new()
    first.names()
    second.names()
    third = new()
    assert third.shown()["position"] == 1
    eventually(lambda: third.shown()["state"] == "ready", what="its turn")
    assert "suspended" in {first.shown()["state"], second.shown()["state"]}


def test_a_queued_session_with_a_deadline_ends_with_it(limited: Gateway, new: Any) -> None:
    with busy(new(), new()), limited.client() as client:
        answer = client.post("/api/v1/sessions", json={"application": "freecad"}, headers={"X-Deadline-Ms": "100"})
        path = f"/api/v1/sessions/{answer.json()['result']['id']}"
        assert answer.status_code == 202
        gone = eventually(lambda: code_of(client.get(path)) if client.get(path).is_error else None, what="its end")
        assert gone == (410, "session_ended")
        error = client.get(path).json()["error"]
        assert error["details"]["reason"] == "deadline_exceeded"
        assert "X-Deadline-Ms" in error["message"]
        assert "ttl_seconds" not in error["message"]


def test_a_deleted_session_leaves_the_queue_and_its_calls_are_410(limited: Gateway, new: Any) -> None:
    first, second = new(), new()
    answers: list[httpx.Response] = []
    with busy(first):
        waiting = threading.Thread(target=lambda: answers.append(second.create("Late")))
        with busy(second), limited.client() as client:
            third = client.post("/api/v1/sessions", json={"application": "freecad"}).json()["result"]
            assert client.delete(f"/api/v1/sessions/{third['id']}").status_code == 200
            waiting.start()
            health = f"/health/freecad?session={second.id}"
            eventually(lambda: client.get(health).json()["result"]["queue_depth"] > 1, what="the waiting call")
            client.delete(second.path)
        waiting.join()
    assert code_of(answers[0]) == (410, "session_ended")


def test_an_idle_session_is_suspended_and_one_past_its_time_ends(limited: Gateway, new: Any) -> None:
    idle, short = new(idle_seconds=0.3), new(ttl_seconds=3)
    pid = idle.shown()["pid"]
    assert idle.create("Kept").status_code == 201
    eventually(lambda: idle.shown()["state"] == "suspended", what="the suspension")
    assert "idle" in idle.shown()["reason"]
    assert not alive(pid)
    assert idle.names() == {"Kept"}
    with limited.client() as client:
        ended = eventually(lambda: answer if (answer := client.get(short.path)).is_error else None, what="the end")
        assert code_of(ended) == (410, "session_ended")
        assert ended.json()["error"]["details"]["reason"] == "expired"
        assert code_of(short.create("Late")) == (410, "session_ended")


def test_more_sessions_than_max_sessions_are_refused(limited: Gateway, new: Any) -> None:
    made = [new() for _ in range(6)]
    with limited.client() as client:
        refused = client.post("/api/v1/sessions", json={"application": "freecad"})
        assert code_of(refused) == (422, "limit_exceeded")
        assert refused.json()["error"]["details"]["limit"] == "max_sessions"
        assert client.get("/api/v1/sessions").json()["result"]["total"] == len(made)


def test_a_session_over_its_memory_is_ended_restored_and_told(limited: Gateway, new: Any) -> None:
    session, other = new(), new()
    assert session.create("Kept").status_code == 201
    greedy = "import time\nx = bytearray(700 * 1024 * 1024)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(20)"
    other_pid, pid = other.shown()["pid"], session.shown()["pid"]
    first = run(session, greedy)
    assert first["status"] == "error"
    assert (first["error"]["code"], first["error"]["details"]["limit"]) == (
        "application_restarted",
        "session_memory_bytes",
    )
    assert session.names() == {"Kept"}
    second = run(session, greedy)
    assert second["error"]["code"] == "limit_exceeded"
    assert not second["error"]["retryable"]
    assert session.names() == {"Kept"}
    assert session.shown()["pid"] != pid
    assert other.shown()["pid"] == other_pid


def test_a_session_over_its_disk_accepts_no_more_changes_until_something_is_removed(new: Any) -> None:
    session = new()
    assert session.create("Kept").status_code == 201
    assert run(session, "open('big.bin', 'wb').write(b'x' * 3 * 1024 * 1024)")["status"] == "success"
    refused = eventually(
        lambda: answer if (answer := session.create(f"N{time.monotonic_ns()}")).is_error else None, what="the limit"
    )
    assert code_of(refused) == (422, "limit_exceeded")
    assert refused.json()["error"]["details"]["limit"] == "max_session_bytes"
    assert "Kept" in session.names()
    with session.client() as client:
        assert client.delete("/objects/Kept").status_code == 200
        assert code_of(client.post("/export", json={"format": "step"})) == (422, "limit_exceeded")


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that a test may kill."""
    running = Gateway(tmp_path / "state", environment={**SETTINGS, "CADGATE_MAX_AWAKE": "4"}).start()
    yield running
    running.stop()


def test_a_killed_gateway_finds_its_sessions_again(killed: Gateway) -> None:
    gateway = killed
    awake, asleep, ended = (make(gateway, "freecad", name=name) for name in ("a", "b", "c"))
    first = awake.create("Kept", **{"Idempotency-Key": "k"})
    assert first.status_code == asleep.create("Kept").status_code == 201
    assert asleep.post("suspend").status_code == 200
    with gateway.client() as client:
        client.delete(ended.path)
        keyed = client.post("/api/v1/sessions", json={"application": "freecad"}, headers={"Idempotency-Key": "once"})
    pid = awake.shown()["pid"]
    gateway.signal(signal.SIGKILL)
    gateway.wait()
    eventually(lambda: pid is None or not alive(pid), what="the end of the application")
    gateway.start()
    with gateway.client() as client:
        listed = client.get("/api/v1/sessions").json()["result"]["sessions"]
        assert {each["id"]: each["state"] for each in listed} == {
            awake.id: "suspended",
            asleep.id: "suspended",
            keyed.json()["result"]["id"]: "suspended",
        }
        assert code_of(client.get(ended.path)) == (410, "session_ended")
        again = client.post("/api/v1/sessions", json={"application": "freecad"}, headers={"Idempotency-Key": "once"})
        assert again.json()["result"]["id"] == keyed.json()["result"]["id"]
    assert awake.create("Kept", **{"Idempotency-Key": "k"}).json()["result"] == first.json()["result"]
    assert awake.names() == asleep.names() == {"Kept"}
    assert awake.shown()["name"] == "a"


def listed(limited: Gateway, session: Made) -> dict[str, Any]:
    """The session as the list shows it, which asks no application."""
    with limited.client() as client:
        sessions = client.get("/api/v1/sessions").json()["result"]["sessions"]
    return next(each for each in sessions if each["id"] == session.id)


def test_a_session_that_is_suspended_for_any_reason_says_how_many_objects_it_has(limited: Gateway, new: Any) -> None:
    idle, evicted = new(), new()
    with limited.client() as client:
        assert client.patch(idle.path, json={"idle_seconds": 0.3}).status_code == 200
        for session in (idle, evicted):
            assert session.create("Kept").status_code == 201
        eventually(lambda: listed(limited, idle)["state"] == "suspended", what="the suspension")
        assert (listed(limited, idle)["objects"], idle.shown()["objects"]) == (1, 1)
        others = new(), new()
        eventually(lambda: all(listed(limited, each)["state"] == "ready" for each in others), what="their turn")
        shown = evicted.shown()
    assert (shown["state"], shown["objects"]) == ("suspended", 1), shown


def test_a_session_that_was_awake_when_the_gateway_stopped_says_how_many_objects_it_has(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", environment={**SETTINGS, "CADGATE_MAX_AWAKE": "1"}).start()
    try:
        made = make(gateway, "freecad")
        assert made.create("Kept").status_code == 201
        gateway.stop()
        gateway.start()
        assert (listed(gateway, made)["state"], listed(gateway, made)["objects"]) == ("suspended", 1)
    finally:
        gateway.stop()
