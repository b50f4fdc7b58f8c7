"""`GET /metrics` in Prometheus' text format."""

from __future__ import annotations

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from cadgate.metrics import Metrics
from cadgate.plugins.router import Router
from cadgate.security.access import requires

router = Router(dependencies=[requires("read")])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Count requests, latencies, calls in flight, application states and restarts, for Prometheus."""
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
