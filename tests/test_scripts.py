"""The scripts as people run them: from any folder, in a bare environment, with both real applications."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from cadgate.cli.lock import holder_of
from tests.gateway import alive, eventually, free_port

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = [
    "start_all.sh",
    "start_api.sh",
    "stop_all.sh",
    "health_check.sh",
    "check.sh",
    "docs.sh",
    "style.sh",
    "test.sh",
]


class Shell:
    """Somebody's shell in another folder: a bare environment, a state folder named relative to it, a port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "HOME": str(Path.home()),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "CADGATE_STATE_DIR": "state",
            "CADGATE_PORT": str(self.port),
        }

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / script, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Nothing that was started in it is left running."""
    made = Shell(tmp_path)
    yield made
    assert made.run("stop_all.sh").returncode == 0


@pytest.mark.parametrize("script", [*(f"scripts/{name}" for name in SCRIPTS), ".ci/run"])
def test_scripts_can_be_run_and_stop_at_the_first_error(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & stat.S_IXUSR
    lines = path.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


@pytest.mark.slow
def test_start_all_brings_both_applications_up_and_stop_all_leaves_nothing_behind(shell: Shell) -> None:
    started = shell.run("start_all.sh")
    assert started.returncode == 0, started.stderr
    for expected in (
        f"{shell.url}/docs",
        f"{shell.url}/health",
        f"{shell.url}/api/v1/blender",
    ):
        assert expected in started.stdout
    for pattern in (r"FreeCAD [01]\.[0-9]", r"Blender [45]\.[0-9]"):
        assert re.search(pattern, started.stdout), started.stdout
    holder = holder_of(shell.state_dir)
    assert holder is not None
    gateway = psutil.Process(holder.pid)
    assert "cadgate serve" in " ".join(gateway.cmdline())
    family = [gateway, *gateway.children(recursive=True)]
    assert len(family) >= 3

    healthy = shell.run("health_check.sh")
    assert healthy.returncode == 0, healthy.stdout
    assert [line.split()[:2] for line in healthy.stdout.splitlines()] == [
        ["gateway", "up"],
        ["blender", "up"],
        ["freecad", "up"],
    ]

    again = shell.run("start_all.sh")
    assert again.returncode == 0
    assert f"the gateway is already running (process {holder.pid})" in again.stdout

    stopped = shell.run("stop_all.sh")
    assert (stopped.returncode, stopped.stdout) == (0, f"the gateway (process {holder.pid}) has ended\n")
    assert [process.pid for process in family if alive(process.pid)] == []
    mentioning = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(shell.state_dir) in (process.info["cmdline"] or [])
    ]
    assert mentioning == []


def test_health_check_without_a_gateway_has_a_line_per_service_and_fails(shell: Shell) -> None:
    result = shell.run("health_check.sh")
    assert result.returncode == 1
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["gateway", "down"],
        ["blender", "down"],
        ["freecad", "down"],
    ]


def test_stop_all_without_a_gateway_succeeds(shell: Shell) -> None:
    result = shell.run("stop_all.sh")
    assert (result.returncode, result.stdout) == (0, f"no gateway runs with the state folder {shell.state_dir}\n")


def test_start_api_runs_the_gateway_in_the_foreground(shell: Shell) -> None:
    plugins = shell.folder / "quiet.toml"
    plugins.write_text("[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n")
    shell.environment["CADGATE_PLUGINS"] = "quiet.toml"
    script = subprocess.Popen(
        [ROOT / "scripts" / "start_api.sh"], env=shell.environment, cwd=shell.folder, stderr=subprocess.PIPE
    )
    try:
        eventually(lambda: (one := holder_of(shell.state_dir)) and one.url, seconds=60, what="the gateway")
        assert holder_of(shell.state_dir).pid == script.pid  # type: ignore[union-attr]
        assert httpx.get(f"{shell.url}/health").json()["result"]["status"] == "healthy"
    finally:
        script.terminate()
        _, errors = script.communicate(timeout=30)
    assert script.returncode == 0, errors


def test_scripts_say_which_setting_is_wrong(shell: Shell) -> None:
    shell.environment["CADGATE_PLUGINS"] = "nowhere.toml"
    result = shell.run("start_all.sh")
    shell.environment["CADGATE_PLUGINS"] = ""
    assert result.returncode == 2
    assert f"{shell.folder}/nowhere.toml: no such file" in result.stderr


def found_python(**environment: str) -> str:
    """What the setup would make `.venv` with."""
    script = f". {ROOT}/scripts/lib.sh; find_python"
    environment = {"HOME": str(Path.home()), "PATH": "/usr/local/bin:/usr/bin:/bin", **environment}
    return subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True).stdout


def test_the_setup_takes_the_python_that_it_is_told_to() -> None:
    assert found_python(PYTHON=sys.executable) == sys.executable


def test_the_setup_finds_a_python_with_a_wheel_of_blender_whatever_python3_is(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    found = found_python(PATH=f"{tmp_path}:/usr/local/bin:/usr/bin:/bin", PYTHON=str(old))
    version = subprocess.run(
        [found, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=True
    )
    has_older = any(Path(folder, "python3.11").exists() for folder in ("/usr/local/bin", "/usr/bin"))
    assert version.stdout == ("(3, 11)\n" if has_older else "(3, 13)\n")


def test_requirements_name_what_the_gateway_stands_on_and_all_three_packages() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    for expected in ("fastapi", "uvicorn[standard]", "pydantic", "websockets", "-e ./core", "-e ./adapters/freecad"):
        assert expected in lines
    assert "-e ./adapters/blender[embedded]" in lines


def test_constraints_hold_names_and_versions_and_nothing_else() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert len(lines) > 40
    for line in lines:
        name, _, version = line.partition(";")[0].partition("==")
        assert name.replace("-", "").isalnum(), line
        assert version.replace(".", "").replace("post", "").isalnum(), line
    assert "://" not in "".join(lines)
