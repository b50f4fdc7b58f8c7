"""Parts, groups and bodies as holders of other objects, and links as representations of objects."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

T = TypeVar("T")


def is_holder(obj: Any) -> bool:
    """Return whether `obj` has no shape of its own, but shows its contents: a part, a plain group, a group of links."""
    return obj.TypeId == "App::LinkGroup" or (
        obj.hasExtension("App::GroupExtension") and not obj.isDerivedFrom("Part::Feature")
    )


def members(obj: Any) -> list[Any]:
    """Return the contents of a holder or a body, in its order."""
    if obj.TypeId == "App::LinkGroup":
        return list(obj.ElementList)
    # The members of a plain group within a part are also in the part's own list.
    return [each for each in obj.Group if each.getParentGroup() in (None, obj)]


def owner(obj: Any) -> Any | None:
    """Return the body, part or plain group that `obj` is in."""
    return obj.getParentGroup() or obj.getParentGeoFeatureGroup()


def is_link(obj: Any) -> bool:
    """Return whether it is a link, or one of the elements of an array of links."""
    return obj.TypeId in ("App::Link", "App::LinkElement")


def linked(obj: Any) -> Any | None:
    """Return the object that a link shows; None for anything else."""
    return obj.LinkedObject if is_link(obj) else None


def count(obj: Any) -> int:
    """Return how many elements an array of links has; 0 for anything else."""
    return obj.ElementCount if obj.TypeId == "App::Link" else 0


def elements(array: Any) -> list[tuple[int, Any | None]]:
    """Return the visible elements of an array of links: their numbers, and their objects, if they have some."""
    objects, shown = list(array.ElementList), list(array.VisibilityList)
    found: list[tuple[int, Any | None]] = []
    for index in range(array.ElementCount):
        element = objects[index] if index < len(objects) else None
        if (index >= len(shown) or shown[index]) and (element is None or element.Visibility):
            found.append((index, element))
    return found


def inherited(obj: Any, own: Callable[[Any], T | None]) -> T | None:
    """Return what `own` says of an object, of a body's last feature, of the object it links to, or of its container."""
    found = nearest(obj, own)
    seen = 0
    while found is None and (obj := owner(obj)) is not None and seen < 100:
        found, seen = own(obj), seen + 1
    return found


def nearest(obj: Any, own: Callable[[Any], T | None]) -> T | None:
    """Return the same without asking containers."""
    found = own(obj)
    if found is not None:
        return found
    if is_link(obj):
        return None if obj.LinkedObject is None else inherited(obj.LinkedObject, own)
    if obj.isDerivedFrom("PartDesign::Body"):
        return next((mine for each in reversed(obj.Group) if (mine := own(each)) is not None), None)
    return None


def contents(obj: Any) -> dict[str, Any]:
    """Return the fields of ObjectInfo that only holders and links have."""
    if obj.TypeId == "App::Link":
        target = obj.LinkedObject
        return {"links_to": None if target is None else target.Name}
    if obj.TypeId == "App::LinkGroup" or obj.hasExtension("App::GroupExtension"):
        return {"members": [each.Name for each in members(obj)]}
    return {}


def is_shown(obj: Any) -> bool:
    """Return whether `obj` and everything that it is in are visible."""
    while obj is not None:
        if not getattr(obj, "Visibility", True):
            return False
        obj = owner(obj)
    return True
