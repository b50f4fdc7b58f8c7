"""Work that does not end by itself, on the real applications: told as busy, ended at its deadline, nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.live import live

PLUGINS = "[adapters.blender]\nenabled = false\n[adapters.freecad]\ngrace_seconds = 1\n"
NATIVE = """
import MeshPart
MeshPart.meshFromShape(Shape=Part.makeSphere(100), LinearDeflection=0.00002, AngularDeflection=0.001)
"""
"""OpenCASCADE works on this for minutes and holds the interpreter's lock all the while."""


@pytest.fixture
def only_freecad(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose FreeCAD may be killed."""
    gateway = Gateway(tmp_path / "state", plugins=PLUGINS).start()
    yield gateway
    gateway.stop()


@pytest.mark.anyio
async def test_native_code_that_holds_the_interpreter_is_busy_then_ended_and_the_document_is_back(
    only_freecad: Gateway,
) -> None:
    with only_freecad.client("/api/v1/freecad") as client:
        made = client.post("/primitives/box", json={"name": "Kept"}).json()["result"]
    before = only_freecad.application_pid("freecad")
    seen: list[dict[str, object]] = []
    watched = threading.Event()

    def watch() -> None:
        while not watched.is_set():
            began = time.monotonic()
            health = only_freecad.health("freecad")
            seen.append({**health.get("result", {}), "took": time.monotonic() - began})

    watcher = threading.Thread(target=watch)
    async with live(only_freecad, "freecad") as socket:
        watcher.start()
        _, _, result = await socket.run(NATIVE, timeout_seconds=2)
        watched.set()
        watcher.join()
    assert result["status"] == "error"
    assert result["error"]["code"] == "deadline_exceeded"
    busy = [each for each in seen if each.get("status") == "busy"]
    assert busy
    assert busy[-1]["method"] == "session.execute"
    assert all(float(str(each["took"])) < 2.5 for each in seen)
    assert eventually(lambda: only_freecad.application_pid("freecad") != before, what="another process")
    with only_freecad.client("/api/v1/freecad") as client:
        kept = eventually(lambda: r if (r := client.get("/objects/Kept")).status_code == 200 else None)
        assert kept.json()["result"]["volume"] == pytest.approx(made["volume"])


def test_a_call_that_waits_behind_long_work_is_given_up_at_its_deadline_and_never_started(
    blender: httpx.Client,
) -> None:
    calls = [{"method": "primitives.torus", "params": {"major_segments": 500, "minor_segments": 250}}] * 12
    batch = threading.Thread(target=lambda: blender.post("/batch", json={"calls": calls}))
    with httpx.Client(base_url=blender.base_url, timeout=60) as other:
        batch.start()
        answers = [
            other.post("/primitives/cube", json={"name": f"Late{n}"}, headers={"X-Deadline-Ms": "5"}) for n in range(40)
        ]
        batch.join()
        names = {each["name"] for each in other.get("/objects?fields=name").json()["result"]["objects"]}
    late = [n for n, answer in enumerate(answers) if answer.status_code == 504]
    assert late, "the batch was over before any call had to wait"
    assert all(answers[n].json()["error"]["code"] == "deadline_exceeded" for n in late)
    assert not names & {f"Late{n}" for n in late}
