"""What in a document reaches files or code: compared before and after what requests do to it, as a second barrier."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

from cadgate.appserver import AppError
from cadgate_blender.app.foreign import decided
from cadgate_blender.app.foreign.places import leads_out
from cadgate_blender.app.foreign.walking import trees, walk
from cadgate_blender.app.snapshots import blocks


def all_of() -> set[str]:
    """Return everything that leads out of the document, as words for a message."""
    return set(_paths()) | set(_nodes()) | set(_code())


def require_none_new(before: set[str], what: str) -> None:
    """Raise AppError `not_possible`, and so roll back, if there is more than before."""
    new = sorted(all_of() - before)
    if new:
        raise AppError(
            "not_possible",
            f"{what} is refused, because then the document would have {new[0]}, by which it reaches files or code: "
            "run code that does it, which needs the scope execute",
            {"found": new[:10]},
        )


def _paths() -> Iterator[str]:
    for _, holder, key in walk().paths():
        kind = decided.SHOWN.get(key, decided.READS)
        if kind not in (decided.READS, decided.WRITES):
            continue
        value = getattr(holder, key[1], "")
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if value and value != "<builtin>" and leads_out(value):
            yield f"the file name {value!r} ({'.'.join(key)})"


def _nodes() -> Iterator[str]:
    for block, tree in trees():
        for node in tree.nodes:
            kind = node.bl_idname
            if kind.startswith((decided.READING_NODES, "ShaderNodeScript")) or kind in decided.WRITING_NODES:
                yield f"the node {node.name!r} ({kind}) in {block.name!r}"


def _code() -> Iterator[str]:
    for text in bpy.data.texts:
        yield f"the text {text.name!r}"
    for block in blocks():
        for each in (block, getattr(block, "node_tree", None), getattr(block, "shape_keys", None)):
            animation: Any = getattr(each, "animation_data", None)
            for curve in () if animation is None else animation.drivers:
                yield f"a driver of {curve.data_path!r} in {block.name!r}"
    for obj in bpy.data.objects:
        modifiers: list[Any] = list(obj.modifiers)
        for modifier in modifiers:
            if modifier.type == "FLUID":
                yield f"the fluid {modifier.name!r} of {obj.name!r}"
