"""Compares what came of an imported file with the numbers that the file itself gives."""

from __future__ import annotations

from typing import Any, Sequence

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes

SINGLE = 1e-6
"""Meshes of FreeCAD have coordinates of single precision."""


def check_mesh(mesh: Any, points: Sequence[float], corners: Sequence[int], what: str) -> None:
    """Raise AppError `command_failed` unless the mesh has the file's triangles, in the file's box."""
    count = len(corners) // 3
    if mesh.CountFacets != count:
        flat = sum(_is_flat(points, corners[3 * each : 3 * each + 3]) for each in range(count))
        if not count - flat <= mesh.CountFacets <= count:
            raise _differs(what, f"{mesh.CountFacets} of its {count} triangles arrived")
    if not count:
        return
    box = attributes.box(mesh)
    found = ((box.XMin, box.XMax), (box.YMin, box.YMax), (box.ZMin, box.ZMax))
    for axis, (low, high) in enumerate(found):
        values = points[axis::3]
        wanted_low, wanted_high = min(values), max(values)
        within = SINGLE * max(abs(wanted_low), abs(wanted_high), 1e-3)
        if abs(low - wanted_low) > within or abs(high - wanted_high) > within:
            reach = f"{low:g} to {high:g} on {'xyz'[axis]} instead of {wanted_low:g} to {wanted_high:g}"
            raise _differs(what, f"it reaches from {reach}")


def _is_flat(points: Sequence[float], triangle: Sequence[int]) -> bool:
    places = {tuple(points[3 * each : 3 * each + 3]) for each in triangle}
    return len(places) < 3


def _differs(what: str, how: str) -> AppError:
    return AppError("command_failed", f"FreeCAD's mesh of {what} differs from the file: {how}")


EXACT = 1e-5
"""The relative accuracy with which OpenCASCADE integrates curved faces."""


def compare_shapes(whole: Any, parts: Sequence[Any]) -> str | None:
    """Return how the parts together differ from their whole; None if they agree."""
    for what, count in (("solids", lambda shape: len(shape.Solids)), ("faces", lambda shape: len(shape.Faces))):
        wanted, found = count(whole), sum(count(part) for part in parts)
        if wanted != found:
            return f"{found} of {wanted} {what} arrived"
    wanted, found = whole.Area, sum(part.Area for part in parts)
    if not whole.Faces:
        wanted, found = whole.Length, sum(part.Length for part in parts)
    if abs(wanted - found) > EXACT * max(abs(wanted), abs(found)):
        return f"the sizes differ: {found:g} instead of {wanted:g}"
    boxes = [attributes.box(part) for part in parts if attributes.box(part).isValid()]
    box = attributes.box(whole)
    if not boxes or not box.isValid():
        return None
    within = 1e-3 * box.DiagonalLength + 1e-6
    for axis in ("XMin", "YMin", "ZMin"):
        if abs(min(getattr(each, axis) for each in boxes) - getattr(box, axis)) > within:
            return "they are in different places"
    for axis in ("XMax", "YMax", "ZMax"):
        if abs(max(getattr(each, axis) for each in boxes) - getattr(box, axis)) > within:
            return "they are in different places"
    return None
