"""Positions and corners of meshes as arrays, copied from memory, which is fifty times as fast as by elements."""

from __future__ import annotations

from typing import Any

import numpy

_SMALL = 1000
"""The number of elements up to which the search for the attribute takes longer than it saves."""


def positions(mesh: Any) -> Any:
    """Return three float32 for each vertex, in one row."""
    return _read(mesh, mesh.vertices, 3, numpy.float32, "position", "vector", "co")


def corner_vertices(mesh: Any) -> Any:
    """Return the number of the vertex at each corner of each face."""
    return _read(mesh, mesh.loops, 1, numpy.int32, ".corner_vert", "value", "vertex_index")


def corner_normals(mesh: Any) -> Any:
    """Return the normal at each corner of each face as a row of three float32."""
    found = numpy.empty(len(mesh.loops) * 3, numpy.float32)
    mesh.corner_normals.foreach_get("vector", found)
    return found.reshape(-1, 3)


def put_positions(mesh: Any, values: Any) -> None:
    _write(mesh, mesh.vertices, 3, numpy.float32, "position", "vector", "co", values)


def put_corner_vertices(mesh: Any, values: Any) -> None:
    _write(mesh, mesh.loops, 1, numpy.int32, ".corner_vert", "value", "vertex_index", values)


def _read(mesh: Any, elements: Any, width: int, kind: Any, name: str, field: str, slow: str) -> Any:
    found = numpy.empty(len(elements) * width, kind)
    data = _attribute(mesh, elements, name)
    if data is None:
        elements.foreach_get(slow, found)
    else:
        data.foreach_get(field, found)
    return found


def _write(mesh: Any, elements: Any, width: int, kind: Any, name: str, field: str, slow: str, values: Any) -> None:
    flat = numpy.ascontiguousarray(values, kind).reshape(len(elements) * width)
    data = _attribute(mesh, elements, name)
    if data is None:
        elements.foreach_set(slow, flat)
    else:
        data.foreach_set(field, flat)


def _attribute(mesh: Any, elements: Any, name: str) -> Any:
    """Return the attribute, or None for a small mesh, or if it is not available, as in edit mode."""
    if len(elements) <= _SMALL:
        return None
    attribute = mesh.attributes.get(name)
    return attribute.data if attribute is not None and len(attribute.data) == len(elements) else None
