"""What PrusaSlicer, Bambu Studio, Orca and Cura add to a 3MF model: names, volumes in one mesh, modifiers."""

from __future__ import annotations

import zipfile
from array import array
from typing import Any, Dict, Iterator, List, Tuple
from xml.etree import ElementTree

PRUSA = "metadata/slic3r_pe_model.config"
BAMBU = "metadata/model_settings.config"
_PART = ("", "modelpart", "normal_part", "normalpart")
_WORDS = {
    "parametermodifier": "modifiers",
    "modifier_part": "modifiers",
    "negativevolume": "negative volumes",
    "negative_part": "negative volumes",
    "supportblocker": "support blockers",
    "support_blocker": "support blockers",
    "supportenforcer": "support enforcers",
    "support_enforcer": "support enforcers",
}


CURA = {
    "cura:support_mesh": "support meshes",
    "cura:anti_overhang_mesh": "support blockers",
    "cura:infill_mesh": "modifiers",
    "cura:cutting_mesh": "modifiers",
}
"""Settings by which Cura marks objects that are not parts."""


class Volume:
    """A range of triangles of an object (PrusaSlicer), or one of its components (Bambu Studio, Orca)."""

    def __init__(self, key: str, first: int | None, last: int | None, kind: str, name: str) -> None:
        self.key = key
        self.first = first
        self.last = last
        self.kind = kind
        self.name = name

    @property
    def not_a_part(self) -> str:
        """Return what it is if it is not a part: `modifiers`."""
        return "" if self.kind.lower() in _PART else _WORDS.get(self.kind.lower(), f"volumes of the kind {self.kind!r}")


Settings = Dict[str, Tuple[str, List[Volume]]]


def settings(archive: zipfile.ZipFile) -> Settings:
    """Return name and volumes of each object, by its id; nothing if no slicer wrote the package."""
    result: Settings = {}
    for member in archive.namelist():
        if member.lower() not in (PRUSA, BAMBU):
            continue
        try:
            root = ElementTree.fromstring(archive.read(member))
        except ElementTree.ParseError:
            continue
        for node in root.findall("object"):
            parts = [*_prusa(node), *_bambu(node)]
            result[node.get("id", "")] = (_value(node, "name"), parts)
    return result


def _value(node: Any, key: str) -> str:
    return next((each.get("value", "") for each in node.findall("metadata") if each.get("key") == key), "")


def _prusa(node: Any) -> Iterator[Volume]:
    for each in node.findall("volume"):
        first, last = each.get("firstid", ""), each.get("lastid", "")
        if first.isdecimal() and last.isdecimal():
            kind = _value(each, "volume_type") or ("ParameterModifier" if _value(each, "modifier") == "1" else "")
            yield Volume("", int(first), int(last), kind, _value(each, "name"))


def _bambu(node: Any) -> Iterator[Volume]:
    for each in node.findall("part"):
        yield Volume(each.get("id", ""), None, None, each.get("subtype", ""), _value(each, "name"))


def volumes(
    settings: Settings, keys: list[str], names: list[str], corners: array[int]
) -> Iterator[tuple[str, array[int], str]]:
    """Yield name, corners and "what it is instead of a part" for each volume of a mesh.

    `keys` and `names` lead from the item of the build to the mesh.
    """
    title, parts = settings.get(keys[0], ("", []))
    own = next((each for each in reversed(names) if each), "") or title
    ranges = [(part, part.first, part.last) for part in parts if part.first is not None and part.last is not None]
    if ranges and len(keys) == 1 and _covers([each[1:] for each in ranges], len(corners) // 3):
        real = [part for part, _, _ in ranges if not part.not_a_part]
        for part, first, last in ranges:
            name = part.name if len(real) > 1 and part.name else own or part.name
            yield name, corners[3 * first : 3 * last + 3], part.not_a_part
        return
    chosen = next((part for part in parts if part.key and part.key == keys[-1] and len(keys) > 1), None)
    if chosen is not None:
        yield names[-1] or chosen.name or own, corners, chosen.not_a_part
        return
    yield own, corners, ""


def _covers(ranges: list[tuple[int, int]], count: int) -> bool:
    """Return whether the ranges cover the mesh's triangles, each once; else they belong to another version of it."""
    place = 0
    for first, last in sorted(ranges):
        if first != place or last < first:
            return False
        place = last + 1
    return place == count
