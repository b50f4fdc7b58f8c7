"""Links: an `App::Link` shows another object at its own location and follows its changes."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate_freecad.app import holders, operands, placed, shapes, values
from cadgate_freecad.app.creation import create
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import problem
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.verification import links as verification

_ORIGIN = ("App::Origin", "App::Line", "App::Plane", "App::Point")


@creating("links.create")
def create_link(
    *,
    object: str,
    name: str | None,
    label: str | None,
    on_conflict: str,
    location: Any,
    rotation: Any,
    expressions: dict[str, Any],
    material: Any,
) -> dict[str, Any]:
    obj = find(target(), object)
    _require_something(obj)
    where = placed.placement(obj) if hasattr(obj, "Placement") else FreeCAD.Placement()
    place = FreeCAD.Placement(
        where.Base if location is None else values.vector("location", location),
        where.Rotation if rotation is None else values.rotation(rotation),
    )

    def setup(link: Any) -> None:
        link.LinkedObject = obj
        link.Placement = place

    return create(
        "App::Link",
        f"{obj.Name.rstrip('0123456789') or obj.Name}_link",
        {},
        name=name,
        label=label,
        on_conflict=on_conflict,
        expressions=expressions,
        material=material,
        keep=[obj],
        source=obj,
        setup=setup,
        check=lambda link: verification.check(link, link.Placement if expressions else place),
    )


def _require_something(obj: Any) -> None:
    if operands.is_stand_in(obj) or obj.TypeId in _ORIGIN:
        raise values.invalid(
            "object", f"{obj.Name!r} ({obj.TypeId}) is a helper of other objects: a link cannot show it"
        )
    shape = shapes.shape_of(obj)
    has_mesh = hasattr(getattr(obj, "Mesh", None), "CountFacets")
    if shape is None and not has_mesh:
        empty = holders.is_holder(obj) or obj.isDerivedFrom("Part::BodyBase")
        what = "is empty: put something into it first" if empty else "has no shape and no mesh to show"
        raise values.invalid("object", f"{obj.Name!r} ({obj.TypeId}) {what}")
    wrong = problem(obj)
    if wrong is not None:
        raise values.invalid("object", wrong)
