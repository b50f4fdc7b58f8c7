"""Checks a .blend file after Blender has read it: every path and everything that names Python, as Blender sees it.

This runs in a worker, before anything is saved for the session. `before_loading` has removed what acts immediately.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app import versions
from cadgate_blender.app.foreign import decided, outputs, programs
from cadgate_blender.app.foreign.losses import Losses, owner
from cadgate_blender.app.foreign.places import Places, leads_out
from cadgate_blender.app.foreign.walking import trees, walk

_NO_FILE = ("GENERATED", "VIEWER")


def settle(places: Places, losses: Losses) -> None:
    """Empty, mute or remove everything in the open file that leads elsewhere, writes, or runs code."""
    _refuse_fluids()
    _drop_libraries(losses)
    for block, tree in trees():
        _drop_reading_nodes(block, tree, losses)
    for block, holder, key in list(walk().paths()):
        _settle_path(block, holder, key, places, losses)
    for scene in bpy.data.scenes:
        _settle_strips(scene, places, losses)
    outputs.mute(losses)
    programs.take_out(losses)
    _pack()


def _refuse_fluids() -> None:
    """Refuse a domain that is still there: Blender read it in another way than `before_loading`."""
    for obj in bpy.data.objects:
        modifiers: list[Any] = list(obj.modifiers)
        for modifier in modifiers:
            if modifier.type == "FLUID" and modifier.domain_settings is not None:
                raise AppError(
                    "unsupported_format", f"The .blend file was not written by Blender: the fluid of {obj.name!r}"
                )


def _drop_libraries(losses: Losses) -> None:
    for library in list(bpy.data.libraries):
        losses.file(_name(library), "filepath")
        bpy.data.libraries.remove(library)


def _drop_reading_nodes(block: Any, tree: Any, losses: Losses) -> None:
    for node in list(tree.nodes):
        if node.bl_idname.startswith(decided.READING_NODES) or any(_is_file(plug) for plug in node.inputs):
            losses.part(_name(block), f"the node {node.name!r}", "such nodes read files when geometry is evaluated")
            tree.nodes.remove(node)


def _is_file(socket: Any) -> bool:
    return socket.type == "STRING" and socket.bl_rna.properties["default_value"].subtype in ("FILE_PATH", "DIR_PATH")


def _settle_path(block: Any, holder: Any, key: tuple[str, str], places: Places, losses: Losses) -> None:
    what = decided.SHOWN.get(key, decided.READS)
    if what == decided.NAMES:
        return
    try:
        value = getattr(holder, key[1])
    except (AttributeError, UnicodeDecodeError):
        value = "//"
    if not value or (key[0] == "VectorFont" and value == "<builtin>"):
        return
    if what == decided.READS and (_is_packed(holder) or places.has(value)):
        return
    if what in (decided.NOTES, decided.QUIET) and value.startswith("//") and "/" not in value[2:]:
        # For something packed, keep its name, which leads nowhere.
        return
    if getattr(holder, "is_library_indirect", False) or getattr(block, "library", None) is not None:
        return
    try:
        setattr(holder, key[1], "")
    except (AttributeError, TypeError, RuntimeError) as error:
        raise AppError(
            "unsupported_format",
            f"The .blend file refers to another file, which cannot be left out: {'.'.join(key)} of {_name(block)}",
        ) from error
    if what == decided.NOTES and leads_out(value):
        losses.file(_name(block), key[1])
    # A path to a mere folder names no file: Blender writes such a path for what has none.
    if what == decided.READS and os.path.basename(value) and getattr(holder, "source", None) not in _NO_FILE:
        losses.file(_name(block), key[1])


def _is_packed(holder: Any) -> bool:
    return getattr(holder, "packed_file", None) is not None or len(getattr(holder, "packed_files", ())) > 0


def _settle_strips(scene: Any, places: Places, losses: Losses) -> None:
    editor = scene.sequence_editor
    for strip in [] if editor is None else versions.strips_of(editor):
        if strip.type == "IMAGE":
            paths = [os.path.join(strip.directory or "//", element.filename) for element in strip.elements]
        elif strip.type == "MOVIE":
            paths = [strip.filepath]
        else:
            continue
        if not all(places.has(path) for path in paths):
            losses.file(_name(scene), f"the strip {strip.name!r}")
            strip.mute = True


def _pack() -> None:
    """Pack what may be read into the file: pictures, sounds and fonts, which would be lost with their folder."""
    for kind in ("images", "sounds", "fonts"):
        for block in getattr(bpy.data, kind):
            if getattr(block, "source", "FILE") != "FILE" or block.filepath in ("", "<builtin>") or _is_packed(block):
                continue
            if os.path.isfile(bpy.path.abspath(block.filepath)):
                # What cannot be packed stays where it is.
                with contextlib.suppress(RuntimeError):
                    block.pack()


def _name(block: Any) -> str:
    return owner(getattr(block, "id_type", None) or type(block).__name__, block.name)
