"""Bodies and messages that trickle: they end, by every door; slow ones that go on are taken whole."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.gateway import NO_SPARES, Gateway

IDLE = 0.6
RATE = 2000
BOUNDARY = "b0undary"
MULTIPART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'.encode(),
    f"\r\n--{BOUNDARY}--\r\n".encode(),
)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that waits for no more than `IDLE` seconds, nor for less than `RATE` bytes a second."""
    gateway = Gateway(
        tmp_path_factory.mktemp("impatient") / "state",
        environment={"CADGATE_BODY_IDLE_SECONDS": str(IDLE), "CADGATE_BODY_BYTES_PER_SECOND": str(RATE), **NO_SPARES},
        plugins="[adapters.freecad]\nenabled = false\n[adapters.blender]\nworkers = 0\n",
    ).start()
    yield gateway
    gateway.stop()


def pieces(first: bytes, rest: Iterable[bytes], pause: float) -> Iterator[bytes]:
    yield first
    for piece in rest:
        time.sleep(pause)  # the pace is what is tried
        yield piece


def ask(
    gateway: Gateway, verb: str, path: str, kind: str, length: int | None, body: Iterator[bytes]
) -> tuple[int, str]:
    """Send a body piece by piece; status and code of the answer, which may come before the body is over."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.putrequest(verb, path)
    connection.putheader("Content-Type", kind)
    connection.putheader(*(("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))))
    connection.endheaders()
    assert connection.sock is not None
    connection.sock.setblocking(False)
    for piece in body:
        try:
            connection.sock.sendall(piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            continue
        except ConnectionError:
            break
        break  # the answer is there
    connection.sock.settimeout(20)
    answer = connection.getresponse()
    content = json.loads(answer.read())
    if answer.status == 408:
        assert answer.getheader("connection") == "close"
    connection.close()
    return answer.status, content.get("error", {}).get("code", "")


ROUTES = [
    ("POST", "/api/v1/blender/primitives/cube", "application/json", b'{"size": 1, "name": "'),
    ("POST", "/api/v1/blender/batch", "application/json", b'{"calls": ['),
    ("POST", "/api/v1/blender/meshes", "application/json", b'{"vertices": ['),
    ("POST", "/api/v1/blender/meshes", "application/octet-stream", b"CGM1"),
    ("POST", "/api/v1/blender/import", f"multipart/form-data; boundary={BOUNDARY}", MULTIPART[0]),
    ("POST", "/api/v1/artifacts", f"multipart/form-data; boundary={BOUNDARY}", MULTIPART[0]),
]


@pytest.mark.parametrize("length", [100_000, None], ids=["length", "chunked"])
@pytest.mark.parametrize(("verb", "path", "kind", "first"), ROUTES, ids=[f"{one[1]} {one[2][:20]}" for one in ROUTES])
def test_a_body_of_which_nothing_comes_any_more_ends(
    impatient: Gateway, verb: str, path: str, kind: str, first: bytes, length: int | None
) -> None:
    began = time.monotonic()
    assert ask(impatient, verb, path, kind, length, iter([first])) == (408, "request_timeout")
    assert time.monotonic() - began < 10 * IDLE


@pytest.mark.parametrize("length", [100_000, None], ids=["length", "chunked"])
@pytest.mark.parametrize(("verb", "path", "kind", "first"), [ROUTES[0], ROUTES[4]], ids=["json", "multipart"])
def test_a_body_that_trickles_ends(
    impatient: Gateway, verb: str, path: str, kind: str, first: bytes, length: int | None
) -> None:
    began = time.monotonic()
    trickle = pieces(first, [b" "] * 400, 0.05)
    assert ask(impatient, verb, path, kind, length, trickle) == (408, "request_timeout")
    assert time.monotonic() - began < 10 * IDLE


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_slow_upload_that_goes_on_is_stored(impatient: Gateway, chunked: bool) -> None:
    parts = [b"x" * 1000] * 12
    length = None if chunked else sum(map(len, (*MULTIPART, *parts)))
    ending = [MULTIPART[1], *([b""] if chunked else [])]
    slow = pieces(MULTIPART[0], [*parts, *ending], IDLE / 3)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    assert ask(impatient, "POST", "/api/v1/artifacts", kind, length, slow) == (201, "")


def test_the_rest_of_a_body_that_was_answered_ends_too(impatient: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=60) as peer:
        head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        peer.sendall(head + b"Content-Length: 60000\r\n\r\n{")
        assert b"404" in peer.recv(65536)
        began = time.monotonic()
        while time.monotonic() - began < 20:
            try:
                peer.sendall(b" ")
                peer.settimeout(0.05)
                if peer.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - began < 10 * IDLE


async def listen(client: ClientConnection) -> None:
    while True:
        await client.recv()


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["fragments", "empty", "frame"])
async def test_a_message_that_never_ends_ends_its_connection(impatient: Gateway, kind: str) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{impatient.port}/ws/blender", proxy=None) as client:
        await client.recv()

        async def trickle() -> None:
            if kind == "frame":
                client.transport.write(b"\x81\xfe\x40\x00" + b"\x00" * 4 + b"{")  # a text frame of 16 KiB
                await asyncio.sleep(60)

            async def parts() -> AsyncIterator[str]:
                while True:
                    yield " " if kind == "fragments" else ""
                    await asyncio.sleep(0.05)

            await client.send(parts())

        task = asyncio.ensure_future(trickle())
        with pytest.raises(ConnectionClosed) as ended:
            await asyncio.wait_for(listen(client), 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason.partition(":")[0]) == (1008, "request_timeout")


@pytest.mark.anyio
async def test_a_message_in_slow_fragments_is_taken(impatient: Gateway) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{impatient.port}/ws/blender", proxy=None) as client:
        await client.recv()

        async def parts() -> AsyncIterator[str]:
            text = json.dumps({"type": "ping", "id": 7}) + " " * 6000
            for start in range(0, len(text), 1000):
                yield text[start : start + 1000]
                await asyncio.sleep(IDLE / 3)

        await client.send(parts())
        assert json.loads(await client.recv()) == {"type": "pong", "id": 7}


@pytest.mark.anyio
async def test_a_message_has_so_many_fragments(impatient: Gateway) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{impatient.port}/ws/blender", proxy=None) as client:
        await client.recv()
        sending = asyncio.ensure_future(client.send([""] * 30_000))
        with pytest.raises(ConnectionClosed) as ended:
            await asyncio.wait_for(listen(client), 20)
        await asyncio.gather(sending, return_exceptions=True)
    # What was sent after the end may reset the connection before its close frame is read.
    assert ended.value.rcvd is None or ended.value.rcvd.code == 1009
