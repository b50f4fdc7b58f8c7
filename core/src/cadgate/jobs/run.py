"""`Run`: one job while this gateway has it: what its work reports is recorded, and can be waited for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from pydantic import BaseModel
from pydantic_core import to_json

from cadgate.contract.cancel_token import CancelToken
from cadgate.errors import CadgateError
from cadgate.jobs.records import Record
from cadgate.jobs.store import JobStore
from cadgate.models.jobs import JobProgress
from cadgate.models.responses import Artifact

LEAST = 0.01
"""By how much the fraction must have grown to be recorded at once; a tenth of it, after a second."""

PICTURES = frozenset(("image/png", "image/jpeg", "image/webp"))
"""What can be a preview: pictures that everybody can show."""

log = structlog.stdlib.get_logger("cadgate.jobs")


class Run:
    """A `JobRun`. `changed` is called with each new record of the job, once it is on disk."""

    def __init__(self, record: Record, store: JobStore, changed: Callable[[Record], None]) -> None:
        self.id = record.id
        self.application = record.application
        self.session = record.session
        self.owner = record.owner
        self.number = record.number
        self.cancel_token = CancelToken()
        self.cancelled = False
        """Whether somebody wants it to end."""
        self.stopped_by: CadgateError | None = None
        """Why it cannot go on."""
        self.waiting = True
        """Whether it is queued."""
        self._known_to_run = False
        """Whether its record says that it is running."""
        self.at_work = False
        """Whether its work is being done, which `cancel_token` stops."""
        self.finished_some = False
        """Whether this attempt has finished steps."""
        self.looked = asyncio.Event()
        """Whether its work has seen the document, or does not see it soon."""
        self.task: asyncio.Task[None] | None = None
        self.progress = JobProgress.model_validate_json(record.progress)
        self._store = store
        self._changed = changed
        self._recorded = self.progress.fraction
        self._inside: dict[str, float] = {}
        """How far the steps are that are being done."""
        self._dirty = False
        self._written_at = 0.0
        self._writing: asyncio.Task[None] | None = None

    # --- what the work reports -----------------------------------------------------------------------------------

    def look(self) -> None:
        """See `JobRun`."""
        self.looked.set()

    def begin(self) -> None:
        """See `JobRun`."""
        self.looked.set()
        if self.waiting:
            self.waiting = False
            self._dirty = True
            self._write()

    def report(
        self, fraction: float | None, message: str | None, preview: Artifact | None, step: str | None = None
    ) -> None:
        """See `JobRun`."""
        progress = self.progress
        if step is not None and fraction is not None:
            self._inside[step] = min(1.0, fraction)
            fraction = (progress.step + sum(self._inside.values())) / max(1, progress.steps or 1)
        if fraction is not None:
            progress.fraction = max(progress.fraction, min(1.0, round(fraction, 4)))
        important = preview is not None or (message is not None and message != progress.message)
        if message is not None:
            progress.message = message
        if preview is not None:
            progress.preview = preview
        grown = progress.fraction - self._recorded
        if important or grown >= LEAST or (grown >= LEAST / 10 and time.monotonic() - self._written_at >= 1):
            self._dirty = True
            self._write()

    async def finished_steps(self) -> dict[str, Any]:
        """See `JobRun`; each has its `result` and the ids of its `artifacts`."""
        return {name: json.loads(text) for name, text in (await self._store.steps(self.id)).items()}

    async def forget_steps(self, names: Sequence[str]) -> None:
        """See `JobRun`."""
        await self._store.forget_steps(self.id, names)

    def expect_steps(self, done: int, steps: int) -> None:
        """See `JobRun`."""
        self.progress.step, self.progress.steps = done, steps
        self.progress.fraction = round(done / steps, 4) if steps else 1.0
        self._dirty = True
        self._write()

    async def finish_step(self, name: str, result: Any, artifacts: Sequence[Artifact], *, counts: bool = True) -> None:
        """See `JobRun`."""
        await self.flush()
        progress = self.progress
        if counts:
            self._inside.pop(name, None)
            progress.step += 1
            if progress.steps:
                progress.fraction = max(progress.fraction, round(progress.step / progress.steps, 4))
            self._recorded = progress.fraction
        shown = [each for each in artifacts if each.media_type in PICTURES]
        if shown:
            progress.preview = shown[0]
        stored = to_json({"result": result, "artifacts": [each.id for each in artifacts]}).decode()
        listed = [each.model_dump_json() for each in artifacts]
        self._changed(await self._store.finish_step(self.id, name, stored, listed, self.progress.model_dump_json()))
        self.finished_some = True

    def stop(self, error: CadgateError) -> None:
        """Stop the work now: it has failed for this reason."""
        self.stopped_by = error
        if self.task is not None:
            self.task.cancel()

    # --- the record ----------------------------------------------------------------------------------------------

    async def attempt(self, *, running: bool) -> None:
        """Record that the work is begun: running, or still waiting for what it needs."""
        self.waiting = not running
        self.finished_some = False
        self.progress.fraction = self._recorded = 0.0
        self._inside.clear()
        self._changed(await self._store.begin(self.id, attempt=True, running=running))
        self._known_to_run = running

    def _write(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._record())

    async def _record(self) -> None:
        try:
            while self._dirty:
                self._dirty = False
                self._recorded, self._written_at = self.progress.fraction, time.monotonic()
                if not self.waiting and not self._known_to_run:
                    self._changed(await self._store.begin(self.id, attempt=False, running=True))
                    self._known_to_run = True
                self._changed(await self._store.progress(self.id, self.progress.model_dump_json()))
        except Exception as error:  # noqa: BLE001 - progress is only shown; the end of the job is what counts
            log.warning("progress_not_recorded", job=self.id, reason=str(error))

    async def flush(self) -> None:
        """Wait until what was reported is recorded."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def finish(
        self,
        state: str,
        *,
        result: str | None = None,
        error: str | None = None,
        artifacts: Sequence[Artifact] = (),
    ) -> Record:
        """Record the end."""
        await self.flush()
        if state == "succeeded":
            self.progress.fraction = 1.0
        self.progress.message = None
        listed = [each.model_dump_json() for each in artifacts]
        progress = self.progress.model_dump_json()
        end: Coroutine[Any, Any, Record] = self._store.finish(
            self.id, state, result=result, error=error, artifacts=listed, progress=progress
        )
        return await end


def artifacts_in(value: Any) -> list[Artifact]:
    """Return the artifacts in a result, at whatever depth."""
    if isinstance(value, Artifact):
        return [value]
    found: list[Artifact] = []
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            found += artifacts_in(getattr(value, name))
    elif isinstance(value, (list, tuple)):
        for each in value:  # pyright: ignore[reportUnknownVariableType]
            found += artifacts_in(each)
    elif isinstance(value, dict):
        for each in value.values():  # pyright: ignore[reportUnknownVariableType]
            found += artifacts_in(each)
    return found
