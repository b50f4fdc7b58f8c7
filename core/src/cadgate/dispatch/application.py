"""`Application`: one application as one request sees it. Routes, batch and WebSocket all call methods through it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from cadgate.contract.methods import ALL_SCOPES as ALL_SCOPES
from cadgate.contract.methods import Method, Scope
from cadgate.security.authority import NOBODY, Authority

if TYPE_CHECKING:
    from cadgate.artifacts.store import ArtifactStore, StagedFile
    from cadgate.contract.encoded import Encoded
    from cadgate.contract.settings import AdapterSettings
    from cadgate.dispatch.runtime import AdapterRuntime
    from cadgate.sessions.worker import Worker

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)


class Stop:
    """By which a client stops a call that it made: `ask` interrupts what runs, now or as soon as it does."""

    __slots__ = ("_action", "asked")

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._action: Callable[[], None] | None = None

    def ask(self) -> None:
        self.asked.set()
        if self._action is not None:
            self._action()

    def attach(self, action: Callable[[], None]) -> None:
        """What is to be done when the client asks. Done at once, if it asked already."""
        self._action = action
        if self.asked.is_set():
            action()

    async def wait(self) -> None:
        """Return when the client asked."""
        await self.asked.wait()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a request brings to every call that it makes. `deadline_seconds` None: the method's default."""

    request_id: str
    deadline_seconds: float | None = None
    deadline_at: float | None = None
    """Set while a handler runs: the `time.monotonic()` at which all that it does must be over."""
    idempotency_key: str | None = None
    digest: str | None = None
    """What tells the request from another with the same key, where that is more than the method and its parameters."""
    handler: str | None = None
    """The method whose handler makes the call: what is undone is called by that."""
    allowed_by: Scope | None = None
    """The scope by which that handler may do what it does."""
    steps: Iterator[int] | None = None
    """Numbers the changes that a handler makes, so that each has a key of its own under that of the request."""
    if_match: str | None = None
    if_none_match: str | None = None
    """The answers that the client has, by their `ETag`."""
    dry_run: bool = False
    authority: Authority = NOBODY
    """Who asks, and what they may do at the moment of asking."""
    peer: str | None = None
    """Address and port of the other end, for the audit log."""
    door: Literal["rest", "batch", "websocket"] = "rest"
    batch_index: int | None = None
    """The place of a call in its batch."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timing: Callable[[float, float], None] | None = None
    """Learns the milliseconds that a call waited in the application's queue and was worked on."""
    gone: Callable[[], Awaitable[None]] | None = None
    """Returns when the client has gone away."""
    stream: object | None = None
    """Of a client that does not wait for answers: its calls must be worked on in the order in which they came."""
    stop: Stop | None = None
    """Where the client can interrupt what it asked for."""
    large: bool = False
    """The request is so large that whatever is done with all of it is done off the event loop."""

    @property
    def identity(self) -> str:
        """Who asks: `local`, or `key:` and the id of a key."""
        return self.authority.identity

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do now."""
        return self.authority.scopes

    def key_for(self, method: str) -> str | None:
        """The idempotency key of the next change that this request makes by `method`."""
        if self.idempotency_key is None or self.steps is None:
            return self.idempotency_key
        return f"{self.idempotency_key}/{next(self.steps)}/{method}"


class Application:
    """One application, bound to one request. Cheap: made anew for each."""

    __slots__ = ("_runtime", "context")

    def __init__(self, runtime: AdapterRuntime, context: RequestContext) -> None:
        self._runtime = runtime
        self.context = context

    @staticmethod
    def of_request(request: Request, name: str) -> Application:
        """The application `name` for this HTTP request, with the request's headers as context."""
        from cadgate.dispatch.runtime import runtime_of
        from cadgate.web.context import context_of

        return Application(runtime_of(request, name), context_of(request))

    @property
    def name(self) -> str:
        return self._runtime.adapter.name

    @property
    def settings(self) -> AdapterSettings:
        """The adapter's settings: narrow it to the adapter's own class."""
        return self._runtime.settings

    @property
    def workspace(self) -> Path:
        """The session's folder. Nothing outside it is read or written."""
        return self._runtime.workspace

    @property
    def artifacts(self) -> ArtifactStore:
        return self._runtime.artifacts

    def bind(self, **values: Any) -> Application:
        """The same with values that go with every call (`document=`); None is left out."""
        merged = {**self.context.values, **{key: value for key, value in values.items() if value is not None}}
        return Application(self._runtime, replace(self.context, values=merged))

    async def call(self, method: Method[P, R], params: P | Encoded) -> R:
        """Run `method` and return its validated result. `Encoded` parameters were validated and written already.

        Checks scope, deadline and idempotency; goes through the method's `Handler` where it has one.
        Raises the errors of `cadgate.errors`.
        """
        return await self._runtime.calls.run(self, method, params)

    async def answer(self, method: Method[P, R], params: P) -> Response:
        """`Success(await call(method, params))` as it is written, for a method that is `by_state`.

        While nothing changes, the application does not make it again, and nothing of it is parsed. The answer has an
        `ETag`; a request that names it in `If-None-Match` gets a 304. Raises what `call` does.
        """
        return await self._runtime.reads.answer(self, method, params)

    async def send(self, method: str, params: dict[str, Any], *, mutates: bool = False) -> Any:
        """Call the half inside the application as it is: for handlers, with methods named `internal.*` or their own.

        `mutates` makes the effect survive a crash, by a snapshot before the answer.
        """
        return await self._runtime.calls.send(self, method, params, mutates=mutates)

    def require(self, scope: Scope) -> None:
        """Raise Forbidden when the caller's key does not allow `scope`: for what depends on more than the method."""
        self.context.authority.require(scope)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        """Tell every subscriber of the adapter's WebSocket, of `render` progress for instance."""
        self._runtime.session.publish(topic, data)

    def broadcast(self, data: Any) -> None:
        """Send `data`, anything that is JSON, to every WebSocket client of the adapter that subscribed to `clients`."""
        self._runtime.session.publish("clients", data)

    def stage(self, name: str | None, *, default: str, suffix: str | None = None) -> StagedFile:
        """A place for the application to write a file that becomes an artifact: see `StagedFile`.

        `name` is the client's relative name in the workspace; `default` is used without one. A missing `suffix`
        (`.glb`) is appended. The workspace gets a copy only where the caller may write, and a `default` name gives way
        to somebody else's file. Raises PathNotAllowed, and Conflict for a `name` whose file is somebody else's.
        """
        return self._runtime.artifacts.stage(
            self.workspace,
            default if name is None else name,
            suffix=suffix,
            owner=self.context.identity,
            chosen=name is not None,
            copies="write" in self.context.scopes,
        )

    def worker(self) -> AbstractAsyncContextManager[Worker]:
        """A second, disposable application for long work beside the session.

        Leaving the block early (an error, a deadline, a client that went away) kills it with all that it started.
        """
        return self._runtime.workers.take(self.context.deadline_at)
