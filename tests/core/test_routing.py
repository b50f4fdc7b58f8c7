"""The table finds what Starlette's router would have found, without trying every route."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Match, Route

from cadgate.web.converters import SLASH, decode_path, readable
from cadgate.web.routing import RouteTable

PATHS = [
    "/health",
    "/health/{adapter:name}",
    "/{first}",
    "/{first}/second",
    "/a/{b}/c/d",
    "/a/fixed/c/d",
    "/api/v1/x/objects",
    "/api/v1/x/objects/{name:name}",
    "/api/v1/x/objects/special",
    "/api/v1/x/objects/{name:name}/duplicate",
    "/api/v1/x/numbers/{n:int}",
    "/files/{rest:path}",
    "/api/v1/x/objects/{other:name}",
]
ASKED = [
    "/", "/health", "/health/", "/health/x", "/other", "/other/second", "/a/1/c/d", "/a/fixed/c/d", "/api/v1/x/objects",
    "/api/v1/x/objects/one", "/api/v1/x/objects/special", "/api/v1/x/objects/one/duplicate", "/api/v1/x/objects/",
    "/api/v1/x/numbers/7", "/api/v1/x/numbers/seven", "/files/", "/files/a/b/c", "/files", "/a/b/c/d/e",
    f"/api/v1/x/objects/a{SLASH}b",
]  # fmt: skip


async def endpoint(_: object) -> Response:
    return Response()


def expected(routes: list[Route], scope: Mapping[str, object]) -> tuple[Route | None, set[str]]:
    """What trying every route in turn gives."""
    allowed: set[str] = set()
    for route in routes:
        match, _ = route.matches(dict(scope))
        if match is Match.FULL:
            return route, set()
        if match is Match.PARTIAL:
            allowed |= route.methods or set()
    return None, allowed


@pytest.mark.parametrize("seed", range(20))
def test_the_table_agrees_with_trying_every_route(seed: int) -> None:
    order = random.Random(seed)
    verbs = [("GET", path) for path in PATHS] + [("POST", path) for path in PATHS]
    order.shuffle(verbs)
    routes = [Route(path, endpoint, methods=[verb]) for verb, path in verbs[: order.randint(3, len(verbs))]]
    table = RouteTable(routes)
    for path in ASKED:
        for verb in ("GET", "POST", "PUT", "HEAD"):
            scope = {"type": "http", "method": verb, "path": path, "root_path": ""}
            route, child, allowed = table.find(dict(scope))
            wanted, wanted_allowed = expected(routes, scope)
            assert route is wanted, (verb, path)
            assert allowed == wanted_allowed, (verb, path)
            if route is not None:
                assert child["path_params"] == route.matches(dict(scope))[1]["path_params"]


def test_routes_can_be_listed_and_their_urls_made(app: FastAPI) -> None:
    paths = [route.path for route in app.routes]  # type: ignore[attr-defined]
    assert "/health/{adapter:name}" in paths
    assert app.url_path_for("take_name", name="a/b") == "/probe/names/a%2Fb"


def test_a_path_below_a_root_is_found() -> None:
    table = RouteTable([Route("/health", endpoint)])
    scope = {"type": "http", "method": "GET", "path": "/gateway/health", "root_path": "/gateway"}
    assert table.find(scope)[0] is not None


def test_encoded_slashes_are_kept_apart_from_real_ones() -> None:
    assert decode_path(b"/objects/a%2Fb%2fc") == f"/objects/a{SLASH}b{SLASH}c"
    assert readable(f"a{SLASH}b") == "a%2Fb"
    assert decode_path(b"/objects/a%252Fb") == "/objects/a%2Fb"


def test_a_url_is_made_with_its_name_encoded() -> None:
    route = Route("/objects/{name:name}", endpoint, name="object")
    assert route.url_path_for("object", name="a/b c") == "/objects/a%2Fb%20c"
    with pytest.raises(ValueError, match="empty"):
        route.url_path_for("object", name="")
