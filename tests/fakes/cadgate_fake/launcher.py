"""Starts the fake application: a Python that runs `app/entry.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cadgate.plugin import ApplicationUnavailable, Launcher, LaunchPlan, application_entry
from cadgate_fake.settings import FakeSettings


class FakeLauncher(Launcher[FakeSettings]):
    """`plan` of the settings, or of the control file, says how finding the application goes wrong."""

    def plan(self) -> LaunchPlan:
        """How to start it. Raises ApplicationUnavailable, and RuntimeError where a test wants a defect."""
        how = self.settings.plan or self._control().get("plan")
        if how == "missing":
            raise ApplicationUnavailable("fake is not installed", details={"remedy": "pip install fake"})
        if how == "raise":
            raise RuntimeError("a defect of the launcher")
        if how == "not-a-program":
            return LaunchPlan(argv=["/nowhere/fake"])
        entry = str(application_entry("cadgate_fake"))
        # What the tests tell it lies where a sandbox would not show it.
        told = [Path(self.settings.control).parent] if self.settings.control else []
        return LaunchPlan([sys.executable, "-P", "-I", "-S", entry, *self.settings.command_line], readable=told)

    def options(self) -> dict[str, object]:
        return self.settings.model_dump(
            include={"control", "transactional", "send_timeout_seconds", "hello_timeout_seconds", "max_entries"}
        )

    def _control(self) -> dict[str, str]:
        path = Path(self.settings.control)
        return json.loads(path.read_text()) if self.settings.control and path.exists() else {}
