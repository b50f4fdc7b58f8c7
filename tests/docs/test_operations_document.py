"""What docs/OPERATIONS.md shows is so: the unit's command, the audit log's line, backup and restore as written."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.docs.snippets import ROOT
from tests.gateway import Gateway, eventually

TEXT = (ROOT / "docs" / "OPERATIONS.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def block(language: str, holds: str) -> str:
    (found,) = [each for each in blocks(language) if holds in each]
    return found


def test_the_unit_starts_a_gateway_that_is_there() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read_string(block("ini", "[Service]"))
    service = unit["Service"]
    assert (service["RestartPreventExitStatus"], service["KillMode"]) == ("2", "mixed")
    command = service["ExecStart"].replace("%h/cadgate/.venv/bin/python", sys.executable).split()
    assert "%" not in " ".join(command)
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=60, check=True)
    assert "--port" in done.stdout


def test_a_wrong_setting_ends_the_service_with_the_code_that_stops_its_restarts(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "CADGATE_PORT": "many", "CADGATE_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "cadgate", "serve"]
    done = subprocess.run(command, env=environment, capture_output=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 2


def test_the_audit_logs_line_has_the_keys_that_are_shown(gateway: Gateway) -> None:
    shown = json.loads(block("json", "code_sha256"))
    with gateway.client("/api/v1/blender") as client:
        calls = {"calls": [{"method": "session.execute", "params": {"code": "1"}}]}
        client.post("/batch", json=calls, headers={"X-Request-ID": "documented"})
    lines = (gateway.state_dir / "logs" / "audit.log").read_text().splitlines()
    (line,) = [each for each in map(json.loads, lines) if each["request_id"] == "documented"]
    assert line.keys() - {"index"} == shown.keys()
    documented = set(re.findall(r"`(\w+)`", TEXT[TEXT.index("| key | |") : TEXT.index("No log contains parameters")]))
    assert line.keys() <= documented


def in_shell(script: str, folder: Path, **environment: str) -> str:
    """Run a block, without the scripts of the repository, which the test does itself."""
    lines = [line for line in script.splitlines() if "scripts/" not in line]
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)], env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def made(response: httpx.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()["result"]


@pytest.mark.timeout(180)
@pytest.mark.real
def test_a_backup_that_is_put_back_brings_documents_files_and_keys(tmp_path: Path) -> None:
    plugins = "[adapters.blender]\nenabled = false\n"
    first = Gateway(tmp_path / "state", plugins=plugins).start()
    environment = {"CADGATE_STATE_DIR": str(first.state_dir), "PATH": "/usr/bin:/bin"}
    create = re.findall(r"^cadgate (keys create .*)$", block("sh", "CADGATE_TRUSTED_PROXIES"), re.MULTILINE)[0].split()
    command = [sys.executable, "-m", "cadgate", *create]
    key = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    # What was made without a key is not another key's, except for one that sees all.
    command = [sys.executable, "-m", "cadgate", "keys", "create", "all", "--scopes", "admin"]
    sees_all = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    try:
        with first.client("/api/v1/freecad") as client:
            box = made(client.post("/primitives/box", json={"length": 12}))
            file = made(client.post("/export", json={"format": "step", "filepath": "kept.step"}))["artifact"]
    finally:
        assert first.stop() == 0
    in_shell(block("sh", "tar czf"), tmp_path, CADGATE_STATE_DIR=str(first.state_dir))

    second = Gateway(tmp_path / "other", plugins=plugins, environment={"CADGATE_AUTH": "token"})
    in_shell(block("sh", "tar xzpf"), tmp_path, CADGATE_STATE_DIR=str(second.state_dir))
    second.start(ready=False)
    try:
        with second.client(headers={"Authorization": f"Bearer {key.strip()}"}) as client:
            eventually(lambda: client.get("/ready").status_code == 200, seconds=60, what="FreeCAD")
            again = made(client.get(f"/api/v1/freecad/objects/{box['name']}"))
            assert (again["volume"], again["revision"]) == (box["volume"], box["revision"])
            assert client.get(file["url"]).status_code == 404
            all_files = {"Authorization": f"Bearer {sees_all.strip()}"}
            assert client.get(file["url"], headers=all_files).status_code == 200
        assert (second.state_dir / "sessions/freecad/workspace/kept.step").stat().st_size == file["size"]
    finally:
        assert second.stop() == 0
