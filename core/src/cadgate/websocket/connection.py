"""One client's connection: its send queue, its subscriptions, and its running calls."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from cadgate.contract.authority import Authority
from cadgate.contract.cancel_token import CancelToken
from cadgate.security.caller import authority_of, peer_of

MAX_EVENTS = 2_000
MAX_EVENT_CHARACTERS = 4 * 1024 * 1024
"""The limit for waiting events. Beyond it the oldest are dropped and counted."""
MAX_KEPT_CHARACTERS = 128 * 1024 * 1024
"""The limit for waiting results and output, which are never dropped. Beyond it the client is disconnected."""

TOO_SLOW = 1008
WITHDRAWN = 4401
"""The close code for a client whose key was revoked."""
MAX_REASON_BYTES = 120


@dataclass(slots=True, eq=False)
class Job:
    """A call or code that runs for a client, under the id that the client gave it."""

    id: str | int
    request_id: str
    cancel_on_disconnect: bool
    cancel_token: CancelToken = field(default_factory=CancelToken)


@dataclass(slots=True, eq=False)
class _Item:
    """One waiting message: its text, or an event's text up to its `seq`; None once it was dropped."""

    text: str | None
    seq: int | None = None


class Connection:
    """Sends from one task, in order. Everything else is synchronous and never waits for the client."""

    def __init__(self, websocket: WebSocket, identifier: str, adapter: str) -> None:
        self.id = identifier
        self.adapter = adapter
        self.authority: Authority = authority_of(websocket.scope)
        self.client = peer_of(websocket)
        self.since = time.time()
        self.topics: dict[str, None] = {}
        self.jobs: dict[str | int, Job] = {}
        self.sent = 0
        self.received = 0
        self.dropped = 0
        self.ended = asyncio.Event()
        self._websocket = websocket
        self._queue: deque[_Item] = deque()
        self._events: deque[_Item] = deque()
        self._event_characters = 0
        self._kept_characters = 0
        self._unreported = 0
        self._wake = asyncio.Event()
        self._close_code: int | None = None
        self._close_reason = ""

    @property
    def identity(self) -> str:
        """The identity of the client."""
        return self.authority.identity

    # --- what to send --------------------------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message that is never dropped. Does nothing once the connection has ended."""
        if self.ended.is_set() or self._close_code is not None:
            return
        text = to_json(message).decode()
        self._queue.append(_Item(text))
        self._kept_characters += len(text)
        self._wake.set()
        if self._kept_characters > MAX_KEPT_CHARACTERS:
            self.close(TOO_SLOW, at_once=True)

    def send_event(self, begin: str, seq: int) -> None:
        """Queue an event, whose text up to its `seq` is shared by all clients."""
        if self.ended.is_set() or self._close_code is not None:
            return
        item = _Item(begin, seq)
        self._queue.append(item)
        self._events.append(item)
        self._event_characters += len(begin)
        while len(self._events) > MAX_EVENTS or self._event_characters > MAX_EVENT_CHARACTERS:
            self._drop(self._events.popleft())
        self._wake.set()

    def _drop(self, item: _Item) -> None:
        self._event_characters -= len(item.text or "")
        item.text = None
        self.dropped += 1
        self._unreported += 1

    def send_heartbeat(self) -> None:
        """Queue a heartbeat if nothing else waits, because a client that does not read needs none."""
        if not self._queue:
            self.send({"type": "heartbeat"})

    @property
    def closing(self) -> bool:
        """Whether no more messages of the client are accepted."""
        return self._close_code is not None or self.ended.is_set()

    def close(self, code: int, *, reason: str = "", at_once: bool = False) -> None:
        """Close the connection, after sending what waits or without."""
        if self._close_code is None:
            self._close_code = code
            self._close_reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
            if at_once:
                self._queue.clear()
                self._events.clear()
            self._wake.set()

    # --- the task that sends -------------------------------------------------------------------------------------

    async def write(self) -> None:
        """Send queued messages until the connection ends."""
        try:
            while True:
                while self._queue:
                    text = self._next()
                    if text is not None:
                        await self._websocket.send_text(text)
                        self.sent += 1
                if self._close_code is not None:
                    await self._websocket.close(self._close_code, self._close_reason or None)
                    return
                self._wake.clear()
                await self._wake.wait()
        except (WebSocketDisconnect, RuntimeError, OSError):
            # The client went away, or the server is closing the connection.
            return

    def _next(self) -> str | None:
        item = self._queue.popleft()
        if item.text is None:
            return None
        if item.seq is None:
            self._kept_characters -= len(item.text)
            return item.text
        self._events.popleft()
        self._event_characters -= len(item.text)
        dropped, self._unreported = self._unreported, 0
        return f'{item.text}{item.seq},"dropped":{dropped}}}' if dropped else f"{item.text}{item.seq}}}"

    def end(self) -> None:
        """Stop sending, because the client is gone, and interrupt the calls that asked for that."""
        self.ended.set()
        self._queue.clear()
        self._events.clear()
        for job in list(self.jobs.values()):
            if job.cancel_on_disconnect:
                job.cancel_token.cancel()
