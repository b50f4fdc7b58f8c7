"""The jobs on disk: one SQLite file in the state folder. What a method here has returned survives a crash.

Every method runs in the one thread of the store, so that the event loop never waits for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import structlog

from cadgate.errors import CadgateError, CommandExecutionError
from cadgate.jobs.deliveries import SCHEMA, Deliveries, add_deliveries
from cadgate.jobs.records import FINISHED, NO_PROGRESS, RESULTS, Event, Filters, New, Record
from cadgate.jobs.reserve import DiskFull, Reserve
from cadgate.jobs.tables import TABLES
from cadgate.security.private import make_folder, opener

T = TypeVar("T")

log = structlog.stdlib.get_logger("cadgate.jobs")

MAX_LISTED_RESULT = 16 * 1024
"""The longest result, in characters, that a list has."""

_COLUMNS = (
    "id, application, session, method, owner, state, progress, created, started, finished, attempts, retries, "
    "error, artifacts, number"
)
_ADD_ARTIFACT = """
UPDATE jobs SET artifacts = substr(artifacts, 1, length(artifacts) - 1) || iif(artifacts = '[]', '', ',') || ? || ']'
WHERE id = ?
"""


class JobStore:
    """The file `jobs.db` in `folder`. Each coroutine is one transaction."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "jobs.db"
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self.deliveries = Deliveries(self._do)
        self._reserve = Reserve(folder / "reserve")

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._run(lambda: self._transaction(work))

    async def _do_surely(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the same, on a full disk in the space that is kept for that: the end of a job must be recorded."""

        def surely() -> T:
            while True:
                try:
                    return self._transaction(work)
                except DiskFull:
                    if not self._reserve.release():
                        raise

        return await self._run(surely)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "cadgate-jobs")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _unwritable(error) from error
            raise
        return result

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._run(lambda: work(self._opened()))

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise _unwritable(error) from error
                aside = self._path.with_name(f"jobs.db.damaged-{time.time_ns()}")
                log.error("jobs_damaged", reason=str(error), kept=str(aside))
                self._path.replace(aside)
                for suffix in ("-wal", "-shm"):
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
                self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        make_folder(self._path.parent)
        with open(self._path, "ab", opener=opener):
            pass  # for its owner only; SQLite gives its other files the same mode
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._reserve.keep()
            connection.executescript(TABLES + SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Close the file, after what is being written. It is opened again if it is used again."""

        def end() -> None:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

        thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(end).result()
            thread.shutdown()

    # --- beginning and end ---------------------------------------------------------------------------------------

    async def add(self, new: New) -> tuple[Record, str | None, bool]:
        """Store a job. Returns it, its digest, and whether it is new: an earlier one with the same key is kept.

        A key is for one owner, and for one session, as those of calls are.
        """

        def work(connection: sqlite3.Connection) -> tuple[Record, str | None, bool]:
            self._reserve.keep()
            if new.key is not None:
                found = connection.execute(
                    "SELECT id, digest FROM jobs WHERE owner = ? AND application = ? AND session = ? AND key = ?",
                    (new.owner, new.application, new.session, new.key),
                ).fetchone()
                if found is not None:
                    return _record(connection, found[0]), found[1], False
            connection.execute(
                "INSERT INTO jobs (id, application, session, method, owner, state, progress, created, key, digest) "
                "VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)",
                (
                    *(new.id, new.application, new.session, new.method, new.owner),
                    *(NO_PROGRESS, time.time(), new.key, new.digest),
                ),
            )
            connection.execute("INSERT INTO calls VALUES (?, ?, ?)", (new.id, new.call, new.webhook))
            record = _record(connection, new.id)
            return _event(connection, record, "queued"), new.digest, True

        return await self._do(work)

    async def begin(self, job: str, *, attempt: bool, running: bool) -> Record:
        """Record a new `attempt` at a job, and whether its work is running now, or still waiting."""

        def work(connection: sqlite3.Connection) -> Record:
            before = _record(connection, job).state
            state = "running" if running else "queued"
            connection.execute(
                "UPDATE jobs SET state = ?, attempts = attempts + ?, started = COALESCE(started, ?) WHERE id = ?",
                (state, int(attempt), time.time() if running else None, job),
            )
            record = _record(connection, job)
            return record if state == before else _event(connection, record, state)

        return await self._do(work)

    async def progress(self, job: str, progress: str) -> Record:
        """Record how far a job is."""

        def work(connection: sqlite3.Connection) -> Record:
            connection.execute("UPDATE jobs SET progress = ? WHERE id = ?", (progress, job))
            record = _record(connection, job)
            return _event(connection, record, "progress")

        return await self._do(work)

    async def finish_step(self, job: str, name: str, result: str, artifacts: Sequence[str], progress: str) -> Record:
        """Record a finished step, its files, and how far the job is now."""

        def work(connection: sqlite3.Connection) -> Record:
            connection.execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", (job, name, result))
            for each in artifacts:
                connection.execute(_ADD_ARTIFACT, (each, job))
            connection.execute("UPDATE jobs SET progress = ? WHERE id = ?", (progress, job))
            record = _record(connection, job)
            return _event(connection, record, "progress", artifacts)

        return await self._do(work)

    async def steps(self, job: str) -> dict[str, str]:
        """Return the finished steps of a job, with their results."""
        return dict(
            await self.read(
                lambda connection: connection.execute("SELECT name, result FROM steps WHERE job = ?", (job,)).fetchall()
            )
        )

    async def forget_steps(self, job: str, names: Sequence[str]) -> None:
        """Remove finished steps, whose files are gone, so that they are done again."""

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM steps WHERE job = ? AND name = ?", [(job, name) for name in names])

        await self._do(work)

    async def finish(
        self,
        job: str,
        state: str,
        *,
        result: str | None = None,
        error: str | None = None,
        artifacts: Sequence[str] = (),
        progress: str | None = None,
    ) -> Record:
        """Record the end of a job, once: a second end is ignored."""

        def work(connection: sqlite3.Connection) -> Record:
            if _record(connection, job).finished is not None:
                return _record(connection, job)
            _add_artifacts(connection, job, artifacts)
            connection.execute(
                "UPDATE jobs SET state = ?, finished = ?, result = ?, error = ?, progress = COALESCE(?, progress) "
                "WHERE id = ?",
                (state, time.time(), result, error, progress, job),
            )
            record = _record(connection, job)
            return _event(connection, record, FINISHED)

        return await self._do_surely(work)

    async def retry(self, job: str) -> Record | None:
        """Queue a failed or cancelled job again; None if it is neither any more."""

        def work(connection: sqlite3.Connection) -> Record | None:
            connection.execute(
                "INSERT OR REPLACE INTO steps SELECT id, ?, result FROM jobs "
                "WHERE id = ? AND state IN ('failed', 'cancelled') AND result IS NOT NULL",
                (RESULTS, job),
            )
            changed = connection.execute(
                "UPDATE jobs SET state = 'queued', finished = NULL, result = NULL, error = NULL, "
                "retries = retries + 1 WHERE id = ? AND state IN ('failed', 'cancelled')",
                (job,),
            )
            if changed.rowcount == 0:
                return None
            record = _record(connection, job)
            return _event(connection, record, "queued")

        return await self._do(work)

    async def remove_older(self, finished_before: float) -> list[Record]:
        """Remove jobs that ended before that time, and return them."""

        def work(connection: sqlite3.Connection) -> list[Record]:
            found = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE finished < ? LIMIT 1000", (finished_before,))
            removed = [Record(*row) for row in found]
            self._reserve.keep()
            for table, column in (
                ("jobs", "id"),
                ("calls", "job"),
                ("steps", "job"),
                ("events", "job"),
                ("deliveries", "job"),
            ):
                connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(each.id,) for each in removed])
            return removed

        return await self._do(work)

    # --- looking -------------------------------------------------------------------------------------------------

    async def get(self, job: str) -> Record | None:
        """Return a job, None if there is none with this id."""

        def work(connection: sqlite3.Connection) -> Record | None:
            found = connection.execute(f"SELECT {_COLUMNS}, result FROM jobs WHERE id = ?", (job,)).fetchone()
            return None if found is None else Record(*found)

        return await self.read(work)

    async def call(self, job: str) -> tuple[dict[str, Any], str | None]:
        """Return the call that a job makes, and its webhook."""
        found = await self.read(
            lambda connection: connection.execute("SELECT call, webhook FROM calls WHERE job = ?", (job,)).fetchone()
        )
        return json.loads(found[0]), found[1]

    async def unfinished(self) -> list[Record]:
        """Return the jobs that have not ended, oldest first."""

        def work(connection: sqlite3.Connection) -> list[Record]:
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM jobs WHERE state IN ('queued', 'running') ORDER BY number"
            )
            return [Record(*row) for row in found]

        return await self.read(work)

    async def page(self, filters: Filters, limit: int, offset: int) -> tuple[list[Record], int]:
        """Return some jobs, newest first, and how many there are in all."""

        def work(connection: sqlite3.Connection) -> tuple[list[Record], int]:
            where, values = filters.where()
            # Found by an index that has all that is asked for, so that only the page itself is read.
            matching = f"FROM jobs INDEXED BY jobs_listed WHERE {where}"
            (total,) = connection.execute(f"SELECT COUNT(*) {matching}", values).fetchone()
            found = connection.execute(
                f"SELECT {_COLUMNS}, CASE WHEN length(result) <= {MAX_LISTED_RESULT} THEN result END FROM jobs WHERE "
                f"number IN (SELECT number {matching} ORDER BY number DESC LIMIT ? OFFSET ?) ORDER BY number DESC",
                (*values, limit, offset),
            )
            return [Record(*row) for row in found], total

        return await self.read(work)

    async def events(self, job: str, after: int) -> list[Event]:
        """Return what happened to a job after the event `after`."""

        def work(connection: sqlite3.Connection) -> list[Event]:
            found = connection.execute(
                "SELECT number, kind, data FROM events WHERE job = ? AND number > ? ORDER BY number", (job, after)
            )
            return [Event(*row) for row in found]

        return await self.read(work)


def _record(connection: sqlite3.Connection, job: str) -> Record:
    return Record(*connection.execute(f"SELECT {_COLUMNS}, result FROM jobs WHERE id = ?", (job,)).fetchone())


def _event(connection: sqlite3.Connection, record: Record, kind: str, artifacts: Sequence[str] = ()) -> Record:
    """Record that the job is now as `record` says. Only the last event has the whole job."""
    data = record.document() if kind == FINISHED else record.short(artifacts)
    (last,) = connection.execute("SELECT COALESCE(MAX(number), 0) FROM events WHERE job = ?", (record.id,)).fetchone()
    connection.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (record.id, last + 1, kind, data))
    add_deliveries(connection, record.id, kind, data)
    return replace(record, event=Event(last + 1, kind, data))


def _add_artifacts(connection: sqlite3.Connection, job: str, artifacts: Sequence[str]) -> None:
    if not artifacts:
        return
    (listed,) = connection.execute("SELECT artifacts FROM jobs WHERE id = ?", (job,)).fetchone()
    kept: dict[str, Any] = {each["id"]: each for each in (*json.loads(listed), *map(json.loads, artifacts))}
    text = json.dumps(list(kept.values()), ensure_ascii=False, separators=(",", ":"))
    connection.execute("UPDATE jobs SET artifacts = ? WHERE id = ?", (text, job))


def _unwritable(error: sqlite3.OperationalError) -> CadgateError:
    reason = str(error)
    if "full" in reason:
        return DiskFull(
            "The job could not be saved (No space left on device): free space on the gateway's disk, or remove "
            "artifacts",
            details={"reason": "No space left on device"},
        )
    log.error("jobs_unwritable", reason=reason)
    return CommandExecutionError(f"The job could not be saved ({reason})", details={"reason": reason})
