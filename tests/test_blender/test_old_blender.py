"""A Blender that is too old is refused when it starts, with the reason and what to do."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from cadgate.cli.trial import try_start
from cadgate.config.settings import Settings
from cadgate_blender.adapter import cadgate_adapter
from cadgate_blender.settings import BlenderSettings

BPY = """
class app:
    version = {version}
    version_string = {text!r}
"""
RUN = """
import os, runpy, sys
sys.path.insert(0, {modules!r})
runpy.run_path(sys.argv[-1], run_name="__main__")
"""


@pytest.fixture
def old_blender(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A program that is called like Blender and has nothing of it but its version."""
    version: tuple[int, int, int] = request.param
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "bpy.py").write_text(BPY.format(version=version, text=".".join(map(str, version))))
    run = tmp_path / "run.py"
    run.write_text(RUN.format(modules=str(modules)))
    program = tmp_path / "blender"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P {shlex.quote(str(run))} "$@"\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("old_blender", [(3, 4, 1), (4, 1, 1)], indirect=True)
def test_a_blender_that_is_too_old_is_refused_at_the_start(old_blender: Path, tmp_path: Path) -> None:
    settings = BlenderSettings(command=str(old_blender), sandbox="none")
    tried = try_start(cadgate_adapter(), settings, Settings(state_dir=tmp_path / "state"))
    assert tried.error is not None
    assert re.fullmatch(r"Blender (3\.4|4\.1)\.1 is too old: Blender 4\.2 or newer is needed", tried.error)
    assert tried.remedy is not None
    assert "BLENDER_CMD" in tried.remedy
    assert "cadgate-blender[embedded]" in tried.remedy
