"""Files that code makes in an application of its own, before an attack delivers them."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.attack.canary import Canary

PREPARE_SECONDS = 120
BLENDER = """
import bpy, os, runpy, sys, traceback
for script in sys.stdin:
    script = script.strip()
    child = os.fork()
    if child == 0:
        os.chdir(os.path.dirname(script))
        output = os.open("output", os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1), os.dup2(output, 2)
        try:
            runpy.run_path(script)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(0)
    os.waitpid(child, 0)
    os.write(int(sys.argv[1]), b"x")
"""
"""Runs each script of which it reads the path in a copy of itself, which has imported Blender already. A copy leaves
without its clean-up: Blender as a module does not always end after code like this."""

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
            RUN[adapter](script)
            if not out.exists():
                said = Path(name, "output").read_text(errors="replace")
                raise RuntimeError(f"{adapter} did not write {out.name}: {said[-2000:]}")
            _files[key] = out.read_bytes()
    return _files[key]


def _in_freecad(script: Path) -> None:
    with script.with_name("output").open("w") as output:
        subprocess.run(
            ["freecadcmd", script],
            cwd=script.parent,
            stdout=output,
            stderr=output,
            timeout=PREPARE_SECONDS,
            check=False,
        )


class _Blender:
    """The process that forks, started when it is first needed. It ends with this one."""

    def __init__(self) -> None:
        self._popen: subprocess.Popen[str] | None = None
        self._ended = -1

    def __call__(self, script: Path) -> None:
        """Run a script. Raises TimeoutError, and ends it, after PREPARE_SECONDS."""
        if self._popen is None:
            self._ended, writes = os.pipe()
            self._popen = subprocess.Popen(
                [sys.executable, "-c", BLENDER, str(writes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[writes],
                text=True,
                start_new_session=True,
            )
            os.close(writes)
        assert self._popen.stdin is not None
        self._popen.stdin.write(f"{script}\n")
        self._popen.stdin.flush()
        ready = select.select([self._ended], [], [], PREPARE_SECONDS)[0]
        if not ready or not os.read(self._ended, 1):
            self.end()
            raise TimeoutError(f"Blender did not end {script.name} within {PREPARE_SECONDS} s, or died of it")

    def end(self) -> None:
        """End it with what it runs."""
        popen, self._popen = self._popen, None
        if popen is not None and popen.stdin is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(popen.pid, 9)
            popen.stdin.close()
            popen.wait()
            os.close(self._ended)


blender = _Blender()
atexit.register(blender.end)
RUN: dict[str, Callable[[Path], None]] = {"blender": blender, "freecad": _in_freecad}
