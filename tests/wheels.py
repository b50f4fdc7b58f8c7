"""Clean environments with the three wheels of this repository, into which tests install adapters as users do."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "adapters/blender", "adapters/freecad")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
SECONDS = 110


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


class Environment:
    """A new environment with these wheels in it, and a folder beside it."""

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        self.folder = folder
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
        self.python = folder / "venv" / "bin" / "python"
        self.site = Path(run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        # Dependencies are those of the tests. A path in a .pth file is only appended: the .pth files of the editable
        # installs in there are not read, so the packages themselves come from their wheels.
        (self.site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.install(*wheels)

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
        command = (self.python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *(which or ("tests",)))
        return run(*command, cwd=project, seconds=seconds)
