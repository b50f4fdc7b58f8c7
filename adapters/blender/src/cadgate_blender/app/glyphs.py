"""Finds characters that no font of Blender has: it silently draws a placeholder instead."""

from __future__ import annotations

import unicodedata
from typing import Any

import bpy
import numpy

from cadgate_blender.app import removal, staging

_COMMON = 0x250
"""Characters below this are in Blender's own font."""
_MOST = 64
"""The number of characters that are checked in one text."""


def missing(text: str) -> list[str]:
    """Return the characters of a text that are drawn as placeholders, in order, each once."""
    rare = [each for each in dict.fromkeys(text) if ord(each) >= _COMMON][:_MOST]
    return [each for each in rare if _is_missing(each)] if rare else []


def _is_missing(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind in ("Cn", "Co", "Cs"):
        return True
    if kind[0] not in "LNPS":
        return False
    # A placeholder is the same for all characters of a block; two neighbouring glyphs of a font differ.
    other = next((each for each in _neighbours(character) if unicodedata.category(each)[0] == kind[0]), None)
    own = _drawn(character)
    return own is not None and other is not None and own == _drawn(other)


def _neighbours(character: str) -> list[str]:
    return [chr(ord(character) + step) for step in (1, -1, 2, -2) if 0 < ord(character) + step < 0x110000]


def _drawn(character: str) -> Any:
    """Return the outline of a character as bytes; None if nothing is visible."""
    curve: Any = bpy.data.curves.new("cadgate glyph", "FONT")
    curve.body = character
    obj = bpy.data.objects.new(staging.temporary("glyph"), curve)
    try:
        mesh = obj.to_mesh()
        points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
        mesh.vertices.foreach_get("co", points)
        obj.to_mesh_clear()
        return points.tobytes() if len(points) else None
    finally:
        removal.remove_unlinked(obj)
        removal.remove_trial(curve)
