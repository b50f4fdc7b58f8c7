"""What the real gateway writes into its logs: who did what by every door, and never what was sent."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.gateway import NO_SPARES, Gateway, eventually
from tests.live import live

pytestmark = [pytest.mark.anyio, pytest.mark.security]

PLANTED = "planted-4f1d9c-secret"


def audit(gateway: Gateway) -> list[dict[str, Any]]:
    path = gateway.state_dir / "logs" / "audit.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def line_of(gateway: Gateway, request_id: str) -> dict[str, Any]:
    (found,) = [line for line in audit(gateway) if line["request_id"] == request_id]
    return found


def logs(gateway: Gateway) -> dict[Path, str]:
    """Every log that the gateway and its applications write."""
    paths = [gateway.log, *sorted((gateway.state_dir / "logs").rglob("*"))]
    return {path: path.read_text(errors="replace") for path in paths if path.is_file()}


async def test_every_door_leaves_a_line(gateway: Gateway, blender: httpx.Client) -> None:
    def ask(request_id: str, verb: str, path: str, **options: Any) -> httpx.Response:
        return blender.request(verb, path, headers={"X-Request-ID": request_id}, **options)

    begun = len(audit(gateway))
    assert ask("audit-rest", "POST", "/primitives/cube", json={"name": "Audited"}).status_code == 201
    assert ask("audit-taken", "POST", "/primitives/cube", json={"name": "Audited"}).status_code == 409
    calls = [{"method": "primitives.cube", "params": {}}, {"method": "objects.list"}, {"method": "scene.clear"}]
    assert ask("audit-batch", "POST", "/batch", json={"calls": calls}).status_code == 200
    assert ask("audit-undo", "POST", "/undo").status_code == 200
    assert ask("audit-export", "POST", "/export", json={"format": "stl"}).status_code == 200
    stored = ask("audit-store", "POST", "../artifacts", files={"file": ("a.stl", b"solid")}).json()["result"]
    assert ask("audit-remove", "DELETE", f"../artifacts/{stored['id']}").status_code == 200
    ask("audit-read", "GET", "/objects")
    async with live(gateway, "blender") as client:
        code = "1 + 1"
        _, _, answer = await client.run(code)
        assert answer["status"] == "success"
        assert (await client.ask(type="call", id="c", method="primitives.cube", params={}))["status"] == "success"
    written = audit(gateway)[begun:]
    told = [(line["door"], line.get("adapter"), line["method"], line["outcome"]) for line in written]
    assert told == [
        ("rest", "blender", "primitives.cube", "success"),
        ("rest", "blender", "primitives.cube", "name_taken"),
        ("batch", "blender", "primitives.cube", "success"),
        ("batch", "blender", "scene.clear", "success"),
        ("rest", "blender", "session.undo", "success"),
        ("rest", "blender", "exchange.export", "success"),
        ("rest", None, "artifacts.store", "success"),
        ("rest", None, "artifacts.delete", "success"),
        ("websocket", "blender", "session.execute", "success"),
        ("websocket", "blender", "primitives.cube", "success"),
    ]
    assert all(line["peer"].startswith("127.0.0.1:") and line["uid"] >= 0 and line["ms"] >= 0 for line in written)
    assert written[8]["code_sha256"] == hashlib.sha256(code.encode()).hexdigest()
    assert [line.get("index") for line in written[2:4]] == [0, 2]
    assert line_of(gateway, "audit-store")["artifact"] == line_of(gateway, "audit-remove")["artifact"] == stored["id"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that wants keys, and in which no code may be run."""
    made = Gateway(
        tmp_path_factory.mktemp("guarded"),
        environment={
            "CADGATE_AUTH": "token",
            "CADGATE_BLENDER_ALLOW_EXECUTE": "false",
            "CADGATE_LOG_LEVEL": "debug",
            **NO_SPARES,
        },
        plugins="[adapters.freecad]\nenabled = false\n",
    )
    made.start(ready=False)
    yield made
    assert made.stop() == 0, made.log.read_text()[-4000:]


def new_key(gateway: Gateway, *scopes: str) -> str:
    command = [sys.executable, "-m", "cadgate", "keys", "create", "test", "--scopes", ",".join(scopes)]
    environment = {"CADGATE_STATE_DIR": str(gateway.state_dir), "PATH": "/usr/bin:/bin"}
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=gateway.state_dir)
    return made.stdout.strip()


@pytest.fixture(scope="module")
def key(guarded: Gateway) -> str:
    """A key for everything, and a gateway whose Blender is up."""
    text = new_key(guarded, "read", "write", "execute")
    with guarded.client(headers={"Authorization": f"Bearer {text}"}) as client:
        eventually(lambda: client.get("/ready").status_code == 200, seconds=60, what="Blender")
    return text


async def test_no_log_holds_what_was_sent(guarded: Gateway, key: str) -> None:
    """Secrets in headers, queries, paths, bodies, files, code and messages, also in requests that fail."""
    reader = new_key(guarded, "read")
    bearer = {"Authorization": f"Bearer {key}", "Idempotency-Key": PLANTED, "If-Match": PLANTED, "Cookie": PLANTED}
    with guarded.client("/api/v1/blender", headers=bearer) as client:
        cube = {"name": PLANTED}
        assert client.post("/primitives/cube", json=cube).status_code in (201, 412)
        client.headers.pop("If-Match")
        client.headers.pop("Idempotency-Key")
        client.post("/primitives/cube", json=cube)
        assert client.post("/primitives/cube", json=cube).status_code == 409
        assert client.post("/primitives/cube", json={"size": PLANTED}).status_code == 422
        assert client.post("/primitives/cube", content=PLANTED).status_code == 415
        assert (
            client.post(
                "/primitives/cube", content="{" + PLANTED, headers={"Content-Type": "application/json"}
            ).status_code
            == 400
        )
        assert client.get(f"/objects/{PLANTED}").status_code == 200
        assert client.get(f"/objects/{PLANTED}-missing").status_code == 404
        assert client.get("/objects", params={"name": PLANTED, "limit": PLANTED}).status_code == 422
        call = {"method": PLANTED, "params": {"code": PLANTED}}
        assert (
            client.post(
                "/batch", json={"calls": [call, {"method": "session.execute", "params": {"code": PLANTED}}]}
            ).status_code
            == 200
        )
        assert client.post("/export", json={"format": "stl", "filepath": f"{PLANTED}.stl"}).status_code == 200
        assert client.post("/export", json={"format": "stl", "filepath": f"../{PLANTED}"}).status_code == 422
        assert client.post("/import", files={"file": (f"{PLANTED}.obj", PLANTED.encode())}).status_code in (415, 422)
        assert client.post("/restart", headers={"Authorization": f"Bearer {reader}"}).status_code == 403
    with guarded.client() as client:
        wrong = {"Authorization": f"Bearer {key[:-10]}{PLANTED}"}
        assert client.get("/health", headers=wrong).status_code == 401
        assert client.get("/health", headers={"Host": PLANTED + ".example"}).status_code == 421
        assert client.get("/health", headers={"Origin": f"https://{PLANTED}.example"}).status_code == 403
    async with live(guarded, "blender", additional_headers={"Authorization": f"Bearer {key}"}) as client:
        for message in (
            {"type": "execute", "code": f"x = '{PLANTED}'"},
            {"type": "call", "method": "primitives.cube", "params": {"name": PLANTED, "wrong": PLANTED}},
            {"type": "call", "method": PLANTED, "params": {}},
            {"type": "broadcast", "data": PLANTED},
            {"type": PLANTED},
        ):
            await client.ask(id=PLANTED, **message)
    texts = logs(guarded)
    assert {path.name for path in texts} >= {"test-gateway.log", "audit.log", "blender.log"}
    secrets = (PLANTED, key.rpartition("_")[2], reader.rpartition("_")[2])
    assert {
        path.name: [s for s in secrets if s in text] for path, text in texts.items() if any(s in text for s in secrets)
    } == {}
    assert len(audit(guarded)) >= 8, "nothing was logged at all"


async def test_code_of_a_websocket_is_not_logged_where_it_runs(gateway: Gateway) -> None:
    async with live(gateway, "blender") as client:
        for code in (f"x = '{PLANTED}'", f"raise RuntimeError('{PLANTED}')", f"'{PLANTED}' +"):
            await client.run(code)
    assert [path.name for path, text in logs(gateway).items() if PLANTED in text] == []


# --- allow_execute = false -------------------------------------------------------------------------------------------


async def test_a_switched_off_execute_is_refused_by_every_door(guarded: Gateway, key: str) -> None:
    bearer = {"Authorization": f"Bearer {key}"}
    begun = len(audit(guarded))
    async with live(guarded, "blender", additional_headers=bearer) as client:
        assert client.hello["execute"] is False
        _, _, answer = await client.run("open('/tmp/never', 'w')")
        assert (answer["error"]["code"], answer["error"]["details"]["setting"]) == (
            "forbidden",
            "adapters.blender.allow_execute",
        )
        assert "allow_execute = false" in answer["error"]["message"]
        called = await client.ask(type="call", id="c", method="session.execute", params={"code": "1"})
        assert called["error"]["code"] == "forbidden"
        made = await client.ask(type="call", id="d", method="primitives.cube", params={})
        assert made["status"] == "success", "other calls still work"
    with guarded.client(headers=bearer) as http:
        calls = {"calls": [{"method": "session.execute", "params": {"code": "1"}}]}
        (result,) = http.post("/api/v1/blender/batch", json=calls).json()["result"]["results"]
        assert result["error"]["code"] == "forbidden"
        plugins = {each["name"]: each["execute"] for each in http.get("/plugins").json()["result"]["plugins"]}
        assert plugins == {"blender": False, "freecad": None}
    told = [(line["door"], line["method"], line["outcome"]) for line in audit(guarded)[begun:]]
    assert told.count(("websocket", "session.execute", "forbidden")) == 2
    assert told.count(("batch", "session.execute", "forbidden")) == 1
    assert all(line["identity"].startswith("key:") for line in audit(guarded)[begun:])


async def test_a_page_opens_a_websocket_with_its_key(guarded: Gateway, key: str) -> None:
    async with live(guarded, "blender", subprotocols=["cadgate", f"bearer.{key}"], origin=guarded.url) as client:
        assert client.socket.subprotocol == "cadgate"
        made = await client.ask(type="call", id="d", method="primitives.cube", params={})
        assert made["status"] == "success"
    with pytest.raises(InvalidStatus) as refused:
        async with live(guarded, "blender", subprotocols=["cadgate", f"bearer.{key}"], origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    assert [path.name for path, text in logs(guarded).items() if key.rpartition("_")[2] in text] == []


def test_cadgate_exec_says_that_code_is_switched_off(guarded: Gateway, key: str, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(key)
    command = [sys.executable, "-m", "cadgate", "exec", "blender", "-", "--key-file", str(key_file)]
    environment = {"CADGATE_STATE_DIR": str(guarded.state_dir), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, input="1", env=environment, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "allow_execute = false" in done.stderr


async def test_an_open_gateway_says_that_code_may_be_run(gateway: Gateway) -> None:
    async with live(gateway, "freecad") as client:
        assert client.hello["execute"] is True


def test_the_list_of_plugins_says_it_too(http: httpx.Client) -> None:
    assert {each["execute"] for each in http.get("/plugins").json()["result"]["plugins"]} == {True}


def test_a_key_that_may_only_read_stores_nothing(guarded: Gateway, key: str) -> None:
    reader = {"Authorization": f"Bearer {new_key(guarded, 'read')}"}
    store = guarded.state_dir / "artifacts"
    before = sorted(store.iterdir())
    with guarded.client("/api/v1", headers=reader) as client:
        upload = {"file": ("a.stl", b"solid")}
        for path in ("/artifacts", "/blender/import", "/blender/meshes", "/blender/scene/open", "/blender/world/image"):
            assert client.post(path, files=upload).status_code == 403, path
        raw = {"Content-Type": "application/octet-stream"}
        assert client.post("/blender/meshes", content=b"CGM1", headers=raw).status_code == 403
    assert sorted(store.iterdir()) == before
