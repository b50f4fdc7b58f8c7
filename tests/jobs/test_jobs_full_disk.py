"""A disk that is full: the job fails with that reason, and no other job is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cadgate.jobs.records import Filters, New
from cadgate.jobs.reserve import DiskFull
from cadgate.jobs.store import JobStore
from tests.faults.test_full_disk import fill
from tests.gateway import Gateway, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
SMALL = {"resolution": [64, 64], "samples": 1, "engine": "workbench"}


@contextmanager
def disk_of(size: str, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def gateway_on_its_own_disk(tmp_path: Path) -> Iterator[Gateway]:
    with disk_of("64M", tmp_path / "disk") as disk:
        gateway = Gateway(disk / "state", plugins="[adapters.freecad]\nenabled = false\n")
        try:
            yield gateway.start()
        finally:
            if gateway.running:
                gateway.stop()


def job(client: httpx.Client, path: str, wait: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = client.get(path, params={"wait": wait}).json()["result"]
    return found


def test_a_full_disk_fails_the_job_that_runs_and_loses_no_other(gateway_on_its_own_disk: Gateway) -> None:
    gateway = gateway_on_its_own_disk
    ballast = gateway.state_dir.parent / "ballast"
    with gateway.client() as client:
        client.post("/api/v1/blender/primitives/cube", json={})
        before = client.post("/api/v1/blender/render", json=SMALL, headers={"Prefer": "respond-async"})
        assert job(client, before.headers["location"], 60)["state"] == "succeeded"
        body = {**SMALL, "frame_start": 1, "frame_end": 5000}
        path = client.post("/api/v1/blender/render/animation", json=body).headers["location"]
        eventually(lambda: job(client, path)["progress"]["step"] >= 2, seconds=60, what="two frames")
        fill(ballast)
        failed = job(client, path, 60)
        assert failed["state"] == "failed", failed
        assert failed["error"]["details"]["reason"] == "No space left on device", failed["error"]
        refused = client.post("/api/v1/blender/render", json=SMALL, headers={"Prefer": "respond-async"})
        assert refused.status_code in (202, 422)
        ballast.unlink()
        assert job(client, before.headers["location"])["state"] == "succeeded"
        again = client.post("/api/v1/blender/render", json=SMALL, headers={"Prefer": "respond-async"})
        assert job(client, again.headers["location"], 60)["state"] == "succeeded"
        kept = job(client, path)
        assert all(client.get(each["url"]).is_success for each in kept["artifacts"])


@pytest.mark.anyio
async def test_the_ends_of_jobs_are_recorded_although_others_take_each_byte_that_becomes_free(tmp_path: Path) -> None:
    """A step that does not fit fails, and leaves what is kept for the ends of jobs to them."""
    with disk_of("8M", tmp_path / "disk") as disk:
        store = JobStore(disk)
        try:
            for job in ("first", "second", "third"):
                await store.add(New(job, "blender", "default", "render.animation", "local", None, "", "{}", None))
            ballast = 0

            def fill_again() -> None:
                nonlocal ballast
                ballast += 1
                fill(disk / f"ballast{ballast}")

            fill_again()

            async def finish_steps() -> None:
                for number in range(10_000):
                    await store.finish_step("first", str(number), "x" * 4000, [], "{}")

            with pytest.raises(DiskFull):
                await finish_steps()
            for job in ("first", "second", "third"):
                fill_again()
                result = "x" * (200_000 if job == "second" else 10)
                assert (await store.finish(job, "failed", error='{"code": "full"}', result=result)).state == "failed"
            with pytest.raises(DiskFull):
                await store.add(New("x" * 8000, "blender", "default", "render", "local", None, "", "{}", None))
            assert {each.state for each in (await store.page(Filters(), 10, 0))[0]} == {"failed"}
        finally:
            store.close()
