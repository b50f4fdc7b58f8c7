"""Recomputes after a change: the object, then everything that depends on it, in order, each one verified."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError, PutOffError, warn
from cadgate_freecad.app import analytic, chosen, holders, later, operands, shapes, verification
from cadgate_freecad.app.info import is_valid
from cadgate_freecad.app.observer import OBSERVER
from cadgate_freecad.app.recomputing import reason, recompute
from cadgate_freecad.app.verification import booleans

_MUST_HAVE_SIZE = ("Part::Boolean", "Part::MultiFuse", "Part::MultiCommon", "Part::Fillet", "Part::Chamfer")


def dependents(obj: Any) -> list[Any]:
    """Return everything that depends on `obj`, each object after those that it depends on."""
    return dependents_of([obj])


def dependents_of(objects: list[Any]) -> list[Any]:
    """Return all others that depend on any of `objects`, each one after those that it depends on.

    The order is the same in every process; FreeCAD's own order changes when a document is loaded.
    """
    ordered: list[Any] = []
    seen = {obj.Name for obj in objects}

    def visit(current: Any) -> None:
        for other in sorted(current.InList, key=lambda each: each.Name):
            if other.Name not in seen:
                seen.add(other.Name)
                visit(other)
                ordered.insert(0, other)

    for obj in objects:
        visit(obj)
    return ordered


def users_of(objects: list[Any]) -> list[Any]:
    """Return all others that would lose an input without `objects`, each one after those that it uses.

    Mere containers of them (a body, a part, a group) do not count, nor does what uses only these: they change and stay.
    """
    ordered: list[Any] = []
    seen = {obj.Name for obj in objects}

    def visit(current: Any) -> None:
        users = [
            other for other in current.InList if not holds(other, [current]) and not _follows_another(other, current)
        ]
        for other in sorted([*users, *operands.followers(current)], key=lambda each: each.Name):
            if other.Name not in seen:
                seen.add(other.Name)
                visit(other)
                ordered.insert(0, other)

    for obj in objects:
        visit(obj)
    return ordered


def _follows_another(other: Any, obj: Any) -> bool:
    """Return whether `other` is a binder of something inside `obj`, which is deleted with all its contents."""
    followed = operands.targets(other)
    return bool(followed) and obj not in followed


def holds(other: Any, objects: list[Any]) -> bool:
    """Return whether `other` only contains the objects (a body, a part, a group) and is not made from one of them."""
    return other.hasExtension("App::GroupExtension") and any(obj in other.Group for obj in objects)


def contents(obj: Any) -> list[Any]:
    """Return the members of a body or part, or the elements of an array of links, the last first.

    They are placed within it and meaningless without it.
    """
    if holders.count(obj):
        return [each for each in reversed(obj.ElementList) if each.TypeId == "App::LinkElement"]
    if not obj.hasExtension("App::GeoFeatureGroupExtension"):
        return []
    members: list[Any] = []
    for member in reversed(obj.Group):
        members += [member, *contents(member)]
    return members


def leave_bodies(objects: list[Any]) -> set[str]:
    """Remove features from their bodies before they are deleted, so that the bodies keep their other features.

    Returns the names of the bodies.
    """
    bodies: set[str] = set()
    for obj in objects:
        body = obj.getParentGeoFeatureGroup()
        if body is not None and body.isDerivedFrom("PartDesign::Body") and body not in objects:
            body.removeObject(obj)
            bodies.add(body.Name)
    return bodies


def broken(objects: list[Any]) -> set[str]:
    """Return the names of the objects that are already invalid: a change elsewhere need not fix them.

    This is called before the change, so it also records which elements the others were made on.
    """
    chosen.adopt(objects)
    return {obj.Name for obj in objects if not is_valid(obj)}


def propagate(obj: Any, affected: list[Any], already_broken: set[str]) -> None:
    """Recompute `obj` and `affected`, and verify each; in an atomic batch, do `affected` once, after all its calls.

    Raises AppError `degenerate_result`, which names the object that the change makes impossible.
    """
    if later.BATCH.putting_off:
        catch_up(obj)
    recompute(obj)
    verify(obj)
    if later.BATCH.putting_off:
        later.BATCH.put_off(obj, affected, already_broken)
    else:
        carry_on(obj.Name, affected, already_broken)


def catch_up(obj: Any | None = None) -> None:
    """Recompute what earlier calls of the batch put off; with `obj`, only what it is made from.

    Raises PutOffError for what they make impossible.
    """
    batch = later.BATCH
    if not batch.due:
        return
    wanted = batch.due if obj is None else batch.due & {*obj.OutListRecursive, *operands.targets(obj)}
    if not wanted:
        return
    ordered = [each for each in in_order(sorted(batch.due, key=lambda each: each.Name)) if each in wanted]
    try:
        carry_on(", ".join(sorted(batch.changed)), ordered, batch.broken)
    except Exception as error:
        raise PutOffError(error) from error
    batch.due -= wanted


def carry_on(changed: str, affected: list[Any], already_broken: set[str]) -> None:
    """Do the same for what depends on an object that is already recomputed; `changed` is its name.

    Whatever changes an existing object calls this: an update, a feature added to a body, a deletion. Find `affected`
    (`dependents`) and `already_broken` before the change.
    """
    for each in affected:
        if each.Name in already_broken:
            if chosen.is_found(each):
                each.recompute()
            if not is_valid(each):
                warn("still_invalid", f"{each.Name!r} was invalid before and still is: {reason(each)}")
            continue
        try:
            recompute(each)
            verify(each)
        except AppError as failure:
            error = booleans.blamed(failure, each.TypeId, booleans.inputs(each))
            raise AppError(
                "degenerate_result",
                f"The change makes {each.Name!r}, which depends on {changed!r}, impossible: {error.message}",
                {**error.details, "object": each.Name},
            ) from failure


def settle() -> None:
    """Recompute what the running call left undone, with everything that depends on it, or refuse the call.

    These are the objects that the call touched (FreeCAD touches a part when a child is hidden), and those made from an
    object whose shape has changed since they were recomputed (a union of a body with a new feature). Methods need not
    do this themselves.
    """
    changed: list[Any] = []
    due: list[Any] = []
    for obj, when in OBSERVER.reshaped.items():
        behind = [
            other
            for other in obj.InList
            if OBSERVER.recomputed.get(other, 0) < when and is_valid(other) and not _only_keeps(other, obj)
        ]
        if behind and is_valid(obj):
            changed.append(obj)
            due += behind
    touched = _touched()
    changed, due = [*changed, *touched], [*due, *touched]
    if due:
        needed = {each.Name for each in (*due, *dependents_of(due))}
        ordered = [each for each in in_order(changed) if each.Name in needed]
        carry_on(", ".join(sorted({obj.Name for obj in changed})), ordered, broken(ordered))
    OBSERVER.settled()


def _only_keeps(body: Any, obj: Any) -> bool:
    """Return whether `obj`, like a sketch, is not part of the shape of the body that it is in."""
    return body.isDerivedFrom("PartDesign::Body") and obj in body.Group and obj != body.Tip


def _touched() -> list[Any]:
    """Return the objects that the call touched and left touched, except those that it created."""
    found: list[Any] = []
    for (document, name), (action, _) in list(OBSERVER.events.items()):
        if action == "deleted" or (document, name) in OBSERVER.fresh:
            continue
        opened: Any = FreeCAD.listDocuments().get(document)
        obj = None if opened is None else opened.getObject(name)
        if obj is not None and "Touched" in obj.State and is_valid(obj):
            found.append(obj)
    return found


def in_order(objects: list[Any]) -> list[Any]:
    """Return the objects and everything that depends on them, each one after those that it depends on."""
    ordered: list[Any] = []
    seen: set[str] = set()

    def visit(current: Any) -> None:
        seen.add(current.Name)
        for other in sorted(current.InList, key=lambda each: each.Name):
            if other.Name not in seen:
                visit(other)
        ordered.insert(0, current)

    for obj in objects:
        if obj.Name not in seen:
            visit(obj)
    return ordered


def follow(document: Any) -> None:
    """After a recompute by FreeCAD itself, return features to the edges and faces that were chosen.

    Raises AppError `degenerate_result` for elements that can no longer be found.
    """
    for obj in document.Objects:
        if chosen.is_elsewhere(obj):
            affected = dependents(obj)
            propagate(obj, affected, broken(affected))


def verify(obj: Any) -> None:
    """Raise AppError `degenerate_result` if the recomputed object is not what it should be."""
    scale: Any = obj.ScaleVector if obj.isDerivedFrom("App::Link") else (1, 1, 1)
    if 0 in tuple(scale):
        # From 1.0, FreeCAD says nothing of it.
        raise AppError(
            "degenerate_result", f"{obj.Name!r} would have no size: its Scale is 0 along an axis", {"name": obj.Name}
        )
    shape = shapes.shape_of(obj)
    if shape is None:
        return
    size = shapes.volume_of(obj, shape)
    if not analytic.agrees(obj, size):
        raise AppError(
            "degenerate_result", f"FreeCAD made {obj.Name!r} with {size:g} mm³, which is not what it should be"
        )
    verification.check(obj)
    if any(obj.isDerivedFrom(kind) for kind in _MUST_HAVE_SIZE):
        empty = not shape.Edges if obj.isDerivedFrom("Part::Section") else size <= 0 and shape.Area <= 0
        if empty:
            raise verification.without_size(obj, repr(obj.Name))
        if not verification.is_valid(obj, shape):
            raise AppError("degenerate_result", f"{obj.Name!r} would not be a valid shape", {"name": obj.Name})
