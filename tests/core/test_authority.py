"""Who may use which route: every route says it, and it is asked before anything of a request is looked at."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.routing import BaseRoute, Route, WebSocketRoute

from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.context import RequestContext
from cadgate.errors import Forbidden, Overloaded
from cadgate.main import create_app
from cadgate.plugin import requires
from cadgate.security.authority import KeyAuthority, Watchers
from cadgate.security.keys import KeyFile
from cadgate.security.shares import Shares
from cadgate.web.access import ACCESS, Access
from cadgate.web.context import context_of
from cadgate.web.routing import RouteTable, flatten
from tests.core.served import in_process, quiet_settings

pytestmark = [pytest.mark.anyio, pytest.mark.security]

SCOPES = ("read", "write", "execute")

plain = APIRouter()


@plain.get("/seen")
async def seen() -> dict[str, str]:
    """Look."""
    return {"did": "look"}


@plain.post("/done")
async def done(body: dict[str, int]) -> dict[str, str]:
    """Do."""
    return {"did": "do"}


@plain.post("/measured", dependencies=[requires("read")])
async def measured() -> dict[str, str]:
    """Change nothing, although it is a POST."""
    return {"did": "measure"}


@plain.get("/purged", dependencies=[requires("write")])
async def purged() -> dict[str, str]:
    """Change something, although it is a GET."""
    return {"did": "purge"}


@plain.delete("/run", dependencies=[requires("execute")])
async def run() -> dict[str, str]:
    """Run code."""
    return {"did": "run"}


@plain.api_route("/both", methods=["GET", "PUT"])
async def both(request: Request) -> dict[str, str]:
    """Look or do, by the verb."""
    return {"did": request.method}


@plain.post("/fails")
async def fails() -> dict[str, str]:
    """Refuse."""
    raise Forbidden("not today")


guarded = APIRouter(dependencies=[requires("execute")])


@guarded.get("/guarded", dependencies=[requires("read")])
async def in_guarded() -> dict[str, str]:
    """Need what the router needs, too."""
    return {"did": "guarded"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """A gateway with an adapter that has plain routes."""
    made = create_app(quiet_settings(tmp_path, auth="token"))
    made.router.routes.extend(
        flatten([plain, guarded], prefix="/api/v1/plain", tag="plain", operation="plain", context=())
    )
    return made


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(app) as made:
        yield made


def bearer(keys: KeyFile, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.create('test', scopes)[0]}"}


def lines_of(state: Path) -> list[dict[str, Any]]:
    file = state / "logs" / "audit.log"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


# --- every route -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The gateway with both adapters, whose applications are not started."""
    return create_app(quiet_settings(tmp_path_factory.mktemp("whole"), auth="token", adapters={}))


def accesses_of(route: BaseRoute) -> dict[str, Access]:
    return getattr(route, ACCESS, {})


def test_every_route_says_what_it_needs(whole: FastAPI) -> None:
    silent: list[str] = []
    checked = 0
    for route in whole.router.routes:
        if isinstance(route, RouteTable):
            continue
        verbs = {"WEBSOCKET"} if isinstance(route, WebSocketRoute) else set(getattr(route, "methods", None) or ())
        told = accesses_of(route)
        assert verbs, f"{route!r} is none that the gate knows"
        silent += [f"{verb} {route!r}" for verb in verbs if verb not in told or not told[verb].declared]
        checked += len(verbs)
    assert checked > 100
    assert silent == [], 'declare what it needs: dependencies=[requires("read")]'


async def test_every_route_is_refused_to_who_may_not_before_anything_is_read(whole: FastAPI) -> None:
    keys = KeyFile(whole.state.settings.state_dir)
    others = {scope: bearer(keys, *(set(SCOPES) - {scope})) for scope in SCOPES}
    wrong: list[str] = []
    opened: set[str] = set()
    checked = 0
    async with in_process(whole) as client:
        for route in whole.router.routes:
            if not isinstance(route, Route):
                continue
            path = route.path_format.replace("{", "").replace("}", "")
            for verb, access in accesses_of(route).items():
                if access.open == "pages":
                    opened.add(path)
                    continue
                unknown = await client.request(verb, path, content=b"{", headers={"Content-Type": "application/json"})
                if unknown.status_code != 401:
                    wrong.append(f"{verb} {path} without a key: {unknown.status_code}")
                for scope in access.scopes:
                    # All of it is wrong: the body, its type, the query, the headers.
                    answer = await client.request(
                        verb,
                        f"{path}?no_such_parameter=1",
                        content=b"\xff{",
                        headers={
                            **others[scope],
                            "Content-Type": "application/x-nothing",
                            "If-Match": '"',
                            "X-Deadline-Ms": "never",
                        },
                    )
                    checked += 1
                    if answer.status_code != 403:
                        wrong.append(f"{verb} {path} without {scope!r}: {answer.status_code}")
    assert wrong == []
    assert opened == {"/login", "/logout", "/page-assets/file"}
    assert checked > 100


# --- the order -------------------------------------------------------------------------------------------------------

NONE: dict[str, str] = {}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("verb", "path", "scopes", "headers", "content", "expected"),
    [
        ("POST", "/api/v1/plain/done", None, {"Host": "evil.example"}, b"{", 421),
        ("POST", "/api/v1/plain/done", None, {"Origin": "https://evil.example"}, b"{", 403),
        ("POST", "/nowhere", None, JSON, b"{", 401),
        ("POST", "/api/v1/plain/seen", None, JSON, b"{", 401),
        ("POST", "/api/v1/plain/done", None, JSON, b"{", 401),
        ("POST", "/nowhere", "read", {"Content-Type": "text/plain"}, b"{", 404),
        ("POST", "/api/v1/plain/seen", "read", {"Content-Type": "text/plain"}, b"{", 405),
        ("POST", "/api/v1/plain/done", "read", {"Content-Type": "text/plain"}, b"{", 403),
        ("POST", "/api/v1/plain/done", "read", JSON, b"x" * 2000, 403),
        ("POST", "/api/v1/plain/done?nothing=1", "read", JSON, b"{", 403),
        ("POST", "/api/v1/plain/done", "write", {"Content-Type": "text/plain"}, b"x" * 2000, 415),
        ("POST", "/api/v1/plain/done", "write", JSON, b"x" * 2000, 413),
        ("POST", "/api/v1/plain/done?nothing=1", "write", JSON, b"{", 422),
        ("POST", "/api/v1/plain/done", "write", JSON, b"{", 400),
        ("POST", "/api/v1/plain/done", "write", JSON, b'{"a": "b"}', 422),
        ("POST", "/api/v1/plain/done", "write", JSON, b'{"a": 1}', 200),
    ],
)
async def test_the_order_of_checks(
    tmp_path: Path,
    keys: KeyFile,
    verb: str,
    path: str,
    scopes: str | None,
    headers: dict[str, str],
    content: bytes,
    expected: int,
) -> None:
    made = create_app(quiet_settings(tmp_path, auth="token", max_body_bytes=1000))
    made.router.routes.extend(flatten([plain], prefix="/api/v1/plain", tag="plain", operation="plain", context=()))
    async with in_process(made) as client:
        allowed = NONE if scopes is None else bearer(keys, scopes)
        answer = await client.request(verb, path, content=content, headers={**headers, **allowed})
    assert answer.status_code == expected, answer.text


# --- routes that call no method --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "path", "needed"),
    [
        ("GET", "seen", {"read"}),
        ("HEAD", "seen", {"read"}),
        ("POST", "done", {"write"}),
        ("POST", "measured", {"read"}),
        ("GET", "purged", {"write"}),
        ("DELETE", "run", {"execute"}),
        ("GET", "both", {"read"}),
        ("PUT", "both", {"write"}),
        ("GET", "guarded", {"execute", "read"}),
    ],
)
async def test_plain_routes_are_closed_and_audited(
    tmp_path: Path, keys: KeyFile, client: httpx.AsyncClient, verb: str, path: str, needed: set[str]
) -> None:
    url = f"/api/v1/plain/{path}"
    body = b'{"a": 1}' if path == "done" else b""
    kind = {"Content-Type": "application/json"}
    for missing in needed:
        refused = await client.request(verb, url, content=body, headers=kind | bearer(keys, *(set(SCOPES) - {missing})))
        assert refused.status_code == 403
    tried = lines_of(tmp_path)
    allowed = await client.request(verb, url, content=body, headers=kind | bearer(keys, *needed))
    assert allowed.status_code == 200
    told = lines_of(tmp_path)
    if needed == {"read"}:
        assert told == []
        return
    assert [(one["outcome"], one["status"]) for one in tried] == [("forbidden", 403)] * len(needed)
    last = told[-1]
    assert (last["method"], last["adapter"], last["door"]) == (f"{verb} {url}", "plain", "rest")
    assert (last["outcome"], last["status"]) == ("success", 200)
    assert last["identity"].startswith("key:")


async def test_a_plain_route_that_refuses_has_its_line_too(
    tmp_path: Path, keys: KeyFile, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/api/v1/plain/fails", headers=bearer(keys, "write"))
    assert answer.status_code == 403
    (line,) = lines_of(tmp_path)
    assert (line["outcome"], line["status"]) == ("failed", 403)


def test_an_unknown_scope_is_said_to_its_author() -> None:
    with pytest.raises(ValueError, match="'admin'"):
        requires("admin")  # pyright: ignore[reportArgumentType]


# --- nothing is granted by default -----------------------------------------------------------------------------------


def test_a_request_that_did_not_pass_the_gate_may_nothing() -> None:
    request = Request({"type": "http", "headers": [], "query_string": b"", "method": "GET", "path": "/"})
    context = context_of(request)
    assert (context.identity, context.scopes) == ("nobody", frozenset())
    with pytest.raises(Forbidden) as caught:
        context.caller.authority.require("read")
    assert caught.value.details == {"required": "read", "scopes": []}


def test_a_context_without_authority_may_nothing() -> None:
    assert RequestContext(request_id="x").scopes == frozenset()


async def test_both_doors_refuse_in_the_same_words(keys: KeyFile, client: httpx.AsyncClient) -> None:
    reader = bearer(keys, "read")
    here = (await client.post("/api/v1/plain/done", headers=reader)).json()["error"]
    there = (await client.delete("/api/v1/artifacts/x", headers=reader)).json()["error"]
    assert (here["message"], here["details"]) == (there["message"], there["details"])
    assert here["details"] == {"required": "write", "scopes": ["read"]}


# --- keys ------------------------------------------------------------------------------------------------------------


def authority_of(keys: KeyFile, *scopes: str) -> tuple[KeyAuthority, str]:
    _, key = keys.create("test", scopes)
    return KeyAuthority(key, Watchers(keys)), key.id


def test_scopes_are_those_of_the_moment(keys: KeyFile) -> None:
    authority, identifier = authority_of(keys, "read", "write")
    authority.require("read", "write")
    text = keys.path.read_text()
    keys.path.write_text(text.replace('"write"', '"read"'))
    assert authority.scopes == {"read"}
    assert KeyFile(keys.path.parent).revoke(identifier)
    assert authority.scopes == frozenset()
    assert authority.objection() is not None


@pytest.mark.parametrize("how", ["removed", "damaged", "readable by others", "another secret under the same id"])
def test_a_key_that_cannot_be_looked_up_allows_nothing(keys: KeyFile, how: str) -> None:
    authority, _ = authority_of(keys, "read")
    assert authority.scopes == {"read"}
    if how == "removed":
        keys.path.unlink()
    elif how == "damaged":
        keys.path.write_text("{")
    elif how == "readable by others":
        keys.path.chmod(0o644)
        keys.path.write_text(keys.path.read_text() + " ")
    else:
        kept = json.loads(keys.path.read_text())
        kept["keys"][0]["sha256"] = "0" * 64
        keys.path.write_text(json.dumps(kept))
    assert authority.scopes == frozenset()
    assert authority.objection() is not None


async def test_who_watches_is_told_once_and_only_of_what_they_need(keys: KeyFile) -> None:
    from anyio import Event, fail_after

    authority, identifier = authority_of(keys, "read", "write")
    told: list[str] = []
    ended = Event()

    def watcher(name: str) -> Any:
        def action(error: Exception) -> None:
            told.append(name)
            if name == "all":
                ended.set()

        return action

    forget = authority.watch(("read",), watcher("forgotten"))
    authority.watch(("write",), watcher("write"))
    authority.watch((), watcher("all"))
    forget()
    kept = json.loads(keys.path.read_text())
    kept["keys"][0]["scopes"] = ["read"]
    keys.path.write_text(json.dumps(kept))
    late = Event()
    authority.watch(("write",), lambda _: late.set())
    with fail_after(1):
        await late.wait()
    assert told == ["write"]
    assert KeyFile(keys.path.parent).revoke(identifier)
    with fail_after(1):
        await ended.wait()
    assert told == ["write", "all"]


# --- shares ----------------------------------------------------------------------------------------------------------


def test_one_key_has_its_share_and_leaves_the_rest() -> None:
    class Key(Authority):
        @property
        def is_key(self) -> bool:
            return True

    shares = Shares(2, "requests_per_key", "requests")
    one, other = Key("key:1", frozenset()), Key("key:2", frozenset())
    shares.take(one)
    shares.take(one)
    with pytest.raises(Overloaded) as caught:
        shares.take(one)
    assert caught.value.details == {"limit": "requests_per_key", "maximum": 2}
    shares.take(other)
    shares.give_back(one)
    shares.take(one)
    for _ in range(10):
        shares.take(LOCAL)
