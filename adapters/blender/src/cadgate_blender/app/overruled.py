"""Values that differ from what their keyframes give at this frame: Blender overwrites them when it opens a file.

A request that sets such a value is answered with a warning, and the value stays until a frame is shown. So a snapshot
has to keep it: otherwise what follows it in the journal would start from something else than it did.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

import bpy

from cadgate_blender.app import versions
from cadgate_blender.app.typed import context

MARK = "cadgate_overruled"
_Values = Dict[str, Any]


def note(blocks: Iterator[Any]) -> list[Any]:
    """Write these values into properties of their data-blocks; returns those that have some."""
    noted: list[Any] = []
    if not len(bpy.data.actions):
        return noted
    for block in blocks:
        if block.library is not None:
            continue
        found = {place: _values(each) for place, each in _animated(block)}
        found = {place: values for place, values in found.items() if values}
        if found:
            block[MARK] = json.dumps(found)
            noted.append(block)
    return noted


def forget(noted: list[Any]) -> None:
    """Remove the properties again."""
    for block in noted:
        del block[MARK]


def put_back(blocks: Iterator[Any]) -> None:
    """Set the values that a file has noted, after Blender has overwritten them, and remove the notes."""
    noted = [block for block in blocks if block.library is None and MARK in block]
    if not noted:
        return
    context.view_layer.update()
    for block in noted:
        places = dict(_animated(block))
        for place, values in json.loads(block[MARK]).items():
            for path, value in values.items():
                _set(places[place], path, value)
        del block[MARK]


def _animated(block: Any) -> Iterator[tuple[str, Any]]:
    """Yield a data-block and the node tree in it, if they are animated."""
    for place, each in (("", block), ("node_tree", getattr(block, "node_tree", None))):
        if getattr(each, "animation_data", None) is not None:
            yield place, each


def _values(block: Any) -> _Values:
    scene = context.scene
    now = scene.frame_current + scene.frame_subframe
    plain = not len(block.animation_data.nla_tracks)
    found: _Values = {}
    for curve in versions.curves_of(block.animation_data):
        try:
            value = block.path_resolve(curve.data_path)
        except ValueError:  # a curve of something that is gone
            continue
        if not isinstance(value, (bool, int, float, str)):
            value = list(value)
        one = value[curve.array_index] if isinstance(value, list) else value
        if isinstance(one, str) or (plain and _near(float(one), curve.evaluate(now))):
            continue
        found[curve.data_path] = value
    return found


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1.0, abs(one))


def _set(block: Any, path: str, value: Any) -> None:
    holder, _, name = path.rpartition(".")
    if path.endswith("]"):  # a custom property: data["name"]
        holder, _, name = path.rpartition("[")
        (block.path_resolve(holder) if holder else block)[json.loads(name[:-1])] = value
    else:
        setattr(block.path_resolve(holder) if holder else block, name, value)
