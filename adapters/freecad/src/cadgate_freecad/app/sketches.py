"""Sketches: geometry and constraints in, a solved profile out, or an error that says which constraints disagree."""

from __future__ import annotations

from typing import Any

import FreeCAD
import Sketcher  # noqa: F401 # pyright: ignore[reportUnusedImport] - registers the type

from cadgate.appserver import AppError, about_to_change, method
from cadgate_freecad.app import changes, materials, shapes, sketching, values, versions
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app.creation import Slot
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.info import describe, state
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.operands import attachable, owner_of_sketch_on
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.solving import solve
from cadgate_freecad.app.verification import dimensions

PLANES = {
    "xy": ("XY_Plane", FreeCAD.Rotation()),
    "xz": ("XZ_Plane", FreeCAD.Rotation(FreeCAD.Vector(1, 0, 0), 90)),
    "yz": ("YZ_Plane", FreeCAD.Rotation(0.5, 0.5, 0.5, 0.5)),
}


def find_sketch(name: str, field: str = "name") -> Any:
    """Return the sketch `name`. Raises AppError `object_not_found`, or `validation_error` for another object."""
    obj = find(target(), name)
    if not obj.isDerivedFrom("Sketcher::SketchObject"):
        raise values.invalid(field, f"{name!r} is a {obj.TypeId}, not a sketch")
    return obj


@creating("sketches.create")
def create_sketch(
    *,
    name: str | None,
    label: str | None,
    on_conflict: str,
    expressions: dict[str, Any],
    material: Any,
    plane: str,
    offset: Any,
    body: str | None,
    on: str | None,
    face: Any,
    geometry: list[dict[str, Any]],
    constraints: list[dict[str, Any]],
) -> dict[str, Any]:
    document = target()
    height = values.coordinate("offset", offset)
    owner = None if body is None else find(document, body)
    if owner is not None and not owner.isDerivedFrom("PartDesign::Body"):
        raise values.invalid("body", f"{body!r} is a {owner.TypeId}, not a body")
    support = None if on is None else _flat_face(find(document, on), face)
    if support is not None and owner is None:
        owner = owner_of_sketch_on(support[0])
    drawn = sketching.draw(geometry)
    wanted = sketching.constraints(constraints, drawn.count)
    slot = Slot(document, "Sketch", name, on_conflict, [each for each in (owner, support and support[0]) if each])
    made_of = materials.prepare(material)
    about_to_change(slot.revision)
    sketch = slot.fill("Sketcher::SketchObject", label)
    up_to_date = owner is None or state(owner) == ["Up-to-date"]
    if owner is not None:
        owner.addObject(sketch)
    _place(sketch, owner, support, plane, height)
    sketching.add(sketch, drawn, wanted)
    materials.assign(sketch, made_of)
    determined = expressing.apply(sketch, expressions)
    solve(sketch, len(wanted))
    recompute(sketch)
    expressing.confirm(sketch, determined)
    if owner is not None and up_to_date:
        # A sketch adds nothing to the body's shape, so nothing that depends on it need be recomputed.
        owner.purgeTouched()
    return describe_sketch(sketch)


def _flat_face(obj: Any, face: Any) -> tuple[Any, str]:
    [number] = chosen_numbers(obj, "Face", "face", [face])
    if shapes.required_shape(obj).Faces[number - 1].Surface.TypeId != "Part::GeomPlane":
        raise values.invalid("face", f"Face{number} of {obj.Name!r} is not flat")
    return obj, f"Face{number}"


def _place(sketch: Any, owner: Any, support: Any, plane: str, height: float) -> None:
    role, turn = PLANES[plane]
    up = FreeCAD.Placement(FreeCAD.Vector(0, 0, height), FreeCAD.Rotation())
    if support is not None:
        versions.attach(sketch, (attachable(support[0], owner), [support[1]]))
        sketch.AttachmentOffset = up
    elif owner is not None:
        origin = next(each for each in owner.Origin.OriginFeatures if each.Role == role)
        versions.attach(sketch, (origin, [""]))
        sketch.AttachmentOffset = up
    else:
        sketch.Placement = FreeCAD.Placement(FreeCAD.Vector(0, 0, 0), turn).multiply(up)


@method("sketches.get")
def get_sketch(*, name: str) -> dict[str, Any]:
    return describe_sketch(find_sketch(name))


@method("sketches.update")
def update_sketch(
    *,
    name: str,
    geometry: list[dict[str, Any]],
    constraints: list[dict[str, Any]],
    values: list[dict[str, Any]],
    delete_constraints: list[int],
) -> dict[str, Any]:
    sketch = find_sketch(name)
    values = sketching.by_index(sketch, values)
    sketching.check_indices(sketch, [each["index"] for each in values], "values")
    sketching.check_indices(sketch, delete_constraints, "delete_constraints")
    both = {each["index"] for each in values} & set(delete_constraints)
    if both:
        raise AppError("validation_error", f"Constraint {min(both)} is both changed and deleted")
    for each in values:
        dimensions.require_free(sketch, each["index"])
    datums = [
        (each["index"], sketching.datum(sketch.Constraints[each["index"]], each["value"], f"values.{number}.value"))
        for number, each in enumerate(values)
    ]
    drawn = sketching.draw(geometry, first=sketch.GeometryCount)
    wanted = sketching.constraints(constraints, drawn.count)
    about_to_change(describe(sketch)["revision"])
    affected = changes.dependents(sketch)
    already_broken = changes.broken(affected)
    for index, datum in datums:
        try:
            sketch.setDatum(index, datum)
        except (ValueError, RuntimeError) as error:
            raise AppError("degenerate_result", f"Constraint {index} cannot be {datum}: {error}") from None
    for index in sorted(set(delete_constraints), reverse=True):
        sketch.delConstraint(index)
    sketching.add(sketch, drawn, wanted)
    solve(sketch, len(wanted))
    changes.propagate(sketch, affected, already_broken)
    for index, datum in datums:
        left = index - sum(deleted < index for deleted in set(delete_constraints))
        dimensions.confirm(sketch, left, index, datum)
    return describe_sketch(sketch)


def describe_sketch(sketch: Any) -> dict[str, Any]:
    """ObjectInfo of a sketch with its geometry and constraints."""
    shape = shapes.shape_of(sketch)
    wires = [] if shape is None else shape.Wires
    edges = [] if shape is None else shape.Edges
    inside = sum(len(wire.Edges) for wire in wires)
    return {
        **describe(sketch),
        **sketching.contents(sketch),
        "closed": bool(edges) and inside == len(edges) and all(wire.isClosed() for wire in wires),
    }
