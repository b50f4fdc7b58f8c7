"""A second wall while a file of somebody else is loaded: no Python is compiled or run that is no module on the disk.

Blender does not run the scripts of a file that is opened without them. But parts of it are steered by Python that is
put together from what a file says: this holds whatever the way is.
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
        # A hook cannot be taken off again; it does nothing while it is not armed.
        sys.addaudithook(_look)
        _state["hooked"] = True
    _state["armed"] = True
    try:
        yield
    finally:
        _state["armed"] = False


def _look(event: str, args: tuple[Any, ...]) -> None:
    if not _state["armed"] or event not in ("compile", "exec"):
        return
    filename = args[1] if event == "compile" else getattr(args[0], "co_filename", "")
    if isinstance(filename, bytes):
        filename = os.fsdecode(filename)
    if isinstance(filename, str) and (filename.startswith("<frozen ") or os.path.isfile(filename)):
        return
    raise RuntimeError("no Python may run while a file from outside is loaded")
