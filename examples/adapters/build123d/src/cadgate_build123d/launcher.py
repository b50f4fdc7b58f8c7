"""Finds a Python that has build123d: the gateway's own, or one of another environment."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cadgate.plugin import ApplicationUnavailable, Launcher, LaunchPlan, application_entry
from cadgate_build123d.settings import Build123dSettings

SECONDS = 30
ASK = """
import importlib.util, json, sys
found = importlib.util.find_spec("build123d") is not None
print(json.dumps({"found": found, "folders": [sys.prefix, sys.base_prefix]}))
"""


class Build123dLauncher(Launcher[Build123dSettings]):
    """Starts that Python with the script that serves the solids."""

    def plan(self) -> LaunchPlan:
        """Return how to start it here. Raises ApplicationUnavailable with the remedy."""
        python = self._python()
        answer = self._ask(python)
        if not answer["found"]:
            remedy = f"{shlex.quote(python)} -m pip install build123d"
            raise ApplicationUnavailable(
                f"{python} has no build123d. Install it with: {remedy}", details={"remedy": remedy}
            )
        return LaunchPlan(
            argv=[python, "-P", str(application_entry("cadgate_build123d"))],
            # In a sandbox, a separate environment and the Python that it was made from must be visible.
            readable=[Path(folder) for folder in answer["folders"]],
        )

    def options(self) -> dict[str, object]:
        """Return what becomes `Host.settings` inside the application."""
        return self.settings.model_dump(include={"max_objects"})

    def _python(self) -> str:
        if self.settings.command is None:
            return sys.executable
        found = shutil.which(self.settings.command)
        if found is None:
            raise ApplicationUnavailable(
                f"command names {self.settings.command!r}, which is not a program: correct it, or remove it",
                details={"remedy": "correct or remove command in plugins.toml"},
            )
        return found

    def _ask(self, python: str) -> dict[str, Any]:
        # Do not import it: that takes seconds, and plan() is called often.
        try:
            done = subprocess.run(
                [python, "-P", "-c", ASK], capture_output=True, text=True, timeout=SECONDS, check=True
            )
            answer: dict[str, Any] = json.loads(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise ApplicationUnavailable(
                f"{python} cannot be run as Python to look for build123d: {error}",
                details={"remedy": "set command in plugins.toml to a Python with build123d"},
            ) from error
        return answer
