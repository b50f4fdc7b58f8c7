"""`follow`: the events of a job as they come, to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from cadgate.jobs.records import FINISHED, Event, Record
from cadgate.models.jobs import ENDED


class Followed(Protocol):
    """What `follow` needs of `Jobs`."""

    @property
    def closing(self) -> bool:
        """Whether the gateway is stopping."""
        ...

    def change_of(self, job: str) -> asyncio.Event:
        """Return what is set at the next change of a job."""
        ...

    async def events(self, job: str, after: int) -> list[Event]:
        """Return what happened to a job after its event `after`."""
        ...

    async def get(self, job: str, owner: str | None) -> Record:
        """Return a job."""
        ...


async def follow(jobs: Followed, job: str, after: int) -> AsyncGenerator[Event]:
    """Yield what happens to a job after its event `after`, until it has ended, or the gateway stops.

    Raises JobNotFound if the job is removed meanwhile.
    """
    ended = False
    while True:
        changed = jobs.change_of(job)
        found = await jobs.events(job, after)
        for event in found:
            yield event
            after = event.number
        if jobs.closing or (found[-1].kind == FINISHED if found else ended):
            return
        # It may end between the two looks: then another one reads its last event.
        ended = not found and (await jobs.get(job, None)).state in ENDED
        if not ended:
            await changed.wait()
