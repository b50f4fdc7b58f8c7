"""Routes of jobs: list, look, wait, cancel, do again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from cadgate.jobs.following import follow
from cadgate.jobs.records import Filters, Record
from cadgate.jobs.runner import Jobs
from cadgate.models.common import Params
from cadgate.models.jobs import ENDED, Job, JobList, JobState
from cadgate.models.responses import Success
from cadgate.security.caller import audit_event_of, authority_of
from cadgate.web.access import requires
from cadgate.web.async_answers import as_reached, job_response
from cadgate.web.router import Router, failures

router = Router(prefix="/api/v1/jobs")

MAX_WAIT_SECONDS = 600
KEEP_ALIVE_SECONDS = 10
_MISSING: dict[int | str, dict[str, Any]] = failures(404, 422)


_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The id of the last event that the client has; browsers send it when they connect again.",
    "schema": {"type": "string"},
}
_STREAM = (
    ': keep-alive\n\nid: 1\nevent: queued\ndata: {"id": "…", "state": "queued", …}\n\n'
    'id: 2\nevent: finished\ndata: {"id": "…", "state": "succeeded", …}\n\n'
)


class JobPage(Params):
    """Which jobs to list."""

    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many.")] = 1000
    offset: Annotated[int, Field(ge=0, description="So many are skipped.")] = 0
    application: str | None = Field(None, description="Only those of this adapter.")
    session: str | None = Field(None, description="Only those of this session.")
    method: str | None = Field(None, description="Only those that call this method, such as `render.still`.")
    state: JobState | None = Field(None, description="Only those in this state.")


class Waiting(Params):
    """How long to wait."""

    wait: Annotated[
        float,
        Field(
            ge=0,
            le=MAX_WAIT_SECONDS,
            description="Seconds to wait for the end of the job; then it is returned as it is.",
        ),
    ] = 0


def jobs_of(request: Request) -> Jobs:
    """Return the jobs of the gateway that serves `request`."""
    return request.app.state.jobs


def owner_of(request: Request) -> str | None:
    """Return whose jobs the caller may see; None: those of everybody."""
    authority = authority_of(request.scope)
    return None if authority.sees_all else authority.identity


def _document(jobs: Jobs, record: Record) -> str:
    return record.document(jobs.position(record))


@router.get("", dependencies=[requires("read")], response_model=Success[JobList])
async def list_jobs(request: Request, page: Annotated[JobPage, Query()]) -> Any:
    """List your jobs, newest first."""
    jobs, owner = jobs_of(request), owner_of(request)
    filters = Filters(owner, page.application, page.session, page.method, page.state)
    records, total = await jobs.page(filters, page.limit, page.offset)
    listed = ",".join(_document(jobs, record) for record in records)
    return job_response(f'{{"jobs":[{listed}],"total":{total}}}')


@router.get("/{id:name}", dependencies=[requires("read")], response_model=Success[Job], responses=_MISSING)
async def get_job(id: str, request: Request, query: Annotated[Waiting, Query()]) -> Any:
    """Return a job: its state, progress, and when it has succeeded, the result of its call.

    With `wait`, the response comes when the job has ended, but no later than after so many seconds.
    """
    jobs = jobs_of(request)
    return job_response(_document(jobs, await jobs.wait(id, owner_of(request), query.wait)))


@router.get(
    "/{id:name}/events",
    dependencies=[requires("read")],
    response_class=Response,
    responses={
        200: {
            "description": "Server-Sent Events",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM}},
        },
        204: {"description": "Everything was sent already, and the job has ended: a browser does not connect again"},
        **_MISSING,
    },
    openapi_extra={"parameters": [_LAST_EVENT_ID]},
)
async def follow_job(id: str, request: Request) -> Response:
    """Send what happens to a job as Server-Sent Events, from its beginning, or after `Last-Event-ID`.

    Each has the job's `id`, `state`, `attempts`, `progress` and new `artifacts`; the last one, `finished`, the whole
    job. The stream ends with it.
    """
    jobs = jobs_of(request)
    record = await jobs.get(id, owner_of(request))
    given = request.headers.get("last-event-id", "").strip()
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
    if after and record.state in ENDED and not await jobs.events(id, after):
        return Response(status_code=204)
    return EventSourceResponse(
        _stream(jobs, id, after), ping=KEEP_ALIVE_SECONDS, ping_message_factory=_keep_alive, sep="\n"
    )


def _keep_alive() -> ServerSentEvent:
    return ServerSentEvent(comment="keep-alive")


async def _stream(jobs: Jobs, job: str, after: int) -> AsyncGenerator[ServerSentEvent]:
    yield _keep_alive()  # so that the head of the response is sent at once
    async for event in follow(jobs, job, after):
        yield ServerSentEvent(as_reached(event.data), event=event.kind, id=str(event.number))


@router.delete(
    "/{id:name}",
    dependencies=[requires("write", audited_as="jobs.cancel")],
    response_model=Success[Job],
    responses={**_MISSING, **failures(409)},
)
async def cancel_job(id: str, request: Request) -> Any:
    """Cancel a job: what it runs in workers is ended, and nothing half-written stays; what it finished does.

    A change of a document that cannot be interrupted is completed: the job is still `running` then, and ends when
    that does. 409 `conflict` for a job that has succeeded or failed.
    """
    jobs = jobs_of(request)
    with request.app.state.audit.recording(audit_event_of(request, "jobs.cancel")) as learned:
        learned["job"] = id
        return job_response(_document(jobs, await jobs.cancel(id, owner_of(request))))


@router.post(
    "/{id:name}/retry",
    status_code=202,
    dependencies=[requires("write", audited_as="jobs.retry")],
    response_model=Success[Job],
    responses={**_MISSING, **failures(409)},
)
async def retry_job(id: str, request: Request) -> Any:
    """Do a failed or cancelled job again. Its finished steps (frames, variants) are not done again.

    409 `conflict` for a job that has succeeded, or has not ended.
    """
    jobs = jobs_of(request)
    with request.app.state.audit.recording(audit_event_of(request, "jobs.retry")) as learned:
        learned["job"] = id
        return job_response(_document(jobs, await jobs.retry(id, owner_of(request))), 202)
