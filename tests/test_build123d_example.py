"""The example adapter for build123d: installed with pip, tested on the real build123d in a venv of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wheels import ROOT, Environment

PROJECT = ROOT / "examples" / "adapters" / "build123d"
VERSION = "0.13.0"
SECONDS = 300


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with build123d, which brings versions along that are not those of the other tests."""
    if found := os.environ.get("BUILD123D_PYTHON"):
        return found
    folder = tmp_path_factory.mktemp("build123d") / "venv"
    for command in (
        (sys.executable, "-m", "venv", folder),
        (folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"build123d=={VERSION}"),
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return str(folder / "bin" / "python")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]) -> Environment:
    """The three wheels, and that of the example."""
    made = Environment(tmp_path_factory.mktemp("example"), wheels)
    made.build_and_install(PROJECT)
    return made


@pytest.mark.timeout(600)
def test_its_own_tests_and_those_of_every_adapter_pass(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILD123D_PYTHON", python)
    output = environment.tests(PROJECT, "tests", seconds=SECONDS)
    summary = output.splitlines()[-1]
    assert re.match(r"\d+ passed", summary), output
    assert "skipped" not in summary, output


def test_nothing_in_the_core_knows_of_it() -> None:
    found = subprocess.run(
        ["grep", "-rilE", "build123d", "--include=*.py", ROOT / "core" / "src" / "cadgate"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
