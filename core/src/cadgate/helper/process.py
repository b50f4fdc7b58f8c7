"""The helper: a second process for work that would hold the gateway's interpreter lock: parsing 16 MiB, drawing.

It is started when it is first needed, does one task at a time, and ends after being idle for a while. It runs
`cadgate.helper.main`, and never any code from a client.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from cadgate.errors import CadgateError, InternalError, PayloadTooLarge
from cadgate.helper.main import EXHAUSTED, REFUSED, RETURNED

R = TypeVar("R")

IDLE_SECONDS = 60.0
WORK_SECONDS = 120.0
_SIZE = struct.Struct(">Q")
_PIECE = 1 << 20


class Helper:
    """Runs module-level functions in a second process. Cancelling kills the process."""

    def __init__(self, too_much: CadgateError | None = None, niceness: int = 10) -> None:
        """`too_much` is raised for work that needs too much memory or time; by default, a PayloadTooLarge.

        `niceness` is how far the process gives way to the event loop.
        """
        self._niceness = niceness
        self._too_much = too_much or PayloadTooLarge(
            "The body takes too much memory or time to parse: send less at once"
        )
        self._process: asyncio.subprocess.Process | None = None
        self._one = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    async def run(self, function: Callable[..., R], *args: Any) -> R:
        """Return `function(*args)`. Arguments and result are pickled, so the result must be small or flat.

        Raises the CadgateError that it raises, and `too_much` if it needs too much memory or time.
        """
        request = pickle.dumps((function.__module__, function.__qualname__, args), pickle.HIGHEST_PROTOCOL)
        async with self._one:
            if self._idle is not None:
                self._idle.cancel()
                self._idle = None
            try:
                async with asyncio.timeout(WORK_SECONDS):
                    answer = await self._ask(request)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                await self._end()
                raise self._refusal() from error
            except BaseException:
                await asyncio.shield(self._end())
                raise
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._kill)
        kind, value = pickle.loads(answer)  # noqa: S301 - from our own process
        if kind == RETURNED:
            return value
        if kind == REFUSED:
            error_class, message, details, code = value
            raise error_class(message, details=details, code=code)
        if kind == EXHAUSTED:
            raise self._refusal()
        raise InternalError(f"The gateway's helper failed: {value}")

    def _refusal(self) -> CadgateError:
        return type(self._too_much)(self._too_much.message, details=dict(self._too_much.details))

    async def _ask(self, request: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "cadgate.helper.main",
                str(self._niceness),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_PIECE,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(_SIZE.pack(len(request)))
        for start in range(0, len(request), _PIECE):
            process.stdin.write(request[start : start + _PIECE])
            await process.stdin.drain()
        (size,) = _SIZE.unpack(await process.stdout.readexactly(_SIZE.size))
        pieces: list[bytes] = []
        while size > 0:
            pieces.append(await process.stdout.readexactly(min(size, _PIECE)))
            size -= len(pieces[-1])
        return b"".join(pieces)

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()

    async def _end(self) -> None:
        process = self._process
        self._kill()
        if process is not None:
            await process.wait()

    async def close(self) -> None:
        """Kill the process."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end()
