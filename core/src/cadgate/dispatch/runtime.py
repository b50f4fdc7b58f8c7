"""`AdapterRuntime`: an active adapter with its sessions and its workers. The gateway starts and stops it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from functools import partial
from typing import Any

import anyio.to_thread
import structlog

from cadgate.artifacts.store import ArtifactStore
from cadgate.config.settings import Settings
from cadgate.contract.builtin import BUILTIN
from cadgate.dispatch.application import Application
from cadgate.dispatch.kept_session import KeptSession
from cadgate.dispatch.launching import Launching
from cadgate.dispatch.limits import SessionLimits
from cadgate.dispatch.served import ServedAdapter
from cadgate.dispatch.session import SessionRuntime
from cadgate.plugins.contents import contents_of
from cadgate.plugins.discovery import Found
from cadgate.security.audit import AuditLog
from cadgate.sessions.process import ApplicationProcess
from cadgate.sessions.records import SessionFolders, SessionRecord
from cadgate.sessions.sandbox import Confinement
from cadgate.sessions.slots import Slots
from cadgate.sessions.source import Source
from cadgate.sessions.status import Status
from cadgate.sessions.warm import SessionSource, WarmPool
from cadgate.sessions.worker import Workers

log = structlog.stdlib.get_logger("cadgate.runtime")


class AdapterRuntime:
    """An active adapter, for the gateway's lifetime: `async with runtime` starts and stops its application."""

    def __init__(
        self, found: Found, gateway: Settings, artifacts: ArtifactStore, audit: AuditLog | None = None
    ) -> None:
        if found.adapter is None or found.settings is None:
            raise ValueError(f"adapter {found.name!r} is {found.status} and cannot run")
        self.adapter = adapter = found.adapter
        self.settings = settings = found.settings
        contents = contents_of(adapter.package)
        self.served = ServedAdapter(
            adapter=adapter,
            settings=settings,
            methods={**{method.name: method for method in BUILTIN}, **contents.methods_by_name()},
            handlers=contents.handlers_by_name(),
            artifacts=artifacts,
            audit=audit or AuditLog(gateway.state_dir / "logs", enabled=False),
        )
        self._launching = Launching(adapter, settings, gateway, contents.halves())
        self.workers = Workers(
            self._launching.worker, settings.workers if settings.mode == "managed" else 0, settings.max_workers
        )
        self.default = self._default()
        """The session for requests that name none."""
        self.limits = SessionLimits.of(gateway, settings)
        if self.limits.memory_bytes is not None and settings.mode == "managed":
            self.default.limit_memory(self.limits.memory_bytes)
        self.slots = Slots(self.limits.max_awake)
        self.warm = WarmPool(
            lambda identifier: self._launching.of_session(self._launching.sessions / identifier), self.limits.warm or 0
        )

    def _default(self) -> SessionRuntime:
        folder = self._launching.folder
        source = self._launching.source(folder, lambda: self.settings.restore or made.session.status().restarts > 0)
        made = SessionRuntime(self.served, folder, source, self.workers, Application)
        made.session.listeners.append(self._warm_workers)
        return made

    def keep(
        self, record: SessionRecord, folders: SessionFolders, own: ApplicationProcess | None = None
    ) -> KeptSession:
        """Return a session that somebody made. `own`: the warm application whose folder and id it has."""
        folder = folders.of(record.id)

        def open_source(own: ApplicationProcess | None) -> Source:
            pool = None if self._launching.tied_to_folders else self.warm
            return SessionSource(lambda: self._launching.of_session(folder), folder, own, pool)

        runtime = SessionRuntime(
            self.served, folder, open_source(None), self.workers, Application, record.id, record.owner
        )
        runtime.session.listeners.append(self._warm_workers)
        if self.limits.memory_bytes is not None:
            runtime.limit_memory(self.limits.memory_bytes)
        return KeptSession(record, runtime, self.slots, folders, open_source, own, self.limits.max_bytes)

    @property
    def confinement(self) -> Confinement | None:
        """How its applications are sandboxed; None if it does not start any."""
        return self._launching.confinement

    def _warm_workers(self, method: str, params: dict[str, Any]) -> None:
        if params.get("topic") == "status" and params["data"].get("state") in ("up", "restarted"):
            self.workers.warm()

    async def __aenter__(self) -> AdapterRuntime:
        # Left by an earlier gateway, whose applications have ended with it.
        workers = self._launching.folder / "workers"
        await anyio.to_thread.run_sync(partial(shutil.rmtree, workers, ignore_errors=True))
        await anyio.to_thread.run_sync(self._launching.confine)
        self.workers.tied = self._launching.tied_to_folders
        if self.confinement is not None and not self.confinement.active and self.confinement.setting == "auto":
            log.warning(self.confinement.message)
        await self.default.start()
        self.warm.fill()
        return self

    async def __aexit__(self, *_: object) -> None:
        for end in (
            self.served.helper.close(),
            self.default.calls.close(),
            self.workers.close(),
            self.warm.close(),
            self.default.stop(),
        ):
            try:
                await end
            except Exception:  # an error in one part must not prevent the others from stopping
                log.exception("adapter did not stop cleanly", adapter=self.adapter.name)

    def status(self) -> Status:
        """Return what is known about the application, without calling it."""
        return self.default.session.status()

    async def health(self) -> dict[str, Any]:
        """Return `Session.health` of `default`, with how the application is sandboxed."""
        return self._confined(await self.default.session.health())

    async def health_of(self, kept: KeptSession) -> dict[str, Any]:
        """Return the same of a session that was made. One without a process is not woken by that."""
        state = kept.state
        if state in ("suspended", "queued"):
            return self._confined({"status": state, "mode": self.settings.mode, "position": kept.position})
        return self._confined(await kept.runtime.session.health())

    def _confined(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer if self.confinement is None else {**answer, "sandbox": asdict(self.confinement)}
