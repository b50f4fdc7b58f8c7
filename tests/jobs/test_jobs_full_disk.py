"""A disk that is full: the job fails with that reason, and no other job is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.test_full_disk import fill
from tests.gateway import Gateway, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
SMALL = {"resolution": [64, 64], "samples": 1, "engine": "workbench"}


@pytest.fixture
def gateway_on_its_own_disk(tmp_path: Path) -> Iterator[Gateway]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64M", "tmpfs", str(disk)], check=True)
    gateway = Gateway(disk / "state", plugins="[adapters.freecad]\nenabled = false\n")
    try:
        yield gateway.start()
    finally:
        if gateway.running:
            gateway.stop()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


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
