"""`python -m bench.path`: what a request costs in processor time, which other work hardly affects.

Ping, cube and box over REST, with `auth = "local"` and with a key, as multiples of the cost of a FastAPI route that
does nothing. Several source trees (`--tree NAME=FOLDER`, for instance git worktrees) are measured in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from bench.http_client import HttpClient
from cadgate.security.keys import KeyFile
from tests.gateway import Gateway, eventually, free_port

ROOT = Path(__file__).parent.parent
Case = tuple[str, str, Any, str]
ALONE: Case = ("POST", "/echo", {}, "")
CASES: dict[str, Case] = {
    "ping": ("GET", "/health/blender", None, "blender"),
    "cube": ("POST", "/api/v1/blender/primitives/cube", {}, "blender"),
    "ping FreeCAD": ("GET", "/health/freecad", None, "freecad"),
    "box": ("POST", "/api/v1/freecad/primitives/box", {}, "freecad"),
}
LISTS: dict[str, Case] = {
    "list Blender": ("GET", "/api/v1/blender/objects?limit=1000", None, "blender"),
    "list FreeCAD": ("GET", "/api/v1/freecad/objects?limit=1000", None, "freecad"),
}


def nanoseconds(pid: int) -> int:
    """Return the processor time of all threads of a process, as the kernel's scheduler counts it."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())


def descendants(pid: int) -> list[int]:
    """Return a process and everything that it started."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


class Tree:
    """One source tree, with a gateway that runs from it."""

    def __init__(self, name: str, root: Path, folder: Path, auth: str) -> None:
        path = [root / "core" / "src", root / "adapters" / "blender" / "src", root / "adapters" / "freecad" / "src"]
        environment = {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "CADGATE_AUTH": auth,
            "CADGATE_BUSY_POLL_SECONDS": "0",
        }
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
        self.pid = self.gateway.pid
        self.applications = {name: descendants(self._pid(name)) for name in ("blender", "freecad")}

    def connect(self) -> HttpClient:
        return HttpClient(self.gateway.port, self.headers)

    def stop(self) -> None:
        if self.gateway.running:
            self.gateway.stop()

    def _pid(self, name: str) -> int:
        return int(json.loads(self.client.request("GET", f"/health/{name}")[1])["result"]["pid"])


class Bare:
    """The FastAPI route that does nothing."""

    name = "FastAPI alone, POST"
    applications: ClassVar[dict[str, list[int]]] = {}

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
        self.pid = self.process.pid
        eventually(self._listens, what="uvicorn")

    def _listens(self) -> bool:
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def connect(self) -> HttpClient:
        return HttpClient(self.port)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Figures:
    """Microseconds per request, for each round: processor time of gateway and application, and elapsed time."""

    def __init__(self) -> None:
        self.gateway: list[float] = []
        self.application: list[float] = []
        self.clock: list[float] = []


def round_of(
    count: int, clients: list[HttpClient], case: Case, gateway: int, application: list[int], into: Figures
) -> None:
    """Let the clients send requests, `count` in all."""
    verb, path, body, _ = case

    def ask(client: HttpClient) -> None:
        for _ in range(count // len(clients)):
            status, answer = client.request(verb, path, body)
            assert status in (200, 201), answer

    before, began = (nanoseconds(gateway), sum(map(nanoseconds, application))), time.perf_counter()
    if len(clients) == 1:
        ask(clients[0])
    else:
        with ThreadPoolExecutor(len(clients)) as threads:
            list(threads.map(ask, clients))
    into.clock.append((time.perf_counter() - began) * 1e6 / count)
    into.gateway.append((nanoseconds(gateway) - before[0]) / count / 1000)
    into.application.append((sum(map(nanoseconds, application)) - before[1]) / count / 1000)


def fill(tree: Tree) -> None:
    """Create 1000 objects in each application."""
    for _, path, _, _ in (CASES["cube"], CASES["box"]):
        base, _, method = path.partition("/primitives/")
        calls = [{"method": f"primitives.{method}"}] * 1000
        status, answer = tree.connect().request("POST", f"{base}/batch", {"calls": calls})
        assert status == 200, answer


def measure(trees: list[Tree], rounds: int, count: int, clients: int, cases: dict[str, Case]) -> None:
    figures: defaultdict[tuple[str, str], Figures] = defaultdict(Figures)
    bare = Bare()
    try:
        for tree in trees:
            tree.start()
            if cases.keys() & LISTS.keys():
                fill(tree)
        for number in range(rounds + 1):
            # The first round warms up.
            kept: defaultdict[tuple[str, str], Figures] = figures if number else defaultdict(Figures)
            asked: dict[str, Case] = {"": ALONE, **cases}
            for label, case in asked.items():
                for tree in trees if label else [bare]:
                    # A connection that was idle for long may be closed.
                    connected = [tree.connect() for _ in range(clients)]
                    application = tree.applications.get(case[3], [])
                    round_of(count, connected, case, tree.pid, application, kept[tree.name, label])
                    for each in connected:
                        each.close()
    finally:
        for tree in trees:
            tree.stop()
        bare.stop()
    show(figures)


def show(figures: dict[tuple[str, str], Figures]) -> None:
    alone = figures[Bare.name, ""]
    least, middle = min(alone.gateway), statistics.median(alone.clock)
    print(f"| {'µs a request':<32} | gateway | application | times FastAPI's | median by the clock | times |")
    print("| --- | --: | --: | --: | --: | --: |")
    for (name, label), each in sorted(figures.items(), key=lambda item: item[0][::-1]):
        gateway, application, clock = min(each.gateway), min(each.application), statistics.median(each.clock)
        times = (gateway + application) / least
        shown = f"{label}, {name}" if label else name
        print(f"| {shown:<32} | {gateway:7.0f} | {application:11.0f} | {times:15.2f} ", end="")
        print(f"| {clock:19.0f} | {clock / middle:5.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.path", description=__doc__)
    parser.add_argument("--tree", action="append", default=[], help="NAME=FOLDER, another tree of the source")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="requests in a round")
    parser.add_argument("--auth", choices=("local", "token"), default="local")
    parser.add_argument("--clients", type=int, default=1, help="clients that send requests at the same time")
    parser.add_argument("--lists", action="store_true", help="lists of 1000 objects instead")
    given = parser.parse_args()
    cases = LISTS if given.lists else CASES
    named = [one.partition("=")[::2] for one in given.tree] + [("here", str(ROOT))]
    with tempfile.TemporaryDirectory(prefix="cadgate-path-") as folder:
        trees = [Tree(name, Path(root), Path(folder) / name, given.auth) for name, root in named]
        measure(trees, given.rounds, given.count, given.clients, cases)


if __name__ == "__main__":
    main()
