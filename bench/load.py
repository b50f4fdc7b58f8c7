"""`python -m bench.load`: many clients with long calls, one with short ones, one that requests `/health`.

Every acknowledged object must be there afterwards, the application must be the same process, and nobody may get a 503.
Each kind of client runs in its own process, so that none delays another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.gateway import Gateway

CREATE = {"blender": "primitives.cube", "freecad": "primitives.box"}
HEALTH_SECONDS, LIGHT_SECONDS = 0.05, 3.0
"""The limits: p99 of `/health`, and the longest time that a short call waits."""
READY = "ready\n"
"""What a process for one kind of client prints before it reads until when it must send requests."""


@dataclass
class Seen:
    """What clients of one kind saw."""

    statuses: dict[str, int] = field(default_factory=dict[str, int])
    acknowledged: list[str] = field(default_factory=list[str])
    times: list[float] = field(default_factory=list[float])


def code_of(seconds: float) -> str:
    """Return code that occupies the application for that long."""
    return f"import time\nuntil = time.monotonic() + {seconds}\nwhile time.monotonic() < until: pass\n"


async def heavy(api: httpx.AsyncClient, adapter: str, clients: int, seconds: float, until: float, seen: Seen) -> None:
    """Run clients that send a batch of long code and a creation, one after the other."""
    counts: Counter[str] = Counter()

    async def one(number: int) -> None:
        round_ = 0
        while time.time() < until:
            name = f"Heavy{number}_{round_}"
            round_ += 1
            calls = [
                {"method": "session.execute", "params": {"code": code_of(seconds)}},
                {"method": CREATE[adapter], "params": {"name": name}},
            ]
            answer = await api.post(f"/api/v1/{adapter}/batch", json={"calls": calls})
            if answer.status_code != 200:
                counts[str(answer.status_code)] += 1
                continue
            code, made = answer.json()["result"]["results"]
            counts["done" if code["status"] == "success" else code["error"]["code"]] += 1
            if made["status"] == "success":
                seen.acknowledged.append(name)
            if code["status"] == "error":
                # Wait, as a client does that is asked to retry later.
                await asyncio.sleep(min(2.0, max(0.0, until - time.time())))

    await asyncio.gather(*(one(number) for number in range(clients)))
    seen.statuses = dict(counts)


async def light(api: httpx.AsyncClient, adapter: str, until: float, seen: Seen) -> None:
    """Run one client that creates one object after the other."""
    counts: Counter[str] = Counter()
    number = 0
    while time.time() < until:
        name, began = f"Light{number}", time.perf_counter()
        number += 1
        path = CREATE[adapter].replace(".", "/")
        answer = await api.post(f"/api/v1/{adapter}/{path}", json={"name": name})
        seen.times.append(time.perf_counter() - began)
        counts[str(answer.status_code)] += 1
        if answer.status_code == 201:
            seen.acknowledged.append(name)
        await asyncio.sleep(0.05)
    seen.statuses = dict(counts)


async def health(api: httpx.AsyncClient, until: float, seen: Seen) -> None:
    """Run one client that requests `/health`."""
    while time.time() < until:
        began = time.perf_counter()
        (await api.get("/health")).raise_for_status()
        seen.times.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)


async def act(role: str, url: str, adapter: str, clients: int, seconds: float, until: float) -> Seen:
    """Run one kind of client until then."""
    seen = Seen()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=180, limits=limits, trust_env=False) as api:
        if role == "heavy":
            await heavy(api, adapter, clients, seconds, until, seen)
        elif role == "light":
            await light(api, adapter, until, seen)
        else:
            await health(api, until, seen)
    return seen


@dataclass
class Outcome:
    """The result of a run."""

    heavy: Seen
    light: Seen
    health: Seen
    lost: list[str]
    restarted: bool

    def problems(self) -> list[str]:
        """Return what is wrong."""
        found = [f"{len(self.lost)} acknowledged objects are missing: {self.lost[:3]}"] if self.lost else []
        if self.restarted:
            found.append("the application was ended")
        for what in (self.heavy, self.light):
            if "503" in what.statuses:
                found.append(f"{what.statuses['503']} answers were 503")
        if not self.heavy.statuses.get("done"):
            found.append("no long call was done")
        return found


def run(gateway: Gateway, adapter: str, *, clients: int, seconds: float, lasting: float) -> Outcome:
    """Put a gateway under load for `lasting` seconds."""
    before = gateway.application_pid(adapter)
    processes: dict[str, subprocess.Popen[str]] = {}
    for role in ("heavy", "light", "health"):
        command = [sys.executable, "-m", "bench.load", "--role", role, "--url", gateway.url, "--adapter", adapter]
        command += ["--clients", str(clients), "--seconds", str(seconds)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        processes[role] = subprocess.Popen(command, cwd=Path(__file__).parents[1], **pipes)
    # They begin together: a busy machine takes seconds to start them.
    for role, process in processes.items():
        assert process.stdout is not None
        if process.stdout.readline() != READY:
            raise RuntimeError(f"the process for {role} did not start")
    until = time.time() + lasting
    for process in processes.values():
        assert process.stdin is not None
        process.stdin.write(f"{until}\n")
        process.stdin.flush()
    seen: dict[str, Seen] = {}
    for role, process in processes.items():
        output, _ = process.communicate(timeout=lasting + 240)
        seen[role] = Seen(**json.loads(output))
    with gateway.client(f"/api/v1/{adapter}") as client:
        there: set[str] = set()
        while True:
            query = {"fields": "name", "limit": 1000, "offset": len(there)}
            found = client.get("/objects", params=query).json()["result"]["objects"]
            there |= {each["name"] for each in found}
            if len(found) < 1000:
                break
    wanted = [*seen["heavy"].acknowledged, *seen["light"].acknowledged]
    lost = [name for name in wanted if name not in there]
    restarted = gateway.application_pid(adapter) != before
    return Outcome(seen["heavy"], seen["light"], seen["health"], lost, restarted)


def percentile(times: list[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--adapter", choices=sorted(CREATE), default="blender")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each long call")
    parser.add_argument("--lasting", type=float, default=60.0)
    for hidden in ("role", "url"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        print(READY, end="", flush=True)
        until = float(sys.stdin.readline())
        seen = asyncio.run(act(options.role, options.url, options.adapter, options.clients, options.seconds, until))
        print(json.dumps(asdict(seen)))
        return 0
    with tempfile.TemporaryDirectory(prefix="cadgate-load-") as folder:
        gateway = Gateway(Path(folder), plugins=only(options.adapter)).start()
        try:
            outcome = run(
                gateway, options.adapter, clients=options.clients, seconds=options.seconds, lasting=options.lasting
            )
        finally:
            gateway.stop()
    rows: list[tuple[str, Any]] = [
        ("long calls", ", ".join(f"{count} {what}" for what, count in sorted(outcome.heavy.statuses.items()))),
        ("short calls", ", ".join(f"{count} with {what}" for what, count in sorted(outcome.light.statuses.items()))),
        ("a short call, median", f"{statistics.median(outcome.light.times) * 1000:.1f} ms"),
        ("a short call, longest", f"{max(outcome.light.times):.2f} s"),
        ("/health, p99", f"{percentile(outcome.health.times, 0.99) * 1000:.1f} ms"),
        ("acknowledged but missing", len(outcome.lost)),
    ]
    print(f"| {options.adapter}, {options.clients} clients with calls of {options.seconds:g} s | |\n| --- | ---: |")
    for what, value in rows:
        print(f"| {what} | {value} |")
    problems = outcome.problems()
    if max(outcome.light.times) > LIGHT_SECONDS:
        problems.append(f"a short call took longer than {LIGHT_SECONDS:g} s")
    if percentile(outcome.health.times, 0.99) > HEALTH_SECONDS:
        problems.append(f"/health took longer than {HEALTH_SECONDS * 1000:g} ms")
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


def only(adapter: str) -> str:
    """Return the plugins.toml of a gateway with only this application."""
    others = [name for name in CREATE if name != adapter]
    return "".join(f"[adapters.{name}]\nenabled = false\n" for name in others)


if __name__ == "__main__":
    sys.exit(main())
