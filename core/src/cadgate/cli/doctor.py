"""`cadgate doctor`: examines this machine as the gateway will find it, and shows how to get what is missing."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table

from cadgate.cli.lifecycle import say
from cadgate.cli.lock import holder_of
from cadgate.cli.outward import proxy_hint
from cadgate.cli.serve import CannotListen, bind
from cadgate.cli.trial import try_start
from cadgate.config.settings import Settings
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import CadgateError, ConfigError
from cadgate.plugins.discovery import Found, discover
from cadgate.sessions import sandbox
from cadgate.sessions.launcher import Launcher

LOW_SPACE_BYTES = 1024**3

Verdict = Literal["ok", "hint", "missing"]
_COLOURS = {"ok": "green", "hint": "yellow", "missing": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. A `hint` works better with its remedy; `missing` does not work without it."""

    subject: str
    verdict: Verdict
    text: str
    remedy: str | None = None


def doctor(settings: Settings) -> int:
    """Print the findings as a table, then the commands that get what is missing; return 0 if nothing is."""
    # The table has the same content as its warnings.
    logging.getLogger("cadgate.plugins").setLevel(logging.ERROR)
    findings = list(examine(settings))
    table = Table("what", "verdict", "found")
    for finding in findings:
        table.add_row(finding.subject, f"[{_COLOURS[finding.verdict]}]{finding.verdict}[/]", _plain(finding.text))
    # Without a terminal, the width would default to 80, which breaks paths.
    console = Console()
    Console(width=None if console.is_terminal else 160, markup=True).print(table)
    for finding in findings:
        if finding.remedy:
            say(f"{finding.subject}: {finding.remedy}")
    return 1 if any(finding.verdict == "missing" for finding in findings) else 0


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def examine(settings: Settings) -> Iterator[Finding]:
    """Check Python, the state folder, the port, then every adapter and its application."""
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield Finding("plugins.toml", "ok", str(settings.plugins or "none: every adapter is enabled"))
    yield from _state_dir(settings)
    yield from _port(settings)
    yield from _proxy(settings)
    try:
        found = discover(settings)
    except ConfigError as error:
        yield Finding("settings", "missing", error.message)
        return
    if not found:
        yield Finding("adapters", "missing", "none is installed", "pip install cadgate-blender cadgate-freecad")
    for one in found:
        yield from _adapter(one, settings)


def _state_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        remedy = "set CADGATE_STATE_DIR to a folder of yours"
        yield Finding("state folder", "missing", f"{folder} cannot be written: check {nearest}", remedy)
        return
    free = shutil.disk_usage(nearest).free
    verdict: Verdict = "hint" if free < LOW_SPACE_BYTES else "ok"
    yield Finding("state folder", verdict, f"{folder}, {free / 1024**3:.1f} GiB free")


def _port(settings: Settings) -> Iterator[Finding]:
    holder = holder_of(settings.state_dir)
    if holder is not None:
        yield Finding("gateway", "ok", f"running as process {holder.pid} at {holder.url or '(starting)'}")
        return
    try:
        bind(settings).close()
    except CannotListen as error:
        yield Finding("port", "missing", error.message)
    except ConfigError as error:
        yield Finding("host", "missing", error.message)
    else:
        yield Finding("port", "ok", f"{settings.port} on {settings.host} is free")


def _proxy(settings: Settings) -> Iterator[Finding]:
    hint = proxy_hint(settings)
    if hint is not None:
        yield Finding("proxy", "hint", *hint)


def _adapter(one: Found, settings: Settings) -> Iterator[Finding]:
    package = f"{one.package} {one.version or ''}".rstrip()
    if one.status == "failed":
        yield Finding(one.name, "missing", one.error or "failed")
        return
    if one.status == "disabled" or one.adapter is None or one.settings is None:
        yield Finding(one.name, "ok", f"{package}: disabled")
        return
    if one.settings.mode == "external":
        yield _external(one.name, package, one.settings.host, one.settings.port)
        return
    try:
        launcher: Launcher[AdapterSettings] = one.adapter.launcher(one.settings)
        plan = launcher.plan()
        if one.settings.sandbox == "bubblewrap":
            sandbox.require()
        hints = list(launcher.hints())
    except CadgateError as error:
        remedy = error.details.get("remedy")
        yield Finding(one.name, "missing", f"{package}: {error.message}", str(remedy) if remedy else None)
    except Exception as error:  # noqa: BLE001 - an adapter's own code, in any state
        yield Finding(one.name, "missing", f"{package}: looking for the application failed: {error!r}")
    else:
        started = try_start(one.adapter, one.settings, settings)
        text = f"{package}: {one.adapter.title} by {plan.argv[0]}"
        if started.error is None:
            yield Finding(one.name, "ok", f"{text}; {started.application} started in {started.seconds:.1f} s")
        else:
            yield Finding(one.name, "missing", f"{text}; it does not start: {started.error}", started.remedy)
        confinement = sandbox.confinement(one.name, one.settings)
        if confinement is not None and confinement.active:
            yield Finding(one.name, "ok", "runs in a sandbox: no network, only its own folders, nothing else readable")
        elif confinement is not None:
            verdict: Verdict = "ok" if confinement.setting == "none" else "hint"
            yield Finding(one.name, verdict, confinement.message or "", confinement.remedy)
        for hint in hints:
            yield Finding(one.name, "hint", hint.text, hint.remedy)


def _external(name: str, package: str, host: str, port: int) -> Finding:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        return Finding(name, "missing", f"{package}: external, but nothing answers at {host}:{port}: {error}")
    return Finding(name, "ok", f"{package}: external, something listens at {host}:{port}")
