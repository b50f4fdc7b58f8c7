"""What the properties of one structure take, where Blender's types alone do not tell, and whether meshes stay sound."""

from __future__ import annotations

import ast
import math
import re
from typing import Any, NamedTuple

import bpy
import mathutils

from cadgate_blender.app import rna_values
from cadgate_blender.app.data_paths import Place
from cadgate_blender.app.rna_values import invalid

_NO_WORD = "\x01"
_TOPOLOGY = (
    bpy.types.MeshEdge,
    bpy.types.MeshLoop,
    bpy.types.MeshPolygon,
    bpy.types.IntAttributeValue,
    bpy.types.Int2AttributeValue,
)
"""Items of a mesh that name others by their numbers, which Blender does not check."""


class _Word(NamedTuple):
    """An item of an enumeration, as far as `rna_values` looks at it."""

    identifier: str


class _Taken:
    """A property as it is in one structure: with the words or the length that it has there."""

    def __init__(self, prop: Any, **own: Any) -> None:
        self._prop, self._own = prop, own

    def __getattr__(self, name: str) -> Any:
        return self._own[name] if name in self._own else getattr(self._prop, name)


def taken(holder: Any, prop: Any) -> Any:
    """Return the property as it is in this structure.

    Of enumerations that Blender fills while it runs (engines, view transforms) and of lists of any length (the corners
    of a face), the type has only a placeholder.
    """
    if prop.type == "ENUM" and not prop.is_enum_flag:
        words = _words(holder, prop)
        return _Taken(prop, enum_items=[_Word(each) for each in words]) if words else prop
    if getattr(prop, "is_array", False) and not [each for each in prop.array_dimensions if each][1:]:
        length = len(getattr(holder, prop.identifier))
        if length != prop.array_length:
            return _Taken(prop, array_length=length, array_dimensions=(length, 0, 0), default_array=[0] * length)
    return prop


def _words(holder: Any, prop: Any) -> list[str]:
    """Return the words that Blender names when it refuses one; empty if it names none."""
    if prop.is_readonly:
        return []
    try:
        setattr(holder, prop.identifier, _NO_WORD)
    except TypeError as error:
        named = re.search(r"not found in (\(.*\))\Z", str(error), re.DOTALL)
        try:
            return [str(each) for each in ast.literal_eval(named[1])] if named else []
        except (SyntaxError, ValueError):
            return []
    except (AttributeError, RuntimeError):
        pass
    return []


def matrix(prop: Any, value: Any) -> Any:
    """Return rows as Blender takes a matrix: it reads plain lists by columns."""
    if getattr(prop, "subtype", "") == "MATRIX" and isinstance(value, list) and isinstance(value[0], list):
        return mathutils.Matrix(value)
    return value


def require_sound(place: Place) -> None:
    """Raise AppError if a mesh no longer fits together after a change: it would end Blender when it is drawn."""
    if not isinstance(place.holder, _TOPOLOGY):
        return
    mesh = place.holder.id_data
    if not isinstance(mesh, bpy.types.Mesh):
        return
    copy = mesh.copy()
    try:
        sound = not copy.validate(verbose=False, clean_customdata=False)
    finally:
        bpy.data.meshes.remove(copy)
    if not sound:
        raise invalid(
            "value",
            f"the mesh {mesh.name!r} would no longer fit together: a number names what it has not, or an edge, corner "
            "and face contradict each other. POST /meshes makes a mesh of vertices and faces",
        )


def is_close(kept: Any, wanted: Any) -> bool:
    """Return whether JSON values are the same, numbers as precisely as Blender keeps them."""
    if isinstance(kept, list) and isinstance(wanted, list):
        return len(kept) == len(wanted) and all(is_close(one, other) for one, other in zip(kept, wanted))
    if isinstance(kept, (int, float)) and isinstance(wanted, (int, float)):
        return math.isclose(kept, wanted, rel_tol=1e-5, abs_tol=1e-6)
    return bool(kept == wanted)


def schema(place: Place) -> dict[str, Any]:
    """Return the JSON Schema of a property where it is."""
    return rna_values.schema(taken(place.holder, place.prop))
