"""How long changes wait for the snapshots that shorten the log: written by copies of the applications, or without.

python -m bench.stalls              # --objects 2000  --seconds N  --adapters blender,freecad  --rounds N
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import httpx

from bench.recovery import CREATE, percentile
from cadgate.testing.gateway import Gateway

WITHOUT = """
from cadgate.appserver.recovery import Recovery
Recovery.shorten = lambda self, because, told: self.snapshot_if_possible(because)
"""
REST = 4
"""Seconds after the start in which spares come up and the snapshot of the first objects is taken."""


def run(api: httpx.Client, method: str, params: dict[str, object] | None = None, times: int = 1) -> list[str]:
    """Make calls in a batch; the names of what they made."""
    answer = api.post("/batch", json={"calls": [{"method": method, "params": params or {}}] * times})
    results = answer.json()["result"]["results"]
    assert {each["status"] for each in results} == {"success"}, answer.text[:500]
    return [each["result"].get("name", "") for each in results]


def waits(api: httpx.Client, adapter: str, objects: int, seconds: float) -> list[float]:
    """Seconds of every change, one after the other: nineteen times something moves, then something is made."""
    moved = run(api, CREATE[adapter], times=objects)[0]
    time.sleep(REST)
    path = "/" + CREATE[adapter].replace(".", "/")
    measured: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        if len(measured) % 20 == 19:
            answer = api.post(path, json={})
        else:
            answer = api.patch(f"/objects/{moved}", json={"location": [len(measured), 0, 0]})
        measured.append(time.perf_counter() - began)
        assert answer.is_success, answer.text
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--adapters", default="blender,freecad")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print("| application | snapshots by | changes | snapshots | p50 ms | p99 ms | longest ms |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for adapter in options.adapters.split(","):
        plugins = "".join(
            f"[adapters.{name}]\nenabled = {str(name == adapter).lower()}\nworkers = 0\n"
            for name in ("blender", "freecad")
        )
        for copies in (True, False) * options.rounds:
            with tempfile.TemporaryDirectory() as folder:
                gateway = Gateway(Path(folder) / "state", plugins=plugins).start()
                try:
                    with gateway.client(f"/api/v1/{adapter}") as api:
                        if not copies:
                            run(api, "session.execute", {"code": WITHOUT})
                        found = waits(api, adapter, options.objects, options.seconds)
                    journal = gateway.state_dir / "sessions" / adapter / "journal"
                    taken = max(int(path.name[4:]) for path in journal.glob("gen-*"))
                finally:
                    gateway.stop()
            row = [percentile(found, 0.5), percentile(found, 0.99), max(found)]
            print(
                f"| {adapter} | {'a copy' if copies else 'the application'} | {len(found)} | {taken} | "
                + " | ".join(f"{value * 1000:.1f}" for value in row)
                + " |",
                flush=True,
            )


if __name__ == "__main__":
    main()
