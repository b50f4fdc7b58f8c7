"""One key must not crowd out the others: connections, requests and calls have a share for each key."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack

import httpx
import pytest
import websockets

from tests.gateway import NO_SPARES, Gateway, eventually
from tests.test_api.keyed import Holder, new_key, up

pytestmark = [pytest.mark.security, pytest.mark.anyio]

SETTINGS = {
    "CADGATE_AUTH": "token",
    "CADGATE_WEBSOCKET_CONNECTIONS": "64",
    "CADGATE_WEBSOCKET_CONNECTIONS_PER_ADAPTER": "48",
    "CADGATE_WEBSOCKET_CONNECTIONS_PER_KEY": "40",
    "CADGATE_REQUESTS_PER_KEY": "30",
    "CADGATE_FREECAD_MAX_QUEUE": "16",
    **NO_SPARES,
}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = Gateway(tmp_path_factory.mktemp("shares"), environment=SETTINGS)
    first = new_key(running)
    running.start(ready=False)
    up(first)
    yield running
    assert running.stop() == 0, running.log.read_text()[-4000:]


async def fill(stack: AsyncExitStack, holder: Holder, adapter: str, wanted: int) -> tuple[int, str]:
    """Open up to so many connections: how many there are, and the limit that refused the next."""
    url = f"{holder.gateway.url.replace('http', 'ws')}/ws/{adapter}"
    for number in range(wanted):
        try:
            client = websockets.connect(url, additional_headers=holder.headers, proxy=None)
            await stack.enter_async_context(client)
        except websockets.InvalidStatus as refused:
            error = json.loads(refused.response.body)["error"]
            return number, error["details"]["limit"] if error["code"] == "overloaded" else error["code"]
    return wanted, ""


async def test_whoever_comes_last_still_gets_a_websocket(keyed: Gateway) -> None:
    async with AsyncExitStack() as stack:
        greedy, second, last = new_key(keyed), new_key(keyed), new_key(keyed)
        assert await fill(stack, greedy, "freecad", 60) == (40, "websocket_connections_per_key")
        # The last places of the adapter are kept for keys without a connection.
        assert await fill(stack, second, "freecad", 60) == (5, "websocket_connections_per_adapter")
        assert await fill(stack, last, "freecad", 1) == (1, "")
        assert await fill(stack, new_key(keyed), "blender", 60) == (14, "websocket_connections")
        assert await fill(stack, new_key(keyed), "blender", 1) == (1, "")


def test_uploads_that_trickle_take_the_share_of_their_key_only(keyed: Gateway) -> None:
    slow, other = new_key(keyed, "write"), new_key(keyed)
    head = (
        f"POST /api/v1/artifacts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {slow.text}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\n"
    ).encode()
    with ExitStack() as stack:
        for _ in range(30):
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", keyed.port)))
            peer.sendall(head)
        with slow.client("/api/v1") as client:
            small = {"file": ("a", b"a")}
            refused = eventually(lambda: refusal(client.post("/artifacts", files=small)), what="the 429")
        assert refused == "requests_per_key"
        with other.client("/api/v1") as client:
            assert client.post("/artifacts", files={"file": ("a", b"a")}).status_code == 201


def refusal(answer: httpx.Response) -> str:
    """The limit that a request met, if it met one."""
    body = answer.json()
    return body["error"]["details"]["limit"] if answer.status_code == 429 else ""


async def test_one_key_does_not_fill_the_queue_of_an_application(keyed: Gateway) -> None:
    greedy, other = new_key(keyed), new_key(keyed)
    url = f"{keyed.url.replace('http', 'ws')}/ws/freecad"
    async with websockets.connect(url, additional_headers=greedy.headers, proxy=None) as client:
        await client.recv()
        await client.send(json.dumps({"type": "execute", "id": "wait", "code": "import time\ntime.sleep(3)"}))
        for number in range(20):
            await client.send(json.dumps({"type": "call", "id": number, "method": "objects.list", "params": {}}))
        refused = json.loads(await client.recv())
        assert refused["error"]["code"] == "overloaded"
        assert refused["error"]["details"] == {"limit": "max_queue_per_key", "maximum": 12}
        loop = asyncio.get_running_loop()
        with concurrent.futures.ThreadPoolExecutor() as pool, other.client("/api/v1/freecad") as second:
            assert (await loop.run_in_executor(pool, lambda: second.get("/objects"))).status_code == 200
