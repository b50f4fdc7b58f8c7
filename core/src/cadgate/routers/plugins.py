"""Lists every adapter that was found, with its status."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from fastapi.routing import iter_route_contexts
from pydantic import Field

from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.models.responses import Result, Success
from cadgate.plugins.discovery import Found
from cadgate.routers.confinement import SandboxState
from cadgate.web.access import requires
from cadgate.web.router import Router

router = Router(dependencies=[requires("read")])


class PluginRoute(Result):
    """One route of an adapter."""

    method: str
    path: str


class PluginInfo(Result):
    """One entry point, or one adapter that only plugins.toml names."""

    name: str
    package: str
    version: str | None
    status: Literal["active", "disabled", "failed"]
    error: str | None = Field(description="failed: what is wrong, and what to do.")
    title: str | None
    routes: list[PluginRoute] = Field(description="What it serves; empty unless it is active.")
    websocket: str | None = Field(description="Path of its WebSocket; null unless it is active.")
    execute: bool | None = Field(
        description="Whether code may be run in it (`allow_execute` of its settings); null unless it is active."
    )
    sandbox: SandboxState | None = Field(
        description="Whether its application is sandboxed; null unless it is active and started by the gateway."
    )


class PluginList(Result):
    """The adapters, sorted by name."""

    plugins: list[PluginInfo]


@router.get("/plugins")
async def list_plugins(request: Request) -> Success[PluginList]:
    """List every adapter that was found: active with its routes, disabled, or failed with the reason."""
    found: list[Found] = request.app.state.plugins
    runtimes: dict[str, AdapterRuntime] = request.app.state.runtimes
    routes = _routes(request)
    return Success(
        PluginList(
            plugins=[
                PluginInfo(
                    name=one.name,
                    package=one.package,
                    version=one.version,
                    status=one.status,
                    error=one.error,
                    title=one.adapter.title if one.adapter else None,
                    routes=routes.get(one.name, []) if one.status == "active" else [],
                    websocket=f"/ws/{one.name}" if one.status == "active" else None,
                    execute=one.settings.allow_execute if one.status == "active" and one.settings else None,
                    sandbox=SandboxState.of(runtimes[one.name].confinement)
                    if one.status == "active" and one.name in runtimes
                    else None,
                )
                for one in found
            ]
        )
    )


def _routes(request: Request) -> dict[str, list[PluginRoute]]:
    by_name: dict[str, list[PluginRoute]] = {}
    for context in iter_route_contexts(request.app.routes):
        path = context.path_format or ""
        segments = path.split("/")
        if segments[1:3] == ["api", "v1"] and len(segments) > 4:
            for method in sorted(context.methods or ()):
                by_name.setdefault(segments[3], []).append(PluginRoute(method=method, path=path))
    return by_name
