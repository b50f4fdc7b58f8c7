"""A TCP proxy that simulates faults of a network: delays, cuts, silence, garbage. For tests of the wire.

It runs in a thread of its own, so that any test can use it, between a gateway and an application in external mode, or
between a client and a gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Faults:
    """What happens to the bytes, in both directions unless stated otherwise.

    :param latency: seconds by which each chunk is delayed.
    :param byte_by_byte: every byte is sent separately.
    :param drop_after: bytes of one direction after which the connection ends as `end` says.
    :param end: `reset` (RST), `close` (FIN, which truncates), `silence` (a black hole: nothing passes, nothing ends),
        or `garbage` (other bytes follow).
    :param direction: which bytes `drop_after` counts: what the client sends (`up`) or gets (`down`).
    """

    latency: float = 0.0
    byte_by_byte: bool = False
    drop_after: int | None = None
    end: Literal["reset", "close", "silence", "garbage"] = "reset"
    direction: Literal["up", "down"] = "down"


class FaultProxy:
    """Listens on `port` of the loopback and connects to `target`. `faults` may be changed at any time.

    A connection gets the `faults` in effect when it is opened; `connections` counts them.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.faults = Faults()
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cadgate-fault-proxy", daemon=True)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def reset_all(self) -> None:
        """Reset every connection that is open."""
        self._loop.call_soon_threadsafe(self._reset)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._reset()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _reset(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        faults = self.faults
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            self._tasks.discard(task)
            return
        both = (writer, back)
        self._writers.update(both)
        try:
            with contextlib.suppress(OSError):
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pass(reader, back, faults, "up", both))
                    group.create_task(self._pass(there, writer, faults, "down", both))
        except* OSError:
            pass
        finally:
            for each in both:
                self._writers.discard(each)
                each.close()
            self._tasks.discard(task)

    async def _pass(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        faults: Faults,
        direction: str,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        passed = 0
        limit = faults.drop_after if direction == faults.direction else None
        while data := await source.read(CHUNK):
            if faults.latency:
                await asyncio.sleep(faults.latency)
            if limit is not None and passed + len(data) >= limit:
                await _send(target, data[: limit - passed], faults.byte_by_byte)
                await self._end(source, target, faults, both)
                return
            passed += len(data)
            await _send(target, data, faults.byte_by_byte)
        target.write_eof()

    async def _end(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        faults: Faults,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        if faults.end == "silence":
            while await source.read(CHUNK):
                pass
        elif faults.end == "garbage":
            await _send(target, b"\x00\x00\x00\x08not json" + b"\xff" * 64, False)
        elif faults.end == "close":
            for each in both:
                each.close()
        else:
            for each in both:
                _reset(each)


async def _send(target: asyncio.StreamWriter, data: bytes, byte_by_byte: bool) -> None:
    for part in _parts(data, byte_by_byte):
        target.write(part)
        await target.drain()
        if byte_by_byte:
            # Otherwise the bytes would be sent together after all.
            await asyncio.sleep(0)


def _parts(data: bytes, byte_by_byte: bool) -> Iterator[bytes]:
    if not byte_by_byte:
        yield data
        return
    for place in range(len(data)):
        yield data[place : place + 1]


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST instead of FIN."""
    found: socket.socket | None = writer.get_extra_info("socket")
    if found is not None:
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
