"""`GET /metrics` in Prometheus' text format."""

from __future__ import annotations

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from cadgate.contract.authority import NOBODY
from cadgate.routers.health import states, works
from cadgate.security.caller import authority_of
from cadgate.web.access import requires
from cadgate.web.metrics import Metrics
from cadgate.web.router import Router

router = Router()


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[requires("read", open_to="probes")])
async def metrics(request: Request) -> Response:
    """Count requests, latencies, calls in flight, application states and restarts, for Prometheus."""
    counted: Metrics = request.app.state.metrics
    authority = authority_of(request.scope)
    if authority is NOBODY:
        text = counted.status_only(ready=all(map(works, states(request).values())))
    else:
        text = counted.text(everything=authority.sees_all)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
