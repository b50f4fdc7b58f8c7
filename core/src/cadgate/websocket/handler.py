"""Handles each message of a client: answers it at once, or by a task that runs a call or code."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from cadgate.contract.builtin import EXECUTE, Code
from cadgate.contract.context import Caller, RequestContext
from cadgate.contract.methods import Scope
from cadgate.dispatch.batch import prepare_any
from cadgate.dispatch.calls import DryRunDone
from cadgate.dispatch.off_loop import LARGE
from cadgate.error_bodies import error_body, internal_error
from cadgate.errors import BadRequest, CadgateError, Conflict, Forbidden, NotFound, Overloaded, PayloadTooLarge
from cadgate.helper.process import Helper
from cadgate.refusals.validation import validation_failed
from cadgate.websocket.connection import WITHDRAWN, Connection, Job
from cadgate.websocket.hub import Hub
from cadgate.websocket.messages import (
    PROTOCOL,
    Broadcast,
    Call,
    ClientMessage,
    Execute,
    Interrupt,
    Ping,
    Subscribe,
    Unsubscribe,
    id_of,
    read,
    type_of,
)

NEEDS: dict[str, Scope] = {"execute": "execute", "broadcast": "write", "subscribe": "read"}
"""The scopes that types of messages require. A call requires those of its method."""
CLOSE_SECONDS = 0.3
"""How long to wait for the close of a client whose key was revoked to be sent."""
MAX_JOBS = 256
"""How many calls one connection may have running or waiting."""

log = structlog.stdlib.get_logger("cadgate.websocket")


class Handler:
    """Serves one connection to one adapter, from its `hello` to its end."""

    def __init__(
        self,
        hub: Hub,
        connection: Connection,
        *,
        max_message: int,
        max_values: int,
        heartbeat_seconds: float,
        helper: Helper,
    ) -> None:
        self._hub = hub
        self._connection = connection
        self._max_message = max_message
        self._max_values = max_values
        self._helper = helper
        self._heartbeat = heartbeat_seconds
        self._number = 0

    async def serve(self, websocket: WebSocket) -> None:
        """Read until the connection ends. Afterwards only executions that may outlive it are left."""
        connection = self._connection
        connection.send(
            {
                "type": "hello",
                "adapter": connection.adapter,
                "session": self._hub.session,
                "connection": connection.id,
                "protocol": PROTOCOL,
                "heartbeat_seconds": self._heartbeat,
                "execute": self._may_execute(),
                # Only if the adapter has topics of its own; the others are the same everywhere.
                **({"topics": list(self._hub.topics)} if self._hub.runtime.served.adapter.topics else {}),
            }
        )
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._write, group.cancel_scope)
                group.start_soon(self._beat)
                forget = [
                    connection.authority.watch((), partial(self._withdraw, group.cancel_scope)),
                    connection.authority.watch(("read",), self._end_subscriptions),
                ]
                try:
                    await self._read(websocket)
                finally:
                    for each in forget:
                        each()
                group.cancel_scope.cancel()
        finally:
            connection.end()

    def _withdraw(self, scope: anyio.CancelScope | None, error: CadgateError) -> None:
        """Stop accepting and sending, because the key was revoked. Running calls are ended by their own watches."""
        connection = self._connection
        connection.topics.clear()
        connection.close(WITHDRAWN, reason=f"{error.code}: {error.message}", at_once=True)
        if scope is not None:
            # If the client does not read, the close cannot be sent either.
            scope.deadline = anyio.current_time() + CLOSE_SECONDS

    def _end_subscriptions(self, error: CadgateError) -> None:
        """Stop sending events, because the key has lost the scope `read`, and notify the client once."""
        if self._connection.topics:
            self._connection.topics.clear()
            self._refuse(None, error)

    def _may_execute(self) -> bool:
        """Whether this client may run code, by its key and the adapter's settings."""
        return "execute" in self._connection.authority.scopes and self._hub.runtime.served.settings.allow_execute

    async def _write(self, scope: anyio.CancelScope) -> None:
        await self._connection.write()
        scope.cancel()

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(self._heartbeat)
            self._connection.send_heartbeat()

    async def _read(self, websocket: WebSocket) -> None:
        while True:
            try:
                message = await websocket.receive()
            except (WebSocketDisconnect, RuntimeError):
                return
            if message["type"] == "websocket.disconnect":
                return
            self._connection.received += 1
            if self._connection.closing:
                continue
            error = self._connection.authority.objection()
            if error is not None:
                self._withdraw(None, error)
                continue
            await self._take(message.get("text"))

    # --- one message ---------------------------------------------------------------------------------------------

    async def _take(self, text: str | None) -> None:
        """Answer a message, or start its call. Every refusal is a message too."""
        identifier: str | int | None = None
        try:
            if text is None:
                raise BadRequest("Binary frames are not accepted: send one JSON object in a text frame")
            if _is_longer(text, self._max_message):
                raise PayloadTooLarge(
                    f"The message is too large: the limit is {self._max_message} bytes",
                    details={"maximum": self._max_message},
                )
            try:
                message = await read(text, self._helper, self._max_values)
            except CadgateError:
                identifier = id_of(text)
                # A missing scope takes precedence over errors in the message.
                needed = NEEDS.get(type_of(text))
                if needed is not None:
                    self._connection.authority.require(needed)
                raise
            identifier = message.id
            if self._connection.closing:
                return
            self._dispatch(message, large=len(text) > LARGE)
        except Forbidden as error:
            body = error_body(error, self._request_id())
            self._connection.send({"type": "result", "id": identifier, "status": "error", "error": body})
        except CadgateError as error:
            self._refuse(identifier, error)
        except Exception as error:  # a defect in handling one message must not end the connection
            log.error("websocket_message_failed", connection=self._connection.id, exc_info=error)
            self._refuse(identifier, internal_error())

    def _refuse(self, identifier: str | int | None, error: CadgateError) -> None:
        message: dict[str, Any] = {"type": "error", "error": error_body(error, self._request_id())}
        if identifier is not None:
            message["id"] = identifier
        self._connection.send(message)

    def _request_id(self) -> str:
        return f"{self._connection.id}-{self._number}"

    def _dispatch(self, message: ClientMessage, *, large: bool) -> None:
        self._number += 1
        connection = self._connection
        if isinstance(message, (Execute, Call)):
            self._hub.spawn(self._run(self._begin(message), message, large=large))
        elif isinstance(message, Interrupt):
            job = connection.jobs.get(message.id)
            if job is None:
                raise NotFound(f"Nothing with the id {message.id!r} is running on this connection")
            job.cancel_token.cancel()
        elif isinstance(message, Subscribe):
            self._subscribe(message)
        elif isinstance(message, Unsubscribe):
            self._require_known(message.topics)
            for topic in message.topics:
                connection.topics.pop(topic, None)
            self._succeed(message.id, {"topics": list(connection.topics)})
        elif isinstance(message, Broadcast):
            connection.authority.require("write")
            delivered = self._hub.publish("clients", message.data, omit=None if message.include_self else connection)
            self._succeed(message.id, {"delivered": delivered})
        else:
            pong: Ping = message
            connection.send({"type": "pong", "id": pong.id})

    def _succeed(self, identifier: str | int | None, result: Any) -> None:
        self._connection.send({"type": "result", "id": identifier, "status": "success", "result": result})

    def _subscribe(self, message: Subscribe) -> None:
        connection, hub = self._connection, self._hub
        connection.authority.require("read")
        self._require_known(message.topics)
        connection.topics.update(dict.fromkeys(message.topics))
        result: dict[str, Any] = {"topics": list(connection.topics)}
        if message.since is None:
            self._succeed(message.id, result)
            return
        kept = hub.keeps_since(message.since)
        self._succeed(message.id, {**result, "seq": hub.seq, "reload": not kept})
        if kept:
            hub.replay(connection, message.topics, message.since)

    def _require_known(self, topics: list[str]) -> None:
        known = self._hub.topics
        wrong = [
            {
                "type": "literal_error",
                "loc": ("topics", index),
                "msg": f"{topic!r} is not a topic of {self._connection.adapter}; its topics are {', '.join(known)}",
                "input": topic,
            }
            for index, topic in enumerate(topics)
            if topic not in known
        ]
        if wrong:
            raise validation_failed(wrong)

    # --- calls and code ------------------------------------------------------------------------------------------

    def _begin(self, message: Execute | Call) -> Job:
        jobs = self._connection.jobs
        if message.id in jobs:
            raise Conflict(f"The id {message.id!r} is in use until its result has been sent")
        if len(jobs) >= MAX_JOBS:
            raise Overloaded(f"{len(jobs)} calls of this connection are waiting already; wait for results first")
        job = Job(message.id, self._request_id(), message.cancel_on_disconnect)
        jobs[message.id] = job
        return job

    async def _run(self, job: Job, message: Execute | Call, *, large: bool) -> None:
        """Run a call or code, and send its result."""
        connection, began = self._connection, time.perf_counter()
        context = RequestContext(
            request_id=job.request_id,
            deadline_seconds=message.timeout_seconds,
            door="websocket",
            session=self._hub.runtime.id,
            large=large,
            caller=Caller(
                connection.authority,
                connection.client,
                gone=job.cancel_token.wait,
                stream=connection,
                cancel_token=job.cancel_token,
            ),
        )
        answer: dict[str, Any] = {"type": "result", "id": job.id}
        self._hub.watch(context.request_id, connection, job)
        code = "success"
        try:
            answer |= {"status": "success", "result": await self._result(context, message)}
        except DryRunDone:
            answer |= {"status": "success", "result": {"dry_run": True}}
        except CadgateError as error:
            answer |= {"status": "error", "error": self._failed(error, context, message)}
            code = error.code
        except Exception as error:
            log.error("websocket_call_failed", request_id=context.request_id, exc_info=error)
            answer |= {"status": "error", "error": self._failed(internal_error(), context, message)}
            code = "internal_error"
        finally:
            self._hub.forget(context.request_id)
            connection.jobs.pop(job.id, None)
        connection.send(answer)
        milliseconds = round((time.perf_counter() - began) * 1000, 2)
        what = "session.execute" if isinstance(message, Execute) else message.method
        if what not in self._hub.runtime.served.methods:
            what = "(unknown)"  # the client's own value, which may be anything
        log.info(
            "websocket_call",
            adapter=connection.adapter,
            method=what,
            outcome=code,
            ms=milliseconds,
            identity=connection.identity,
            request_id=context.request_id,
        )

    async def _result(self, context: RequestContext, message: Execute | Call) -> dict[str, Any]:
        calls = self._hub.runtime.calls
        if isinstance(message, Execute):
            result = await calls.dispatch_call(context, EXECUTE, Code(code=message.code))
            return result.model_dump(mode="json", exclude_unset=True)
        context = replace(
            context,
            idempotency_key=message.idempotency_key,
            if_match=message.if_match,
            dry_run=message.dry_run,
        )
        prepared = await prepare_any(self._hub.runtime.served, context, message.method, message.params)
        context = replace(context, values=prepared.values)
        return (await calls.dispatch_call(context, prepared.method, prepared.params)).model_dump(mode="json")

    def _failed(self, error: CadgateError, context: RequestContext, message: Execute | Call) -> dict[str, Any]:
        body = error_body(error, context.request_id)
        if isinstance(message, Execute):
            body["traceback"] = body["details"].pop("traceback", "")
        return body


def _is_longer(text: str, size: int) -> bool:
    """Whether `text` has more than `size` bytes in UTF-8; it is encoded only if its length does not decide."""
    if len(text) > size or len(text) * 4 <= size or text.isascii():
        return len(text) > size
    return len(text.encode("utf-8", "surrogatepass")) > size
