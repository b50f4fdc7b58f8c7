"""A file system without room, on the real applications: every door says so, nothing half-done stays, work goes on.

Mounting a small file system takes root. For everybody, `test_damage` imitates a full disk by a limit on files.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import Session, only
from tests.faults.whole_state import assert_same
from tests.gateway import Gateway

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")

CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
FORMAT = {"blender": "glb", "freecad": "step"}
ROOM = 96 * 1024 * 1024


@pytest.fixture
def session(adapter: str, tmp_path: Path) -> Iterator[Session]:
    """A gateway with one application, on a file system of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(disk)], check=True)
    gateway = Gateway(disk / "state", plugins=only(adapter))
    try:
        gateway.start()
        with gateway.client(f"/api/v1/{adapter}") as client:
            yield Session(gateway, adapter, client)
    finally:
        if gateway.running:
            gateway.stop()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def names(session: Session) -> set[str]:
    return {each["name"] for each in session.client.get("/objects").json()["result"]["objects"]}


def fill(path: Path) -> None:
    """Write until nothing goes in any more."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass


def test_a_full_disk_is_told_at_every_door_and_costs_nothing_that_was_acknowledged(session: Session) -> None:
    def create(name: str) -> httpx.Response:
        return session.client.post(CREATE[session.adapter], json={"name": name})

    session.state.prepare()
    assert create("A").status_code == 201
    pid = session.pid
    ballast = session.gateway.state_dir.parent / "ballast"
    fill(ballast)
    # The last page of the log takes some entries more.
    number = next(number for number in range(100) if create(f"Room{number}").status_code != 201)
    kept = {"A", *(f"Room{each}" for each in range(number))}

    answers = {
        "create": create("Refused"),
        "export": session.client.post("/export", json={"format": FORMAT[session.adapter]}),
        "upload": httpx.post(
            session.gateway.url + "/api/v1/artifacts", files={"file": ("a.bin", b"x" * 300_000)}, trust_env=False
        ),
    }
    if session.adapter == "blender":
        answers["render"] = session.client.post("/render", json={"resolution": [64, 64], "samples": 1})
    for door, answer in answers.items():
        assert 400 <= answer.status_code < 600, f"{door}: {answer.text}"
        error = answer.json()["error"]
        assert error["code"] == "command_failed", f"{door}: {error}"
        assert str(session.gateway.state_dir) not in answer.text
    assert "could not be saved" in answers["create"].json()["error"]["message"]
    assert session.gateway.health(session.adapter)["result"]["problems"]
    left = [*session.gateway.state_dir.glob("artifacts/*"), *session.gateway.state_dir.glob("artifacts/.*")]
    left += session.gateway.state_dir.glob(f"sessions/{session.adapter}/workspace/.staging/*")
    assert left == []
    assert names(session) == kept
    assert session.pid == pid, "it lives"

    ballast.unlink()
    assert create("B").status_code == 201
    assert "problems" not in session.gateway.health(session.adapter)["result"]
    assert session.client.post("/export", json={"format": FORMAT[session.adapter]}).status_code == 200
    artifacts = httpx.get(session.gateway.url + "/api/v1/artifacts", trust_env=False).json()["result"]["artifacts"]
    assert len(artifacts) == 1
    after = session.state.read()
    session.kill()
    assert_same(after, session.state.read(), "after room was made and a death")
    assert names(session) == {"B", *kept}
