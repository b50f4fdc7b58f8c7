"""`python -m bench.jobs`: frames of an animation by one worker and by two, and the list of 10,000 jobs.

The engine has one thread in each worker, so that two have as many processors as they need on a machine with two.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.sandbox import cpu_seconds
from tests.gateway import Gateway

ROUNDS = 40
MOST = 0.6
"""The part of the time of one worker that two may take."""
MOST_MS = 20.0
THREADS = "import bpy; bpy.context.scene.render.threads_mode = 'FIXED'; bpy.context.scene.render.threads = 1; None"


def frames(folder: Path, workers: int, count: int, samples: int) -> tuple[float, float]:
    """Return the seconds that `count` frames take with so many workers, all warm, and those of the processors.

    Processes that have ended meanwhile, as workers that were replaced, are not in the second.
    """
    plugins = f"[adapters.freecad]\nenabled = false\n[adapters.blender]\nworkers = {workers}\nmax_workers = {workers}\n"
    gateway = Gateway(folder, plugins=plugins).start()
    try:
        with gateway.client() as client:
            client.post("/api/v1/blender/primitives/torus", json={}).raise_for_status()
            _execute(client, gateway)
            _rendered(client, 2 * workers, 1)  # so that all are warm
            began, used = time.perf_counter(), cpu_seconds(gateway.pid)
            _rendered(client, count, samples)
            return time.perf_counter() - began, cpu_seconds(gateway.pid) - used
    finally:
        gateway.stop()


def _execute(client: httpx.Client, gateway: Gateway) -> None:
    call = {"method": "session.execute", "params": {"code": THREADS}}
    answer = client.post("/api/v1/blender/batch", json={"calls": [call]}).raise_for_status()
    assert answer.json()["result"]["results"][0]["status"] == "success", answer.text


def _rendered(client: httpx.Client, count: int, samples: int) -> None:
    body = {"frame_start": 1, "frame_end": count, "resolution": [256, 256], "samples": samples, "denoise": False}
    path = client.post("/api/v1/blender/render/animation", json=body).raise_for_status().headers["location"]
    done = client.get(path, params={"wait": 600}, timeout=660).raise_for_status().json()["result"]
    assert done["state"] == "succeeded", done


def listed(folder: Path, count: int) -> list[float]:
    """Return how long pages of 50 of so many jobs take, in milliseconds."""
    gateway = Gateway(folder, plugins="[adapters.freecad]\nenabled = false\n").start()
    gateway.stop()
    with sqlite3.connect(folder / "jobs" / "jobs.db") as connection:
        connection.executemany(
            "INSERT INTO jobs (id, application, session, method, owner, state, progress, created, finished, result) "
            "VALUES (?, 'blender', 'default', 'render.still', 'local', 'succeeded', '{}', 1, ?, ?)",
            [(f"{number:032x}", time.time(), '{"text":"' + "x" * 600 + '"}') for number in range(count)],
        )
    connection.close()
    gateway.start()
    times: list[float] = []
    try:
        with gateway.client() as client:
            for number in range(ROUNDS):
                query = {"limit": 50, "offset": number * count // ROUNDS, "state": "succeeded"}
                began = time.perf_counter()
                answer = client.get("/api/v1/jobs", params=query)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.json()["result"]["total"] == count
    finally:
        gateway.stop()
    return times


def main() -> int:
    """Print both; return 1 if one is beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cadgate-bench-") as name:
        one, two = (frames(Path(name) / str(each), each, given.frames, given.samples) for each in (1, 2))
        times = listed(Path(name) / "list", given.jobs)
    p95 = statistics.quantiles(times, n=20)[-1]
    ratio = two[0] / one[0]
    print(f"{given.frames} frames: one worker {one[0]:.1f} s, two {two[0]:.1f} s ({ratio:.0%}; at most {MOST:.0%})")
    print(f"processor time for them: {one[1]:.1f} s and {two[1]:.1f} s")
    print(f"a page of {given.jobs} jobs: p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms (at most {MOST_MS:g})")
    return int(ratio > MOST or p95 > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
