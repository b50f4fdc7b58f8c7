"""`RequestContext`: what a request brings to every call that it makes, by whichever door it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cadgate.contract.authority import NOBODY, Authority
from cadgate.contract.cancel_token import CancelToken
from cadgate.contract.methods import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how they are still there while their request is worked on."""

    authority: Authority = NOBODY
    """Who it is, and what they may do at the moment of asking."""
    peer: str | None = None
    """Address and port of the other end, for the audit log."""
    gone: Callable[[], Awaitable[None]] | None = None
    """Returns when the client has gone away."""
    stream: object | None = None
    """Of a client that does not wait for answers: its calls must be worked on in the order in which they came."""
    cancel_token: CancelToken | None = None
    """Where the client can interrupt what it asked for."""


@dataclass(frozen=True, slots=True)
class HandlerRun:
    """One run of a method's handler, for the calls that it makes."""

    method: str
    """The method whose handler it is: what is undone is called by that."""
    allowed_by: Scope
    """The scope by which it may do what it does."""
    steps: Iterator[int]
    """Numbers the changes that it makes, so that each has a key of its own under that of the request."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a request brings to every call that it makes. `deadline_seconds` None: the method's default."""

    request_id: str
    deadline_seconds: float | None = None
    deadline_at: float | None = None
    """The `time.monotonic()` at which a batch, or all that a handler does, must be over."""
    idempotency_key: str | None = None
    digest: str | None = None
    """What tells the request from another with the same key, where that is more than the method and its parameters."""
    if_match: str | None = None
    if_none_match: str | None = None
    """The answers that the client has, by their `ETag`."""
    dry_run: bool = False
    door: Literal["rest", "batch", "websocket"] = "rest"
    batch_index: int | None = None
    """The place of a call in its batch."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timing: Callable[[float, float], None] | None = None
    """Learns the milliseconds that a call waited in the application's queue and was worked on."""
    large: bool = False
    """The request is so large that whatever is done with all of it is done off the event loop."""
    caller: Caller = Caller()
    run: HandlerRun | None = None
    """Set for the calls that a handler makes."""

    @property
    def identity(self) -> str:
        """Who asks: `local`, or `key:` and the id of a key."""
        return self.caller.authority.identity

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do now."""
        return self.caller.authority.scopes

    def key_for(self, method: str) -> str | None:
        """The idempotency key of the next change that this request makes by `method`."""
        if self.idempotency_key is None or self.run is None:
            return self.idempotency_key
        return f"{self.idempotency_key}/{next(self.run.steps)}/{method}"
