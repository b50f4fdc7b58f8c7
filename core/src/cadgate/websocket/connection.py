"""One client's connection: what waits to be sent to it, what it subscribed to, and what runs for it."""

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
"""What may wait of events; beyond it the oldest are dropped and counted."""
MAX_KEPT_CHARACTERS = 128 * 1024 * 1024
"""What may wait of results and output, which are never dropped; a client that lets more wait is disconnected."""

TOO_SLOW = 1008
WITHDRAWN = 4401
"""The key of the client was revoked."""
MAX_REASON_BYTES = 120


@dataclass(slots=True, eq=False)
class Job:
    """Something that runs for a client, under the id that the client gave it."""

    id: str | int
    request_id: str
    cancel_on_disconnect: bool
    cancel_token: CancelToken = field(default_factory=CancelToken)


@dataclass(slots=True, eq=False)
class _Item:
    """One message that waits: whole text, or an event's text up to its `seq`; None once it was dropped."""

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
        self._untold = 0
        self._wake = asyncio.Event()
        self._close_code: int | None = None
        self._close_reason = ""

    @property
    def identity(self) -> str:
        """Whose it is."""
        return self.authority.identity

    # --- what to send --------------------------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        """A message that is never dropped. Does nothing once the connection has ended."""
        if self.ended.is_set() or self._close_code is not None:
            return
        text = to_json(message).decode()
        self._queue.append(_Item(text))
        self._kept_characters += len(text)
        self._wake.set()
        if self._kept_characters > MAX_KEPT_CHARACTERS:
            self.close(TOO_SLOW, at_once=True)

    def send_event(self, begin: str, seq: int) -> None:
        """An event, whose text up to its `seq` all clients share."""
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
        self._untold += 1

    def send_heartbeat(self) -> None:
        """Only where nothing waits: whoever does not read needs no more of them."""
        if not self._queue:
            self.send({"type": "heartbeat"})

    @property
    def closing(self) -> bool:
        """Whether nothing of its client is accepted any more."""
        return self._close_code is not None or self.ended.is_set()

    def close(self, code: int, *, reason: str = "", at_once: bool = False) -> None:
        """End the connection after what waits was sent, or without that."""
        if self._close_code is None:
            self._close_code = code
            self._close_reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
            if at_once:
                self._queue.clear()
                self._events.clear()
            self._wake.set()

    # --- the task that sends -------------------------------------------------------------------------------------

    async def write(self) -> None:
        """Send what waits, until the connection ends. Returns then."""
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
            # It went away, or is being closed by the server under us.
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
        untold, self._untold = self._untold, 0
        return f'{item.text}{item.seq},"dropped":{untold}}}' if untold else f"{item.text}{item.seq}}}"

    def end(self) -> None:
        """The client is gone: nothing is sent any more, and what asked for it is interrupted."""
        self.ended.set()
        self._queue.clear()
        self._events.clear()
        for job in list(self.jobs.values()):
            if job.cancel_on_disconnect:
                job.cancel_token.cancel()
