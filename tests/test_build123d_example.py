"""The example adapter for build123d: installed with pip, tested on the real build123d in a venv of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wheels import PIP, ROOT, Environment, run

PROJECT = ROOT / "examples" / "adapters" / "build123d"
VERSION = "0.13.0"
SECONDS = 300


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with build123d, which brings versions along that are not those of the other tests."""
    if found := os.environ.get("BUILD123D_PYTHON"):
        return found
    folder = tmp_path_factory.mktemp("build123d") / "venv"
    made = str(folder / "bin" / "python")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    # Most of what comes along is never imported, so pip need not compile it. The first import does for what is.
    run(*PIP, "--python", made, "install", "--quiet", "--no-compile", f"build123d=={VERSION}", seconds=SECONDS)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([made, "-c", "import build123d"], env=environment, timeout=SECONDS, check=True)
    return made


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]) -> Environment:
    """The three wheels, and that of the example."""
    made = Environment(tmp_path_factory.mktemp("example"), wheels)
    made.build_and_install(PROJECT)
    return made


SURVIVALS = ("asked_for", "killed", "second_death")
"""Tests whose application starts again as in others: that takes build123d, which is imported anew, many seconds."""


@pytest.mark.timeout(600)
def test_its_own_tests_and_those_of_every_adapter_pass(
    environment: Environment, python: str, monkeypatch: pytest.MonkeyPatch, long_form: bool
) -> None:
    monkeypatch.setenv("BUILD123D_PYTHON", python)
    which = () if long_form else ("-k", "not ({})".format(" or ".join(SURVIVALS)))
    output = environment.tests(PROJECT, "tests", *which, seconds=SECONDS)
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
