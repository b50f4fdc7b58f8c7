"""How FreeCAD is found on a machine, and what is said where it is not; how its script ends when it cannot start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ApplicationUnavailable
from cadgate_freecad import launcher
from cadgate_freecad.launcher import FreeCADLauncher, install_command
from cadgate_freecad.settings import FreeCADSettings


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without FreeCAD; the folder is its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FREECAD_CMD", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setattr(launcher, "USUAL_PLACES", ())
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    return tmp_path


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def found(**settings: str) -> Path:
    return FreeCADLauncher(FreeCADSettings(**settings)).program()  # type: ignore[arg-type]


def test_the_named_program_wins_over_the_variable_and_the_variable_over_path(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = program(bare / "freecadcmd")
    assert found() == on_path
    by_variable = program(bare / "other" / "FreeCADCmd")
    monkeypatch.setenv("FREECAD_CMD", str(by_variable))
    assert found() == by_variable
    named = program(bare / "named")
    assert found(command=str(named)) == named


def test_the_usual_places_and_a_conda_environment_are_looked_at(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = program(bare / "usr" / "lib" / "freecad" / "bin" / "freecadcmd")
    monkeypatch.setattr(launcher, "USUAL_PLACES", (str(bare / "nowhere"), str(usual)))
    assert found() == usual
    monkeypatch.setattr(launcher, "USUAL_PLACES", ())
    conda = program(bare / "conda" / "bin" / "freecadcmd")
    monkeypatch.setenv("CONDA_PREFIX", str(bare / "conda"))
    assert found() == conda


@pytest.mark.parametrize("name", ["missing", "folder", "plain.txt"])
def test_a_named_program_that_is_none_is_an_error_and_no_reason_to_look_on(
    bare: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program(bare / "freecadcmd")
    (bare / "folder").mkdir()
    (bare / "plain.txt").write_text("no program")
    monkeypatch.setenv("FREECAD_CMD", str(bare / name))
    with pytest.raises(ApplicationUnavailable, match="FREECAD_CMD") as raised:
        found()
    assert name in raised.value.message


def test_a_missing_freecad_is_unavailable_with_the_command_that_installs_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ApplicationUnavailable) as raised:
        found()
    assert raised.value.status == 503
    assert raised.value.details["remedy"] == install_command() == "conda install -y -c conda-forge freecad"
    program(bare / "apt-get")
    with pytest.raises(ApplicationUnavailable) as raised:
        found()
    assert raised.value.details["remedy"] == "apt-get install -y --no-install-recommends freecad-python3"
    assert raised.value.details["remedy"] in raised.value.message


def test_the_limits_of_the_settings_reach_the_application() -> None:
    options = FreeCADLauncher(FreeCADSettings(max_copies=7)).options()
    assert options["max_copies"] == 7
    own = FreeCADSettings.model_fields.keys() - AdapterSettings.model_fields.keys()
    assert set(options) == {name for name in own if name.startswith("max_")} | {"verify"}


@pytest.mark.real
def test_a_script_that_cannot_start_ends_once_with_an_exit_code(tmp_path: Path) -> None:
    """FreeCAD itself runs a script that raises a second time, and ends with 0."""
    plan = FreeCADLauncher(FreeCADSettings()).plan()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    ended = subprocess.run(plan.argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("KeyError: 'CADGATE_LIB'") == 1
