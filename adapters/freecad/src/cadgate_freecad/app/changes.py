"""Recomputing after a change: the object, then all that depends on it, in order, each one verified."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError, PutOffError, warn
from cadgate_freecad.app import analytic, chosen, later, operands, shapes, verification
from cadgate_freecad.app.creation import reason, recompute
from cadgate_freecad.app.info import is_valid
from cadgate_freecad.app.observer import OBSERVER

_MUST_HAVE_SIZE = ("Part::Boolean", "Part::MultiFuse", "Part::MultiCommon", "Part::Fillet", "Part::Chamfer")


def dependents(obj: Any) -> list[Any]:
    """All that depends on `obj`, each one after what it depends on itself."""
    return dependents_of([obj])


def dependents_of(objects: list[Any]) -> list[Any]:
    """All others that depend on any of `objects`, each one after what it depends on itself.

    In the same order in every process: FreeCAD's own changes when a document is loaded.
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
    """All others that would lose an input without `objects`, each one after what it uses itself.

    Not what only holds one of them (a body, a part, a group), and what uses only that: these change and stay.
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
    """Whether `other` is a binder of something inside `obj`; it goes with that, and `obj` with all that it holds."""
    followed = operands.targets(other)
    return bool(followed) and obj not in followed


def holds(other: Any, objects: list[Any]) -> bool:
    """Whether `other` is only a container of the objects (a body, a part, a group) and not made from one of them."""
    return other.hasExtension("App::GroupExtension") and any(obj in other.Group for obj in objects)


def contents(obj: Any) -> list[Any]:
    """What lives in a body or part: members are placed within it and make no sense without it. The last one first."""
    if not obj.hasExtension("App::GeoFeatureGroupExtension"):
        return []
    members: list[Any] = []
    for member in reversed(obj.Group):
        members += [member, *contents(member)]
    return members


def leave_bodies(objects: list[Any]) -> set[str]:
    """Take features out of their bodies before they are deleted, so that the body keeps its other features.

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
    """Names of those that are invalid already: a change elsewhere need not mend them.

    Asked before the change, so what the others were made on is noted here too.
    """
    chosen.adopt(objects)
    return {obj.Name for obj in objects if not is_valid(obj)}


def propagate(obj: Any, affected: list[Any], already_broken: set[str]) -> None:
    """Recompute `obj` and `affected`, and verify each; in an atomic batch `affected` later, once for all its calls.

    Raises AppError `degenerate_result` that names the object which the change makes impossible.
    """
    if later.BATCH.putting_off:
        catch_up(obj)
    recompute(obj)
    _verify(obj)
    if later.BATCH.putting_off:
        later.BATCH.put_off(obj, affected, already_broken)
    else:
        carry_on(obj.Name, affected, already_broken)


def catch_up(obj: Any | None = None) -> None:
    """Recompute what earlier calls of the batch put off; with `obj` only what that is made from.

    Raises PutOffError for what they make impossible.
    """
    batch = later.BATCH
    if not batch.due:
        return
    wanted = batch.due if obj is None else batch.due & {*obj.OutListRecursive, *operands.targets(obj)}
    if not wanted:
        return
    ordered = [each for each in _in_order(sorted(batch.due, key=lambda each: each.Name)) if each in wanted]
    try:
        carry_on(", ".join(sorted(batch.changed)), ordered, batch.broken)
    except Exception as error:
        raise PutOffError(error) from error
    batch.due -= wanted


def carry_on(changed: str, affected: list[Any], already_broken: set[str]) -> None:
    """The same for what depends on an object that is recomputed already; `changed` is its name.

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
            _verify(each)
        except AppError as error:
            raise AppError(
                "degenerate_result",
                f"The change makes {each.Name!r}, which depends on {changed!r}, impossible: {error.message}",
                {**error.details, "object": each.Name},
            ) from error


def settle() -> None:
    """Recompute what the running call left behind, with all that depends on it, or refuse the call.

    That is what it touched (FreeCAD touches a part when a child is hidden), and what is made from an object that got
    another shape and was not recomputed after that (a union of a body that has a new feature). A method need not think
    of it.
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
        ordered = [each for each in _in_order(changed) if each.Name in needed]
        carry_on(", ".join(sorted({obj.Name for obj in changed})), ordered, broken(ordered))
    OBSERVER.settled()


def _only_keeps(body: Any, obj: Any) -> bool:
    """Whether `obj` is no part of the shape of the body that it lives in, as a sketch is not."""
    return body.isDerivedFrom("PartDesign::Body") and obj in body.Group and obj != body.Tip


def _touched() -> list[Any]:
    """What the call touched and left so, but for what it created."""
    found: list[Any] = []
    for (document, name), (action, _) in list(OBSERVER.events.items()):
        if action == "deleted" or (document, name) in OBSERVER.fresh:
            continue
        opened: Any = FreeCAD.listDocuments().get(document)
        obj = None if opened is None else opened.getObject(name)
        if obj is not None and "Touched" in obj.State and is_valid(obj):
            found.append(obj)
    return found


def _in_order(objects: list[Any]) -> list[Any]:
    """The objects and all that depends on them, each one after what it depends on itself."""
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
    """After a recompute by FreeCAD itself: put features back that sit on other edges or faces than were chosen.

    Raises AppError `degenerate_result` for what can no longer be found.
    """
    for obj in document.Objects:
        if chosen.is_elsewhere(obj):
            affected = dependents(obj)
            propagate(obj, affected, broken(affected))


def _verify(obj: Any) -> None:
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
            raise AppError("degenerate_result", f"{obj.Name!r} would be empty", {"name": obj.Name})
        if not verification.is_valid(obj, shape):
            raise AppError("degenerate_result", f"{obj.Name!r} would not be a valid shape", {"name": obj.Name})
