"""Jobs are kept for `job_ttl_seconds` after their end, and then nothing of them stays, in whatever session they ran."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadgate.artifacts.paths import JOBS
from tests.gateway import NO_SPARES, Gateway, eventually

FRAMES = {"resolution": [64, 64], "engine": "workbench", "frame_start": 1, "frame_end": 200}


@pytest.mark.parametrize("own", [False, True], ids=["default", "a session of its own"])
def test_an_old_job_is_gone_with_the_folder_of_its_work(tmp_path: Path, own: bool) -> None:
    environment = {"CADGATE_JOB_TTL_SECONDS": "2", "CADGATE_FREECAD_ENABLED": "false", **NO_SPARES}
    gateway = Gateway(tmp_path / "state", environment=environment).start()
    try:
        with gateway.client("/api/v1") as client:
            headers = {}
            if own:
                made = client.post("/sessions", json={"application": "blender"})
                headers = {"Cadgate-Session": made.json()["result"]["id"]}
            assert client.post("/blender/primitives/cube", json={}, headers=headers).status_code == 201
            job = client.post("/blender/render/animation", json=FRAMES, headers=headers).json()["result"]["id"]

            def begun() -> list[Path]:
                return [each for each in gateway.state_dir.rglob(job) if each.parent.name == Path(JOBS).name]

            (folder,) = eventually(begun, seconds=60, what="the folder of the work")
            assert any(
                folder.is_relative_to(gateway.state_dir / "sessions" / each) for each in ("blender", *headers.values())
            )
            assert client.delete(f"/jobs/{job}").json()["result"]["state"] == "cancelled"
            assert folder.exists()
            eventually(lambda: client.get(f"/jobs/{job}").status_code == 404, seconds=30, what="the end of its time")
            eventually(lambda: not folder.exists(), seconds=10, what="the end of its folder")
    finally:
        gateway.stop()
