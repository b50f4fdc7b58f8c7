"""Opens .blend files from outside, in a worker."""

from __future__ import annotations

from typing import Sequence

import bpy

from cadgate_blender.app.foreign import after_loading, before_loading
from cadgate_blender.app.foreign.losses import Losses
from cadgate_blender.app.foreign.no_python import no_python
from cadgate_blender.app.foreign.places import Places


def open_file(path: str, roots: Sequence[str], *, trusted: bool) -> None:
    """Open the .blend file `path` without what is not allowed, which warnings name.

    :param roots: the folders that its paths may lead to. A trusted file is opened as it is.
    :raises AppError: `command_failed`, `unsupported_format`, for a file that Blender cannot have written.
    :raises RuntimeError: Blender's own, if it cannot read the file.
    """
    if trusted:
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        return
    losses = Losses(trustable=True)
    before_loading.prepare(path, roots, losses)
    with no_python():
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
    after_loading.settle(Places(path, roots), losses)
    losses.warn()


def settle_import(path: str) -> None:
    """Remove what leads to other files from an import of the file `path`, of another format."""
    losses = Losses(trustable=False)
    after_loading.settle(Places(path, ()), losses)
    losses.warn()
