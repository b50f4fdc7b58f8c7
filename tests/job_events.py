"""Reads the event stream of a job, as a client does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class JobEvent:
    """One event of a stream."""

    id: int
    kind: str
    data: dict[str, Any]


def events_of(client: httpx.Client, job: str, after: int | None = None) -> Iterator[JobEvent]:
    """Yield the events of a job until its stream ends; those after the event `after`, if it is given."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with client.stream("GET", f"/api/v1/jobs/{job}/events", headers=headers) as response:
        assert response.status_code == 200, response.status_code
        assert response.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                yield JobEvent(int(fields["id"]), fields["event"], json.loads(fields["data"]))
                fields = {}
