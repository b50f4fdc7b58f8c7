"""`python -m bench`: p50 and p99 of a ping, a cube and a box over HTTP, over the raw socket and by a direct call."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from bench.http_client import HttpClient, WireClient
from bench.rest import wait_for_rest
from cadgate.appserver import busy_poll
from cadgate.config.settings import Settings
from cadgate.plugins.discovery import discover
from cadgate.sessions.spawn import Launch, spawn
from tests.gateway import Gateway, eventually, free_port

CASES = {
    "blender": ("primitives/cube", "primitives.cube", "cadgate_blender.app.host", "BlenderHost"),
    "freecad": ("primitives/box", "primitives.box", "cadgate_freecad.app.host", "FreeCADHost"),
}
GROWTH = 2000
TURNS = 20

Row = tuple[str, list[float]]


def timed(count: int, work: Callable[[], Any]) -> list[float]:
    """Return the milliseconds of each of `count` runs, after a tenth as many unmeasured ones."""
    for _ in range(max(5, count // 10)):
        work()
    times: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return times


def over_http(client: HttpClient, path: str) -> Callable[[], None]:
    def create() -> None:
        status, body = client.request("POST", path, {})
        assert status == 201, body

    return create


def in_turns(count: int, works: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Return the milliseconds of `count` runs of each: a few of one, then of the next, so that a slower moment of the
    machine meets all of them.
    """
    times: dict[str, list[float]] = {label: timed(0, work) for label, work in works.items()}
    for _ in range(TURNS):
        for label, work in works.items():
            work()  # what comes after a turn of others is not measured
            for _ in range(max(1, count // TURNS)):
                began = time.perf_counter()
                work()
                times[label].append((time.perf_counter() - began) * 1000)
    return times


@contextlib.contextmanager
def bare() -> Generator[HttpClient]:
    """Yield a client of FastAPI alone."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen(command)
    try:
        client = eventually(lambda: _connect(port), what="uvicorn")
        yield client
        client.close()
    finally:
        server.terminate()
        server.wait(10)


def _connect(port: int) -> HttpClient | None:
    try:
        return HttpClient(port)
    except OSError:
        return None


def gateway_rows(count: int, folder: Path) -> list[Row]:
    gateway = Gateway(folder / "gateway").start()
    try:
        wait_for_rest(gateway.pid)
        client = HttpClient(gateway.port)
        creations = {name: over_http(client, f"/api/v1/{name}/{path}") for name, (path, *_) in CASES.items()}
        with bare() as alone:
            echo = {"FastAPI alone, POST": over_http(alone, "/echo")}
            works = {**echo, "GET /health": lambda: client.request("GET", "/health")}
            for name, (path, *_) in CASES.items():
                works[f"GET /health/{name}: ping"] = lambda n=name: client.request("GET", f"/health/{n}")
                works[f"POST {path}"] = creations[name]
            times = in_turns(count, works)
            works = dict(echo)
            for name, (path, *_) in CASES.items():
                have = json.loads(client.request("GET", f"/api/v1/{name}/objects?limit=1")[1])["result"]["total"]
                for _ in range(max(0, GROWTH - have)):
                    creations[name]()
                works[f"POST {path} at {GROWTH} objects"] = creations[name]
            for label, more in in_turns(count, works).items():
                times.setdefault(label, []).extend(more)
        client.close()
    finally:
        gateway.stop()
    return list(times.items())


def application_rows(count: int, folder: Path, name: str) -> list[Row]:
    """Measure the raw socket and the direct call, on a separate application without a gateway."""
    found = next(each for each in discover(Settings(state_dir=folder)) if each.name == name)
    assert found.adapter is not None
    launcher = found.adapter.launcher(found.settings)
    plan, options = launcher.plan(), launcher.options()
    _, method, module, host = CASES[name]
    model = next(iter_methods(found.adapter.package, method))
    params = model.wire_params(model.params())
    launch = Launch(
        plan=plan,
        package=found.adapter.package,
        client=found.adapter.client,
        folder=folder / name,
        log=folder / f"{name}.log",
        options=options,
        start_seconds=60,
        pool_size=1,
        journal=folder / name / "journal",
    )
    busy_poll.configure(Settings(state_dir=folder).busy_poll_seconds)  # of the application, as by a gateway
    spawned = spawn(launch, "bench")
    with os.fdopen(spawned.ready, "rb") as file:
        about = json.loads(file.read())
    wire = WireClient(about["port"], "bench")
    numbers = iter(range(10**9))
    raw = timed(count, lambda: wire.call(method, params, mutates=True, key=f"gw-{next(numbers)}"))
    ping = timed(count, lambda: wire.call("session.ping", {}))
    wire.close()
    os.close(spawned.lifeline)
    spawned.popen.wait(20)
    direct = direct_times(count, folder, list(plan.argv), module, host, method, params, options)
    return [(f"raw socket: ping {name}", ping), (f"raw socket: {method}", raw), (f"direct call: {method}", direct)]


def iter_methods(package: str, name: str) -> Any:
    from cadgate.contract.methods import Method
    from cadgate.plugins.contents import modules_of

    for found in modules_of(package):
        for value in vars(found).values():
            if isinstance(value, Method) and value.name == name:
                yield value


def direct_times(
    count: int,
    folder: Path,
    argv: list[str],
    module: str,
    host: str,
    method: str,
    params: dict[str, Any],
    options: dict[str, object],
) -> list[float]:
    import cadgate

    adapter = __import__(module.split(".")[0])
    output = folder / "direct.json"
    spec = {
        "path": [str(Path(str(each.__file__)).parent.parent) for each in (cadgate, adapter)],
        "module": module,
        "host": host,
        "method": method,
        "params": params,
        "settings": options,
        "count": count,
        "output": str(output),
    }
    entry = str(Path(__file__).with_name("direct.py"))
    command = [entry if each.endswith("entry.py") else each for each in argv]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "CADGATE_BENCH": json.dumps(spec)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return json.loads(output.read_text())


def show(rows: list[Row]) -> None:
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, {len(rows[0][1])} runs each; milliseconds\n")
    alone = statistics.median(rows[0][1])
    print(f"| {'what':<40} | {'p50':>7} | {'p99':>7} | {'times FastAPI alone':>19} |")
    print(f"| {'-' * 40} | {'-' * 6}: | {'-' * 6}: | {'-' * 18}: |")
    for label, times in rows:
        ordered = sorted(times)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        median = statistics.median(ordered)
        print(f"| {label:<40} | {median:7.3f} | {p99:7.3f} | {median / alone:19.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="runs of each case (default 1000)")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="cadgate-bench-") as name:
        folder = Path(name)
        rows = gateway_rows(count, folder)
        for adapter in CASES:
            rows += application_rows(count, folder, adapter)
    show(rows)


if __name__ == "__main__":
    main()
