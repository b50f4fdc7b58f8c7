"""The job as clients see it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from cadgate.models.responses import Artifact, ErrorBody, Result

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[str] = frozenset(("succeeded", "failed", "cancelled"))

_ID = "3b0c6a5e9f8d4a17b2c1d0e9f8a7b6c5"


JOB_EXAMPLE: dict[str, Any] = {
    "id": _ID,
    "application": "blender",
    "session": "default",
    "method": "session.batch",
    "state": "succeeded",
    "progress": {"fraction": 1.0, "step": 0, "steps": None, "message": None, "preview": None},
    "created": "2026-11-28T09:14:03.120Z",
    "started": "2026-11-28T09:14:03.131Z",
    "finished": "2026-11-28T09:14:04.702Z",
    "attempts": 1,
    "result": {"results": [{"status": "success", "result": {"undone": "primitives.cube"}}]},
    "error": None,
    "artifacts": [],
    "position": None,
}


class JobProgress(Result):
    """How far a job is, as its work reports it."""

    fraction: float = Field(0.0, ge=0, le=1, description="From 0 to 1; 1 only when all of the work is done.")
    step: int = Field(0, description="How many steps are finished, of work that has steps (frames, variants).")
    steps: int | None = Field(None, description="How many steps there are; null for work without steps.")
    message: str | None = Field(None, description="What it is doing now, for people.")
    preview: Artifact | None = Field(None, description="A picture of the work so far, where there is one.")


class Job(Result):
    """A piece of long work: it is on disk, and ends once."""

    model_config = ConfigDict(json_schema_extra={"examples": [JOB_EXAMPLE]})

    id: str = Field(description="Has 128 random bits.")
    application: str = Field(description="The adapter's name.")
    session: str
    method: str = Field(description="`resource.action`, as `/methods` lists them; `session.batch` for a batch.")
    state: JobState
    progress: JobProgress
    created: str = Field(description="UTC, ISO 8601.")
    started: str | None = Field(description="When its work began for the first time.")
    finished: str | None
    attempts: int = Field(description="How often its work was begun; more than once after a crash, or a retry.")
    result: Any = Field(
        description="What the synchronous call answers as `result`; null until it succeeded. A batch that was "
        "cancelled half-way has its results, too: calls that were not done have the error `interrupted`. In lists, "
        "results of more than 16 KiB are left out."
    )
    error: ErrorBody | None = Field(description="What the synchronous call answers as `error`, if it failed.")
    artifacts: list[Artifact] = Field(description="The files it has written so far.")
    position: int | None = Field(description="Its place among those that wait for the application, from 1; or null.")


class JobList(Result):
    """A page of the caller's jobs, newest first, and how many there are."""

    jobs: list[Job]
    total: int
