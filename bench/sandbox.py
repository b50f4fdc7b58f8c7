"""What the sandbox costs: starts, calls, renders and exports, with and without it, alternating in one run.

python -m bench.sandbox            # --count N: turns of each case, 20 without it
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from bench.rest import cpu_seconds
from cadgate.config.settings import Settings
from cadgate.contract.settings import AdapterSettings
from cadgate.plugins.discovery import discover
from cadgate.sessions.process import KILL_SECONDS, ApplicationProcess
from cadgate.sessions.sandbox import require, sandbox_for
from cadgate.sessions.spawn import Launch
from cadgate.testing.gateway import Gateway

ADAPTERS = ("blender", "freecad")
WAYS = ("none", "bubblewrap")
CALLS_A_TURN = 25

Times = dict[str, list[float]]


def start(name: str, way: str, folder: Path) -> tuple[float, float]:
    """Start one application as the gateway does, and end it; return seconds until it takes calls, elapsed and CPU."""
    found = next(
        each for each in discover(Settings(state_dir=folder, adapters={name: {"sandbox": way}})) if each.name == name
    )
    assert found.adapter is not None
    assert isinstance(found.settings, AdapterSettings)
    launcher: Any = found.adapter.launcher(found.settings)
    launch = Launch(
        plan=launcher.plan(),
        package=found.adapter.package,
        client=found.adapter.client,
        folder=folder / way / name,
        log=folder / way / f"{name}.log",
        options=launcher.options(),
        start_seconds=60,
        pool_size=1,
        sandbox=sandbox_for(found.settings, folder, ()),
    )

    async def started() -> tuple[float, float]:
        began = time.perf_counter()
        process = await ApplicationProcess.launch(launch, lambda _method, _params: None)
        seconds = time.perf_counter() - began, cpu_seconds(process.pid)
        process.kill()
        await process.client.disconnect()
        await asyncio.wait([process.exited], timeout=KILL_SECONDS)
        return seconds

    return asyncio.run(started())


def cases(client: httpx.Client) -> dict[str, tuple[int, Callable[[], httpx.Response]]]:
    """Return the requests to a gateway, and how often each is sent in a turn."""
    picture = {"resolution": [160, 120], "samples": 8, "engine": "cycles"}

    def post(path: str, body: dict[str, Any]) -> Callable[[], httpx.Response]:
        return lambda: client.post(f"/api/v1/{path}", json=body)

    return {
        "Blender: ping": (CALLS_A_TURN, lambda: client.get("/health/blender")),
        "FreeCAD: ping": (CALLS_A_TURN, lambda: client.get("/health/freecad")),
        "Blender: create a cube": (CALLS_A_TURN, post("blender/primitives/cube", {})),
        "FreeCAD: create a box": (CALLS_A_TURN, post("freecad/primitives/box", {})),
        "Blender: render by Cycles, 160x120": (1, post("blender/render", picture)),
        "Blender: preview": (1, lambda: client.get("/api/v1/blender/render/preview", params={"width": 320})),
        "Blender: export GLB by a worker": (1, post("blender/export", {"format": "glb"})),
        "FreeCAD: export STEP by a worker": (1, post("freecad/export", {"format": "step"})),
    }


def ask(count: int, work: Callable[[], httpx.Response]) -> list[float]:
    """Return the seconds that each of `count` answers took."""
    measured: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        answer = work()
        measured.append(time.perf_counter() - began)
        assert answer.is_success, answer.text
    return measured


def measure(turns: int, folder: Path) -> tuple[dict[str, Times], dict[str, Times]]:
    """Return the times of each case, with and without sandbox: elapsed, and CPU."""
    found: dict[str, Times] = {}
    used: dict[str, Times] = {}
    for turn in range(-1, min(turns, 10)):
        for name in ADAPTERS:
            for way in WAYS:
                seconds, cpu = start(name, way, folder / "starts")
                if turn >= 0:  # the first reads the files from the disk
                    found.setdefault(f"{name}: start", {}).setdefault(way, []).append(seconds)
                    used.setdefault(f"{name}: start", {}).setdefault(way, []).append(cpu)
    gateways = {
        way: Gateway(folder / way, plugins="".join(f'[adapters.{name}]\nsandbox = "{way}"\n' for name in ADAPTERS))
        for way in WAYS
    }
    try:
        asked = {way: cases(gateway.start().client()) for way, gateway in gateways.items()}
        for turn in range(-1, turns):
            for case in asked[WAYS[0]]:
                for way in WAYS if turn % 2 else reversed(WAYS):
                    before = cpu_seconds(gateways[way].pid)
                    measured = ask(*asked[way][case])
                    cpu = cpu_seconds(gateways[way].pid) - before
                    if turn >= 0:
                        used.setdefault(case, {}).setdefault(way, []).append(cpu / len(measured))
                        found.setdefault(case, {}).setdefault(way, []).extend(measured)
    finally:
        for gateway in gateways.values():
            if gateway.running:
                gateway.stop()
    return found, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    count: int = parser.parse_args().count
    require()
    with tempfile.TemporaryDirectory() as folder:
        found, used = measure(count, Path(folder))
    print("| ms | p50: without | in it | | lowest: without | in it | | CPU: without | in it | |")
    print("| --- " * 10 + "|")
    for case, times in found.items():
        cells = [case]
        for pick, of in ((statistics.median, times), (min, times), (statistics.median, used[case])):
            if min(min(of[way]) for way in WAYS) < 0:
                cells += ["", "", ""]  # a worker ended meanwhile, and took what it had used out of the sum
                continue
            without, within = (pick(of[way]) * 1000 for way in WAYS)
            cells += [f"{without:.2f}", f"{within:.2f}", f"{within / without - 1:+.1%}" if without else ""]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
