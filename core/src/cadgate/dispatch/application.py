"""`Application`: one application as one request sees it. Routes, batch and WebSocket all call methods through it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from cadgate.artifacts.store import ArtifactStore, StagedFile
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded
from cadgate.contract.methods import Method, Scope
from cadgate.contract.settings import AdapterSettings
from cadgate.dispatch.session import SessionRuntime
from cadgate.sessions.worker import Worker

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)


class Application:
    """One session of an application, bound to one request. Cheap: made anew for each."""

    __slots__ = ("_session", "context")

    def __init__(self, session: SessionRuntime, context: RequestContext) -> None:
        self._session = session
        self.context = context

    @property
    def name(self) -> str:
        return self._session.served.name

    @property
    def settings(self) -> AdapterSettings:
        """The adapter's settings: narrow it to the adapter's own class."""
        return self._session.served.settings

    @property
    def workspace(self) -> Path:
        """The session's folder. Nothing outside it is read or written."""
        return self._session.workspace

    @property
    def artifacts(self) -> ArtifactStore:
        return self._session.served.artifacts

    def bind(self, **values: Any) -> Application:
        """The same with values that go with every call (`document=`); None is left out."""
        merged = {**self.context.values, **{key: value for key, value in values.items() if value is not None}}
        return Application(self._session, replace(self.context, values=merged))

    async def call(self, method: Method[P, R], params: P | Encoded) -> R:
        """Run `method` and return its validated result. `Encoded` parameters were validated and written already.

        Checks scope, deadline and idempotency; goes through the method's `Handler` where it has one.
        Raises the errors of `cadgate.errors`.
        """
        return await self._session.calls.dispatch_call(self.context, method, params)

    async def answer(self, method: Method[P, R], params: P) -> Response:
        """`Success(await call(method, params))` as it is written, for a method that is `by_state`.

        While nothing changes, the application does not make it again, and nothing of it is parsed. The answer has an
        `ETag`; a request that names it in `If-None-Match` gets a 304. Raises what `call` does.
        """
        return await self._session.reads.answer(self.context, method, params)

    async def send(self, method: str, params: dict[str, Any], *, mutates: bool = False) -> Any:
        """Call the half inside the application as it is: for handlers, with methods named `internal.*` or their own.

        `mutates` makes the effect survive a crash, by a snapshot before the answer.
        """
        return await self._session.calls.send(self.context, method, params, mutates=mutates)

    def require(self, scope: Scope) -> None:
        """Raise Forbidden when the caller's key does not allow `scope`: for what depends on more than the method."""
        self.context.caller.authority.require(scope)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        """Tell every subscriber of the adapter's WebSocket, of `render` progress for instance."""
        self._session.session.publish(topic, data)

    def broadcast(self, data: Any) -> None:
        """Send `data`, anything that is JSON, to every WebSocket client of the adapter that subscribed to `clients`."""
        self._session.session.publish("clients", data)

    def stage(self, name: str | None, *, default: str, suffix: str | None = None) -> StagedFile:
        """A place for the application to write a file that becomes an artifact: see `StagedFile`.

        `name` is the client's relative name in the workspace; `default` is used without one. A missing `suffix`
        (`.glb`) is appended. The workspace gets a copy only where the caller may write, and a `default` name gives way
        to somebody else's file. Raises PathNotAllowed, and Conflict for a `name` whose file is somebody else's.
        """
        return self._session.served.artifacts.stage(
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
        return self._session.workers.take(self.context.deadline_at)
