"""Files that code makes in an application of its own, before an attack delivers them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.attack.canary import Canary

PREPARE_SECONDS = 120

_files: dict[tuple[Path, str, str, str], bytes] = {}


def prepared(canary: Canary, adapter: str, code: str, suffix: str) -> bytes:
    """The file that `code` writes to `out`. The same code gives the same file again without another run."""
    key = (canary.home, adapter, code, suffix)
    if key not in _files:
        with tempfile.TemporaryDirectory(prefix="cadgate-attack-") as name:
            out, script = Path(name, f"made{suffix}"), Path(name, "prepare_it.py")
            told = {"out": str(out), "canary": str(canary.file), "folder": str(canary.folder), "python": canary.python}
            head = "\n".join(f"{word} = {value!r}" for word, value in told.items())
            script.write_text(f"{head}\n{code}\n")
            # Blender as a module does not always end after code like this: leave without its clean-up.
            run = (
                f"import bpy, os, runpy, traceback\ntry:\n    runpy.run_path({str(script)!r})\n"
                "except Exception:\n    traceback.print_exc()\nos._exit(0)"
            )
            command = [sys.executable, "-c", run]
            if adapter == "freecad":
                command = ["freecadcmd", str(script)]
            done = subprocess.run(
                command, cwd=name, capture_output=True, text=True, timeout=PREPARE_SECONDS, check=False
            )
            if not out.exists():
                raise RuntimeError(f"{adapter} did not write {out.name}: {(done.stdout + done.stderr)[-2000:]}")
            _files[key] = out.read_bytes()
    return _files[key]
