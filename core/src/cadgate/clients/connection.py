"""One connection to an application: frames in and out, calls matched to answers by id."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, cast

import structlog
from pydantic_core import from_json, to_json

from cadgate.appserver.framing import FrameError, FrameReader, encode
from cadgate.appserver.meta import CallMeta
from cadgate.clients.awake import Expected
from cadgate.contract.encoded import Encoded
from cadgate.errors import Overloaded, PayloadTooLarge, ValidationFailed

MAX_UNSENT = 128 * 1024 * 1024
"""How many bytes may wait for an application that does not read."""

_RESULT = re.compile(rb'\{"jsonrpc": ?"2\.0", ?"id": ?(\d{1,18}), ?"result": ?')
_META = re.compile(rb', ?"meta": ?(\{[^{}]*\})\}\Z')
_META_SEARCHED = 1024
_ANSWER = re.compile(rb'\{"jsonrpc": ?"2\.0", ?"id": ?(\d{1,18}),')
_NOTIFICATION = re.compile(rb'\{"jsonrpc": ?"2\.0", ?"method":')

Reply = dict[str, Any]
log = structlog.stdlib.get_logger("cadgate.clients")


class ConnectionLost(Exception):
    """The connection ended before the answer arrived. Whether the call ran is unknown."""


class NotSent(ConnectionLost):
    """The connection had ended before the request was written, so it did not run."""


class Connection(asyncio.Protocol):
    """Writes requests, and resolves the future of each with its answer. Answers without a future are dropped."""

    def __init__(self, notify: Callable[[str, dict[str, Any]], None]) -> None:
        self._notify = notify
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._unanswered: set[int] = set()
        self._as_written: set[int] = set()
        self._number = 0
        loop = asyncio.get_running_loop()
        self._answers = Expected(loop)
        self.lost = loop.create_future()

    @property
    def in_flight(self) -> int:
        """The number of requests that the application has not answered, whether somebody waits for them or not."""
        return len(self._unanswered)

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def request(self, method: str, params: dict[str, Any], meta: CallMeta | None = None) -> int:
        """Write one request and return its id.

        Raises NotSent, PayloadTooLarge, ValidationFailed for what is not JSON, Overloaded while too much is unsent.
        """
        if self._transport is None or self._transport.is_closing():
            raise NotSent("the connection is closed")
        number = self._number + 1
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": method}
        if meta:
            message["meta"] = meta
        try:
            if isinstance(params, Encoded):
                frame = encode(b"".join((to_json(message)[:-1], b',"params":', params.text, b"}")))
            else:
                message["params"] = params
                frame = encode(to_json(message))
        except FrameError as error:
            raise PayloadTooLarge(f"{method} cannot be sent to the application: {error}") from error
        except ValueError as error:
            raise ValidationFailed(f"The parameters of {method} cannot be written as JSON: {error}") from error
        if self._transport.get_write_buffer_size() + len(frame) > MAX_UNSENT:
            raise Overloaded("The application is not reading its input; try again shortly")
        self._number = number
        if not self._unanswered:
            self._answers.begin()
        self._unanswered.add(number)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        if meta is not None and "since" in meta:
            self._as_written.add(number)
        self._transport.write(frame)
        return number

    async def reply(self, number: int) -> Reply:
        """Wait for the answer to request `number`. Raises ConnectionLost. If cancelled, a late answer is dropped."""
        try:
            return await self._waiting[number]
        finally:
            self._waiting.pop(number, None)

    def watch(self, number: int) -> asyncio.Future[Reply] | None:
        """Return the future answer to a request that nobody awaits any more; None if it has arrived, or never will."""
        if number not in self._unanswered or not self.usable:
            return None
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        future.add_done_callback(lambda _: self._waiting.pop(number, None))
        return future

    def fail(self, number: int, error: Exception) -> None:
        """End the wait for this answer by raising `error`."""
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_exception(error)

    def cancel(self, number: int, *, deadline: bool = False) -> None:
        """Ask the application to stop the call, perhaps because of its `deadline`; its answer still arrives."""
        if self._transport is not None and not self._transport.is_closing():
            params = {"id": number, "deadline": deadline}
            message = {"jsonrpc": "2.0", "method": "$/cancel", "params": params}
            self._transport.write(encode(to_json(message)))

    def close(self) -> None:
        """Close at once, even if the peer does not read."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            answered = False
            for frame in self._reader.feed(data):
                if answered and _NOTIFICATION.match(frame):
                    # Whoever waits for the answer continues before its event is even parsed.
                    asyncio.get_running_loop().call_soon(self._handle, frame)
                else:
                    answered = self._frame(frame) or answered
        except (FrameError, ValueError, TypeError, RecursionError) as error:
            self._end(error)

    def _handle(self, frame: bytes) -> None:
        try:
            self._frame(frame)
        except (FrameError, ValueError, TypeError, RecursionError) as error:
            self._end(error)

    def _end(self, error: Exception) -> None:
        log.warning("an application sent an invalid message", error=str(error)[:300])
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._unanswered.clear()
        self._answers.give_up()
        self._as_written.clear()
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(ConnectionLost("the connection was lost before the answer arrived"))
                # Retrieve it, or asyncio logs "exception was never retrieved" when nobody awaits this answer.
                future.exception()
        if not self.lost.done():
            self.lost.set_result(None)

    def _divided(self, frame: bytes) -> Reply | None:
        """Return an answer whose result is wanted unparsed, as `raw`; None for any other message."""
        begin = _RESULT.match(frame)
        if begin is None or (number := int(begin[1])) not in self._as_written:
            return None
        end = _META.search(frame, max(begin.end(), len(frame) - _META_SEARCHED))
        if end is None:
            return None
        self._as_written.discard(number)
        return {"id": number, "raw": frame[begin.end() : end.start()], "meta": from_json(end[1])}

    def _frame(self, frame: bytes) -> bool:
        """Handle the message in a frame; return whether it is an answer."""
        message: Any = (self._as_written and self._divided(frame)) or _parsed(frame)
        if not isinstance(message, dict):
            raise FrameError("a message must be an object")
        body = cast(Reply, message)
        if "method" in body:
            try:
                self._notify(str(body["method"]), body.get("params") or {})
            except Exception:  # a listener's error must not end the connection
                log.exception("a listener failed", method=body["method"])
            return False
        number = body.get("id") or 0
        self._answers.end()
        self._unanswered.discard(number)
        self._as_written.discard(number)
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_result(body)
        return True


def _parsed(frame: bytes) -> Any:
    """Parse the message in a frame. The fast parser refuses deep nesting, which must not end the connection."""
    try:
        return from_json(frame)
    except ValueError:
        pass
    try:
        return json.loads(frame)
    except RecursionError:
        found = _ANSWER.match(frame)
        if found is None:
            raise
        error = {"code": -32000, "message": "The answer is nested too deeply", "data": {"code": "command_failed"}}
        return {"id": int(found[1]), "error": error}
