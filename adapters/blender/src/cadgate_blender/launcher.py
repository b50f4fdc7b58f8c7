"""Finds Blender on this machine and knows how to start it headless: a program, or the `bpy` wheel in this Python."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from cadgate.plugin import ApplicationUnavailable, Hint, Launcher, LaunchPlan, application_entry
from cadgate_blender.settings import BlenderSettings

WHEELS = {(3, 11): "4.5 LTS", (3, 13): "5.2 LTS"}
"""The Blender that the extra `embedded` installs, for each Python that there is a wheel for."""
EMBEDDED = 'pip install "cadgate-blender[embedded]"'
LIMITS = {
    "max_copies",
    "max_frames",
    "max_image_pixels",
    "max_import_bytes",
    "max_objects",
    "max_render_pixels",
    "max_render_size",
    "max_samples",
    "max_subdivisions",
    "max_vertices",
    "verify",
}


class BlenderLauncher(Launcher[BlenderSettings]):
    """Starts Blender in the background with the script that serves the scene."""

    def plan(self) -> LaunchPlan:
        """Return how to start Blender here. Raises ApplicationUnavailable with the command that installs it."""
        entry = str(application_entry("cadgate_blender"))
        program = self.program()
        if program is None:
            # -P: the entry script's folder must not be on sys.path, where its modules would hide others.
            return LaunchPlan(argv=[sys.executable, "-P", entry])
        # 5.3 would draw with Vulkan, which on machines without a GPU is often there and of no use.
        backend = ["--gpu-backend", "opengl"] if sys.platform.startswith("linux") else []
        start = [str(program), "--background", "--factory-startup", *backend]
        return LaunchPlan(argv=[*start, "--python-exit-code", "1", "--python", entry])

    def hints(self) -> Sequence[Hint]:
        """Return a hint if EGL is missing: EEVEE and Workbench draw with OpenGL, headless through EGL."""
        if not sys.platform.startswith("linux") or ctypes.util.find_library("EGL"):
            return ()
        text = "the engines eevee and workbench (and render/preview) need libEGL, which is not installed"
        return (Hint(text, "apt-get install -y --no-install-recommends libegl1 libgl1-mesa-dri"),)

    def options(self) -> dict[str, object]:
        return self.settings.model_dump(include=LIMITS)

    def program(self) -> Path | None:
        """Return the Blender to run: `command` of the settings, BLENDER_CMD, the `bpy` wheel (None), then PATH.

        Raises ApplicationUnavailable. A named program that does not exist is an error; the search does not continue.
        """
        for source, named in (("command", self.settings.command), ("BLENDER_CMD", os.environ.get("BLENDER_CMD"))):
            if named:
                found = _executable(named)
                if found is None:
                    raise ApplicationUnavailable(
                        f"{source} names {named!r}, which is not a program: correct it, or remove it",
                        details={"command": named, "remedy": f"unset {source}, or let it name the blender program"},
                    )
                return found
        # Only look for it, never import it: `bpy` is Blender itself, and belongs in its own process.
        if importlib.util.find_spec("bpy") is not None:
            return None
        found = _executable("blender")
        if found is None:
            raise _not_installed()
        return found


def _not_installed() -> ApplicationUnavailable:
    version = sys.version_info[:2]
    if version in WHEELS:
        missing, remedy = "no bpy wheel in this Python", EMBEDDED
    else:
        made = ", ".join(f"{major}.{minor} (Blender {lts})" for (major, minor), lts in WHEELS.items())
        missing = f"there is no bpy wheel for this Python {version[0]}.{version[1]}"
        remedy = "install Blender 4.2 or newer and set BLENDER_CMD to its program; or install cadgate in Python "
        remedy += f"{made}, with {EMBEDDED}"
    return ApplicationUnavailable(
        f"Blender is not installed: {missing}, no blender on PATH. To install it: {remedy}", details={"remedy": remedy}
    )


def _executable(name: str) -> Path | None:
    found = shutil.which(os.path.expanduser(name))
    return None if found is None else Path(found).absolute()
