"""Starts the server in an application that the gateway launched: reads boot data, restores, says ready, serves."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import traceback
from typing import Any

from cadgate.appserver import lifeline
from cadgate.appserver.host import Host
from cadgate.appserver.registry import load_methods
from cadgate.appserver.server import Server


def main(kind: type[Host]) -> None:
    """Serve a host of class `kind` until told to stop, then end the process. Never returns, never raises.

    The descriptor named by `CADGATE_BOOT` holds a JSON object: secret, workspace, settings, journal (a folder or null),
    restore, crashed (whether the start before this one ended by itself), and the descriptors `lifeline` and `ready`.
    Into `ready` goes a line of JSON: port and report, or error.
    """
    boot: dict[str, Any] = {}
    try:
        boot = _read_boot()
        lifeline.arm(int(boot["lifeline"]))
        server, about = _prepare(kind, boot)
        # What the start left lives as long as the process: no collection needs to walk through it again.
        gc.collect()
        gc.freeze()
        _say_ready(boot, about)
        server.serve_forever()
        code = 0
    except BaseException as error:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc(file=sys.stderr)
        if "ready" in boot:
            _say_ready(boot, {"error": f"{type(error).__name__}: {error}"})
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    # Applications hang or print leak warnings when their interpreter is taken down in order.
    os._exit(code)


def _read_boot() -> dict[str, Any]:
    with os.fdopen(int(os.environ.pop("CADGATE_BOOT")), "rb") as file:
        boot: dict[str, Any] = json.loads(file.read())
    for name in ("lifeline", "ready"):
        os.set_inheritable(int(boot[name]), False)
    return boot


def _prepare(kind: type[Host], boot: dict[str, Any]) -> Any:
    host = kind()
    host.managed = True
    host.settings = boot["settings"]
    host.workspace = boot["workspace"]
    os.chdir(host.workspace)
    host.application = host.version()
    load_methods(host.package)
    server = Server(host, boot["secret"])
    host.start()
    report: dict[str, Any] = {"replayed": 0, "damages": []}
    if boot.get("journal"):
        report = server.caller.open_journal(
            boot["journal"], restore=bool(boot.get("restore", True)), crashed=bool(boot.get("crashed"))
        )
    return server, {"port": server.listen(), **server.greet(), "report": report}


def _say_ready(boot: dict[str, Any], about: dict[str, Any]) -> None:
    try:
        with os.fdopen(int(boot["ready"]), "wb") as file:
            file.write(json.dumps(about).encode() + b"\n")
    except OSError:
        pass
    boot.pop("ready", None)
