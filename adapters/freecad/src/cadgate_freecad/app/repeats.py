"""Where patterns and mirror images in a body repeat their originals, and what each face of a copy is a copy of."""

from __future__ import annotations

from typing import Any, Iterator

import FreeCAD

from cadgate_freecad.app import versions
from cadgate_freecad.app.provenance import TOLERANCE, Face

_AXES = {"X_Axis": (1, 0, 0), "Y_Axis": (0, 1, 0), "Z_Axis": (0, 0, 1)}
_PLANES = {"YZ_Plane": (1, 0, 0), "XZ_Plane": (0, 1, 0), "XY_Plane": (0, 0, 1)}
_DRAWN = {"H_Axis": (1, 0, 0), "V_Axis": (0, 1, 0), "N_Axis": (0, 0, 1), "": (0, 0, 1)}


def origins(feature: Any, lying: list[list[tuple[Any, int]]]) -> list[list[tuple[Any, int]]]:
    """Return what `lying` says of each face of a feature of a body: on which faces of the one before it lies.

    A face of a copy lies on none: it gets the faces of its original, the one at the same point of it first.
    """
    before = getattr(feature, "BaseFeature", None)
    if before is None or not feature.isDerivedFrom("PartDesign::Transformed") or all(lying):
        return lying
    moves = _moves(feature)
    if not moves:
        return lying
    back = [move.inverse() for move in moves[1:]]
    theirs = [Face(face) for face in before.Shape.Faces]
    # Without originals, the whole body is repeated (from 1.0).
    pieces = [each.AddSubShape for each in feature.Originals if hasattr(each, "AddSubShape")] or [before.Shape]
    own = [
        (piece, [number for number, other in enumerate(theirs, 1) if other.is_on(piece) or piece.is_on(other)])
        for shape in pieces
        for piece in map(Face, shape.Faces)
    ]
    found: list[list[tuple[Any, int]]] = []
    for face, known in zip(feature.Shape.Faces, lying):
        numbers = known or [(before, number) for number in _originals(Face(face), back, own, theirs)]
        found.append(numbers)
    return found


def _originals(face: Face, back: list[Any], own: list[tuple[Face, list[int]]], theirs: list[Face]) -> list[int]:
    for move in back:
        point = move.multVec(face.point)
        for piece, numbers in own:
            if piece.kind == face.kind and piece.holds(point) and _is_parallel(face, move, piece):
                return sorted(numbers, key=lambda number: not theirs[number - 1].holds(point))
    return []


def _is_parallel(face: Face, move: Any, piece: Face) -> bool:
    if face.kind != "Part::GeomPlane":
        return True
    moved = move.multVec(face.point + face.surface.Axis) - move.multVec(face.point)
    return moved.cross(piece.surface.Axis).Length <= TOLERANCE


# --- the moves -------------------------------------------------------------------------------------------------------


def _moves(feature: Any) -> list[Any] | None:
    """Return the matrices, in the body's coordinates, of the original (which moves nothing) and of each copy.

    None if they are not known: of scaled and of unevenly spaced copies, and of those along or about something else.
    """
    kind = feature.TypeId
    if kind == "PartDesign::MultiTransform":
        made = [FreeCAD.Matrix()]
        for each in feature.Transformations:
            moves = _moves(each)
            if moves is None:
                return None
            made = [move.multiply(one) for move in moves for one in made]
        return made
    if kind == "PartDesign::Mirrored":
        plane = _reference(feature.MirrorPlane)
        return None if plane is None else [FreeCAD.Matrix(), _mirrored(*plane)]
    if kind == "PartDesign::LinearPattern":
        return _row(feature, feature.Direction, "")
    return _ring(feature) if kind == "PartDesign::PolarPattern" else None


def _row(feature: Any, link: Any, second: str) -> list[Any] | None:
    """Return the moves along a direction; from 1.1 on there may be a `second` one."""
    line, count = _reference(link), getattr(feature, f"Occurrences{second}")
    if line is None or not versions.is_even(feature):
        return None
    if not second and getattr(feature, "Occurrences2", 1) > 1:
        first, others = _row_of(feature, line, count, ""), _row(feature, feature.Direction2, "2")
        return None if others is None else [one.multiply(move) for one in others for move in first]
    return _row_of(feature, line, count, second)


def _row_of(feature: Any, line: tuple[Any, Any], count: int, second: str) -> list[Any]:
    if versions.has_own_spacing(feature):
        step = getattr(feature, f"Offset{second}").Value
    else:
        step = getattr(feature, f"Length{second}").Value / max(1, count - 1)
    if getattr(feature, f"Reversed{second}"):
        step = -step
    return [FreeCAD.Placement(line[1] * (step * number), FreeCAD.Rotation()).toMatrix() for number in range(count)]


def _ring(feature: Any) -> list[Any] | None:
    axis = _reference(feature.Axis)
    if axis is None or not versions.is_even(feature):
        return None
    count, whole = feature.Occurrences, feature.Angle.Value
    step = whole / count if abs(whole - 360) < 1e-9 else whole / max(1, count - 1)
    if versions.has_own_spacing(feature):
        step = feature.Offset.Value
    if feature.Reversed:
        step = -step
    turns = [FreeCAD.Rotation(axis[1], step * number) for number in range(count)]
    return [FreeCAD.Placement(FreeCAD.Vector(), turn, axis[0]).toMatrix() for turn in turns]


def _mirrored(point: Any, normal: Any) -> Any:
    x, y, z = normal
    shift = normal * (2 * point.dot(normal))
    matrix = FreeCAD.Matrix()
    matrix.A11, matrix.A12, matrix.A13, matrix.A14 = 1 - 2 * x * x, -2 * x * y, -2 * x * z, shift.x
    matrix.A21, matrix.A22, matrix.A23, matrix.A24 = -2 * y * x, 1 - 2 * y * y, -2 * y * z, shift.y
    matrix.A31, matrix.A32, matrix.A33, matrix.A34 = -2 * z * x, -2 * z * y, 1 - 2 * z * z, shift.z
    return matrix


def _reference(link: Any) -> tuple[Any, Any] | None:
    """Return a point on an axis or a plane, and its direction, in the body's coordinates."""
    if link is None or link[0] is None:
        return None
    obj, sub = link[0], next(iter(link[1]), "")
    place = obj.Placement
    along = {**_AXES, **_PLANES}.get(getattr(obj, "Role", ""))
    if along is not None:
        return FreeCAD.Vector(), FreeCAD.Vector(*along)
    if obj.TypeId in ("PartDesign::Line", "PartDesign::Plane"):
        return place.Base, place.Rotation.multVec(FreeCAD.Vector(0, 0, 1))
    if obj.isDerivedFrom("Part::Part2DObject") and sub in _DRAWN:
        return place.Base, place.Rotation.multVec(FreeCAD.Vector(*_DRAWN[sub]))
    return next(_of_element(obj, sub), None)


def _of_element(obj: Any, sub: str) -> Iterator[tuple[Any, Any]]:
    if not sub.startswith(("Edge", "Face")):
        return
    element = obj.Shape.getElement(sub)
    if sub.startswith("Edge") and element.Curve.TypeId == "Part::GeomLine":
        # In the direction in which FreeCAD follows it.
        yield element.Curve.Location, element.tangentAt(element.FirstParameter)
    elif sub.startswith("Face") and element.Surface.TypeId == "Part::GeomPlane":
        yield element.Surface.Position, element.normalAt(0, 0)
