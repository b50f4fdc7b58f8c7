"""Boolean operations: recomputed, then checked for an empty, invalid, impossible or unchanged result."""

from __future__ import annotations

from typing import Any, Callable

from cadgate.appserver import AppError, method, warn
from cadgate_freecad.app import shapes, values
from cadgate_freecad.app.creation import Slot, create, hide, recompute
from cadgate_freecad.app.documents import target
from cadgate_freecad.app.info import problem
from cadgate_freecad.app.objects import find
from cadgate_freecad.app.operands import inputs_of

SAME = 1e-7
"""Relative: below it two volumes are the same."""


@method("boolean.union")
def union(*, object1: Any, object2: Any, objects: Any, operation: str | None, **common: Any) -> dict[str, Any]:
    operands = _operands(object1, object2, objects)
    if len(operands) == 2:
        kind, base, properties = "Part::Fuse", "Fusion", {"Base": operands[0], "Tool": operands[1]}
    else:
        kind, base, properties = "Part::MultiFuse", "Fusion", {"Shapes": operands}
    return _create(kind, base, properties, operands, _check_union, common)


@method("boolean.subtract")
def subtract(*, object1: Any, object2: Any, objects: Any, operation: str | None, **common: Any) -> dict[str, Any]:
    operands = _operands(object1, object2, objects)

    def properties(document: Any) -> dict[str, Any]:
        return {"Base": operands[0], "Tool": operands[1] if len(operands) == 2 else _fused(document, operands[1:])}

    return _create("Part::Cut", "Cut", properties, operands, _check_cut, common)


@method("boolean.intersect")
def intersect(*, object1: Any, object2: Any, objects: Any, operation: str | None, **common: Any) -> dict[str, Any]:
    operands = _operands(object1, object2, objects)
    if len(operands) == 2:
        kind, properties = "Part::Common", {"Base": operands[0], "Tool": operands[1]}
    else:
        kind, properties = "Part::MultiCommon", {"Shapes": operands}
    return _create(kind, "Common", properties, operands, _check_common, common)


def _operands(object1: str | None, object2: str | None, objects: list[str] | None) -> list[Any]:
    """The operands as objects. Raises AppError for a missing one and for one without a usable shape."""
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
    """One hidden object of several tools: FreeCAD cuts one tool at a time."""
    fusion = Slot(document, "Tools", None, "error").fill("Part::MultiFuse", None)
    fusion.Shapes = inputs_of(tools, tools)
    recompute(fusion)
    hide([*tools, fusion])
    return fusion


def _create(
    kind: str,
    base: str,
    properties: Any,
    operands: list[Any],
    check: Callable[[float, list[float], int], None],
    common: dict[str, Any],
) -> dict[str, Any]:
    sizes = [size(shapes.shape_of(obj)) for obj in operands]

    def verify(obj: Any) -> None:
        shape = obj.Shape
        result = size(shape)
        if result <= 0:
            raise AppError(
                "degenerate_result",
                f"The result of {_names(operands)} would be empty: nothing was changed",
                {"operands": [each.Name for each in operands]},
            )
        if not shape.isValid():
            raise AppError("degenerate_result", f"The result of {_names(operands)} is not a valid shape")
        check(result, sizes, len(shape.Solids))
        hide(operands)

    def placed(document: Any) -> Any:
        return inputs_of(properties(document) if callable(properties) else properties, operands)

    return create(kind, base, placed, check=verify, keep=operands, **common)


def size(shape: Any) -> float:
    """What a boolean of this shape is measured by: volume where it is solid, area where it has faces only."""
    if shape is None or shape.isNull():
        return 0.0
    return shapes.volume(shape) or (shape.Area if shape.Faces and not shape.Solids else 0.0)


def _check_union(result: float, sizes: list[float], solids: int) -> None:
    _within(result, max(sizes), sum(sizes))
    if same(result, max(sizes)):
        warn("no_effect", "The union is the same as its largest operand: the others lie inside it")
    elif solids > 1:
        warn("disjoint", f"The operands do not all touch: the union consists of {solids} separate solids")


def _check_cut(result: float, sizes: list[float], solids: int) -> None:
    _within(result, max(0.0, sizes[0] - sum(sizes[1:])), sizes[0])
    if same(result, sizes[0]):
        warn("no_effect", "Nothing was cut away: object2 does not reach into object1")


def _check_common(result: float, sizes: list[float], solids: int) -> None:
    _within(result, 0.0, min(sizes))
    if same(result, sizes[0]):
        warn("no_effect", "The intersection is the same as object1: it lies inside the other operands")


def _within(result: float, low: float, high: float) -> None:
    """Raise AppError where the volume is impossible: OCC may lose a part of a result and call it valid."""
    slack = 1e-6 * max(high, low)
    if not low - slack <= result <= high + slack:
        raise AppError(
            "degenerate_result",
            f"The result has {result:g} mm³, which is impossible ({low:g}…{high:g}): move an operand slightly",
            {"volume": result, "low": low, "high": high},
        )


def same(left: float, right: float) -> bool:
    return abs(left - right) <= SAME * max(abs(left), abs(right))


def _names(objects: list[Any]) -> str:
    return " and ".join(repr(obj.Name) for obj in objects)
