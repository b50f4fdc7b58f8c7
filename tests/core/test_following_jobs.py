"""The events of a job reach whoever follows it, to the last one, however its end and the looks at it meet."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cadgate.jobs.following import follow
from cadgate.jobs.records import Event, New, Record
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
