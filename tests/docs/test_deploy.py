"""The container, the composition and the unit: what can be seen of them without building an image."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.snippets import ROOT
from tests.docs.test_operations_document import block

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, with their continuation lines."""
    text = re.sub(r"\\\n\s*", "", "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")))
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, text.splitlines()):
        verb, _, rest = line.partition(" ")
        if verb == "FROM":
            found.append([])
        found[-1].append((verb, rest))
    return found


def test_a_linter_of_containers_has_nothing_to_say() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_runs_as_a_user_without_rights_with_a_check_of_its_health() -> None:
    last = stages()[-1]
    instructions = dict(last)
    account = next(rest for verb, rest in last if verb == "RUN")
    uid, _, gid = instructions["USER"].partition(":")
    assert int(uid) > 999
    assert int(gid) > 999
    # By a name in /etc/passwd: FreeCAD ends at once without.
    assert f"useradd --uid {uid} --gid {gid}" in account
    health = json.loads(instructions["HEALTHCHECK"].partition("CMD ")[2])
    for command in (health, [*json.loads(instructions["ENTRYPOINT"]), *json.loads(instructions["CMD"])]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", *command, "--help"], capture_output=True, text=True, timeout=60
        )
        assert (command[0], done.returncode) == ("cadgate", 0), done.stderr


def test_what_it_copies_is_there_and_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        rest.split()[0]
        for stage in stages()
        for verb, rest in stage
        if verb == "COPY" and not rest.startswith("--from")
    }
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_it_has_the_libraries_that_the_scripts_install() -> None:
    (listed,) = re.findall(r"^BLENDER_LIBRARIES=\((.*)\)$", (ROOT / "scripts" / "lib.sh").read_text(), re.MULTILINE)
    packages = dict(stages()[-1])["RUN"].split()
    assert {*listed.split(), "freecad-python3", "bubblewrap", "python3"} <= set(packages)


def test_its_settings_are_settings() -> None:
    told = dict(stages()[-1])["ENV"]
    names = set(re.findall(r"\bCADGATE_[A-Z_]+(?==)", told))
    documented = set(re.findall(r"`(CADGATE_[A-Z_]+)`", (ROOT / "docs" / "OPERATIONS.md").read_text()))
    assert len(names) >= 4
    assert names <= documented


def test_the_composition_builds_it_and_lets_nobody_else_in() -> None:
    composition: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    service = composition["services"]["cadgate"]
    folder = ROOT / "deploy" / service["build"]["context"]
    assert (folder / service["build"]["dockerfile"]).resolve() == (ROOT / "deploy" / "Dockerfile").resolve()
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    volume, _, place = service["volumes"][0].partition(":")
    assert volume in composition["volumes"]
    assert f"CADGATE_STATE_DIR={place}" in dict(stages()[-1])["ENV"]


@pytest.mark.parametrize("scope", ["--user", "--system"])
def test_systemd_has_nothing_against_the_unit(tmp_path: Path, scope: str) -> None:
    program = shutil.which("systemd-analyze")
    assert program is not None, "systemd-analyze is not there: apt-get install -y systemd"
    unit = tmp_path / "cadgate.service"
    text = block("ini", "[Service]").replace("%h/cadgate/.venv/bin/python", sys.executable)
    unit.write_text(text.replace("%h/cadgate", str(ROOT)))
    # The addresses of sockets below it are short.
    with tempfile.TemporaryDirectory(dir="/tmp") as runtime:
        done = subprocess.run(
            [program, "verify", scope, unit],
            capture_output=True,
            text=True,
            timeout=60,
            env={"XDG_RUNTIME_DIR": runtime, "PATH": "/usr/bin:/bin"},
        )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
