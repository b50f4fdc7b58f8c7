"""The session as a complete .blend file, including what Blender would leave out because nothing uses it."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Iterator

import bpy

from cadgate_blender.app import overruled, staging, versions
from cadgate_blender.app.typed import context

MARK = "cadgate_unused"
NOT_DATA = ("window_managers", "screens", "workspaces", "brushes", "libraries")


def save(path: str, *, compress: bool = False) -> None:
    """Write a copy of the session to `path`; the session does not change, except that generated pixels are packed."""
    settle_images()
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=compress, check_existing=False, relative_remap=False)


def settle_images() -> None:
    """Pack generated pixels, which a .blend file would not contain, and clear folders."""
    for image in bpy.data.images:
        if image.is_dirty and image.type not in ("RENDER_RESULT", "COMPOSITING"):
            image.pack()
            if image.is_float and image.alpha_mode == "STRAIGHT":
                # When packed pixels are read, they count as straight ones, and are multiplied by their alpha each time.
                image.alpha_mode = "PREMUL"
    forget_folders()


def forget_folders() -> None:
    """Clear the origins of packed images and the folder of the file browser, which a .blend file would contain."""
    for image in bpy.data.images:
        for packed in image.packed_files:
            if os.path.isabs(packed.filepath):
                packed.filepath = "//" + os.path.basename(packed.filepath)
        if len(image.packed_files) and os.path.isabs(image.filepath_raw):
            image.filepath_raw = "//" + os.path.basename(image.filepath_raw)
    for screen in bpy.data.screens:
        browsers: list[Any] = [space for area in screen.areas for space in area.spaces if space.type == "FILE_BROWSER"]
        for space in browsers:
            if space.params is not None:
                space.params.directory = b"//"


def save_all(path: str) -> None:
    """Do the same as `save`, with unused data-blocks and overruled values; `load` restores them as they were."""
    staging.put_away()
    unused = [block for block in blocks() if block.users == 0 and block.library is None]
    for block in unused:
        block.use_fake_user = True
        block[MARK] = True
    noted = overruled.note(blocks())
    try:
        save(path)
    finally:
        overruled.forget(noted)
        _release(unused)


def load(path: str) -> None:
    """Replace the session by what `save_all` wrote."""
    open_file(path)
    overruled.put_back(blocks())
    _release([block for block in blocks() if MARK in block])


def open_file(path: str) -> None:
    """Replace the session by a .blend file that this package wrote.

    In the background, this includes the window's state, which nobody sees: only then does Blender empty the queue of
    notifications for windows, in which it looks for each data-block that is ever freed.
    """
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=bpy.app.background, use_scripts=False)


def empty_queue() -> None:
    """Save the session and open it again, which is linear in its size, before many data-blocks are freed.

    All references to data-blocks are invalid afterwards.
    """
    if bpy.app.background:
        with tempfile.TemporaryDirectory(prefix="cadgate-") as folder:
            path = os.path.join(folder, "session.blend")
            save_all(path)
            load(path)


def load_empty() -> None:
    """Replace the session by a new one: no objects, a grey world."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    world = bpy.data.worlds.new("World")
    versions.use_nodes(world)
    world.use_fake_user = True
    context.scene.world = world


def blocks() -> Iterator[Any]:
    """Yield every data-block of the session, except those of windows."""
    for room in versions.rooms(NOT_DATA):
        yield from getattr(bpy.data, room.identifier)


def _release(blocks: list[Any]) -> None:
    for block in blocks:
        block.use_fake_user = False
        del block[MARK]
