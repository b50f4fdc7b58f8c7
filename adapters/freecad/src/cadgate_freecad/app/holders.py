"""Parts, groups and bodies as holders of other objects, and links as what they show."""

from __future__ import annotations

from typing import Any


def is_holder(obj: Any) -> bool:
    """Whether `obj` has no shape of its own, but shows what is in it: a part, a plain group, a group of links."""
    return obj.TypeId == "App::LinkGroup" or (
        obj.hasExtension("App::GroupExtension") and not obj.isDerivedFrom("Part::Feature")
    )


def members(obj: Any) -> list[Any]:
    """What is in a holder or a body, in its order."""
    if obj.TypeId == "App::LinkGroup":
        return list(obj.ElementList)
    # What is in a plain group within a part is in the part's own list too.
    return [each for each in obj.Group if each.getParentGroup() in (None, obj)]


def owner(obj: Any) -> Any | None:
    """The body, part or plain group that `obj` is in."""
    return obj.getParentGroup() or obj.getParentGeoFeatureGroup()


def linked(obj: Any) -> Any | None:
    """What a link shows; None for everything else."""
    return obj.LinkedObject if obj.TypeId == "App::Link" else None


def contents(obj: Any) -> dict[str, Any]:
    """The fields of ObjectInfo that only holders and links have."""
    if obj.TypeId == "App::Link":
        target = obj.LinkedObject
        return {"links_to": None if target is None else target.Name}
    if obj.TypeId == "App::LinkGroup" or obj.hasExtension("App::GroupExtension"):
        return {"members": [each.Name for each in members(obj)]}
    return {}


def is_shown(obj: Any) -> bool:
    """Whether `obj` and all that it is in are visible."""
    while obj is not None:
        if not getattr(obj, "Visibility", True):
            return False
        obj = owner(obj)
    return True
