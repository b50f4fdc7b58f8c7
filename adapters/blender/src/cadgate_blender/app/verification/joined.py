"""Whether a joined mesh is its parts one after the other: points, faces, materials, UV maps, attributes, normals."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy

from cadgate.appserver import AppError, warn
from cadgate_blender.app import mesh_arrays

_READ: dict[str, tuple[str, int, Any]] = {
    "FLOAT": ("value", 1, numpy.float32),
    "INT": ("value", 1, numpy.int32),
    "INT8": ("value", 1, numpy.int32),
    "BOOLEAN": ("value", 1, numpy.bool_),
    "FLOAT2": ("vector", 2, numpy.float32),
    "FLOAT_VECTOR": ("vector", 3, numpy.float32),
    "FLOAT_COLOR": ("color", 4, numpy.float32),
    "BYTE_COLOR": ("color", 4, numpy.float32),
    "QUATERNION": ("value", 4, numpy.float32),
}
"""Kind of an attribute to the field, width and type of its values; others are not compared."""
_COMPARED_OTHERWISE = ("position", "material_index", "custom_normal")
_NORMALS = 0.02
"""Lengths between unit normals up to which they are the same: Blender keeps them as angles of 16 bits."""


class Part(NamedTuple):
    """What a mesh is, as arrays."""

    points: Any
    corners: Any
    sizes: Any
    materials: list[str | None]
    """Of each face."""
    values: dict[tuple[str, str, str], Any]
    """(name, kind, domain) of an attribute to its values; UV maps are some of them."""
    normals: Any
    """Of each corner, where the mesh has normals of its own; else None."""


def part_of(mesh: Any) -> Part:
    """The arrays of a mesh."""
    sizes = numpy.empty(len(mesh.polygons), numpy.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    numbers = numpy.empty(len(mesh.polygons), numpy.int32)
    mesh.polygons.foreach_get("material_index", numbers)
    slots = [None if each is None else each.name for each in mesh.materials] or [None]
    values: dict[tuple[str, str, str], Any] = {}
    for attribute in mesh.attributes:
        if attribute.is_internal or attribute.name in _COMPARED_OTHERWISE or attribute.data_type not in _READ:
            continue
        field, width, kind = _READ[attribute.data_type]
        found = numpy.empty(len(attribute.data) * width, kind)
        attribute.data.foreach_get(field, found)
        values[attribute.name, attribute.data_type, attribute.domain] = found.reshape(-1, width)
    return Part(
        mesh_arrays.positions(mesh).reshape(-1, 3),
        mesh_arrays.corner_vertices(mesh),
        sizes,
        # Faces of slots that are not there have the last material.
        [slots[min(number, len(slots) - 1)] for number in numbers.tolist()],
        values,
        mesh_arrays.corner_normals(mesh) if mesh.has_custom_normals else None,
    )


def expected_normals(mesh: Any, turn: Any) -> Any:
    """The mean normals at the vertices of a mesh, when it is transformed; None for one without normals of its own."""
    if not mesh.has_custom_normals or abs(turn.determinant()) < 1e-30:
        return None
    return _by_vertex(mesh, mesh_arrays.corner_normals(mesh) @ numpy.array(turn.to_3x3().inverted()))


def warn_of_normals(name: str, expected: Any, mesh: Any) -> None:
    """Warn where a transformed mesh has not the normals that `expected_normals` has said."""
    if expected is None:
        return
    found = _by_vertex(mesh, mesh_arrays.corner_normals(mesh))
    if numpy.linalg.norm(found - expected, axis=1).max() > _NORMALS:
        warn("custom_normals", f"The normals that {name!r} had of its own are others in the joined mesh")


def _by_vertex(mesh: Any, normals: Any) -> Any:
    # By vertices, since flipped faces have their corners in another order.
    normals = normals / numpy.maximum(numpy.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    found = numpy.zeros((len(mesh.vertices), 3))
    corners = mesh_arrays.corner_vertices(mesh)
    numpy.add.at(found, corners, normals)
    return found / numpy.maximum(numpy.bincount(corners, minlength=len(found)), 1)[:, None]


def check_joined(names: Sequence[str], parts: Sequence[Part], joined: Any) -> None:
    """Raise AppError where the joined mesh is not its parts one after the other; warn of normals that differ."""
    whole = part_of(joined)
    problem = _wrong_size(parts, whole)
    starts = {"POINT": 0, "FACE": 0, "CORNER": 0}
    for name, part in zip(names, parts):
        problem = problem or _difference(name, part, whole, starts)
        if problem is not None:
            raise AppError("command_failed", f"The join came out wrong and was taken back: {problem}")
        stop = starts["CORNER"] + len(part.corners)
        if part.normals is not None and whole.normals is not None and len(part.normals):
            gap = numpy.linalg.norm(part.normals - whole.normals[starts["CORNER"] : stop], axis=1).max()
            if gap > _NORMALS:
                warn("custom_normals", f"The normals that {name!r} had of its own are others in the joined mesh")
        starts = {
            "POINT": starts["POINT"] + len(part.points),
            "FACE": starts["FACE"] + len(part.sizes),
            "CORNER": stop,
        }


def _wrong_size(parts: Sequence[Part], whole: Part) -> str | None:
    for field, what in (("points", "vertices"), ("sizes", "faces"), ("corners", "corners of faces")):
        expected, found = sum(len(getattr(part, field)) for part in parts), len(getattr(whole, field))
        if expected != found:
            return f"it has {found} {what}, and the objects have {expected}"
    return None


def _difference(name: str, part: Part, whole: Part, starts: dict[str, int]) -> str | None:
    """What of a part the whole does not have at the place that begins with `starts`."""
    point, face, corner = starts["POINT"], starts["FACE"], starts["CORNER"]
    if not numpy.array_equal(whole.points[point : point + len(part.points)], part.points):
        return f"the vertices of {name!r} are elsewhere"
    if not numpy.array_equal(whole.corners[corner : corner + len(part.corners)], part.corners + point):
        return f"the faces of {name!r} are others"
    if whole.materials[face : face + len(part.sizes)] != part.materials:
        return f"faces of {name!r} have other materials"
    for key, values in part.values.items():
        start = starts.get(key[2])
        if start is None:
            continue
        found = whole.values.get(key)
        if found is None or not numpy.array_equal(found[start : start + len(values)], values):
            return f"the attribute {key[0]!r} of {name!r} has other values"
    return None
