"""The messages of `/ws/{adapter}`: one model for each `type`, in both directions, and their parser."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from cadgate.dispatch.off_loop import HUGE, LARGE, off_loop
from cadgate.errors import CadgateError, MalformedJson, PayloadTooLarge, ValidationFailed
from cadgate.helper.process import Helper
from cadgate.models.bounded import MAX_FIELDS, FailingFast
from cadgate.models.responses import ErrorBody
from cadgate.refusals.expected import kind_of
from cadgate.refusals.schemas import contract_of
from cadgate.refusals.validation import validation_failed
from cadgate.web import json_body, weighing

PROTOCOL = 1
MAX_SECONDS = 24 * 3600
MAX_LOOKED_AT = 64 * 1024

Topic = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="objects, scene, render, output, status, clients, jobs, or the adapter's own: `hello` lists them.",
    ),
]
"""One of `TOPICS`, or of the adapter's own, which the hub checks."""
TOPICS: tuple[str, ...] = ("objects", "scene", "render", "output", "status", "clients", "jobs")

Id = Annotated[str, Field(min_length=1, max_length=128)] | Annotated[int, Field(strict=True)]
"""Chosen by the client, a string or a whole number; repeated in every message that belongs to it."""


class Message(FailingFast):
    """The base of all messages: one JSON object in one text frame."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# --- from the client ---------------------------------------------------------------------------------------------


class Execute(Message):
    """Run Python inside the application. Its output is sent as `stream`, its end as `result`."""

    type: Literal["execute"]
    id: Id
    code: str
    timeout_seconds: Annotated[float, Field(gt=0, le=MAX_SECONDS, strict=True)] | None = Field(
        None, description="By default the adapter's `call_timeout_seconds`."
    )
    cancel_on_disconnect: bool = Field(False, strict=True, description="Interrupt the code when this connection ends.")


class Call(Message):
    """Call a method of the adapter, as REST and batch do; answered by `result`."""

    type: Literal["call"]
    id: Id
    method: str = Field(description="`resource.action`, as `/methods` lists them.")
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    timeout_seconds: Annotated[float, Field(gt=0, le=MAX_SECONDS, strict=True)] | None = None
    cancel_on_disconnect: bool = Field(False, strict=True, description="Interrupt the call when this connection ends.")
    idempotency_key: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")] | None = None
    if_match: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    dry_run: bool = Field(False, strict=True)


class Interrupt(Message):
    """Stop the call that this connection started with this `id`, which ends with its own `result`."""

    type: Literal["interrupt"]
    id: Id


class Subscribe(Message):
    """Subscribe to topics; answered by `result` with all topics subscribed to."""

    type: Literal["subscribe"]
    id: Id | None = None
    topics: Annotated[list[Topic], Field(min_length=1)]
    since: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="Send the events after this `seq` again. If they are no longer kept, `reload` is true."
    )


class Unsubscribe(Message):
    """Unsubscribe from topics; answered by `result` with the remaining topics."""

    type: Literal["unsubscribe"]
    id: Id | None = None
    topics: Annotated[list[Topic], Field(min_length=1)]


class Broadcast(Message):
    """Send `data` as an event on `clients` to every subscribed client of this adapter; answered by `result`."""

    type: Literal["broadcast"]
    id: Id | None = None
    data: Any
    include_self: bool = Field(False, strict=True)


class Ping(Message):
    """Answered by `pong`."""

    type: Literal["ping"]
    id: Id | None = None


ClientMessage = Annotated[
    Execute | Call | Interrupt | Subscribe | Unsubscribe | Broadcast | Ping, Field(discriminator="type")
]
CLIENT_MESSAGES: tuple[type[Message], ...] = (Execute, Call, Interrupt, Subscribe, Unsubscribe, Broadcast, Ping)


# --- from the server ---------------------------------------------------------------------------------------------


class Hello(Message):
    """The first message of a connection."""

    type: Literal["hello"] = "hello"
    adapter: str
    session: str = Field(description="Changes when the gateway is restarted, after which `seq` starts again.")
    connection: str
    protocol: Literal[1] = PROTOCOL
    heartbeat_seconds: float
    execute: bool = Field(description="Whether this client may run code, by its key and the adapter's settings.")
    topics: list[str] = Field([], description="The topics, if the adapter has topics of its own.")


class Stream(Message):
    """Text that an execution printed."""

    type: Literal["stream"] = "stream"
    id: Id
    name: Literal["stdout", "stderr"]
    text: str
    truncated: bool | None = Field(None, description="True: the rest was dropped after 16 MiB.")


class ResultError(ErrorBody):
    """What went wrong. Only executions have a `traceback`, with the lines of the user's own code."""

    traceback: str | None = None


class Succeeded(Message):
    """The answer to the message with this `id`."""

    type: Literal["result"] = "result"
    id: Id | None
    status: Literal["success"] = "success"
    result: Any


class Failed(Message):
    """The answer to the message with this `id`, which failed."""

    type: Literal["result"] = "result"
    id: Id | None
    status: Literal["error"] = "error"
    error: ResultError


class Event(Message):
    """Something happened, whoever caused it."""

    type: Literal["event"] = "event"
    topic: Topic
    data: Any
    seq: int = Field(description="Increases with every event of the adapter, even on topics not subscribed to.")
    dropped: int | None = Field(
        None, description="How many events before this one were dropped, because nobody read them."
    )


class Pong(Message):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"
    id: Id | None


class Heartbeat(Message):
    """Sent every `heartbeat_seconds`."""

    type: Literal["heartbeat"] = "heartbeat"


class Problem(Message):
    """A message was invalid or could not be accepted; the connection stays open."""

    type: Literal["error"] = "error"
    id: Id | None = None
    error: ErrorBody


SERVER_MESSAGES: tuple[type[Message], ...] = (
    Hello,
    Stream,
    Succeeded,
    Failed,
    Event,
    Pong,
    Heartbeat,
    Problem,
)

_ID = re.compile(r'"id"\s*:\s*(?:"[^"\\]{1,128}"|-?\d{1,18})(?=\s*[,}])')
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


async def read(text: str, helper: Helper, max_values: int) -> ClientMessage:
    """Parse a message of a client. Raises PayloadTooLarge, MalformedJson or ValidationFailed."""
    try:
        body = text.encode("utf-8", "surrogatepass")
        if len(body) > HUGE:
            value = await helper.run(weighing.read, body, max_values)
        elif len(body) > LARGE:
            value = await off_loop(weighing.read, body, max_values)
        else:
            value = json_body.parse(body)
    except (MalformedJson, PayloadTooLarge) as error:
        raise type(error)(error.message.replace("he body", "he message", 1), details=error.details) from error
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if len(fields) > MAX_FIELDS:
            raise ValidationFailed(f"A message has at most {MAX_FIELDS} fields", details={"maximum": MAX_FIELDS})
    try:
        return _CLIENT.validate_python(value)
    except ValidationError as error:
        raise _not_a_message(value, error) from error


def _not_a_message(value: Any, error: ValidationError) -> CadgateError:
    if not isinstance(value, dict):
        message = 'A message is one JSON object with a type, for example {"type":"ping","id":1}'
        listed = [{"type": "value_error", "loc": ("type",), "msg": f"{message}, not {kind_of(value)}"}]
        return validation_failed([{**one, "msg": f"Value error, {one['msg']}"} for one in listed])
    return validation_failed(error.errors(include_url=False), contract=contract_of(ClientMessage))


def id_of(text: str) -> str | int | None:
    """Return the id of an invalid message, so that the client knows which one it was."""
    if len(text) > LARGE:
        found = _ID.search(text, 0, LARGE)
        text = f"{{{found[0]}}}" if found else ""
    try:
        # The lenient parser, because the message may be invalid for a NaN in it.
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return id_in(cast("dict[str, Any]", value)) if isinstance(value, dict) else None


def id_in(message: dict[str, Any]) -> str | int | None:
    """Return the id in a value that may not be a message, if it is valid."""
    found = message.get("id")
    if isinstance(found, str) and 0 < len(found) <= 128:
        return found
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def type_of(text: str) -> str:
    """Return the type of an invalid message; empty if finding it would be expensive."""
    if len(text) > MAX_LOOKED_AT:
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    found = cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
