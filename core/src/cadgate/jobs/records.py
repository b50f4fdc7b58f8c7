"""A job, its events, and what a list of jobs is filtered by, as they are stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

FINISHED = "finished"
"""The kind of the last event of a job."""
RESULTS = "results"
"""The step of a batch that was cancelled and is tried again: the results of its calls so far."""
NO_PROGRESS = '{"fraction":0.0,"step":0,"steps":null,"message":null,"preview":null}'


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job: `number` counts from 1, without gaps."""

    number: int
    kind: str
    data: str


@dataclass(frozen=True, slots=True)
class Record:
    """One job as it is stored. What clients get as JSON is text here."""

    id: str
    application: str
    session: str
    method: str
    owner: str
    state: str
    progress: str
    created: float
    started: float | None
    finished: float | None
    attempts: int
    retries: int
    error: str | None
    artifacts: str
    number: int
    result: str | None = None
    event: Event | None = None
    """What was recorded of its last change, if the record comes from one."""

    def document(self, position: int | None = None) -> str:
        """Return the job as clients get it, as JSON."""
        return (
            f'{{"id":"{self.id}","application":"{self.application}","session":{json.dumps(self.session)},'
            f'"method":"{self.method}","state":"{self.state}","progress":{self.progress},'
            f'"created":{_time(self.created)},"started":{_time(self.started)},"finished":{_time(self.finished)},'
            f'"attempts":{self.attempts},"result":{self.result or "null"},"error":{self.error or "null"},'
            f'"artifacts":{self.artifacts},"position":{"null" if position is None else position}}}'
        )

    def short(self, artifacts: Sequence[str]) -> str:
        """Return what an event has of the job, with only its new `artifacts`."""
        return (
            f'{{"id":"{self.id}","state":"{self.state}","attempts":{self.attempts},"progress":{self.progress},'
            f'"artifacts":[{",".join(artifacts)}]}}'
        )


@dataclass(frozen=True, slots=True)
class New:
    """A job to be stored."""

    id: str
    application: str
    session: str
    method: str
    owner: str
    key: str | None
    digest: str | None
    call: str
    webhook: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which jobs to list. `owner` None: those of everybody."""

    owner: str | None = None
    application: str | None = None
    session: str | None = None
    method: str | None = None
    state: str | None = None

    def where(self) -> tuple[str, list[str]]:
        """Return the condition, and its values."""
        given = {
            name: value
            for name in ("owner", "application", "session", "method", "state")
            if (value := getattr(self, name)) is not None
        }
        return " AND ".join(f"{name} = ?" for name in given) or "1", list(given.values())


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "null"
    return f'"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")}Z"'
