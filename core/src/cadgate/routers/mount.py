"""Mounts the routes of active adapters at `/api/v1/{name}`. An adapter that cannot be mounted is `failed`."""

from __future__ import annotations

import copy
from dataclasses import replace

import structlog
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from cadgate.artifacts.store import ArtifactStore
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.openapi.document import CORE_TAG
from cadgate.plugins.discovery import Found
from cadgate.plugins.hookspecs import Adapter
from cadgate.routers.adapter import host_router
from cadgate.web.routing import flatten

log = structlog.get_logger("cadgate.plugins")

API = "/api/v1"


def mount(app: FastAPI, found: Found, artifacts: ArtifactStore) -> tuple[Found, AdapterRuntime | None]:
    """Create the runtime of an active adapter and add its routes to `app`; if that fails, it is `failed`."""
    if found.status != "active" or found.adapter is None:
        return found, None
    try:
        runtime = AdapterRuntime(found, app.state.settings, artifacts, app.state.audit)
        app.router.routes.extend(routes_of(found.adapter))
    except (Exception, SystemExit) as error:
        log.exception("adapter_not_mounted", adapter=found.name, package=found.package)
        return failed(found, f"it cannot be mounted: {type(error).__name__}: {error}"), None
    return found, runtime


_core: dict[int, tuple[APIRouter, list[BaseRoute]]] = {}
"""The gateway's own routes, by the identity of their router: every gateway of a process has copies of the same."""


def core_routes(router: APIRouter) -> list[BaseRoute]:
    """Return the routes of one of the gateway's own routers."""
    if id(router) not in _core:
        _core[id(router)] = router, flatten([router], prefix="", tag=CORE_TAG, operation=CORE_TAG)
    return [copy.copy(route) for route in _core[id(router)][1]]


def routes_of(adapter: Adapter) -> list[BaseRoute]:
    """Return every route of an adapter as it is served: its own, and those that the gateway adds."""
    routers = [*adapter.routers, host_router(adapter.name, adapter.context)]
    prefix = f"{API}/{adapter.name}"
    return flatten(routers, prefix=prefix, tag=adapter.name, operation=adapter.name, context=adapter.context)


def failed(found: Found, why: str) -> Found:
    """Return `found` as failed, with an error that names package and version."""
    return replace(found, status="failed", error=f"{found.package} {found.version or ''}: {why}".replace(" :", ":"))
