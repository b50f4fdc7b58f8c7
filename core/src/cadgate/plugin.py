"""Everything an adapter package needs from cadgate, and the one hook through which it announces itself.

# cadgate_example/adapter.py, named by the entry point `example = "cadgate_example.adapter"` in `cadgate.adapters`
@hookimpl
def cadgate_adapter() -> Adapter:
    return Adapter(name="example", title="Example", ...)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy
from fastapi import Depends, Request
from fastapi.routing import APIRouter
from starlette.responses import Response

from cadgate.application import Application, RequestContext
from cadgate.appserver import Recognised, recognise, recognise_bytes, scrutiny
from cadgate.artifacts.incoming import INCOMING_BODY, TRUSTABLE_BODY, IncomingFile
from cadgate.artifacts.outgoing import file_answers, file_or_json
from cadgate.artifacts.store import StagedFile
from cadgate.clients.base_client import BaseSocketClient
from cadgate.encoded import Encoded, encode_params
from cadgate.errors import (
    ApplicationUnavailable,
    CadgateError,
    CommandExecutionError,
    ConnectionFailed,
    DegenerateResult,
    LimitExceeded,
    ObjectNotFound,
    UnsupportedFormat,
    ValidationFailed,
)
from cadgate.json_request import read_bulk_json, run_on_body
from cadgate.methods import Handler, Method, execute_if_trusted
from cadgate.models.common import (
    Color,
    Count,
    Creation,
    Empty,
    Name,
    Number,
    Params,
    QueryCount,
    QueryNumber,
    Rotation,
    Trustable,
    Vector3,
)
from cadgate.models.paging import ObjectPage, Page
from cadgate.models.responses import Artifact, Deleted, MayWarn, ObjectInfo, Result, Success, Warned
from cadgate.models.suffixes import Suffixes, check_suffix, follow_suffix
from cadgate.plugins.router import Router
from cadgate.security.access import requires
from cadgate.sessions.launcher import Hint, Launcher, LaunchPlan, application_entry
from cadgate.settings import AdapterSettings

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


def application(name: str) -> Callable[[Request], Awaitable[Application]]:
    """A dependency: the application `name`, bound to the request that asks.

    `Blender = Annotated[Application, Depends(application("blender"))]`
    """

    # A coroutine, although it waits for nothing: FastAPI runs plain functions in a thread, which takes longer than the
    # rest of the request.
    async def bound(request: Request) -> Application:
        return Application.of_request(request, name)

    return bound


__all__ = [
    "API_VERSION",
    "INCOMING_BODY",
    "TRUSTABLE_BODY",
    "APIRouter",
    "Adapter",
    "AdapterSettings",
    "Application",
    "ApplicationUnavailable",
    "Artifact",
    "BaseSocketClient",
    "CadgateError",
    "Color",
    "CommandExecutionError",
    "ConnectionFailed",
    "Count",
    "Creation",
    "DegenerateResult",
    "Deleted",
    "Depends",
    "Empty",
    "Encoded",
    "Handler",
    "Hint",
    "IncomingFile",
    "LaunchPlan",
    "Launcher",
    "LimitExceeded",
    "MayWarn",
    "Method",
    "Name",
    "Number",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectPage",
    "Page",
    "Params",
    "QueryCount",
    "QueryNumber",
    "Recognised",
    "Request",
    "RequestContext",
    "Response",
    "Result",
    "Rotation",
    "Router",
    "StagedFile",
    "Success",
    "Suffixes",
    "Trustable",
    "UnsupportedFormat",
    "ValidationFailed",
    "Vector3",
    "Warned",
    "application",
    "application_entry",
    "check_suffix",
    "encode_params",
    "execute_if_trusted",
    "file_answers",
    "file_or_json",
    "follow_suffix",
    "hookimpl",
    "read_bulk_json",
    "recognise",
    "recognise_bytes",
    "requires",
    "run_on_body",
    "scrutiny",
]
