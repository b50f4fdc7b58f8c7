"""Connects the events of one adapter with its clients: subscriptions, events kept for `since`, executions."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from pydantic_core import PydanticSerializationError, to_json

from cadgate.dispatch.session import SessionRuntime
from cadgate.websocket.connection import Connection, Job
from cadgate.websocket.messages import TOPICS

KEPT_EVENTS = 2_000
KEPT_CHARACTERS = 4 * 1024 * 1024
GOING_AWAY = 1001
STOP_SECONDS = 1.0

log = structlog.stdlib.get_logger("cadgate.websocket")


@dataclass(frozen=True, slots=True)
class _Kept:
    seq: int
    topic: str
    begin: str
    owner: str | None = None
    """Whose event it is; None: everybody's."""


class Hub:
    """All clients of one session. Created once; listens to the session while the gateway runs."""

    def __init__(self, runtime: SessionRuntime) -> None:
        self.runtime = runtime
        self.session = runtime.id or uuid4().hex
        """The id of the session; that of `default` is another one after each start of the gateway."""
        self.topics: tuple[str, ...] = (*TOPICS, *runtime.served.adapter.topics)
        """The topics of every adapter, and its own."""
        # A session's id stays the same after a restart, so its numbers go on from where no earlier one can have been.
        self.seq = 0 if runtime.id is None else time.time_ns() // 1_000_000
        self.connections: dict[str, Connection] = {}
        self._kept: deque[_Kept] = deque()
        self._kept_characters = 0
        self._forgotten = self.seq
        self._executions: dict[str, tuple[Connection, Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        runtime.session.listeners.append(self._notified)

    # --- events --------------------------------------------------------------------------------------------------

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        """Take a notification of the application or its session."""
        if method == "event":
            self.publish(str(params.get("topic")), params.get("data"))
        elif method == "output":
            self._output(params)

    def publish(self, topic: str, data: Any, *, omit: Connection | None = None, owner: str | None = None) -> int:
        """Send an event to every subscriber but `omit`; return their number. It is encoded once for all.

        One that has an `owner` is sent to nobody else.
        """
        if topic not in self.topics:
            return 0
        try:
            encoded = to_json(data).decode()
        except PydanticSerializationError as error:
            log.warning("event_not_sent", adapter=self.runtime.served.adapter.name, topic=topic, error=str(error))
            return 0
        self.seq += 1
        begin = f'{{"type":"event","topic":"{topic}","data":{encoded},"seq":'
        if topic != "output":
            # Output is only useful live, and would displace all other events.
            self._keep(_Kept(self.seq, topic, begin, owner))
        delivered = 0
        for connection in self.connections.values():
            if topic in connection.topics and connection is not omit and _is_for(connection, owner):
                connection.send_event(begin, self.seq)
                delivered += 1
        return delivered

    def _keep(self, event: _Kept) -> None:
        self._kept.append(event)
        self._kept_characters += len(event.begin)
        while len(self._kept) > KEPT_EVENTS or self._kept_characters > KEPT_CHARACTERS:
            oldest = self._kept.popleft()
            self._kept_characters -= len(oldest.begin)
            self._forgotten = oldest.seq

    def keeps_since(self, since: int) -> bool:
        """Whether every event after `since` is still kept; if not, the client must reload."""
        return self._forgotten <= since <= self.seq

    def replay(self, connection: Connection, topics: list[str], since: int) -> None:
        """Send the events on `topics` after `since` again."""
        for event in self._kept:
            if event.seq > since and event.topic in topics and _is_for(connection, event.owner):
                connection.send_event(event.begin, event.seq)

    # --- executions ----------------------------------------------------------------------------------------------

    def _output(self, params: dict[str, Any]) -> None:
        found = self._executions.get(params.get("id") or "")
        text = {key: params[key] for key in ("name", "text", "truncated") if key in params}
        if found is not None:
            connection, job = found
            connection.send({"type": "stream", "id": job.id, **text})
        if any("output" in connection.topics for connection in self.connections.values()):
            self.publish("output", {"execution": params.get("id"), **text})

    def watch(self, execution: str, connection: Connection, job: Job) -> None:
        """Send the output of this execution to that connection."""
        self._executions[execution] = (connection, job)

    def forget(self, execution: str) -> None:
        self._executions.pop(execution, None)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in a task of the hub, which may outlive the connection that started it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- end -----------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Interrupt running calls, send their results, and close every connection with 1001."""
        for connection in list(self.connections.values()):
            for job in list(connection.jobs.values()):
                job.cancel_token.cancel()
        for _, job in list(self._executions.values()):
            job.cancel_token.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=STOP_SECONDS)
        closing = list(self.connections.values())
        for connection in closing:
            connection.close(GOING_AWAY)
        if closing:
            ended = [asyncio.ensure_future(connection.ended.wait()) for connection in closing]
            await asyncio.wait(ended, timeout=STOP_SECONDS)
            for waiter in ended:
                waiter.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _is_for(connection: Connection, owner: str | None) -> bool:
    return owner is None or connection.identity == owner or connection.authority.sees_all
