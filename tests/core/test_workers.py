"""Worker applications: lent one at a time, given back when they are well, ended when they are not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from cadgate.contract.authority import LOCAL
from cadgate.contract.context import Caller, RequestContext
from cadgate.dispatch.application import Application
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CommandExecutionError, DeadlineExceeded, InternalError
from cadgate.sessions.process import ApplicationProcess, StartFailed
from cadgate.sessions.worker import Worker, Workers
from tests.core.fake_app import Control, becomes, fake_settings, launch_of, running
from tests.gateway import alive, eventually

from cadgate_fake import models as m  # isort: skip

pytestmark = pytest.mark.anyio


class Yard:
    """Workers whose launches are counted, and fail where a test says so."""

    def __init__(self, folder: Path, spares: int, limit: int) -> None:
        self.folder = folder
        self.control = Control(folder)
        self.started: list[int] = []
        self.workers = Workers(self._launch, spares, limit)

    async def _launch(self, worker: Worker, number: int) -> ApplicationProcess:
        launch = launch_of(self.folder / str(number), fake_settings(self.control), journal=False)
        process = await ApplicationProcess.launch(launch, worker.notified)
        self.started.append(process.pid)
        return process

    @property
    def alive(self) -> list[int]:
        return [pid for pid in self.started if alive(pid)]


@contextlib.asynccontextmanager
async def yard_of(folder: Path, spares: int = 1, limit: int = 1) -> AsyncIterator[Yard]:
    yard = Yard(folder, spares, limit)
    try:
        yield yard
    finally:
        await yard.workers.close()
        assert yard.alive == []


async def test_a_warm_worker_is_taken_used_and_given_back(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        yard.workers.warm()
        for _ in range(3):
            async with yard.workers.take() as worker:
                assert await worker.send("work.sleep", {"seconds": 0}) == {"value": 0}
        assert len(yard.started) == 1


async def test_without_spares_a_worker_lives_for_one_use(tmp_path: Path) -> None:
    async with yard_of(tmp_path, spares=0) as yard:
        yard.workers.warm()
        for _ in range(2):
            async with yard.workers.take() as worker:
                await worker.send("work.sleep", {"seconds": 0})
            await becomes(lambda: yard.alive == [])
        assert len(yard.started) == 2


class Ended:
    """A process whose connection has not noticed yet that it ended."""

    def __init__(self) -> None:
        self.exited = asyncio.get_running_loop().create_future()
        self.client = self
        self.connected = True

    def kill(self) -> None:
        if not self.exited.done():
            self.exited.set_result(-9)

    def close(self) -> None:
        self.connected = False

    async def disconnect(self) -> None:
        self.close()


async def test_workers_that_end_with_the_gateway_leave_no_connection() -> None:
    process = Ended()

    async def launch(worker: Worker, number: int) -> ApplicationProcess:
        return cast("ApplicationProcess", process)

    workers = Workers(launch, 1)
    async with workers.take():
        pass
    await workers.close()
    assert not process.connected


async def test_one_works_while_the_next_waits_for_its_turn(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        order: list[str] = []

        async def use(name: str) -> None:
            async with yard.workers.take() as worker:
                order.append(f"{name} begins")
                await worker.send("work.sleep", {"seconds": 0.02})
                order.append(f"{name} ends")

        await asyncio.gather(use("a"), use("b"))
        assert order in (
            ["a begins", "a ends", "b begins", "b ends"],
            ["b begins", "b ends", "a begins", "a ends"],
        )
        assert len(yard.started) == 1


async def test_long_work_holds_up_nobody_while_the_limit_allows_more(tmp_path: Path) -> None:
    async with yard_of(tmp_path, limit=2) as yard, yard.workers.take() as one:
        long = asyncio.create_task(one.send("work.stuck", {"seconds": 60}))
        async with yard.workers.take() as other:
            assert await other.send("work.sleep", {"seconds": 0}) == {"value": 0}
        assert not long.done()
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)


async def test_a_worker_that_is_away_for_long_is_replaced_and_ends_when_it_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cadgate.sessions.worker.REPLACE_AFTER", 0.05)
    monkeypatch.setattr("cadgate.sessions.worker.SURPLUS_SECONDS", 0.05)
    async with yard_of(tmp_path) as yard:
        yard.workers.warm()
        async with yard.workers.take() as worker:
            await becomes(lambda: len(yard.workers._idle) == 1)
            assert worker.process is not None
            first = worker.process.pid
        await becomes(lambda: yard.alive == yard.started[1:])
        assert (yard.started[0], len(yard.alive)) == (first, 1)


@pytest.mark.parametrize("limit", [1, 2])
async def test_long_steps_one_after_another_do_not_start_a_worker_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("cadgate.sessions.worker.REPLACE_AFTER", 0.05)
    async with yard_of(tmp_path, spares=limit, limit=limit) as yard:
        yard.workers.warm()
        used: set[int] = set()

        async def steps() -> None:
            for _ in range(3):
                async with yard.workers.take() as worker:
                    assert worker.process is not None
                    used.add(worker.process.pid)
                    await becomes(lambda: len(yard.workers._idle) >= limit)

        await asyncio.gather(*(steps() for _ in range(limit)))
        assert (len(used), len(yard.started)) == (limit, 2 * limit)


async def test_those_that_work_have_a_place_each(tmp_path: Path) -> None:
    async with yard_of(tmp_path, limit=3) as yard, yard.workers.take() as first:
        async with yard.workers.take() as second, yard.workers.take() as third:
            assert [first.place, second.place, third.place] == [0, 1, 2]
        async with yard.workers.take() as again:
            assert again.place == 1


async def test_what_the_application_refuses_does_not_end_it(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        for _ in range(2):
            with pytest.raises(InternalError, match="cannot be sent"):
                async with yard.workers.take() as worker:
                    await worker.send("work.answer", {"how": "nan"})
        assert len(yard.started) == 1


@pytest.mark.parametrize("how", ["7", "segv"])
async def test_one_that_dies_of_its_work_is_told_and_replaced(tmp_path: Path, how: str) -> None:
    async with yard_of(tmp_path) as yard:
        with pytest.raises(CommandExecutionError, match="exceeds its resources here"):
            async with yard.workers.take() as worker:
                await worker.send("work.crash", {"how": how})
        async with yard.workers.take() as worker:
            assert await worker.send("work.sleep", {"seconds": 0}) == {"value": 0}
        assert len(yard.alive) == 1


async def test_one_that_is_left_at_work_is_ended_with_its_group(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        children: list[int] = []

        async def use() -> None:
            async with yard.workers.take() as worker:
                children.append((await worker.send("work.spawn", {}))["value"])
                await worker.send("work.stuck", {"seconds": 60})

        task = asyncio.create_task(use())
        await becomes(lambda: bool(children))
        first = yard.started[0]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await becomes(lambda: not alive(first) and not alive(children[0]))


async def test_one_whose_answer_nobody_waited_for_is_not_lent_again(tmp_path: Path) -> None:
    """It may still be at work when the block ends in order."""
    async with yard_of(tmp_path) as yard:
        async with yard.workers.take() as worker:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await worker.send("work.stuck", {"seconds": 30})
        first = yard.started[0]
        async with yard.workers.take() as worker:
            assert await worker.send("work.sleep", {"seconds": 0}) == {"value": 0}
        await becomes(lambda: not alive(first))


async def test_a_deadline_ends_the_work_and_the_wait_for_a_turn(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        yard.workers.warm()
        began = time.monotonic()

        async def use() -> None:
            async with yard.workers.take(began + 0.5) as worker:
                await worker.send("work.stuck", {"seconds": 60})

        results = await asyncio.gather(use(), use(), return_exceptions=True)
        assert [type(each) for each in results] == [DeadlineExceeded, DeadlineExceeded]
        assert time.monotonic() - began < 3


async def test_a_timeout_of_the_blocks_own_stays_its_own(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        with pytest.raises(TimeoutError):
            async with yard.workers.take(time.monotonic() + 60):
                raise TimeoutError


async def test_a_spare_that_died_while_it_waited_is_not_lent(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        yard.workers.warm()
        await becomes(lambda: len(yard.workers._idle) == 1)
        os.kill(yard.started[0], signal.SIGKILL)
        await becomes(lambda: not yard.workers._idle[0].usable)
        async with yard.workers.take() as worker:
            assert await worker.send("work.sleep", {"seconds": 0}) == {"value": 0}


async def test_after_many_uses_a_worker_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadgate.sessions.worker.MAX_USES", 2)
    async with yard_of(tmp_path) as yard:
        for _ in range(4):
            async with yard.workers.take() as worker:
                await worker.send("work.sleep", {"seconds": 0})
        assert len(set(yard.started)) >= 2


async def test_a_worker_that_does_not_start_is_told_and_tried_again(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard:
        yard.control.tell(start="raise")
        yard.workers.warm()
        with pytest.raises(CommandExecutionError, match="the fake application cannot start"):
            async with yard.workers.take():
                raise AssertionError("unreachable")
        yard.control.tell(start=None)
        async with yard.workers.take() as worker:
            assert await worker.send("work.sleep", {"seconds": 0}) == {"value": 0}


async def test_whatever_a_launch_raises_stays_in_the_background(tmp_path: Path) -> None:
    calls: list[int] = []

    async def launch(worker: Worker, number: int) -> ApplicationProcess:
        calls.append(number)
        raise StartFailed("no") if number == 1 else ValueError("a defect")

    workers = Workers(launch, 1)
    for expected in (1, 2):
        workers.warm()
        await becomes(lambda expected=expected: len(calls) == expected and workers._warming is not None)
        assert workers._warming is not None
        await asyncio.wait([workers._warming])
        assert workers._warming.exception() is None
    await workers.close()


async def test_progress_reaches_whoever_asked_for_it(tmp_path: Path) -> None:
    async with yard_of(tmp_path) as yard, yard.workers.take() as worker:
        told: list[dict[str, Any]] = []
        await worker.send("work.emit", {"topic": "progress", "count": 3, "size": 0}, told.append)
        assert [each["number"] for each in told] == [0, 1, 2]
        await worker.send("work.emit", {"topic": "progress", "count": 3, "size": 0})
        assert len(told) == 3

        def fail(data: dict[str, Any]) -> None:
            raise ValueError("a defect")

        assert await worker.send("work.emit", {"topic": "progress", "count": 3, "size": 0}, fail) == {"value": 3}


async def test_closing_while_one_starts_leaves_no_process(tmp_path: Path) -> None:
    for moment in range(8):
        async with yard_of(tmp_path / str(moment)) as yard:
            yard.workers.warm()
            taking = asyncio.create_task(yard.workers.take().__aenter__())
            await asyncio.sleep(moment / 50)
            await yard.workers.close()
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
            await becomes(lambda yard=yard: yard.alive == [])


async def test_the_first_that_is_warm_serves_while_others_still_start(tmp_path: Path) -> None:
    async with yard_of(tmp_path, spares=3) as yard:
        yard.workers.warm()
        async with yard.workers.take() as worker:
            await worker.send("work.sleep", {"seconds": 0})
            assert len(yard.started) < 3
        await becomes(lambda: len(yard.alive) == 3)


# --- through a handler -------------------------------------------------------------------------------------------


async def test_a_worker_has_an_empty_document_and_leaves_the_sessions_alone(tmp_path: Path) -> None:
    async with running(tmp_path, fake_settings(workers=1)) as runtime:
        app = application(runtime)
        await app.call(m.CREATE, m.ItemParams(name="Mine"))
        told = await app.call(m.WORKER, m.How(how="work.environment"))
        assert "workers" in told.value["cwd"]
        assert told.value["pid"] != runtime.session.status().pid
        with pytest.raises(CommandExecutionError):
            await app.call(m.WORKER, m.How(how="work.crash:9"))
        listed = await app.call(m.LIST, m.Page())
        assert listed.total == 1
        assert runtime.session.status().restarts == 0


async def test_a_client_that_leaves_ends_the_work_in_the_worker(tmp_path: Path) -> None:
    async with running(tmp_path, fake_settings(workers=1)) as runtime:
        await becomes(lambda: len(runtime.workers._idle) == 1)
        process = runtime.workers._idle[0].process
        assert process is not None
        gone = asyncio.Event()

        async def leaving() -> None:
            await gone.wait()

        work = asyncio.create_task(application(runtime, gone=leaving).call(m.WORKER, m.How(how="work.stuck:60")))
        await becomes(lambda: runtime.workers._idle == [])
        gone.set()
        await asyncio.gather(work, return_exceptions=True)
        eventually(lambda: not alive(process.pid), seconds=3)


def application(runtime: SessionRuntime, **caller: Any) -> Application:
    return Application(runtime, RequestContext(request_id="test", caller=Caller(LOCAL, **caller)))
