"""The server inside an application, as raw sockets see it: who may speak, what is answered, and what cannot hurt it."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cadgate.appserver.framing import MAX_FRAME
from cadgate.appserver.io_thread import MAX_CONNECTIONS
from tests.core.fake_app import SECRET, Control, RawApplication, Wire, fake_settings, item, raw_application
from tests.gateway import alive, eventually


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawApplication]:
    """One application for all tests that do not break it. It gives peers up after half a second."""
    settings = fake_settings(send_timeout_seconds=0.5, hello_timeout_seconds=0.5)
    with raw_application(tmp_path_factory.mktemp("application"), settings) as made:
        yield made
        assert made.popen.poll() is None, made.log


@pytest.fixture
def wire(application: RawApplication) -> Iterator[Wire]:
    with application.connect() as made:
        yield made


@pytest.fixture
def stranger(application: RawApplication) -> Iterator[Wire]:
    """A connection that has not proved itself."""
    with Wire(application.about["port"]) as made:
        yield made


def error_of(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["error"]["data"]["code"], answer["error"]["message"]


# --- who may speak -----------------------------------------------------------------------------------------------


def test_a_hello_says_what_serves(application: RawApplication, stranger: Wire) -> None:
    result = stranger.hello()["result"]
    assert (result["adapter"], result["application"], result["protocol"]) == ("fake", "Fake 1.0", 1)
    assert result["pid"] == application.popen.pid
    assert "items.create" in result["methods"]


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        struct.pack(">I", 65 * 1024),
        struct.pack(">I", 2**32 - 1),
        Wire.frame({"id": 1, "method": "session.ping", "params": {}}),
        Wire.frame({"id": 1, "method": "items.create", "params": item("Intruder")}),
        Wire.frame({"id": 1, "method": "session.hello"}),
        Wire.frame({"id": 1, "method": "session.hello", "params": [SECRET, 1]}),
        Wire.frame({"id": 1, "method": "session.hello", "params": {"protocol": 1}}),
        Wire.frame({"id": 1, "method": "session.hello", "params": {"secret": "", "protocol": 1}}),
        Wire.frame({"id": 1, "method": "session.hello", "params": {"secret": SECRET + " ", "protocol": 1}}),
        Wire.frame({"id": 1, "method": "session.hello", "params": {"secret": "\ud800", "protocol": 1}}),
        Wire.frame({"id": 1, "method": "session.hello", "params": {"secret": {"a": 1}, "protocol": 1}}),
        Wire.frame([1, 2]),
        Wire.frame("hello"),
        Wire.frame(None),
        struct.pack(">I", 0),
        struct.pack(">I", 5) + b"\xff\xfe\x00{}",
        struct.pack(">I", 60_000) + b"[" * 60_000,
    ],
)
def test_whoever_begins_with_anything_but_the_right_hello_is_closed_at_once(
    wire: Wire, stranger: Wire, first: bytes
) -> None:
    stranger.raw(first)
    assert stranger.socket.recv(1000) == b""
    assert "Intruder" not in wire.names()


def test_another_protocol_is_told_which_one_is_spoken_and_closed(stranger: Wire) -> None:
    assert error_of(stranger.hello(protocol=2)) == (
        "protocol_mismatch",
        "This server speaks protocol 1, not 2",
    )
    assert stranger.closed()


def test_a_peer_that_never_finishes_its_hello_is_closed_and_others_are_served_meanwhile(
    wire: Wire, stranger: Wire
) -> None:
    hello = Wire.frame({"id": 1, "method": "session.hello", "params": {"secret": SECRET, "protocol": 1}})
    stranger.raw(hello[:-1])
    assert wire.call("session.ping")["result"] == {"pong": True}
    assert stranger.closed()


def test_a_hello_in_single_bytes_is_understood(stranger: Wire) -> None:
    for byte in Wire.frame({"id": 7, "method": "session.hello", "params": {"secret": SECRET, "protocol": 1}}):
        stranger.raw(bytes([byte]))
    assert stranger.answer(7)["result"]["adapter"] == "fake"


def test_a_second_hello_is_an_unknown_method(wire: Wire) -> None:
    assert error_of(wire.hello())[0] == "not_found"


def test_more_connections_than_allowed_are_closed_and_those_that_are_there_go_on(
    application: RawApplication, wire: Wire
) -> None:
    port = application.about["port"]
    crowd = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(MAX_CONNECTIONS + 5)]
    try:
        assert crowd[-1].recv(1) == b""
        assert wire.call("session.ping")["result"] == {"pong": True}
    finally:
        for each in crowd:
            each.close()
    with application.connect() as another:
        assert another.call("session.ping")["result"] == {"pong": True}


# --- what is answered --------------------------------------------------------------------------------------------


def test_many_calls_in_one_piece_are_each_answered_once_with_their_id(wire: Wire) -> None:
    numbers = range(1000, 1300)
    wire.raw(b"".join(Wire.frame({"id": n, "method": "work.sleep", "params": {"seconds": 0}}) for n in numbers))
    assert [wire.answer(n)["id"] for n in numbers] == list(numbers)


def test_an_unknown_method_is_an_error(wire: Wire) -> None:
    assert error_of(wire.call("items.invent")) == ("not_found", "fake has no method 'items.invent'")


def test_unknown_parameters_are_an_error(wire: Wire) -> None:
    code, message = error_of(wire.call("items.get", {"name": "x", "colour": "red"}))
    assert code == "internal_error"
    assert "colour" not in message


def test_a_notification_is_not_answered(wire: Wire) -> None:
    wire.raw(Wire.frame({"method": "items.invent", "params": {}}))
    assert wire.call("session.ping")["id"] == 1 + 1


@pytest.mark.parametrize("how", ["set", "nan", "circle", "key", "nested:5000", "bytes:70000000"])
def test_a_result_that_cannot_be_sent_is_an_error_and_ends_nothing(wire: Wire, how: str) -> None:
    code, message = error_of(wire.call("work.answer", {"how": how}))
    assert code == ("command_failed" if how.startswith("bytes") else "internal_error")
    assert "work.answer returned a result that cannot be sent" in message
    assert wire.call("session.ping")["result"] == {"pong": True}


def test_half_a_surrogate_pair_is_sent_as_a_question_mark(wire: Wire) -> None:
    assert wire.call("work.answer", {"how": "surrogate"})["result"] == {"value": "? and on"}


def test_a_large_result_comes_whole(wire: Wire) -> None:
    assert len(wire.call("work.answer", {"how": "bytes:20000000"})["result"]["value"]) == 20_000_000


def test_a_method_that_tells_the_process_to_exit_is_an_error_and_the_process_stays(wire: Wire) -> None:
    assert error_of(wire.call("work.crash", {"how": "exit"})) == (
        "internal_error",
        "work.crash failed because of a defect in the adapter 'fake'; the application's log has the traceback under "
        "this request id",
    )
    assert wire.call("session.ping")["result"] == {"pong": True}


def test_the_io_thread_says_what_the_main_thread_is_doing(application: RawApplication, wire: Wire) -> None:
    number = wire.send("work.sleep", {"seconds": 60})
    wire.begun("work.sleep")
    with application.connect() as other:
        status = other.call("session.status")["result"]
        assert (status["busy"], status["method"], status["queued"]) == (True, "work.sleep", 0)
        assert 0 <= status["busy_ms"] < 10_000
        waiting = wire.send("session.ping")
        eventually(lambda: other.call("session.status")["result"]["queued"] == 1)
    wire.cancel(number)
    assert wire.answer(waiting)["result"] == {"pong": True}
    assert wire.call("session.status")["result"] == {"busy": False, "queued": 0}


# --- what cannot hurt it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        struct.pack(">I", MAX_FRAME + 1),
        struct.pack(">I", 3) + b"abc",
        struct.pack(">I", 2) + b"\xc3\x28",
        Wire.frame([]),
        Wire.frame({"id": 1}),
        Wire.frame({"id": 1, "method": 5}),
        Wire.frame({"id": 1, "method": "items.get", "params": "name"}),
        Wire.frame({"id": 1, "method": "items.get", "params": {}, "meta": "key"}),
        Wire.frame({"id": 1, "method": "items.get", "params": {}, "meta": [1]}),
        Wire.frame({"id": 1, "method": "items.get", "params": {}, "meta": {"deadline_ms": "soon"}}),
        Wire.frame({"id": 1, "method": "items.get", "params": {}, "meta": {"deadline_ms": []}}),
        struct.pack(">I", 200_000) + b"[" * 200_000,
    ],
)
def test_a_message_that_is_none_closes_its_connection_and_no_other(
    application: RawApplication, wire: Wire, bad: bytes
) -> None:
    with application.connect() as careless:
        careless.raw(bad)
        assert careless.closed()
    assert wire.call("session.ping")["result"] == {"pong": True}
    with application.connect() as another:
        assert another.call("session.ping")["result"] == {"pong": True}


def test_a_frame_that_never_ends_holds_up_nobody(application: RawApplication, wire: Wire) -> None:
    with application.connect() as slow:
        slow.raw(struct.pack(">I", 1_000_000) + b"[" * 1000)
        assert wire.call("session.ping")["result"] == {"pong": True}
        slow.raw(b"1" * 10)
        assert wire.call("session.ping")["result"] == {"pong": True}


def test_a_peer_that_does_not_read_is_dropped_and_the_others_are_served_soon(
    application: RawApplication, wire: Wire
) -> None:
    with application.connect() as deaf:
        deaf.send("work.answer", {"how": "bytes:30000000"})
        # Beside it, on the I/O thread, as many answers as it will never read.
        for _ in range(50):
            deaf.send("session.status")
        assert wire.call("session.status")["result"]["queued"] >= 0
        assert wire.call("session.ping")["meta"]["queue_ms"] < 3_000
        with pytest.raises((EOFError, ConnectionError)):
            deaf.answer(1)


def test_a_peer_that_leaves_in_the_middle_of_its_call_hurts_nobody(application: RawApplication, wire: Wire) -> None:
    for _ in range(20):
        with application.connect() as short:
            short.send("work.answer", {"how": "bytes:1000000"})
    assert wire.call("session.ping")["result"] == {"pong": True}


def test_events_reach_every_peer_that_proved_itself_and_no_other(
    application: RawApplication, wire: Wire, stranger: Wire
) -> None:
    with application.connect() as listener:
        wire.call("work.emit", {"topic": "objects", "count": 3, "size": 10})
        listener.call("session.ping")
        told = [each["params"]["data"]["number"] for each in listener.notifications if each["method"] == "event"]
        assert told == [0, 1, 2]
    stranger.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        stranger.socket.recv(1)


# --- deadlines and interruptions ---------------------------------------------------------------------------------


def test_a_call_whose_deadline_passed_in_the_queue_is_answered_and_not_run(wire: Wire) -> None:
    wire.send("work.sleep", {"seconds": 0.1})
    answer = wire.create("TooLate", deadline_ms=20)
    assert error_of(answer) == (
        "deadline_exceeded",
        "items.create waited longer than its deadline and was not started",
    )
    assert "TooLate" not in wire.names()


@pytest.mark.parametrize("method", ["work.spin", "work.lock", "work.sleep"])
def test_a_running_call_can_be_cancelled(wire: Wire, method: str) -> None:
    number = wire.send(method, {"seconds": 60} if method == "work.sleep" else {})
    wire.begun(method)
    wire.cancel(number)
    assert error_of(wire.answer(number)) == ("interrupted", f"{method} was interrupted; nothing was changed")
    assert wire.call("session.ping")["result"] == {"pong": True}


@pytest.mark.parametrize("method", ["work.spin", "work.sleep"])
def test_a_running_call_stops_at_its_deadline_though_nobody_cancels_it(
    application: RawApplication, wire: Wire, method: str
) -> None:
    with application.connect() as gone:
        gone.send(method, {"seconds": 60} if method == "work.sleep" else {}, deadline_ms=200)
        wire.begun(method)
    assert wire.call("session.ping", deadline_ms=20_000)["result"] == {"pong": True}
    answer = wire.call(method, {"seconds": 60} if method == "work.sleep" else {}, deadline_ms=100)
    assert error_of(answer) == ("deadline_exceeded", f"{method} was stopped at its deadline; nothing was changed")


def test_a_call_that_is_cancelled_in_the_queue_is_not_run(wire: Wire) -> None:
    running = wire.send("work.sleep", {"seconds": 60})
    wire.begun("work.sleep")
    waiting = wire.send("items.create", item("Cancelled"), mutates=True, key="cancelled")
    wire.cancel(waiting)
    wire.cancel(running)
    assert error_of(wire.answer(running))[0] == "interrupted"
    assert error_of(wire.answer(waiting))[0] == "interrupted"
    assert "Cancelled" not in wire.names()


def test_only_the_peer_that_made_a_call_can_cancel_it(application: RawApplication, wire: Wire) -> None:
    number = wire.send("work.sleep", {"seconds": 0.2})
    wire.begun("work.sleep")
    with application.connect() as other:
        other.cancel(number)
        other.call("session.status")
    assert wire.answer(number)["result"] == {"value": 0.2}


def test_cancellations_that_come_too_late_never_hit_the_next_call(wire: Wire) -> None:
    numbers: list[int] = []
    for _ in range(1500):
        numbers.append(wire.send("session.ping"))
        wire.cancel(numbers[-1])
        numbers.append(wire.send("work.answer", {"how": "big"}))
    told = [wire.answer(number) for number in numbers]
    assert [each["result"]["value"] for each in told[1::2]] == [2**80] * 1500
    assert {each.get("result", {}).get("pong") or error_of(each)[0] for each in told[::2]} <= {True, "interrupted"}


def test_a_mutation_that_is_interrupted_leaves_nothing_behind(wire: Wire) -> None:
    before = wire.names()
    for _ in range(20):
        number = wire.send("items.slow", item("Half", 30), mutates=True, key=f"interrupted-{_}")
        eventually(lambda: wire.call("session.status")["result"]["busy"])
        wire.cancel(number)
        assert error_of(wire.answer(number))[0] == "interrupted"
    assert wire.names() == before


def test_cancelling_mutations_at_any_moment_keeps_memory_and_journal_in_step(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application:
        with application.connect() as wire:
            numbers: list[int] = []
            for number in range(400):
                numbers.append(wire.send("items.create", item(f"N{number}"), mutates=True, key=f"k{number}"))
                wire.cancel(numbers[-1])
            answers = [wire.answer(number) for number in numbers]
            made = [each["result"]["name"] for each in answers if "result" in each]
            assert wire.names() == made
        application.again()
        assert application.report["damages"] == []
        with application.connect() as wire:
            assert wire.names() == made


# --- at most once ------------------------------------------------------------------------------------------------


def test_a_mutation_that_is_sent_again_from_elsewhere_gets_the_first_answer(
    application: RawApplication, wire: Wire
) -> None:
    key = {"key": "again", "hash": "digest"}
    first = wire.create(value="once", **key)
    with application.connect() as other:
        again = other.create(value="once", **key)
    assert again["replayed"] is True
    assert again["result"] == first["result"]
    assert [each for each in wire.names() if each.startswith(first["result"]["name"])] == [first["result"]["name"]]


def test_the_same_mutation_twice_in_flight_is_done_once(application: RawApplication, wire: Wire) -> None:
    meta = {"mutates": True, "key": "flight", "hash": "digest"}
    first = wire.send("items.slow", item("Flight", 0.1), **meta)
    with application.connect() as other:
        second = other.send("items.slow", item("Flight", 0.1), **meta)
        assert other.answer(second)["result"] == wire.answer(first)["result"]


def test_the_same_key_for_another_body_is_a_conflict(wire: Wire) -> None:
    wire.create("Mine", key="conflict", hash="one")
    code, message = error_of(wire.create("Other", key="conflict", hash="two"))
    assert code == "idempotency_conflict"
    assert "'conflict'" in message
    assert "Other" not in wire.names()


def test_a_failure_is_not_remembered(wire: Wire) -> None:
    wire.create("Occupied")
    assert error_of(wire.create("Occupied", key="failed"))[0] == "name_taken"
    wire.mutate("items.delete", {"name": "Occupied"})
    assert wire.create("Occupied", key="failed")["result"]["name"] == "Occupied"


def test_a_dry_run_is_not_remembered_and_changes_nothing(wire: Wire) -> None:
    assert wire.create("Dry", key="dry", dry_run=True)["result"] == {"dry_run": True}
    assert "Dry" not in wire.names()
    assert wire.create("Dry", key="dry")["result"]["name"] == "Dry"
    assert error_of(wire.create("Dry", dry_run=True))[0] == "name_taken"


@pytest.mark.parametrize("value", ["set", "nan"])
def test_a_mutation_whose_result_is_not_json_is_taken_back(wire: Wire, value: str) -> None:
    before = wire.names()
    code, message = error_of(wire.mutate("items.wrong", item("Wrong", value)))
    assert code == "internal_error"
    assert "was rolled back" in message
    assert wire.names() == before


@pytest.mark.parametrize("value", ["raise", "exit"])
def test_a_mutation_that_fails_half_way_is_taken_back(wire: Wire, value: str) -> None:
    before = wire.names()
    assert error_of(wire.mutate("items.half", item("Half", value)))[0] == "internal_error"
    assert wire.names() == before


def test_a_lost_race_is_told_with_both_revisions(wire: Wire) -> None:
    made = wire.create("Raced")["result"]
    assert error_of(wire.mutate("items.update", {"name": "Raced", "note": "x"}, if_match="r0"))[0] == (
        "revision_mismatch"
    )
    answer = wire.mutate("items.update", {"name": "Raced", "note": "x"}, if_match=made["revision"])
    assert answer["result"]["note"] == "x"


# --- its end -----------------------------------------------------------------------------------------------------


def test_a_shutdown_answers_what_came_before_it_and_saves(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application:
        with application.connect() as wire:
            number = wire.send("items.create", item("Last"), mutates=True, key="last")
            ending = wire.send("session.shutdown")
            assert wire.answer(number)["result"]["name"] == "Last"
            assert wire.answer(ending)["result"] == {"stopping": True}
            assert wire.closed()
        assert application.popen.wait(5) == 0
        application.again()
        assert application.report == {"replayed": 0, "damages": []}
        with application.connect() as wire:
            assert wire.names() == ["Last"]


def test_a_shutdown_whose_snapshot_fails_ends_all_the_same_and_loses_nothing(tmp_path: Path) -> None:
    control = Control(tmp_path)
    with raw_application(tmp_path, fake_settings(control)) as application:
        with application.connect() as wire:
            wire.create("Kept")
            control.tell(save="fail")
            wire.call("session.shutdown")
        assert application.popen.wait(5) == 0
        application.again()
        with application.connect() as wire:
            assert wire.names() == ["Kept"]


def test_the_call_whose_entry_makes_the_log_too_long_is_remembered_by_the_snapshot_that_cuts_it(
    tmp_path: Path,
) -> None:
    with raw_application(tmp_path, fake_settings(max_entries=2)) as application:
        with application.connect() as wire:
            wire.create("First", key="first", hash="h")
            second = wire.create("Second", key="second", hash="h")
            eventually((application.journal / "gen-000001").is_dir, what="the snapshot that a copy writes")
        application.again()
        assert application.report == {"replayed": 0, "damages": []}
        with application.connect() as wire:
            again = wire.create("Second", key="second", hash="h")
            assert (again["result"], again["replayed"]) == (second["result"], True)
            assert wire.names() == ["First", "Second"]


def test_what_a_function_does_to_its_parameters_is_not_what_is_replayed(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application:
        with application.connect() as wire:
            assert wire.create("Alone", {"grows": []})["result"]["value"] == {"grows": ["grown"]}
            parts = [{"method": "items.create", "params": item("Part", {"grows": []}), "mutates": True}]
            wire.mutate("session.batch", {"calls": parts, "atomic": True})
        application.again()
        assert application.report == {"replayed": 2, "damages": []}
        with application.connect() as wire:
            for name in ("Alone", "Part"):
                assert wire.call("items.get", {"name": name})["result"]["value"] == {"grows": ["grown"]}


def test_the_death_of_the_gateway_ends_the_application(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application, application.connect() as wire:
        wire.send("work.stuck", {"seconds": 60})
        wire.begun("work.stuck")
        os.close(application._lifeline)
        application.popen.wait(5)
        assert not alive(application.popen.pid)
        application._lifeline = -1


def test_what_it_says_is_json(application: RawApplication) -> None:
    assert json.loads(json.dumps(application.about)) == application.about
