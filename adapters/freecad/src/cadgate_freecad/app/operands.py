"""Stand-ins: objects of the document that follow an object inside a body or part, for features to be made from.

A feature uses the shapes of its inputs in the coordinates of their containers, so an input outside would be in the
wrong place. A stand-in is a hidden PartDesign::SubShapeBinder with its shape where the object is, with the same numbers
of faces and edges; it follows the object and all containers around it.
"""

from __future__ import annotations

from typing import Any

import FreeCAD
import PartDesign  # noqa: F401 # pyright: ignore[reportUnusedImport] - registers the types

from cadgate.appserver import AppError
from cadgate_freecad.app import placed, values
from cadgate_freecad.app.naming import free_name
from cadgate_freecad.app.recomputing import recompute

_MARK = "StandsFor"
_KIND = "PartDesign::SubShapeBinder"


def input_of(obj: Any, owner: Any | None = None) -> Any:
    """Return the input by which a feature within `owner` (a body, a part; None: the document) uses `obj` in place.

    That is `obj` itself if both are in the same container, or else a stand-in, which is created unless there is one.
    Call after `about_to_change`.
    """
    inside, around = _ways(obj, owner)
    if inside == around:
        return obj
    if obj in around:
        raise AppError("validation_error", f"{obj.Name!r} contains {around[-1].Name!r}, so it cannot be an input of it")
    root, path = _link(obj, owner)
    for other in root.InList:
        if is_stand_in(other) and _follows(other, root, path) and placed.container(other) == owner:
            return other
    return _make(obj, root, path, owner)


def _ways(obj: Any, owner: Any | None) -> tuple[list[Any], list[Any]]:
    """Return the containers around `obj`, and those around the contents of `owner`."""
    return placed.containers(obj), [] if owner is None else [*placed.containers(owner), owner]


def _link(obj: Any, owner: Any | None) -> tuple[Any, str]:
    """Return how a binder in `owner` refers to `obj`: from the outermost container that they do not share."""
    inside, around = _ways(obj, owner)
    while inside and around and inside[0] == around[0]:
        del inside[0], around[0]
    path = [*inside, obj]
    return path[0], "".join(f"{each.Name}." for each in path[1:])


def attachable(obj: Any, owner: Any | None = None) -> Any:
    """Return what to attach a sketch in `owner` to, which lies on `obj` and is drawn from its origin.

    Links, parts and groups cannot carry a sketch, so they always have a stand-in, placed as they are.
    """
    inside, around = _ways(obj, owner)
    if inside != around:
        return input_of(obj, owner)
    if obj.isDerivedFrom("Part::Feature"):
        return obj
    for other in obj.InList:
        if is_stand_in(other) and not other.Relative and _follows(other, obj, ""):
            return other
    return _make(obj, obj, "", owner, relative=False)


def owner_of_sketch_on(obj: Any) -> Any | None:
    """Return the body or part that a sketch on `obj` belongs to, so that it has the origin of `obj` and moves with it.

    Raises AppError `validation_error` for what only links place.
    """
    parent = placed.container(obj)
    if parent is not None and not parent.hasExtension("App::GeoFeatureGroupExtension"):
        raise values.invalid(
            "on",
            f"{obj.Name!r} is placed by {parent.Name!r} ({parent.TypeId}), which cannot hold a sketch: lay it on that",
        )
    return parent


def _follows(other: Any, root: Any, path: str) -> bool:
    return [(each, list(names)) for each, names in other.Support] == [(root, [path])]


def renew(document: Any) -> None:
    """Make every stand-in follow its object into its current container, which touches the stand-in."""
    for other in document.findObjects(_KIND):
        obj = document.getObject(getattr(other, _MARK, "")) if is_stand_in(other) else None
        if obj is None:
            continue
        root, path = _link(obj, placed.container(other))
        if not _follows(other, root, path):
            if not other.Relative:
                other.setExpression("Placement", None)
                other.Placement = FreeCAD.Placement()
                other.Relative = True
            other.Support = [(root, (path,))]


def _make(obj: Any, root: Any, path: str, owner: Any | None, *, relative: bool = True) -> Any:

    document = obj.Document
    name = free_name(document, f"{obj.Name}_placed")
    other = document.addObject(_KIND, name)
    if owner is not None:
        owner.addObject(other)
    other.addProperty("App::PropertyString", _MARK, "Cadgate", "The object that this one stands for in other features")
    setattr(other, _MARK, obj.Name)
    other.MakeFace = False
    other.Relative = relative
    other.Support = [(root, (path,))]
    if not relative:
        other.setExpression("Placement", f"{obj.Name}.Placement")
    other.Visibility = False
    recompute(other)
    return other


def inputs_of(value: Any, objects: list[Any], owner: Any | None = None) -> Any:
    """`value` (properties, lists, links with names of edges) with `input_of` in place of each of `objects`."""
    if isinstance(value, dict):
        return {name: inputs_of(each, objects, owner) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(inputs_of(each, objects, owner) for each in value)
    return input_of(value, owner) if any(value is each for each in objects) else value


def is_stand_in(obj: Any) -> bool:
    """Return whether the gateway created `obj` to represent another object."""
    return obj.TypeId == _KIND and hasattr(obj, _MARK)


def targets(obj: Any) -> list[Any]:
    """Return the objects inside containers that `obj`, a binder, follows: FreeCAD lists only their containers."""
    if obj.TypeId != _KIND:
        return []
    found: list[Any] = []
    for root, names in obj.Support:
        for name in names:
            each = root.getSubObject(name, 1) if name else root
            if each is not None and each is not root:
                found.append(each)
    return found


def followers(obj: Any) -> list[Any]:
    """Return the binders that follow `obj` inside its containers."""
    return [other for each in placed.containers(obj) for other in each.InList if obj in targets(other)]


def unused(objects: list[Any], gone: list[Any]) -> list[Any]:
    """Return the stand-ins among the inputs of `objects` that nothing will use once all of `gone` are deleted."""
    found: list[Any] = []
    for obj in objects:
        for each in obj.OutList:
            if is_stand_in(each) and each not in (*found, *gone) and all(other in gone for other in _users(each)):
                found.append(each)
    return found


def sweep(stand_ins: list[Any]) -> None:
    """Delete those that nothing uses any more."""
    for each in stand_ins:
        if not _users(each):
            each.Document.removeObject(each.Name)


def _users(obj: Any) -> list[Any]:
    around = placed.container(obj)
    return [other for other in obj.InList if other is not around]
