"""Checks one `Adapter` when it is loaded, and reports everything that is wrong at once."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from fastapi.routing import APIRoute, APIRouter, RouteContext, iter_route_contexts

from cadgate.clients.base_client import BaseSocketClient
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ConnectionFailed
from cadgate.plugins.guidance import Prompt, Resource
from cadgate.plugins.hookspecs import API_VERSION, Adapter, Formats
from cadgate.sessions.launcher import Launcher

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
MAX_NAME = 40
FORMAT = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
TOPIC = re.compile(rf"[a-z][a-z0-9_]{{0,{MAX_NAME - 1}}}")
HOST_TOPICS = frozenset(("objects", "scene", "render", "output", "status", "clients", "jobs", "progress", "journal"))
"""The topics of every adapter, and those by which an application reports to the gateway only."""
RESERVED = frozenset(("artifacts", "gateway", "adapters", "jobs", "sessions", "convert", "formats"))
"""Names in the gateway's own URLs and tables."""

HOST_ROUTES = frozenset((("POST", "/batch"), ("GET", "/methods"), ("POST", "/undo"), ("POST", "/redo")))
"""The routes that the gateway serves below every adapter's prefix."""

_KINDS: Mapping[str, type] = {
    "launcher": Launcher,
    "client": BaseSocketClient,
    "settings": AdapterSettings,
    "connection_error": ConnectionFailed,
}
_PARAMETER = re.compile(r"{[^{}]*}")


def problems_of(adapter: Adapter, entry_point: str) -> list[str]:
    """Return what is wrong with `adapter`, which the entry point `entry_point` provides; empty if nothing is."""
    if adapter.api_version != API_VERSION:
        # Its other fields may have a different meaning in that version.
        return [
            f"it is written for version {adapter.api_version!r} of cadgate.plugin, and this gateway has {API_VERSION}: "
            "install matching versions of both"
        ]
    return [
        *_identity(adapter, entry_point),
        *_classes(adapter),
        *_routers(adapter.routers),
        *_context(adapter),
        *_topics(adapter),
        *_pages(adapter),
        *_formats(adapter.formats),
        *_guidance("prompts", adapter.prompts, Prompt),
        *_guidance("resources", adapter.resources, Resource),
    ]


def _identity(adapter: Adapter, entry_point: str) -> Iterator[str]:
    values: dict[str, Any] = {key: getattr(adapter, key) for key in ("name", "title", "description", "package")}
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            yield f"{key} must be a string, not {value!r}"
    name = values["name"]
    if isinstance(name, str):
        if not NAME.fullmatch(name) or len(name) > MAX_NAME:
            yield f"name {name!r} must be at most {MAX_NAME} of a-z, 0-9, - and _, and start with a letter"
        elif name in RESERVED:
            yield f"name {name!r} is reserved for the gateway"
        if name != entry_point:
            yield f"name {name!r} is not the name of its entry point, {entry_point!r}"
    package = values["package"]
    if isinstance(package, str) and package.strip() and not _importable(package):
        yield f"package {package!r} cannot be found: it must be the adapter's own import package"


def _importable(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _classes(adapter: Adapter) -> Iterator[str]:
    for key, kind in _KINDS.items():
        value: object = getattr(adapter, key)
        if not isinstance(value, type) or not issubclass(value, kind):
            yield f"{key} must be a subclass of cadgate.plugin.{kind.__name__}, not {value!r}"


def _context(adapter: Adapter) -> Iterator[str]:
    values = _sequence(adapter.context)
    if values is None:
        yield f"context must be a list or tuple of names, not {adapter.context!r}"
        return
    for value in values:
        if not isinstance(value, str) or not value.isidentifier():
            yield f"context has {value!r}, which is not a name"


def _topics(adapter: Adapter) -> Iterator[str]:
    values = _sequence(adapter.topics)
    if values is None:
        yield f"topics must be a list or tuple of names, not {adapter.topics!r}"
        return
    for value in values:
        if not isinstance(value, str) or not TOPIC.fullmatch(value):
            yield f"topics has {value!r}, which must be at most {MAX_NAME} of a-z, 0-9 and _, and start with a letter"
        elif value in HOST_TOPICS:
            yield f"topics has {value!r}, which is the gateway's own: emit on it without declaring it"
    if len(set(map(repr, values))) < len(values):
        yield f"topics has a name twice: {list(values)!r}"


def _pages(adapter: Adapter) -> Iterator[str]:
    pages = cast("object", adapter.pages)
    if pages is None:
        return
    if not isinstance(pages, Path):
        yield f'pages must be a pathlib.Path, not {pages!r}: Path(__file__).parent / "pages"'
    elif not pages.is_absolute() or not pages.is_dir():
        yield f"pages names {pages.name!r}, which is no folder: it must be an absolute path of the installed package"


def _formats(formats: object) -> Iterator[str]:
    if formats is None:
        return
    if not isinstance(formats, Formats):
        yield f"formats must be a cadgate.plugin.Formats, not {formats!r}"
        return
    for way in ("reads", "writes"):
        for name, suffixes in getattr(formats, way).items():
            if not FORMAT.fullmatch(name):
                yield f"formats.{way} has {name!r}: the name of a format is of a-z, 0-9, - and _"
            if not suffixes or any(not re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in suffixes):
                yield f"formats.{way}[{name!r}] must be suffixes in small letters, such as ('.stl',), not {suffixes!r}"
    reading = formats.importing or formats.exporting
    for method, parameter in ((reading, "artifact"), (formats.exporting, "filepath")):
        if parameter not in method.params.model_fields:
            yield f"formats: {method.name} has no parameter {parameter!r}"
    if "artifact" not in formats.exporting.result.model_fields:
        yield f"formats: the result of {formats.exporting.name} has no 'artifact'"
    if formats.scale is not None and formats.scale not in reading.params.model_fields:
        yield f"formats: {reading.name} has no parameter {formats.scale!r}"


def _guidance(key: str, values: object, kind: type) -> Iterator[str]:
    found = _sequence(values)
    if found is None or any(not isinstance(each, kind) for each in found):
        yield f"{key} must be a list or tuple of cadgate.plugin.{kind.__name__}, not {values!r}"
        return
    names = [str(each.name) for each in found]
    for each in found:
        if not FORMAT.fullmatch(each.name):
            yield f"{key} has {each.name!r}: a name is of a-z, 0-9, - and _"
        for argument in each.arguments if isinstance(each, Prompt) else ():
            if f"{{{argument}}}" not in each.text:
                yield f"the text of the prompt {each.name!r} has no {{{argument}}}, which is one of its arguments"
    if len(set(names)) < len(names):
        yield f"{key} has a name twice: {names!r}"


def _sequence(value: Any) -> Sequence[Any] | None:
    return cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else None


def _routers(contributed: object) -> Iterator[str]:
    routers = _sequence(contributed)
    if routers is None:
        yield f"routers must be a list or tuple of routers, not {contributed!r}"
        return
    seen: dict[tuple[str, str], str] = {}
    for router in routers:
        if not isinstance(router, APIRouter):
            yield f"routers has {router!r}, which is not a cadgate.plugin.Router"
            continue
        # FastAPI would run it in the gateway's own lifespan, where its failure would affect the other adapters.
        if _has_lifespan(router):
            yield "a router has a lifespan or startup and shutdown functions: the gateway owns the lifecycle"
        for route in iter_route_contexts(router.routes):
            yield from _route(route, seen)


def _has_lifespan(router: APIRouter) -> bool:
    if router.on_startup or router.on_shutdown:
        return True
    return type(router.lifespan_context) is not type(APIRouter().lifespan_context)


def _route(route: RouteContext, seen: dict[tuple[str, str], str]) -> Iterator[str]:
    path = route.path or ""
    if not isinstance(route.original_route, APIRoute):
        kind = type(route.original_route).__name__
        yield f"{path!r} is a {kind}: only HTTP routes may be contributed (the gateway owns /ws)"
        return
    function = getattr(route.endpoint, "__name__", repr(route.endpoint))
    if not path.startswith("/"):
        yield f"the path {path!r} of {function} must start with '/'"
    for verb in sorted(route.methods or ()):
        # Paths that differ only in the names of their parameters match the same requests: the first would win.
        key = (verb, _PARAMETER.sub("{}", path))
        if key in HOST_ROUTES:
            yield f"{verb} {path} of {function} is a route of the gateway"
        elif key in seen:
            yield f"{verb} {path} is declared twice: {seen[key]} and {function}"
        else:
            seen[key] = function
