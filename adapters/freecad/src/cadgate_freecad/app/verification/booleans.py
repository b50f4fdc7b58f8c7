"""Checks booleans: by points next to all faces, by volumes that must add up, by the mesh."""

from __future__ import annotations

from typing import Any, Callable

from cadgate.appserver import AppError, warn
from cadgate_freecad.app import attributes, placed, shapes
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.verification import apart, columns, measured, meshes, scattered, shells, validity
from cadgate_freecad.app.verification.judging import LOOSE, Judge, Outcome
from cadgate_freecad.app.verification.points import area_is_plausible, beside
from cadgate_freecad.app.verification.sides import Facts, Side, facts

EXACT, APPROXIMATE, SUMS = 1e-6, 1e-4, 3e-3
"""Relative tolerances of volumes: with flat faces, with curved ones, and of sums of volumes with curved ones.

OpenCASCADE integrates over trimmed curved faces with a fixed number of points: two tori that cut each other are
measured to two parts in a thousand.
"""
UNCERTAIN = 0.03
"""Volumes that differ by less than this belong to a right shape, measured badly: a warning says so."""
APART = 1e-2
"""How far faces of a result may be apart at an edge, relative to its diagonal; above `LOOSE`, there is a warning."""
FLAT = ("Part::GeomPlane", "Part::GeomCylinder")
"""Faces on these have the area that their boundary gives them."""
MANY = 400
"""The number of faces above which not every one is checked, except with `full`."""
THOROUGH = 8
"""The number of places on each face that `full` checks."""


def size(shape: Any) -> float:
    """Return the measure of this shape for a boolean: volume if it is solid, area if it has only faces."""
    if shape is None or shape.isNull():
        return 0.0
    return shapes.volume(shape) or (shape.Area if shape.Faces and not shape.Solids else 0.0)


# --- the objects of a document ---------------------------------------------------------------------------------------


def _base_and_tool(obj: Any) -> list[Any]:
    return [attributes.prop(obj, "Base"), attributes.prop(obj, "Tool")]


_OPERANDS: dict[str, tuple[str, Callable[[Any], list[Any]]]] = {
    "Part::Cut": ("cut", _base_and_tool),
    "Part::Fuse": ("fuse", _base_and_tool),
    "Part::Common": ("common", _base_and_tool),
    "Part::MultiFuse": ("fuse", lambda obj: list(obj.Shapes)),
    "Part::MultiCommon": ("common", lambda obj: list(obj.Shapes)),
}
_ADDS = {"PartDesign::Pad": "fuse", "PartDesign::Pocket": "cut"}
"""Features of a body, which know what they add or remove in the body's coordinates."""


def outcome(obj: Any) -> Outcome | None:
    """Return what a boolean object made of which operands; None for other objects, or if an operand has no shape."""
    if obj.TypeId in _ADDS:
        base, tool = obj.BaseFeature, obj.AddSubShape
        before = None if base is None else _as_input(base)
        if base is None or before is None or tool.isNull() or not tool.Solids:
            return None
        return Outcome(_ADDS[obj.TypeId], [before, tool], obj.Shape, [base.Name, obj.Name])
    known = _OPERANDS.get(obj.TypeId)
    if known is None:
        return None
    inputs = known[1](obj)
    operands = [None if each is None else _as_input(each) for each in inputs]
    if not operands or any(each is None for each in operands):
        return None
    own = obj.Shape
    place = attributes.prop(obj, "Placement")
    if not place.isIdentity():
        own = own.transformed(place.inverse().toMatrix())
    return Outcome(known[0], operands, own, [each.Name for each in inputs])


def _as_input(obj: Any) -> Any | None:
    """Return the shape as FreeCAD passes it to what is made from it: in the coordinates of their common container."""
    return placed.shape_in(obj, None)


def check_object(obj: Any, *, level: str | None = None) -> None:
    """Raise AppError `degenerate_result` if `obj` is a boolean whose result is proved wrong."""
    made = outcome(obj)
    if made is not None:
        check(made, level=level)


def blamed(error: AppError, kind: str, names: list[str]) -> AppError:
    """Return the error to raise for one of a recompute: FreeCAD, from 1.0, finds some booleans invalid by itself."""
    if kind in _OPERANDS and error.details.get("reason") == "Resulting shape is invalid":
        return failed(Outcome(_OPERANDS[kind][0], [], None, names), "its result is not a valid shape")
    return error


def inputs(obj: Any) -> list[str]:
    """Return the names of what a boolean object is made from."""
    known = _OPERANDS.get(obj.TypeId)
    return [] if known is None else [each.Name for each in known[1](obj) if each is not None]


# --- the check -------------------------------------------------------------------------------------------------------


def check(made: Outcome, *, level: str | None = None, sure: bool = False) -> None:
    """Raise AppError `degenerate_result` if the result is proved wrong.

    `fast` checks points next to the faces, and others and the volumes if a face is not elementary, the result is empty
    or an operand had no effect; nothing of these if the operands are apart, and all of them are there. `full` always
    checks more points, the volumes and the mesh. `sure` makes `fast` check the volumes too.
    """
    full = is_full(level)
    operands = [facts(each) for each in made.operands]
    own = facts(made.result, operands)
    flat = all(each.is_flat for each in operands)
    simple = flat or all(each.is_elementary for each in operands)
    sizes = [size(each) for each in made.operands]
    result = size(made.result)
    _within(made, result, sizes, EXACT if flat else APPROXIMATE)
    _joined(made)
    if not full and same(result, sum(sizes)) and apart.is_proved(made.operation, operands, own):
        measured.warn_where_uncertain(made.result)
        return
    in_doubt = suspicious(result, sizes)
    wrong = mismatch(made, count=THOROUGH if full else 1 if simple else 2)
    if wrong is None and (in_doubt or not simple):
        wrong = scattered.mismatch(made, result, sizes, in_doubt=in_doubt)
    if wrong is None and not simple:
        wrong = columns.mismatch(made.operation, Judge(made))
    if wrong is not None:
        raise failed(made, wrong)
    sums = None
    many = sum(map(len, _to_look_at(made.operation, operands, own))) > MANY
    if full or sure or many or not simple or in_doubt:
        sums = disagreement(made, EXACT if flat else SUMS)
        if sums is not None:
            off, wrong = sums
            if off > UNCERTAIN * max(result, min(sizes)):
                raise failed(made, wrong)
            warn("uncertain_measures", f"OpenCASCADE measures this shape inexactly: {wrong}")
    if sums is None:
        measured.warn_where_uncertain(made.result)
    if full:
        wrong = meshes.problem(made.result)
        if wrong is not None:
            raise failed(made, wrong)


def is_full(level: str | None) -> bool:
    return (level or LIMITS.get("verify", "fast")) == "full"


def is_valid(made: Outcome, *, level: str | None = None) -> bool:
    """Return whether the result is a valid shape."""
    if made.result.isNull() or is_full(level):
        return bool(made.result.isValid())
    operands = [facts(each) for each in made.operands]
    own = facts(made.result, operands)
    if apart.is_proved(made.operation, operands, own):
        return validity.each_is_valid(own)
    return validity.is_valid(own, operands)


def suspicious(result: float, sizes: list[float]) -> bool:
    """Return whether nothing is left, or the result is exactly as large as one operand, or as all together."""
    return result <= 0 or any(same(result, each) for each in (*sizes, sum(sizes)))


def same(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-7 * max(abs(left), abs(right))


def failed(made: Outcome, wrong: str) -> AppError:
    """Return the error for a result that is proved wrong: it blames the kernel, not the request."""
    verb = {"cut": "subtraction", "fuse": "union", "common": "intersection"}[made.operation]
    named = " and ".join(map(repr, made.names[:5])) + (" and others" if len(made.names) > 5 else "")
    return AppError(
        "degenerate_result",
        f"OpenCASCADE fails at this {verb} of {named}: {wrong}. Nothing was changed. What may help: move or turn an "
        "operand slightly, let a tool reach beyond the surface instead of lying flush with it, make a helical profile "
        "a little higher or lower, or combine in smaller steps",
        {"operands": made.names, "operation": made.operation, "reason": "kernel_failed"},
    )


def _is_mixed(made: Outcome) -> bool:
    """Return whether some operands are solid and others have only faces."""
    return len({bool(each.Solids) for each in made.operands}) > 1


def _within(made: Outcome, result: float, sizes: list[float], precision: float) -> None:
    """Raise AppError if the volume is impossible; mixed areas and volumes have no bounds."""
    if _is_mixed(made):
        low, high = 0.0, sizes[0] if made.operation == "cut" else float("inf")
    elif made.operation == "cut":
        low, high = max(0.0, sizes[0] - sum(sizes[1:])), sizes[0]
    elif made.operation == "fuse":
        low, high = max(sizes), sum(sizes)
    else:
        low, high = 0.0, min(sizes)
    slack = precision * max(sizes)
    if result < low - slack or result > high + slack:
        raise failed(made, f"its result has {result:g} mm³, which is impossible ({low:g} to {high:g})")


def _joined(made: Outcome) -> None:
    """Raise AppError if the result holds together only by tolerances as large as its own parts."""
    if made.result.isNull() or not made.result.Faces:
        return
    shells.require_closed(made.result, made.operands, " and ".join(map(repr, made.names[:5])))
    gap, size_of_it = facts(made.result).tolerance, facts(made.result).diagonal
    # OpenCASCADE loosens the operands' own edges, too. Only splines come with gaps of their own.
    before = max((each.tolerance for each in map(facts, made.operands) if not each.is_elementary), default=0.0)
    if gap > max(APART * size_of_it, 2 * before):
        raise failed(made, f"the faces of its result are up to {gap:.2g} mm apart where they should meet")
    if gap > max(LOOSE * size_of_it, 2 * before):
        warn(
            "loose_faces", f"Faces of the result are up to {gap:.2g} mm apart where they meet, as OpenCASCADE made them"
        )


def mismatch(made: Outcome, count: int) -> str | None:
    """Find a point that the result contains but should not, or the reverse; None if all agree.

    `count` places on every face are tested.
    """
    judge = Judge(made)
    if not judge.can_judge:
        return None
    new, *faces = _to_look_at(made.operation, judge.operands, judge.own)
    total = len(new) + sum(map(len, faces))
    stride = 1
    if total > MANY:
        # With more faces, each question also takes longer. The volumes are then compared in addition.
        stride, count = (1 if count >= THOROUGH else -(-total // MANY)), 1
    kept = {id(side) for side in judge.own.sides}
    for face in new[::stride]:
        divides = all(map(judge.separates, beside(face, count, judge.margin)))
        wrong = None if divides else judge.at_face(face, count) or judge.buried(face, count)
        if wrong is None and face.kind not in FLAT and not area_is_plausible(face.face):
            wrong = f"a face of its result has an area of {face.face.Area:g} mm², which does not match its boundary"
        if wrong is not None:
            return wrong
    for operand in faces:
        for face in operand[::stride]:
            wrong = judge.at_face(face, count) or (judge.buried(face, count) if id(face) in kept else None)
            if wrong is not None:
                return wrong
    return None


def _to_look_at(operation: str, operands: list[Facts], result: Facts) -> list[list[Side]]:
    """Return the faces of the result that no operand has, and those of each operand where the result may be wrong.

    A kept face is checked as one of an operand's, unless it is far from all other operands.
    """
    old, kept = {id(side) for each in operands for side in each.sides}, {id(side) for side in result.sides}
    found = [[side for side in result.sides if id(side) not in old]]
    for number, operand in enumerate(operands):
        others = [box for index, each in enumerate(operands) if index != number for box in each.boxes]
        cuts = operation == "common" or (operation == "cut" and number > 0)
        found.append(
            [
                side
                for side in operand.sides
                if not (cuts or id(side) in kept) or any(_meet(box, side) for box in others)
            ]
        )
    return found


def _meet(box: Any, side: Side) -> bool:
    low_x, low_y, low_z, high_x, high_y, high_z = side.box
    return (
        low_x <= box.XMax
        and box.XMin <= high_x
        and low_y <= box.YMax
        and box.YMin <= high_y
        and low_z <= box.ZMax
        and box.ZMin <= high_z
    )


def disagreement(made: Outcome, slack: float) -> tuple[float, str] | None:
    """Return which volumes do not add up, and by how much; None if all do, or no second operation can show it.

    The second operation is itself checked by points: one that failed is no evidence against the first.
    """
    if made.operation == "common":
        return _parts_of_common(made, slack)
    if len(made.operands) != 2 or (made.operation == "fuse" and _is_mixed(made)):
        return None
    first, second = made.operands
    if attributes.box(first).intersect(attributes.box(second)):
        shared = first.common(second)
        if mismatch(Outcome("common", made.operands, shared, made.names), 1) is not None:
            return None
    else:
        shared = None
    a, b, both, result = size(first), size(second), size(shared), size(made.result)
    expected = a - both if made.operation == "cut" else a + b - both
    return _compared(result, expected, slack * min(a, b))


def _compared(result: float, expected: float, slack: float) -> tuple[float, str] | None:
    off = abs(result - expected)
    return None if off <= slack else (off, f"its result has {result:g} mm³, but its parts add up to {expected:g}")


def _parts_of_common(made: Outcome, slack: float) -> tuple[float, str] | None:
    """Check that the common part of two operands, and the first without the second, add up to the first."""
    if len(made.operands) != 2:
        return None
    first, second = made.operands
    left = first.cut(second)
    if mismatch(Outcome("cut", made.operands, left, made.names), 1) is not None:
        return None
    return _compared(size(made.result), size(first) - size(left), slack * min(size(first), size(second)))
