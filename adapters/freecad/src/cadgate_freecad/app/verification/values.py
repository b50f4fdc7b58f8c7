"""Checks that values stay as set: expressions, attachments, limits and recomputes silently override them."""

from __future__ import annotations

import math
import re
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, warn
from cadgate_freecad.app import attributes, scripted, values

# --- before the change -----------------------------------------------------------------------------------------------


def expressions_of(obj: Any, name: str) -> dict[str, str]:
    """Return the expressions that determine the property `name` or a part of it, by path (`Placement.Base.x`)."""
    found: dict[str, str] = {}
    for path, text in getattr(obj, "ExpressionEngine", None) or []:
        own = path.lstrip(".")
        if re.split(r"[.\[]", own, maxsplit=1)[0] == name:
            found[own] = text
    return found


def require_undriven(obj: Any, name: str, field: str) -> None:
    """Raise AppError `validation_error` if an expression determines the property."""
    for path, text in expressions_of(obj, name).items():
        raise values.invalid(field, driven(obj, path, text))


def driven(obj: Any, path: str, text: str) -> str:
    """Return the message for a value that the expression `text` determines."""
    used = sorted({other.Name for other in obj.OutList if _names(text, other)})
    source = f"change {' or '.join(map(repr, used))}, which it refers to" if used else "change what it refers to"
    return (
        f"the expression {text!r} determines {obj.Name}.{path}, so a value would not last: {source}, or remove the "
        f'expression with PATCH /objects/{obj.Name} {{"expressions": {{"{path}": null}}}}'
    )


def _names(text: str, other: Any) -> bool:
    return re.search(rf"\b{re.escape(other.Name)}\b|<<{re.escape(other.Label)}>>", text) is not None


def require_own(obj: Any, name: str, field: str) -> None:
    """Raise AppError `validation_error` if `name` is a property of the object that a link shows."""
    shown = obj.LinkedObject if obj.TypeId == "App::Link" else None
    if shown is not None and name not in obj.PropertiesList and name in shown.PropertiesList:
        raise values.invalid(
            field, f"{obj.Name!r} is a link; {name!r} is a property of {shown.Name!r}, which it shows: change it there"
        )


def require_movable(obj: Any, placement: Any) -> None:
    """Raise AppError if an expression, an attachment or a body determines the placement that is to change.

    `validation_error` for an expression, `conflict` for the others.
    """
    if values.same_placement(attributes.prop(obj, "Placement"), placement):
        return
    for path, text in expressions_of(obj, "Placement").items():
        if _differs(attributes.prop(obj, "Placement"), placement, path):
            field = "rotation" if path.startswith("Placement.Rotation") else "location"
            raise values.invalid(field, driven(obj, path, text))
    reason = _held_by(obj)
    if reason is not None:
        raise AppError("conflict", f"{obj.Name!r} cannot be moved: {reason}", {"name": obj.Name})


def _differs(now: Any, wanted: Any, path: str) -> bool:
    """Return whether the change affects the part of a placement that `path` names."""
    if path.startswith("Placement.Base."):
        axis = path[-1]
        return not math.isclose(
            getattr(attributes.base(now), axis), getattr(attributes.base(wanted), axis), abs_tol=1e-7
        )
    if path.startswith("Placement.Base"):
        return (attributes.base(now) - attributes.base(wanted)).Length > 1e-7
    if path.startswith("Placement.Rotation"):
        return not attributes.rotation(now).isSame(attributes.rotation(wanted), 1e-7)
    return True


def _held_by(obj: Any) -> str | None:
    """Return what determines the placement of an object, and what to do instead; None if it can be moved."""
    if getattr(obj, "MapMode", "Deactivated") != "Deactivated" and "ReadOnly" in obj.getPropertyStatus("Placement"):
        support = getattr(obj, "AttachmentSupport", None) or getattr(obj, "Support", None) or []
        names = " and ".join(" of ".join([*filter(None, parts), repr(other.Name)]) for other, parts in support)
        return (
            f"it is attached to {names or 'its support'}: move that, or set its offset from it with "
            f'PATCH /objects/{obj.Name} {{"properties": {{"AttachmentOffset": {{"location": …, "rotation": …}}}}}}'
        )
    body = obj.getParentGeoFeatureGroup()
    if obj.isDerivedFrom("PartDesign::Feature") and body is not None and body.isDerivedFrom("PartDesign::Body"):
        return f"it is a feature of the body {body.Name!r}: move the body"
    return None


# --- after the recompute ---------------------------------------------------------------------------------------------


def confirm(obj: Any, prepared: dict[str, Any], field: str = "properties.") -> None:
    """Raise AppError `validation_error` if a property is not what it was set to.

    FreeCAD clamps a value when it is set, and a recompute may write another.
    """
    for name, wanted in prepared.items():
        kept = attributes.prop(obj, name)
        if getattr(kept, "Value", kept) == wanted:
            continue
        if isinstance(kept, str) and isinstance(wanted, int):
            wanted = obj.getEnumerationsOfProperty(name)[wanted]
        if same(kept, wanted):
            continue
        why = scripted.because() if field == "" else None
        if why is not None:
            # For a new object: it was created as requested, and code changed it afterwards.
            text = f"{obj.Name!r} has {name} {values.to_json(kept)!r} instead of {values.to_json(wanted)!r}: {why}"
            warn("changed_by_code", text)
        else:
            raise values.invalid(
                f"{field}{name}",
                f"{values.to_json(wanted)!r} is refused: FreeCAD would make it {values.to_json(kept)!r}",
            )


def confirm_placement(obj: Any, placement: Any) -> None:
    """Raise AppError `conflict` if a recompute put the object somewhere else."""
    if not values.same_placement(attributes.prop(obj, "Placement"), placement):
        reason = _held_by(obj) or "FreeCAD computes its placement from its inputs"
        raise AppError("conflict", f"{obj.Name!r} cannot be moved: {reason}", {"name": obj.Name})


def same(kept: Any, wanted: Any) -> bool:
    """Return whether a property has the value that it was set to; numbers to 9 digits."""
    kept, wanted = getattr(kept, "Value", kept), getattr(wanted, "Value", wanted)
    if isinstance(kept, (int, float)) and isinstance(wanted, (int, float)):
        return kept == wanted or math.isclose(kept, wanted, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(kept, FreeCAD.Vector) and isinstance(wanted, FreeCAD.Vector):
        return (kept - wanted).Length <= 1e-9 * max(1.0, wanted.Length)
    if isinstance(kept, FreeCAD.Placement) and isinstance(wanted, FreeCAD.Placement):
        return values.same_placement(kept, wanted)
    if isinstance(kept, (list, tuple)) and isinstance(wanted, (list, tuple)):
        return len(kept) == len(wanted) and all(same(a, b) for a, b in zip(kept, wanted))
    return bool(kept == wanted)
