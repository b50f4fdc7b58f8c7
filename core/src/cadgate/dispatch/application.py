"""`Application`: an application bound to one request. Routes, batches and WebSockets call methods through it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from cadgate.artifacts.own import OwnArtifacts
from cadgate.artifacts.store import ArtifactStore, StagedFile
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded
from cadgate.contract.methods import Method, Scope
from cadgate.contract.settings import AdapterSettings
from cadgate.dispatch.session import SessionRuntime
from cadgate.dispatch.steps import Finished, run_once, run_steps, work_folder
from cadgate.errors import UnsupportedFormat
from cadgate.models.responses import Artifact, Warned
from cadgate.sessions.worker import Worker

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


class Application:
    """One session of an application, bound to one request. It is cheap, and created for each request."""

    __slots__ = ("_session", "context")

    def __init__(self, session: SessionRuntime, context: RequestContext) -> None:
        self._session = session
        self.context = context

    @property
    def name(self) -> str:
        return self._session.served.name

    @property
    def session(self) -> SessionRuntime:
        """The session that the calls go to."""
        return self._session

    @property
    def settings(self) -> AdapterSettings:
        """The adapter's settings; cast it to the adapter's own class."""
        return self._session.served.settings

    @property
    def workspace(self) -> Path:
        """The session's folder of files. Nothing outside it is read or written."""
        return self._session.workspace

    @property
    def readable(self) -> Sequence[Path]:
        """The folders that paths in a file from outside may lead to: the workspace, and those of `allowed_roots`."""
        return (self.workspace, *self.artifacts.allowed_roots)

    @property
    def artifacts(self) -> ArtifactStore:
        """The artifacts that the caller may have."""
        return OwnArtifacts.of(self._session.served.artifacts, self.context.caller.authority)

    def bind(self, **values: Any) -> Application:
        """Return the same with values that are sent with every call (`document=`); None is left out."""
        given = {key: value for key, value in values.items() if value is not None}
        return self._with(replace(self.context, values={**self.context.values, **given})) if given else self

    def _with(self, context: RequestContext) -> Application:
        """Return the same for another context."""
        return Application(self._session, context)

    async def call(self, method: Method[P, R], params: P | Encoded) -> R:
        """Run `method` and return its validated result. `Encoded` parameters are validated and encoded already.

        Checks scope, deadline and idempotency, and uses the method's `Handler` if it has one. Raises the errors of
        `cadgate.errors`.
        """
        return await self._session.calls.dispatch_call(self.context, method, params)

    async def answer(self, method: Method[P, R], params: P) -> Response:
        """Return the response `Success(await call(method, params))`, for a method that is `by_state`.

        While nothing changes, the application does not produce it again, and nothing is parsed. The response has an
        `ETag`; a request that names it in `If-None-Match` gets a 304. Raises what `call` does.
        """
        return await self._session.reads.answer(self.context, method, params)

    async def send(self, method: str, params: dict[str, Any], *, mutates: bool = False) -> Any:
        """Call the half inside the application directly: for handlers, with methods named `internal.*` or their own.

        With `mutates` the effect survives a crash, by a snapshot before the answer.
        """
        return await self._session.calls.send(self.context, method, params, mutates=mutates)

    def require(self, scope: Scope) -> None:
        """Raise Forbidden unless the caller has `scope`: for requirements that depend on more than the method."""
        self.context.caller.authority.require(scope)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        """Send an event to every subscriber of the adapter's WebSocket, for example `render` progress."""
        self._session.session.publish(topic, data)

    def broadcast(self, data: Any) -> None:
        """Send `data`, any JSON value, to every WebSocket client of the adapter that subscribed to `clients`."""
        self._session.session.publish("clients", data)

    def stage(self, name: str | None, *, default: str, suffix: str | None = None) -> StagedFile:
        """Return a place for the application to write a file that becomes an artifact: see `StagedFile`.

        `name` is the client's relative name in the workspace, or None for `default`. A missing `suffix` (`.glb`) is
        appended. The workspace gets a copy only if the caller has the scope `write`, and under a `default` name only
        if that file does not belong to another key. Raises PathNotAllowed, and Conflict for a `name` whose file
        belongs to another key.
        """
        self._session.require_room()
        return self._session.served.artifacts.stage(
            self.workspace,
            default if name is None else name,
            suffix=suffix,
            owner=self.context.identity,
            chosen=name is not None,
            copies="write" in self.context.scopes,
        )

    async def run_aside(self, function: Callable[..., T], *args: Any) -> T:
        """Return `function(*args)` of a module-level function, run in another process of the gateway.

        For work that would hold up every other request. One such call of the adapter runs at a time. Raises the
        CadgateError that the function raises, and LimitExceeded if it needs too much memory or time.
        """
        return await self._session.served.helper.run(function, *args)

    @asynccontextmanager
    async def worker(self) -> AsyncGenerator[Worker]:
        """Yield a worker, a disposable application for long work alongside the session.

        Leaving the block early (an error, a deadline, a client that went away) kills it with everything it started.
        """
        async with self._session.workers.take(self.context.deadline_at, self._session.use_of(self.context)) as worker:
            if self.context.job is not None:
                self.context.job.begin()
            yield worker

    async def converted(self, artifact: str, to: str) -> tuple[Artifact, list[Warned]]:
        """Return a new artifact: a `to` file made of another one as `POST /convert` does, and what it could not hold.

        For formats that this application does not read and another one does. Delete the artifact after use. Raises
        what a conversion raises; UnsupportedFormat has `details.reachable` if no application can do it.
        """
        handler = self._session.served.handlers.get("files.convert")
        if handler is None:
            raise UnsupportedFormat("No application here converts files", details={"reachable": []})
        made: Any = await handler.run(self, handler.method.params(artifact=artifact, to=to))
        for related in made.related:
            self.artifacts.delete(related.id, self.context.identity)
        return made.artifact, made.warnings

    # --- long work -----------------------------------------------------------------------------------------------

    def report(
        self,
        fraction: float | None = None,
        message: str | None = None,
        *,
        preview: Artifact | None = None,
        step: str | None = None,
    ) -> None:
        """Say how far the work is, from 0 to 1, or one `step` of it, and what it is doing.

        Its job reports it, or it reaches the client that waits.
        """
        if self.context.job is not None:
            self.context.job.report(fraction, message, preview, step)
        elif self.context.progress is not None:
            self.context.progress(None if step is not None else fraction, message)

    async def run_steps(
        self,
        names: Sequence[str],
        work: Callable[[str], Awaitable[Finished]],
        *,
        at_once: int | None = None,
        followed_by: int = 0,
    ) -> dict[str, Any]:
        """Do work that has steps (frames, variants): return the result of each, in the order of `names`.

        `work` does one step, given its name, and returns a `Finished` with its result, which must be JSON, and its
        files. At most `at_once` run at the same time, by default as many as there may be workers. As a job, each
        finished step is recorded, and after a restart only the missing ones are done. A step whose worker died is
        done again, twice. `followed_by` is how many steps come after these, by `run_once`. Raises the first error of
        a step; the others that run are cancelled then.
        """
        limit = at_once or self._session.served.settings.max_workers
        return await run_steps(self.context.job, self.artifacts, names, work, limit, followed_by)

    async def run_once(
        self,
        name: str,
        work: Callable[[], Awaitable[Finished]],
        *,
        kept: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Do work that comes before or after steps; return its result. As a job, it is done once.

        If what it made is not `kept` when the job goes on after a restart, everything is done again, because the steps
        that are finished may depend on it.
        """
        return await run_once(self.context.job, self.artifacts, name, work, kept)

    def work_folder(self) -> AbstractAsyncContextManager[Path]:
        """Return a folder for files that the work itself needs, where the session and workers can read and write.

        As a job, it is the same folder after a restart, until the job ends; what was left in it is still there.
        """
        return work_folder(self.context.job, self.workspace)
