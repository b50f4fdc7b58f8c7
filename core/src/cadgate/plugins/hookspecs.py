"""The hook by which a package provides an adapter, and the `Adapter` object that it returns."""

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
"""The version of this interface, increased by 1 when adapters for the previous version may break.

Adapters give the number that they were written for, never this name, which is the version of the installed gateway.
"""

hookspec = pluggy.HookspecMarker("cadgate")
hookimpl = pluggy.HookimplMarker("cadgate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One application of a package. The gateway owns prefix, tag, operation ids, WebSocket and lifecycle.

    `api_version` is the version of this interface that the adapter was written for: a number, which does not change
    with the gateway. `package` is scanned for module-level `Method` and `Handler` objects. `context` names request
    values that are sent with every call (`?document=` in FreeCAD): in the query for REST, in `params` for batch and
    WebSocket. `topics` are the adapter's own, in addition to the gateway's: their events reach all subscribers.
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
    """The hook specification, for pluggy."""

    @hookspec
    def cadgate_adapter(self) -> Adapter:
        """Return the adapter of this package."""
        raise NotImplementedError
