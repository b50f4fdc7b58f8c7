"""Finds FreeCAD on this machine and knows how to start it headless."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from cadgate.plugin import ApplicationUnavailable, Launcher, LaunchPlan, application_entry
from cadgate_freecad.settings import FreeCADSettings

PROGRAMS = ("freecadcmd", "FreeCADCmd", "freecad.cmd", "freecadcmd-daily")
USUAL_PLACES = (
    "/usr/bin/freecadcmd",
    "/usr/bin/FreeCADCmd",
    "/usr/bin/freecadcmd-python3",
    "/usr/lib/freecad/bin/freecadcmd",
    "/usr/lib/freecad/bin/FreeCADCmd",
    "/usr/lib/freecad-python3/bin/freecadcmd",
    "/usr/local/bin/freecadcmd",
    "/usr/local/bin/FreeCADCmd",
    "/opt/freecad/bin/freecadcmd",
    "/snap/bin/freecad.cmd",
    "/Applications/FreeCAD.app/Contents/Resources/bin/freecadcmd",
    "/Applications/FreeCAD.app/Contents/MacOS/FreeCADCmd",
)
LIMITS = {
    "max_documents",
    "max_objects",
    "max_facets",
    "max_face_facets",
    "max_extent_mm",
    "max_copies",
    "max_turns",
    "max_sides",
    "max_import_bytes",
    "verify",
}


class FreeCADLauncher(Launcher[FreeCADSettings]):
    """Starts `freecadcmd` with the script that serves the document."""

    def plan(self) -> LaunchPlan:
        """Return the plan for `freecadcmd app/entry.py`. Raises ApplicationUnavailable with the installing command."""
        return LaunchPlan(
            argv=[str(self.program()), str(application_entry("cadgate_freecad"))],
            # Draft and the importers load Qt classes; without a display only this platform plugin starts.
            environment={"QT_QPA_PLATFORM": "offscreen"},
        )

    def options(self) -> dict[str, object]:
        return self.settings.model_dump(include=LIMITS)

    def program(self) -> Path:
        """Return the headless FreeCAD: `command` of the settings, FREECAD_CMD, PATH, then the usual places.

        Raises ApplicationUnavailable. A named program that does not exist is an error; the search does not continue.
        """
        for source, named in (("command", self.settings.command), ("FREECAD_CMD", os.environ.get("FREECAD_CMD"))):
            if named:
                found = _executable(named)
                if found is None:
                    raise ApplicationUnavailable(
                        f"{source} names {named!r}, which is not a program: correct it, or remove it to search PATH",
                        details={"command": named, "remedy": f"unset {source}, or let it name freecadcmd"},
                    )
                return found
        for candidate in (*PROGRAMS, *USUAL_PLACES, *_conda_places()):
            found = _executable(candidate)
            if found is not None:
                return found
        remedy = install_command()
        raise ApplicationUnavailable(
            f"FreeCAD is not installed: no freecadcmd on PATH or in the usual places. Install it with: {remedy}",
            details={"remedy": remedy, "searched": [*PROGRAMS, *USUAL_PLACES]},
        )


def install_command() -> str:
    """Return the command that installs a headless FreeCAD on this machine."""
    if shutil.which("apt-get"):
        return "apt-get install -y --no-install-recommends freecad-python3"
    return "conda install -y -c conda-forge freecad"


def _conda_places() -> Iterator[str]:
    prefix = os.environ.get("CONDA_PREFIX")
    for folder in (prefix, sys.prefix):
        if folder:
            yield from (f"{folder}/bin/freecadcmd", f"{folder}/bin/FreeCADCmd")


def _executable(name: str) -> Path | None:
    found = shutil.which(os.path.expanduser(name))
    if found is None or not Path(found).is_file():
        return None
    return Path(found).absolute()
