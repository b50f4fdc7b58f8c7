"""The socket client of FreeCAD: the core's, with FreeCAD's own connection error."""

from __future__ import annotations

from cadgate.plugin import BaseSocketClient, ConnectionFailed


class FreeCADConnectionError(ConnectionFailed):
    """FreeCAD cannot be reached: not started, gone, or not answering."""


class FreeCADClient(BaseSocketClient):
    """Speaks to the server inside FreeCAD."""

    connection_error = FreeCADConnectionError
