"""The editors that operators work in: which one, and what it shows. They are there without a window, too."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Generator, Iterator

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app import versions
from cadgate_blender.app.typed import context

AREAS = {
    "action": "DOPESHEET_EDITOR",
    "graph": "GRAPH_EDITOR",
    "marker": "DOPESHEET_EDITOR",
    "mask": "IMAGE_EDITOR",
    "nla": "NLA_EDITOR",
    "node": "NODE_EDITOR",
    "sequencer": "SEQUENCE_EDITOR",
    "view3d": "VIEW_3D",
}
"""The editor in which a group works."""
_OTHERS = (
    *("VIEW_3D", "IMAGE_EDITOR", "DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR", "SEQUENCE_EDITOR"),
    *("NODE_EDITOR", "CLIP_EDITOR"),
)
"""Those that are tried where nobody has named one, and the operator does not work in that of its group."""
_ONLY = {"grease_pencil.outline": "VIEW_3D"}
"""Operators whose poll forgets that they crash elsewhere."""
_SHOWN: dict[str, tuple[dict[str, str], ...]] = {
    "DOPESHEET_EDITOR": ({"ui_type": "DOPESHEET", "mode": "DOPESHEET"}, {"ui_type": "DOPESHEET", "mode": "ACTION"}),
    "GRAPH_EDITOR": ({"ui_type": "FCURVES"}, {"ui_type": "DRIVERS"}),
    "IMAGE_EDITOR": ({"ui_type": "UV"}, {"ui_type": "IMAGE_EDITOR", "mode": "MASK"}, {"ui_type": "IMAGE_EDITOR"}),
    "NODE_EDITOR": (
        {"tree_type": "ShaderNodeTree"},
        {"tree_type": "GeometryNodeTree"},
        {"tree_type": "CompositorNodeTree"},
    ),
    "SEQUENCE_EDITOR": ({"view_type": "SEQUENCER"}, {"view_type": "PREVIEW"}),
}
"""What an editor may show; an operator may need one of these."""


@contextmanager
def opened(
    identifier: str, named: str | None, accepts: Callable[[dict[str, Any]], bool]
) -> Generator[dict[str, Any], None, None]:
    """Yield the override for the first editor in which the operator is possible; if there is none, for the likeliest.

    It is that which the request has named, or that of the group, or any. Afterwards it shows what it did before.
    """
    window: Any = context.window_manager.windows[0]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    choices = list(_choices(identifier, named))
    for kind, shown in choices:
        with _showing(window, kind, shown) as override:
            if accepts(override):
                yield override
                return
    with _showing(window, *choices[0]) as override:
        yield override


def _choices(identifier: str, named: str | None) -> Iterator[tuple[str | None, dict[str, str]]]:
    only = _ONLY.get(identifier, named)
    own = only or AREAS.get(identifier.partition(".")[0])
    others = () if only else tuple(each for each in _OTHERS if each != own)
    for kind in (own, *others):
        for shown in _SHOWN.get(kind or "", ({},)):
            yield kind, shown


@contextmanager
def _showing(window: Any, kind: str | None, shown: dict[str, str]) -> Generator[dict[str, Any], None, None]:
    """Let an area of the program's screen be this editor for a moment."""
    if kind is None:
        yield {}
        return
    areas = [area for area in window.screen.areas if area.type == kind]
    area = areas[0] if areas else max(window.screen.areas, key=lambda each: each.width * each.height)
    former = area.ui_type
    undone: list[tuple[Any, str, Any]] = []
    try:
        if area.type != kind:
            try:
                area.type = kind
            except TypeError as error:
                raise AppError("validation_error", f"context.area: {error}", {"area": kind}) from None
        if "ui_type" in shown:
            area.ui_type = shown["ui_type"]
        space = area.spaces.active
        for name, value in [*shown.items(), *_contents(kind, shown).items()]:
            if name != "ui_type":
                undone.append((space, name, getattr(space, name)))
                setattr(space, name, value)
        kinds = ("PREVIEW", "WINDOW") if shown.get("view_type") == "PREVIEW" else ("WINDOW",)
        region = next(each for wanted in kinds for each in area.regions if each.type == wanted)
        yield {"window": window, "screen": window.screen, "area": area, "region": region, "space_data": space}
    finally:
        if area.type == kind:
            for space, name, value in reversed(undone):
                _put_back(space, name, value)
        if area.ui_type != former:
            area.ui_type = former


def _put_back(space: Any, name: str, value: Any) -> None:
    try:
        setattr(space, name, value)
    except (ReferenceError, TypeError):  # what was shown is gone, by what the operator did or an undo
        return


def _contents(kind: str, shown: dict[str, str]) -> dict[str, Any]:
    """Return the data of the active object that an editor shows, or of the document if it has just one."""
    active: Any = context.view_layer.objects.active
    if kind == "NODE_EDITOR":
        tree = _tree(active, shown["tree_type"])
        return {} if tree is None else {"pin": True, "node_tree": tree}
    if kind == "DOPESHEET_EDITOR" and shown["mode"] == "ACTION" and versions.action_can_be_chosen():
        animation = None if active is None else active.animation_data
        return {} if animation is None or animation.action is None else {"action": animation.action}
    if kind == "IMAGE_EDITOR":
        images = [each for each in bpy.data.images if each.source != "VIEWER"]
        masks = list(bpy.data.masks) if shown.get("mode") == "MASK" else []
        return {name: found[0] for name, found in (("image", images), ("mask", masks)) if len(found) == 1}
    return {}


def _tree(active: Any, kind: str) -> Any:
    if active is None:
        return None
    if kind == "ShaderNodeTree":
        return None if active.active_material is None else active.active_material.node_tree
    if kind == "CompositorNodeTree":
        return None  # the editor shows that of the scene by itself
    groups = [each.node_group for each in active.modifiers if each.type == "NODES" and each.node_group is not None]
    return groups[0] if groups else None
