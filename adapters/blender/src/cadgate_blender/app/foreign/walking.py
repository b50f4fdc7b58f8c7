"""Walks through all data-blocks to every property that is a path, by what Blender reports about its types."""

from __future__ import annotations

import functools
import re
from typing import Any, Iterator

import bpy

from cadgate_blender.app.foreign import decided
from cadgate_blender.app.snapshots import blocks

SUBTYPES = ("FILE_PATH", "DIR_PATH", "FILE_NAME")
_WORDS = ("filepath", "directory")
_OF_WINDOWS = re.compile(r"_(OT|PT|MT|HT|UL|GT|GGT|AST|FH|KMT)_|_OP_")
_NEVER_IN_FILES = {
    *("AssetHandle", "FileSelectEntry", "StudioLight"),
    *("Depsgraph", "Context", "Screen", "WindowManager", "WorkSpace", "Space", "Property", "Function"),
}
"""Types of the running program. Windows belong to the program too: files are opened without theirs."""
_EMBEDDED = {
    *("NodeTree", "ShaderNodeTree", "CompositorNodeTree", "GeometryNodeTree", "TextureNodeTree", "Collection"),
}
"""Data-blocks that can be a part of another one."""


def is_path(prop: Any) -> bool:
    """Return whether a property is a file path, according to Blender or its name."""
    return prop.type == "STRING" and (
        prop.subtype in SUBTYPES or prop.identifier in _WORDS or prop.identifier.endswith(("_filepath", "_directory"))
    )


def paths_of_types() -> dict[tuple[str, str], Any]:
    """Return every path property of every type in files, by the type that defines it and its name."""
    found: dict[tuple[str, str], Any] = {}
    for rna in types().values():
        for prop in own(rna):
            if is_path(prop) or (rna.identifier, prop.identifier) in decided.SHOWN:
                found[rna.identifier, prop.identifier] = prop
    return found


@functools.lru_cache(maxsize=None)
def types() -> dict[str, Any]:
    """Return the types of a file's data: data-blocks, and everything that belongs to them."""
    below: dict[str, list[Any]] = {}
    for name in dir(bpy.types):
        if not _OF_WINDOWS.search(name):
            rna = getattr(getattr(bpy.types, name), "bl_rna", None)
            if rna is not None and rna.base is not None:
                below.setdefault(rna.base.identifier, []).append(rna)
    found: dict[str, Any] = {}
    pending: list[Any] = [bpy.types.ID.bl_rna, bpy.types.Library.bl_rna]
    while pending:
        rna = pending.pop()
        if rna.identifier in found or rna.identifier in _NEVER_IN_FILES:
            continue
        found[rna.identifier] = rna
        pending += below.get(rna.identifier, ())
        # Some types have no name in bpy.types, and appear only as the type of a property.
        pending += [prop.fixed_type for prop in ways(rna)]
        if rna.base is not None:
            pending.append(rna.base)
    return found


def own(rna: Any) -> list[Any]:
    """Return the properties that a type defines itself."""
    inherited = set(rna.base.properties.keys()) if rna.base is not None else set()
    return [prop for prop in rna.properties if prop.identifier not in inherited]


def ways(rna: Any) -> list[Any]:
    """Return the properties of a type that lead to other structures. Other data-blocks are visited separately."""
    found = _ways.get(rna.identifier)
    if found is None:
        found = _ways[rna.identifier] = [prop for prop in rna.properties if _leads_on(prop)]
    return found


_ways: dict[str, list[Any]] = {}


def _leads_on(prop: Any) -> bool:
    if prop.type not in ("POINTER", "COLLECTION") or prop.identifier in ("rna_type", "depsgraph"):
        return False
    type = prop.fixed_type
    return not _is_block(type) or (prop.type == "POINTER" and type.identifier in _EMBEDDED)


def _is_block(rna: Any) -> bool:
    while rna is not None and rna.identifier != "ID":
        rna = rna.base
    return rna is not None


class Walk:
    """The ways from data-blocks to paths. Computed once: the types do not change while files are read."""

    def __init__(self) -> None:
        self._types = types()
        self._defined = paths_of_types()
        self._below: dict[str, set[str]] = {}
        leads: dict[str, set[str]] = {}
        for name, rna in self._types.items():
            base = rna
            while base is not None:
                self._below.setdefault(base.identifier, set()).add(name)
                base = base.base
            leads[name] = {prop.fixed_type.identifier for prop in ways(rna)}
        bringing = {type for type, _ in self._defined}
        self._carriers = set().union(*(self._below.get(name, set()) for name in bringing))
        while True:
            reach = {name for name, below in self._below.items() if below & self._carriers}
            more = {name for name, targets in leads.items() if name not in self._carriers and targets & reach}
            if not more:
                break
            self._carriers |= more
        self._steps: dict[str, tuple[list[tuple[tuple[str, str], Any]], list[Any]]] = {}

    def _is_carrier(self, prop: Any) -> bool:
        below = self._below.get(prop.fixed_type.identifier, {prop.fixed_type.identifier})
        return bool(below & self._carriers)

    def _step(self, rna: Any) -> tuple[list[tuple[tuple[str, str], Any]], list[Any]]:
        """Return the paths of a type, and its properties that lead on."""
        found = self._steps.get(rna.identifier)
        if found is None:
            paths: list[tuple[tuple[str, str], Any]] = []
            for prop in rna.properties:
                definer = rna
                while definer.base is not None and prop.identifier in definer.base.properties:
                    definer = definer.base
                key = (definer.identifier, prop.identifier)
                if key in self._defined or is_path(prop):
                    paths.append((key, prop))
            found = self._steps[rna.identifier] = (paths, [prop for prop in ways(rna) if self._is_carrier(prop)])
        return found

    def paths(self) -> Iterator[tuple[Any, Any, tuple[str, str]]]:
        """Yield data-block, structure, and the type and name of each path property, of everything that is open."""
        for block in list(blocks()):
            yield from self._within(block, block, set())
        for library in list(bpy.data.libraries):
            yield from self._within(library, library, set())

    def _within(self, block: Any, top: Any, seen: set[tuple[int, str]]) -> Iterator[tuple[Any, Any, tuple[str, str]]]:
        pending = [top]
        while pending:
            each = pending.pop()
            mark = (each.as_pointer(), each.bl_rna.identifier)
            if mark in seen:
                continue
            seen.add(mark)
            paths, ways = self._step(each.bl_rna)
            for key, _ in paths:
                yield block, each, key
            for way in ways:
                value = getattr(each, way.identifier, None)
                if value is None:
                    continue
                for inner in [value] if way.type == "POINTER" else list(value):
                    if inner is not None and (not isinstance(inner, bpy.types.ID) or inner.is_embedded_data):
                        pending.append(inner)


_walk: list[Walk] = []


def walk() -> Walk:
    """Return the one walk of this process."""
    if not _walk:
        _walk.append(Walk())
    return _walk[0]


def trees() -> Iterator[tuple[Any, Any]]:
    """Yield every node tree and the data-block that it belongs to: node groups belong to themselves."""
    for block in list(blocks()):
        if isinstance(block, bpy.types.NodeTree):
            yield block, block
        elif getattr(block, "node_tree", None) is not None:
            yield block, block.node_tree
