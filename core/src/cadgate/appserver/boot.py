"""Starts the server in an application that the gateway launched: read boot data, restore, report ready, serve."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from cadgate.appserver import busy_poll, lifeline, lineage, log
from cadgate.appserver.errors import AppError
from cadgate.appserver.host import Host
from cadgate.appserver.registry import load_methods
from cadgate.appserver.server import Server

GARBAGE_THRESHOLD = 5000
"""How many objects more may be there before the youngest are searched for cycles: a call makes many, and no cycles."""


def main(kind: type[Host]) -> None:
    """Serve a host of class `kind` until it is stopped, then end the process. Never returns, never raises.

    The descriptor named by `CADGATE_BOOT` delivers a line of JSON: secret, workspace, settings, journal (a folder or
    null), restore, crashed (whether the previous application crashed while starting), standby, the descriptors
    `lifeline` and `ready`, and optionally `listener`, a listening socket to use instead of opening one.
    With `standby` the application starts and then waits for a second line, which overrides values of the first,
    before it touches the journal; it ends if none comes. A line of JSON is written to `ready`: port and report, or
    error.
    """
    boot: dict[str, Any] = {}
    try:
        with os.fdopen(int(os.environ.pop("CADGATE_BOOT")), "rb") as file:
            boot = _line(file)
            for descriptor in (file.fileno(), int(boot["lifeline"]), int(boot["ready"])):
                os.set_inheritable(descriptor, False)
            lifeline.arm(int(boot["lifeline"]))
            server = _prepare(kind, boot)
            if boot.get("standby"):
                boot.update(_line(file))
                if server.host.workspace != boot["workspace"]:
                    # It was started for no session in particular.
                    server.host.workspace = boot["workspace"]
                    os.chdir(boot["workspace"])
        about = _open(server, boot)
        # Objects made so far live as long as the process: spare the garbage collector walking through them.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])
        _say_ready(boot, about)
        server.serve_forever()
        code = 0
    except BaseException as error:  # noqa: BLE001 - the process ends here, whatever it was
        log.error(error)
        if "ready" in boot:
            _say_ready(boot, _report(error))
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    # Applications hang or print leak warnings when their interpreter is finalized.
    os._exit(code)


def refuse(error: AppError) -> None:
    """Report to the gateway that this application cannot serve at all, and why; then end the process.

    For the entry script of an adapter, before it imports what needs a newer application: see `main`. Never returns.
    """
    with os.fdopen(int(os.environ.pop("CADGATE_BOOT")), "rb") as file:
        boot = _line(file)
        if boot.get("standby"):
            # It is asked only if it is needed.
            _line(file)
        _say_ready(boot, _report(error))
    os._exit(1)


def _report(error: BaseException) -> dict[str, Any]:
    """Return why there is nothing to serve. For an application that is of no use as it is, with what to do."""
    if isinstance(error, AppError) and error.code == "application_unavailable":
        return {"error": error.message, "unavailable": True, "remedy": error.details.get("remedy")}
    return {"error": f"{type(error).__name__}: {error}"}


def _line(file: Any) -> dict[str, Any]:
    line = file.readline()
    if not line:
        # Nobody needs this application any more.
        os._exit(0)
    data: dict[str, Any] = json.loads(line)
    return data


def _prepare(kind: type[Host], boot: dict[str, Any]) -> Server:
    """Return a server for the application, which has an empty document."""
    if hasattr(signal, "SIGXFSZ"):
        # A file that may not grow is an error like a full disk. Python sets this itself, but not where an application
        # embeds it without signal handlers (FreeCAD 1.0): there the signal would end the application.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    busy_poll.configure(float(boot.get("busy_poll", 0.0)))
    host = kind()
    host.managed = True
    host.settings = boot["settings"]
    host.workspace = boot["workspace"]
    os.chdir(host.workspace)
    host.application = host.version()
    host.lacking = host.lacking_formats()
    load_methods(host.package)
    server = Server(host, boot["secret"])
    host.start()
    return server


def _open(server: Server, boot: dict[str, Any]) -> dict[str, Any]:
    """Restore the session from its journal, and listen. Returns what the gateway is to know."""
    report: dict[str, Any] = {"replayed": 0, "damages": []}
    if boot.get("journal"):
        restore = bool(boot.get("restore", True))
        if restore:
            lineage.require_as_new(boot["journal"], server.host.application)
        report = server.call_runner.open_journal(boot["journal"], restore=restore, crashed=bool(boot.get("crashed")))
        lineage.record(boot["journal"], server.host.application)
    port = (
        server.listen() if boot.get("listener") is None else server.serve(socket.socket(fileno=int(boot["listener"])))
    )
    return {"port": port, **server.greet(), "report": report}


def _say_ready(boot: dict[str, Any], about: dict[str, Any]) -> None:
    try:
        with os.fdopen(int(boot["ready"]), "wb") as file:
            file.write(json.dumps(about).encode() + b"\n")
    except OSError:
        pass
    boot.pop("ready", None)
