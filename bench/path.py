"""`python -m bench.path`: what a request costs on its way, in processor time, which other jobs hardly change.

Ping, cube and box over REST, with `auth = "local"` and with a key, as multiples of what a FastAPI route costs that does
nothing. Several trees of the source (`--tree NAME=FOLDER`, git worktrees for instance) are measured by turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.http_client import HttpClient
from cadgate.security.keys import KeyFile
from tests.gateway import Gateway, eventually, free_port

ROOT = Path(__file__).parent.parent
CASES = {
    "ping": ("GET", "/health/blender", None, "blender"),
    "cube": ("POST", "/api/v1/blender/primitives/cube", {}, "blender"),
    "ping FreeCAD": ("GET", "/health/freecad", None, "freecad"),
    "box": ("POST", "/api/v1/freecad/primitives/box", {}, "freecad"),
}
LIST = {
    "list Blender": ("GET", "/api/v1/blender/objects?limit=1000", None, "blender"),
    "list FreeCAD": ("GET", "/api/v1/freecad/objects?limit=1000", None, "freecad"),
}


def nanoseconds(pid: int) -> int:
    """Processor time of all threads of a process, as the kernel's scheduler counts it."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())


def descendants(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


class Tree:
    """One tree of the source, with a gateway that runs from it."""

    def __init__(self, name: str, root: Path, folder: Path, auth: str) -> None:
        path = [root / "core" / "src", root / "adapters" / "blender" / "src", root / "adapters" / "freecad" / "src"]
        environment = {"PYTHONPATH": os.pathsep.join(map(str, path)), "CADGATE_AUTH": auth}
        self.name = name
        self.gateway = Gateway(folder, environment=environment)
        self.headers: dict[str, str] = {}
        if auth == "token":
            folder.mkdir(parents=True)
            text, _ = KeyFile(folder).create("bench")
            self.headers = {"Authorization": f"Bearer {text}"}

    def start(self) -> None:
        self.gateway.start(ready=False)
        self.client = self.connect()
        for name in ("blender", "freecad"):
            path = f"/health/{name}"
            eventually(lambda p=path: self.client.request("GET", p)[0] == 200, seconds=90, what=name)
        # In a sandbox, the process that the gateway knows is the sandbox's.
        self.applications = {name: descendants(self._pid(name)) for name in ("blender", "freecad")}

    def connect(self) -> HttpClient:
        return HttpClient(self.gateway.port, self.headers)

    def _pid(self, name: str) -> int:
        import json

        return int(json.loads(self.client.request("GET", f"/health/{name}")[1])["result"]["pid"])


class Bare:
    """The FastAPI route that does nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "bench.bare:app",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
        ]
        self.process = subprocess.Popen([*command, "--no-access-log", "--timeout-keep-alive", "3600"], cwd=ROOT)
        self.client = eventually(self._connect, what="uvicorn")

    def _connect(self) -> HttpClient | None:
        try:
            return HttpClient(self.port)
        except OSError:
            return None

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Figures:
    """Microseconds of each round: processor time of gateway and application, and the clock's for one request."""

    def __init__(self) -> None:
        self.gateway: list[float] = []
        self.application: list[float] = []
        self.clock: list[float] = []

    def add(self, count: int, gateway: int, application: int, clock: list[float]) -> None:
        self.gateway.append(gateway / count / 1000)
        self.application.append(application / count / 1000)
        self.clock.append(statistics.median(clock) * 1e6)


def round_of(count: int, ask: Callable[[], Any], gateway: int, application: list[int], into: Figures) -> None:
    clock: list[float] = []
    before = nanoseconds(gateway), sum(map(nanoseconds, application))
    for _ in range(count):
        began = time.perf_counter()
        ask()
        clock.append(time.perf_counter() - began)
    after = nanoseconds(gateway), sum(map(nanoseconds, application))
    into.add(count, after[0] - before[0], after[1] - before[1], clock)


def asking(client: HttpClient, verb: str, path: str, body: Any) -> Callable[[], None]:
    def ask() -> None:
        status, answer = client.request(verb, path, body)
        assert status in (200, 201), answer

    return ask


def throughput(make: Callable[[], HttpClient], verb: str, path: str, body: Any, seconds: float, clients: int) -> float:
    """Answers a second with several clients at a time, each a process of its own threads' worth of asking."""
    done = [0] * clients
    until = time.perf_counter() + seconds

    def run(number: int) -> None:
        ask = asking(make(), verb, path, body)
        while time.perf_counter() < until:
            ask()
            done[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(done) / seconds


def measure(trees: list[Tree], rounds: int, count: int, cases: dict[str, Any]) -> None:
    figures: defaultdict[tuple[str, str], Figures] = defaultdict(Figures)
    bare = Bare()
    for tree in trees:
        tree.start()
    try:
        for number in range(rounds + 1):
            kept = figures if number else defaultdict(Figures)  # the first round warms up
            ask = asking(bare.client, "POST", "/echo", {})
            round_of(count, ask, bare.process.pid, [], kept["FastAPI alone", "POST"])
            for label, (verb, path, body, application) in cases.items():
                for tree in trees:
                    client = tree.connect()  # one that was idle for long may be closed
                    ask = asking(client, verb, path, body)
                    round_of(count, ask, tree.gateway.pid, tree.applications[application], kept[tree.name, label])
                    client.close()
    finally:
        for tree in trees:
            tree.gateway.stop()
        bare.stop()
    show(figures)


def show(figures: dict[tuple[str, str], Figures]) -> None:
    alone = figures["FastAPI alone", "POST"]
    least = min(alone.gateway)
    middle = statistics.median(alone.clock)
    print(f"| {'µs a request':<36} | gateway | application | times FastAPI's | p50 by the clock | times |")
    print("| --- | --: | --: | --: | --: | --: |")
    for (name, label), each in sorted(figures.items(), key=lambda item: item[0][::-1]):
        gateway, application, clock = min(each.gateway), min(each.application), statistics.median(each.clock)
        times = (gateway + application) / least
        print(f"| {label + ', ' + name:<36} | {gateway:7.0f} | {application:11.0f} | {times:15.2f} ", end="")
        print(f"| {clock:16.0f} | {clock / middle:5.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.path", description=__doc__)
    parser.add_argument("--tree", action="append", default=[], help="NAME=FOLDER, another tree of the source")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="requests in a round")
    parser.add_argument("--auth", choices=("local", "token"), default="local")
    parser.add_argument("--case", action="append", help="only these")
    given = parser.parse_args()
    chosen = {label: each for label, each in CASES.items() if not given.case or label in given.case}
    named = [one.partition("=")[::2] for one in given.tree] + [("here", str(ROOT))]
    with tempfile.TemporaryDirectory(prefix="cadgate-path-") as folder:
        trees = [Tree(name, Path(root), Path(folder) / name, given.auth) for name, root in named]
        measure(trees, given.rounds, given.count, chosen)


if __name__ == "__main__":
    main()
