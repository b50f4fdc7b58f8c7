"""Clean environments with the three wheels of this repository, into which tests install adapters as users do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "adapters/blender", "adapters/freecad")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
SECONDS = 110
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:schemathesis")
"""Plugins of the tests that a project's own tests do without; the second takes a second to import."""


def run(*command: object, cwd: Path | None = None, seconds: float = SECONDS) -> str:
    """What a command prints; fails with all that it printed when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CADGATE_", "PYTEST_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path, *projects: Path) -> list[Path]:
    """The wheels of these projects."""
    run(*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, *projects)
    wheels = sorted(folder.glob("*.whl"))
    assert len(wheels) == len(projects)
    return wheels


def whole(folder: Path, wheels: list[Path]) -> Path:
    """A new environment in this folder, with these wheels in it."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    # Dependencies are those of the tests. A path in a .pth file is only appended: the .pth files of the editable
    # installs in there are not read, so the packages themselves come from their wheels.
    (site_of(folder) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(*PIP, "--python", folder / "bin" / "python", "install", "--quiet", "--no-deps", "--no-index", *wheels)
    return folder


def site_of(environment: Path) -> Path:
    """Where an environment has its packages."""
    (site,) = environment.glob("lib/python*/site-packages")
    return site


class Environment:
    """A copy of the environment with the three wheels, and a folder beside it.

    :param wheels: in whose folder that environment is: installing takes twenty times as long as copying.
    """

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        self.folder = folder
        original, copy = wheels[0].parent / "venv", folder / "venv"
        shutil.copytree(original, copy, symlinks=True)
        for program in (copy / "bin").iterdir():
            if not program.is_symlink() and (text := program.read_bytes()).startswith(b"#!"):
                program.write_bytes(text.replace(bytes(original), bytes(copy)))
        self.python = copy / "bin" / "python"
        self.site = site_of(copy)

    def install(self, *wheels: Path) -> None:
        run(*PIP, "--python", self.python, "install", "--quiet", "--no-deps", "--no-index", *wheels)

    def build_and_install(self, project: Path) -> None:
        """Install the wheel of a project."""
        self.install(*build(self.folder / f"dist-{project.name}", project))

    def uninstall(self, name: str) -> None:
        run(*PIP, "--python", self.python, "uninstall", "--quiet", "--yes", name)

    def cadgate(self, *arguments: str) -> str:
        """What `cadgate …` prints, in the environment's folder."""
        return run(self.python, "-P", "-m", "cadgate", *arguments, cwd=self.folder)

    def tests(self, project: Path, *which: str, seconds: float = SECONDS) -> str:
        """Run tests of a project, not with its sources but with what is installed. Returns pytest's report."""
        command = (self.python, "-P", "-m", "pytest", "-q", *WITHOUT, *(which or ("tests",)))
        return run(*command, cwd=project, seconds=seconds)
