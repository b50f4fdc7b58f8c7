"""Decides which operators requests may run. What nobody has reviewed is refused.

An operator edits data. Whatever reads or writes files, runs code, controls the program or its windows, or crashes
without a window is refused with the reason and the method that does it instead.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

import bpy

from cadgate_blender.app import versions
from cadgate_blender.app.operating.reviewed import REVIEWED


class Refusal(NamedTuple):
    """Why an operator cannot be run, as the end of a sentence, and the method that does its work, if there is one."""

    reason: str
    method: str | None = None
    window: bool = False


_FILES = "it reads or writes files"
_CODE = "it runs code, which needs the scope execute: send code to execute instead"
_PROGRAM = "it controls the program, which serves other requests"
_WINDOW = "it works in a window, and there is none"
_CRASHES = "Blender crashes in it when it runs without a window"
_HANGS = "Blender never ends it when it runs without a window"
_MODE = "a mode does not last beyond a request: send context.mode with the operator that needs it"
_DRIVERS = "drivers are expressions that Blender runs, which needs the scope execute"
_CLIPBOARD = "it copies through a file or the clipboard of the program, which other requests share"
_PRESETS = "it writes presets of the program"
_BAKES = "it may write caches to the disk"

_GROUPS: dict[str, Refusal] = {
    **dict.fromkeys(("export_anim", "export_scene"), Refusal(_FILES, "exchange.export")),
    **dict.fromkeys(("import_anim", "import_curve", "import_scene"), Refusal(_FILES, "exchange.import")),
    **dict.fromkeys(("console", "script"), Refusal(_CODE, "session.execute")),
    **dict.fromkeys(("text", "text_editor"), Refusal("texts are code, and it works in a window", "session.execute")),
    **dict.fromkeys(("preferences", "extensions"), Refusal("it changes the program, its preferences and add-ons")),
    **dict.fromkeys(("wm",), Refusal(_PROGRAM)),
    **dict.fromkeys(("file", "asset", "poselib", "brush"), Refusal("it works on files of the user")),
    **dict.fromkeys(("clip", "cachefile", "sound", "image"), Refusal(_FILES)),
    **dict.fromkeys(("fluid", "ptcache", "dpaint"), Refusal(_BAKES)),
    **dict.fromkeys(("render", "cycles"), Refusal("rendering has its own method", "render.still")),
    "ed": Refusal("it works on the history of the program", "session.undo"),
    **dict.fromkeys(
        (
            *("buttons", "gizmogroup", "gpencil", "info", "outliner", "paintcurve", "screen"),
            *("sculpt_curves", "spreadsheet", "ui", "uilist", "view2d", "workspace"),
        ),
        Refusal(_WINDOW, None, True),
    ),
    "sculpt": Refusal("brushes work in a window, and Blender crashes in most of sculpting without one", None, True),
}
_OPERATORS: dict[str, Refusal] = {
    "wm.quit_blender": Refusal("it ends the program, which serves other requests"),
    **dict.fromkeys(("wm.open_mainfile", "wm.recover_auto_save", "wm.revert_mainfile"), Refusal(_FILES, "scene.open")),
    **dict.fromkeys(("wm.save_mainfile", "wm.save_as_mainfile"), Refusal(_FILES, "scene.save")),
    **dict.fromkeys(("wm.append", "wm.link", "wm.drop_import_file"), Refusal(_FILES, "exchange.import")),
    **dict.fromkeys(("wm.read_homefile", "wm.read_factory_settings"), Refusal(_PROGRAM, "scene.clear")),
    **dict.fromkeys(("object.quick_liquid", "object.quick_smoke"), Refusal(_BAKES)),
    **dict.fromkeys(("scene.freestyle_module_add", "scene.freestyle_module_open"), Refusal(_CODE, "session.execute")),
    **dict.fromkeys(("node.shader_script_update",), Refusal("it compiles a program", "session.execute")),
    **dict.fromkeys(
        ("node.link_drag_operation_test", "node.test_inlining_shader_nodes"), Refusal("it is for Blender's own tests")
    ),
    **dict.fromkeys(("node.render_changed", "node.read_viewlayers"), Refusal("it renders", "render.still")),
    "scene.delete": Refusal("requests work in this scene; other scenes are deleted by DELETE /data/scenes/{name}"),
    # Only 4.3 has it: Python does not see the slot there, the action has no F-curves, and keyframes move nothing.
    "anim.slot_new_for_object": Refusal("Blender 4.3 loses the keyframes of an action to which it adds a slot"),
    "object.transfer_mode": Refusal(_MODE),
    **dict.fromkeys(
        ("node.link_viewer", "node.select_link_viewer", "node.viewer_shortcut_set"), Refusal(_HANGS, None, True)
    ),
    **dict.fromkeys(("mesh.colors_reverse", "mesh.colors_rotate"), Refusal("Blender crashes in it")),
    # Only newer ones have it; 5.2 crashes.
    "mask.move_to_layer": Refusal("Blender crashes in it"),
    **dict.fromkeys(versions.CRASHING_OPERATORS, Refusal(_CRASHES, None, True)),
    **dict.fromkeys(
        (
            *("geometry.execute_node_group", "object.modifier_add_node_group", "object.multires_external_pack"),
            *("object.quick_fur", "sequencer.strip_modifier_add_node_group"),
        ),
        Refusal("it loads data from files"),
    ),
    **dict.fromkeys(
        (
            *(
                "curves.pen",
                "graph.local_view",
                "grease_pencil.pen",
                "grease_pencil.stroke_cutter",
                "node.group_enter_exit",
            ),
            *("paint.brush_select", "paint.vert_select_loop", "sequencer.box_blade", "sequencer.select_circle"),
            *("sequencer.select_lasso", "uv.custom_region_set"),
            # Those of 3D mice are only in Blenders that were built with them, as Debian's is and the wheels are not.
            *("view3d.ndof_all", "view3d.ndof_orbit", "view3d.ndof_orbit_zoom", "view3d.ndof_pan"),
            "view3d.vr_location_scouting_capture_review",
        ),
        Refusal(_WINDOW, None, True),
    ),
    **dict.fromkeys(
        (
            *("node.delete_copy_reconnect", "object.copy_global_transform", "object.copy_relative_transform"),
            "object.paste_transform",
        ),
        Refusal(_CLIPBOARD),
    ),
    **dict.fromkeys(
        (
            *("collection.importer_add", "collection.importer_remove", "node.file_output_item_add"),
            *("node.file_output_item_move", "node.file_output_item_remove"),
        ),
        Refusal(_FILES),
    ),
    **dict.fromkeys(
        (
            *("action.view_frame", "node.join_named", "view3d.object_mode_pie_or_toggle", "view3d.select"),
            *("view3d.select_box", "view3d.select_circle", "view3d.zoom_border"),
            *("paint.hide_show", "paint.hide_show_all", "paint.hide_show_line_gesture", "paint.hide_show_masked"),
            *("paint.mask_box_gesture", "paint.mask_flood_fill", "paint.mask_line_gesture", "paint.sample_color"),
            *("paint.visibility_filter", "paint.visibility_invert"),
            *("particle.brush_edit", "particle.select_linked_pick"),
        ),
        Refusal(_CRASHES, None, True),
    ),
}
_WORDS: tuple[tuple[str, Refusal], ...] = (
    (r"preset", Refusal(_PRESETS)),
    (r"driver", Refusal(_DRIVERS, "session.execute")),
    (r"(^object|^node|^anim)\..*(_bake|bake_|bake$|_cache)", Refusal(_BAKES)),
    (r"\.(export|exporter)_", Refusal(_FILES, "exchange.export")),
    (r"asset|library|copybuffer|pastebuffer", Refusal("it works on files of the user")),
    (r"clipboard|^(material|pose|sequencer|texture|uv)\.(copy|paste)$|selection_set_(copy|paste)", Refusal(_CLIPBOARD)),
    (r"^sequencer\..*(proxy|proxies|reload|sound|movie|image_strip|change_path)", Refusal(_FILES)),
    (r"_file$|output_file|cryptomatte|add_import_node", Refusal(_FILES)),
    (
        r"\.(mode_set|mode_set_with_submode|\w*mode_toggle|\w+paint_toggle|posemode_toggle|particle_edit_toggle)$",
        Refusal(_MODE),
    ),
)
_PATHS = ("FILE_PATH", "DIR_PATH", "FILE_NAME")
_PATH_NAMES = ("filepath", "directory", "filename", "relative_path", "files")
OWN_PYTHON = ("bl_operators.", "bl_ui.")
"""Modules of Blender's own operators in Python; those of add-ons are not reviewed."""
_NODES = (r"GeometryNodeImport|CompositorNodeOutputFile|ShaderNodeScript|.*IES", _FILES)
VALUES: dict[str, dict[str, tuple[str, str]]] = {
    "node.add_node": {"type": _NODES},
    "node.swap_node": {"type": _NODES},
    "node.add_zone": {"input_node_type": _NODES, "output_node_type": _NODES},
    "node.swap_zone": {"input_node_type": _NODES, "output_node_type": _NODES},
    "object.modifier_add": {"type": (r"FLUID", _BAKES)},
}
"""Values of properties that are refused: operator, property, pattern, reason."""
REQUIRED: dict[str, str] = {"sequencer.strip_modifier_add": "type"}
"""Properties without which Blender crashes, because their default is none of their values."""
UNUSABLE: dict[str, str] = {"settings": "its values are Python expressions, which need the scope execute"}
"""Properties that are collections and cannot be given."""


def every() -> list[str]:
    """Return the ids of all operators, add-ons' too."""
    return [f"{group}.{name}" for group in dir(bpy.ops) for name in dir(getattr(bpy.ops, group))]


def exists(identifier: str) -> bool:
    """Return whether there is an operator `mesh.bevel`."""
    group, _, name = identifier.partition(".")
    return group in dir(bpy.ops) and name in dir(getattr(bpy.ops, group))


def function(identifier: str) -> Any:
    """Return the operator `mesh.bevel`."""
    group, _, name = identifier.partition(".")
    return getattr(getattr(bpy.ops, group), name)


def refusal(identifier: str) -> Refusal | None:
    """Return why requests cannot run an operator; None if they can."""
    known = _OPERATORS.get(identifier)
    if known is not None:
        return known
    rna = function(identifier).get_rna_type()
    group = identifier.partition(".")[0]
    reads = any(_is_path(prop) for prop in rna.properties)
    if group in _GROUPS:
        return Refusal(_FILES, _door(identifier)) if reads and group == "wm" else _GROUPS[group]
    if reads:
        return Refusal(_FILES, _door(identifier))
    for pattern, found in _WORDS:
        if re.search(pattern, identifier):
            return found
    module = python_module(rna)
    if module is not None and not module.startswith(OWN_PYTHON):
        return Refusal("it belongs to an add-on, which may do anything: run code that calls it", "session.execute")
    if identifier not in reviewed():
        return Refusal(
            "nobody has checked whether it reads or writes files or runs code: run code that calls it",
            "session.execute",
        )
    return None


def python_module(rna: Any) -> str | None:
    """Return the Python module of an operator; None for one of Blender's own in C."""
    found = bpy.types.Operator.bl_rna_get_subclass_py(rna.identifier)
    return None if found is None else str(found.__module__)


@functools.lru_cache(maxsize=None)
def reviewed() -> frozenset[str]:
    """Return the ids of the operators that were reviewed."""
    return frozenset(f"{group}.{name}" for group, names in REVIEWED.items() for name in names.split())


def _is_path(prop: Any) -> bool:
    return (prop.type == "STRING" and prop.subtype in _PATHS) or prop.identifier in _PATH_NAMES


def _door(identifier: str) -> str | None:
    name = identifier.partition(".")[2]
    if identifier.startswith("export") or name.endswith("_export"):
        return "exchange.export"
    if identifier.startswith("import") or name.endswith("_import"):
        return "exchange.import"
    return None
