"""The socket client of Blender: the core's, with Blender's own connection error."""

from __future__ import annotations

from cadgate.plugin import BaseSocketClient, ConnectionFailed


class BlenderConnectionError(ConnectionFailed):
    """Blender cannot be reached: not started, gone, or not answering."""


class BlenderClient(BaseSocketClient):
    """Speaks to the server inside Blender."""

    connection_error = BlenderConnectionError
