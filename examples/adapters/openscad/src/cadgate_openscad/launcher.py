"""Finds OpenSCAD on this machine. What the gateway starts is a small companion, which starts OpenSCAD as needed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from cadgate.plugin import ApplicationUnavailable, Hint, Launcher, LaunchPlan, application_entry
from cadgate_openscad.settings import OpenSCADSettings

REMEDY = "apt-get install -y --no-install-recommends openscad xvfb"
PICTURES = "pictures (format png) need an X server, and no Xvfb is installed"
PICTURES_REMEDY = "apt-get install -y --no-install-recommends xvfb"
NAMES = ("openscad", "openscad-nightly", "/Applications/OpenSCAD.app/Contents/MacOS/OpenSCAD")
LIMITS = {"max_memory_mb", "max_output_mb"}


class OpenSCADLauncher(Launcher[OpenSCADSettings]):
    """Starts this Python with the companion's script."""

    def plan(self) -> LaunchPlan:
        """Return how to start the companion. Raises ApplicationUnavailable if there is no OpenSCAD for it to start."""
        program = self.program()
        return LaunchPlan(
            # -P: the entry script's folder must not be on sys.path, where its modules would hide others.
            argv=[sys.executable, "-P", str(application_entry("cadgate_openscad"))],
            readable=[program.resolve().parent, *(folder.expanduser().resolve() for folder in self.settings.libraries)],
        )

    def hints(self) -> Sequence[Hint]:
        """Return a hint if pictures will fail: OpenSCAD 2021 draws them with OpenGL in an X server."""
        return () if shutil.which("Xvfb") or os.environ.get("DISPLAY") else (Hint(PICTURES, PICTURES_REMEDY),)

    def options(self) -> dict[str, object]:
        """Return what becomes `Host.settings` in the companion."""
        return {
            **self.settings.model_dump(include=LIMITS),
            "program": str(self.program()),
            "xvfb": shutil.which("Xvfb"),
            "libraries": [str(folder.expanduser().resolve()) for folder in self.settings.libraries],
        }

    def program(self) -> Path:
        """Return the OpenSCAD to run: `command` of the settings, OPENSCAD_CMD, then PATH and the usual places.

        Raises ApplicationUnavailable. A named program that does not exist is an error; the search does not continue.
        """
        for source, named in (("command", self.settings.command), ("OPENSCAD_CMD", os.environ.get("OPENSCAD_CMD"))):
            if named:
                found = shutil.which(os.path.expanduser(named))
                if found is None:
                    raise ApplicationUnavailable(
                        f"{source} names {named!r}, which is not a program: correct it, or remove it",
                        details={"command": named, "remedy": f"unset {source}, or let it name the openscad program"},
                    )
                return Path(found).absolute()
        for name in NAMES:
            found = shutil.which(name)
            if found is not None:
                return Path(found).absolute()
        raise ApplicationUnavailable(
            f"OpenSCAD is not installed: there is no openscad on PATH. Install it with: {REMEDY}",
            details={"remedy": REMEDY},
        )
