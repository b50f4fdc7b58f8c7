"""The server inside an application, as raw sockets see it: who may speak, what is answered, and what cannot hurt it."""

from __future__ import annotations

import json
import os
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from cadgate.appserver.framing import MAX_FRAME
from cadgate.appserver.io_thread import MAX_CONNECTIONS, READ_SIZE
from tests.core.fake_app import SECRET, Control, RawApplication, Wire, fake_settings, item, raw_application
from tests.gateway import alive, eventually


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

    def accepted() -> Wire | None:
        """A connection, once the application has noticed that the crowd is gone."""
        wire = Wire(port)
        try:
            wire.hello()
        except (EOFError, OSError):
            wire.socket.close()
            return None
        return wire

    with eventually(accepted, what="another connection") as another:
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


@pytest.mark.parametrize("how", ["set", "nan", "circle", "key", "nested:200000", "bytes:70000000"])
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


# --- who reads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epoll", [True, False])
def test_what_arrives_behind_a_long_call_is_read_while_it_runs(tmp_path: Path, epoll: bool) -> None:
    control = Control(tmp_path)
    control.tell(epoll=epoll)
    with raw_application(tmp_path, fake_settings(control)) as application, application.connect() as wire:
        # More than one read takes, so that the cancellation is still unread when the call begins.
        ignored = Wire.frame({"jsonrpc": "2.0", "method": "$/cancel", "params": {"id": "x" * 3 * READ_SIZE}})
        sleep = Wire.frame({"id": 100, "method": "work.sleep", "params": {"seconds": 60}})
        cancel = Wire.frame({"method": "$/cancel", "params": {"id": 100}})
        wire.raw(sleep + ignored + cancel)
        assert error_of(wire.answer(100))[0] == "interrupted"


@pytest.mark.parametrize("epoll", [True, False])
def test_the_calls_of_each_peer_run_in_their_order_whoever_reads_them(tmp_path: Path, epoll: bool) -> None:
    control = Control(tmp_path)
    control.tell(epoll=epoll)
    with raw_application(tmp_path, fake_settings(control)) as application, application.connect() as first:
        number = first.send("work.sleep", {"seconds": 60})
        first.begun("work.sleep")
        with application.connect() as second:
            for wire in (first, second):
                for index in range(20):
                    wire.send("items.create", item(f"{id(wire)}-{index:02}"), mutates=True)
            eventually(lambda: second.call("session.status")["result"]["queued"] == 40)
            first.cancel(number)
            eventually(lambda: len(second.names()) == 40)
            for wire in (first, second):
                own = [name for name in second.names() if name.startswith(f"{id(wire)}-")]
                assert own == [f"{id(wire)}-{index:02}" for index in range(20)]
            assert error_of(first.answer(number))[0] == "interrupted"


def test_a_deadline_is_kept_by_an_application_that_was_idle_for_long(application: RawApplication, wire: Wire) -> None:
    seen: list[list[str]] = [_switches(application)]

    def idle() -> bool:
        seen.append(_switches(application))
        return len(seen) > 20 and all(each == seen[-1] for each in seen[-5:])

    eventually(idle, what="the threads to wait without an end")
    assert error_of(wire.call("work.sleep", {"seconds": 60}, deadline_ms=100))[0] == "deadline_exceeded"


def _switches(application: RawApplication) -> list[str]:
    """How often each thread of the application has waited."""
    tasks = sorted(Path(f"/proc/{application.popen.pid}/task").iterdir())
    lines = [line for task in tasks for line in (task / "status").read_text().splitlines()]
    return [line for line in lines if line.startswith("voluntary_ctxt_switches")]


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
