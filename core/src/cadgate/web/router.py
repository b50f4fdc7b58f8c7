"""`Router`: FastAPI's router, with routes that know their `Method`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter

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


class Router(APIRouter):
    """A router for an adapter: `@router.operation("POST", "/primitives/cube", CUBE, status_code=201)`.

    The path is relative to `/api/v1/{adapter}`; names in it are written `{name:name}`, which accepts every character.
    """

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
