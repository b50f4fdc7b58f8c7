"""Creates objects: name, placement, recompute, and the check that it really worked."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import FreeCAD

from cadgate.appserver import AppError, about_to_change, limit_exceeded, name_taken
from cadgate_freecad.app import analytic, attributes, materials, operands, shapes, values, versions
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app.info import describe, describe_new
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.naming import free_name
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.verification.values import confirm

_SIMPLE = (bool, int, float, str, FreeCAD.Vector)


class Slot:
    """The name that a new object will have, and the object that it replaces."""

    def __init__(self, document: Any, base: str, name: str | None, on_conflict: str, keep: Sequence[Any] = ()) -> None:
        self.document = document
        self.replaced = None
        self.left: list[Any] = []
        """The stand-ins that the replaced object was made from."""
        if name is None:
            self.name = free_name(document, base)
            return
        self.name = name
        existing = document.getObject(name)
        if existing is None:
            return
        if on_conflict == "error":
            raise name_taken("object", name)
        if on_conflict == "rename":
            self.name = free_name(document, name.rstrip("0123456789") or name)
            return
        dependents = sorted(other.Name for other in existing.InList)
        if existing in keep:
            dependents.append("the new object")
        if dependents:
            raise AppError(
                "conflict",
                f"{name!r} cannot be replaced: {depending(dependents)}",
                {"name": name, "dependents": dependents},
            )
        self.replaced = existing

    @property
    def revision(self) -> Callable[[], str] | None:
        """What finds the revision of the object that is replaced; None if there is none."""
        replaced = self.replaced
        return None if replaced is None else lambda: describe(replaced)["revision"]

    def fill(self, kind: str, label: str | None) -> Any:
        """Add the object. Call after `about_to_change`."""
        if self.replaced is not None:
            self.left = [each for each in self.replaced.OutList if operands.is_stand_in(each)]
            self.document.removeObject(self.replaced.Name)
        obj = self.document.addObject(kind, self.name)
        if obj is None or attributes.name(obj) != self.name:
            raise AppError("command_failed", f"FreeCAD did not name the object {self.name!r}")
        # An ID is never smaller than the number of objects, and counting takes longer with every object.
        if LIMITS["max_objects"] < obj.ID and len(self.document.Objects) > LIMITS["max_objects"]:
            count = len(self.document.Objects)
            raise limit_exceeded("The number of objects", count, LIMITS["max_objects"], "max_objects")
        versions.begin(obj)
        if label is not None and label != attributes.prop(obj, "Label"):
            obj.Label = label
        return obj


def create(
    kind: str,
    base: str,
    properties: dict[str, Any] | Callable[[Any], dict[str, Any]],
    *,
    name: str | None,
    label: str | None,
    on_conflict: str,
    expressions: dict[str, Any] | None = None,
    material: dict[str, Any] | None = None,
    location: list[Any] | None = None,
    rotation: list[float] | None = None,
    keep: Sequence[Any] = (),
    source: Any = None,
    setup: Callable[[Any], None] | None = None,
    check: Callable[[Any], None] | None = None,
) -> dict[str, Any]:
    """Add an object of `kind` with `properties`, recompute it alone, verify it and describe it.

    `properties` are FreeCAD's, by name, or a function of the document that makes them (and helper objects) once the
    change has begun. `keep` are inputs that the new object must not replace. `If-Match` names the revision of what is
    replaced, or else of `source`. `setup` prepares the object before its properties are set.
    `check(obj)` may raise AppError for more than the usual; the transaction around the call rolls back.
    """
    document = target()
    placement = values.placement(location or (0, 0, 0), rotation or (0, 0, 0))
    slot = Slot(document, base, name, on_conflict, keep)
    made_of = materials.prepare(material)
    about_to_change(slot.revision or (None if source is None else lambda: describe(source)["revision"]))
    values_by_name = properties(document) if callable(properties) else properties
    obj = slot.fill(kind, label)
    if setup is not None:
        setup(obj)
    for key, value in values_by_name.items():
        assign(obj, key, value)
    if not placement.isIdentity():
        obj.Placement = placement
    materials.assign(obj, made_of)
    determined = expressing.apply(obj, expressions or {})
    recompute(obj)
    expressing.confirm(obj, determined)
    operands.sweep(slot.left)
    own = {key: value for key, value in values_by_name.items() if isinstance(value, _SIMPLE) and key not in determined}
    confirm(obj, own, field="")
    if check is not None:
        # Check before measuring: the tight box of a broken shape takes seconds.
        check(obj)
    described = describe(obj) if setup is not None or made_of is not None else describe_new(obj)
    if described["shape_type"] is not None and not shapes.is_finite(described):
        raise AppError("degenerate_result", f"{base} has no finite size: its dimensions are too large")
    if described["volume"] is not None and not analytic.agrees(obj, described["volume"]):
        raise AppError(
            "degenerate_result",
            f"FreeCAD made a {kind} that does not match these dimensions: it has {described['volume']:g} mm³",
            {"type": kind, "volume": described["volume"]},
        )
    return described


def depending(names: Sequence[str]) -> str:
    """`A depends on it`, `A, B depend on it`."""
    return f"{', '.join(names)} {'depends' if len(names) == 1 else 'depend'} on it"


def assign(obj: Any, name: str, value: Any) -> None:
    """Set a property unless it already has the value: a primitive rebuilds its shape with each assignment."""
    now = attributes.prop(obj, name)
    if getattr(now, "Value", now) != value:
        setattr(obj, name, value)


def hide(objects: Sequence[Any]) -> None:
    """Hide objects, as the GUI does with the inputs of a feature. A body shows its last feature, so hide it too."""
    for obj in objects:
        for each in (obj, _shown_by(obj)):
            if each is not None and each.Visibility:
                each.Visibility = False


def show(obj: Any) -> None:
    """Undo `hide`, when nothing is made from the object any more."""
    for each in (obj, _shown_by(obj)):
        if each is not None and not each.Visibility:
            each.Visibility = True


def _shown_by(obj: Any) -> Any | None:
    """Return the body whose last feature `obj` is."""
    if not obj.isDerivedFrom("PartDesign::Feature"):
        return None
    body = obj.getParentGeoFeatureGroup()
    return body if body is not None and getattr(body, "Tip", None) == obj else None
