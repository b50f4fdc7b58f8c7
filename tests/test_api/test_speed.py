"""What must not grow: a creation in a large scene, and the share of the way in a batch. Ratios within one run only."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from tests.gateway import Gateway
from tests.live import live

OBJECTS = {False: 800, True: 2000}
BATCH = {False: 300, True: 1000}
"""Of the short and the long form."""
ROUNDS = 12


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_the_last_of_many_cubes_costs_what_the_first_ones_did(
    blender: httpx.Client, http: httpx.Client, long_form: bool
) -> None:
    def create() -> None:
        assert blender.post("/primitives/cube", json={}).status_code == 201

    def ping() -> None:
        assert http.get("/health/freecad").json()["result"]["status"] == "up"

    # By turns with a call on the same way that no scene of Blender can slow down: a machine that is slower
    # for some seconds is slower for both.
    times = [timed(create) / timed(ping) for _ in range(OBJECTS[long_form])]
    first, last = statistics.median(times[:200]), statistics.median(times[-200:])
    assert last < 1.5 * first, f"{first:.2f} pings of FreeCAD at first, {last:.2f} at last"


def test_many_cubes_in_a_batch_take_under_a_third_of_as_many_calls(blender: httpx.Client, long_form: bool) -> None:
    count = BATCH[long_form]

    def one_by_one() -> None:
        for _ in range(count):
            assert blender.post("/primitives/cube", json={}).status_code == 201

    def together() -> None:
        answer = blender.post("/batch", json={"calls": [{"method": "primitives.cube"}] * count})
        assert {each["status"] for each in answer.json()["result"]["results"]} == {"success"}

    def alone(work: Callable[[], None]) -> float:
        seconds = timed(work)
        assert blender.delete("/scene").json()["result"]["deleted"] == count
        return seconds

    # A third, since single calls go a short way and wake one thread: a batch saves that way, and both pay for what
    # Blender does. By turns, and the fastest of each, until these show it: what else the machine does only ever adds.
    single = batch = math.inf
    for _ in range(ROUNDS):
        single, batch = min(single, alone(one_by_one)), min(batch, alone(together))
        if batch < single / 3:
            return
    pytest.fail(f"{batch:.2f} s against {single:.2f} s, the fastest of {ROUNDS} rounds each")


def test_who_waits_for_long_does_not_work_meanwhile(
    blender: httpx.Client, freecad: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    # Calls that come one after the other are waited for awake, but only for a moment.
    for _ in range(50):
        assert blender.post("/primitives/cube", json={}).status_code == 201
        assert freecad.post("/primitives/box", json={}).status_code == 201
    application = psutil.Process(http.get("/health/freecad").json()["result"]["pid"])
    # In a sandbox, that is the sandbox's.
    waiting = [psutil.Process(gateway.pid), *[application, *application.children(recursive=True)][-1:]]

    async def let_blender_wait() -> None:
        async with live(gateway, "blender") as client:
            assert (await client.run("import time\ntime.sleep(1.5)"))[2]["status"] == "success"

    def worked() -> list[float]:
        return [each.cpu_times().user + each.cpu_times().system for each in waiting]

    before = worked()
    asyncio.run(let_blender_wait())
    seconds = [now - then for now, then in zip(worked(), before, strict=True)]
    assert max(seconds) < 0.75, seconds
