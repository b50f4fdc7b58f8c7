"""The socket client of the fake application."""

from __future__ import annotations

from cadgate.plugin import BaseSocketClient, ConnectionFailed


class FakeConnectionError(ConnectionFailed):
    """The fake application cannot be reached."""


class FakeClient(BaseSocketClient):
    """Speaks to the server inside the fake application."""

    connection_error = FakeConnectionError
