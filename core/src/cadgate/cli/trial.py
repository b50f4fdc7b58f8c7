"""Starts an application once, as the gateway would, to find out whether it starts, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cadgate.config.settings import Settings
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import CadgateError
from cadgate.plugins.contents import contents_of
from cadgate.plugins.hookspecs import Adapter
from cadgate.security.private import make_folder
from cadgate.sessions.process import KILL_SECONDS, ApplicationProcess, StartFailed
from cadgate.sessions.sandbox import sandbox_for
from cadgate.sessions.spawn import Launch

QUOTED_LINES = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a start."""

    seconds: float
    application: str = ""
    error: str | None = None
    """Why it failed, with the last lines of the application's output."""
    remedy: str | None = None


def try_start(adapter: Adapter, settings: AdapterSettings, gateway: Settings) -> Trial:
    """Start the application in the state folder, as the gateway would, but with an empty session; then end it."""
    began = time.monotonic()
    try:
        make_folder(gateway.state_dir)
        folder = Path(tempfile.mkdtemp(prefix="doctor-", dir=gateway.state_dir))
    except OSError as error:
        return Trial(0, error=f"the state folder cannot be used: {error.strerror}")
    try:
        name = asyncio.run(_start_and_end(adapter, settings, gateway, folder))
        return Trial(time.monotonic() - began, application=name)
    except StartFailed as error:
        return Trial(time.monotonic() - began, error=quoted(error))
    except CadgateError as error:
        remedy = error.details.get("remedy")
        return Trial(time.monotonic() - began, error=error.message, remedy=str(remedy) if remedy else None)
    except (OSError, ValueError) as error:
        return Trial(time.monotonic() - began, error=str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # Remove the state folder if it was created for this, and is empty.
        with contextlib.suppress(OSError):
            gateway.state_dir.rmdir()


def quoted(error: StartFailed) -> str:
    """Return the reason, with the end of the application's output."""
    lines = [line.strip() for line in (error.log_tail or "").splitlines() if line.strip()]
    said = " | ".join(lines[-QUOTED_LINES:])
    return f"{error}; the last lines of its output: {said}" if said else f"{error}; it printed nothing"


async def _start_and_end(adapter: Adapter, settings: AdapterSettings, gateway: Settings, folder: Path) -> str:
    launcher: Any = adapter.launcher(settings)
    launch = Launch(
        plan=launcher.plan(),
        package=adapter.package,
        client=adapter.client,
        folder=folder,
        log=folder / "application.log",
        options=launcher.options(),
        start_seconds=settings.start_timeout_seconds,
        pool_size=1,
        halves=contents_of(adapter.package).halves(),
        sandbox=sandbox_for(settings, gateway.state_dir, (folder / "workspace", *gateway.allowed_roots)),
    )
    process = await ApplicationProcess.launch(launch, lambda _method, _params: None)
    name = str(process.client.about.get("application") or adapter.title)
    process.kill()
    await process.client.disconnect()
    await asyncio.wait([process.exited], timeout=KILL_SECONDS)
    return name
