"""Recomputing one object, and making sure that it worked."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, chosen, holders, loosened, mates, painting, single_places
from cadgate_freecad.app.info import is_empty_body


def recompute(obj: Any) -> None:
    """Recompute `obj` alone and make sure that it worked.

    Raises AppError `degenerate_result` with FreeCAD's reason: a failed feature keeps its old shape and says nothing.
    """
    made_from_others = bool(attributes.out_list(obj))
    if made_from_others:
        chosen.choose_again(obj)
        loosened.note(obj)
    before = chosen.references_to(obj)
    done = obj.recompute()
    chosen.put_back(before)
    if holders.count(obj):
        # FreeCAD makes and changes them with the array, and leaves them touched.
        for element in obj.ElementList:
            element.recompute()
            element.purgeTouched()
    if not done or not obj.isValid() or "Invalid" in attributes.state(obj):
        raise AppError(
            "degenerate_result",
            f"FreeCAD cannot make this {obj.TypeId}: {reason(obj)}",
            {"name": obj.Name, "type": obj.TypeId, "reason": reason(obj)},
        )
    if attributes.is_a(obj, "Part::Feature") and attributes.prop(obj, "Shape").isNull() and not is_empty_body(obj):
        raise AppError("degenerate_result", f"This {obj.TypeId} has an empty shape", {"name": obj.Name})
    if made_from_others:
        single_places.merge(obj)
        chosen.remember(obj)
    painting.follow(obj)
    if mates.is_assembly(obj):
        mates.follow(obj)
    obj.purgeTouched()


def reason(obj: Any) -> str:
    """Return FreeCAD's reason for a failed recompute."""
    text = str(obj.getStatusString()).strip()
    return text if text and text not in ("Valid", "Touched", "Invalid") else "the geometry is not possible"
