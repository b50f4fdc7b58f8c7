"""`python -m bench.growth`: how the cost of routes grows with objects, vertices or faces, and the age of a session.

Times are the work of the application's main thread; for files and pictures, which workers make, wall-clock times.
Prints the exponent of each (0: constant, 1: linear, 2: quadratic) and fails above its limit.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import math
import os
import platform
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.rest import wait_for_rest
from cadgate.appserver.busy_poll import DEFAULT_SECONDS
from tests.gateway import Gateway, innermost

ONE, MANY = 0.15, 1.15
"""The largest exponents: for operations on one object, and for operations on everything that is measured."""


PATIENT = {"X-Deadline-Ms": "300000"}
"""The limit for what loads a whole session, on a busy machine."""


@dataclass
class Row:
    """Seconds of one route at each size, the least of some rounds: other load on the machine only adds."""

    what: str
    sizes: Sequence[int]
    seconds: list[float]
    limit: float | None
    since: int = 0
    """The size from which growth counts; below it, the round trip is the greater part."""

    @property
    def exponent(self) -> float:
        first = next(place for place, size in enumerate(self.sizes) if size >= self.since)
        return math.log(self.seconds[-1] / self.seconds[first]) / math.log(self.sizes[-1] / self.sizes[first])

    @property
    def passes(self) -> bool:
        return self.limit is None or self.exponent <= self.limit


class Scene:
    """A session of Blender behind a gateway."""

    def __init__(
        self,
        client: httpx.Client,
        clock: Callable[[], float] = time.perf_counter,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._clock = clock
        self.rest = rest
        """Waits until nothing is done in the background, such as a snapshot: wall-clock times have that in them."""

    def seconds(self, work: Callable[[], Any], *, in_worker: bool = False) -> float:
        """Return what one piece of work takes; for a worker, the wall-clock time."""
        clock = time.perf_counter if in_worker else self._clock
        began = clock()
        work()
        return clock() - began

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self._client.request(method, path, json=body, **options)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.text}")
        return answer

    def fill(self, count: int) -> None:
        """Add cubes until there are `count` objects."""
        have = json.loads(self.send("GET", "/objects?limit=1").content)["result"]["total"]
        calls = [
            {"method": "primitives.cube", "params": {"location": [3 * (n % 50), 3 * (n // 50), 0]}}
            for n in range(have, count)
        ]
        for begin in range(0, len(calls), 1000):
            self.send("POST", "/batch", {"calls": calls[begin : begin + 1000]})

    def clear(self) -> None:
        self.send("DELETE", "/scene")

    def age(self, undos: int) -> None:
        for _ in range(undos):
            self.send("POST", "/primitives/cube", {})
            self.send("POST", "/undo", {}, headers=PATIENT)


def work_of(pid: int) -> Callable[[], float]:
    """Return a clock of the main thread's processor time: it stands still while others have the processor.

    The kernel brings it up to date when the thread stops, so it is read once the thread waits for the next call. For an
    application in a sandbox the gateway knows the sandbox's process; this measures the one inside. The application does
    not poll after a call that it has waited for longer than that.
    """
    inner = innermost(pid)

    def clock() -> float:
        time.sleep(2 * DEFAULT_SECONDS)
        while Path(f"/proc/{inner}/stat").read_text().rpartition(")")[2].split()[0] == "R":
            pass
        return int(Path(f"/proc/{inner}/schedstat").read_text().split()[0]) / 1e9

    return clock


def parents() -> dict[int, int]:
    """Return every process and its parent."""
    found: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def _export(scene: Scene, format: str) -> Callable[[], Any]:
    return lambda: scene.send("POST", "/export", {"format": format, "objects": ["One"]})


def one_object(scene: Scene, counts: Sequence[int], rounds: int, age: int, *, files: bool = True) -> list[Row]:
    """Measure operations on one object, among `counts` of them."""
    send = scene.send
    instead = {"on_conflict": "replace"}
    solid = {"type": "solidify", "name": "Thick", "thickness": 0.25}
    steps: list[tuple[str, Callable[[], Any], float | None]] = [
        ("create", lambda: send("POST", "/primitives/cube", {"name": "One", **instead}), ONE),
        ("create text", lambda: send("POST", "/primitives/text", {"text": "Hello", "name": "Word", **instead}), ONE),
        ("get", lambda: send("GET", "/objects/One"), ONE),
        ("move", lambda: send("PATCH", "/objects/One", {"location": [0, 0, 3]}), ONE),
        (
            "duplicate",
            lambda: send("POST", "/objects/One/duplicate", {"name": "Two", "location": [0.5, 0, 3], **instead}),
            ONE,
        ),
        ("add a modifier", lambda: send("POST", "/objects/One/modifiers", solid), ONE),
        ("apply a modifier", lambda: send("POST", "/objects/One/modifiers/Thick/apply"), ONE),
        ("boolean", lambda: send("POST", "/objects/Two/boolean", {"object": "One", "operation": "union"}), ONE),
        ("delete", lambda: send("DELETE", "/objects/Two"), ONE),
        ("delete text", lambda: send("DELETE", "/objects/Word"), ONE),
    ]
    own = len(steps)

    def undo() -> None:
        send("POST", "/undo", {}, headers=PATIENT)
        send("GET", "/objects?limit=1")

    if files:
        steps += [
            ("export as stl", _export(scene, "stl"), ONE),
            ("export as glb", _export(scene, "glb"), ONE),
            ("preview", lambda: send("GET", "/render/preview?width=64&objects=One"), ONE),
        ]
    found: dict[str, list[float]] = {what: [] for what, _, _ in steps}
    scene.clear()
    scene.age(age)
    for count in counts:
        scene.fill(count)
        # Apart from each other: workers that write files push what Blender works with out of the processor's caches.
        for part, in_worker in ((steps[:own], False), (steps[own:], True)):
            if in_worker and part:
                scene.rest()
            times = [[scene.seconds(work, in_worker=in_worker) for _, work, _ in part] for _ in range(rounds)]
            for (what, _, _), least in zip(part, map(min, zip(*times, strict=True)), strict=True):
                found[what].append(least)
        if files:
            # It loads a snapshot of the whole session, and what was known of it is determined again afterwards.
            found.setdefault("undo, and the next call", []).append(min(scene.seconds(undo) for _ in range(rounds)))
    steps += [("undo, and the next call", undo, None)] if files else []
    suffix = f", after {age} undos" if age else ""
    return [Row(f"one object: {what}{suffix}", counts, found[what], limit) for what, _, limit in steps]


def all_objects(scene: Scene, counts: Sequence[int], rounds: int, age: int) -> list[Row]:
    """Measure operations on all objects."""
    found: dict[str, list[float]] = {"list": [], "clear": []}
    scene.clear()
    scene.fill(100)
    scene.age(age)
    for count in counts:
        listed: list[float] = []
        cleared: list[float] = []
        for _ in range(rounds):
            scene.fill(count)
            listed.append(scene.seconds(lambda: scene.send("GET", "/objects?limit=10000")))
            cleared.append(scene.seconds(scene.clear))
        found["list"].append(min(listed))
        found["clear"].append(min(cleared))
    suffix = f", after {age} undos" if age else ""
    return [Row(f"all objects: {what}{suffix}", counts, times, MANY, since=100) for what, times in found.items()]


def vertices(scene: Scene, sizes: Sequence[int], rounds: int) -> list[Row]:
    """Measure meshes of about that many vertices, or texts of a hundredth as many letters."""

    def side(size: int) -> int:
        return max(4, round(math.sqrt(size)))

    def raw(size: int) -> bytes:
        points = array("f", (value for n in range(size) for value in (n, n % 7, n % 5)))
        corners = array("I", (number for n in range(size - 2) for number in (n, n + 1, n + 2)))
        head = b"CGM1" + array("I", [size, size - 2, len(corners)]).tobytes()
        return head + points.tobytes() + (array("I", [3]) * (size - 2)).tobytes() + corners.tobytes()

    turns = itertools.count(1)

    def primitive(kind: str, extent: str, of: Callable[[int], dict[str, Any]]) -> Callable[[int], Callable[[], Any]]:
        # Each of another extent: small geometry is remembered, and the second of its kind costs next to nothing.
        return lambda size: (
            lambda: scene.send("POST", f"/primitives/{kind}", {**of(size), extent: 1 + next(turns) / 1000})
        )

    def upload(size: int) -> Callable[[], Any]:
        body, headers = raw(size), {"Content-Type": "application/octet-stream"}
        return lambda: scene.send("POST", "/meshes", content=body, headers=headers)

    kinds: list[tuple[str, Callable[[int], Callable[[], Any]]]] = [
        ("raw arrays", upload),
        ("sphere", primitive("sphere", "radius", lambda size: {"segments": side(size), "rings": side(size)})),
        ("cylinder", primitive("cylinder", "radius", lambda size: {"vertices": size // 2})),
        ("cone", primitive("cone", "radius1", lambda size: {"vertices": size - 1})),
        ("filled circle", primitive("circle", "radius", lambda size: {"vertices": size, "fill": True})),
        ("torus", primitive("torus", "major_radius", lambda n: {"major_segments": side(n), "minor_segments": side(n)})),
        ("grid", primitive("grid", "size", lambda size: {"x_subdivisions": side(size), "y_subdivisions": side(size)})),
        ("text, a letter for 100", primitive("text", "size", lambda size: {"text": ("a word " * 1500)[: size // 100]})),
    ]
    found: dict[str, list[float]] = {what: [] for what, _ in kinds}
    scene.clear()
    for size in sizes:
        works = [(what, make(size)) for what, make in kinds]
        times: dict[str, list[float]] = {what: [] for what, _ in kinds}
        for _ in range(rounds):
            for what, work in works:
                times[what].append(scene.seconds(work))
            scene.clear()
        for what, each in times.items():
            found[what].append(min(each))
    return [Row(f"vertices: {what}", sizes, times, MANY, since=10_000) for what, times in found.items()]


def show(rows: Sequence[Row]) -> None:
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores; milliseconds, the least of some rounds\n")
    for sizes in dict.fromkeys(tuple(row.sizes) for row in rows):
        print(f"| {'what':<46} | {' | '.join(f'{size:>9,}' for size in sizes)} | exponent |  limit |")
        print(f"| {'-' * 46} | {' | '.join('-' * 8 + ':' for _ in sizes)} | -------: | -----: |")
        for row in (each for each in rows if tuple(each.sizes) == sizes):
            times = " | ".join(f"{1000 * each:9.2f}" for each in row.seconds)
            limit = "" if row.limit is None else f"{row.limit:.2f}"
            print(f"| {row.what:<46} | {times} | {row.exponent:8.2f} | {limit:>6} |{'' if row.passes else ' FAILS'}")
        print()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds at each size (default 9)")
    parser.add_argument("--age", type=int, default=500, help="undos that age the second session (default 500)")
    parser.add_argument("--short", action="store_true", help="up to 1,000 objects and 100,000 vertices, age 100")
    parser.add_argument("--adapter", choices=("blender", "freecad", "both"), default="both")
    options = parser.parse_args()
    age = min(options.age, 100) if options.short else options.age
    counts = (10, 100, 1000) if options.short else (10, 100, 1000, 4000)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="cadgate-growth-") as folder:
        gateway = Gateway(Path(folder)).start()
        try:
            if options.adapter != "freecad":
                sizes = tuple(10**power for power in range(2, 6 if options.short else 7))
                with gateway.client("/api/v1/blender") as client:
                    pid = gateway.application_pid("blender")
                    scene = Scene(client, work_of(pid), lambda: wait_for_rest(pid))
                    rows += vertices(scene, sizes, options.rounds)
                    for each in dict.fromkeys((0, age)):
                        rows += one_object(scene, counts, options.rounds, each)
                        rows += all_objects(scene, counts, options.rounds, each)
            if options.adapter != "blender":
                from bench import growth_freecad

                rows += growth_freecad.measured(gateway, counts, options.rounds, age, short=options.short)
        finally:
            gateway.stop()
    show(rows)
    return 0 if all(row.passes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
