"""The OpenAPI document: each adapter's part is made by itself, so that a broken one costs only itself, then merged."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from cadgate.routing import flatten

CORE_TAG = "gateway"


def core_routes(router: APIRouter) -> list[BaseRoute]:
    """The routes of a router of the gateway itself."""
    return flatten([router], prefix="", tag=CORE_TAG, operation=CORE_TAG)


class Document:
    """Callable like `FastAPI.openapi`; makes the document on the first call and keeps it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._made: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        if self._made is None:
            self._made = FastAPI.openapi(self._app)
        return self._made
