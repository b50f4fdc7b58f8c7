"""`Sessions`: the registry of the sessions that were made, and the one way from any door to a session.

It knows all of them after a restart of the gateway, whose they are, and when they sleep and end.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import anyio.to_thread
import structlog

from cadgate.artifacts.own import OwnArtifacts
from cadgate.config.settings import Settings
from cadgate.contract.authority import Authority
from cadgate.dispatch.forking import copy_state
from cadgate.dispatch.kept_session import KeptSession
from cadgate.dispatch.living import LivingSessions
from cadgate.dispatch.opening import open_artifact, opening_method
from cadgate.dispatch.refused_sessions import ended_error
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import (
    CadgateError,
    IdempotencyConflict,
    LimitExceeded,
    NotFound,
    SessionNotFound,
    ValidationFailed,
    WrongApplication,
)
from cadgate.security.identity import Identity
from cadgate.security.private import make_folder
from cadgate.sessions.records import ENDED_SECONDS, Reason, SessionFolders, SessionRecord
from cadgate.sessions.warm import new_id

DEFAULT = "default"
"""The name of the session that each adapter has, and that requests use which name none."""
TICK_SECONDS = 0.25

log = structlog.stdlib.get_logger("cadgate.sessions")


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a new session is to be."""

    application: str
    name: str | None = None
    idle_seconds: float | None = None
    ttl_seconds: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    key: str | None = None
    """The idempotency key of the request, with its caller, hashed."""
    digest: str | None = None
    opening: str | None = None
    """The artifact to open."""
    source: str | None = None
    """The session whose state it gets."""


NO_RECORD = (
    "The session 'default' is the one that each application always has, without a record here: requests that name no "
    "session use it. POST /api/v1/sessions makes one that can be changed, suspended and ended; with "
    '"from": {"session": "default"} it is a fork'
)


class Sessions:
    """All sessions of all adapters. Created once; `start` reads what an earlier gateway left."""

    def __init__(self, settings: Settings, runtimes: Mapping[str, AdapterRuntime], identity: Identity) -> None:
        self._settings = settings
        self._identity = identity
        self._runtimes = runtimes
        self._folders = SessionFolders(settings.state_dir / "sessions")
        self._kept = LivingSessions()
        self._absent: dict[str, SessionRecord] = {}
        """Those of adapters that are not active now."""
        self._ended: dict[str, SessionRecord] = {}
        self._keys: dict[str, str] = {}
        """The ids by the keys of the requests that made them."""
        self._watching: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self.end_listeners: list[Callable[[str, CadgateError], None]] = []
        """Called with the id of each session that ends, and the error for what is still to be done in it."""

    def __contains__(self, identifier: str) -> bool:
        """Whether a session with this id lives."""
        return identifier in self._kept

    # --- the way in ----------------------------------------------------------------------------------------------

    def runtime(self, adapter: str) -> AdapterRuntime:
        """Return the runtime of an active adapter. Raises NotFound."""
        found = self._runtimes.get(adapter)
        if found is None:
            raise NotFound(f"There is no active adapter {adapter!r}; GET /plugins lists them")
        return found

    def select(self, adapter: str, session: str | None, authority: Authority) -> SessionRuntime:
        """Return the session of `adapter` that a caller names by its id; None and `default` are the shared one.

        Every door (REST, batch, WebSocket, MCP, jobs) comes to its session this way, before each call: it decides
        whether the session exists, is of this application, and is the caller's. It wakes nothing; the first call does.

        :raises NotFound: there is no such adapter.
        :raises SessionNotFound: there never was such a session, or it is somebody else's.
        :raises SessionEnded: it has ended.
        :raises WrongApplication: it is a session of another adapter.
        """
        runtime = self.runtime(adapter)
        if session is None or session == DEFAULT:
            if self._settings.shared_default or authority.sees_all:
                return runtime.default
            raise SessionNotFound(
                "The session 'default' is not shared here: make one with POST /api/v1/sessions, and send its id in "
                "Cadgate-Session",
                details={"id": DEFAULT},
            )
        record = self.record(session, authority)
        if record.application != adapter:
            raise WrongApplication(
                f"The session {session!r} is of {record.application!r}, not of {adapter!r}: use it below "
                f"/api/v1/{record.application}, or name a session of {adapter!r}",
                details={"id": session, "application": record.application, "expected": adapter},
            )
        return self.find(session, authority).runtime

    def existing(self, adapter: str, session: str) -> SessionRuntime | None:
        """Return a session for the gateway's own work on its files, whoever it belongs to; None if it is gone."""
        runtime = self._runtimes.get(adapter)
        if session == DEFAULT:
            return None if runtime is None else runtime.default
        kept = self._kept.get(session)
        return None if kept is None else kept.runtime

    def record(self, identifier: str, authority: Authority) -> SessionRecord:
        """Return the record of a caller's session. Raises SessionNotFound, SessionEnded."""
        kept = self._kept.get(identifier)
        record = self._absent.get(identifier) if kept is None else kept.record
        ended = self._ended.get(identifier) if record is None else None
        found = record or ended
        if found is None or not _is_visible(found, authority):
            raise SessionNotFound(
                NO_RECORD
                if identifier == DEFAULT
                else f"There is no session {identifier[:100]!r}; GET /api/v1/sessions lists yours",
                details={"id": identifier[:100]},
            )
        if ended is not None:
            raise ended_error(ended)
        return found

    def find(self, identifier: str, authority: Authority) -> KeptSession:
        """Return a caller's session. Raises SessionNotFound, SessionEnded; NotFound if its adapter is not active."""
        record = self.record(identifier, authority)
        kept = self._kept.get(identifier)
        if kept is None:
            self.runtime(record.application)
            raise NotFound(f"There is no active adapter {record.application!r}; GET /plugins lists them")
        return kept

    def of(self, authority: Authority) -> list[KeptSession]:
        """Return a caller's sessions, newest first."""
        mine = list(self._kept) if authority.sees_all else self._kept.of(authority.identity)
        return sorted(mine, key=lambda each: each.record.created, reverse=True)

    def numbers(self, adapter: str, authority: Authority) -> dict[str, int]:
        """Return how many of a caller's sessions of an adapter are in which state."""
        return Counter(each.state for each in self.of(authority) if each.record.application == adapter)

    # --- making --------------------------------------------------------------------------------------------------

    def made_by(self, key: str | None, digest: str) -> KeptSession | None:
        """Return the session that a request with this key made. Raises IdempotencyConflict, SessionEnded."""
        identifier = None if key is None else self._keys.get(key)
        if identifier is None:
            return None
        ended = self._ended.get(identifier)
        if ended is not None:
            raise ended_error(ended)
        kept = self._kept[identifier]
        if kept.record.digest != digest:
            raise IdempotencyConflict(
                "The idempotency key was used for another session: use a new key for a new request"
            )
        return kept

    async def make(self, wanted: NewSession, owner: Authority, request_id: str = "") -> KeptSession:
        """Make a session, whose record is on disk then. Its application starts as soon as there is a place for it.

        Raises LimitExceeded, NotFound, and ValidationFailed for an application that runs elsewhere; for a source also
        what `select` and `copy_state` raise, and ArtifactNotFound.
        """
        runtime = self.runtime(wanted.application)
        if runtime.settings.mode != "managed":
            raise ValidationFailed(
                f"application {wanted.application!r} is not started by this gateway (mode = "
                f"{runtime.settings.mode!r}), so that its only session is 'default'"
            )
        source = None if wanted.source is None else self.select(wanted.application, wanted.source, owner)
        if wanted.opening is not None:
            opening_method(runtime.served)
            await anyio.to_thread.run_sync(OwnArtifacts.of(runtime.served.artifacts, owner).get, wanted.opening)
        self._check_limits(owner)
        if self._settings.warm_applications is None and runtime.limits.warm is None:
            runtime.warm.size = 1
        warm = runtime.warm.take()
        now = time.time()
        record = SessionRecord(
            id=new_id() if warm is None else warm.id,
            application=wanted.application,
            owner=owner.identity if owner.is_key else "local",
            created=now,
            last_used=now,
            name=wanted.name,
            idle_seconds=wanted.idle_seconds,
            expires=None if wanted.ttl_seconds is None else now + wanted.ttl_seconds,
            labels=dict(wanted.labels),
            key=wanted.key,
            digest=wanted.digest,
            opening=wanted.opening,
        )
        kept = runtime.keep(record, self._folders, None if warm is None else warm.process)
        self._kept.add(kept)
        if record.key is not None:
            self._keys[record.key] = record.id
        try:
            await anyio.to_thread.run_sync(make_folder, self._folders.of(record.id) / "workspace")
            if source is not None:
                await copy_state(source, self._kept.get(source.id or DEFAULT), self._folders.of(record.id))
            if wanted.opening is not None:
                kept.preparing = partial(open_artifact, kept.runtime, wanted.opening, owner, request_id)
            await kept.save()
        except BaseException:
            await self.abandon(kept)
            raise
        self._watch()
        return kept

    def _check_limits(self, owner: Authority) -> None:
        settings = self._settings
        if len(self._kept) + len(self._absent) >= settings.max_sessions:
            raise LimitExceeded(
                f"There are {settings.max_sessions} sessions already: delete one first (DELETE /api/v1/sessions/ID)",
                details={"limit": "max_sessions", "maximum": settings.max_sessions},
            )
        if owner.is_key:
            mine = len(self._kept.of(owner.identity))
            if mine >= settings.max_sessions_per_owner:
                raise LimitExceeded(
                    f"You have {mine} sessions already: delete one first (DELETE /api/v1/sessions/ID)",
                    details={"limit": "max_sessions_per_owner", "maximum": settings.max_sessions_per_owner},
                )

    # --- the end -------------------------------------------------------------------------------------------------

    async def end(self, kept: KeptSession, reason: Reason) -> None:
        """End a session: its process, its files."""
        if kept.id in self._kept:
            self._ended[kept.id] = kept.record
            self._kept.remove(kept.id)
            kept.record.reason = reason
            for listener in self.end_listeners:
                listener(kept.id, ended_error(kept.record))
        await kept.end(reason)

    async def abandon(self, kept: KeptSession) -> None:
        """Remove a session whose making has failed, as if it had never been."""
        self._kept.remove(kept.id)
        self._keys.pop(kept.record.key or "", None)
        await kept.end("deleted")
        self._folders.forget(kept.id)

    # --- while the gateway runs ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the records that an earlier gateway left. Their sessions are suspended, and wake when they are used."""
        living, ended = await anyio.to_thread.run_sync(self._read)
        self._ended = {record.id: record for record in ended}
        for record in living:
            runtime = self._runtimes.get(record.application)
            if runtime is None or runtime.settings.mode != "managed":
                self._absent[record.id] = record
            else:
                kept = runtime.keep(record, self._folders)
                self._kept.add(kept)
                owner = self._identity.named(record.owner)
                if record.opening is not None and owner is not None:
                    kept.preparing = partial(open_artifact, kept.runtime, record.opening, owner, "")
        self._keys = {each.key: each.id for each in (*living, *ended) if each.key is not None}
        for adapter, runtime in self._runtimes.items():
            used = any(record.application == adapter for record in living)
            if used and self._settings.warm_applications is None and runtime.limits.warm is None:
                runtime.warm.size = 1
        self._watch()

    def _read(self) -> tuple[list[SessionRecord], list[SessionRecord]]:
        living, ended = self._folders.read()
        for record in living:
            for left in ("workspace/.staging", "tmp"):
                shutil.rmtree(self._folders.of(record.id) / left, ignore_errors=True)
        return living, ended

    @property
    def _settings_limit_memory(self) -> bool:
        """Whether there is something to look after even without sessions that were made."""
        tables = (self._settings.adapters.get(name, {}) for name in self._runtimes)
        return self._settings.session_memory_bytes is not None or any("session_memory_bytes" in one for one in tables)

    def _watch(self) -> None:
        if (self._kept or self._settings_limit_memory) and (self._watching is None or self._watching.done()):
            self._watching = asyncio.create_task(self._look_after())

    async def _look_after(self) -> None:
        """Suspend those that are idle, and end those whose time is up, as long as there are any."""
        while self._kept or self._settings_limit_memory:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self._tick()
                for kept in [each for each in self._kept if each.awake]:
                    await kept.disk.measure(kept.counts.calls)
            except Exception:  # the next round may do better
                log.exception("sessions were not looked after")

    def _tick(self) -> None:
        now, clock = time.time(), time.monotonic()
        for kept in self._kept:
            record = kept.record
            late = kept.queued_until is not None and clock > kept.queued_until and kept.state == "queued"
            if late or (record.expires is not None and now >= record.expires):
                task = asyncio.create_task(self.end(kept, "deadline_exceeded" if late else "expired"))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
                continue
            kept.check_memory()
            since = kept.idle_since
            idle_seconds = record.idle_seconds or self._runtimes[record.application].limits.idle_seconds
            if since is not None and clock - since >= idle_seconds:
                kept.leave(f"it was idle for {idle_seconds:g} s")
        for runtime in self._runtimes.values():
            runtime.slots.serve()
            if runtime.default.memory is not None:
                runtime.default.memory.check()
        for identifier, record in list(self._ended.items()):
            if record.ended is not None and now - record.ended > ENDED_SECONDS:
                del self._ended[identifier]
                self._keys.pop(record.key or "", None)
                self._folders.forget(identifier)

    async def stop_sessions(self, adapter: str) -> None:
        """Stop the sessions of one adapter, because it stops."""
        mine = [each for each in self._kept if each.record.application == adapter]
        for result in await asyncio.gather(*(each.stop() for each in mine), return_exceptions=True):
            if isinstance(result, BaseException):
                log.error("a session did not stop cleanly", error=repr(result))

    async def close(self) -> None:
        """Stop looking after sessions."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, CadgateError):
                await self._watching
        if self._ending:
            await asyncio.wait(self._ending)


def _is_visible(record: SessionRecord, authority: Authority) -> bool:
    return authority.sees_all or record.owner == authority.identity
