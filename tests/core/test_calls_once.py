"""Calls with an idempotency key: done once, also after deaths and for clients that have gone."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from cadgate.dispatch.idempotency import Once
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import (
    ApplicationRestarted,
    CommandExecutionError,
    IdempotencyConflict,
)
from tests.core.fake_app import Control, becomes

from cadgate_fake import models as m  # isort: skip
from cadgate_fake import routers  # isort: skip
from tests.core.test_calls import app_of, names

pytestmark = pytest.mark.anyio


# --- idempotency -------------------------------------------------------------------------------------------------


async def test_the_same_key_and_body_is_done_once(runtime: SessionRuntime) -> None:
    app = app_of(runtime, idempotency_key="k")
    first = await app.call(m.CREATE, m.ItemParams(value=1))
    assert await app.call(m.CREATE, m.ItemParams(value=1)) == first
    with pytest.raises(IdempotencyConflict):
        await app.call(m.CREATE, m.ItemParams(value=2))
    with pytest.raises(IdempotencyConflict):
        await app.bind(shelf="other").call(m.CREATE, m.ItemParams(value=1))
    assert await names(runtime) == ["Item"]


async def test_the_same_key_twice_at_once_is_done_once(runtime: SessionRuntime) -> None:
    app = app_of(runtime, idempotency_key="k")
    made = await asyncio.gather(*(app.call(m.SLOW_CREATE, m.ItemParams(value=0.05)) for _ in range(5)))
    assert {each.serial for each in made} == {1}
    both = await asyncio.gather(
        *(app_of(runtime, idempotency_key="i").call(m.IMPORT, m.ImportParams(names=["X"])) for _ in range(3))
    )
    assert both[0] == both[1] == both[2]
    assert routers.runs == ["files.import"]


async def test_the_same_key_after_a_death_gets_the_first_answer(runtime: SessionRuntime) -> None:
    """In the gateway's memory, in the journal's entries, and in its snapshots."""
    created = await app_of(runtime, idempotency_key="created").call(m.CREATE, m.ItemParams())
    bulk = await app_of(runtime, idempotency_key="bulk").call(m.BULK, m.ItemParams())
    later = await app_of(runtime, idempotency_key="later").call(m.CREATE, m.ItemParams())
    for _ in range(2):
        os.kill(runtime.session.status().pid or 0, signal.SIGKILL)
        await becomes(lambda: not runtime.session.ready.is_set())
        await runtime.session.ready.wait()
        for key, method, first in (
            ("created", m.CREATE, created),
            ("bulk", m.BULK, bulk),
            ("later", m.CREATE, later),
        ):
            assert await app_of(runtime, idempotency_key=key).call(method, m.ItemParams()) == first
    assert len(await names(runtime)) == 3


async def test_an_import_that_died_half_way_is_finished_by_sending_it_again(
    runtime: SessionRuntime, control: Control
) -> None:
    """The part that was done is not done again, though the temporary folder has another name now."""
    app = app_of(runtime, idempotency_key="import")
    control.tell(die_after_import="A")
    with pytest.raises(ApplicationRestarted):
        await app.call(m.IMPORT, m.ImportParams(names=["A", "B", "C"]))
    control.tell(die_after_import=None)
    await runtime.session.ready.wait()
    assert await names(runtime) == ["A"]
    made = await app.call(m.IMPORT, m.ImportParams(names=["A", "B", "C"]))
    assert [each.name for each in made.objects] == await names(runtime) == ["A", "B", "C"]
    with pytest.raises(IdempotencyConflict):
        await app.call(m.IMPORT, m.ImportParams(names=["A", "B"]))


async def test_the_calls_of_a_handler_have_keys_of_their_own(runtime: SessionRuntime) -> None:
    app = app_of(runtime, idempotency_key="many")
    made = await app.call(m.TWICE, m.ItemParams(name="Fourth"))
    assert await names(runtime) == ["First", "Second", "Third", "Fourth"]
    assert await app.call(m.TWICE, m.ItemParams(name="Fourth")) == made
    # Another gateway, which remembers nothing: every part is answered by the application's memory.
    runtime.calls._once = Once()
    assert await app.call(m.TWICE, m.ItemParams(name="Fourth")) == made
    assert await names(runtime) == ["First", "Second", "Third", "Fourth"]


async def test_a_handler_that_was_refused_is_not_run_again_and_one_with_a_defect_is(runtime: SessionRuntime) -> None:
    refused = app_of(runtime, idempotency_key="refused")
    for _ in range(2):
        with pytest.raises(CommandExecutionError, match="refused"):
            await refused.call(m.BROKEN_HANDLER, m.How(how="refuse"))
    assert routers.runs == ["files.broken"]
    broken = app_of(runtime, idempotency_key="broken")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await broken.call(m.BROKEN_HANDLER, m.How())
    assert routers.runs == ["files.broken"] * 3


async def test_a_request_that_killed_the_application_twice_is_set_aside_and_those_that_waited_are_done(
    runtime: SessionRuntime,
) -> None:
    poison, innocent = app_of(runtime, idempotency_key="poison"), app_of(runtime, idempotency_key="innocent")
    for _ in range(2):
        both = await asyncio.gather(
            poison.call(m.CRASH_CREATE, m.ItemParams()),
            innocent.call(m.CREATE, m.ItemParams(name="Innocent")),
            return_exceptions=True,
        )
        assert isinstance(both[0], ApplicationRestarted)
        assert isinstance(both[1], m.ItemInfo)
        assert both[1].name == "Innocent"
        await runtime.session.ready.wait()
    with pytest.raises(CommandExecutionError, match="set aside"):
        await poison.call(m.CRASH_CREATE, m.ItemParams())
    assert runtime.session.status().restarts == 2
    assert (await innocent.call(m.CREATE, m.ItemParams(name="Innocent"))).name == "Innocent"


async def test_a_request_that_was_done_before_it_was_set_aside_still_gets_its_answer(runtime: SessionRuntime) -> None:
    done = app_of(runtime, idempotency_key="done")
    first = await done.call(m.CREATE, m.ItemParams())
    # As after two deaths that took its answer with them.
    runtime.calls._deaths["done"] = 2
    assert await done.call(m.CREATE, m.ItemParams()) == first
    runtime.calls._deaths["undone"] = 2
    undone = app_of(runtime, idempotency_key="undone")
    with pytest.raises(CommandExecutionError, match="set aside") as caught:
        await undone.call(m.CREATE, m.ItemParams())
    assert caught.value.details["deaths"] == 2


async def test_once_forgets_its_oldest_keys() -> None:
    once = Once(limit=2)
    ran: list[str] = []

    async def work(key: str) -> str:
        ran.append(key)
        return key

    for key in ("a", "b", "c", "c", "a"):
        assert await once.run_once(key, "digest", lambda key=key: work(key)) == key
        await asyncio.sleep(0)
    assert ran == ["a", "b", "c", "a"]


async def test_what_a_client_asked_for_once_goes_on_when_it_leaves_and_ends_with_the_gateway() -> None:
    once = Once()
    gate = asyncio.Event()
    task = asyncio.create_task(once.run_once("k", "d", gate.wait))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = asyncio.create_task(once.run_once("k", "d", gate.wait))
    gate.set()
    assert await again is True
    waiting = asyncio.create_task(once.run_once("other", "d", asyncio.Event().wait))
    await asyncio.sleep(0)
    await once.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
