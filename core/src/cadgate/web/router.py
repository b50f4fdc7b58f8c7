"""`Router`: FastAPI's router, with routes that know their `Method`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path, get_name

import cadgate.web.converters  # pyright: ignore[reportUnusedImport]  # noqa: F401 - routes are written with `{x:name}`
from cadgate.contract.methods import Method
from cadgate.dispatch.permission import is_audited
from cadgate.openapi.extensions import METHOD_EXTENSION
from cadgate.web.access import requires

F = TypeVar("F", bound=Callable[..., Any])

_ALWAYS = (422, 429, 500, 503, 504)


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may fail with these statuses.

    Without a model: `cadgate.openapi.operations` documents each failure, and FastAPI would make a validator for each.
    """
    return {status: {} for status in statuses}


class DeclaredRoute(APIRoute):
    """What is declared of a route. It is made in full where it is mounted (`cadgate.web.routing.flatten`).

    FastAPI makes a route when it is declared, which takes a millisecond or two: for most routes nobody needs that one.
    """

    def __init__(  # pyright: ignore[reportMissingSuperCall]
        self, path: str, endpoint: Callable[..., Any], **declared: Any
    ) -> None:
        self.__dict__.update(declared)
        self._declared = declared
        self.path = path
        self.endpoint = endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = {verb.upper() for verb in declared["methods"] or ("GET",)}
        self.name = declared["name"] or get_name(endpoint)
        self.description = declared["description"] or inspect.cleandoc(endpoint.__doc__ or "")
        self.dependencies = list[Any](declared["dependencies"] or ())
        self.form_limits = declared.get("form_limits")

    def __getattr__(self, name: str) -> Any:
        """Make the route in full for whoever asks for more, as FastAPI does where it serves this one itself."""
        declared: dict[str, Any] | None = self.__dict__.pop("_declared", None)
        if declared is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        super().__init__(self.path, self.endpoint, **declared)
        return getattr(self, name)


class Router(APIRouter):
    """A router for an adapter: `@router.operation("POST", "/primitives/cube", CUBE, status_code=201)`.

    The path is relative to `/api/v1/{adapter}`; names in it are written `{name:name}`, which accepts every character.
    """

    def __init__(self, *, route_class: type[APIRoute] = DeclaredRoute, **options: Any) -> None:
        super().__init__(route_class=route_class, **options)

    def operation(
        self, verb: str, path: str, method: Method[Any, Any], *, errors: tuple[int, ...] = (), **options: Any
    ) -> Callable[[F], F]:
        """Declare a route that calls `method`. `errors` are its possible statuses in addition to the usual ones."""
        statuses = {
            *_ALWAYS,
            *errors,
            *((404,) if "{" in path else ()),
            *((409,) if method.mutates or method.deadline == "file" else ()),
        }
        extra: dict[str, Any] = options.pop("openapi_extra", {})
        needs = requires(method.required_scope, audited_as=method.name if is_audited(method) else None, by_method=True)
        return self.api_route(
            path,
            methods=[verb],
            responses={**failures(*sorted(statuses)), **options.pop("responses", {})},
            openapi_extra={**extra, METHOD_EXTENSION: method.name},
            dependencies=[*options.pop("dependencies", ()), needs],
            **options,
        )
