"""Starts the applications of one adapter, or connects to them: by its launcher, in a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio.to_thread

from cadgate.clients.base_client import BaseSocketClient, Notification
from cadgate.clients.halves import Halves
from cadgate.config.settings import Settings
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ApplicationUnavailable
from cadgate.plugins.hookspecs import Adapter
from cadgate.security.private import make_folder
from cadgate.sessions import sandbox
from cadgate.sessions.launcher import Launcher, LaunchPlan
from cadgate.sessions.process import ApplicationProcess
from cadgate.sessions.sandbox import Confinement, Sandbox
from cadgate.sessions.source import ExternalSource, ManagedSource, Source
from cadgate.sessions.spawn import Launch
from cadgate.sessions.worker import Worker


class Launching:
    """Makes the launches of one adapter. `folder` has its session, `halves` the methods the application must have."""

    def __init__(self, adapter: Adapter, settings: AdapterSettings, gateway: Settings, halves: Halves) -> None:
        self._adapter = adapter
        self._settings = settings
        self._hidden = gateway.state_dir
        self._roots = gateway.allowed_roots
        self._halves = halves
        self._launcher: Launcher[Any] = adapter.launcher(settings)
        self._log = gateway.state_dir / "logs" / f"{adapter.name}.log"
        self.sessions = gateway.state_dir / "sessions"
        self.folder = self.sessions / adapter.name
        self.confinement: Confinement | None = None
        """How its applications are sandboxed, decided at its start. None if it does not start any."""

    def confine(self) -> None:
        """Decide how its applications are sandboxed. Runs programs, so call it in a thread."""
        self.confinement = sandbox.confinement(self._adapter.name, self._settings)

    def source(self, folder: Path, restore: Callable[[], bool]) -> Source:
        """Return the source of the application for the session in `folder`; `restore`: whether to restore documents."""
        settings = self._settings
        if settings.mode == "managed":
            return ManagedSource(lambda: self._launch(folder, restore=restore()), settings.recovery_spares)
        return ExternalSource(self._external_client)

    def of_session(self, folder: Path) -> Launch:
        """Return the launch for a session that somebody made, in `folder`. Runs in a thread; raises as `_plan`."""
        launch = self._launch(folder, restore=True)
        make_folder(launch.folder / "workspace")
        return replace(launch, log=self._log.with_name(f"{self._adapter.name}-sessions.log"))

    @property
    def tied_to_folders(self) -> bool:
        """Whether an application can serve only the session in whose folder it was started, because of its sandbox."""
        return self.confinement is not None and (self.confinement.active or self._settings.sandbox == "bubblewrap")

    def _plan(self) -> tuple[LaunchPlan, dict[str, object]]:
        """Return the launcher's plan and options. Runs in a thread. Raises its errors, except SystemExit."""
        try:
            return self._launcher.plan(), self._launcher.options()
        except (SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(f"its launcher tried to end the gateway: {error!r}") from error

    def _launch(self, folder: Path, *, restore: bool) -> Launch:
        plan, options = self._plan()
        return Launch(
            plan=plan,
            package=self._adapter.package,
            client=self._adapter.client,
            folder=folder,
            log=self._log,
            options=options,
            start_seconds=self._settings.start_timeout_seconds,
            pool_size=self._settings.pool_size,
            journal=folder / "journal",
            halves=self._halves,
            sandbox=self._sandbox(folder),
            restore=restore,
        )

    def _sandbox(self, folder: Path) -> Sandbox | None:
        """Return the application's sandbox, None without one. Raises ApplicationUnavailable."""
        if self._settings.sandbox == "auto" and not (self.confinement and self.confinement.active):
            return None  # as decided at the start
        # Workers read and write the session's files; all applications of one adapter trust each other.
        writable = (folder / "workspace", folder / "journal", *self._roots)
        return sandbox.sandbox_for(self._settings, self._hidden, writable, folder / "cache")

    async def worker(self, worker: Worker, number: int) -> ApplicationProcess:
        """Start a worker's application. Raises the adapter's ConnectionFailed if it is not installed."""
        try:
            plan, options = await anyio.to_thread.run_sync(self._plan)
        except ApplicationUnavailable as error:
            raise self._adapter.connection_error(error.message, details=error.details) from error
        launch = Launch(
            plan=plan,
            package=self._adapter.package,
            client=self._adapter.client,
            folder=self.folder / "workers" / str(number % 64),
            log=self._log.with_name(f"{self._adapter.name}-workers.log"),
            options=options,
            start_seconds=self._settings.start_timeout_seconds,
            pool_size=1,
            halves=self._halves,
            sandbox=self._sandbox(worker.folder or self.folder),
        )
        return await ApplicationProcess.launch(launch, worker.notified)

    def _external_client(self, on_notification: Notification) -> BaseSocketClient:
        settings = self._settings
        client = self._adapter.client(
            settings.host,
            settings.port,
            settings.token or "",
            pool_size=settings.pool_size,
            on_notification=on_notification,
        )
        client.halves = self._halves
        return client
