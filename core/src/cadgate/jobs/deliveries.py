"""The messages of webhooks in the file of the jobs: written with the event that they report, kept until delivered."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    created REAL NOT NULL,
    due REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting'
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_job ON deliveries (job);
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver, with the id that it keeps."""

    id: str
    job: str
    url: str
    body: str
    created: float
    attempts: int


class Deliveries:
    """The messages that wait. `do` runs a transaction on the file of the jobs."""

    def __init__(self, do: Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]) -> None:
        self._do = do

    async def due(self, limit: int, except_for: tuple[str, ...]) -> tuple[list[Delivery], float]:
        """Return messages that are due, except some, and in how many seconds the next one is."""

        def work(connection: sqlite3.Connection) -> tuple[list[Delivery], float]:
            now = time.time()
            found = connection.execute(
                "SELECT id, job, url, body, created, attempts, due FROM deliveries WHERE due IS NOT NULL ORDER BY due "
                "LIMIT ?",
                (limit + len(except_for) + 1,),
            ).fetchall()
            others = [row for row in found if row[0] not in except_for]
            later = [row[6] - now for row in others if row[6] > now]
            return [Delivery(*row[:6]) for row in others if row[6] <= now], min(later, default=3600.0)

        return await self._do(work)

    async def put_off(self, identifier: str, until: float) -> None:
        """Record an attempt that failed, and when the next one is due."""
        await self._do(
            lambda connection: connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE id = ?", (until, identifier)
            )
        )

    async def end(self, identifier: str, state: str) -> None:
        """Record that a message is not sent again."""
        await self._do(
            lambda connection: connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, due = NULL, state = ? WHERE id = ?", (state, identifier)
            )
        )


def add_deliveries(connection: sqlite3.Connection, job: str, kind: str, document: str) -> bool:
    """Write the messages that report an event, if the job has webhooks for it."""
    (hooks,) = connection.execute("SELECT webhook FROM calls WHERE job = ?", (job,)).fetchone() or (None,)
    if hooks is None:
        return False
    now = time.time()
    said = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    body = f'{{"type":"job.{kind}","timestamp":"{said}","data":{document}}}'
    wanted = [
        (f"msg_{secrets.token_hex(16)}", job, each["url"], body, now, now)
        for each in json.loads(hooks)
        if kind in each["events"]
    ]
    connection.executemany(
        "INSERT INTO deliveries (id, job, url, body, created, due) VALUES (?, ?, ?, ?, ?, ?)", wanted
    )
    return bool(wanted)
