"""The gateway's metrics, for Prometheus. Each gateway object has a registry of its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from cadgate.contract.authority import LOCAL

if TYPE_CHECKING:
    from cadgate.dispatch.runtime import AdapterRuntime
    from cadgate.dispatch.sessions import Sessions
    from cadgate.security.audit import AuditLog
    from cadgate.sessions.status import Status

_BUCKETS = tuple(
    map(float, (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600))
)
_STATES = ("starting", "up", "busy", "down", "unavailable")
_SESSION_STATES = ("queued", "starting", "ready", "busy", "suspended")
UNMATCHED = "(none)"
"""The label of requests without a route, whose paths are arbitrary and would grow without bound."""


class Applications(Collector):
    """Collects state, restarts and queues of the applications when Prometheus scrapes."""

    def __init__(self, runtimes: Callable[[], Mapping[str, AdapterRuntime]]) -> None:
        self._runtimes = runtimes

    def collect(self) -> Iterable[Metric]:
        state = GaugeMetricFamily(
            "cadgate_application_state", "1 for the state the application is in", labels=["adapter", "state"]
        )
        depth = GaugeMetricFamily("cadgate_calls_in_flight", "Calls that are not answered yet", labels=["adapter"])
        restarts = GaugeMetricFamily(
            "cadgate_application_restarts", "Restarts since the gateway started", labels=["adapter"]
        )
        for name, runtime in self._runtimes().items():
            status: Status = runtime.status()
            for one in _STATES:
                state.add_metric([name, one], float(status.state == one))
            depth.add_metric([name], status.queue_depth)
            restarts.add_metric([name], status.restarts)
        return state, depth, restarts


class KeptSessions(Collector):
    """Counts the sessions that were made, by adapter and state."""

    def __init__(self, runtimes: Callable[[], Mapping[str, AdapterRuntime]], sessions: Sessions) -> None:
        self._runtimes = runtimes
        self._sessions = sessions

    def collect(self) -> Iterable[Metric]:
        found = GaugeMetricFamily(
            "cadgate_sessions", "Sessions besides `default`, by their state", labels=["adapter", "state"]
        )
        for name in self._runtimes():
            numbers = self._sessions.numbers(name, LOCAL)
            for state in _SESSION_STATES:
                found.add_metric([name, state], numbers.get(state, 0))
        return (found,)


class Requests(Collector):
    """Counts requests, and how long they took. Only the event loop counts, so it needs no locks."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._answered: dict[tuple[str, str | None, int], int] = {}
        self._times: dict[str | None, list[int]] = {}
        """How many took up to each bound but longer than the one before, by route."""
        self._seconds: dict[str | None, float] = {}

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one answered request."""
        which = (method, route, status)
        self._answered[which] = self._answered.get(which, 0) + 1
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = [0] * (len(_BUCKETS) + 1)
            self._seconds[route] = 0.0
        times[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds[route] += seconds

    def collect(self) -> Iterable[Metric]:
        in_flight = GaugeMetricFamily(
            "cadgate_http_requests_in_flight", "Requests being answered", value=float(self.in_flight)
        )
        answered = CounterMetricFamily(
            "cadgate_http_requests", "Requests answered", labels=["method", "route", "status"]
        )
        for (method, route, status), count in self._answered.items():
            answered.add_metric([method, route or UNMATCHED, str(status)], float(count))
        seconds = HistogramMetricFamily("cadgate_http_request_seconds", "Seconds until answered", labels=["route"])
        for route, times in self._times.items():
            buckets: list[tuple[str, float]] = []
            total = 0
            for bound, count in zip((*map(str, _BUCKETS), "+Inf"), times, strict=True):
                total += count
                buckets.append((bound, float(total)))
            seconds.add_metric([route or UNMATCHED], buckets, self._seconds[route])
        return in_flight, answered, seconds


class Metrics:
    """The gateway's metrics: what happened is counted in `requests`, the rest is looked up when it is asked for."""

    def __init__(
        self, runtimes: Callable[[], Mapping[str, AdapterRuntime]], audit: AuditLog, sessions: Sessions
    ) -> None:
        self.registry = CollectorRegistry()
        self.requests = Requests()
        self.registry.register(self.requests)
        self.registry.register(Applications(runtimes))
        self._about_sessions = CollectorRegistry()
        self._about_sessions.register(KeptSessions(runtimes, sessions))
        lost = Gauge(
            "cadgate_audit_lines_lost", "Lines that could not be written to the audit log", registry=self.registry
        )
        lost.set_function(lambda: audit.lost)

    def status_only(self, *, ready: bool) -> bytes:
        """Return whether every adapter can accept work, for scrapers without a key."""
        registry = CollectorRegistry()
        Gauge("cadgate_up", "1: the gateway answers", registry=registry).set(1)
        Gauge("cadgate_ready", "1: every enabled adapter can accept work", registry=registry).set(float(ready))
        return generate_latest(registry)

    def text(self, *, everything: bool = True) -> bytes:
        """Return all metrics, in Prometheus' text format; without `everything`, not those about others' sessions."""
        return generate_latest(self.registry) + (generate_latest(self._about_sessions) if everything else b"")
