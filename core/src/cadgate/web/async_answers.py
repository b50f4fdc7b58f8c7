"""`Prefer: respond-async`: long work is answered with 202 and the job that does it, whatever the route."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json
from starlette.responses import Response

from cadgate.contract.builtin import Batch, BatchResults
from cadgate.contract.context import RequestContext
from cadgate.contract.encoded import Encoded
from cadgate.contract.methods import Method
from cadgate.dispatch.application import Application
from cadgate.dispatch.permission import audit_event_of_call, is_audited, require_no_if_match, require_permission
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CadgateError, ValidationFailed, from_wire
from cadgate.jobs.attempts import BATCH
from cadgate.jobs.records import Record
from cadgate.jobs.runner import Jobs
from cadgate.models.root import ROOT, rooted

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)

JOBS = "/api/v1/jobs"
_ARTIFACTS = '"url":"/api/v1/artifacts/'


class JobAccepted(Exception):
    """The call has become a job. The gateway answers 202 with it."""

    def __init__(self, jobs: Jobs, record: Record) -> None:
        super().__init__(record.id)
        self.jobs = jobs
        self.record = record

    def response(self) -> Response:
        """Return the response: the job, and where it is."""
        record = self.record
        headers = {"Location": rooted(f"{JOBS}/{record.id}"), "Preference-Applied": "respond-async"}
        return job_response(record.document(self.jobs.position(record)), 202, headers)


class Deferring(Application):
    """The application of an HTTP request. Long work that the client prefers not to wait for becomes a job."""

    __slots__ = ("_jobs",)

    def __init__(self, session: SessionRuntime, context: RequestContext, jobs: Jobs) -> None:
        super().__init__(session, context)
        self._jobs = jobs

    def _with(self, context: RequestContext) -> Application:
        return Deferring(self._session, context, self._jobs)

    async def call(self, method: Method[P, R], params: P | Encoded) -> R:
        """See `Application.call`. Raises JobAccepted if it has become a job."""
        context = self.context
        wanted = method.job or (context.respond_async and method.deadline == "file")
        if context.webhook is not None and not wanted:
            raise ValidationFailed(
                "Cadgate-Webhook is for jobs: send `Prefer: respond-async` with it, to a method that works with files",
                details={"header": "Cadgate-Webhook"},
            )
        if not wanted or context.dry_run:
            return await super().call(method, params)
        served = self._session.served
        try:
            require_permission(served, context, method, params)
        except CadgateError as error:
            if is_audited(method):
                served.audit.record(audit_event_of_call(served, context, method, params), error.code, error.status, 0.0)
            raise
        if not method.accepts_if_match:
            require_no_if_match(context, method.name)
        return await self.accept(method, params, None if method.job else method.result)

    async def accept(self, method: Method[Any, Any] | str, params: BaseModel | Encoded, result: type[R] | None) -> R:
        """Make a job of a call. Returns its result if it ends while the client waits; raises JobAccepted, its error.

        Without a `result` to return it always raises JobAccepted.
        """
        context = self.context
        record = await self._jobs.accept(self._session, context, method, params)
        context.uploads.unclaimed.clear()  # the job needs them, also to be done again
        if context.wait_seconds > 0:
            record = await self._jobs.wait(record.id, record.owner, context.wait_seconds)
            if record.state == "succeeded" and result is not None:
                return result.model_validate(from_json(record.result or "null"))
            if record.error is not None and result is not None:
                error = from_json(record.error)
                raise from_wire({"message": error["message"], "data": error})
        raise JobAccepted(self._jobs, record)


async def deferred_batch(app: Application, batch: Batch) -> BatchResults | None:
    """Return None for a batch that the client waits for; otherwise do as `Deferring.accept` does."""
    if not isinstance(app, Deferring) or not app.context.respond_async or app.context.dry_run:
        return None
    require_no_if_match(app.context, "A batch as a whole")
    return await app.accept(BATCH, batch, BatchResults)


def job_response(document: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response with JSON of jobs."""
    content = f'{{"status":"success","result":{as_reached(document)}}}'
    return Response(content, status, headers, "application/json")


def as_reached(document: str) -> str:
    """Return JSON with the URLs of artifacts as the client of this request reaches them."""
    root = ROOT.get()
    return document.replace(_ARTIFACTS, f'"url":"{root}/api/v1/artifacts/') if root else document
