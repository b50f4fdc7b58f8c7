"""Modelling operations of the Part workbench.

OpenCASCADE calls many wrong results valid, so each result is measured.
"""

from __future__ import annotations

from typing import Any, Callable

import FreeCAD

from cadgate.appserver import AppError, warn
from cadgate_freecad.app import attributes, body_features, chosen, shapes, values, verification
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.creation import Slot, create, hide
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.info import problem
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.operands import inputs_of
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.verification import largest
from cadgate_freecad.app.verification.features import refuse_crossing

JOINS = {"arc": 0, "tangent": 1, "intersection": 2}
PLANES = {"xy": (0, 0, 1), "xz": (0, 1, 0), "yz": (1, 0, 0)}


def source(field: str, name: str) -> Any:
    """Return an object with a usable shape. Raises AppError `object_not_found` or `validation_error`."""
    obj = find(target(), name)
    if shapes.shape_of(obj) is None:
        raise values.invalid(field, f"{name!r} ({obj.TypeId}) has no shape to work with")
    wrong = problem(obj)
    if wrong is not None:
        raise values.invalid(field, wrong)
    return obj


def solid_source(field: str, name: str) -> Any:
    obj = source(field, name)
    if not shapes.required_shape(obj).Solids:
        raise values.invalid(field, f"{name!r} ({obj.TypeId}) is not a solid")
    return obj


def feature(
    kind: str,
    base: str,
    properties: Any,
    inputs: list[Any],
    common: dict[str, Any],
    *,
    check: Callable[[Any], None] | None = None,
    setup: Callable[[Any], None] | None = None,
    wires: bool = False,
    keep_visible: bool = False,
) -> dict[str, Any]:
    """Create a feature; refuse a result that is empty, invalid, proved wrong, or fails `check(shape)`."""
    level = common.pop("verify")

    def verify(obj: Any) -> None:
        shape = obj.Shape
        size = shapes.edge_length(shape) if wires else shapes.volume(shape) or shape.Area
        if size <= 0:
            raise verification.without_size(obj, _names(inputs))
        if shape.Solids and shapes.volume(shape) <= 0:
            raise AppError("degenerate_result", f"The result of {_names(inputs)} would have no volume", {"type": kind})
        # This comes first, because finding a broken shape invalid takes seconds.
        verification.check(obj, level=level)
        if not shape.isValid():
            raise AppError(
                "degenerate_result",
                f"The result of {_names(inputs)} is not a valid shape: try smaller or different dimensions",
                {"type": kind},
            )
        if check is not None:
            check(shape)
        if not keep_visible:
            hide(inputs)

    def placed(document: Any) -> Any:
        return inputs_of(properties(document) if callable(properties) else properties, inputs)

    return create(kind, base, placed, check=verify, setup=setup, keep=inputs, **common)


def _names(objects: list[Any]) -> str:
    return " and ".join(repr(obj.Name) for obj in objects)


def _wants_solid(wanted: bool, shape: Any) -> None:
    if wanted and not shape.Solids:
        raise AppError(
            "degenerate_result", "The result is not a solid: is the profile closed? Send solid=false for a surface"
        )


# --- edges -----------------------------------------------------------------------------------------------------------


@creating("features.fillet")
def fillet(*, object: str, radius: Any, edges: Any, **common: Any) -> dict[str, Any]:
    obj = solid_source("object", object)
    r = values.length("radius", radius)
    if body_features.body_of(obj) is not None:
        return body_features.dress("PartDesign::Fillet", obj, "edges", edges, {"Radius": r}, common)
    numbers = chosen_numbers(obj, "Edge", "edges", edges)
    largest.refuse_early(obj, r, numbers)
    properties = _on_edges(obj, numbers, r, r)
    setup = chosen.by("Edges", edges)
    try:
        return feature("Part::Fillet", "Fillet", properties, [obj], common, check=_changes(obj), setup=setup)
    except AppError as error:
        raise _explained(
            error, lambda: largest.too_large(obj, "Part::Fillet", "A radius of", r, None, numbers)
        ) from None


@creating("features.chamfer")
def chamfer(*, object: str, size: Any, size2: Any, edges: Any, **common: Any) -> dict[str, Any]:
    obj = solid_source("object", object)
    first = values.length("size", size)
    second = first if size2 is None else values.length("size2", size2)
    if body_features.body_of(obj) is not None:
        sizes = {"ChamferType": "Two distances", "Size": first, "Size2": second}
        sizes = {"Size": first} if first == second else sizes
        return body_features.dress("PartDesign::Chamfer", obj, "edges", edges, sizes, common)
    numbers = chosen_numbers(obj, "Edge", "edges", edges)
    properties = _on_edges(obj, numbers, first, second)
    setup = chosen.by("Edges", edges)
    try:
        return feature("Part::Chamfer", "Chamfer", properties, [obj], common, check=_changes(obj), setup=setup)
    except AppError as error:
        other = None if size2 is None else second
        raise _explained(
            error, lambda: largest.too_large(obj, "Part::Chamfer", "A chamfer of", first, other, numbers)
        ) from None


def _explained(error: AppError, explain: Callable[[], AppError | None]) -> AppError:
    """Return the error that names what would work, if the geometry is at fault and something smaller works."""
    if error.code != "degenerate_result" or "type" not in error.details:
        return error
    return explain() or error


def _on_edges(obj: Any, numbers: list[int], first: float, second: float) -> dict[str, Any]:
    return {"Base": obj, "Edges": [(number, first, second) for number in numbers]}


def _changes(obj: Any) -> Callable[[Any], None]:
    before = shapes.volume(shapes.shape_of(obj))

    def check(shape: Any) -> None:
        if same(shapes.volume(shape), before):
            warn("no_effect", f"The volume is the same as that of {obj.Name!r}")

    return check


# --- profiles --------------------------------------------------------------------------------------------------------


@creating("features.extrude")
def extrude(
    *,
    object: str,
    length: Any,
    length_reverse: Any,
    direction: Any,
    symmetric: bool,
    solid: bool,
    taper_angle: float,
    **common: Any,
) -> dict[str, Any]:
    obj = source("object", object)
    forward = values.length("length", length, zero=True)
    backward = values.length("length_reverse", length_reverse, zero=True)
    if forward + backward <= 0:
        raise values.invalid("length", "length and length_reverse are both 0")
    if shapes.required_shape(obj).Solids:
        raise values.invalid("object", f"{object!r} is a solid: extrude a sketch, a face or a wire")
    properties: dict[str, Any] = {
        "Base": obj,
        "DirMode": "Normal" if direction is None else "Custom",
        "LengthFwd": forward,
        "LengthRev": backward,
        "Symmetric": symmetric,
        "Solid": solid,
        "TaperAngle": taper_angle,
        "TaperAngleRev": taper_angle,
    }
    if direction is not None:
        properties["Dir"] = values.direction("direction", direction)
    elif _normal(shapes.shape_of(obj)) is None:
        raise values.invalid("direction", f"{object!r} is not flat, so it has no normal: give a direction")
    return feature(
        "Part::Extrusion", "Extrude", properties, [obj], common, check=lambda shape: _wants_solid(solid, shape)
    )


def _normal(shape: Any) -> Any | None:
    plane = shape.findPlane()
    return None if plane is None else attributes.of(plane, "Axis")


@creating("features.revolve")
def revolve(
    *, object: str, axis: Any, base: Any, angle: Any, symmetric: bool, solid: bool, **common: Any
) -> dict[str, Any]:
    obj = source("object", object)
    if shapes.required_shape(obj).Solids:
        raise values.invalid("object", f"{object!r} is a solid: revolve a sketch, a face or a wire")
    around, through = values.direction("axis", axis), values.vector("base", base)
    refuse_crossing(shapes.shape_of(obj), around, through, object)
    properties = {
        "Source": obj,
        "Axis": around,
        "Base": through,
        "Angle": values.angle("angle", angle),
        "Symmetric": symmetric,
        "Solid": solid,
    }
    return feature(
        "Part::Revolution", "Revolve", properties, [obj], common, check=lambda shape: _wants_solid(solid, shape)
    )


@creating("features.loft")
def loft(*, objects: list[str], solid: bool, ruled: bool, closed: bool, **common: Any) -> dict[str, Any]:
    sections = _distinct("objects", objects)
    properties = {"Sections": sections, "Solid": solid, "Ruled": ruled, "Closed": closed}
    return feature("Part::Loft", "Loft", properties, sections, common, check=lambda shape: _wants_solid(solid, shape))


@creating("features.sweep")
def sweep(
    *, objects: list[str], path: str, path_edges: Any, solid: bool, frenet: bool, **common: Any
) -> dict[str, Any]:
    sections = _distinct("objects", objects)
    spine = source("path", path)
    if spine in sections:
        raise values.invalid("path", f"{path!r} is a profile too")
    numbers = chosen_numbers(spine, "Edge", "path_edges", path_edges)
    properties = {
        "Sections": sections,
        "Spine": (spine, [f"Edge{number}" for number in numbers]),
        "Solid": solid,
        "Frenet": frenet,
    }

    def check(shape: Any) -> None:
        _wants_solid(solid, shape)

    setup = chosen.by("Spine", path_edges)
    return feature("Part::Sweep", "Sweep", properties, [*sections, spine], common, check=check, setup=setup)


def _distinct(field: str, names: list[str]) -> list[Any]:
    if len(set(names)) != len(names):
        raise values.invalid(field, "a profile is listed twice")
    return [source(f"{field}.{index}", name) for index, name in enumerate(names)]


# --- whole shapes ----------------------------------------------------------------------------------------------------


@creating("features.mirror")
def mirror(*, object: str, plane: str | None, normal: Any, base: Any, **common: Any) -> dict[str, Any]:
    obj = source("object", object)
    across = FreeCAD.Vector(*PLANES[plane]) if plane is not None else values.direction("normal", normal)
    point = values.vector("base", base)
    if body_features.is_piece(obj):
        image = body_features.mirrored(point, across)
        reference = ("MirrorPlane", point, across, "")
        return body_features.repeat("PartDesign::Mirrored", obj, [image], {}, reference, common)
    properties = {"Source": obj, "Base": point, "Normal": across}
    shape = shapes.required_shape(obj)
    before, wires = shapes.volume(shape), not shape.Faces
    length = shapes.edge_length(shape)

    def check(shape: Any) -> None:
        if before > 0 and not same(shapes.volume(shape), before):
            raise AppError("degenerate_result", "The mirror image differs from the original in volume")
        if wires and not same(shapes.edge_length(shape), length):
            raise AppError("degenerate_result", "The mirror image differs from the original in length")

    return feature("Part::Mirroring", "Mirror", properties, [obj], common, check=check, wires=wires, keep_visible=True)


@creating("features.thickness")
def thickness(*, object: str, thickness: Any, faces: Any, inward: bool, join: str, **common: Any) -> dict[str, Any]:
    obj = solid_source("object", object)
    wall = values.length("thickness", thickness)
    numbers = chosen_numbers(obj, "Face", "faces", faces)
    if len(numbers) >= len(shapes.required_shape(obj).Faces):
        raise values.invalid("faces", f"this opens all faces of {object!r}: nothing would be left")
    properties = {
        "Faces": (obj, [f"Face{number}" for number in numbers]),
        "Value": -wall if inward else wall,
        "Join": JOINS[join],
    }
    before = shapes.volume(shapes.shape_of(obj))

    def check(shape: Any) -> None:
        if inward and shapes.volume(shape) >= before:
            raise AppError(
                "degenerate_result", f"Walls of {wall:g} mm leave no hollow in {object!r}", {"type": "Part::Thickness"}
            )

    setup = chosen.by("Faces", faces)
    try:
        return feature("Part::Thickness", "Thickness", properties, [obj], common, check=check, setup=setup)
    except AppError as error:
        raise _explained(error, lambda: largest.wall_too_thick(obj, wall, numbers, inward, JOINS[join])) from None


@creating("features.offset")
def offset(*, object: str, distance: Any, join: str, fill: bool, **common: Any) -> dict[str, Any]:
    obj = source("object", object)
    by = values.coordinate("distance", distance)
    if by == 0:
        raise values.invalid("distance", "0 changes nothing")
    if not shapes.required_shape(obj).Faces:
        raise values.invalid("object", f"{object!r} has no faces")
    properties = {"Source": obj, "Value": by, "Join": JOINS[join], "Fill": fill}
    before = shapes.volume(shapes.shape_of(obj))

    def check(shape: Any) -> None:
        grown = shapes.volume(shape) - before
        if before > 0 and not fill and grown * by <= 0:
            raise AppError("degenerate_result", f"{object!r} cannot be offset by {by:g} mm: it would turn inside out")

    return feature("Part::Offset", "Offset", properties, [obj], common, check=check)


@creating("features.section")
def section(*, object: str, tool: str | None, normal: Any, base: Any, **common: Any) -> dict[str, Any]:
    obj = source("object", object)
    if tool == object:
        raise values.invalid("tool", f"{tool!r} is the object itself")
    other = None if tool is None else source("tool", tool)
    up = values.direction("normal", normal or (0, 0, 1))
    point = values.vector("base", base)

    def properties(document: Any) -> dict[str, Any]:
        return {"Base": obj, "Tool": other or _plane(document, obj, point, up), "Approximation": False}

    inputs = [obj] if other is None else [obj, other]
    return feature("Part::Section", "Section", properties, inputs, common, wires=True, keep_visible=True)


def _plane(document: Any, obj: Any, point: Any, normal: Any) -> Any:
    """Create a hidden square on the plane, larger than the object and centred on its projected middle."""
    box = attributes.box(shapes.required_shape(obj))
    side = 2 * box.DiagonalLength + 1
    middle = attributes.of(box, "Center").projectToPlane(point, normal)
    plane = Slot(document, "SectionPlane", None, "error").fill("Part::Plane", None)
    plane.Length = plane.Width = side
    turn = FreeCAD.Rotation(FreeCAD.Vector(0, 0, 1), normal)
    plane.Placement = FreeCAD.Placement(middle - turn.multVec(FreeCAD.Vector(side / 2, side / 2, 0)), turn)
    recompute(plane)
    hide([plane])
    return plane
