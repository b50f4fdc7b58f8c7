"""A second barrier while a file from outside is loaded: only Python modules on the disk are compiled or run.

Blender does not run the scripts of a file that is opened without them. But parts of Blender are controlled by Python
that is composed from a file's content: this barrier applies however that happens.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import Any, Generator

_state = {"armed": False, "hooked": False}


@contextmanager
def no_python() -> Generator[None, None, None]:
    """Refuse Python from anywhere but modules while the block runs."""
    if not _state["hooked"]:
        # A hook cannot be removed; it does nothing while it is not armed.
        sys.addaudithook(_look)
        _state["hooked"] = True
    _state["armed"] = True
    try:
        yield
    finally:
        _state["armed"] = False


def _look(event: str, args: tuple[Any, ...], state: dict[str, bool] = _state) -> None:
    # A default outlives the module: at the end of the process its names are gone before the hook is.
    if not state["armed"] or event not in ("compile", "exec"):
        return
    filename = args[1] if event == "compile" else getattr(args[0], "co_filename", "")
    if isinstance(filename, bytes):
        filename = os.fsdecode(filename)
    if isinstance(filename, str) and (filename.startswith("<frozen ") or os.path.isfile(filename)):
        return
    raise RuntimeError("no Python may run while a file from outside is loaded")
