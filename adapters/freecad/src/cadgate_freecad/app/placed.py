"""The places of objects in the document.

`obj.Shape` and `obj.Placement` are FreeCAD's, in the coordinates of the object's container: a body, a part, a group of
links. Whatever is reported, measured or made is in the document's coordinates, and everything asks this module for it.
"""

from __future__ import annotations

from typing import Any

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, holders

_LINK_PARENTS = ("App::LinkGroup", "App::Link")


def container(obj: Any) -> Any | None:
    """Return the body, part, group of links or array of links that places `obj`; None if the document does.

    A plain group (a folder) places nothing.
    """
    parent = obj.getParentGeoFeatureGroup()
    if parent is not None:
        return parent
    links = element_of(obj)
    if links is not None:
        return links
    folder = next((other for other in obj.InList if other.TypeId == "App::DocumentObjectGroup"), None)
    return None if folder is None else container(folder)


def element_of(obj: Any) -> Any | None:
    """Return the group or array of links that `obj` is an element of."""
    return next((other for other in obj.InList if other.TypeId in _LINK_PARENTS and obj in other.ElementList), None)


def containers(obj: Any) -> list[Any]:
    """Return all containers around `obj`, the outermost first."""
    found: list[Any] = []
    parent = container(obj)
    while parent is not None and parent not in found:
        found.insert(0, parent)
        parent = container(parent)
    return found


def frame(obj: Any) -> Any | None:
    """Return the placement of the container of `obj` in the document's coordinates; None for the document itself."""
    return frame_of(containers(obj))


def frame_of(around: list[Any]) -> Any | None:
    """Return the placement of the innermost of these containers (outermost first) in the document's coordinates."""
    if not around:
        return None
    whole = FreeCAD.Placement()
    for each in around:
        whole = whole.multiply(attributes.prop(each, "Placement"))
    return whole


def placement(obj: Any) -> Any:
    """Return the placement of `obj` in the document's coordinates; `obj.Placement` is its own, within its container.

    A plain group, which has none, has that of its container.
    """
    around = frame(obj)
    own = attributes.optional(obj, "Placement") or FreeCAD.Placement()
    return own if around is None else around.multiply(own)


def shape(obj: Any) -> Any | None:
    """Return the shape of `obj` in its place in the document, or None if it has none or a null one.

    This includes links, arrays of links, parts and groups (a compound of what they show). Faces and edges have the same
    numbers as in `obj.Shape`. If no container places the object, it is `obj.Shape` itself: do not change it.
    """
    return shape_in(obj, frame(obj))


def required_shape(obj: Any) -> Any:
    """Return the shape of an object that needs one. Raises AppError `degenerate_result` if it has none."""
    found = shape(obj)
    if found is None:
        raise AppError(
            "degenerate_result",
            f"{obj.Name!r} ({obj.TypeId}) has no shape: recompute or repair it first",
            {"name": obj.Name},
        )
    return found


def shape_in(obj: Any, around: Any | None) -> Any | None:
    """Do the same if its `frame` is already known."""
    own = getattr(obj, "Shape", None)
    if own is None or not hasattr(own, "isNull") or own.isNull():
        return None
    if attributes.type_id(obj) in _SHOWING and _shows_twice(obj):
        own = _shown_once(obj)
        if own.isNull() or not own.SubShapes:
            return None
    return own if around is None else moved(own, around)


_SHOWING = ("App::Part", "App::Link", "App::DocumentObjectGroup", "App::LinkGroup")


def _shows_twice(obj: Any) -> bool:
    """Return whether FreeCAD's shape of `obj` has something twice: a part also lists the contents of its folders."""
    if obj.TypeId == "App::Link":
        target = obj.LinkedObject
        return target is not None and not obj.ElementCount and target.TypeId in _SHOWING and _shows_twice(target)
    if obj.TypeId == "App::Part" and any(
        each.TypeId == "App::DocumentObjectGroup" and each.Group for each in obj.Group
    ):
        return True
    return any(_shows_twice(each) for each in holders.members(obj) if each.TypeId in _SHOWING)


def _shown_once(obj: Any) -> Any:
    """Return the shape of `obj`, in its container's coordinates, with everything it shows only once."""
    if obj.TypeId == "App::Link":
        target = obj.LinkedObject
        if obj.ScaleVector != FreeCAD.Vector(1, 1, 1) or not _shows_twice(obj):
            return obj.Shape
        own, place = attributes.optional(target, "Placement"), attributes.prop(obj, "Placement")
        shape = _shown_once(target)
        return moved(shape, place if own is None or obj.LinkTransform else place.multiply(own.inverse()))
    if not holders.is_holder(obj):
        return obj.Shape
    shown = [each for each in holders.members(obj) if getattr(each, "Visibility", True)]
    found = [_shown_once(each) for each in shown if hasattr(getattr(each, "Shape", None), "isNull")]
    shape = Part.makeCompound([each for each in found if not each.isNull()])
    place = attributes.optional(obj, "Placement")
    return shape if place is None else moved(shape, place)


def mesh(obj: Any) -> Any | None:
    """Return the mesh of a Mesh::Feature, or of a link to one, in its place in the document; None if it has none."""
    own: Any | None = getattr(obj, "Mesh", None)
    if own is None or not hasattr(own, "CountFacets"):
        return None
    place = placement(obj)
    if attributes.of(own, "Placement") == place:
        return own
    result = own.copy()
    result.Placement = place
    return result


def moved(shape: Any, around: Any) -> Any:
    """Return `shape` moved by the placement `around`; it shares its geometry."""
    return shape.transformed(around.toMatrix())
