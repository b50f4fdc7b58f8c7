"""The OpenAPI document: each adapter's part is generated separately, so that a broken one affects only itself."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio
import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from cadgate.contract.methods import Method
from cadgate.models.root import ROOT
from cadgate.openapi.arrays import with_items
from cadgate.openapi.flat_models import without_validators
from cadgate.openapi.merge import Part, merge
from cadgate.openapi.operations import complete, failure_schemas, job_schemas
from cadgate.plugins.discovery import Found

log = structlog.get_logger("cadgate.openapi")

CORE_TAG = "gateway"
_MAX_ROOTS = 8
_CORE_TAG_TEXT = "The gateway itself: health, versions, adapters, files."


class Document:
    """Callable like `FastAPI.openapi`; generated on the first call, and again when the active adapters change."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._made: tuple[tuple[str, ...], dict[str, Any]] | None = None
        self._texts: dict[str, bytes] = {}
        self._generating = threading.Lock()
        self.queue = anyio.Lock()
        """Held by the request that generates the text."""

    def __call__(self) -> dict[str, Any]:
        return self._current()[1]

    def made_text(self) -> bytes | None:
        """Return what `text` returns if that costs nothing, else None."""
        made = self._made
        return self._texts.get(ROOT.get()) if made is not None and made[0] == self._key() else None

    def text(self) -> bytes:
        """Return the document as JSON, for a client that reaches the gateway at this request's root path.

        The first call takes a second or more: call it in a thread, and in one thread only (`made_text` first).
        """
        root = ROOT.get()
        document = self()
        text = self._texts.get(root)
        if text is None:
            if root:
                document = {**document, "servers": [{**document["servers"][0], "url": root}]}
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
            if len(self._texts) < _MAX_ROOTS:
                self._texts[root] = text
        return text

    def _current(self) -> tuple[tuple[str, ...], dict[str, Any]]:
        with self._generating:  # FastAPI's generator and `warnings.catch_warnings` are not made for several threads
            key = self._key()
            if self._made is None or self._made[0] != key:
                self._texts = {}
                self._made = (key, _document(self._app, self._active()))
            return self._made

    def _active(self) -> list[Found]:
        return [one for one in self._app.state.plugins if one.status == "active"]

    def _key(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._active())


def _document(app: FastAPI, found: Sequence[Found]) -> dict[str, Any]:
    by_tag: dict[str, list[BaseRoute]] = {}
    for context in iter_route_contexts(app.routes):
        tags: list[str] = getattr(context, "tags", None) or []
        if tags and context.include_in_schema:
            by_tag.setdefault(tags[0], []).append(context.original_route)
    parts = [_part(app, CORE_TAG, "Gateway", _CORE_TAG_TEXT, by_tag.get(CORE_TAG, []), {}, ())]
    for one in found:
        if one.adapter is not None and one.name in app.state.runtimes:
            methods: Mapping[str, Method[Any, Any]] = app.state.runtimes[one.name].served.methods
            adapter, routes = one.adapter, by_tag.get(one.name, [])
            parts.append(
                _part(app, one.name, adapter.title, adapter.description, routes, methods, tuple(adapter.context))
            )
    paths, schemas = merge([_with_items(part) for part in parts])
    token = app.state.settings.auth == "token"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": app.title,
            "description": app.description,
            "version": app.version,
            "contact": {"name": "The cadgate team"},
        },
        "servers": [{"url": "/", "description": "The gateway that serves this document"}],
        "tags": [{"name": part.tag, "description": part.description} for part in parts],
        "x-tagGroups": [
            {"name": "Gateway", "tags": [CORE_TAG]},
            {"name": "Applications", "tags": [part.tag for part in parts[1:]]},
        ],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**job_schemas(), **failure_schemas(), **schemas}.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key of `cadgate keys`."}},
        },
        "security": [{"key": []}] if token else [{}, {"key": []}],
    }


def _with_items(part: Part) -> Part:
    return replace(part, paths=with_items(part.paths), schemas=with_items(part.schemas, named=True))


def _part(
    app: FastAPI,
    tag: str,
    title: str,
    description: str,
    routes: Sequence[BaseRoute],
    methods: Mapping[str, Method[Any, Any]],
    context: Sequence[str],
) -> Part:
    """Return one tag's paths and schemas; if they cannot be generated together, route by route."""
    part = Part(tag, title, description, {}, {})
    try:
        _take(part, _generate(app, routes))
    except Exception as error:  # noqa: BLE001 - an adapter's models must not break the others' documentation
        log.warning("openapi_incomplete", tag=tag, reason=_reason(error))
        part = Part(tag, title, description, {}, {})
        for route in routes:
            _take(part, _generate_or_say(app, route))
    complete(part, methods, context)
    return part


def _take(part: Part, made: dict[str, Any]) -> None:
    for path, operations in made["paths"].items():
        part.paths.setdefault(path, {}).update(operations)
    part.schemas.update(made.get("components", {}).get("schemas", {}))


def _generate(app: FastAPI, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    with warnings.catch_warnings(), without_validators():
        warnings.simplefilter("ignore")  # about duplicate operation ids, which are made unique later
        return get_openapi(title=app.title, version=app.version, routes=routes)


def _generate_or_say(app: FastAPI, route: BaseRoute) -> dict[str, Any]:
    try:
        return _generate(app, [route])
    except Exception as error:  # noqa: BLE001 - as above, for one route
        log.warning("route_not_described", path=getattr(route, "path", ""), reason=_reason(error))
        description = f"This route cannot be described: its models have no JSON Schema ({type(error).__name__})."
        operation = {
            "tags": getattr(route, "tags", []),
            "summary": getattr(route, "summary", None) or getattr(route, "name", ""),
            "description": description,
            "operationId": getattr(route, "operation_id", None),
            "responses": {"200": {"description": "Successful Response"}},
        }
        verbs: set[str] = getattr(route, "methods", None) or set()
        return {"paths": {getattr(route, "path_format", ""): {verb.lower(): dict(operation) for verb in verbs}}}


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
