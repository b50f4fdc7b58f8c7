"""`cadgate up` and `cadgate down`: start and stop the gateway in the background."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cadgate.cli.gateway import Gateway, NotReachable, Service
from cadgate.cli.leftovers import leftover_tables
from cadgate.cli.lock import holder_of
from cadgate.cli.outward import proxy_hint
from cadgate.cli.processes import Family
from cadgate.config.settings import Settings
from cadgate.security.private import make_folder, secure_state

POLL_SECONDS = 0.1
SETTLED = frozenset(("up", "busy", "down", "unavailable", "failed"))
"""States in which waiting longer changes nothing."""

LOG_NAME = "gateway.log"
MAX_LOG_BYTES = 10 * 1024 * 1024
CHILDREN_SECONDS = 5.0


class Progressing:
    """Shows what is being waited for: live on a terminal, otherwise one line per change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        )
        self._tasks: dict[str, Any] = {}
        self._last: dict[str, str] = {}

    def __enter__(self) -> Progressing:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, name: str, state: str) -> None:
        if self._last.get(name) == state:
            return
        self._last[name] = state
        if not self._console.is_terminal:
            say(f"{name}: {state}")
        elif name in self._tasks:
            self._live.update(self._tasks[name], description=f"{name}: {state}")
        else:
            self._tasks[name] = self._live.add_task(f"{name}: {state}", total=None)


def say(text: str) -> None:
    """Print one line on stdout, without wrapping, so that people can copy it."""
    print(text, flush=True)


def up(settings: Settings, arguments: list[str], timeout_seconds: float) -> int:
    """Start the gateway detached with `arguments` for `serve`, and wait until its applications answer.

    Returns the exit code: 0 if every adapter answers, except those that failed to load (as long as another one answers)
    and those whose application is not installed.
    """
    holder = holder_of(settings.state_dir)
    log = settings.state_dir / "logs" / LOG_NAME
    child: subprocess.Popen[bytes] | None = None
    start = 0
    if holder is not None:
        say(f"the gateway is already running (process {holder.pid})")
    else:
        child, start = _spawn(settings, log, arguments)
    deadline = time.monotonic() + timeout_seconds
    with Progressing(Console()) as progress:
        gateway = _wait_for_gateway(settings, child, progress, deadline)
        if gateway is None:
            return _did_not_start(child, log, start, timeout_seconds)
        states = _wait_for_adapters(gateway, progress, deadline)
    code = _report(gateway, states, log, leftover_tables(settings))
    hint = proxy_hint(settings)
    if hint is not None:
        print(f"cadgate: warning: {hint[0]}: {hint[1]}", file=sys.stderr)
    return code


def running_gateway(settings: Settings, arguments: list[str], timeout_seconds: float) -> Gateway | None:
    """Return the running gateway, after starting one with `arguments` where none runs; None if that fails.

    It prints nothing, and does not wait for applications.
    """
    child = None
    if holder_of(settings.state_dir) is None:
        child, _ = _spawn(settings, settings.state_dir / "logs" / LOG_NAME, arguments)
    return _wait_for_gateway(settings, child, None, time.monotonic() + timeout_seconds)


def _spawn(settings: Settings, log: Path, arguments: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the gateway in a session of its own, with its output in `log`; also return where in the log it begins."""
    secure_state(settings.state_dir, settings.origin("state_dir"))
    make_folder(log.parent)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_name(LOG_NAME + ".1"))
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        start = os.fstat(output).st_size
        # -P: files in the working folder must not shadow modules.
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "cadgate", "serve", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    finally:
        os.close(output)
    return child, start


def _wait_for_gateway(
    settings: Settings, child: subprocess.Popen[bytes] | None, progress: Progressing | None, deadline: float
) -> Gateway | None:
    if progress is not None:
        progress.show("gateway", "starting")
    while time.monotonic() < deadline:
        holder = holder_of(settings.state_dir)
        if holder is not None and holder.url:
            gateway = Gateway(holder.url, holder.token)
            try:
                gateway.known()
            except NotReachable:
                pass
            else:
                if progress is not None:
                    progress.show("gateway", "up")
                return gateway
        if child is not None and child.poll() is not None:
            # Another start may have been faster; then wait for that gateway.
            if holder is None or holder.pid == child.pid:
                return None
            child = None
        elif child is None and holder is None:
            return None
        time.sleep(POLL_SECONDS)
    return None


def _wait_for_adapters(gateway: Gateway, progress: Progressing, deadline: float) -> list[Service]:
    while True:
        try:
            services = gateway.known()
            for service in services:
                progress.show(service.name, service.state)
            if all(service.state in SETTLED for service in services) or time.monotonic() >= deadline:
                return gateway.services()
        except NotReachable as error:
            return [Service("gateway", "down", str(error), kind="gateway")]
        time.sleep(POLL_SECONDS)


def _did_not_start(child: subprocess.Popen[bytes] | None, log: Path, start: int, timeout_seconds: float) -> int:
    code = child.poll() if child is not None else None
    if child is not None and code is None:
        print(f"cadgate: the gateway did not answer within {timeout_seconds:g} s; see {log}", file=sys.stderr)
        return 1
    with log.open("rb") as file:
        file.seek(start)
        output = file.read().decode("utf-8", "replace").strip()
    print(output or f"cadgate: the gateway ended at once, without any output ({log})", file=sys.stderr)
    return code if code in (1, 2) else 1


def _report(gateway: Gateway, services: list[Service], log: Path, left: set[str]) -> int:
    for name in sorted(left):
        print(
            f"cadgate: warning: plugins.toml has [adapters.{name}], but no adapter {name!r} is installed: remove the "
            f"table, or install the package",
            file=sys.stderr,
        )
    services = [service for service in services if service.kind != "adapter" or service.name not in left]
    for service in services:
        say(service.line())
    say(f"{'docs':<12} {gateway.url}/docs")
    say(f"{'health':<12} {gateway.url}/health")
    for service in services:
        if service.kind == "adapter" and service.answers:
            say(f"{service.name:<12} {gateway.url}/api/v1/{service.name}/methods")
    say(f"{'log':<12} {log}")
    for service in services:
        if service.note is not None:
            say(f"{'note':<12} {service.note}")
    missing = [service for service in services if not service.answers and service.state != "unavailable"]
    for service in missing:
        print(f"cadgate: {service.name} does not answer: {service.cause or service.state}", file=sys.stderr)
    # An adapter that cannot be loaded is no failure of the gateway, unless there is no other.
    broken = [service for service in missing if service.state == "failed"]
    some_answer = any(service.answers for service in services if service.kind == "adapter")
    return 0 if len(broken) == len(missing) and (some_answer or not broken) else 1


def down(settings: Settings, timeout_seconds: float | None = None) -> int:
    """Stop the gateway that uses the state folder, with everything it started. Returns the exit code."""
    holder = holder_of(settings.state_dir)
    if holder is None:
        say(f"no gateway runs with the state folder {settings.state_dir}")
        return 0
    family = Family.of(holder.pid) if holder.pid else None
    if family is None:
        print(f"cadgate: the gateway (process {holder.pid}) cannot be seen from here", file=sys.stderr)
        return 1
    limit = settings.shutdown_seconds + 20 if timeout_seconds is None else timeout_seconds
    family.terminate()
    graceful = family.wait(limit)
    # Children end with the gateway, even if it is killed.
    if graceful and not family.left(CHILDREN_SECONDS):
        say(f"the gateway (process {holder.pid}) has ended")
        return 0
    family.kill()
    left = family.left(CHILDREN_SECONDS)
    if left:
        print(f"cadgate: these processes cannot be killed: {', '.join(map(str, left))}", file=sys.stderr)
        return 1
    what = "children were" if graceful else f"it did not end within {limit:g} s and was"
    say(f"the gateway (process {holder.pid}) has ended; {what} killed")
    return 0
