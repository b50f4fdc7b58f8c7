"""Calls to the server inside an application, as raw sockets see them: deadlines, interruptions, and at most once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadgate.appserver import AppError, context
from cadgate.appserver.meta import CallMeta
from tests.core.fake_app import RawApplication, Wire, item, raw_application
from tests.core.test_appserver import error_of
from tests.gateway import eventually

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


@pytest.mark.parametrize(("expected", "times"), [(None, 0), ("r1", 1), ("r0", 1)])
def test_the_revision_before_a_change_is_found_only_for_a_request_with_if_match(
    expected: str | None, times: int
) -> None:
    found: list[str] = []

    def revision() -> str:
        found.append("r1")
        return "r1"

    meta: CallMeta = {"mutates": True} if expected is None else {"mutates": True, "if_match": expected}
    call = context.Call(None, 1, "items.update", {}, meta)
    context.enter_call(call)
    try:
        if expected == "r0":
            with pytest.raises(AppError) as refused:
                context.about_to_change(revision)
            assert (refused.value.code, refused.value.details) == (
                "revision_mismatch",
                {"expected": "r0", "actual": "r1"},
            )
        else:
            context.about_to_change(revision)
    finally:
        context.leave_call()
    assert (len(found), call.changed) == (times, expected != "r0")
