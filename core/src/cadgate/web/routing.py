"""Finds the route of a request in one flat table, by path, instead of trying the routes one by one.

FastAPI tries every route of every included router in turn: half a millisecond for a hundred routes, more than the rest
of the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel
from starlette.convertors import Convertor
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send

from cadgate.web.access import ACCESS, accesses, split
from cadgate.web.bodies import BODY_KINDS
from cadgate.web.direct import DIRECT, Direct
from cadgate.web.json_request import JsonRequest
from cadgate.web.query_names import names_of, require_known
from cadgate.web.router import DeclaredRoute

_FOUND = "cadgate.route"
QUERY_NAMES = "cadgate_query_names"
"""The attribute of a route with the query parameters it accepts."""

Found = tuple[Route | None, Scope, set[str]]
"""The route, the child scope from its match, and if there is no route, the verbs that the path allows."""


class GatewayRoute(APIRoute):
    """FastAPI's route, with bodies parsed by the gateway's strict and fast JSON parser."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        model = self.body_model()

        async def handler(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive, model))

        return handler

    def body_model(self) -> type[BaseModel] | None:
        """The model of the whole body, if that is one model."""
        kind = None if self.body_field is None or self._embed_body_fields else self.body_field.field_info.annotation
        return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


class RouteTable(BaseRoute):
    """The first route of the gateway: serves all plain HTTP routes registered after it.

    The first registered route that matches path and verb wins, as everywhere in Starlette. Mounts and WebSockets are
    left to the router.
    """

    path = name = ""
    """Return no routes, for code that lists them."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._indexed = -1
        self._direct: dict[tuple[str, str], Route] = {}
        self._exact: dict[str, list[tuple[int, Route]]] = {}
        self._patterns: dict[tuple[str, int], list[tuple[int, Route]]] = {}
        self._anywhere: list[tuple[int, Route]] = []

    def _index(self) -> None:
        self._direct.clear()
        self._exact.clear()
        self._patterns.clear()
        self._anywhere.clear()
        for position, route in enumerate(self._routes):
            if not isinstance(route, Route):
                continue
            if not route.param_convertors:
                self._exact.setdefault(route.path, []).append((position, route))
            elif "{" in _key(route.path)[0] or any(map(_crosses_segments, route.param_convertors.values())):
                self._anywhere.append((position, route))
            else:
                self._patterns.setdefault(_key(route.path), []).append((position, route))
        for path, routes in self._exact.items():
            patterns = [*self._patterns.get(_key(path), ()), *self._anywhere]
            for position, route in reversed(routes):
                # A pattern that was registered earlier and matches too takes precedence.
                if not any(earlier < position and other.path_regex.match(path) for earlier, other in patterns):
                    for method in route.methods or ():
                        self._direct[path, method] = route
        self._indexed = len(self._routes)

    def find(self, scope: Scope) -> Found:
        """Return the route for this request, which is stored in the scope; None with the allowed verbs if none."""
        if self._indexed != len(self._routes):
            self._index()
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root and path.startswith(root):
            path = path[len(root) :]
        direct = self._direct.get((path, scope["method"]))
        if direct is not None:
            child: Scope = {"endpoint": direct.endpoint, "path_params": {}, "route": direct}
            found: Found = (direct, child, set())
            scope[_FOUND] = found
            return found
        candidates = self._patterns.get(_key(path), [])
        exact = self._exact.get(path)
        if exact or self._anywhere:
            candidates = sorted((*candidates, *(exact or ()), *self._anywhere), key=_position)
        found = (None, {}, set())
        for _, route in candidates:
            match, child = route.matches(scope)
            if match is Match.FULL:
                found = (route, child, set())
                break
            if match is Match.PARTIAL:
                found[2].update(route.methods or ())
        scope[_FOUND] = found
        return found

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        route, child, allowed = scope.get(_FOUND) or self.find(scope)
        if route is not None:
            return Match.FULL, child
        return (Match.PARTIAL if allowed else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)  # the routes themselves are registered after it

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route, _, allowed = scope[_FOUND]
        if route is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        query: bytes = scope["query_string"]
        if query and (known := getattr(route, QUERY_NAMES, None)) is not None:
            require_known(query, known)
        await route.handle(scope, receive, send)


def _key(path: str) -> tuple[str, int]:
    """Return what a pattern shares with every path it can match: the first three segments, and their number."""
    segments = path.split("/")
    fixed = segments[1:4] if len(segments) > 4 else segments[1:2]
    return "/".join(fixed), len(segments)


def _crosses_segments(converter: Convertor[Any]) -> bool:
    return re.fullmatch(converter.regex, "a/b") is not None


def _position(candidate: tuple[int, Route]) -> int:
    return candidate[0]


def flatten(
    routers: Iterable[APIRouter], *, prefix: str, tag: str, operation: str, context: Sequence[str] | None = None
) -> list[BaseRoute]:
    """Return the routes of `routers` below `prefix`; their operation ids are `{operation}_{function}`.

    `context` has the context values of the adapter that the routes belong to; None for the gateway's own.

    Raises what FastAPI raises for a router that it cannot serve.
    """
    flat: list[BaseRoute] = []
    # Not by `include_router`, which would make every route once more before it is made here.
    for found in iter_route_contexts([route for router in routers for route in router.routes]):
        original = found.original_route
        path = f"{prefix}{found.path or ''}"
        if isinstance(original, APIRoute):
            adapter = None if context is None else operation
            for form in _forms(found.openapi_extra or {}):
                route = _api_route(original, found, path, tag, operation, form, adapter=adapter)
                names = names_of(route, adapter=context is not None, context=context or ())
                setattr(route, QUERY_NAMES, names)
                setattr(route, DIRECT, Direct.of(route, route.body_model()) if type(route) is GatewayRoute else None)
                flat.append(route)
        elif isinstance(original, APIWebSocketRoute):
            flat.append(APIWebSocketRoute(path, original.endpoint, dependencies=original.dependencies))
        else:
            raise TypeError(f"{original!r} is not a route that an adapter may have: use HTTP and WebSocket routes only")
    return flat


@dataclass(frozen=True, slots=True)
class _Form:
    """One form in which a route is served and documented: `suffix` is added to its path and operation id."""

    suffix: str
    extra: dict[str, Any]
    description: str = ""


def _forms(extra: dict[str, Any]) -> list[_Form]:
    """Return the forms of a route: itself and, if it accepts a file or an artifact's id, another for the id alone.

    Generated clients send one kind of body for an operation. The route itself accepts both kinds nevertheless.
    """
    body: dict[str, Any] = extra.get("requestBody", {})
    content: dict[str, Any] = body.get("content", {})
    reference = content.get(_JSON, {})
    if set(content) != {_MULTIPART, _JSON} or "artifact" not in reference.get("schema", {}).get("properties", {}):
        return [_Form("", extra)]

    def only(kind: str) -> dict[str, Any]:
        return {**extra, "requestBody": {**body, "content": {kind: content[kind]}}}

    note = (
        'This documents the upload. JSON `{"artifact": id}` is accepted here too; the same path with `/artifact` '
        "appended documents that."
    )
    return [
        _Form("", only(_MULTIPART), note),
        _Form("artifact", only(_JSON), "The file is an artifact: one that was written or uploaded before."),
    ]


_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_COPIED = (
    "response_model",
    "status_code",
    "dependencies",
    "summary",
    "description",
    "response_description",
    "responses",
    "deprecated",
    "name",
    "methods",
    "response_model_include",
    "response_model_exclude",
    "response_model_by_alias",
    "response_model_exclude_unset",
    "response_model_exclude_defaults",
    "response_model_exclude_none",
    "include_in_schema",
    "response_class",
    "callbacks",
    "openapi_extra",
    "strict_content_type",
    "max_body_size",
)


def _api_route(
    original: APIRoute, context: RouteContext, path: str, tag: str, operation: str, form: _Form, *, adapter: str | None
) -> APIRoute:
    kind = GatewayRoute if type(original) in (APIRoute, DeclaredRoute) else type(original)
    options: dict[str, Any] = {name: getattr(context, name) for name in _COPIED}
    description: str = options["description"] or ""
    first_line = description.partition("\n")[0].removesuffix(".").replace("`", "")  # a summary is no Markdown
    options["summary"] = options["summary"] or first_line or None
    options["openapi_extra"] = form.extra or None
    if form.description:
        options["description"] = f"{description}\n\n{form.description}".strip()
    function = getattr(original.endpoint, "__name__", original.name)
    if form.suffix:
        options["name"] = f"{options['name']}_{form.suffix}"
        options["summary"] = f"{options['summary']}: an artifact, by its id"
    declared, options["dependencies"] = split(options["dependencies"])
    route = kind(
        f"{path}/{form.suffix}" if form.suffix else path,
        original.endpoint,
        tags=[tag],
        operation_id=f"{operation}_{function}" + (f"_{form.suffix}" if form.suffix else ""),
        form_limits=original.form_limits,
        **options,
    )
    setattr(route, ACCESS, accesses(declared, route.methods or (), route.path_format, adapter=adapter))
    if not form.suffix:
        # It is documented for one kind of body, but may accept more.
        extra: dict[str, Any] = context.openapi_extra or {}
        setattr(route, BODY_KINDS, tuple(extra.get("requestBody", {}).get("content", ())))
    return route
