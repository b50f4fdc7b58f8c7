"""Batches: each call for itself or all or nothing; what is wrong with one; their keys, deadlines and undo."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.builtin import REDO, UNDO, Batch, BatchCall, BatchFailure, BatchResults
from cadgate.contract.context import Caller, RequestContext
from cadgate.dispatch.application import Application
from cadgate.dispatch.batch import run_batch
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import (
    ApplicationRestarted,
    DeadlineExceeded,
    Forbidden,
    IdempotencyConflict,
    InternalError,
    NameTaken,
    NotFound,
    Unprocessable,
    ValidationFailed,
)
from cadgate.models.common import Empty
from tests.core.fake_app import Control, RawApplication, becomes, fake_settings, item, raw_application, running

from cadgate_fake import models as m  # isort: skip
from cadgate_fake import routers  # isort: skip
from cadgate_fake.settings import FakeSettings  # isort: skip

pytestmark = pytest.mark.anyio

HERE = RequestContext(request_id="test", caller=Caller(LOCAL))


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control(tmp_path)


@pytest.fixture(params=[False, True], ids=["journal", "transactions"])
async def runtime(tmp_path: Path, control: Control, request: pytest.FixtureRequest) -> AsyncIterator[SessionRuntime]:
    """With an application that leaves undoing to the journal, and with one that has transactions of its own."""
    routers.runs.clear()
    async with running(tmp_path, fake_settings(control, transactional=request.param)) as made:
        yield made


def create(name: str | None = None, value: Any = 0, **more: Any) -> tuple[str, dict[str, Any]]:
    return "items.create", {"name": name, "value": value, **more}


async def run(
    runtime: SessionRuntime, *calls: tuple[str, dict[str, Any]], atomic: bool = False, **context: Any
) -> BatchResults:
    batch = Batch(calls=[BatchCall(method=method, params=params) for method, params in calls], atomic=atomic)
    results = await run_batch(runtime, replace(HERE, **context), batch)
    # As a client reads them.
    return BatchResults.model_validate_json(results.model_dump_json())


def codes(results: BatchResults) -> list[str]:
    return [each.error.code if isinstance(each, BatchFailure) else "ok" for each in results.results]


def worked(results: BatchResults) -> list[Any]:
    """What the calls answered, all of which worked."""
    assert not any(isinstance(each, BatchFailure) for each in results.results), results
    return [each.result for each in results.results if not isinstance(each, BatchFailure)]


async def names(runtime: SessionRuntime) -> list[str]:
    listed = await Application(runtime, HERE).call(m.LIST, m.Page(fields="name"))
    return [each["name"] for each in listed.objects if isinstance(each, dict)]


async def restart(runtime: SessionRuntime) -> None:
    os.kill(runtime.session.status().pid or 0, signal.SIGKILL)
    await becomes(lambda: not runtime.session.ready.is_set())
    await runtime.session.ready.wait()


# --- each for itself ---------------------------------------------------------------------------------------------


async def test_each_call_sees_what_the_ones_before_it_did_and_has_its_own_answer(runtime: SessionRuntime) -> None:
    results = await run(
        runtime,
        create("A"),
        create("A"),
        ("items.get", {"name": "A"}),
        ("items.get", {"name": "B"}),
        ("items.delete", {"name": "A"}),
        ("items.get", {"name": "A"}),
    )
    assert codes(results) == ["ok", "name_taken", "ok", "item_not_found", "ok", "item_not_found"]
    failure = results.results[1]
    assert isinstance(failure, BatchFailure)
    assert (failure.status, failure.error.request_id) == ("error", "test")
    assert await names(runtime) == []


async def test_what_is_wrong_with_a_call_is_its_own_answer(runtime: SessionRuntime) -> None:
    results = await run(
        runtime,
        ("items.invent", {}),
        ("session.batch", {"calls": []}),
        ("items.create", {"name": 5}),
        ("items.create", {"colour": "red"}),
        create("Good"),
        ("items.half", {"name": "Bad"}),
        ("items.wrong", {"name": "Ugly", "value": "text"}),
        ("files.broken", {}),
        ("work.privileged", {}),
        caller=Caller(Authority("key:test", frozenset({"read", "write"}))),
    )
    assert codes(results) == [
        "not_found",
        "not_found",
        "validation_error",
        "validation_error",
        "ok",
        "internal_error",
        "internal_error",
        "internal_error",
        "forbidden",
    ]
    assert "Bad" not in await names(runtime)


async def test_handlers_run_in_their_place_between_the_others(runtime: SessionRuntime) -> None:
    results = await run(
        runtime,
        create("A"),
        ("files.import", {"names": ["B", "A", "C"]}),
        create("C"),
        ("files.write", {"filepath": "list"}),
        create("D"),
    )
    assert codes(results) == ["ok", "name_taken", "ok", "ok", "ok"]
    assert await names(runtime) == ["A", "B", "C", "D"]
    assert routers.runs == ["files.import", "files.write"]


async def test_context_values_stand_in_params_and_the_querys_are_the_default(runtime: SessionRuntime) -> None:
    results = await run(runtime, create("A"), create("B", shelf="lower"), values={"shelf": "upper"})
    assert [each["shelf"] for each in worked(results)] == ["upper", "lower"]


async def test_a_dry_batch_changes_nothing(runtime: SessionRuntime) -> None:
    results = await run(
        runtime,
        create("A"),
        ("items.list", {}),
        ("files.import", {"names": ["B"]}),
        ("session.undo", {}),
        dry_run=True,
    )
    # Each is checked against the present state, in which there is nothing to undo.
    assert codes(results) == ["ok", "ok", "ok", "conflict"]
    done = [each.result for each in results.results if not isinstance(each, BatchFailure)]
    assert [each.get("dry_run") for each in done] == [True, None, True]
    assert await names(runtime) == []


async def test_the_deadline_of_a_batch_is_that_of_all_its_calls(runtime: SessionRuntime) -> None:
    results = await run(
        runtime,
        create("Before"),
        ("work.sleep", {"seconds": 60}),
        create("After"),
        ("files.write", {"seconds": 60}),
        deadline_seconds=0.2,
    )
    assert codes(results) == ["ok", "deadline_exceeded", "deadline_exceeded", "deadline_exceeded"]
    assert await names(runtime) == ["Before"]
    assert runtime.session.status().restarts == 0


async def test_a_death_in_the_middle_fails_what_was_sent_with_it_and_the_rest_goes_on_or_waits(
    runtime: SessionRuntime,
) -> None:
    results = await run(runtime, create("A"), ("items.crash", {"name": "B"}), create("C"))
    assert codes(results) == ["application_restarted"] * 3
    await runtime.session.ready.wait()
    # A was done and kept before the death; with a key the client would have learnt that.
    assert await names(runtime) == ["A"]


async def test_the_same_key_does_every_call_once_also_after_a_death(runtime: SessionRuntime) -> None:
    calls = (create(None, 1), ("files.import", {"names": ["I"]}), create(None, 2), ("items.list", {}))
    first = await run(runtime, *calls, idempotency_key="k")
    again = await run(runtime, *calls, idempotency_key="k")
    assert again.results[:3] == first.results[:3]
    await restart(runtime)
    assert (await run(runtime, *calls, idempotency_key="k")).results[:3] == first.results[:3]
    assert await names(runtime) == ["Item", "I", "Item.001"]


@pytest.mark.parametrize("atomic", [False, True])
async def test_the_same_key_with_other_calls_is_a_conflict_before_anything_is_done(
    runtime: SessionRuntime, atomic: bool
) -> None:
    await run(runtime, create("A"), create("B"), idempotency_key="k", atomic=atomic)
    for other in ((create("C"), create("B")), (create("A"), create("B"), create("C")), (create("A"),)):
        for how in (False, True):
            if other != (create("A"), create("B")) or how != atomic:
                with pytest.raises(IdempotencyConflict):
                    await run(runtime, *other, idempotency_key="k", atomic=how)
    assert await names(runtime) == ["A", "B"]


async def test_a_long_batch_is_done_in_one_exchange(runtime: SessionRuntime) -> None:
    times: list[float] = []
    results = await run(
        runtime, *(create(f"N{number}") for number in range(500)), timing=lambda queue, work: times.append(work)
    )
    assert codes(results) == ["ok"] * 500
    assert len(times) == 1
    assert len(await names(runtime)) == 500


# --- all or nothing ----------------------------------------------------------------------------------------------


async def test_an_atomic_batch_that_works_is_one_change(runtime: SessionRuntime) -> None:
    results = await run(runtime, create("A"), create(None), ("items.get", {"name": "A"}), atomic=True)
    assert [each["name"] for each in worked(results)] == ["A", "Item", "A"]
    app = Application(runtime, HERE)
    await restart(runtime)
    assert await names(runtime) == ["A", "Item"]
    if not cast(FakeSettings, runtime.served.settings).transactional:
        assert (await app.call(UNDO, Empty())).undone == "session.batch"
        assert await names(runtime) == []
        await app.call(REDO, Empty())
        assert await names(runtime) == ["A", "Item"]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (create("A"), NameTaken),
        (("items.get", {"name": "nobody"}), NotFound),
        (("items.half", {"name": "B"}), InternalError),
        (("items.half", {"name": "B", "value": "exit"}), InternalError),
        (("items.wrong", {"name": "B", "value": "set"}), InternalError),
        (("items.invent", {}), NotFound),
        (("items.create", {"name": 5}), ValidationFailed),
        (("work.privileged", {}), Forbidden),
        (("work.spin", {}), DeadlineExceeded),
    ],
)
async def test_an_atomic_batch_that_fails_changes_nothing_and_says_which_call_it_was(
    runtime: SessionRuntime, bad: tuple[str, dict[str, Any]], kind: type[Exception]
) -> None:
    await run(runtime, create("Before"))
    with pytest.raises(kind) as caught:
        await run(
            runtime,
            create("A"),
            ("items.delete", {"name": "Before"}),
            bad,
            atomic=True,
            caller=Caller(Authority("key:test", frozenset({"read", "write"}))),
            deadline_seconds=0.4,
        )
    if bad[1].get("value") != "set":
        # (Which of them gave what is no JSON is not known.)
        assert caught.value.details["index"] == 2  # type: ignore[attr-defined]
    assert await names(runtime) == ["Before"]
    await restart(runtime)
    assert await names(runtime) == ["Before"]


@pytest.mark.parametrize(
    "unfit",
    [
        ("files.import", {"names": []}),
        ("items.bulk", {}),
        ("session.undo", {}),
        ("files.write", {}),
        ("files.wait", {}),
    ],
)
async def test_what_cannot_be_taken_back_cannot_stand_in_an_atomic_batch(
    runtime: SessionRuntime, unfit: tuple[str, dict[str, Any]]
) -> None:
    with pytest.raises(Unprocessable, match="is not allowed in an atomic batch") as caught:
        await run(runtime, create("A"), unfit, atomic=True)
    assert caught.value.details == {"method": unfit[0], "index": 1}
    assert (caught.value.status, await names(runtime), routers.runs) == (422, [], [])


async def test_an_atomic_batch_is_done_once(runtime: SessionRuntime) -> None:
    first = await run(runtime, create(None), create(None), atomic=True, idempotency_key="k")
    assert await run(runtime, create(None), create(None), atomic=True, idempotency_key="k") == first
    await restart(runtime)
    assert await run(runtime, create(None), create(None), atomic=True, idempotency_key="k") == first
    assert await names(runtime) == ["Item", "Item.001"]


async def test_an_atomic_batch_that_killed_the_application_did_nothing(runtime: SessionRuntime) -> None:
    with pytest.raises(ApplicationRestarted):
        await run(runtime, create("A"), ("items.crash", {}), atomic=True)
    await runtime.session.ready.wait()
    assert await names(runtime) == []


async def test_a_dry_atomic_batch_changes_nothing(runtime: SessionRuntime) -> None:
    results = await run(runtime, create("A"), create("B"), atomic=True, dry_run=True)
    assert worked(results) == [{"dry_run": True}] * 2
    assert await names(runtime) == []


async def test_an_atomic_batch_of_reads_keeps_nothing(runtime: SessionRuntime) -> None:
    await run(runtime, ("items.list", {}), atomic=True)
    await restart(runtime)
    assert runtime.session._supervisor._source.report == {"replayed": 0, "damages": []}


# --- as the application sees it ----------------------------------------------------------------------------------


def test_a_batch_that_is_interrupted_says_what_was_done_and_what_was_not(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application, application.connect() as wire:
        calls = [
            {"method": "items.create", "params": item("Done"), "mutates": True},
            {"method": "work.sleep", "params": {"seconds": 60}},
            {"method": "items.create", "params": item("NotDone"), "mutates": True},
        ]
        number = wire.send("session.batch", {"calls": calls}, mutates=True, key="gw-batch")
        wire.begun("work.sleep")
        wire.cancel(number)
        results = wire.answer(number)["result"]["results"]
        assert results[0]["result"]["name"] == "Done"
        assert [each["error"]["data"]["code"] for each in results[1:]] == ["interrupted"] * 2
        assert "before items.create was started" in results[2]["error"]["message"]
        assert wire.names() == ["Done"]
        application.again()
        assert_names(application, ["Done"])


def test_interrupting_batches_at_any_moment_keeps_memory_and_journal_in_step(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application:
        with application.connect() as wire:
            for number in range(40):
                calls = [
                    {"method": "items.create", "params": item(f"N{number}-{each}"), "mutates": True}
                    for each in range(20)
                ]
                params = {"calls": calls, "atomic": number % 2 == 0}
                sent = wire.send("session.batch", params, mutates=True, key=f"gw-{number}")
                for _ in range(number % 5):
                    wire.call("session.status")
                wire.cancel(sent)
                wire.answer(sent)
            before = wire.names()
        application.again()
        assert application.report["damages"] == []
        assert_names(application, before)


def assert_names(application: RawApplication, expected: list[str]) -> None:
    with application.connect() as wire:
        assert wire.names() == expected


async def test_many_batches_at_once_do_not_mix(runtime: SessionRuntime) -> None:
    many = await asyncio.gather(
        *(run(runtime, *(create(f"B{batch}-{each}") for each in range(10))) for batch in range(10))
    )
    for batch, results in enumerate(many):
        assert [each["name"] for each in worked(results)] == [f"B{batch}-{each}" for each in range(10)]
