"""The door for .blend files from outside: what opens them, in a worker."""

from __future__ import annotations

from typing import Sequence

import bpy

from cadgate_blender.app.foreign import after_loading, before_loading
from cadgate_blender.app.foreign.losses import Losses
from cadgate_blender.app.foreign.no_python import no_python
from cadgate_blender.app.foreign.places import Places


def open_file(path: str, roots: Sequence[str], *, trusted: bool) -> None:
    """Open the .blend file `path`; what it may not bring is left out, with warnings that name it.

    :param roots: the folders that its paths may lead to. A trusted file is opened as it is.
    :raises AppError: `command_failed`, `unsupported_format`, for a file that is not as Blender makes them.
    :raises RuntimeError: Blender's own, when it cannot read the file.
    """
    if trusted:
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        return
    losses = Losses(trustable=True)
    before_loading.prepare(path, roots, losses)
    with no_python():
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
    after_loading.settle(Places(path, roots), losses)
    losses.tell()


def settle_import(path: str) -> None:
    """Leave out of what was imported from the file `path`, of another format, what leads to other files."""
    losses = Losses(trustable=False)
    after_loading.settle(Places(path, ()), losses)
    losses.tell()
