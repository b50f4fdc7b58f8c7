"""What the sandbox costs: starts, calls, renders and exports, with and without it, by turns in one run.

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

from cadgate.config import Settings
from cadgate.plugins.discovery import discover
from cadgate.sessions.process import KILL_SECONDS, ApplicationProcess
from cadgate.sessions.sandbox import require, sandbox_for
from cadgate.sessions.spawn import Launch
from cadgate.settings import AdapterSettings
from cadgate.testing.gateway import Gateway

ADAPTERS = ("blender", "freecad")
WAYS = ("none", "bubblewrap")
CALLS_A_TURN = 25

Times = dict[str, list[float]]


def start_seconds(name: str, way: str, folder: Path) -> float:
    """Start one application as the gateway does, and end it: seconds until it takes calls."""
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

    async def started() -> float:
        began = time.perf_counter()
        process = await ApplicationProcess.launch(launch, lambda _method, _params: None)
        seconds = time.perf_counter() - began
        process.kill()
        await process.client.disconnect()
        await asyncio.wait([process.exited], timeout=KILL_SECONDS)
        return seconds

    return asyncio.run(started())


def cases(client: httpx.Client) -> dict[str, tuple[int, Callable[[], httpx.Response]]]:
    """What is asked of a gateway, and how often in each turn."""
    picture = {"resolution": [320, 240], "samples": 8, "engine": "cycles"}

    def post(path: str, body: dict[str, Any]) -> Callable[[], httpx.Response]:
        return lambda: client.post(f"/api/v1/{path}", json=body)

    return {
        "Blender: ping": (CALLS_A_TURN, lambda: client.get("/health/blender")),
        "FreeCAD: ping": (CALLS_A_TURN, lambda: client.get("/health/freecad")),
        "Blender: create a cube": (CALLS_A_TURN, post("blender/primitives/cube", {})),
        "FreeCAD: create a box": (CALLS_A_TURN, post("freecad/primitives/box", {})),
        "Blender: render by Cycles, 320x240": (1, post("blender/render", picture)),
        "Blender: preview": (1, lambda: client.get("/api/v1/blender/render/preview", params={"width": 320})),
        "Blender: export GLB by a worker": (1, post("blender/export", {"format": "glb"})),
        "FreeCAD: export STEP by a worker": (1, post("freecad/export", {"format": "step"})),
    }


def ask(count: int, work: Callable[[], httpx.Response]) -> list[float]:
    """Seconds of each of `count` answers."""
    measured: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        answer = work()
        measured.append(time.perf_counter() - began)
        assert answer.is_success, answer.text
    return measured


def measure(turns: int, folder: Path) -> dict[str, Times]:
    """The times of each case, for each way."""
    found: dict[str, Times] = {}
    for turn in range(-1, min(turns, 10)):
        for name in ADAPTERS:
            for way in WAYS:
                seconds = start_seconds(name, way, folder / "starts")
                if turn >= 0:  # the first reads the files from the disk
                    found.setdefault(f"{name}: start", {}).setdefault(way, []).append(seconds)
    gateways = {
        way: Gateway(folder / way, plugins="".join(f'[adapters.{name}]\nsandbox = "{way}"\n' for name in ADAPTERS))
        for way in WAYS
    }
    try:
        asked = {way: cases(gateway.start().client()) for way, gateway in gateways.items()}
        for turn in range(-1, turns):
            for case in asked[WAYS[0]]:
                for way in WAYS if turn % 2 else reversed(WAYS):
                    measured = ask(*asked[way][case])
                    if turn >= 0:
                        found.setdefault(case, {}).setdefault(way, []).extend(measured)
    finally:
        for gateway in gateways.values():
            if gateway.running:
                gateway.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    count: int = parser.parse_args().count
    require()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(count, Path(folder))
    print("| ms | lowest: without | in the sandbox | | p50: without | in the sandbox | |\n" + "| --- " * 7 + "|")
    for case, times in found.items():
        cells = [case]
        for pick in (min, statistics.median):
            without, within = (pick(times[way]) * 1000 for way in WAYS)
            cells += [f"{without:.2f}", f"{within:.2f}", f"{within / without - 1:+.1%}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
