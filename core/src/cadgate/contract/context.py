"""`RequestContext`: what a request passes to every call that it makes, through whichever door it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cadgate.contract.authority import NOBODY, Authority
from cadgate.contract.cancel_token import CancelToken
from cadgate.contract.job_run import JobRun
from cadgate.contract.methods import Scope
from cadgate.models.responses import Artifact

# The two made for each request are not frozen, which would take five times as long. Nothing changes them all the same.


@dataclass(slots=True)
class Caller:
    """The caller of a request, and how to notice that it went away or cancelled."""

    authority: Authority = NOBODY
    """Its identity, and what it may do at the moment of use."""
    peer: str | None = None
    """Address and port of the other end, for the audit log."""
    gone: Callable[[], Awaitable[None]] | None = None
    """Returns when the client has gone away."""
    stream: object | None = None
    """Identifies a client that does not wait for answers, whose calls must run in the order of their arrival."""
    cancel_token: CancelToken | None = None
    """Lets the client interrupt its call, if that is possible."""


@dataclass(frozen=True, slots=True)
class HandlerRun:
    """One run of a method's handler, for the calls that it makes."""

    method: str
    """The method whose handler it is, which is the label for undo."""
    allowed_by: Scope
    """The scope that permits its calls."""
    steps: Iterator[int]
    """Numbers its changes, so that each gets a key of its own, derived from that of the request."""


@dataclass(slots=True)
class Uploads:
    """The files that came with a request, as artifacts."""

    contents: dict[str, str] = field(default_factory=dict[str, str])
    """By id, what identifies the file: sent again, the same file may have another id."""
    unclaimed: set[str] = field(default_factory=set[str])
    """The ids of those that are removed if the request is refused."""

    def add(self, artifact: Artifact, *, unclaimed: bool = True) -> None:
        """Make a file a part of the request; removed with it if it is `unclaimed`."""
        self.contents[artifact.id] = f"{artifact.sha256} {artifact.name}"
        if unclaimed:
            self.unclaimed.add(artifact.id)


@dataclass(slots=True)
class RequestContext:
    """What a request passes to every call that it makes. `deadline_seconds` None: the method's default."""

    request_id: str
    deadline_seconds: float | None = None
    deadline_at: float | None = None
    """The `time.monotonic()` by which a batch, or everything that a handler does, must be finished."""
    idempotency_key: str | None = None
    digest: str | None = None
    """Distinguishes the request from others with the same key, if method and parameters do not suffice."""
    if_match: str | None = None
    if_none_match: str | None = None
    """The responses that the client has, by their `ETag`."""
    dry_run: bool = False
    session: str | None = None
    """The id of the session that the request named; None: it named none, and uses `default`."""
    door: Literal["rest", "batch", "websocket", "mcp", "job"] = "rest"
    batch_index: int | None = None
    """The place of a call in its batch."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    uploads: Uploads = field(default_factory=Uploads)
    progress: Callable[[float | None, str | None], None] | None = None
    """Called with how far the work is, from 0 to 1, and what it is doing, for a client that wants to know."""
    timing: Callable[[float, float], None] | None = None
    """Called with the milliseconds that a call waited in the application's queue and that it ran."""
    large: bool = False
    """Whether the request is so large that it must be processed off the event loop."""
    caller: Caller = field(default_factory=Caller)
    respond_async: bool = False
    """Whether the client prefers to be answered with a job instead of waiting for long work."""
    wait_seconds: float = 0.0
    """How long such a client would wait for the result first."""
    webhook: str | None = None
    """The client's `Cadgate-Webhook`, as it was sent."""
    job: JobRun | None = None
    """The job for which the call is made, if there is one."""
    run: HandlerRun | None = None
    """Set for the calls that a handler makes."""

    @property
    def identity(self) -> str:
        """The caller: `local`, or `key:` and the id of a key."""
        return self.caller.authority.identity

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do now."""
        return self.caller.authority.scopes

    def key_for(self, method: str) -> str | None:
        """Return the idempotency key for the next change that this request makes by `method`."""
        if self.idempotency_key is None or self.run is None:
            return self.idempotency_key
        return f"{self.idempotency_key}/{next(self.run.steps)}/{method}"
