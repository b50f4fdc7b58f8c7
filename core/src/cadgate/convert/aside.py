"""`Aside`: an application in which handlers work as in a session, with a document of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from cadgate.artifacts.store import StagedFile
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded
from cadgate.contract.methods import Method
from cadgate.dispatch.application import Application
from cadgate.dispatch.calls import validated
from cadgate.dispatch.permission import require_permission
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import UnsupportedFormat
from cadgate.models.responses import Artifact, Warned
from cadgate.sessions.worker import Worker

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)


class Aside(Application):
    """Calls go to `worker`, which nobody else uses, instead of a session. Its files lie where workers may write."""

    __slots__ = ("_worker",)

    def __init__(self, session: SessionRuntime, context: RequestContext, worker: Worker) -> None:
        super().__init__(session, context)
        self._worker = worker

    def _with(self, context: RequestContext) -> Application:
        return Aside(self._session, context, self._worker)

    @property
    def readable(self) -> Sequence[Path]:
        """See `Application.readable`. The workspace is that of a session which need not be the caller's."""
        return self.artifacts.allowed_roots

    async def call(self, method: Method[P, R], params: P | Encoded) -> R:
        """See `Application.call`. Nothing is journaled, because nothing of it stays."""
        served = self._session.served
        require_permission(served, self.context, method, params)
        handler = served.handlers.get(method.name)
        if handler is not None:
            return await handler.run(self, params)
        wire = params if isinstance(params, Encoded) else method.wire_params(params)
        return validated(method, await self.send(method.name, wire))

    async def send(self, method: str, params: dict[str, Any], *, mutates: bool = False) -> Any:
        """See `Application.send`."""
        return await self._worker.send(method, params)

    def stage(self, name: str | None, *, default: str, suffix: str | None = None) -> StagedFile:
        """See `Application.stage`. The workspace of the session gets no copy."""
        return self._session.served.artifacts.stage(
            self.workspace,
            default if name is None else name,
            suffix=suffix,
            owner=self.context.identity,
            copies=False,
        )

    async def converted(self, artifact: str, to: str) -> tuple[Artifact, list[Warned]]:
        """See `Application.converted`. A conversion is no part of another one: it would not end."""
        raise UnsupportedFormat("This is a conversion already", details={"reachable": []})


def apart(context: RequestContext) -> RequestContext:
    """Return the context of what is done aside: for no session, and with nothing of its values."""
    return replace(context, values={}, session=None, idempotency_key=None, if_match=None)
