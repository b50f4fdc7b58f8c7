"""The events of a job reach whoever follows it, to the last one, however its end and the looks at it meet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cadgate.config.settings import Settings
from cadgate.dispatch.sessions import Sessions
from cadgate.jobs.following import follow
from cadgate.jobs.records import Event, New, Record
from cadgate.jobs.runner import Jobs
from cadgate.jobs.store import JobStore

pytestmark = pytest.mark.anyio
JOB = "a" * 32


class EndsBetweenLooks:
    """A job of a real store which ends just after somebody looked for new events and found none."""

    closing = False

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self.changed = asyncio.Event()
        self.changed.set()  # the change that wakes the stream was read with the one before

    def change_of(self, job: str) -> asyncio.Event:
        assert job == JOB
        return self.changed

    async def events(self, job: str, after: int) -> list[Event]:
        found = await self.store.events(job, after)
        if not found:
            await self.store.finish(job, "cancelled")
        return found

    async def get(self, job: str, owner: str | None) -> Record:
        record = await self.store.get(job)
        assert record is not None, owner
        return record


async def test_the_last_event_is_told_if_the_job_ends_between_two_looks(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    try:
        await store.add(New(JOB, "blender", "default", "render.still", "local", None, None, "{}", None))
        await store.begin(JOB, attempt=True, running=True)
        async with asyncio.timeout(10):
            kinds = [event.kind async for event in follow(EndsBetweenLooks(store), JOB, 0)]
        assert kinds == ["queued", "running", "finished"]
        assert [event.kind async for event in follow(EndsBetweenLooks(store), JOB, 3)] == []
    finally:
        store.close()


class Nobody:
    """An identity that knows no key any more, so that every job fails at once."""

    def named(self, _: str) -> None:
        return None


async def test_who_looked_at_a_failed_job_is_told_that_it_is_done_again(tmp_path: Path) -> None:
    nobody: Any = Nobody()
    settings = Settings(state_dir=tmp_path)
    jobs = Jobs(settings, {}, Sessions(settings, {}, nobody), nobody)
    try:
        await jobs.store.add(New(JOB, "blender", "default", "render.still", "local", None, None, "{}", None))
        await jobs.store.finish(JOB, "failed")
        looked, ended = jobs.change_of(JOB), [event async for event in follow(jobs, JOB, 0)]
        assert ended[-1].kind == "finished"
        await jobs.retry(JOB, None)
        async with asyncio.timeout(10):
            await looked.wait()
            again = [event async for event in follow(jobs, JOB, ended[-1].number)]
        assert again[-1].kind == "finished"
    finally:
        await jobs.close()
