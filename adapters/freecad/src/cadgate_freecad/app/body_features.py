"""Fillets, chamfers, patterns and mirror images inside a body: they become its next feature, of PartDesign's own kind.

An operation on a feature of a body works inside the body. An operation on the body itself, or on its first feature,
which is all of the body at that point, works from outside, on the whole.
"""

from __future__ import annotations

from typing import Any, Callable

import FreeCAD
import PartDesign  # noqa: F401 # pyright: ignore[reportUnusedImport] - registers the types

from cadgate.appserver import AppError, about_to_change, warn
from cadgate_freecad.app import chosen, expressions, materials, shapes, values, verification
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.creation import Slot, hide
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.recomputing import recompute

_AXES = {"X_Axis": (1, 0, 0), "Y_Axis": (0, 1, 0), "Z_Axis": (0, 0, 1)}
Move = Callable[[Any], Any]
_PLANES = {"YZ_Plane": (1, 0, 0), "XZ_Plane": (0, 1, 0), "XY_Plane": (0, 0, 1)}


def body_of(obj: Any) -> Any | None:
    """Return the body of which `obj` is a feature; None for anything else, including a body and its sketches."""
    if not obj.isDerivedFrom("PartDesign::Feature"):
        return None
    body = obj.getParentGeoFeatureGroup()
    return body if body is not None and body.isDerivedFrom("PartDesign::Body") else None


def _required_body(obj: Any) -> Any:
    body = body_of(obj)
    if body is None:
        raise values.invalid("object", f"{obj.Name!r} ({obj.TypeId}) is not a feature of a body")
    return body


def is_piece(obj: Any) -> bool:
    """Return whether `obj` changes an existing body: its shape is then the whole body's, and only a piece is meant."""
    return body_of(obj) is not None and obj.BaseFeature is not None


def dress(
    kind: str, obj: Any, field: str, selection: Any, properties: dict[str, Any], common: dict[str, Any]
) -> dict[str, Any]:
    """Round or bevel edges of the last feature of a body.

    Raises AppError `validation_error` for a feature that others follow: they would not see the new one.
    """
    body = _required_body(obj)
    if body.Tip is not obj:
        raise values.invalid(
            "object",
            f"{obj.Name!r} is not the last feature of {body.Name!r}: name that, {body.Tip.Name!r}, or {body.Name!r} "
            "itself to work on a copy outside it",
        )
    numbers = chosen_numbers(obj, "Edge", field, selection)

    def fill(feature: Any) -> None:
        chosen.by("Base", selection)(feature)
        feature.Base = (obj, [f"Edge{number}" for number in numbers])
        for name, value in properties.items():
            setattr(feature, name, value)

    return _add(kind, body, fill, common)


def repeat(
    kind: str,
    obj: Any,
    moves: list[Move],
    properties: dict[str, Any],
    reference: tuple[str, Any, Any, str],
    common: dict[str, Any],
) -> dict[str, Any]:
    """Repeat what one feature of a body adds or removes, each time moved in the coordinates of the document.

    `reference` is the property for the axis or plane, a point on it, its direction, and the property that reverses it
    (empty for none). The result is compared with the same operation done by booleans.
    """
    body = _required_body(obj)
    piece = getattr(obj, "AddSubShape", None)
    if piece is None or piece.isNull() or not piece.Solids or obj.isDerivedFrom("PartDesign::DressUp"):
        raise values.invalid(
            "object",
            f"{obj.Name!r} ({obj.TypeId}) neither adds nor removes a piece of its own that could be repeated in "
            f"{body.Name!r}: name a pad or a pocket, or {body.Name!r} itself for copies of all of it",
        )
    frame = body.getGlobalPlacement()
    base = body.Tip.Shape
    grows = _volume(obj.BaseFeature) < shapes.volume(obj.Shape)
    expected, idle = _by_booleans(base, piece, moves, frame, grows)
    name, point, direction, reverse = reference

    def fill(feature: Any) -> None:
        feature.Originals = [obj]
        local = frame.inverse()
        link, backwards = _reference(body, name, local.multVec(point), local.Rotation.multVec(direction))
        setattr(feature, name, (link, [""]))
        for key, value in properties.items():
            setattr(feature, key, value)
        if reverse:
            setattr(feature, reverse, backwards)

    def check(shape: Any) -> None:
        if abs(shapes.volume(shape) - expected) > 1e-6 * expected:
            raise AppError(
                "degenerate_result",
                f"FreeCAD's result has {shapes.volume(shape):g} mm³ instead of {expected:g} mm³: the copies "
                "must overlap the body, and leave it in one piece",
            )
        if idle:
            warn("no_effect", f"{idle} of {len(moves)} copies change nothing: they do not reach the material")

    return _add(kind, body, fill, common, check)


def placed(place: Any) -> Move:
    """Return a move by a placement."""
    return lambda shape: _at(shape, place)


def mirrored(point: Any, normal: Any) -> Move:
    """Return a move to the other side of a plane."""

    def move(shape: Any) -> Any:
        # FreeCAD 1.0 takes point and normal in the shape's own frame: here that is the document's.
        place = shape.Placement
        back = place.inverse()
        own = shape.copy()
        own.Placement = FreeCAD.Placement()
        return _at(own.mirror(back.multVec(point), back.Rotation.multVec(normal)), place)

    return move


def _at(shape: Any, place: Any) -> Any:
    copy = shape.copy()
    copy.Placement = place.multiply(copy.Placement)
    return copy


def _by_booleans(base: Any, piece: Any, moves: list[Move], frame: Any, grows: bool) -> tuple[float, int]:
    """Return the volume that the repetition must have, and how many copies change nothing."""
    shape, idle = base, 0
    standing = _at(piece, frame)
    for move in moves:
        copy = _at(move(standing), frame.inverse())
        after = shape.fuse(copy) if grows else shape.cut(copy)
        idle += same(shapes.volume(after), shapes.volume(shape))
        shape = after
    if grows and len(shape.Solids) > 1:
        raise AppError(
            "degenerate_result",
            f"A body is one piece, and this would leave {len(shape.Solids)}: let the copies touch, or repeat the body",
        )
    return shapes.volume(shape), idle


def _volume(obj: Any) -> float:
    return 0.0 if obj is None else shapes.volume(obj.Shape)


def _reference(body: Any, name: str, point: Any, direction: Any) -> tuple[Any, bool]:
    """Return an axis or plane of the body itself if it fits, else a hidden datum; and whether it points backwards.

    An axis of rotation never does: whether the copies turn backwards about it is the sign of their angle.
    """
    plane = name == "MirrorPlane"
    for role, along in (_PLANES if plane else _AXES).items():
        own = FreeCAD.Vector(*along)
        if name == "Axis" and own.dot(direction) < 0:
            continue
        off = point.dot(own) if plane else (point - own * point.dot(own)).Length
        if own.cross(direction).Length < 1e-9 and (abs(off) < 1e-9 or name == "Direction"):
            origin = next(each for each in body.Origin.OriginFeatures if each.Role == role)
            return origin, own.dot(direction) < 0
    kind, base = ("PartDesign::Plane", "MirrorPlane") if plane else ("PartDesign::Line", "PatternAxis")
    datum = Slot(body.Document, base, None, "error").fill(kind, None)
    body.addObject(datum)
    datum.Placement = FreeCAD.Placement(point, FreeCAD.Rotation(FreeCAD.Vector(0, 0, 1), direction))
    datum.recompute()
    datum.purgeTouched()
    hide([datum])
    return datum, False


def _add(
    kind: str,
    body: Any,
    fill: Callable[[Any], None],
    common: dict[str, Any],
    check: Callable[[Any], None] | None = None,
) -> dict[str, Any]:
    if any(common["location"]) or any(common["rotation"]):
        raise values.invalid("location", f"a feature cannot be moved on its own: move the body {body.Name!r} instead")
    previous = body.Tip
    before = shapes.volume(body.Shape)
    slot = Slot(body.Document, kind.split("::")[1], common["name"], common["on_conflict"], [body, previous])
    made_of = materials.prepare(common["material"])
    about_to_change(slot.revision)
    feature = slot.fill(kind, common["label"])
    body.addObject(feature)
    materials.assign(feature, made_of)
    feature.BaseFeature = previous
    fill(feature)
    determined = expressions.apply(feature, common["expressions"])
    recompute(feature)
    expressions.confirm(feature, determined)
    body.Tip = feature
    recompute(body)
    after = shapes.volume(body.Shape)
    if after <= 0 or not body.Shape.isValid():
        raise AppError(
            "degenerate_result",
            f"The body {body.Name!r} would not be a valid solid: try smaller or different dimensions",
            {"name": body.Name},
        )
    if check is not None:
        check(feature.Shape)
    elif same(after, before):
        warn("no_effect", f"The body {body.Name!r} has the same volume as before")
    verification.check(feature, level=common["verify"])
    hide([previous])
    return describe(feature)
