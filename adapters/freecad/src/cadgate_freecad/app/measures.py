"""Measures of one object, and of two: distance and interference."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, method
from cadgate_freecad.app import materials, shapes, values
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import is_valid
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.values import significant, xyz
from cadgate_freecad.app.verification import interference, measured


@method("objects.measure")
def measure(*, name: str) -> dict[str, Any]:
    obj = find(target(), name)
    shape = shapes.shape_of(obj)
    if shape is None:
        raise AppError("degenerate_result", f"{name!r} ({obj.TypeId}) has no shape to measure", {"name": name})
    measured.warn_where_uncertain(shape)
    problems = [] if is_valid(obj) else [f"the object is {', '.join(obj.State)}: {obj.getStatusString()}"]
    problems += check(shape)
    sizes = shapes.measures(obj, shape)
    return {
        "name": name,
        **sizes,
        **materials.weigh(obj, sizes),
        "length": significant(sum(edge.Length for edge in shape.Edges if not edge.Degenerated)),
        "inertia": _inertia(shape),
        "counts": {
            "solids": len(shape.Solids),
            "shells": len(shape.Shells),
            "faces": len(shape.Faces),
            "wires": len(shape.Wires),
            "edges": len(shape.Edges),
            "vertices": len(shape.Vertexes),
        },
        "closed": bool(shape.isClosed()),
        "valid": not problems,
        "problems": problems,
    }


def check(shape: Any) -> list[str]:
    """Return what OpenCASCADE finds wrong with a shape; empty for a valid one."""
    if shape.isValid():
        return []
    try:
        shape.check(True)
    except (ValueError, RuntimeError) as error:
        return [line.strip() for line in str(error).splitlines() if line.strip()][:50]
    return ["the shape is not valid"]


def _inertia(shape: Any) -> list[list[float]] | None:
    """Return the matrix of inertia about the centre of mass for a density of 1 (mm⁵), or None for what is not solid."""
    matrix = shapes.inertia(shape)
    if matrix is None:
        return None
    rows = [
        [matrix.A11, matrix.A12, matrix.A13],
        [matrix.A21, matrix.A22, matrix.A23],
        [matrix.A31, matrix.A32, matrix.A33],
    ]
    largest = max(abs(value) for row in rows for value in row)
    return [[significant(value) if abs(value) > 1e-12 * largest else 0.0 for value in row] for row in rows]


@method("objects.distance")
def distance(*, name: str, to: str) -> dict[str, Any]:
    document = target()
    pair = [find(document, name), find(document, to)]
    if name == to:
        raise values.invalid("to", f"{to!r} is the object itself")
    first, second = (shapes.required_shape(obj) for obj in pair)
    volume = interference.common_volume(first, second, [name, to])
    length, points, _ = first.distToShape(second)
    if volume > 0 and length > interference.NOTHING:
        # One is inside the other: then OpenCASCADE measures between the surfaces.
        at = interference.shared_point(first, second)
        length, points = 0.0, [] if at is None else [(at, at)]
    return {
        "name": name,
        "to": to,
        "distance": significant(length),
        "points": [xyz(points[0][0], 9), xyz(points[0][1], 9)] if points else [],
        "interferes": volume > 0,
        "common_volume": significant(volume),
    }
