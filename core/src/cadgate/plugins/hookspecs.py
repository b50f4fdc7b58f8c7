"""The one hook through which an adapter package announces itself, and the object that it announces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy
from fastapi.routing import APIRouter

from cadgate.clients.base_client import BaseSocketClient
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ConnectionFailed
from cadgate.sessions.launcher import Launcher

API_VERSION = 1
"""The version of this surface. It grows by 1 when an adapter written for the version before may break.

Adapters write the number that they were written for, and never this name: it is that of the gateway at hand.
"""

hookspec = pluggy.HookspecMarker("cadgate")
hookimpl = pluggy.HookimplMarker("cadgate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One application, as a package contributes it. The host owns prefix, tag, operation ids, WebSocket and lifecycle.

    `api_version` is the version of this module that the adapter was written for: a number, which stays when the gateway
    goes on. `package` is scanned for module-level `Method` and `Handler` objects. `context` names request values that
    go with every call (`?document=` in FreeCAD): in the query for REST, in `params` for batch and WebSocket.
    `topics` are the adapter's own, besides the host's: what is emitted or published on them reaches who subscribed.
    `pages` is a folder of the package, whose files are served below `/console/{name}/`.
    """

    name: str
    title: str
    description: str
    package: str
    api_version: int
    routers: Sequence[APIRouter]
    launcher: type[Launcher[Any]]
    client: type[BaseSocketClient] = BaseSocketClient
    settings: type[AdapterSettings] = AdapterSettings
    connection_error: type[ConnectionFailed] = ConnectionFailed
    context: Sequence[str] = field(default=())
    topics: Sequence[str] = field(default=())
    pages: Path | None = None


class AdapterSpec:
    """The hook specification; pluggy reads it."""

    @hookspec
    def cadgate_adapter(self) -> Adapter:
        """The adapter of this package."""
        raise NotImplementedError
