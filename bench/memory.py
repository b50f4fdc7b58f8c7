"""`python -m bench.memory`: the memory of the gateway, the applications and their workers after long work.

Each kind of work is done in three thirds. Caches (answers, the journal) fill in the first; after that, no process may
grow beyond noise. `--short` does a twentieth of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from bench.growth import parents
from tests.gateway import Gateway, eventually, innermost

NOISE = 16.0
"""MiB by which a process may grow in the last two thirds; allocators return memory late."""
FILES = 8
"""The same for open files."""
MOMENT = 0.3
"""For so many seconds no process may come or go before they are looked at."""

TEXTURED = """
import bpy
image = bpy.data.images.new("Picture", 256, 256)
image.pixels.foreach_set([value / 65536 for value in range(65536) for _ in range(4)])
image.pack()
material = bpy.data.materials.new("Painted")
material.use_nodes = True
picture = material.node_tree.nodes.new("ShaderNodeTexImage")
picture.image = image
shader = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
material.node_tree.links.new(picture.outputs["Color"], shader.inputs["Base Color"])
bpy.data.objects["Painted"].data.materials.append(material)
None
"""

CODE = """
import bpy
mesh = bpy.data.meshes.new("Passing")
mesh.from_pydata([(n, n % 7, n % 5) for n in range(3000)], [], [(n, n + 1, n + 2) for n in range(2998)])
bpy.data.meshes.remove(mesh)
None
"""


@dataclass
class Process:
    """The memory of one process, or of several of a kind together, at four points in time."""

    what: str
    who: str
    mebibytes: list[float]
    files: list[int]

    @property
    def passes(self) -> bool:
        return self.mebibytes[3] - self.mebibytes[1] <= NOISE and self.files[3] - self.files[1] <= FILES


class Work:
    """Requests to the routes of one application, repeated."""

    def __init__(self, gateway: Gateway, adapter: str, client: httpx.Client) -> None:
        self.gateway, self.adapter, self.client = gateway, adapter, client

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self.client.request(method, path, json=body, **options)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.text}")
        return answer

    def execute(self, code: str) -> None:
        with connect(f"ws://127.0.0.1:{self.gateway.port}/ws/{self.adapter}") as socket:
            socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
            while (message := json.loads(socket.recv(timeout=60)))["type"] != "result":
                pass
        if message["status"] != "success":
            raise RuntimeError(message)

    def export(self, format: str) -> str:
        return str(self.send("POST", "/export", {"format": format}).json()["result"]["artifact"]["id"])

    def create_and_delete(self, kind: str) -> Callable[[int], None]:
        def once(number: int) -> None:
            self.send("POST", f"/primitives/{kind}", {"name": "Passing"})
            self.send("DELETE", "/objects/Passing")

        return once

    def take(self, artifact: str, every: int, clear: Callable[[], Any]) -> Callable[[int], None]:
        def once(number: int) -> None:
            self.send("POST", "/import", {"artifact": artifact})
            if number % every == every - 1:
                clear()

        return once


def blender(work: Work, part: float) -> list[tuple[str, int, Callable[[int], Any]]]:
    send = work.send
    send("DELETE", "/scene")
    send("POST", "/primitives/cube", {"name": "Painted"})
    work.execute(TEXTURED)
    painted = work.export("glb")
    return [
        ("previews", round(300 * part), lambda _: send("GET", "/render/preview?width=64")),
        ("creations and deletions", round(10_000 * part), work.create_and_delete("cube")),
        ("imports with a texture", round(1000 * part), work.take(painted, 10, lambda: send("DELETE", "/scene"))),
        ("executed code", round(1000 * part), lambda _: work.execute(CODE)),
    ]


def freecad(work: Work, part: float) -> list[tuple[str, int, Callable[[int], Any]]]:
    send = work.send

    def anew() -> None:
        for each in send("GET", "/documents").json()["result"]["documents"]:
            send("DELETE", f"/documents/{each['name']}")
        send("POST", "/documents", {"name": "Work"})

    anew()
    send("POST", "/primitives/box", {"name": "Block"})
    block = work.export("step")
    return [
        ("creations and deletions", round(10_000 * part), work.create_and_delete("box")),
        ("exports", round(300 * part), lambda _: send("POST", "/export", {"format": "step"})),
        ("imports", round(300 * part), work.take(block, 10, anew)),
    ]


def below(gateway: Gateway) -> set[int]:
    """Return the processes of the gateway and everything that it started."""
    above = parents()
    found: set[int] = set()
    for pid in above:
        ancestor = pid
        while ancestor not in (gateway.pid, 0):
            ancestor = above.get(ancestor, 0)
        if ancestor == gateway.pid:
            found.add(pid)
    return found


def lasting(gateway: Gateway) -> set[int]:
    """Return those processes once they stay the same: a copy that writes a snapshot is there for a moment only."""

    def same() -> set[int] | None:
        before = below(gateway)
        time.sleep(MOMENT)
        return before if below(gateway) == before else None

    return eventually(same, seconds=60, what="an end of starts and copies")


def held(gateway: Gateway, adapter: str) -> dict[str, tuple[float, int]]:
    """Return own MiB, in memory or swapped out, and open files, of the gateway, the application and its children."""
    application = innermost(gateway.application_pid(adapter))
    found: dict[str, tuple[float, int]] = {}
    for pid in lasting(gateway):
        who = {gateway.pid: "gateway", application: adapter}.get(pid, "others")
        try:
            kibibytes = sum(
                int(line.split()[1])
                for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:"))
            )
            files = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            continue
        before = found.get(who, (0.0, 0))
        found[who] = before[0] + kibibytes / 1024, before[1] + files
    return found


def measure(gateway: Gateway, adapter: str, part: float) -> list[Process]:
    rows: list[Process] = []
    with gateway.client(f"/api/v1/{adapter}") as client:
        for what, count, once in {"blender": blender, "freecad": freecad}[adapter](
            Work(gateway, adapter, client), part
        ):
            points = [held(gateway, adapter)]
            for third in range(3):
                for number in range(count * third // 3, count * (third + 1) // 3):
                    once(number)
                points.append(held(gateway, adapter))
            rows += [
                Process(
                    *(f"{adapter}: {count:,} {what}", who),
                    [point.get(who, (0.0, 0))[0] for point in points],
                    [point.get(who, (0.0, 0))[1] for point in points],
                )
                for who in points[0]
            ]
    return rows


def show(rows: list[Process]) -> None:
    print(f"\n| {'work':<44} | {'process':<8} |  before | a third | two thirds |   after | open files |")
    print(f"| {'-' * 44} | {'-' * 8} | ------: | ------: | ---------: | ------: | ---------: |")
    for row in rows:
        first, second, third, last = row.mebibytes
        sizes = f"{first:7.1f} | {second:7.1f} | {third:10.1f} | {last:7.1f}"
        files = f"{row.files[0]} to {row.files[3]}"
        print(f"| {row.what:<44} | {row.who:<8} | {sizes} | {files:>10} |{'' if row.passes else ' GROWS'}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a twentieth of the work")
    parser.add_argument("--part", type=float, help="that part of the work")
    parser.add_argument("--adapters", default="blender,freecad")
    options = parser.parse_args()
    part = options.part or (0.05 if options.short else 1.0)
    rows: list[Process] = []
    with tempfile.TemporaryDirectory(prefix="cadgate-memory-") as folder:
        gateway = Gateway(Path(folder)).start()
        try:
            for adapter in options.adapters.split(","):
                rows += measure(gateway, adapter, part)
        finally:
            gateway.stop()
    show(rows)
    return 0 if all(row.passes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
