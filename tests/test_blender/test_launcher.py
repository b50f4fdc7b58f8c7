"""How Blender is found and started, and what it is told."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path

import pytest

from cadgate.plugin import AdapterSettings, ApplicationUnavailable
from cadgate_blender.launcher import LIMITS, WHEELS, BlenderLauncher
from cadgate_blender.settings import BlenderSettings


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "blender"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLENDER_CMD", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def plan(**settings: object) -> list[str]:
    return list(BlenderLauncher(BlenderSettings.model_validate(settings)).plan().argv)


def test_the_wheel_is_run_by_this_python_without_the_scripts_folder_on_its_path() -> None:
    python, flag, entry = plan()
    assert (python, flag) == (sys.executable, "-P")
    assert Path(entry).parts[-3:] == ("cadgate_blender", "app", "entry.py")
    assert Path(entry).is_file()


def test_blender_is_never_imported_into_the_gateway() -> None:
    plan()
    assert "bpy" not in sys.modules


@pytest.mark.parametrize("by", ["setting", "environment"])
def test_a_named_program_is_started_in_the_background_with_factory_settings(
    program: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "environment":
        monkeypatch.setenv("BLENDER_CMD", str(program))
        argv = plan()
    else:
        argv = plan(command=str(program))
    assert argv[0] == str(program)
    assert argv[1:3] == ["--background", "--factory-startup"]
    assert argv[3:5] == ["--gpu-backend", "opengl"]  # 5.3 would choose Vulkan
    assert argv[-2] == "--python"


def test_a_named_program_that_is_not_there_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLENDER_CMD", "/no/such/blender")
    with pytest.raises(ApplicationUnavailable, match="BLENDER_CMD names '/no/such/blender'"):
        plan()


def test_without_the_wheel_blender_on_path_is_taken(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", _without_bpy(importlib.util.find_spec))
    monkeypatch.setenv("PATH", str(program.parent))
    assert plan()[0] == str(program)


@pytest.mark.parametrize(
    ("python", "remedy"),
    [
        ((3, 11), 'pip install "cadgate-blender[embedded]"'),
        ((3, 13), 'pip install "cadgate-blender[embedded]"'),
        ((3, 12), "install Blender 4.2 or newer and set BLENDER_CMD"),
        ((3, 14), "install Blender 4.2 or newer and set BLENDER_CMD"),
    ],
)
def test_without_any_blender_the_error_has_what_installs_one_for_this_python(
    monkeypatch: pytest.MonkeyPatch, python: tuple[int, int], remedy: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", _without_bpy(importlib.util.find_spec))
    monkeypatch.setattr(sys, "version_info", (*python, 1, "final", 0))
    with pytest.raises(ApplicationUnavailable) as caught:
        plan()
    assert caught.value.details["remedy"].startswith(remedy)
    assert caught.value.details["remedy"] in caught.value.message
    assert caught.value.status == 503
    assert ("no bpy wheel for this Python" in caught.value.message) is (python not in WHEELS)


def test_the_extra_installs_what_the_launcher_says_of_it() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "adapters/blender/pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"]["embedded"]
    wheels = {f"bpy=={lts.removesuffix(' LTS')}.*; python_version == '{a}.{b}'" for (a, b), lts in WHEELS.items()}
    assert set(lines) == wheels


def test_every_limit_of_the_settings_reaches_blender() -> None:
    options = BlenderLauncher(BlenderSettings.model_validate({"max_vertices": 1000})).options()
    own = BlenderSettings.model_fields.keys() - AdapterSettings.model_fields.keys()
    assert set(options) == {name for name in own if name.startswith("max_") or name == "verify"}
    assert set(options) == LIMITS
    assert options["max_vertices"] == 1000


def _without_bpy(find_spec: object) -> object:
    def found(name: str, package: str | None = None) -> object:
        return None if name == "bpy" else find_spec(name, package)  # type: ignore[operator]

    return found
