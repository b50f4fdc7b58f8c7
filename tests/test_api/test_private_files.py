"""Whatever the umask: what the gateway and its applications keep below the state folder is for their owner only."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway import NO_SPARES, Gateway
from tests.live import live

pytestmark = pytest.mark.security

UMASKS = [0o000, 0o022, 0o077]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(top: Path) -> dict[str, str]:
    """Everything at or below `top` that others may read, write or enter, with its mode; links have none."""
    found: dict[str, str] = {}
    for path in (top, *top.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & 0o077:
            found[str(path.relative_to(top))] = oct(mode)
    return found


def ok(response: httpx.Response) -> Any:
    assert response.is_success, response.text
    return response.json()["result"]


def work(gateway: Gateway) -> None:
    """Let every part write: journals, artifacts, exports, renders, saves, uploads, executed code, logs, keys."""
    with gateway.client("/api/v1/blender") as client:
        ok(client.post("/primitives/cube", json={"name": "Kept"}))
        ok(client.post("/render", json={"resolution": [32, 24], "samples": 1, "engine": "cycles", "output": "a/r.png"}))
        made = ok(client.post("/export", json={"format": "obj", "filepath": "out/b/kept.obj"}))
        ok(client.post("/import", json={"artifact": made["artifact"]["id"]}))
        ok(client.post("/import", files={"file": ("k.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")}))
        ok(client.post("/scene/save", json={"filepath": "saved.blend"}))
    with gateway.client("/api/v1/freecad") as client:
        ok(client.post("/primitives/box", json={"name": "Kept"}))
        ok(client.post("/export", json={"format": "step", "filepath": "out/kept.step"}))
        document = ok(client.get("/documents"))["documents"][0]["name"]
        ok(client.post(f"/documents/{document}/save", json={"filepath": "saved.FCStd"}))
    with gateway.client() as client:
        ok(client.post("/api/v1/artifacts", files={"file": ("a.bin", b"bytes")}))

    async def execute() -> None:
        for adapter in ("blender", "freecad"):
            async with live(gateway, adapter) as one:
                code = "import os\nos.makedirs('made/by', exist_ok=True)\nopen('made/by/code.txt', 'w').write('x')"
                answer = (await one.run(code))[2]
                assert answer["status"] == "success", answer

    asyncio.run(execute())


@pytest.mark.parametrize("mask", UMASKS[:2])
def test_everything_below_the_state_folder_is_for_its_owner_only(tmp_path: Path, mask: int) -> None:
    gateway = Gateway(tmp_path / "new" / "state")
    with umask(mask):
        gateway.state_dir.mkdir(parents=True)
        keys = [sys.executable, "-P", "-m", "cadgate", "keys", "create", "x", "--state-dir", str(gateway.state_dir)]
        subprocess.run(keys, check=True, capture_output=True, cwd=tmp_path)
        assert open_to_others(gateway.state_dir) == {}
        gateway.start()
        try:
            work(gateway)
            assert open_to_others(gateway.state_dir) == {}
        finally:
            assert gateway.stop() == 0
        assert open_to_others(gateway.state_dir) == {}


def serve(state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start a gateway that cannot listen, so that it ends by itself."""
    variables = {"CADGATE_BLENDER_ENABLED": "false", "CADGATE_FREECAD_ENABLED": "false", **environment}
    return subprocess.run(
        [sys.executable, "-P", "-m", "cadgate", "serve", "--state-dir", str(state), "--host", "127.0.0.1"],
        env={**os.environ, **variables}, cwd=state.parent, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_state_folder_that_others_may_enter_is_closed_at_the_start(tmp_path: Path) -> None:
    gateway = Gateway(
        tmp_path / "state", plugins="[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
    )
    with umask(0):
        for folder in ("sessions/blender/workspace", "artifacts", "logs", "mine/of-another-program"):
            (gateway.state_dir / folder).mkdir(parents=True)
        (gateway.state_dir / "logs" / "audit.log").write_text("")
        (gateway.state_dir / "sessions/blender/workspace/a.obj").write_text("")
        (gateway.state_dir / "sessions/blender/workspace/link").symlink_to("/etc/passwd")
        gateway.start()
        gateway.stop()
    # What the gateway does not keep is left as it was; nobody gets there any more.
    left = {"mine": "0o40777", "mine/of-another-program": "0o40777"}
    assert open_to_others(gateway.state_dir) == left
    assert "others could enter the state folder" in gateway.log.read_text()
    assert stat.S_IMODE(os.stat("/etc/passwd").st_mode) & 0o044


def test_a_folder_that_is_there_for_others_is_no_state_folder(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    done = serve(shared)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"the folder {shared} (mode 1777) is used for other things too" in line
    assert "CADGATE_STATE_DIR" in line
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_files_below_allowed_roots_are_for_their_owner_too(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    gateway = Gateway(
        tmp_path / "state", plugins="[adapters.blender]\nenabled = false\n",
        environment={"CADGATE_ALLOWED_ROOTS": str(root), **NO_SPARES},
    )  # fmt: skip
    with umask(0):
        gateway.start()
        try:
            with gateway.client("/api/v1/freecad") as client:
                ok(client.post("/primitives/box", json={"name": "Kept"}))
                ok(client.post("/export", json={"format": "step", "filepath": f"{root}/deep/kept.step"}))
        finally:
            assert gateway.stop() == 0
    assert (root / "deep" / "kept.step").stat().st_size > 0
    assert open_to_others(root / "deep") == {}
