"""`python -m bench.sessions`: what claiming, waking, forking and suspending a session takes, and what one costs."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from cadgate.sessions.usage import folder_bytes, resident_bytes
from tests.gateway import Gateway, eventually

BOXES = {"blender": ("primitives.cube", "B"), "freecad": ("primitives.box", "B")}
MIB = 1024 * 1024
REST_SECONDS = 4.0
"""How long the next warm application is given to start, so that a claim finds it."""


def milliseconds(work: Callable[[], Any]) -> float:
    """Return how long it takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


class Bench:
    """The measurements of one application."""

    def __init__(self, gateway: Gateway, client: httpx.Client, application: str, rounds: int) -> None:
        self._gateway = gateway
        self._client = client
        self._application = application
        self._rounds = rounds

    def _new(self, **body: Any) -> str:
        answer = self._client.post("/api/v1/sessions", json={"application": self._application, **body})
        assert answer.status_code == 201, answer.text
        return answer.json()["result"]["id"]

    def _post(self, path: str, **options: Any) -> dict[str, Any]:
        answer = self._client.post(path, timeout=300, **options)
        assert answer.is_success, answer.text
        return answer.json()["result"]

    def _fill(self, session: str, count: int) -> None:
        method, name = BOXES[self._application]
        for first in range(0, count, 500):
            numbers = range(first, min(first + 500, count))
            calls = [{"method": method, "params": {"name": f"{name}{number}"}} for number in numbers]
            path = f"/api/v1/{self._application}/batch?session={session}"
            results = self._post(path, json={"calls": calls})["results"]
            assert all(each["status"] == "success" for each in results)

    def _ping(self, session: str) -> None:
        answer = self._client.get(f"/api/v1/{self._application}/objects?limit=1&session={session}")
        assert answer.status_code == 200, answer.text

    def rows(self, small: int, large: int) -> list[tuple[str, list[float]]]:
        """Return the measurements, in milliseconds."""
        claims: list[float] = []
        for _ in range(self._rounds):
            time.sleep(REST_SECONDS)
            made: list[str] = []
            claims.append(milliseconds(lambda made=made: made.append(self._new())))
            self._client.delete(f"/api/v1/sessions/{made[0]}")
        session = self._new()
        self._fill(session, small)
        suspends: list[float] = []
        wakes: list[float] = []
        for _ in range(self._rounds):
            suspends.append(milliseconds(lambda: self._post(f"/api/v1/sessions/{session}/suspend")))
            time.sleep(REST_SECONDS)
            wakes.append(milliseconds(lambda: self._ping(session)))
        self._costs(session, small)
        self._fill_more(session, small, large)
        forks: list[float] = []
        for _ in range(self._rounds):
            time.sleep(REST_SECONDS)
            made = []
            forks.append(
                milliseconds(
                    lambda made=made: made.append(self._post(f"/api/v1/sessions/{session}/fork", json={})["id"])
                )
            )
            self._client.delete(f"/api/v1/sessions/{made[0]}")
        self._client.delete(f"/api/v1/sessions/{session}")
        name = self._application
        return [
            (f"{name}: claim of a warm application", claims),
            (f"{name}: suspend, {small} objects", suspends),
            (f"{name}: wake, {small} objects", wakes),
            (f"{name}: fork, {large} objects, until ready", forks),
        ]

    def _fill_more(self, session: str, small: int, large: int) -> None:
        """Grow the session: the names go on from what it has."""
        method, name = BOXES[self._application]
        calls = [{"method": method, "params": {"name": f"{name}{number}"}} for number in range(small, large)]
        path = f"/api/v1/{self._application}/batch?session={session}"
        for first in range(0, len(calls), 500):
            self._post(path, json={"calls": calls[first : first + 500]})

    def _costs(self, session: str, objects: int) -> None:
        shown = self._client.get(f"/api/v1/sessions/{session}").json()["result"]
        folder = self._gateway.state_dir / "sessions" / session
        awake = resident_bytes(shown["pid"])
        self._post(f"/api/v1/sessions/{session}/suspend")
        eventually(lambda: resident_bytes(shown["pid"]) == 0, what="the end of the application")
        disk = sum(folder_bytes(folder / each) for each in ("journal", "workspace"))
        print(
            f"{self._application}: {objects} objects take {awake / MIB:.0f} MiB of memory awake, none suspended, and "
            f"{disk / MIB:.2f} MiB of disk"
        )
        self._ping(session)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.sessions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", type=int, default=200, help="objects of the session that sleeps and wakes")
    parser.add_argument("--large", type=int, default=2000, help="objects of the session that is forked")
    parser.add_argument("--adapters", default="blender,freecad")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cadgate-bench-") as folder:
        environment = {"CADGATE_WARM_APPLICATIONS": "1", "CADGATE_LOG_LEVEL": "warning"}
        gateway = Gateway(Path(folder) / "state", environment=environment).start()
        try:
            with gateway.client() as client:
                rows = [
                    row
                    for name in given.adapters.split(",")
                    for row in Bench(gateway, client, name, given.rounds).rows(given.small, given.large)
                ]
        finally:
            gateway.stop()
    print(f"{'':<50} {'p50 ms':>8} {'p95 ms':>8}")
    for name, times in rows:
        ordered = sorted(times)
        print(f"{name:<50} {statistics.median(ordered):>8.1f} {ordered[int(0.95 * (len(ordered) - 1) + 0.5)]:>8.1f}")


if __name__ == "__main__":
    main()
