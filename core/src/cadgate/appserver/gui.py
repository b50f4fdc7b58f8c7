"""Serves an application with a window, or any with a main loop of its own, which must call `Server.pump`.

    server = gui.serve(BlenderHost, secret="…", port=8790, settings=LIMITS)
    bpy.app.timers.register(lambda: server.pump() and 0.0 or 0.01, persistent=True)

Nothing is journaled: the document belongs to the person in front of the window.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any, Callable

from cadgate.appserver.host import Host
from cadgate.appserver.registry import load_methods
from cadgate.appserver.server import Server

MIN_SECRET = 16


def serve(
    kind: type[Host],
    *,
    secret: str,
    port: int,
    address: str = "127.0.0.1",
    workspace: str | None = None,
    settings: dict[str, Any] | None = None,
    wake: Callable[[], None] | None = None,
) -> Server:
    """Start listening, and return the server. The application's loop must call its `pump` on the main thread.

    `wake` is called on another thread whenever there is something to do, to wake a sleeping loop.
    Raises ValueError for a secret that can be guessed, OSError when the port is taken.
    """
    if len(secret) < MIN_SECRET:
        raise ValueError(f"the secret must have at least {MIN_SECRET} characters")
    host = kind()
    host.settings = settings or {}
    host.workspace = workspace or tempfile.mkdtemp(prefix="cadgate-")
    os.makedirs(host.workspace, exist_ok=True)
    host.application = host.version()
    host.lacking = host.lacking_formats()
    load_methods(host.package)
    server = Server(host, secret, wake=wake)
    host.start()
    server.listen(address, port)
    return server
