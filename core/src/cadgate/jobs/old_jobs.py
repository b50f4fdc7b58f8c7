"""`OldJobs`: removes jobs some time after their end, and what their work left behind."""

from __future__ import annotations

import asyncio
import shutil
import time
from functools import partial

import anyio.to_thread
import structlog

from cadgate.artifacts.paths import JOBS
from cadgate.dispatch.sessions import Sessions
from cadgate.errors import CadgateError
from cadgate.jobs.records import Record
from cadgate.jobs.store import JobStore

SWEEP_SECONDS = 600.0

log = structlog.stdlib.get_logger("cadgate.jobs")


class OldJobs:
    """The jobs of `store` that ended more than `ttl_seconds` ago."""

    def __init__(self, store: JobStore, sessions: Sessions, ttl_seconds: float) -> None:
        self._store = store
        self._sessions = sessions
        self._ttl_seconds = ttl_seconds

    async def sweep(self) -> None:
        """Remove old jobs, now and then."""
        while True:
            try:
                for record in await self._store.remove_older(time.time() - self._ttl_seconds):
                    await self.remove_folder(record)
            except CadgateError as error:
                log.warning("old_jobs_not_removed", reason=error.message)
            await asyncio.sleep(min(SWEEP_SECONDS, max(1.0, self._ttl_seconds / 10)))

    async def remove_folder(self, record: Record) -> None:
        """Remove what the work of a job left in the workspace of its session."""
        session = self._sessions.existing(record.application, record.session)
        if session is not None:
            folder = session.workspace / JOBS / record.id
            await anyio.to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))
