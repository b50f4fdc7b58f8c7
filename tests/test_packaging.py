"""The three wheels, installed beside nothing but their dependencies, serve both applications by themselves."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.gateway import Gateway, eventually

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "adapters/blender", "adapters/freecad")


def run(*command: object, cwd: Path | None = None) -> str:
    """What a command prints; fails with all that it printed when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheels in it. Dependencies are those of the tests, without their editable installs."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    sources = [ROOT / package for package in PACKAGES]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "dist", *sources)
    run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    wheels = sorted((folder / "dist").glob("*.whl"))
    assert len(wheels) == len(PACKAGES)
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-index", *wheels)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # A path in a .pth file is only appended: the .pth files of the editable installs in there are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheels_hold_everything_and_nothing_comes_from_the_source_tree(clean_python: Path, tmp_path: Path) -> None:
    names = "cadgate, cadgate_blender, cadgate_freecad"
    code = f"import {names}; print(*(module.__file__ for module in ({names})))"
    for file in run(clean_python, "-c", code, cwd=tmp_path).split():
        assert Path(file).is_relative_to(clean_python.parent.parent)


def test_a_gateway_from_wheels_serves_both_applications(clean_python: Path, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", python=clean_python).start()
    try:
        with gateway.client("/api/v1") as client:
            assert client.post("/blender/primitives/cube", json={}).status_code == 201
            assert client.post("/freecad/primitives/box", json={}).status_code == 201
            assert client.get("/blender/objects").json()["result"]["total"] == 1
        link = tmp_path / "state" / "sessions" / "freecad" / "lib" / "cadgate_freecad"
        assert eventually(link.resolve, what="the link to the package").is_relative_to(clean_python.parent.parent)
    finally:
        assert gateway.stop() == 0
