"""Objects of a document: list, read, change, delete."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, about_to_change, current, method, page
from cadgate_freecad.app import (
    attributes,
    changes,
    expressions,
    holders,
    materials,
    operands,
    painting,
    properties,
    shapes,
    sizes,
    values,
)
from cadgate_freecad.app.creation import depending, show
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.verification import measured
from cadgate_freecad.app.verification.values import confirm, confirm_placement, require_movable


def describe_fully(obj: Any) -> dict[str, Any]:
    """Return ObjectInfo with typed properties, and what it depends on and what depends on it."""
    return {
        **describe(obj),
        "properties": {**properties.read(obj), **sizes.read(obj)},
        "depends_on": sorted({other.Name for other in (*obj.OutList, *operands.targets(obj))}),
        "used_by": sorted({other.Name for other in (*obj.InList, *operands.followers(obj))}),
    }


@method("objects.list")
def list_objects(
    *, type: str | None, name: str | None, label: str | None, limit: int, offset: int, fields: str | None
) -> dict[str, Any]:
    chosen = [
        obj
        for obj in target().Objects
        if (name is None or fnmatchcase(obj.Name, name))
        and (label is None or fnmatchcase(obj.Label, label))
        and (type is None or obj.isDerivedFrom(type))
    ]
    return page(chosen, describe, limit=limit, offset=offset, fields=fields)


@method("objects.get")
def get_object(*, name: str) -> dict[str, Any]:
    obj = find(target(), name)
    measured.warn_where_uncertain(shapes.shape_of(obj))
    return describe_fully(obj)


@method("objects.update")
def update_object(*, name: str, **changed: Any) -> dict[str, Any]:
    obj = find(target(), name)
    placement = _placement(obj, changed)
    wanted = changed.get("expressions") or {}
    released = {sizes.own_name(obj, name) for name, text in wanted.items() if text is None}
    settings, plain = sizes.split(obj, changed.get("properties") or {}, released)
    expressions.check_alone(obj, wanted, {*plain, *sizes.all_names(settings)})
    prepared = properties.prepare(obj, plain, released)
    if current().dry_run:
        properties.rehearse(obj, prepared)
        painting.choose(obj, changed.get("face_colors") or [])
    made_of = materials.prepare(changed.get("material"))
    before = describe(obj)
    about_to_change(before["revision"])
    recomputes = placement is not None or bool(prepared or settings or wanted)
    affected = changes.dependents(obj) if recomputes else []
    already_broken = changes.broken(affected)
    if changed.get("label") is not None:
        obj.Label = changed["label"]
        if obj.Label != changed["label"]:
            raise AppError("command_failed", f"FreeCAD changed the label to {obj.Label!r}: labels must be unique here")
    if changed.get("visible") is not None:
        _set_visible(obj, changed["visible"])
    if "material" in changed:
        materials.assign(obj, made_of, instead=True)
    if "color" in changed:
        painting.set_color(obj, changed["color"])
    properties.write(obj, prepared)
    for setting in settings:
        setting.set()
    if placement is not None:
        obj.Placement = placement
    determined = expressions.apply(obj, wanted)
    if recomputes:
        changes.propagate(obj, affected, already_broken)
        sizes.confirm(obj, settings)
        expressions.confirm(obj, determined)
        confirm(obj, {key: value for key, value in prepared.items() if key not in determined})
        if placement is not None:
            confirm_placement(obj, placement)
        if before["shape_type"] is not None and describe(obj)["shape_type"] is None:
            raise AppError("degenerate_result", f"{name!r} would have no shape left", {"name": name})
    if "face_colors" in changed:
        painting.set_faces(obj, changed["face_colors"] or [])
    return describe_fully(obj)


def _set_visible(obj: Any, visible: bool) -> None:
    """Set it in a transaction: FreeCAD opens none for this property alone, so it could not be undone or aborted."""
    marked = "NoModify" in obj.getPropertyStatus("Visibility")
    if marked:
        obj.setPropertyStatus("Visibility", "-NoModify")
    obj.Visibility = visible
    if marked:
        obj.setPropertyStatus("Visibility", "NoModify")


def _placement(obj: Any, changed: dict[str, Any]) -> Any:
    """Return the new placement, or None if neither location nor rotation changes."""
    location, rotation = changed.get("location"), changed.get("rotation")
    if location is None and rotation is None:
        return None
    now = attributes.optional(obj, "Placement")
    if now is None:
        raise values.invalid("location", f"{obj.Name!r} ({obj.TypeId}) has no placement")
    wanted = FreeCAD.Placement(
        attributes.base(now) if location is None else values.vector("location", location),
        attributes.rotation(now) if rotation is None else values.rotation(rotation),
    )
    require_movable(obj, wanted)
    return wanted


@method("objects.delete")
def delete_object(*, name: str, cascade: bool) -> dict[str, Any]:
    document = target()
    obj = find(document, name)
    doomed = [obj, *changes.contents(obj)]
    dependents = changes.users_of([*doomed, *_emptied(doomed)])
    names = [other.Name for other in reversed(dependents) if not operands.is_stand_in(other)]
    if names and not cascade:
        raise AppError(
            "conflict",
            f"{name!r} cannot be deleted: {depending(names)}. To delete these too, send cascade=true",
            {"name": name, "dependents": names},
        )
    about_to_change(lambda: describe(obj)["revision"])
    order = [*reversed(dependents), *doomed]
    order += [each for other in dependents if holders.count(other) for each in changes.contents(other)]
    order = list(dict.fromkeys(order))
    order += operands.unused(order, order)
    gone = [each.Name for each in order]
    affected = [other.Name for other in changes.dependents_of(order)]
    already_broken = changes.broken([document.getObject(each) for each in affected])
    inputs = {other.Name for each in order for other in each.OutList} - set(gone)
    inputs |= {other.Name for each in order for other in operands.targets(each)} - set(gone)
    changes.leave_bodies(order)
    for each in gone:
        present = document.getObject(each)
        if present is None:
            continue
        if holders.count(present):
            # Its elements go with it: undone, they would come back hidden and elsewhere if they went on their own.
            present.ElementCount = 0
        document.removeObject(each)
    left = [each for each in gone if document.getObject(each) is not None]
    if left:
        raise AppError("command_failed", f"FreeCAD did not remove {', '.join(left)}", {"left": left})
    remaining = [each for each in map(document.getObject, affected) if each is not None]
    changes.carry_on(name, remaining, already_broken)
    _show(document, inputs)
    return {"deleted": name, "cascaded": [each for each in gone if each != name]}


def _emptied(doomed: list[Any]) -> list[Any]:
    """Return the bodies that will have no shape left without these features; what is made from them is deleted too."""
    bodies = [obj.getParentGeoFeatureGroup() for obj in doomed]
    return [
        body
        for body in bodies
        if body is not None
        and body not in doomed
        and body.isDerivedFrom("PartDesign::Body")
        and _is_emptied(body, doomed)
    ]


def _is_emptied(body: Any, doomed: list[Any]) -> bool:
    features = [each for each in body.Group if each.isDerivedFrom("PartDesign::Feature")]
    lost = [*doomed, *changes.users_of(doomed)]
    return bool(features) and all(each in lost for each in features)


def _show(document: Any, names: set[str]) -> None:
    """Show the inputs of a deleted feature again, as the GUI does, unless another feature uses them."""
    for name in names:
        obj = document.getObject(name)
        if obj is None or not hasattr(obj, "Visibility") or obj.Visibility:
            continue
        if obj.isDerivedFrom("Part::Feature") and all(changes.holds(other, [obj]) for other in obj.InList):
            show(obj)
