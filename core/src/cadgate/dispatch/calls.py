"""Dispatches calls from every door (REST, batch, WebSocket): scope, deadline, idempotency, handler or wire, result."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from cadgate.appserver.meta import CallMeta
from cadgate.appserver.replies import OWN_KEY
from cadgate.artifacts.disk_space import reporting_full_disk
from cadgate.artifacts.store import ArtifactStore
from cadgate.clients.connection import Reply
from cadgate.contract.context import HandlerRun, RequestContext
from cadgate.contract.encoded import Encoded, encode_params
from cadgate.contract.methods import Handler, HandlerApplication, Method, Scope
from cadgate.dispatch.idempotency import Once
from cadgate.dispatch.off_loop import off_loop
from cadgate.dispatch.permission import (
    audit_event_of_call,
    is_audited,
    require_known_fields,
    require_no_if_match,
    require_permission,
    strongest_scope,
)
from cadgate.dispatch.served import ServedAdapter
from cadgate.dispatch.stopping import Stop, unless_stopped, while_wanted
from cadgate.errors import (
    ApplicationRestarted,
    CadgateError,
    DeadlineExceeded,
    InternalError,
    Interrupted,
    from_wire,
)
from cadgate.models.responses import Artifact
from cadgate.security.shares import Shares
from cadgate.sessions.session import Session

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")

MAX_DEATHS = 2
MAX_REMEMBERED = 1000


class DryRunDone(Exception):
    """A dry run passed every check and changed nothing. The gateway answers 200."""


class Calls:
    """Dispatches the calls of one session. `application` makes what a handler gets, from the context of its run."""

    def __init__(
        self, served: ServedAdapter, session: Session, application: Callable[[RequestContext], HandlerApplication]
    ) -> None:
        self._served = served
        self._session = session
        self._application = application
        self._once = Once()
        self._deaths: OrderedDict[str, int] = OrderedDict()
        self.handling = 0
        """How many handlers are running."""
        self._stops: set[Stop] = set()
        """What to call for each of them if the session ends."""
        self._own = OWN_KEY + secrets.token_hex(8)
        self._numbers = itertools.count()
        settings = served.settings
        share = min(settings.max_queue_per_key, max(1, settings.max_queue * 3 // 4))
        self._shares = Shares(share, "max_queue_per_key", f"calls to {served.name}")

    async def dispatch_call(self, context: RequestContext, method: Method[P, R], params: P | Encoded) -> R:
        """See `Application.call`."""
        if context.run is not None or not is_audited(method):  # a part of what has a line already, or a read
            return await self._dispatch(context, method, params)
        event = partial(audit_event_of_call, self._served, context, method, params)
        made = await off_loop(event) if context.large else event
        recording = self._served.audit.recording(made, success_exception=DryRunDone)
        with recording:
            # The line is prepared in the loop's next turn, when this call waits for the application.
            asyncio.get_running_loop().call_soon(recording.prepare)
            return await self._dispatch(context, method, params)

    async def _dispatch(self, context: RequestContext, method: Method[P, R], params: P | Encoded) -> R:
        require_permission(self._served, context, method, params)
        require_known_fields(context, method, params)
        if not method.accepts_if_match:
            require_no_if_match(context, method.name)
        handler = self._served.handlers.get(method.name)
        if handler is not None:
            if context.dry_run and not method.mutates and is_audited(method):
                # It would write files, so a dry run can only check its parameters.
                raise DryRunDone
            if isinstance(params, Encoded):
                raise TypeError(f"{method.name} has a handler, which needs its parameters as {method.params.__name__}")
            return await self._handle(context, handler, params)
        reply = await self.exchange(
            context,
            method.name,
            await _wire_params(context, method, params),
            self.seconds(context, method),
            method,
            strongest_scope(method, params),
        )
        return validated(method, result_of(reply))

    def _own_key(self) -> str:
        """Return a new id for a mutation whose client gave none."""
        return f"{self._own}-{next(self._numbers)}"

    def seconds(self, context: RequestContext, method: Method[Any, Any]) -> float:
        """Return how long this call may take."""
        settings = self._served.settings
        default = settings.file_timeout_seconds if method.deadline == "file" else settings.call_timeout_seconds
        seconds = context.deadline_seconds or default
        if context.deadline_at is not None:
            seconds = min(seconds, max(0.001, context.deadline_at - time.monotonic()))
        return seconds

    # --- over the wire -------------------------------------------------------------------------------------------

    async def exchange(
        self,
        context: RequestContext,
        name: str,
        params: dict[str, Any],
        seconds: float,
        method: Method[Any, Any] | None = None,
        scope: Scope | None = None,
        since: str | None = None,
    ) -> Reply:
        """Send one call to the session and return its answer; `method` says how it mutates (None: a read).

        It is stopped if the caller loses `scope`, or the method's scope. With `since`, the name of the state whose
        answer is already known (empty: none), the answer has its unparsed result as `raw`.
        """
        meta: CallMeta = {"request_id": context.request_id}
        if since is not None:
            meta["since"] = since
        if context.values:
            meta["context"] = dict(context.values)
        if method is not None and method.mutates:
            chosen = context.key_for(name)
            meta.update(mutates=True, replay=method.replay, key=chosen or self._own_key())
            if method.naming_parameter is not None:
                meta["names"] = method.naming_parameter
            if context.run is not None:
                meta["label"] = context.run.method
            if chosen is not None:
                meta["hash"] = context.digest or digest(name, params, context)
            if context.dry_run:
                meta["dry_run"] = True
            if context.if_match is not None:
                meta["if_match"] = context.if_match
        needed = scope or ("read" if method is None else method.required_scope)
        authority = context.caller.authority
        try:
            self._shares.take(authority)
            # Without a key of the client's nobody will send it again, so nothing has to be remembered of it.
            blame = None if context.idempotency_key is None else self._blame(meta)
            try:
                reply = await self._session.calls.exchange(
                    name,
                    params,
                    seconds,
                    cancel_token=context.caller.cancel_token,
                    stream=context.caller.stream,
                    blame=blame,
                    authority=authority,
                    scope=needed,
                    **meta,
                )
            except ApplicationRestarted as error:
                if blame is not None and error.details.get("running"):  # a call that only waited is not to blame
                    blame()
                raise
            finally:
                self._shares.give_back(authority)
        except CadgateError:
            authority.require(needed)
            raise
        if "error" in reply:
            # If the caller has lost the scope, that is the reason why it failed.
            authority.require(needed)
        if context.job is not None:
            context.job.look()
        if context.timing is not None and "meta" in reply:
            context.timing(reply["meta"].get("queue_ms", 0.0), reply["meta"].get("app_ms", 0.0))
        return reply

    def _blame(self, meta: CallMeta) -> Callable[[], None] | None:
        """Return what to call when the application dies, or is killed, while the call runs; None if it has no id.

        One that ran at two deaths already is marked, so that it is refused. It is sent all the same, because it may
        have succeeded, with its answer lost.
        """
        key: str | None = meta.get("key")
        if key is None:
            return None
        if self._deaths.get(key, 0) >= MAX_DEATHS:
            meta["set_aside"] = self._deaths[key]

        def blame() -> None:
            self._deaths[key] = self._deaths.get(key, 0) + 1
            while len(self._deaths) > MAX_REMEMBERED:
                self._deaths.popitem(last=False)

        return blame

    async def send(self, context: RequestContext, name: str, params: dict[str, Any], *, mutates: bool) -> Any:
        """See `Application.send`."""
        seconds = self._served.settings.file_timeout_seconds
        if context.deadline_at is not None:
            seconds = max(0.001, context.deadline_at - time.monotonic())
        method = _INTERNAL_MUTATION if mutates else None
        scope = None if context.run is None else context.run.allowed_by
        return result_of(await self.exchange(context, name, params, seconds, method, scope))

    def end(self, error: CadgateError) -> None:
        """End the work of handlers with this error, because the session has ended."""
        for stop in list(self._stops):
            stop(error)

    def _watch_end(self, stop: Stop) -> Callable[[], None]:
        self._stops.add(stop)
        return lambda: self._stops.discard(stop)

    async def close(self) -> None:
        """Cancel the work of handlers that continued after their clients went away."""
        await self._once.close()

    # --- through a handler ---------------------------------------------------------------------------------------

    async def _handle(self, context: RequestContext, handler: Handler[P, R], params: P) -> R:
        seconds = self.seconds(context, handler.method)
        needed = strongest_scope(handler.method, params)
        key = context.key_for(handler.method.name)
        fingerprint = context.digest
        if fingerprint is None:
            fingerprint = digest(handler.method.name, await _wire_params(context, handler.method, params), context)
        # A retry after a crash is the same request, even if the handler's calls name other temporary files.
        inner = replace(
            context,
            deadline_at=time.monotonic() + seconds,
            idempotency_key=key,
            digest=fingerprint,
            run=HandlerRun(handler.method.name, needed, itertools.count()),
        )

        async def work() -> R:
            self.handling += 1
            try:
                # Calls to an application end at the deadline themselves; this bounds the rest.
                async with asyncio.timeout(seconds + self._served.settings.grace_seconds + 1):
                    with reporting_full_disk(self._served.artifacts.root):
                        done = handler.run(self._application(inner), params)
                        allowed = partial(context.caller.authority.watch, (needed,))
                        return await unless_stopped(done, allowed, self._watch_end)
            except TimeoutError as error:
                raise DeadlineExceeded(f"{handler.method.name} had no answer within {seconds:g} s") from error
            except (SystemExit, KeyboardInterrupt) as error:
                # If a task raised it, it would end the loop, and with it the gateway.
                raise InternalError(f"{handler.method.name} tried to end the gateway: {error!r}") from error
            finally:
                self.handling -= 1

        # For this caller only: the same key from another caller is a different request.
        whose = f"{context.identity} {key}"
        if key is not None and not context.dry_run and handler.method.mutates and context.job is None:
            return await self._once.run_once(whose, fingerprint, work)
        # Of what a job changes, the application knows what was done; what its handler calls has no other callers.
        if key is not None and not context.dry_run and not handler.method.mutates and not (context.job and context.run):
            return await self._read_once(context, whose, fingerprint, work, seconds)
        if handler.method.mutates or context.caller.gone is None:
            return await work()
        return await while_wanted(work(), context.caller.gone())

    async def _read_once(
        self, context: RequestContext, key: str, fingerprint: str, work: Callable[[], Awaitable[R]], seconds: float
    ) -> R:
        """Return the result of `work`, which is done once for all who send `key`, as a job or not.

        The work of a job ends when that is cancelled. Whoever waited for it then does the work himself.
        """
        job = context.job
        gone = None if job is None else context.caller.gone

        def begun() -> Awaitable[R]:
            return work() if gone is None else while_wanted(work(), gone())

        while True:
            task, mine = self._once.begin(key, fingerprint, begun, partial(_files_exist, self._served.artifacts))
            if job is not None and not mine:
                job.begin()
            try:
                if mine:
                    return await asyncio.shield(task)
                async with asyncio.timeout(seconds):
                    waiting = asyncio.shield(task)
                    return await (waiting if gone is None else while_wanted(waiting, gone()))
            except TimeoutError as error:
                raise DeadlineExceeded(f"The work had not ended within {seconds:g} s; it goes on") from error
            except asyncio.CancelledError:
                if mine and job is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                current = asyncio.current_task()
                if mine or not task.cancelled() or (current is not None and current.cancelling()):
                    raise
            except (DeadlineExceeded, Interrupted) as error:
                if mine or not task.done() or task.cancelled() or task.exception() is not error:
                    raise


def _files_exist(store: ArtifactStore, result: BaseModel) -> bool:
    """Whether no file of a result has been removed since."""
    values = [getattr(result, name) for name in type(result).model_fields]
    listed = [each for value in values for each in (cast("list[Any]", value) if isinstance(value, list) else [value])]
    return all(store.holds(each.id) for each in listed if isinstance(each, Artifact))


_INTERNAL_MUTATION = Method("internal", BaseModel, BaseModel, mutates=True, replay="snapshot", atomic=False)


async def _wire_params(context: RequestContext, method: Method[P, R], params: P | Encoded) -> dict[str, Any]:
    if isinstance(params, Encoded):
        return params
    if context.large:
        return await off_loop(encode_params, method, params)
    return method.wire_params(params)


def digest(name: str, params: dict[str, Any], context: RequestContext) -> str:
    """Return a hash that distinguishes requests with the same idempotency key."""
    if isinstance(params, Encoded):
        hashed = hashlib.sha256(b"[" + to_json(name) + b",")
        hashed.update(params.text)
        hashed.update(b"," + to_json(dict(context.values)) + b"]")
        return hashed.hexdigest()
    text = to_json([name, params, dict(context.values)])
    for identifier, content in context.uploads.contents.items():
        text = text.replace(to_json(identifier), to_json(content))
    return hashlib.sha256(text).hexdigest()


def result_of(reply: Reply) -> Any:
    """Return the result of an answer message. Raises its error, or DryRunDone."""
    if "error" in reply:
        raise from_wire(reply["error"])
    result = reply.get("result")
    if isinstance(result, dict) and result.get("dry_run") is True:  # pyright: ignore[reportUnknownMemberType]
        raise DryRunDone
    return result  # pyright: ignore[reportUnknownVariableType]


def validated(method: Method[Any, R], result: Any) -> R:
    """Return the result as the method's model. Raises InternalError if the two halves of the adapter disagree."""
    try:
        return method.result.__pydantic_validator__.validate_python(result)
    except ValidationError as error:
        raise InternalError(f"{method.name} answered something that is not a {method.result.__name__}") from error
