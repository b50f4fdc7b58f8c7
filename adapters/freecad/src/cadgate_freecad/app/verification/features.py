"""Checks fillets, mirror images, patterns, extrusions …: by formulas, and by points that must not change.

`check(obj)` looks up the object's type; a type that is not listed is trusted. A check returns what is wrong, or None.
"""

from __future__ import annotations

from math import radians
from typing import Any, Callable

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, versions
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.verification import booleans, extents
from cadgate_freecad.app.verification.points import Mesh, Region, beside, on_face

EXACT, CURVED = 1e-6, 3e-3
"""Relative tolerances of volumes that a formula gives: for moved shapes, and for shapes from any profile."""
SMOOTH = 0.02
"""Sine of the angle between faces below which an edge is not a corner, so that nothing is rounded off."""
LOOKED_AT = 24
"""The number of edges of a fillet or chamfer that are checked; all with `full`."""
TRIANGLES = 60_000
"""The number of triangles up to which a skin is checked with `full`."""
FUSED = 60
"""The number of copies of a fused pattern that are compared with it."""


def check(obj: Any, shape: Any, *, level: str | None = None) -> None:
    """Raise AppError `degenerate_result` for a feature that is proved wrong."""
    find = _CHECKS.get(obj.TypeId)
    if find is None:
        return
    place = obj.getPropertyByName("Placement")
    own = shape if place.isIdentity() else shape.transformed(place.inverse().toMatrix())
    wrong = find(obj, own, (level or LIMITS.get("verify", "fast")) == "full")
    if wrong is not None:
        raise _failed(obj, wrong)
    # This comes last, because the tight box of a broken shape takes long.
    extents.check(obj, shape)


def without_size(obj: Any, names: str) -> AppError:
    """Return the error for an object without size, made from `names`; see `verification.without_size`.

    Only a boolean, which has been checked before, or a section may rightly be empty.
    """
    details = {"type": obj.TypeId, "reason": "empty", "name": obj.Name}
    empty = f"The result of {names} would be empty"
    if obj.isDerivedFrom("Part::Section"):
        gap = obj.Base.Shape.distToShape(obj.Tool.Shape)[0]
        if gap > 0:
            return AppError("degenerate_result", f"{empty}: what is cut and what cuts it are {gap:g} mm apart", details)
        text = f"OpenCASCADE finds no edge in this section of {names}, which is right if they touch only at points"
        return AppError("degenerate_result", text, details)
    if any(map(obj.isDerivedFrom, ("Part::Boolean", "Part::MultiFuse", "Part::MultiCommon"))):
        return AppError("degenerate_result", empty, details)
    return _failed(obj, f"nothing is left of {names}, which cannot be")


def _failed(obj: Any, wrong: str) -> AppError:
    """Return the error for a feature that is proved wrong: it blames the kernel, not the request."""
    return AppError(
        "degenerate_result",
        f"OpenCASCADE fails at this {obj.TypeId}: {wrong}. Nothing was changed; try other dimensions",
        {"type": obj.TypeId, "reason": "kernel_failed"},
    )


def _compare(what: str, value: float, expected: float, slack: float) -> str | None:
    if abs(value - expected) <= slack * max(abs(expected), 1e-12):
        return None
    return f"it has {value:g} {what} instead of {expected:g}"


# --- moved shapes ----------------------------------------------------------------------------------------------------


def _mirroring(obj: Any, shape: Any, full: bool) -> str | None:
    source = obj.Source.Shape
    wrong = _compare("mm³", shapes.volume(shape), shapes.volume(source), EXACT)
    wrong = wrong or _compare("mm²", shape.Area, source.Area, EXACT)
    if wrong is not None:
        return wrong
    before, after = versions.center_of_mass(source), versions.center_of_mass(shape)
    if before is None or after is None:
        return None
    normal = FreeCAD.Vector(obj.Normal).normalize()
    expected = before - normal * (2 * (before - obj.Base).dot(normal))
    off = (after - expected).Length
    return (
        None if off <= 1e-4 * (1 + source.BoundBox.DiagonalLength) else f"it is {off:g} mm away from the mirror image"
    )


def _array(obj: Any, shape: Any, full: bool) -> str | None:
    if not hasattr(obj, "ArrayType") or obj.Base is None:
        return None
    moves = _moves(obj)
    source = obj.Base.Shape
    one = shapes.volume(source)
    if moves is None or one <= 0:
        return None
    if not obj.Fuse:
        return _compare("mm³", shapes.volume(shape), len(moves) * one, EXACT)
    if len(moves) > FUSED:
        return None
    copies = [source.transformed(move.toMatrix()) for move in moves]
    try:
        booleans.check(booleans.Outcome("fuse", copies, shape, [obj.Base.Name]), level="full" if full else "fast")
    except AppError as error:
        return error.message
    return None


def _moves(obj: Any) -> list[Any] | None:
    """Return the places of the copies, for the two kinds of pattern that are made here."""
    if obj.ArrayType == "ortho" and obj.NumberY == obj.NumberZ == 1:
        return [FreeCAD.Placement(obj.IntervalX * index, FreeCAD.Rotation()) for index in range(obj.NumberX)]
    if obj.ArrayType == "polar":
        count, whole = obj.NumberPolar, float(obj.Angle)
        step = whole / count if abs(abs(whole) - 360) < 1e-9 else whole / (count - 1)
        nowhere = FreeCAD.Vector()
        return [
            FreeCAD.Placement(nowhere, FreeCAD.Rotation(obj.Axis, step * index), obj.Center) for index in range(count)
        ]
    return None


# --- profiles --------------------------------------------------------------------------------------------------------


def _face_of(shape: Any) -> Any | None:
    """Return the flat face of a profile, or None if it is not one."""
    if shape.Faces:
        return shape if shape.findPlane() is not None else None
    if shape.findPlane() is None or not shape.Wires or not all(wire.isClosed() for wire in shape.Wires):
        return None
    try:
        face = Part.makeFace(shape.Wires, "Part::FaceMakerBullseye")
    except (Part.OCCError, FreeCADError, ValueError, RuntimeError):
        return None
    return None if face.isNull() or face.Area <= 0 else face


def _extrusion(obj: Any, shape: Any, full: bool) -> str | None:
    if not obj.Solid or not shape.Solids or obj.TaperAngle.Value or obj.TaperAngleRev.Value:
        return None
    face = _face_of(obj.Base.Shape)
    if face is None:
        return None
    length = obj.LengthFwd.Value if obj.Symmetric else obj.LengthFwd.Value + obj.LengthRev.Value
    normal = face.findPlane().Axis
    upright = 1.0 if obj.DirMode == "Normal" else abs(FreeCAD.Vector(obj.Dir).normalize().dot(normal))
    return _compare("mm³", shapes.volume(shape), face.Area * length * upright, CURVED)


def crossing(face: Any, axis: Any, base: Any) -> tuple[bool, float] | None:
    """Return whether a flat profile is on both sides of an axis, and its centre's distance; None off its plane."""
    along = FreeCAD.Vector(axis).normalize()
    plane = face.findPlane()
    if abs(plane.Axis.dot(along)) > 1e-6 or abs((base - plane.Position).dot(plane.Axis)) > 1e-6:
        return None
    side = plane.Axis.cross(along).normalize()
    places = [(point - base).dot(side) for edge in face.Edges for point in edge.discretize(20)]
    arm = abs((versions.center_of_mass(face) - base).dot(side))
    return min(places) < -1e-6 and max(places) > 1e-6, arm


def refuse_crossing(shape: Any, axis: Any, base: Any, name: str) -> None:
    """Raise AppError `degenerate_result` for a profile that would pass through itself when it is revolved."""
    face = _face_of(shape)
    lies = None if face is None else crossing(face, axis, base)
    if lies is not None and lies[0]:
        raise AppError(
            "degenerate_result",
            f"{name!r} crosses the axis, so that it would pass through itself when it is revolved: move it, or `base`, "
            "so that all of it is on one side",
            {"object": name, "reason": "crosses_axis"},
        )


def _revolution(obj: Any, shape: Any, full: bool) -> str | None:
    face = _face_of(obj.Source.Shape)
    lies = None if face is None else crossing(face, obj.Axis, obj.Base)
    if face is None or lies is None:
        return None
    crosses, arm = lies
    if crosses:
        return "the profile crosses the axis, so that the result would pass through itself"
    if not obj.Solid or not shape.Solids:
        return None
    return _compare("mm³", shapes.volume(shape), face.Area * arm * radians(min(abs(obj.Angle), 360.0)), CURVED)


def _sweep(obj: Any, shape: Any, full: bool) -> str | None:
    """Refuse a profile that is higher than a helix's pitch, and so passes through the next turn."""
    spine = obj.Spine[0]
    if spine.TypeId == "Part::Helix" and len(obj.Sections) == 1 and spine.Height.Value > spine.Pitch.Value:
        face = _face_of(obj.Sections[0].Shape)
        axis = spine.Placement.Rotation.multVec(FreeCAD.Vector(0, 0, 1))
        if face is not None and abs(face.findPlane().Axis.dot(axis)) < 1e-6:
            next_turn = face.copy()
            next_turn.translate(axis * spine.Pitch.Value)
            if face.BoundBox.intersect(next_turn.BoundBox) and face.common(next_turn).Area > 1e-6 * face.Area:
                return (
                    f"the result passes through itself: {obj.Sections[0].Name!r} is higher than the pitch of "
                    f"{spine.Name!r}, {spine.Pitch.Value:g} mm"
                )
    return _skin(obj, shape, full)


def _skin(obj: Any, shape: Any, full: bool) -> str | None:
    """Check that a skin has material on one side and none on the other: where it crosses itself, both sides have."""
    if not full or not shape.Solids:
        return None
    deflection = 2e-3 * shape.BoundBox.DiagonalLength
    mesh = Mesh(shape, deflection)
    if mesh.count > TRIANGLES:
        return None
    for face in shape.Faces:
        for near, far in beside(face, 4, 0.75 * deflection):
            if mesh.holds(near) and mesh.holds(far):
                there = ", ".join(f"{part:.3f}" for part in (near + far) * 0.5)
                return f"the result passes through itself at [{there}]"
    return None


# --- edges and walls -------------------------------------------------------------------------------------------------


def edges(obj: Any, shape: Any, full: bool) -> str | None:
    """Check that rounded or bevelled edges are gone, and that the surface far from them is unchanged."""
    source = obj.Base.Shape
    chosen = {number: max(first, second) for number, first, second in obj.Edges}
    every = source.Edges
    reach = 3 * max(chosen.values(), default=0.0)
    for number in list(chosen)[: None if full else LOOKED_AT]:
        edge = every[number - 1]
        if not _is_corner(source, edge):
            continue
        middle = Part.Vertex(edge.valueAt((edge.FirstParameter + edge.LastParameter) / 2))
        if middle.distToShape(shape)[0] < 1e-6 and any(
            middle.distToShape(each)[0] < 1e-6 * chosen[number] for each in shape.Shells
        ):
            return f"Edge{number} of {obj.Base.Name!r} is still there"
    old, new = Region(source), Region(shape)
    touched = Part.Compound([every[number - 1] for number in chosen])
    for face in source.Faces:
        for point, normal in on_face(face, 8 if full else 2):
            if Part.Vertex(point).distToShape(touched)[0] < reach:
                continue
            for aside in (point - normal * 1e-3, point + normal * 1e-3):
                if old.holds(aside) != new.holds(aside) and not new.touches(aside, 1e-5):
                    there = ", ".join(f"{part:.3f}" for part in point)
                    return f"the surface at [{there}], far from the chosen edges, has changed"
    return None


def _is_corner(source: Any, edge: Any) -> bool:
    """Return whether two faces meet in the edge at an angle; a seam and a smooth transition are not corners."""
    middle = edge.valueAt((edge.FirstParameter + edge.LastParameter) / 2)
    normals = []
    for face in source.ancestorsOfType(edge, Part.Face):
        normals.append(face.normalAt(*face.Surface.parameter(middle)))
    return len(normals) == 2 and normals[0].cross(normals[1]).Length > SMOOTH


def walls(obj: Any, shape: Any, full: bool) -> str | None:
    """Check that there is material in the middle of each wall, and none on the other side of the original surface."""
    source, names = obj.Faces
    wall = getattr(obj.Value, "Value", obj.Value)
    old, new = Region(source.Shape), Region(shape)
    kept = [face for number, face in enumerate(source.Shape.Faces, 1) if f"Face{number}" not in names]
    around = Part.Compound(kept)
    for number, face in enumerate(source.Shape.Faces, 1):
        if f"Face{number}" in names:
            continue
        for point, normal in on_face(face, 6 if full else 1):
            middle, other = point + normal * (wall / 2), point - normal * (wall / 2)
            if wall < 0 and not old.holds(middle):
                continue  # the object is thinner than the wall here
            if not new.holds(middle) and not new.touches(middle, 1e-4):
                return f"the wall at Face{number} of {source.Name!r} is missing"
            if wall < 0:
                other = point + normal * (1.5 * wall)
                if not old.holds(other) or Part.Vertex(other).distToShape(around)[0] < 1.01 * -wall:
                    continue  # no hollow here
            if old.holds(other) and new.holds(other) and not new.touches(other, 1e-4):
                return f"there is material behind the wall at Face{number} of {source.Name!r}"
    return None


def _offset(obj: Any, shape: Any, full: bool) -> str | None:
    """Check that half way between the original surface and the offset there is material (grown), or none (shrunk)."""
    source, by = obj.Source.Shape, getattr(obj.Value, "Value", obj.Value)
    if obj.Fill or not source.Solids or not shape.Solids:
        return None
    new = Region(shape)
    for number, face in enumerate(source.Faces, 1):
        for point, normal in on_face(face, 6 if full else 1):
            middle = point + normal * (by / 2)
            if new.holds(middle) != (by > 0) and not new.touches(middle, 1e-4):
                return f"Face{number} of {obj.Source.Name!r} was not moved by {by:g} mm"
    return None


_CHECKS: dict[str, Callable[[Any, Any, bool], str | None]] = {
    "Part::Mirroring": _mirroring,
    "Part::FeaturePython": _array,
    "Part::Extrusion": _extrusion,
    "Part::Revolution": _revolution,
    "Part::Loft": _skin,
    "Part::Sweep": _sweep,
    "Part::Fillet": edges,
    "Part::Chamfer": edges,
    "Part::Thickness": walls,
    "Part::Offset": _offset,
}
