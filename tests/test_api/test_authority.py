"""A key that is revoked, or reduced, while it is in use: by every door, on both real applications, within a second."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import socket
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psutil
import pytest
import websockets

from tests.gateway import NO_SPARES, Gateway, eventually
from tests.live import Live
from tests.test_api.keyed import Holder, new_key, reduce_scopes, revoke, up

pytestmark = [pytest.mark.security, pytest.mark.anyio]
each_adapter = pytest.mark.parametrize("adapter", ["blender", "freecad"])

MAKE = {"blender": "primitives.cube", "freecad": "primitives.box"}
FINE: dict[str, dict[str, int]] = {"blender": {"major_segments": 256, "minor_segments": 64}, "freecad": {}}
SPIN = "import time\nprint('began')\nwhile True:\n    time.sleep(0.01)\n"
STUBBORN = """
import time
print('began')
while True:
    try:
        time.sleep(0.01)
    except KeyboardInterrupt:
        pass
"""


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with keys and both applications."""
    running = Gateway(tmp_path_factory.mktemp("keyed"), environment={"CADGATE_AUTH": "token", **NO_SPARES})
    owner = new_key(running)
    running.start(ready=False)
    up(owner)
    yield running
    assert running.stop() == 0, running.log.read_text()[-4000:]


@pytest.fixture(scope="module")
def owner(keyed: Gateway) -> Holder:
    """Somebody whose key stays."""
    return new_key(keyed)


@asynccontextmanager
async def connected(holder: Holder, adapter: str) -> AsyncGenerator[Live]:
    url = f"{holder.gateway.url.replace('http', 'ws')}/ws/{adapter}"
    async with websockets.connect(url, additional_headers=holder.headers, max_size=None, proxy=None) as client:
        yield Live(client, json.loads(await client.recv()))


async def receive_only(client: Live, *types: str) -> None:
    """Receive messages of these types, and no other, until the connection is closed, which raises."""
    while True:
        message = await client.receive(3)
        assert message["type"] in types, message


async def in_thread(function: Any, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


def names(owner: Holder, adapter: str) -> set[str]:
    with owner.client(f"/api/v1/{adapter}") as client:
        return {one["name"] for one in client.get("/objects").json()["result"]["objects"]}


def answers_quickly(owner: Holder, adapter: str, since: float) -> None:
    """The application works for others again within a second of the revocation."""
    with owner.client() as client:
        eventually(
            lambda: client.get(f"/health/{adapter}").json().get("result", {}).get("status") == "up",
            seconds=max(0.05, since + 1.0 - time.monotonic()),
            what=f"{adapter} free",
        )


@each_adapter
async def test_an_open_websocket_is_closed_and_nothing_that_it_sent_runs_any_more(
    keyed: Gateway, owner: Holder, adapter: str
) -> None:
    guest = new_key(keyed)
    async with connected(guest, adapter) as client, connected(owner, adapter) as other:
        assert (await client.ask(type="subscribe", id="s", topics=["objects", "output"]))["status"] == "success"
        await client.send(type="execute", id="spin", code=SPIN)
        await client.until(lambda one: one["type"] == "stream")
        for number in range(20):
            await client.send(type="call", id=number, method=MAKE[adapter], params={"name": f"Late{number}"})
        await client.send(type="execute", id="more", code="print('ran')")
        revoked = await in_thread(partial(revoke, guest, by_command=True))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await receive_only(client, "stream", "event")
        assert time.monotonic() - revoked < 1.0
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert "revoked" in closed.value.rcvd.reason
        await in_thread(answers_quickly, owner, adapter, revoked)
        assert (await other.run("1 + 1"))[2]["result"]["value"] == 2
    assert not any(name.startswith("Late") for name in await in_thread(names, owner, adapter))


@each_adapter
async def test_a_message_that_is_sent_after_the_revocation_is_not_looked_at(
    keyed: Gateway, owner: Holder, adapter: str
) -> None:
    guest = new_key(keyed)
    async with connected(guest, adapter) as client:
        assert (await client.ask(type="ping", id=1))["type"] == "pong"
        await in_thread(revoke, guest)
        await client.send(type="call", id="x", method=MAKE[adapter], params={"name": "Afterwards"})
        with pytest.raises(websockets.ConnectionClosed):
            await receive_only(client, "event")
    assert "Afterwards" not in await in_thread(names, owner, adapter)


async def test_code_that_does_not_stop_is_ended_with_its_application(keyed: Gateway, owner: Holder) -> None:
    guest = new_key(keyed)
    with owner.client() as client:
        assert client.post("/api/v1/freecad/primitives/box", json={"name": "Kept"}).status_code == 201
        pid = client.get("/health/freecad").json()["result"]["pid"]
    async with connected(guest, "freecad") as client:
        await client.send(type="execute", id="spin", code=STUBBORN)
        await client.until(lambda one: one["type"] == "stream")
        revoked = await in_thread(revoke, guest)
        await in_thread(lambda: eventually(lambda: not psutil.pid_exists(pid), seconds=3, what="the end"))
        assert time.monotonic() - revoked < 1.0
    await in_thread(up, owner)
    assert "Kept" in await in_thread(names, owner, "freecad")


@each_adapter
@pytest.mark.parametrize("atomic", [False, True])
def test_a_batch_ends_in_its_middle(keyed: Gateway, owner: Holder, adapter: str, atomic: bool) -> None:
    guest = new_key(keyed)
    if atomic:
        names_of = [f"Whole{number}" for number in range(900)]
        many = [{"method": "primitives.torus", "params": {"name": name, **FINE[adapter]}} for name in names_of]
    else:
        many = [{"method": MAKE[adapter], "params": {"name": f"Row{number}"}} for number in range(9)]
        many.insert(1, {"method": "session.execute", "params": {"code": SPIN}})
    before = names(owner, adapter)
    with guest.client(f"/api/v1/{adapter}") as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.post, "/batch", json={"calls": many, "atomic": atomic})
        with owner.client() as other:
            eventually(lambda: other.get(f"/health/{adapter}").json()["result"]["queue_depth"] > 0, what="the batch")
        revoked = revoke(guest)
        refused = answer.result(5)
    assert time.monotonic() - revoked < 1.0
    if (
        refused.status_code == 200 and not atomic
    ):  # the key went between two calls: what was left was refused, one by one
        first, *others = refused.json()["result"]["results"]
        assert first["status"] == "success"
        assert {each["error"]["code"] for each in others} == {"unauthenticated"}
    else:
        assert refused.status_code == 401, refused.text
        assert refused.json()["error"]["code"] == "unauthenticated"
    answers_quickly(owner, adapter, revoked)
    made = names(owner, adapter) - before
    assert made == (set() if atomic else {"Row0"})


OBSERVER = """
import time, FreeCAD
class Slow:
    def slotCreatedObject(self, obj):
        time.sleep(0.03)
FreeCAD.addDocumentObserver(FreeCAD.__dict__.setdefault("slow", Slow()))
"""


def runs(owner: Holder, code: str) -> None:
    with owner.client("/api/v1/freecad") as client:
        answer = client.post("/batch", json={"calls": [{"method": "session.execute", "params": {"code": code}}]})
        assert answer.json()["result"]["results"][0]["status"] == "success", answer.text


def test_a_batch_ends_also_where_an_observer_catches_what_ends_it(keyed: Gateway, owner: Holder) -> None:
    """FreeCAD drops what its observers raise."""
    guest = new_key(keyed)
    many = [{"method": "primitives.box", "params": {"name": f"Watched{number}"}} for number in range(90)]
    runs(owner, OBSERVER)
    with guest.client("/api/v1/freecad") as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.post, "/batch", json={"calls": many, "atomic": True})
        with owner.client() as other:
            eventually(lambda: other.get("/health/freecad").json()["result"]["queue_depth"] > 0, what="the batch")
        revoked = revoke(guest)
        assert answer.result(5).status_code == 401
    answers_quickly(owner, "freecad", revoked)
    assert not any(name.startswith("Watched") for name in names(owner, "freecad"))
    runs(owner, "FreeCAD.removeDocumentObserver(FreeCAD.__dict__.pop('slow'))")


def rendering(gateway: Gateway) -> list[psutil.Process]:
    """The workers that have computed for a while, other than the session's own application."""
    found: list[psutil.Process] = []
    for one in psutil.Process(gateway.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("workers" in part for part in [one.cwd(), *one.cmdline()]) and one.cpu_times().user > 2:
                found.append(one)
    return found


def test_a_render_is_ended_with_its_worker(keyed: Gateway, owner: Holder) -> None:
    guest = new_key(keyed)
    with owner.client("/api/v1/blender") as client:
        assert client.post("/primitives/sphere", json={}).status_code == 201
    with guest.client("/api/v1/blender") as client, concurrent.futures.ThreadPoolExecutor(2) as pool:
        body = {"resolution": [1280, 720], "samples": 4096}
        renders = [
            pool.submit(client.post, "/render", json=body),
            pool.submit(client.post, "/render", json=body, headers={"Idempotency-Key": "again"}),
        ]
        working = eventually(lambda: rendering(keyed), seconds=60, what="a render that works")
        revoked = revoke(guest)
        refused = [render.result(5) for render in renders]
    assert time.monotonic() - revoked < 1.0
    assert [one.status_code for one in refused] == [401, 401]
    eventually(lambda: not any(one.is_running() for one in working), seconds=1, what="the end of the workers")
    with owner.client("/api/v1") as client:
        kept = {one["name"] for one in client.get("/artifacts").json()["result"]["artifacts"]}
    assert "render.png" not in kept


def peers_of(gateway: Gateway) -> set[int]:
    """The ports at the other end of the gateway's connections."""
    listed = psutil.Process(gateway.pid).net_connections("tcp")
    return {one.raddr.port for one in listed if one.raddr and one.status == psutil.CONN_ESTABLISHED}


def test_a_download_is_cut_off(keyed: Gateway) -> None:
    guest = new_key(keyed, "read,write")
    size = 64 * 1024 * 1024
    with guest.client("/api/v1") as client:
        stored = client.post("/artifacts", files={"file": ("big.bin", b"x" * size)}).json()["result"]
    with socket.create_connection(("127.0.0.1", keyed.port)) as peer:
        peer.sendall(
            f"GET {stored['url']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {guest.text}\r\n\r\n".encode()
        )
        got = len(peer.recv(65536))
        mine = peer.getsockname()[1]
        revoke(guest)
        # Nothing is read meanwhile: whoever waits for a slow reader must notice too.
        eventually(lambda: mine not in peers_of(keyed), seconds=1, what="the end of the connection")
        with contextlib.suppress(ConnectionResetError):
            while piece := peer.recv(1 << 20):
                got += len(piece)
    assert got < size


def test_an_upload_is_cut_off_and_nothing_is_kept(keyed: Gateway, owner: Holder) -> None:
    guest = new_key(keyed, "write")
    head = (
        f"POST /api/v1/artifacts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {guest.text}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="half.bin"\r\n\r\nsome'
    )
    with socket.create_connection(("127.0.0.1", keyed.port)) as peer:
        peer.sendall(head.encode())
        store = keyed.state_dir / "artifacts"
        eventually(lambda: list(store.glob(".*.upload")), what="the upload")
        revoked = revoke(guest)
        peer.settimeout(3)
        answer = peer.recv(65536)
        assert time.monotonic() - revoked < 1.0
    assert answer.startswith(b"HTTP/1.1 401")
    eventually(lambda: not list(store.glob(".*.upload")), what="nothing left")
    with owner.client("/api/v1") as client:
        assert "half.bin" not in {one["name"] for one in client.get("/artifacts").json()["result"]["artifacts"]}


@each_adapter
async def test_a_key_that_loses_a_scope_loses_what_it_allowed_and_keeps_the_rest(
    keyed: Gateway, owner: Holder, adapter: str
) -> None:
    guest = new_key(keyed)
    async with connected(guest, adapter) as client:
        await client.send(type="execute", id="spin", code=SPIN)
        await client.until(lambda one: one["type"] == "stream")
        reduced = await in_thread(reduce_scopes, guest, "read")
        ended = (await client.until(lambda one: one["type"] == "result"))[-1]
        assert time.monotonic() - reduced < 1.0
        assert (ended["id"], ended["error"]["code"]) == ("spin", "forbidden")
        refused = await client.ask(type="call", id=1, method=MAKE[adapter], params={"name": "Refused"})
        assert refused["error"]["code"] == "forbidden"
        assert (await client.ask(type="call", id=2, method="objects.list", params={}))["status"] == "success"
    assert "Refused" not in await in_thread(names, owner, adapter)


async def test_subscriptions_end_with_the_scope_to_read(keyed: Gateway, owner: Holder) -> None:
    guest = new_key(keyed)
    async with connected(guest, "blender") as client:
        assert (await client.ask(type="subscribe", id=1, topics=["objects"]))["status"] == "success"
        await in_thread(reduce_scopes, guest, "write")
        told = await client.receive(2)
        assert (told["type"], told["error"]["code"]) == ("error", "forbidden")
        with owner.client("/api/v1/blender") as other:
            assert (await in_thread(lambda: other.post("/primitives/cube", json={}))).status_code == 201
        assert (await client.receive_or_pong())["type"] == "pong"


@pytest.mark.parametrize(
    "message", [{"type": "execute", "code": 5}, {"type": "broadcast"}, {"type": "execute", "x": 1}]
)
async def test_a_message_that_is_not_allowed_is_refused_before_it_is_validated(
    keyed: Gateway, message: dict[str, object]
) -> None:
    async with connected(new_key(keyed, "read"), "freecad") as client:
        refused = await client.ask(id=1, **message)
    assert (refused["id"], refused["error"]["code"]) == (1, "forbidden")


@each_adapter
def test_what_ended_a_work_stands_in_the_audit_log(keyed: Gateway, owner: Holder, adapter: str) -> None:
    guest = new_key(keyed)
    with guest.client(f"/api/v1/{adapter}") as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(
            client.post, "/batch", json={"calls": [{"method": "session.execute", "params": {"code": SPIN}}]}
        )
        with owner.client() as other:
            eventually(lambda: other.get(f"/health/{adapter}").json()["result"]["queue_depth"] > 0, what="the code")
        revoke(guest)
        assert answer.result(5).status_code == 401
    lines = [json.loads(line) for line in (keyed.state_dir / "logs" / "audit.log").read_text().splitlines()]
    (told,) = [one for one in lines if one["identity"] == f"key:{guest.id}" and one["method"] == "session.execute"]
    assert (told["outcome"], told["status"]) == ("withdrawn", 401)


@each_adapter
def test_sheets_need_only_to_read_and_few_are_kept_for_who_may_not_write(
    keyed: Gateway, owner: Holder, adapter: str
) -> None:
    kind = "cube" if adapter == "blender" else "box"
    with owner.client(f"/api/v1/{adapter}") as client:
        assert client.post(f"/primitives/{kind}", json={"name": "Seen"}).status_code == 201
    reader = new_key(keyed, "read")
    with reader.client(f"/api/v1/{adapter}") as client, reader.client() as root:
        first = client.post("/look", json={"size": 128, "views": ["iso"]}).json()["result"]["artifact"]
        assert root.get(first["url"]).status_code == 200
        for size in range(200, 216):
            response = client.post("/look", json={"size": size, "views": ["iso"]})
            assert response.status_code == 200, response.text
        assert root.get(first["url"]).status_code == 404
        assert root.get(response.json()["result"]["artifact"]["url"]).status_code == 200
        assert client.get("/look.png", params={"size": 128}).status_code == 200
