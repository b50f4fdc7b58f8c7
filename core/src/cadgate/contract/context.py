"""`RequestContext`: what a request passes to every call that it makes, through whichever door it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cadgate.contract.authority import NOBODY, Authority
from cadgate.contract.cancel_token import CancelToken
from cadgate.contract.methods import Scope


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a request passes to every call that it makes. `deadline_seconds` None: the method's default."""

    request_id: str
    deadline_seconds: float | None = None
    deadline_at: float | None = None
    """Set while a handler runs: the `time.monotonic()` by which everything it does must be finished."""
    idempotency_key: str | None = None
    digest: str | None = None
    """Distinguishes the request from others with the same key, if method and parameters do not suffice."""
    handler: str | None = None
    """The method whose handler makes the call, which is the label for undo."""
    allowed_by: Scope | None = None
    """The scope that permits the handler's calls."""
    steps: Iterator[int] | None = None
    """Numbers the changes of a handler, so that each gets a key of its own, derived from that of the request."""
    if_match: str | None = None
    if_none_match: str | None = None
    """The responses that the client has, by their `ETag`."""
    dry_run: bool = False
    authority: Authority = NOBODY
    """The caller, and what it may do at the moment of use."""
    peer: str | None = None
    """Address and port of the other end, for the audit log."""
    door: Literal["rest", "batch", "websocket"] = "rest"
    batch_index: int | None = None
    """The place of a call in its batch."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timing: Callable[[float, float], None] | None = None
    """Called with the milliseconds that a call waited in the application's queue and that it ran."""
    gone: Callable[[], Awaitable[None]] | None = None
    """Returns when the client has gone away."""
    stream: object | None = None
    """Identifies a client that does not wait for answers, whose calls must run in the order of their arrival."""
    cancel_token: CancelToken | None = None
    """Lets the client interrupt its call, if that is possible."""
    large: bool = False
    """Whether the request is so large that it must be processed off the event loop."""

    @property
    def identity(self) -> str:
        """The caller: `local`, or `key:` and the id of a key."""
        return self.authority.identity

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do now."""
        return self.authority.scopes

    def key_for(self, method: str) -> str | None:
        """Return the idempotency key for the next change that this request makes by `method`."""
        if self.idempotency_key is None or self.steps is None:
            return self.idempotency_key
        return f"{self.idempotency_key}/{next(self.steps)}/{method}"
