"""Without a home folder to keep the state in, each command says in one line what to set."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cadgate.config.settings import load_settings
from cadgate.errors import ConfigError
from tests.commands import cadgate

pytestmark = pytest.mark.slow

COMMANDS = [["doctor"], ["status"], ["keys", "list"], ["keys", "create", "x"], ["up"], ["serve"], ["down"]]


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "XDG_STATE_HOME" and not name.startswith("CADGATE_")
    }
    return cadgate(*command, environment={**kept, **environment}, cwd=folder)


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (2, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("cadgate: state_dir: ")
    return line


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_home_that_cannot_be_written_is_one_line_and_exit_code_2(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").touch()
    assert "set CADGATE_STATE_DIR to a folder of yours" in the_line(run(tmp_path, *command, HOME=f"{tmp_path}/file/x"))


@pytest.mark.parametrize("home", ["/", "relative", "/proc/nothing"])
def test_what_is_no_home_is_one_line_and_exit_code_2(tmp_path: Path, home: str) -> None:
    assert "set CADGATE_STATE_DIR to a folder of yours" in the_line(run(tmp_path, "keys", "create", "x", HOME=home))


def test_a_user_without_a_name_and_without_a_home_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(ConfigError, match=r"HOME is not set .* set CADGATE_STATE_DIR"):
        load_settings()
    assert load_settings(state_dir=tmp_path / "state").state_dir == tmp_path / "state"


def test_a_chosen_state_folder_needs_no_home(tmp_path: Path) -> None:
    done = run(tmp_path, "keys", "create", "x", HOME="/", CADGATE_STATE_DIR=str(tmp_path / "state"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["keys", "create", "x"], ["up"], ["serve"]], ids=" ".join)
def test_a_chosen_state_folder_that_cannot_be_made_is_one_line_and_exit_code_2(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path, *command, CADGATE_STATE_DIR=f"{tmp_path}/file/state")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("cadgate: environment variable CADGATE_STATE_DIR: the folder ")
    assert line.endswith("cannot be used: Not a directory")
