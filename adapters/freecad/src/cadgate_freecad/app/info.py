"""ObjectInfo: the description of an object, and the revision that changes whenever the object does."""

from __future__ import annotations

import hashlib
from typing import Any, List, cast

import FreeCAD

from cadgate_freecad.app import attributes, colours, holders, materials, placed, shapes, versions
from cadgate_freecad.app.observer import OBSERVER
from cadgate_freecad.app.values import euler, xyz

# These are in the description already, repeat the placement, or have a repr that says nothing.
_NOT_STAMPED = {
    *("CadgateChosen", "CadgateFaceColors", "Label", "Mesh", "Placement", "Proxy", "Shape", "Visibility"),
    *("_Body", "_GroupTouched", *versions.PASSING),
    "Uid",  # at random: another one when the object is made again after a crash
    *("AttacherEngine", "AttacherType", "AttachmentOffset", "AttachmentSupport", "MapMode", "MapPathParameter"),
    *("MapReversed", "Support"),
}
_QUANTITY = FreeCAD.Units.Quantity
_PLAIN = {bool, int, str, type(None)}


def describe(obj: Any) -> dict[str, Any]:
    """Return the ObjectInfo of `obj`. Its measures are those of the last successful recompute."""
    around = placed.containers(obj)
    now = (is_valid(obj), state(obj))
    if around or not attributes.is_a(obj, "Part::Feature") or holders.owner(obj) is not None or _holds(obj):
        return _describe(obj, around, now)
    # Its description depends on nothing but itself. The observer hears of all changes except these.
    known = OBSERVER.described.get(obj)
    if known is None or known[0] != now:
        known = OBSERVER.described[obj] = (now, _describe(obj, around, now, alone=True))
    return dict(known[1])


def describe_new(obj: Any) -> dict[str, Any]:
    """Do the same for an object that the running call has added, to no container, and given no further properties."""
    if obj in OBSERVER.extended or not attributes.is_a(obj, "Part::Feature") or attributes.out_list(obj) or _holds(obj):
        return describe(obj)
    now, kind = (is_valid(obj), list(attributes.state(obj))), attributes.type_id(obj)
    properties = _properties_of.get(kind)
    if properties is None:
        properties = _properties_of[kind] = obj.PropertiesList
    OBSERVER.described[obj] = (now, described := _describe(obj, [], now, alone=True, properties=properties))
    return dict(described)


_properties_of: dict[str, list[str]] = {}
"""The properties that every object of a type has. Asking an object takes as long as reading ten of them."""


def _holds(obj: Any) -> bool:
    return bool(obj.hasExtension("App::GroupExtension"))


def _describe(
    obj: Any,
    around: list[Any],
    now: tuple[bool, list[str]],
    *,
    alone: bool = False,
    properties: list[str] | None = None,
) -> dict[str, Any]:
    """Return the description of an object in these containers, in a state known by `is_valid` and `state`.

    `alone` says that it is a feature that nothing holds, and that holds nothing. Pass its `properties` if known.
    """
    placement = attributes.optional(obj, "Placement")
    location = [0.0, 0.0, 0.0] if placement is None else xyz(attributes.base(placement), 9)
    rotation = [0.0, 0.0, 0.0] if placement is None else euler(attributes.rotation(placement))
    frame = placed.frame_of(around)
    shape = placed.shape_in(obj, frame)
    if properties is None:
        properties = cast("List[str]", obj.PropertiesList)
    described = {
        "name": attributes.name(obj),
        "label": attributes.prop(obj, "Label"),
        "type": attributes.type_id(obj),
        "document": attributes.document(obj).Name,
        "location": location,
        "rotation": rotation,
        "container": around[-1].Name if around else None,
        "global_location": location,
        "global_rotation": rotation,
        **_measured(obj, shape, frame, placement),
        "color": None if alone and colours.COLOR not in properties else colours.of(obj),
        "face_colors": [] if alone and colours.FACES not in properties else colours.info(obj),
        "material": None if alone and materials.DENSITY not in properties else materials.info(obj),
        "mass": None,
        "expressions": {path.lstrip("."): text for path, text in sorted(attributes.prop(obj, "ExpressionEngine"))},
        "valid": now[0],
        "state": now[1],
        "visible": attributes.optional(obj, "Visibility") is not False,
    }
    if frame is not None:
        place = frame if placement is None else frame.multiply(placement)
        described["global_location"] = xyz(attributes.base(place), 9)
        described["global_rotation"] = euler(attributes.rotation(place))
    if described["material"] is not None or (not alone and (holders.is_link(obj) or holders.is_holder(obj))):
        described.update(materials.weigh(obj, described))
    if not alone:
        described.update(holders.contents(obj))
    described["revision"] = revision(obj, described, shape, properties)
    return described


def _measured(obj: Any, shape: Any | None, frame: Any | None, placement: Any | None) -> dict[str, Any]:
    """Return the measures of `obj`, cached as long as neither it nor its containers change.

    `placement` is its own, within the containers' `frame`.
    """
    place = None if frame is None else (*attributes.base(frame), *attributes.rotation(frame).Q)
    known = OBSERVER.measured.get(obj) or OBSERVER.measured_of_others.get(obj)
    if known is not None and known[0] == place:
        return known[1]
    mesh = placed.mesh(obj) if shape is None else None
    own = placement if frame is None else None
    measured = shapes.measures(obj, shape, own) if mesh is None else shapes.mesh_measures(mesh)
    if attributes.is_a(obj, "Part::Feature") or attributes.is_a(obj, "Mesh::Feature"):
        OBSERVER.measured[obj] = (place, measured)
    else:
        # A link, a part or a group shows other objects, whose changes nobody reports as its own.
        OBSERVER.measured_of_others[obj] = (place, measured)
    return measured


def is_valid(obj: Any) -> bool:
    """Return whether the last recompute succeeded and left a shape if the object should have one."""
    if not obj.isValid() or "Invalid" in attributes.state(obj):
        return False
    shape = getattr(obj, "Shape", None)
    if shape is None or not hasattr(shape, "isNull") or not shape.isNull():
        return True
    return is_empty_body(obj) or not obj.isDerivedFrom("Part::Feature")


def is_empty_body(obj: Any) -> bool:
    """Return whether it is a body without a feature, which has no shape yet."""
    return obj.isDerivedFrom("Part::BodyBase") and getattr(obj, "Tip", None) is None


def state(obj: Any) -> list[str]:
    """Return FreeCAD's states. FreeCAD calls an object up to date until a recompute has checked its inputs."""
    words = list(attributes.state(obj))
    refers = words == ["Up-to-date"] and attributes.out_list(obj)
    if refers and any("Touched" in each.State for each in obj.OutListRecursive):
        return ["Touched"]
    return words


def problem(obj: Any) -> str | None:
    """Return why nothing should be made from this object, or None."""
    if not is_valid(obj):
        return f"{obj.Name!r} is invalid: fix it first"
    if "Touched" in state(obj):
        return f"{obj.Name!r} is not up to date: recompute the document {obj.Document.Name!r} first"
    return None


def revision(obj: Any, described: dict[str, Any], shape: Any, properties: list[str]) -> str:
    """Hash the description, the simple properties and the shape's counts to 12 hex digits that survive a restart."""
    stamp: list[Any] = [
        (name, _plain(attributes.prop(obj, name)))
        for name in properties
        if name not in _NOT_STAMPED and not (name == "ThreadFit" and versions.is_passing(obj, name))
    ]
    if shape is not None:
        stamp.append(_counts(obj, shape))
    # Touched and Up-to-date come and go with saving; only a failure is a change.
    words = [value if type(value) in _PLAIN else _plain(value) for value in described.values()]
    words[list(described).index("state")] = "Invalid" in described["state"]
    text = repr(words)
    return hashlib.sha1((text + repr(stamp)).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _counts(obj: Any, shape: Any) -> tuple[int, int, int]:
    if attributes.type_id(obj) == "Part::Box":
        # It has never any others, and counting takes as long as finding its extents.
        return 6, 12, 8
    return shape.countElement("Face"), shape.countElement("Edge"), shape.countElement("Vertex")


def _plain(value: Any) -> Any:
    """Return something whose repr is the same in another process and after a reload: no addresses, no last digits."""
    kind = type(value)
    if kind is float:
        return f"{value:.9g}"
    if kind is list or kind is tuple:
        return [f"{item:.9g}" if type(item) is float else _plain(item) for item in value]
    if kind is _QUANTITY:
        return f"{value.Value:.9g}"
    if kind in _PLAIN:
        return value
    if kind is dict:
        return [(key, _plain(item)) for key, item in value.items()]
    name = getattr(value, "Name", None)
    if isinstance(name, str) and hasattr(value, "TypeId"):
        return name
    quantity = getattr(value, "Value", None)
    if isinstance(quantity, float):
        return f"{quantity:.9g}"
    # The reprs of geometry, constraints and vectors hold addresses or all digits; the shape's measures cover them.
    return kind.__name__
