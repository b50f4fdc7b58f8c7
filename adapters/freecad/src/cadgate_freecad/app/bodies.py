"""PartDesign: bodies, pads and pockets."""

from __future__ import annotations

from typing import Any

import PartDesign  # noqa: F401 # pyright: ignore[reportUnusedImport] - registers the types

from cadgate.appserver import AppError, about_to_change, warn
from cadgate_freecad.app import changes, materials, shapes, values, verification, versions
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.creation import Slot, hide
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.sketches import describe_sketch, find_sketch
from cadgate_freecad.app.verification.values import confirm


@creating("bodies.create")
def create_body(
    *,
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
    slot = Slot(document, "Body", name, on_conflict)
    made_of = materials.prepare(material)
    about_to_change(slot.revision)
    body = slot.fill("PartDesign::Body", label)
    body.Placement = placement
    versions.allow_pieces(body)
    materials.assign(body, made_of)
    determined = expressing.apply(body, expressions)
    body.recompute()
    expressing.confirm(body, determined)
    body.purgeTouched()
    for each in (body.Origin, *body.Origin.OriginFeatures):
        each.purgeTouched()
    return describe(body)


@creating("features.pad")
def pad(*, sketch: str, length: Any, reversed: bool, midplane: bool, **common: Any) -> dict[str, Any]:
    properties = {"Length": values.length("length", length), "Reversed": reversed}
    return _build("PartDesign::Pad", sketch, properties, midplane, common, grows=True)


@creating("features.pocket")
def pocket(
    *, sketch: str, length: Any, reversed: bool, midplane: bool, through_all: bool, **common: Any
) -> dict[str, Any]:
    properties: dict[str, Any] = {"Length": values.length("length", length), "Reversed": reversed}
    if through_all:
        properties["Type"] = "ThroughAll"
    return _build("PartDesign::Pocket", sketch, properties, midplane, common, grows=False)


def _build(
    kind: str, sketch: str, properties: dict[str, Any], midplane: bool, common: dict[str, Any], *, grows: bool
) -> dict[str, Any]:
    profile = find_sketch(sketch, "sketch")
    body = profile.getParentGeoFeatureGroup()
    if body is None or not body.isDerivedFrom("PartDesign::Body"):
        raise values.invalid("sketch", f"{sketch!r} is not in a body: create it with `body`, or use features/extrude")
    if not describe_sketch(profile)["closed"]:
        raise values.invalid("sketch", f"{sketch!r} is not closed, so it does not bound any material")
    before, pieces = (0.0, 1) if body.Tip is None else (shapes.volume(body.Shape), len(body.Shape.Solids))
    if not grows and before <= 0:
        raise values.invalid("sketch", f"the body {body.Name!r} has no material to remove")
    slot = Slot(profile.Document, kind.split("::")[1], common["name"], common["on_conflict"], [profile, body])
    made_of = materials.prepare(common["material"])
    about_to_change(slot.revision)
    previous = body.Tip
    was_consumed = previous is not None and not previous.Visibility and not changes.users_of([body])
    feature = slot.fill(kind, common["label"])
    body.addObject(feature)
    feature.Profile = profile
    materials.assign(feature, made_of)
    for name, value in properties.items():
        setattr(feature, name, value)
    if midplane:
        versions.set_midplane(feature)
    determined = expressing.apply(feature, common["expressions"])
    recompute(feature)
    expressing.confirm(feature, determined)
    confirm(feature, {key: value for key, value in properties.items() if key not in determined}, field="")
    recompute(body)
    after = shapes.volume(body.Shape)
    if after <= 0:
        # It may be the kernel that failed.
        verification.check(feature, level=common["verify"])
        raise AppError("degenerate_result", f"The body {body.Name!r} would be empty", {"name": body.Name})
    if not body.Shape.isValid():
        raise AppError("degenerate_result", f"The body {body.Name!r} would not be a valid solid", {"name": body.Name})
    verification.check(feature, level=common["verify"])
    if same(after, before):
        warn("no_effect", f"The body {body.Name!r} has the same volume as before: try reversed=true")
    if len(body.Shape.Solids) > pieces:
        warn("disjoint", f"The body {body.Name!r} now consists of {len(body.Shape.Solids)} separate solids")
    hide([each for each in (profile, previous) if each is not None])
    if was_consumed and not body.Visibility:
        # The body was hidden because something was made from its last feature; now it shows another feature.
        body.Visibility = True
    return describe(feature)
