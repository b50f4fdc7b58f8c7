"""Primitives, and reading and removing solids."""

from __future__ import annotations

import math
from typing import Any

import build123d as b3d

from cadgate.appserver import about_to_change, method, page
from cadgate_build123d.app.document import SOLIDS, chosen, describe, put, shape


def _add(made: Any, name: str | None, on_conflict: str, center: list[float], default: str) -> dict[str, Any]:
    name = chosen(name, on_conflict, default)
    placed = made.moved(b3d.Location(tuple(center)))
    about_to_change()
    return put(name, placed)


@method("primitives.box")
def box(*, name: str | None, on_conflict: str, center: list[float], size: list[float]) -> dict[str, Any]:
    return _add(b3d.Box(*size), name, on_conflict, center, "Box")


@method("primitives.cylinder")
def cylinder(
    *, name: str | None, on_conflict: str, center: list[float], radius: float, height: float
) -> dict[str, Any]:
    return _add(b3d.Cylinder(radius, height), name, on_conflict, center, "Cylinder")


@method("primitives.sphere")
def sphere(*, name: str | None, on_conflict: str, center: list[float], radius: float) -> dict[str, Any]:
    return _add(b3d.Sphere(radius), name, on_conflict, center, "Sphere")


@method("objects.list")
def list_objects(*, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    return page(list(SOLIDS), describe, limit=limit, offset=offset, fields=fields)


@method("objects.get")
def get_object(*, name: str) -> dict[str, Any]:
    shape(name)
    return describe(name)


@method("objects.mesh")
def mesh(*, name: str, tolerance: float, angle: float) -> dict[str, Any]:
    points, triangles = shape(name).tessellate(tolerance, math.radians(angle))
    return {"triangles": len(triangles), "points": len(points)}


@method("objects.delete")
def delete(*, name: str) -> dict[str, Any]:
    shape(name)
    about_to_change(describe(name)["revision"])
    del SOLIDS[name]
    return {"deleted": name}
