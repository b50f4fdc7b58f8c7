"""What the operators of Blender do without the gateway: in a process of its own, in every context that can be made.

Run as a script by a Python that has `bpy`, with the scene and the operators as JSON on standard input, it asks the poll
of each operator in every editor with every object in every mode, and runs it in the first contexts that it accepts,
each time in a copy of the process. It prints a line of JSON for each: its id, the contexts, and what came of them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from typing import Any

PATIENCE = 10.0
"""Seconds for one operator."""
TRIED = 3
"""In how many contexts an operator is run."""
OBJECTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Cube", ("OBJECT", "EDIT", "VERTEX_PAINT", "WEIGHT_PAINT", "TEXTURE_PAINT", "PARTICLE_EDIT", "SCULPT")),
    ("Armature", ("POSE", "EDIT", "OBJECT")),
    ("Curve", ("EDIT",)),
    ("Text", ("EDIT",)),
    ("Surface", ("EDIT",)),
    ("Mball", ("EDIT",)),
    ("Lattice", ("EDIT",)),
    ("Sketch", ("EDIT", "OBJECT", "PAINT_GREASE_PENCIL", "VERTEX_GREASE_PENCIL", "WEIGHT_GREASE_PENCIL")),
    ("Hair", ("EDIT", "OBJECT")),
    ("Points", ("EDIT",)),
    ("Camera", ("OBJECT",)),
    ("Light", ("OBJECT",)),
    ("Picture", ("OBJECT",)),
)
"""The objects of the scene, each in its modes."""
GROUPS = {
    "armature": "Armature", "pose": "Armature", "curve": "Curve", "font": "Text", "surface": "Surface",
    "lattice": "Lattice", "mball": "Mball", "grease_pencil": "Sketch", "curves": "Hair", "pointcloud": "Points",
}  # fmt: skip
"""The object that a group of operators is for."""
AREAS = (
    *(None, "VIEW_3D", "IMAGE_EDITOR", "NODE_EDITOR", "DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR"),
    *("SEQUENCE_EDITOR", "CLIP_EDITOR", "OUTLINER", "TEXT_EDITOR", "CONSOLE", "FILE_BROWSER"),
    *("SPREADSHEET", "PREFERENCES", "INFO"),
)
SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "IMAGE_EDITOR": ({"ui_type": "UV"}, {"ui_type": "IMAGE_EDITOR", "mode": "MASK"}, {"ui_type": "IMAGE_EDITOR"}),
    "DOPESHEET_EDITOR": ({"ui_type": "DOPESHEET", "mode": "DOPESHEET"}, {"ui_type": "DOPESHEET", "mode": "ACTION"}),
    "GRAPH_EDITOR": ({"ui_type": "FCURVES"}, {"ui_type": "DRIVERS"}),
    "NODE_EDITOR": (
        {"ui_type": "ShaderNodeTree"},
        {"ui_type": "GeometryNodeTree"},
        {"ui_type": "CompositorNodeTree"},
    ),
    "SEQUENCE_EDITOR": ({"view_type": "SEQUENCER"}, {"view_type": "PREVIEW"}),
}
"""What an editor can show."""


def main() -> None:
    """Print what each operator does."""
    import bpy

    asked = json.load(sys.stdin)
    wanted = asked["operators"]
    exec(asked["scene"], {})  # noqa: S102 - the tests' own
    accepted = _polls(bpy, wanted)
    for operator in wanted:
        contexts = accepted.get(operator, [])
        results = [_run(bpy, operator, context) for context in contexts[:TRIED]]
        print(json.dumps({"id": operator, "contexts": contexts, "results": results}), flush=True)
    os._exit(0)


def _polls(bpy: Any, wanted: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the contexts that each operator accepts, those with the object of its group first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, modes in OBJECTS:
        for mode in modes:
            _enter(bpy, name, mode)
            for area in AREAS:
                for setting in SETTINGS.get(area or "", ({},)):
                    context = {"active": name, "mode": mode, "area": area, "setting": setting}
                    with _override(bpy, area, setting):
                        for operator in wanted:
                            if _polled(bpy, operator):
                                found.setdefault(operator, []).append(context)
            _enter(bpy, name, "OBJECT")
    for operator, contexts in found.items():
        own = GROUPS.get(operator.partition(".")[0], "Cube")
        contexts.sort(key=lambda each: each["active"] != own)
        # One for each object and mode is enough, in the first editor that will do.
        firsts: dict[tuple[str, str], dict[str, Any]] = {}
        for each in contexts:
            firsts.setdefault((each["active"], each["mode"]), each)
        found[operator] = list(firsts.values())
    return found


def _polled(bpy: Any, operator: str) -> bool:
    group, _, name = operator.partition(".")
    try:
        return bool(getattr(getattr(bpy.ops, group), name).poll())
    except (RuntimeError, AttributeError):
        return False


def _enter(bpy: Any, name: str, mode: str) -> None:
    layer = bpy.context.view_layer
    obj = layer.objects[name]
    if layer.objects.active is not None and layer.objects.active.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for each in layer.objects:
        each.select_set(each == obj)
    layer.objects.active = obj
    if obj.mode != mode:
        bpy.ops.object.mode_set(mode=mode)


def _override(bpy: Any, kind: str | None, setting: dict[str, Any]) -> Any:
    """Return the override for an editor that shows this."""
    if kind is None:
        return bpy.context.temp_override()
    window = bpy.context.window_manager.windows[0]
    area = max(window.screen.areas, key=lambda each: each.width * each.height)
    area.type = kind
    for name, value in setting.items():
        setattr(area if name == "ui_type" else area.spaces.active, name, value)
    space = area.spaces.active
    active = bpy.context.view_layer.objects.active
    if kind == "NODE_EDITOR":
        tree = setting["ui_type"]
        space.pin = tree != "CompositorNodeTree"
        if tree == "ShaderNodeTree":
            space.node_tree = bpy.data.materials["Paint"].node_tree
        elif tree == "GeometryNodeTree":
            space.node_tree = bpy.data.node_groups["Nodes"]
    if kind == "IMAGE_EDITOR":
        space.image = bpy.data.images["Drawing"]
        if setting.get("mode") == "MASK":
            space.mask = bpy.data.masks["Mask"]
    # Blender 5.2 shows the action of the active object there; older ones let it be chosen.
    if setting.get("mode") == "ACTION" and active.animation_data is not None and hasattr(space, "action"):
        space.action = active.animation_data.action
    kinds = ("PREVIEW", "WINDOW") if "PREVIEW" in setting.values() else ("WINDOW",)
    region = next(each for wanted in kinds for each in area.regions if each.type == wanted)
    return bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region, space_data=space)


def _run(bpy: Any, operator: str, context: dict[str, Any]) -> str:
    """Run an operator in a copy of this process; its result, the message of its error, or the signal that ended it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        text = "no answer"
        try:
            _enter(bpy, context["active"], context["mode"])
            with _override(bpy, context["area"], context["setting"]):
                group, _, name = operator.partition(".")
                text = ",".join(getattr(getattr(bpy.ops, group), name)("EXEC_DEFAULT"))
        except Exception as error:  # noqa: BLE001 - what it says is the result
            text = f"error: {str(error).strip()}"
        os.write(writer, text.encode("utf-8", "replace")[:4000])
        os._exit(0)
    os.close(writer)
    try:
        ready, _, _ = select.select([reader], [], [], PATIENCE)
        text = os.read(reader, 4096).decode("utf-8", "replace") if ready else ""
    finally:
        os.close(reader)
    if not ready:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not ready:
        return "hangs"
    return text or f"signal {os.WTERMSIG(status)}"


if __name__ == "__main__":
    main()
