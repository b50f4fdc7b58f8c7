"""Who may call: the owner of the peer's socket, or the holder of a key with the right scopes; and who may not."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from cadgate.cli.serve import own_key
from cadgate.errors import CadgateError, ConfigError
from cadgate.security import peers
from cadgate.security.identity import LocalUser
from cadgate.security.keys import KeyFile
from cadgate.security.peers import PeerLookupUnavailable, Peers
from cadgate.web.routing import RouteTable
from tests.core.served import error_of, exchange, in_process, probed_app, quiet_settings, served

pytestmark = pytest.mark.security

ARTIFACTS = "/api/v1/artifacts"


# --- auth = "local" --------------------------------------------------------------------------------------------------


def get(port: int, path: str = "/health", *headers: str) -> tuple[int, dict[str, str], bytes]:
    lines = "".join(f"{header}\r\n" for header in headers)
    return exchange(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())


def test_the_own_user_may_call_by_ipv4_and_ipv6(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1"):
        with served(probed_app(quiet_settings(tmp_path / host.replace(":", "_"))), host) as port:
            request = b"GET /probe/context HTTP/1.1\r\nHost: localhost\r\n\r\n"
            status, _, body = exchange(port, request, host=host)
            assert (status, json.loads(body)["result"]["value"]["identity"]) == (200, "local")


def test_another_user_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadgate.security.identity.own_uid", lambda: os.geteuid() + 1)
    with served(probed_app(quiet_settings(tmp_path))) as port:
        for path in ("/health", "/docs", "/nowhere", "/probe/names/x"):
            status, _, body = get(port, path)
            assert (status, error_of(body)["code"]) == (403, "forbidden")
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://localhost:{port}/probe/ws")
        assert refused.value.response.status_code == 403
        assert error_of(refused.value.response.body)["code"] == "forbidden"


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-Forwarded-For: testclient",
        "X-Real-IP: 10.0.0.1",
        "X-Forwarded-Host: cad.example",
        "X-Forwarded-Proto: https",
        "Via: 1.1 proxy",
    ],
)
def test_a_request_through_a_proxy_is_refused(port: int, header: str) -> None:
    status, _, body = get(port, "/health", header)
    assert (status, error_of(body)["code"]) == (403, "forbidden")
    assert "proxy" in error_of(body)["message"]


@pytest.mark.parametrize(
    "scope",
    [
        {"client": None, "server": ("127.0.0.1", 80)},
        {"client": ("testclient", 50000), "server": ("127.0.0.1", 80)},
        {"client": ("127.0.0.1", 123), "server": ("127.0.0.1", 80)},
        {"client": ("127.0.0.1", 1), "server": ("/run/socket", None)},
    ],
)
def test_a_server_whose_peer_cannot_be_told_lets_nobody_in(scope: dict[str, object]) -> None:
    identity = LocalUser()
    try:
        with pytest.raises(CadgateError) as refused:
            identity.of({"asgi": {"spec_version": "2.3"}, **scope}, {})
        assert refused.value.status == 403
    finally:
        identity.close()


def test_a_system_without_peer_lookup_says_so_once_and_lets_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(PeerLookupUnavailable, match="darwin"):
        Peers()
    identity = LocalUser()
    logged = capsys.readouterr()
    assert (logged.err + logged.out).count("local_auth_unchecked") == 1
    scope = {"asgi": {"spec_version": "2.3"}, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80)}
    assert identity.of(scope, {}).identity == "local"


# --- auth = "token" --------------------------------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path)


@pytest.fixture
def token_port(tmp_path: Path) -> Iterator[int]:
    with served(probed_app(quiet_settings(tmp_path, auth="token"))) as port:
        yield port


def bearer(text: str) -> str:
    return f"Authorization: Bearer {text}"


def test_a_key_opens_the_gateway_and_its_absence_does_not(token_port: int, keys: KeyFile) -> None:
    text, key = keys.create("for a test")
    status, _, body = get(token_port, "/probe/context", bearer(text))
    told = json.loads(body)["result"]["value"]
    assert (status, told["identity"], told["scopes"]) == (200, f"key:{key.id}", ["execute", "read", "write"])
    for path in ("/health", "/docs", "/openapi.json", "/metrics", "/nowhere", ARTIFACTS):
        status, headers, body = get(token_port, path)
        assert (status, error_of(body)["code"]) == (401, "unauthenticated")
        assert headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text.upper(),
        lambda text: "cadgate_",
        lambda text: "cadgate_0123456789ab_" + text.rpartition("_")[2],
        lambda text: text.rpartition("_")[0] + "_",
        lambda text: "something else",
        lambda text: "\xe9" * 10,
    ],
)
def test_a_wrong_key_is_401_and_tells_nothing(token_port: int, keys: KeyFile, change) -> None:
    text, _ = keys.create("for a test")
    with httpx.Client(base_url=f"http://localhost:{token_port}") as client:
        answer = client.get("/health", headers={b"Authorization": f"Bearer {change(text)}".encode("latin-1")})
    assert (answer.status_code, error_of(answer.content)["code"]) == (401, "unauthenticated")
    assert text not in answer.text


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "bearer"])
def test_only_bearer_is_a_scheme(token_port: int, keys: KeyFile, scheme: str) -> None:
    text, _ = keys.create("for a test")
    assert get(token_port, "/health", f"Authorization: {scheme} {text}")[0] == (200 if scheme == "bearer" else 401)


def test_scopes_are_kept(token_port: int, keys: KeyFile) -> None:
    reader, _ = keys.create("reader", ["read", "admin"])
    writer, _ = keys.create("writer", ["write"])
    with httpx.Client(base_url=f"http://localhost:{token_port}") as client:
        upload = {"file": ("a.stl", b"solid")}
        refused = client.post(ARTIFACTS, files=upload, headers={"Authorization": f"Bearer {reader}"})
        assert (refused.status_code, error_of(refused.content)["code"]) == (403, "forbidden")
        assert "'write'" in error_of(refused.content)["message"]
        stored = client.post(ARTIFACTS, files=upload, headers={"Authorization": f"Bearer {writer}"})
        assert stored.status_code == 201
        url = stored.json()["result"]["url"]
        assert client.get(url, headers={"Authorization": f"Bearer {writer}"}).status_code == 403
        assert client.get(url, headers={"Authorization": f"Bearer {reader}"}).status_code == 200
        assert client.delete(url, headers={"Authorization": f"Bearer {reader}"}).status_code == 403


def test_a_revoked_key_is_refused_at_once(token_port: int, keys: KeyFile) -> None:
    text, key = keys.create("for a test")
    assert get(token_port, "/health", bearer(text))[0] == 200
    assert keys.revoke(key.id) is True
    assert get(token_port, "/health", bearer(text))[0] == 401
    assert keys.revoke(key.id) is False


def test_a_websocket_needs_a_key_too(token_port: int, keys: KeyFile) -> None:
    text, _ = keys.create("for a test")
    url = f"ws://localhost:{token_port}/probe/ws"
    with pytest.raises(InvalidStatus) as refused:
        connect(url)
    assert refused.value.response.status_code == 401
    with connect(url, additional_headers={"Authorization": f"Bearer {text}"}) as websocket:
        websocket.send("hello")
        assert websocket.recv(timeout=10) == "hello"


def test_a_page_sends_its_key_as_a_subprotocol(token_port: int, keys: KeyFile) -> None:
    text, key = keys.create("for a test")
    url = f"ws://localhost:{token_port}/probe/ws"
    for offered in (["cadgate", f"bearer.{text}"], [f"bearer.{text}", "cadgate"]):
        with connect(url, subprotocols=list(map(Subprotocol, offered))) as websocket:
            websocket.send("hello")
            assert websocket.recv(timeout=10) == "hello"
    refused_offers = [["cadgate"], ["cadgate", "bearer.cadgate_0_0"], [f"bearer.{text}"], ["cadgate", text]]
    for offered in refused_offers:
        with pytest.raises(InvalidStatus) as refused:
            connect(url, subprotocols=list(map(Subprotocol, offered)))
        assert refused.value.response.status_code == 401
        assert text.encode() not in refused.value.response.body
    assert keys.revoke(key.id)
    with pytest.raises(InvalidStatus):
        connect(url, subprotocols=[Subprotocol("cadgate"), Subprotocol(f"bearer.{text}")])
    with httpx.Client(base_url=f"http://localhost:{token_port}") as client:
        other, _ = keys.create("another")
        answer = client.get("/health", headers={"Sec-WebSocket-Protocol": f"cadgate, bearer.{other}"})
        assert answer.status_code == 401, "it is for WebSockets alone"


def test_a_preflight_needs_no_key(tmp_path: Path) -> None:
    settings = quiet_settings(tmp_path, auth="token", cors_origins=("https://app.example",))
    with served(probed_app(settings)) as port, httpx.Client(base_url=f"http://localhost:{port}") as client:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        assert client.options("/probe/json", headers=asked).status_code == 204
        answer = client.post("/probe/json", json={}, headers={"Origin": "https://app.example"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, "https://app.example")


def test_a_wide_address_needs_a_key_that_somebody_has(tmp_path: Path) -> None:
    settings = quiet_settings(tmp_path, host="0.0.0.0", auth="token")
    with pytest.raises(ConfigError, match=r"'0\.0\.0\.0'.*there is no key"), own_key(settings):
        pytest.fail("it would start")
    assert not list(KeyFile(tmp_path).list())
    KeyFile(tmp_path).create("laptop")
    with own_key(settings) as text:
        assert text is not None
        assert KeyFile(tmp_path).find(text) is not None
    assert [key.label for key in KeyFile(tmp_path).list()] == ["laptop"]


# --- the key file ----------------------------------------------------------------------------------------------------


def test_the_file_is_private_and_holds_no_secret(keys: KeyFile) -> None:
    text, key = keys.create("laptop", ["read", "write"])
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert text.rpartition("_")[2] not in keys.path.read_text()
    assert keys.list() == [key]
    assert (key.label, key.scopes) == ("laptop", ("read", "write"))
    assert repr(key).count(text.rpartition("_")[2]) == 0
    found = KeyFile(keys.path.parent).find(text)
    assert found == key


def test_two_keys_are_different_and_listed_in_order(keys: KeyFile) -> None:
    made = [keys.create(f"key {number}") for number in range(3)]
    assert len({text for text, _ in made}) == 3
    assert {key.id for key in keys.list()} == {key.id for _, key in made}


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "delete"]])
def test_unknown_scopes_are_refused(keys: KeyFile, scopes: list[str]) -> None:
    with pytest.raises(CadgateError, match="read, write"):
        keys.create("x", scopes)
    assert not keys.path.exists()


def test_keys_made_by_two_processes_at_once_are_all_kept(keys: KeyFile) -> None:
    program = (
        "import sys; from pathlib import Path; from cadgate.security.keys import KeyFile\n"
        "for number in range(10): KeyFile(Path(sys.argv[1])).create(f'{sys.argv[2]}-{number}')"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(keys.path.parent), name]) for name in ("a", "b")]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(keys.list()) == 20


def test_a_key_file_that_others_may_read_is_not_used(token_port: int, keys: KeyFile) -> None:
    text, _ = keys.create("x")
    keys.path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        KeyFile(keys.path.parent).list()
    status, _, body = get(token_port, "/health", bearer(text))
    assert (status, error_of(body)["code"]) == (500, "internal_error")
    assert str(keys.path) not in body.decode()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": [{}]}', '{"keys": 1}'])
def test_a_damaged_key_file_is_said_and_lets_nobody_in(keys: KeyFile, content: str) -> None:
    text, _ = keys.create("x")
    keys.path.write_text(content)
    with pytest.raises(ConfigError, match="not a file of keys"):
        KeyFile(keys.path.parent).find(text)


# --- what is in front of everything ----------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_nothing_runs_for_a_request_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    find = RouteTable.find

    def spy(self: RouteTable, scope):
        looked_up.append(scope["path"])
        return find(self, scope)

    monkeypatch.setattr(RouteTable, "find", spy)
    async with in_process(probed_app(quiet_settings(tmp_path))) as client:
        assert (await client.get("/health", headers={"Host": "evil.example"})).status_code == 421
        assert (await client.get("/health", headers={"Origin": "https://evil.example"})).status_code == 403
        assert looked_up == []
        assert (await client.get("/health")).status_code == 200
        assert looked_up == ["/health"]


def test_the_netlink_socket_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Peers] = []
    close = peers.Peers.close

    def spy(self: Peers) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(peers.Peers, "close", spy)
    with served(probed_app(quiet_settings(tmp_path))) as port:
        assert get(port)[0] == 200
    assert len(closed) == 1
