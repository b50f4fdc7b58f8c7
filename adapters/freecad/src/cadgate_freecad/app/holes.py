"""Drilled holes in a body, one for each circle of a sketch, compared with the same cut by booleans."""

from __future__ import annotations

from math import radians, tan
from typing import Any

import FreeCAD
import Part
import PartDesign  # noqa: F401 # pyright: ignore[reportUnusedImport] - registers the type

from cadgate.appserver import AppError, about_to_change, warn
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app import materials, shapes, threads, values
from cadgate_freecad.app.boolean import same
from cadgate_freecad.app.creation import Slot, hide
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.sketches import find_sketch

DRILL = 118.0
"""Degrees: the usual angle of the point of a drill."""


@creating("features.hole")
def hole(
    *,
    sketch: str,
    diameter: Any,
    thread: dict[str, Any] | None,
    depth: Any,
    through_all: bool,
    drill_point: str,
    head: str,
    head_diameter: Any,
    head_depth: Any,
    head_angle: float,
    reversed: bool,
    name: str | None,
    label: str | None,
    on_conflict: str,
    expressions: dict[str, Any],
    material: Any,
) -> dict[str, Any]:
    profile = find_sketch(sketch, "sketch")
    body = profile.getParentGeoFeatureGroup()
    if body is None or not body.isDerivedFrom("PartDesign::Body"):
        raise values.invalid("sketch", f"{sketch!r} is not in a body: create it with `body`")
    centers = [
        profile.Placement.multVec(each.Center)
        for index, each in enumerate(profile.Geometry)
        if each.TypeId == "Part::GeomCircle" and not profile.getConstruction(index)
    ]
    if not centers:
        raise values.invalid("sketch", f"{sketch!r} has no circle: draw one around the centre of each hole")
    before = body.Tip.Shape if body.Tip is not None else None
    if before is None or shapes.volume(before) <= 0:
        raise values.invalid("sketch", f"the body {body.Name!r} has no material to remove")
    if thread is not None and thread["modeled"]:
        longest = before.BoundBox.DiagonalLength if through_all else values.length("depth", depth)
        threads.check_length(thread, len(centers) * longest)
    bore, deep = values.length("diameter", diameter), values.length("depth", depth)
    properties: dict[str, Any] = {
        "Diameter": bore,
        "DepthType": "ThroughAll" if through_all else "Dimension",
        "Depth": deep,
        "DrillPoint": "Flat" if through_all or drill_point == "flat" else "Angled",
        "DrillPointAngle": DRILL,
        "DrillForDepth": False,
        "Reversed": reversed,
    }
    wide = 0.0
    if head != "none":
        wide = values.length("head_diameter", head_diameter)
        least = bore if thread is None else threads.diameter(thread)
        if wide <= least:
            raise values.invalid("head_diameter", f"{head_diameter!r} must be above the diameter, {least:g} mm")
        properties.update({"HoleCutType": head.capitalize(), "HoleCutCustomValues": True, "HoleCutDiameter": wide})
    if head == "counterbore":
        properties["HoleCutDepth"] = values.length("head_depth", head_depth)
    elif head == "countersink":
        properties["HoleCutCountersinkAngle"] = head_angle
    slot = Slot(profile.Document, "Hole", name, on_conflict, [profile, body])
    made_of = materials.prepare(material)
    about_to_change(slot.revision)
    previous = body.Tip
    feature = slot.fill("PartDesign::Hole", label)
    body.addObject(feature)
    feature.Profile = profile
    materials.assign(feature, made_of)
    if thread is not None:
        threads.choose(feature, thread)
        del properties["Diameter"]
    for key, value in properties.items():
        if key in feature.PropertiesList:
            setattr(feature, key, value)
    down = profile.Placement.Rotation.multVec(FreeCAD.Vector(0, 0, 1 if reversed else -1))
    if thread is not None and thread["modeled"] and through_all:
        # By itself FreeCAD cuts the thread several times as long as the body.
        threads.reach_through(feature, max(_reach(before, center, down) for center in centers))
    determined = expressing.apply(feature, expressions)
    recompute(feature)
    expressing.confirm(feature, determined)
    body.Tip = feature
    recompute(body)
    if not expressions:
        spaces = [_drill(feature, before, center, down) for center in centers]
        if thread is not None and thread["modeled"]:
            wide_spaces = [_drill(feature, before, center, down, threads.diameter(thread)) for center in centers]
            threads.check_cut(body, before, spaces, wide_spaces, thread)
        else:
            _check(body, before, spaces)
    hide([profile, previous])
    return describe(feature)


def _reach(body: Any, at: Any, down: Any) -> float:
    """Return how far the body goes on in a direction."""
    box = body.BoundBox
    return max(0.0, *((FreeCAD.Vector(box.getPoint(index)) - at).dot(down) for index in range(8)))


def _drill(feature: Any, body: Any, at: Any, down: Any, diameter: float | None = None) -> Any:
    """Return the space of one hole."""
    radius, wide = (diameter or feature.Diameter.Value) / 2, feature.HoleCutDiameter.Value / 2
    through = feature.DepthType == "ThroughAll"
    deep = 2 * body.BoundBox.DiagonalLength + 2 * at.distanceToPoint(body.BoundBox.Center) if through else feature.Depth
    deep = getattr(deep, "Value", deep)
    space = Part.makeCylinder(radius, deep, at, down)
    if feature.DrillPoint == "Angled":
        height = radius / tan(radians(DRILL / 2))
        space = space.fuse(Part.makeCone(radius, 0, height, at + down * deep, down))
    if feature.HoleCutType == "Counterbore":
        space = space.fuse(Part.makeCylinder(wide, feature.HoleCutDepth.Value, at, down))
    elif feature.HoleCutType == "Countersink":
        height = (wide - radius) / tan(radians(feature.HoleCutCountersinkAngle.Value / 2))
        space = space.fuse(Part.makeCone(wide, radius, height, at, down))
    return space


def _check(body: Any, before: Any, spaces: list[Any]) -> None:
    expected = shapes.volume(before.cut(spaces))
    after = shapes.volume(body.Shape)
    if after <= 0 or not body.Shape.isValid():
        raise AppError("degenerate_result", f"The body {body.Name!r} would not be a valid solid")
    if abs(after - expected) > 1e-6 * shapes.volume(before):
        raise AppError("degenerate_result", f"FreeCAD left {after:g} mm³ of {body.Name!r} instead of {expected:g} mm³")
    if same(after, shapes.volume(before)):
        warn("no_effect", f"The body {body.Name!r} has the same volume as before: try reversed=true")
