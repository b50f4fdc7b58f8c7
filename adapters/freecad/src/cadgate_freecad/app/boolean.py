"""Boolean operations: recomputed, then verified. An empty result is refused; one without effect gets a warning."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, warn
from cadgate_freecad.app import shapes, values, versions
from cadgate_freecad.app.creation import Slot, create, hide
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import problem
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.operands import inputs_of
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.verification import booleans
from cadgate_freecad.app.verification.booleans import Outcome, same, size


@creating("boolean.union")
def union(*, object1: Any, object2: Any, objects: Any, operation: str | None, **common: Any) -> dict[str, Any]:
    operands = _operands(object1, object2, objects)
    if len(operands) == 2:
        kind, base, properties = "Part::Fuse", "Fusion", {"Base": operands[0], "Tool": operands[1]}
    else:
        kind, base, properties = "Part::MultiFuse", "Fusion", {"Shapes": operands}
    return _create(kind, base, properties, operands, common)


@creating("boolean.subtract")
def subtract(*, object1: Any, object2: Any, objects: Any, operation: str | None, **common: Any) -> dict[str, Any]:
    operands = _operands(object1, object2, objects)

    def properties(document: Any) -> dict[str, Any]:
        return {"Base": operands[0], "Tool": operands[1] if len(operands) == 2 else _fused(document, operands[1:])}

    return _create("Part::Cut", "Cut", properties, operands, common)


@creating("boolean.intersect")
def intersect(*, object1: Any, object2: Any, objects: Any, operation: str | None, **common: Any) -> dict[str, Any]:
    operands = _operands(object1, object2, objects)
    if len(operands) == 2:
        return _create("Part::Common", "Common", {"Base": operands[0], "Tool": operands[1]}, operands, common)
    if versions.INTERSECTS_ALL:
        return _create("Part::MultiCommon", "Common", {"Shapes": operands}, operands, common)

    def properties(document: Any) -> dict[str, Any]:
        return {"Base": _intersected(document, operands[:-1]), "Tool": operands[-1]}

    return _create("Part::Common", "Common", properties, operands, common)


def _operands(object1: str | None, object2: str | None, objects: list[str] | None) -> list[Any]:
    """Return the operands as objects. Raises AppError for a missing one and for one without a usable shape."""
    document = target()
    named = [(f"objects.{i}", name) for i, name in enumerate(objects)] if objects is not None else []
    named = named or [("object1", object1), ("object2", object2)]
    found = [(field, find(document, str(name))) for field, name in named]
    for field, obj in found:
        shape = shapes.shape_of(obj)
        if shape is None:
            raise values.invalid(field, f"{obj.Name!r} ({obj.TypeId}) has no shape to work with")
        wrong = problem(obj)
        if wrong is not None:
            raise values.invalid(field, wrong)
        if not shape.Faces:
            raise values.invalid(field, f"{obj.Name!r} has neither a solid nor a face")
    return [obj for _, obj in found]


def _fused(document: Any, tools: list[Any]) -> Any:
    """Make one hidden object of several tools, because FreeCAD cuts one tool at a time."""
    fusion = Slot(document, "Tools", None, "error").fill("Part::MultiFuse", None)
    fusion.Shapes = inputs_of(tools, tools)
    recompute(fusion)
    booleans.check_object(fusion)
    hide([*tools, fusion])
    return fusion


def _intersected(document: Any, operands: list[Any]) -> Any:
    """Make a hidden object of what several operands share, two at a time."""
    base = operands[0]
    for tool in operands[1:]:
        shared = Slot(document, "Shared", None, "error").fill("Part::Common", None)
        inputs = inputs_of({"Base": base, "Tool": tool}, [base, tool])
        shared.Base, shared.Tool = inputs["Base"], inputs["Tool"]
        recompute(shared)
        if size(shared.Shape) <= 0:
            raise AppError(
                "degenerate_result",
                f"The result of {_names(operands)} would be empty: they have no volume in common. Nothing was changed",
                {"operands": [each.Name for each in operands], "reason": "empty"},
            )
        booleans.check_object(shared)
        hide([base, tool, shared])
        base = shared
    return base


def _create(kind: str, base: str, properties: Any, operands: list[Any], common: dict[str, Any]) -> dict[str, Any]:
    level = common.pop("verify")

    def verify(obj: Any) -> None:
        made = booleans.outcome(obj)
        if made is None:
            raise AppError("degenerate_result", f"The result of {_names(operands)} has no shape: nothing was changed")
        if size(made.result) <= 0:
            booleans.check(made, level=level, sure=True)
            raise AppError(
                "degenerate_result",
                f"The result of {_names(operands)} would be empty: {_why_empty(made)}. Nothing was changed",
                {"operands": [each.Name for each in operands], "reason": "empty"},
            )
        if not booleans.is_valid(made, level=level):
            raise booleans.failed(made, "its result is not a valid shape")
        booleans.check(made, level=level)
        _warn(made)
        hide(operands)

    def placed(document: Any) -> Any:
        return inputs_of(properties(document) if callable(properties) else properties, operands)

    try:
        return create(kind, base, placed, check=verify, keep=operands, **common)
    except AppError as error:
        raise booleans.blamed(error, kind, [each.Name for each in operands]) from None


def _why_empty(made: Outcome) -> str:
    """Return the reason in words, once the emptiness is proved."""
    if made.operation == "cut":
        return "all of object1 lies inside what is cut off"
    if len(made.operands) > 2:
        return "they have no volume in common"
    first, second = made.operands
    gap = first.distToShape(second)[0]
    return f"they are {gap:g} mm apart" if gap > 0 else "they touch, but share no volume"


def _warn(made: Outcome) -> None:
    """Warn if the operation did nothing, or left pieces; an equal volume is only a hint of that."""
    result, sizes = size(made.result), [size(each) for each in made.operands]
    first, others = made.operands[0], made.operands[1:]
    if made.operation == "cut":
        if same(result, sizes[0]) and not any(size(first.common(each)) > 0 for each in others):
            warn("no_effect", "Nothing was cut: object2 does not reach into object1")
    elif made.operation == "common":
        if same(result, sizes[0]) and not any(size(first.cut(each)) > 0 for each in others):
            warn("no_effect", "The intersection is the same as object1: it lies inside the other operands")
    elif same(result, max(sizes)) and not _adds(made, sizes.index(max(sizes))):
        warn("no_effect", "The union is the same as its largest operand: the others lie inside it")
    elif len(made.result.Solids) > 1:
        solids = len(made.result.Solids)
        warn("disjoint", f"The operands do not all touch: the union consists of {solids} separate solids")


def _adds(made: Outcome, largest: int) -> bool:
    """Return whether any operand extends beyond the largest one."""
    whole = made.operands[largest]
    return any(size(each.cut(whole)) > 0 for number, each in enumerate(made.operands) if number != largest)


def _names(objects: list[Any]) -> str:
    return " and ".join(repr(obj.Name) for obj in objects)
