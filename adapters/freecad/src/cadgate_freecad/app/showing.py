"""Which objects of a document show something of their own."""

from __future__ import annotations

from typing import Any

from cadgate_freecad.app import holders, placed, shapes

_AXES = ("App::Line", "App::Plane", "App::Point")


def stands_alone(obj: Any) -> bool:
    """Return whether a visible object is shown on its own: not by a body or a group of links, not as a container."""
    if obj.TypeId in _AXES or not has_geometry(obj):
        return False
    if holders.is_holder(obj) and obj.TypeId != "App::LinkGroup":
        return False
    if placed.element_of(obj) is not None:
        return False
    parent = obj.getParentGeoFeatureGroup()
    return parent is None or not parent.isDerivedFrom("Part::BodyBase")


def has_geometry(obj: Any) -> bool:
    return shapes.shape_of(obj) is not None or hasattr(getattr(obj, "Mesh", None), "CountFacets")
