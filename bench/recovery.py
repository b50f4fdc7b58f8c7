"""How long the real applications are away after `kill -9`: from the kill to the first answered call.

python -m bench.recovery            # --objects 200,2000  --kills N  --adapters blender,freecad
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from cadgate.testing.gateway import Gateway, eventually

CREATE = {"blender": "primitives.cube", "freecad": "primitives.box"}
SPARE_SECONDS = 30


def children(gateway: Gateway, adapter: str) -> set[int]:
    """Processes of the adapter's session, whichever they are: their working folder is its workspace."""
    workspace = str(gateway.state_dir / "sessions" / adapter / "workspace")
    found: set[int] = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/cwd") == workspace:
                found.add(int(name))
        except OSError:
            continue
    return found


def times(gateway: Gateway, adapter: str, objects: int, kills: int, spares: int) -> list[float]:
    """Seconds of each of `kills` recoveries of a document with `objects` objects."""
    measured: list[float] = []
    with gateway.client(f"/api/v1/{adapter}") as api:
        have = api.get("/objects?limit=1").json()["result"]["total"]
        calls = [{"method": CREATE[adapter]}] * (objects - have)
        answer = api.post("/batch", json={"calls": calls})
        assert {each["status"] for each in answer.json()["result"]["results"]} == {"success"}, answer.text[:500]
        for _ in range(kills):
            pid = gateway.application_pid(adapter)
            if spares:
                # A spare that takes over must have been started: that is what is measured here.
                eventually(lambda: len(children(gateway, adapter)) > spares, seconds=SPARE_SECONDS, what="the spare")
                settle(children(gateway, adapter) - {pid})
            began = time.perf_counter()
            os.kill(pid, signal.SIGKILL)
            total = eventually(lambda: answered(api), seconds=60, what="the first answer")
            measured.append(time.perf_counter() - began)
            assert total == objects, f"{total} of {objects} objects came back"
    return measured


def answered(api: httpx.Client) -> int | None:
    answer = api.get("/objects?limit=1&fields=name")
    return answer.json()["result"]["total"] if answer.status_code == 200 else None


def settle(pids: set[int]) -> None:
    """Wait until these processes have stopped computing."""

    def used() -> tuple[int, ...]:
        return tuple(int(part) for pid in sorted(pids) for part in Path(f"/proc/{pid}/stat").read_text().split()[13:15])

    def at_rest() -> bool:
        before = used()
        time.sleep(0.3)
        return used() == before

    eventually(at_rest, seconds=SPARE_SECONDS, what="a spare at rest")


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", default="200,2000")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--adapters", default="blender,freecad")
    options = parser.parse_args()
    print("| application | objects | standbys | kills | p50 s | p95 s | max s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for spares in (1, 0):
        plugins = "".join(
            f"[adapters.{name}]\nrecovery_spares = {spares}\nworkers = 0\n" for name in ("blender", "freecad")
        )
        with tempfile.TemporaryDirectory() as folder:
            gateway = Gateway(Path(folder) / "state", plugins=plugins).start()
            try:
                for adapter in options.adapters.split(","):
                    for objects in map(int, options.objects.split(",")):
                        found = times(gateway, adapter, objects, options.kills, spares)
                        row = (statistics.median(found), percentile(found, 0.95), max(found))
                        print(
                            f"| {adapter} | {objects} | {spares} | {options.kills} | "
                            + " | ".join(f"{value:.2f}" for value in row)
                            + " |",
                            flush=True,
                        )
            finally:
                gateway.stop()


if __name__ == "__main__":
    main()
