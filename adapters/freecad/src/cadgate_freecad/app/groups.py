"""Create, fill and empty groups and parts.

What is put into a part keeps the values of its placement, which is relative to the part from then on.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import FreeCAD

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_freecad.app import changes, holders, materials, operands, placed, shapes, values
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app.creation import Slot
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.verification import links as verification

_KINDS = {"group": "App::DocumentObjectGroup", "part": "App::Part"}
_ORIGIN = ("App::Origin", "App::Line", "App::Plane", "App::Point")


@creating("groups.create")
def create_group(
    *,
    kind: str,
    objects: list[str],
    name: str | None,
    label: str | None,
    on_conflict: str,
    expressions: dict[str, Any],
    material: Any,
    location: Any,
    rotation: Any,
) -> dict[str, Any]:
    document = target()
    placement = values.placement(location, rotation)
    if kind == "group" and not placement.isIdentity():
        raise values.invalid(
            "location", 'a plain group has no placement: send "kind": "part", or leave the location out'
        )
    wanted = _found("objects", document, objects)
    for index, obj in enumerate(wanted):
        _require_movable(f"objects.{index}", obj, None, _KINDS[kind])
    slot = Slot(document, kind.capitalize(), name, on_conflict, wanted)
    made_of = materials.prepare(material)
    about_to_change(slot.revision)
    group = slot.fill(_KINDS[kind], label)
    materials.assign(group, made_of)
    if kind == "part":
        group.Placement = placement
        for each in (group.Origin, *group.Origin.OriginFeatures):
            each.purgeTouched()
    determined = expressing.apply(group, expressions)
    _fill(group, wanted)
    recompute(group)
    expressing.confirm(group, determined)
    return describe(group)


@method("groups.update")
def update_group(*, name: str, add: list[str], remove: list[str], objects: list[str] | None) -> dict[str, Any]:
    document = target()
    group = find(document, name)
    if group.TypeId not in _KINDS.values():
        raise values.invalid("name", f"{name!r} is a {group.TypeId}, neither a group nor a part")
    now = list(group.Group)
    if objects is not None:
        wanted = _found("objects", document, objects)
        coming = [obj for obj in wanted if obj not in now]
        going = [obj for obj in now if obj not in wanted and not operands.is_stand_in(obj)]
    else:
        coming = [obj for obj in _found("add", document, add) if obj not in now]
        going = _found("remove", document, remove)
        for index, obj in enumerate(going):
            if obj not in now:
                raise values.invalid(f"remove.{index}", f"{obj.Name!r} is not in {name!r}")
    for obj in coming:
        field = "objects" if objects is not None else "add"
        _require_movable(f"{field}.{(objects or add).index(obj.Name)}", obj, group, group.TypeId)
    about_to_change(lambda: describe(group)["revision"], anything=bool(coming or going))
    if not coming and not going:
        return describe(group)
    affected = [each for each in changes.dependents_of([group, *coming, *going]) if each is not group]
    already_broken = changes.broken(affected)
    _empty(group, going)
    _fill(group, coming)
    operands.renew(document)
    changes.propagate(group, [each for each in affected if each is not group], already_broken)
    return describe(group)


def _found(field: str, document: Any, names: list[str]) -> list[Any]:
    found = [find(document, name) for name in names]
    for index, obj in enumerate(found):
        if obj in found[:index]:
            raise values.invalid(f"{field}.{index}", f"{obj.Name!r} is listed twice")
    return found


def _require_movable(field: str, obj: Any, group: Any | None, kind: str) -> None:
    """Raise AppError `validation_error` if `obj` cannot be put into `group` (None: a new one) of the type `kind`."""
    if kind == "App::Part" and obj.TypeId == "App::DocumentObjectGroup":
        # FreeCAD lists its members as the part's own too: measures and booleans of the part would count them twice.
        raise values.invalid(field, f"{obj.Name!r} is a plain group, which a part cannot hold: name its members")
    if operands.is_stand_in(obj) or obj.TypeId in _ORIGIN:
        raise values.invalid(
            field, f"{obj.Name!r} ({obj.TypeId}) is a helper of other objects and cannot be in a group"
        )
    body = obj.getParentGeoFeatureGroup()
    if body is not None and body.isDerivedFrom("PartDesign::Body"):
        raise values.invalid(field, f"{obj.Name!r} belongs to the body {body.Name!r}: name that instead")
    around = placed.container(obj)
    if around is not None and around.TypeId in ("App::Link", "App::LinkGroup"):
        raise values.invalid(field, f"{obj.Name!r} is placed by {around.Name!r} ({around.TypeId}): name that instead")
    if group is None:
        return
    if obj is group:
        raise values.invalid(field, f"{obj.Name!r} cannot hold itself")
    if group in obj.OutListRecursive:
        chain = " > ".join(_chain(obj, group))
        raise values.invalid(
            field,
            f"{obj.Name!r} cannot be put into {group.Name!r}, which it holds or shows ({chain}): that would be a cycle",
        )


def _chain(obj: Any, group: Any) -> list[str]:
    """Return the names on the way from `obj` to `group`, each holding, showing or made from the next."""
    for other in sorted(obj.OutList, key=lambda each: each.Name):
        if other is group:
            return [obj.Name, group.Name]
        if group in other.OutListRecursive:
            return [obj.Name, *_chain(other, group)]
    return [obj.Name]


def _fill(group: Any, coming: list[Any]) -> None:
    """Put objects in, and prove that each is where the container places it.

    FreeCAD moves their inputs and whatever is made from them too, because these share their coordinates.
    """
    with _proving(coming):
        before = set(group.Group)
        inside = group if group.TypeId == "App::Part" else group.getParentGeoFeatureGroup()
        for obj in coming:
            folder, around = obj.getParentGroup(), obj.getParentGeoFeatureGroup()
            if folder is not None and folder is not group:
                folder.removeObject(obj)
            if around is not None and around is not inside:
                around.removeObject(obj)
            if obj not in group.Group:
                group.addObject(obj)
        missing = [obj.Name for obj in coming if obj not in group.Group]
        if missing:
            raise AppError("command_failed", f"FreeCAD did not put {', '.join(missing)} into {group.Name!r}")
    _warn_of({*group.Group} - before - {*coming}, f"moved into {group.Name!r} too")


def _empty(group: Any, going: list[Any]) -> None:
    """Move objects out, into whatever contains the group. Objects made from one another leave together."""
    with _proving(going):
        before = set(group.Group)
        outside = holders.owner(group)
        for obj in going:
            if obj in group.Group:
                group.removeObject(obj)
        gone = before - {*group.Group}
        for obj in before:
            if obj in gone and outside is not None and not operands.is_stand_in(obj) and obj not in outside.Group:
                outside.addObject(obj)
        left = [obj.Name for obj in going if obj in group.Group]
        if left:
            raise AppError("command_failed", f"FreeCAD did not take {', '.join(left)} out of {group.Name!r}")
    _warn_of(gone - {*going}, f"moved out of {group.Name!r} too")


def _warn_of(along: set[Any], what: str) -> None:
    names = sorted(obj.Name for obj in along if not operands.is_stand_in(obj))
    if names:
        text = "objects made from one another are in the same container"
        warn("came_along", f"{', '.join(map(repr, names))} {what}: {text}")


@contextmanager
def _proving(moving: list[Any]) -> Generator[None, None, None]:
    """Compare shapes and centres before and after, of the moved objects and of those that may move along.

    Raises AppError `degenerate_result`.
    """
    related = {other for obj in moving for other in (*obj.InListRecursive, *obj.OutListRecursive)}
    related = [other for other in related - {*moving} if hasattr(other, "Placement")]
    was = {obj: (_frame(obj), _measured(obj)) for obj in (*moving, *related)}
    yield
    for obj, (frame, before) in was.items():
        folder = obj.getParentGroup()
        if folder is not None and folder.getParentGeoFeatureGroup() is not obj.getParentGeoFeatureGroup():
            # FreeCAD leaves objects that moved along in the folder of the part they left.
            folder.removeObject(obj)
        now = _frame(obj)
        after = _measured(obj)
        if before is None or after is None:
            continue
        difference = verification.differs(before, after, now.multiply(frame.inverse()))
        if difference is not None:
            raise AppError(
                "degenerate_result", f"Moving {obj.Name!r} would change it: {difference}", {"name": obj.Name}
            )


def _frame(obj: Any) -> Any:
    return placed.frame(obj) or FreeCAD.Placement()


def _measured(obj: Any) -> Any | None:
    if holders.is_holder(obj) or obj.TypeId in _ORIGIN:
        return None
    shape = shapes.shape_of(obj)
    return None if shape is None else verification.Measured(shape)
