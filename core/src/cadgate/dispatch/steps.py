"""Work with steps: several at once, each recorded when it is finished, and only the missing ones after a restart."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import structlog

from cadgate.artifacts.inside import folder_inside
from cadgate.artifacts.paths import JOBS, STAGING
from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.job_run import JobRun
from cadgate.errors import WorkerEnded
from cadgate.models.responses import Artifact

MAX_TRIES = 3
"""How often a step is begun whose worker dies."""

log = structlog.stdlib.get_logger("cadgate.jobs")


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished step: its result, which must be JSON, and the files that it wrote."""

    result: Any
    artifacts: tuple[Artifact, ...] = ()


async def run_steps(
    job: JobRun | None,
    store: ArtifactStore,
    names: Sequence[str],
    work: Callable[[str], Awaitable[Finished]],
    at_once: int,
    followed_by: int = 0,
) -> dict[str, Any]:
    """See `Application.run_steps`."""
    if len(set(names)) != len(names):
        raise ValueError("two steps have the same name")
    done: dict[str, Any] = {}
    if job is not None:
        done = {name: step for name, step in (await job.finished_steps()).items() if name in set(names)}
        gone = [name for name, step in done.items() if not all(store.holds(each) for each in step["artifacts"])]
        if gone:  # somebody removed their files since
            await job.forget_steps(gone)
            done = {name: step for name, step in done.items() if name not in gone}
        job.expect_steps(len(done), len(names) + followed_by)
    results = {name: step["result"] for name, step in done.items()}
    missing = iter([name for name in names if name not in results])

    async def take() -> None:
        for name in missing:
            finished = await _tried(name, work)
            if job is not None:
                # What was committed is recorded, even if the job is cancelled now.
                await asyncio.shield(job.finish_step(name, finished.result, finished.artifacts))
            results[name] = finished.result

    tasks = [asyncio.ensure_future(take()) for _ in range(min(max(1, at_once), len(names)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {name: results[name] for name in names}


async def run_once(
    job: JobRun | None,
    store: ArtifactStore,
    name: str,
    work: Callable[[], Awaitable[Finished]],
    kept: Callable[[Any], bool] | None,
) -> Any:
    """See `Application.run_once`."""
    if job is None:
        return (await work()).result
    finished = await job.finished_steps()
    step = finished.get(name)
    if step is not None:
        if (kept is None or kept(step["result"])) and all(store.holds(each) for each in step["artifacts"]):
            return step["result"]
        await job.forget_steps([name] if kept is None else list(finished))
    made = await _tried(name, lambda _: work())
    await asyncio.shield(job.finish_step(name, made.result, made.artifacts, counts=bool(made.artifacts)))
    return made.result


async def _tried(name: str, work: Callable[[str], Awaitable[Finished]]) -> Finished:
    tries = 0
    while True:
        tries += 1
        try:
            return await work(name)
        except WorkerEnded:
            if tries >= MAX_TRIES:
                raise
            log.warning("step_begun_again", step=name, tries=tries)


@asynccontextmanager
async def work_folder(job: JobRun | None, workspace: Path) -> AsyncGenerator[Path]:
    """See `Application.work_folder`. The folder of a job is removed by the runner."""
    folder = workspace / STAGING / secrets.token_hex(8) if job is None else workspace / JOBS / job.id
    with folder_inside(workspace, folder, create=True):
        pass
    try:
        yield folder
    finally:
        if job is None:
            await anyio.to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))
