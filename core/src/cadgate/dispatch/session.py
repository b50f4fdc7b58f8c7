"""`SessionRuntime`: one session of an adapter, with its folder, its application and the calls to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio.to_thread

from cadgate.contract.context import RequestContext
from cadgate.contract.methods import HandlerApplication
from cadgate.dispatch.calls import Calls
from cadgate.dispatch.reads import Reads
from cadgate.dispatch.served import ServedAdapter
from cadgate.models.responses import Warned
from cadgate.security.private import make_folder
from cadgate.sessions.session import Session
from cadgate.sessions.source import Source
from cadgate.sessions.usage import MemoryWatch
from cadgate.sessions.worker import Use, Workers

STOP_SECONDS = 15.0


def _nothing() -> None:
    """Do nothing."""


class SessionRuntime:
    """The target of dispatch. `workers` are the adapter's; `application` makes the `Application` for handlers."""

    def __init__(
        self,
        served: ServedAdapter,
        folder: Path,
        source: Source,
        workers: Workers,
        application: Callable[[SessionRuntime, RequestContext], HandlerApplication],
        identifier: str | None = None,
        owner: str = "local",
    ) -> None:
        settings = served.settings
        self.id = identifier
        """The id of the session; None for `default`."""
        self._owner = owner
        self.served = served
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workers = workers
        self.session = Session(
            served.name,
            source,
            mode=settings.mode,
            max_queue=settings.max_queue,
            grace_seconds=settings.grace_seconds,
            overrun_seconds=settings.overrun_seconds or 5 * settings.grace_seconds,
            connection_error=served.adapter.connection_error,
        )
        self.warnings: list[Warned] = []
        """What is missing of the file that it begins with."""
        self.memory: MemoryWatch | None = None
        """Set if its memory is limited."""
        self.require_room: Callable[[], None] = _nothing
        """Raises LimitExceeded if its files take more space than they may."""
        self.calls = Calls(served, self.session, partial(application, self))
        self.reads = Reads(served, self.calls)

    def limit_memory(self, limit: int) -> None:
        """End the application when it takes more than `limit` bytes of memory, as `MemoryWatch` does."""
        self.memory = MemoryWatch(self.session, limit)
        self.session.calls.cause = self.memory.cause

    def use_of(self, context: RequestContext) -> Use:
        """Return for whom a worker works that is taken for a request in this session."""
        return Use(context.identity, self._owner, None if self.id is None else self.folder)

    async def start(self) -> None:
        """Create the folder, remove leftovers of an earlier gateway, and start to supervise the application."""
        make_folder(self.workspace)
        for left in (self.workspace / ".staging", self.folder / "tmp"):
            await anyio.to_thread.run_sync(partial(shutil.rmtree, left, ignore_errors=True))
        self.session.start()

    async def stop(self) -> None:
        """Stop the application, gracefully for a while, and the supervision. `calls.close` cancels handlers."""
        await self.session.stop(STOP_SECONDS)
