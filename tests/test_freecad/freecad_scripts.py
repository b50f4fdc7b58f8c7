"""Runs a script inside FreeCAD, which writes what it found into a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cadgate
import cadgate_freecad


def told_by(script: str, folder: Path) -> Any:
    """Return what the script wrote as JSON into `told.json`; it has this `FOLDER`, and the packages in `FOLDERS`."""
    packages = [str(Path(package.__file__ or "").parents[1]) for package in (cadgate, cadgate_freecad)]
    path = folder / "script.py"
    path.write_text(f"FOLDERS = {packages!r}\nFOLDER = {str(folder)!r}\n{script}")
    program = shutil.which(os.environ.get("FREECAD_CMD", "freecadcmd"))
    assert program is not None, "FreeCAD is not installed"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    ran = subprocess.run([program, str(path)], timeout=120, env=environment, capture_output=True, text=True)
    assert (folder / "told.json").exists(), ran.stdout[-3000:] + ran.stderr[-3000:]
    return json.loads((folder / "told.json").read_text())
