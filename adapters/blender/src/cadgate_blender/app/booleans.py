"""Booleans that are applied immediately, by a solver that gives a correct result."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Generator, NamedTuple

import bpy
import numpy

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_blender.app import limits, modifiers, operand_materials, own_normals, probe, removal, staging, versions
from cadgate_blender.app.describe import world_matrix
from cadgate_blender.app.objects import remove
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.verification import booleans as verification
from cadgate_blender.app.verification.solids import Solid

_ATTEMPTS = {
    "exact": (("exact", False), ("exact", True), ("fast", False)),
    "fast": (("fast", False), ("exact", False), ("exact", True)),
}
"""Solver, and whether it looks for self-intersection, which finds more and takes ten times as long."""

_AFFORDABLE = 60_000
"""The number of triangles of both meshes up to which the counterpart is also computed, with `verify: "fast"`."""


class _Operands(NamedTuple):
    """Two objects without modifiers, both in the first one's own coordinates, and their meshes as solids."""

    first: Any
    second: Any
    solids: tuple[Solid, Solid]
    names: tuple[str, str]
    slots: int
    """Of the first, before it got those of the other."""


@method("objects.boolean")
@precise()
def boolean(
    *, name: str, object: str, operation: str, solver: str, delete_other: bool, verify: str | None
) -> dict[str, Any]:
    """Replace the mesh of `name` by its combination with `object`, with the modifiers of both applied."""
    obj, other = modifiers.find_mesh(name), modifiers.find_mesh(object)
    if obj == other:
        raise AppError("validation_error", f"{name!r} cannot be combined with itself: name two objects")
    if obj.data.shape_keys is not None:
        raise AppError("conflict", f"{name!r} has shape keys, which cannot be combined")
    modifiers.check(obj, "boolean", {"object": object})
    with _operands(obj, other, materials=True) as operands:
        mesh = _combined(operands, operation, solver, verify or limits.verify())
    try:
        about_to_change(lambda: index.described(obj)["revision"])
    except BaseException:
        removal.remove_trial(mesh)
        raise
    if not len(obj.modifiers) and _same_points(mesh, obj.data):
        warn("no_effect", f"{object!r} does not change {name!r}: the {operation} has no effect")
        removal.remove_trial(mesh)
    else:
        obj.modifiers.clear()
        modifiers.replace_mesh(obj, mesh)
    if delete_other:
        remove(other)
    return index.changed(obj, visible=index.visibility(obj))


def applied(obj: Any, modifier: Any) -> Any:
    """Return a new mesh: the object's own, without other modifiers, combined as its boolean modifier says."""
    # As it is shown: the fast solver, and a modifier that goes by the order of the slots, leave materials out.
    materials = modifier.material_mode == "TRANSFER" and versions.get_solver(modifier) == "exact"
    with _operands(obj, modifier.object, keep=lambda each: False, materials=materials) as operands:
        return _combined(operands, modifier.operation.lower(), versions.get_solver(modifier), limits.verify())


def warn_of_live(obj: Any, modifier: Any) -> None:
    """Warn if a boolean modifier, in its place in the stack, shows a wrong combination."""
    flat = any(abs(world_matrix(each).determinant()) < 1e-30 for each in (obj, modifier.object))
    if flat or obj.type != "MESH":
        return
    before = {each.name for each in obj.modifiers[: obj.modifiers.find(modifier.name)]}
    with _operands(obj, modifier.object, keep=lambda each: each.name in before, turned=False) as operands:
        if not all(solid.closed and solid.volume > 0 for solid in operands.solids):
            return
        solver, operation = versions.get_solver(modifier), modifier.operation.lower()
        mesh, wrong, _ = _attempt(operands, operation, solver, modifier.use_self, "fast")
        removal.remove_trial(mesh)
    if wrong is not None:
        warn(
            "wrong_result",
            f"The result of {modifier.name!r} on {obj.name!r} is wrong ({wrong}): choose the other solver, or "
            "apply it, which tries all solvers",
        )


@contextmanager
def _operands(
    obj: Any,
    other: Any,
    *,
    keep: Callable[[Any], bool] = lambda modifier: True,
    turned: bool = True,
    materials: bool = False,
) -> Generator[_Operands, None, None]:
    """Prepare the operands. Raises AppError for flat objects, whose coordinates cannot be converted back.

    `keep` selects the modifiers of the first that are in effect; `turned` says whether to turn what is inside out, and
    `materials` whether faces of the other keep theirs.
    """
    frames = [world_matrix(each).copy() for each in (obj, other)]
    for each, frame in zip((obj, other), frames):
        if abs(frame.determinant()) < 1e-30:
            raise AppError(
                "validation_error",
                f"{each.name!r} has a scale of 0 along an axis, so it encloses nothing: set another scale first",
                {"object": each.name},
            )
    meshes: list[Any] = []
    copies: list[Any] = []
    try:
        meshes.append(probe.copy_of_mesh(obj, keep=keep))
        meshes.append(probe.copy_of_mesh(other, keep=lambda modifier: modifier.show_viewport))
        slots = len(meshes[0].materials)
        if materials:
            operand_materials.bring_together(obj, meshes[0], other, meshes[1])
        turn = frames[0].inverted() @ frames[1]
        own_normals.transform(meshes[1], turn)
        solids: list[Solid] = []
        for each, mesh in zip((obj, other), meshes):
            solid = Solid(mesh)
            if solid.closed and solid.volume < 0:
                done = "they were turned for the boolean" if turned else "turn them, or apply the modifier, which does"
                warn("inverted_normals", f"The faces of {each.name!r} face inwards: {done}")
                if turned:
                    own_normals.turn_faces(mesh, with_normals=True)
                    solid = Solid(mesh)
            solids.append(solid)
            copies.append(probe.bare_copy(each, mesh))
        # The fast solver takes them by number, as if they were the first one's.
        copies[1].vertex_groups.clear()
        if materials:
            for slot in (slot for copy in copies for slot in copy.material_slots):
                slot.link = "DATA"
        yield _Operands(copies[0], copies[1], (solids[0], solids[1]), (obj.name, other.name), slots)
    finally:
        for copy in copies:
            removal.remove_unlinked(copy)
        for mesh in meshes:
            removal.remove_trial(mesh)


# --- computing and checking ---------------------------------------------------------------------------------------


def _combined(operands: _Operands, operation: str, solver: str, verify: str) -> Any:
    """Return a new mesh with faces. Raises AppError if it would have none, or if no result is right."""
    # What is taken away leaves its faces turned round.
    carried = own_normals.carry([operands.first.data, operands.second.data], [False, operation == "difference"])
    mesh = _best(operands, operation, solver, verify)
    if len(mesh.polygons):
        if carried:
            own_normals.put_back(mesh)
        operand_materials.drop_unused(mesh, operands.slots)
        return mesh
    removal.remove_trial(mesh)
    name, other = operands.names
    raise AppError(
        "degenerate_result",
        f"The {operation} of {name!r} and {other!r} is empty: nothing was changed",
        {"operation": operation},
    )


def _best(operands: _Operands, operation: str, solver: str, verify: str) -> Any:
    """Return the first result that the check confirms, as a new mesh. Raises AppError if there is none."""
    first, second = operands.solids
    rims = [name for name, solid in zip(operands.names, operands.solids) if not solid.closed]
    if rims:
        listed = " and ".join(repr(name) for name in rims)
        warn(
            "open_mesh",
            f"{listed} {'is' if len(rims) == 1 else 'are'} not closed, so inside and outside are uncertain: the "
            f"{operation} could not be checked",
        )
        return _make(operands, [(operation, solver, solver == "exact")])[0]
    problem, uncertain = "", None
    for way, use_self in _ATTEMPTS[solver]:
        mesh, wrong, gap = _attempt(operands, operation, way, use_self, verify)
        if wrong is None and gap is None:
            _discard(uncertain)
            _warn_of_solver(solver, way, problem)
            if verification.encloses_nothing(Solid(mesh)):
                # If two only touch, some solvers leave the sheet in between.
                mesh.clear_geometry()
            return mesh
        problem = problem or wrong or gap or ""
        if wrong is None and uncertain is None:
            uncertain = mesh
        else:
            _discard(mesh)
    if uncertain is not None:
        # Volumes count self-overlaps twice, and the counterpart may be the wrong one.
        if verification.misplaced(operation, first, second, Solid(uncertain), "full") is None:
            return uncertain
        _discard(uncertain)
    name, other = operands.names
    raise AppError(
        "degenerate_result",
        f"Blender's solvers give no correct {operation} of {name!r} and {other!r} ({problem}): nothing was changed. "
        "Move or scale one of them a little, so that touching faces overlap or are apart",
        {"operation": operation, "problem": problem},
    )


def _discard(mesh: Any) -> None:
    if mesh is not None:
        removal.remove_trial(mesh)


def _warn_of_solver(asked: str, used: str, problem: str) -> None:
    if used != asked:
        warn("other_solver", f"The {asked} solver's result was wrong ({problem}); this is that of the {used} solver")


def _attempt(
    operands: _Operands, operation: str, solver: str, use_self: bool, verify: str
) -> tuple[Any, str | None, str | None]:
    """Return a new mesh, which of its points are wrong, and which volumes do not add up."""
    first, second = operands.solids
    ways = [(operation, solver, use_self)]
    affordable = len(first.triangles) + len(second.triangles) <= _AFFORDABLE
    if not use_self and (verify == "full" or (affordable and not verification.covers(first, second))):
        ways.append((verification.counterpart(operation), solver, use_self))
    made = _make(operands, ways)
    result = Solid(made[0])
    gap = verification.volume_gap(operation, first, second, result, Solid(made[1])) if len(made) > 1 else None
    for other in made[1:]:
        removal.remove_trial(other)
    return made[0], verification.misplaced(operation, first, second, result, verify), gap


def _make(operands: _Operands, ways: list[tuple[str, str, bool]]) -> list[Any]:
    """Return a new mesh for each operation, solver and `use_self`."""
    copies: list[Any] = []
    meshes: list[Any] = []
    try:
        for operation, solver, use_self in ways:
            copy = operands.first.copy()
            copies.append(copy)
            made = copy.modifiers.new("Boolean", "BOOLEAN")
            made.object = operands.second
            made.operation = operation.upper()
            versions.set_solver(made, solver)
            made.use_self = use_self
        with staging.evaluated([operands.second, *copies]) as depsgraph:
            for copy in copies:
                # Do not use `preserve_all_data_layers`, which evaluates it again: the operands' layers are there.
                meshes.append(bpy.data.meshes.new_from_object(copy.evaluated_get(depsgraph)))
        limits.check("The number of vertices of the result", len(meshes[0].vertices), "max_vertices")
    except BaseException as error:
        for mesh in meshes:
            removal.remove_trial(mesh)
        if isinstance(error, RuntimeError):
            raise AppError("command_failed", f"Blender could not evaluate the boolean: {error}") from error
        raise
    finally:
        for copy in copies:
            removal.remove_unlinked(copy)
    return meshes


def _same_points(one: Any, other: Any) -> bool:
    """Return whether two meshes have the same points and as many faces, in any order."""
    if (len(one.vertices), len(one.polygons)) != (len(other.vertices), len(other.polygons)):
        return False
    return bool(numpy.allclose(_points(one), _points(other), atol=1e-6))


def _points(mesh: Any) -> Any:
    values = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", values)
    points = values.reshape(-1, 3).round(5)
    return points[numpy.lexsort(points.T)]
