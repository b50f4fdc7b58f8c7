"""The socket client of the companion process: the core's, with its own connection error."""

from __future__ import annotations

from cadgate.plugin import BaseSocketClient, ConnectionFailed


class OpenSCADConnectionError(ConnectionFailed):
    """The process that starts OpenSCAD cannot be reached: not started, gone, or not answering."""


class OpenSCADClient(BaseSocketClient):
    """Speaks to the process that starts OpenSCAD."""

    connection_error = OpenSCADConnectionError
