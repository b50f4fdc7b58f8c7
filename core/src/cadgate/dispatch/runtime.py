"""`AdapterRuntime`: an active adapter with its session, its methods, its files. The host starts and stops it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import structlog

from cadgate.artifacts.store import ArtifactStore
from cadgate.clients.base_client import BaseSocketClient, Notification
from cadgate.contract.builtin import BUILTIN
from cadgate.contract.methods import Handler, Method
from cadgate.dispatch.calls import Calls
from cadgate.dispatch.reads import Reads
from cadgate.errors import ApplicationUnavailable
from cadgate.plugins.contents import contents_of
from cadgate.security.audit import AuditLog
from cadgate.security.private import make_folder
from cadgate.sessions import sandbox
from cadgate.sessions.launcher import Launcher, LaunchPlan
from cadgate.sessions.process import ApplicationProcess
from cadgate.sessions.sandbox import Confinement, Sandbox
from cadgate.sessions.session import Session
from cadgate.sessions.source import ExternalSource, ManagedSource
from cadgate.sessions.spawn import Launch
from cadgate.sessions.status import Status
from cadgate.sessions.worker import Worker, Workers

if TYPE_CHECKING:
    from cadgate.config.settings import Settings
    from cadgate.plugins.discovery import Found

STOP_SECONDS = 15.0
log = structlog.stdlib.get_logger("cadgate.runtime")


class AdapterRuntime:
    """Lives as long as the gateway: `async with runtime` starts its application and ends it with all it started."""

    def __init__(
        self, found: Found, gateway: Settings, artifacts: ArtifactStore, audit: AuditLog | None = None
    ) -> None:
        if found.adapter is None or found.settings is None:
            raise ValueError(f"adapter {found.name!r} is {found.status} and cannot run")
        self.adapter = adapter = found.adapter
        self.settings = settings = found.settings
        self.artifacts = artifacts
        self._hidden = gateway.state_dir
        self._roots = gateway.allowed_roots
        self.audit = audit or AuditLog(gateway.state_dir / "logs", enabled=False)
        self.folder = gateway.state_dir / "sessions" / adapter.name
        self._log = gateway.state_dir / "logs" / f"{adapter.name}.log"
        self._launcher: Launcher[Any] = adapter.launcher(settings)
        contents = contents_of(adapter.package)
        self.methods: dict[str, Method[Any, Any]] = {
            **{method.name: method for method in BUILTIN},
            **contents.methods_by_name(),
        }
        self._halves = contents.halves()
        self.handlers: dict[str, Handler[Any, Any]] = contents.handlers_by_name()
        source = (
            ManagedSource(self._launch, settings.recovery_spares)
            if settings.mode == "managed"
            else ExternalSource(self._external_client)
        )
        self.session = Session(
            adapter.name,
            source,
            mode=settings.mode,
            max_queue=settings.max_queue,
            grace_seconds=settings.grace_seconds,
            overrun_seconds=settings.overrun_seconds or 5 * settings.grace_seconds,
            connection_error=adapter.connection_error,
        )
        self.workers = Workers(
            self._launch_worker, settings.workers if settings.mode == "managed" else 0, settings.max_workers
        )
        self.session.listeners.append(self._warm_workers)
        self.calls = Calls(self)
        self.reads = Reads(self)
        self.confinement: Confinement | None = None
        """How its applications are shut in; decided once, when it starts. None where it starts none."""

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    # --- launches ------------------------------------------------------------------------------------------------

    def _plan(self) -> tuple[LaunchPlan, dict[str, object]]:
        """What the launcher says. Runs in a thread; raises what the launcher raises, but nothing that ends the loop."""
        try:
            return self._launcher.plan(), self._launcher.options()
        except (SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(f"its launcher tried to end the gateway: {error!r}") from error

    def _launch(self) -> Launch:
        plan, options = self._plan()
        return Launch(
            plan=plan,
            package=self.adapter.package,
            client=self.adapter.client,
            folder=self.folder,
            log=self._log,
            options=options,
            start_seconds=self.settings.start_timeout_seconds,
            pool_size=self.settings.pool_size,
            journal=self.folder / "journal",
            halves=self._halves,
            sandbox=self._sandbox(),
            restore=self.settings.restore or self.session.status().restarts > 0,
        )

    def _sandbox(self) -> Sandbox | None:
        """What the application may see, where the settings shut it in. Raises ApplicationUnavailable."""
        if self.settings.sandbox == "auto" and not (self.confinement and self.confinement.active):
            return None  # as it was decided at the start
        # Workers read and write the session's files; all applications of one adapter trust each other.
        writable = (self.workspace, self.folder / "journal", *self._roots)
        return sandbox.sandbox_for(self.settings, self._hidden, writable, self.folder / "cache")

    async def _launch_worker(self, worker: Worker, number: int) -> ApplicationProcess:
        try:
            plan, options = await anyio.to_thread.run_sync(self._plan)
        except ApplicationUnavailable as error:
            raise self.adapter.connection_error(error.message, details=error.details) from error
        launch = Launch(
            plan=plan,
            package=self.adapter.package,
            client=self.adapter.client,
            folder=self.folder / "workers" / str(number % 64),
            log=self._log.with_name(f"{self.adapter.name}-workers.log"),
            options=options,
            start_seconds=self.settings.start_timeout_seconds,
            pool_size=1,
            halves=self._halves,
            sandbox=self._sandbox(),
        )
        return await ApplicationProcess.launch(launch, worker.notified)

    def _external_client(self, on_notification: Notification) -> BaseSocketClient:
        settings = self.settings
        client = self.adapter.client(
            settings.host,
            settings.port,
            settings.token or "",
            pool_size=settings.pool_size,
            on_notification=on_notification,
        )
        client.halves = self._halves
        return client

    def _warm_workers(self, method: str, params: dict[str, Any]) -> None:
        if params.get("topic") == "status" and params["data"].get("state") in ("up", "restarted"):
            self.workers.warm()

    # --- life ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> AdapterRuntime:
        make_folder(self.workspace)
        # What an earlier gateway left. Nothing uses it: its applications ended with it.
        for left in (self.workspace / ".staging", self.folder / "tmp", self.folder / "workers"):
            await anyio.to_thread.run_sync(partial(shutil.rmtree, left, ignore_errors=True))
        self.confinement = await anyio.to_thread.run_sync(sandbox.confinement, self.adapter.name, self.settings)
        if self.confinement is not None and not self.confinement.active and self.confinement.setting == "auto":
            log.warning(self.confinement.message)
        self.session.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for end in (self.calls.close(), self.workers.close(), self.session.stop(STOP_SECONDS)):
            try:
                await end
            except Exception:  # one part's end must not keep the others from theirs
                log.exception("adapter did not stop in order", adapter=self.adapter.name)

    def status(self) -> Status:
        """What is known of the application, without asking it."""
        return self.session.status()

    async def health(self) -> dict[str, Any]:
        """See `Session.health`; it says how the application is shut in, too."""
        answer = await self.session.health()
        return answer if self.confinement is None else {**answer, "sandbox": asdict(self.confinement)}
