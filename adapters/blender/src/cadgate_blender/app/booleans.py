"""Booleans that are applied at once, by the solver that gives a right result."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Generator, NamedTuple

import bpy
import numpy

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_blender.app import limits, modifiers, probe, removal, versions
from cadgate_blender.app.describe import world_matrix
from cadgate_blender.app.objects import remove
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.verification import booleans as verification
from cadgate_blender.app.verification.solids import Solid

_ATTEMPTS = {
    "exact": (("exact", False), ("exact", True), ("fast", False)),
    "fast": (("fast", False), ("exact", False), ("exact", True)),
}
"""Solver, and whether it looks for what of one mesh touches itself: that finds more, and takes ten times as long."""

_AFFORDABLE = 60_000
"""Triangles of both meshes up to which the counterpart is made too, with `verify: "fast"`."""


class _Operands(NamedTuple):
    """Two objects with no modifiers, both in the first one's own coordinates, and what their meshes are as solids."""

    first: Any
    second: Any
    solids: tuple[Solid, Solid]
    names: tuple[str, str]


@method("objects.boolean")
@precise()
def boolean(
    *, name: str, object: str, operation: str, solver: str, delete_other: bool, verify: str | None
) -> dict[str, Any]:
    """Replace the mesh of `name` by its combination with `object`, the modifiers of both applied."""
    obj, other = modifiers.find_mesh(name), modifiers.find_mesh(object)
    if obj == other:
        raise AppError("validation_error", f"{name!r} cannot be combined with itself: name two objects")
    if obj.data.shape_keys is not None:
        raise AppError("conflict", f"{name!r} has shape keys, and those cannot be combined")
    modifiers.check(obj, "boolean", {"object": object})
    with _operands(obj, other) as operands:
        mesh = _combined(operands, operation, solver, verify or limits.verify())
    try:
        about_to_change(index.described(obj)["revision"])
    except BaseException:
        removal.remove_data(mesh)
        raise
    if not len(obj.modifiers) and _same_points(mesh, obj.data):
        warn("no_effect", f"{object!r} does not change {name!r}: the {operation} has no effect")
        removal.remove_data(mesh)
    else:
        obj.modifiers.clear()
        modifiers.replace_mesh(obj, mesh)
    if delete_other:
        remove(other)
    return index.changed(obj)


def applied(obj: Any, modifier: Any) -> Any:
    """A new mesh: the object's own, without other modifiers, combined as its boolean modifier says."""
    with _operands(obj, modifier.object, keep=lambda each: False) as operands:
        return _combined(operands, modifier.operation.lower(), versions.get_solver(modifier), limits.verify())


def warn_of_live(obj: Any, modifier: Any) -> None:
    """Warn where a boolean modifier, as it stands in the stack, shows what is no such combination."""
    flat = any(abs(world_matrix(each).determinant()) < 1e-30 for each in (obj, modifier.object))
    if flat or obj.type != "MESH":
        return
    before = {each.name for each in obj.modifiers[: obj.modifiers.find(modifier.name)]}
    with _operands(obj, modifier.object, keep=lambda each: each.name in before, turned=False) as operands:
        if not all(solid.closed and solid.volume > 0 for solid in operands.solids):
            return
        solver, operation = versions.get_solver(modifier), modifier.operation.lower()
        mesh, wrong, _ = _attempt(operands, operation, solver, modifier.use_self, "fast")
        removal.remove_data(mesh)
    if wrong is not None:
        warn(
            "wrong_result",
            f"What {modifier.name!r} makes of {obj.name!r} is wrong ({wrong}): choose the other solver, or apply it, "
            "which tries all solvers",
        )


@contextmanager
def _operands(
    obj: Any, other: Any, *, keep: Callable[[Any], bool] = lambda modifier: True, turned: bool = True
) -> Generator[_Operands, None, None]:
    """Raises AppError for objects that are flat: their coordinates have no way back.

    `keep` says which modifiers of the first are in effect, `turned` whether what is inside out is turned.
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
        turn = frames[0].inverted() @ frames[1]
        meshes[1].transform(turn)
        if turn.determinant() < 0:
            meshes[1].flip_normals()
        solids: list[Solid] = []
        for each, mesh in zip((obj, other), meshes):
            solid = Solid(mesh)
            if solid.closed and solid.volume < 0:
                done = "they were turned for the boolean" if turned else "turn them, or apply the modifier, which does"
                warn("inverted_normals", f"The faces of {each.name!r} look inwards: {done}")
                if turned:
                    mesh.flip_normals()
                    solid = Solid(mesh)
            solids.append(solid)
            copies.append(probe.bare_copy(each, mesh))
        yield _Operands(copies[0], copies[1], (solids[0], solids[1]), (obj.name, other.name))
    finally:
        for copy in copies:
            removal.remove_unlinked(copy)
        for mesh in meshes:
            removal.remove_data(mesh)


# --- making it, and looking at it ----------------------------------------------------------------------------------


def _combined(operands: _Operands, operation: str, solver: str, verify: str) -> Any:
    """A new mesh, which has faces. Raises AppError where it would have none, or none is right."""
    mesh = _best(operands, operation, solver, verify)
    if len(mesh.polygons):
        return mesh
    removal.remove_data(mesh)
    name, other = operands.names
    raise AppError(
        "degenerate_result",
        f"The {operation} of {name!r} and {other!r} is empty: nothing was changed",
        {"operation": operation},
    )


def _best(operands: _Operands, operation: str, solver: str, verify: str) -> Any:
    """The first result that a second look confirms, as a new mesh. Raises AppError where there is none."""
    first, second = operands.solids
    rims = [name for name, solid in zip(operands.names, operands.solids) if not solid.closed]
    if rims:
        told = " and ".join(repr(name) for name in rims)
        warn(
            "open_mesh",
            f"{told} {'is' if len(rims) == 1 else 'are'} not closed, so that inside and outside are not certain: the "
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
                # Where two only touch, some solvers leave the sheet in between.
                mesh.clear_geometry()
            return mesh
        problem = problem or wrong or gap or ""
        if wrong is None and uncertain is None:
            uncertain = mesh
        else:
            _discard(mesh)
    if uncertain is not None:
        # Volumes count twice what of one mesh overlaps itself, and the counterpart may be what is wrong.
        if verification.misplaced(operation, first, second, Solid(uncertain), "full") is None:
            return uncertain
        _discard(uncertain)
    name, other = operands.names
    raise AppError(
        "degenerate_result",
        f"Blender's solvers give no right {operation} of {name!r} and {other!r} ({problem}): nothing was changed. Move "
        "or scale one of them a little, so that faces that touch overlap or stand apart",
        {"operation": operation, "problem": problem},
    )


def _discard(mesh: Any) -> None:
    if mesh is not None:
        removal.remove_data(mesh)


def _warn_of_solver(asked: str, used: str, problem: str) -> None:
    if used != asked:
        warn("other_solver", f"The {asked} solver's result was wrong ({problem}); this is the {used} one's")


def _attempt(
    operands: _Operands, operation: str, solver: str, use_self: bool, verify: str
) -> tuple[Any, str | None, str | None]:
    """A new mesh, which points of it are wrong, and which volumes do not add up."""
    first, second = operands.solids
    ways = [(operation, solver, use_self)]
    affordable = len(first.triangles) + len(second.triangles) <= _AFFORDABLE
    if not use_self and (verify == "full" or (affordable and not verification.covers(first, second))):
        ways.append((verification.counterpart(operation), solver, use_self))
    made = _make(operands, ways)
    result = Solid(made[0])
    gap = verification.volume_gap(operation, first, second, result, Solid(made[1])) if len(made) > 1 else None
    for other in made[1:]:
        removal.remove_data(other)
    return made[0], verification.misplaced(operation, first, second, result, verify), gap


def _make(operands: _Operands, ways: list[tuple[str, str, bool]]) -> list[Any]:
    """A new mesh for each operation, solver and `use_self`."""
    scene = bpy.data.scenes.new("cadgate boolean")
    copies: list[Any] = []
    meshes: list[Any] = []
    try:
        scene.collection.objects.link(operands.second)
        for operation, solver, use_self in ways:
            copy = operands.first.copy()
            copies.append(copy)
            made = copy.modifiers.new("Boolean", "BOOLEAN")
            made.object = operands.second
            made.operation = operation.upper()
            versions.set_solver(made, solver)
            made.use_self = use_self
            scene.collection.objects.link(copy)
        layer = scene.view_layers[0]
        layer.update()
        for copy in copies:
            # Not with `preserve_all_data_layers`, which evaluates it a second time: the operands' layers are there.
            meshes.append(bpy.data.meshes.new_from_object(copy.evaluated_get(layer.depsgraph)))
        limits.check("The number of vertices of the result", len(meshes[0].vertices), "max_vertices")
    except BaseException as error:
        for mesh in meshes:
            removal.remove_data(mesh)
        if isinstance(error, RuntimeError):
            raise AppError("command_failed", f"Blender could not evaluate the boolean: {error}") from error
        raise
    finally:
        removal.remove_stage(scene, copies)
    return meshes


def _same_points(one: Any, other: Any) -> bool:
    """Whether two meshes have the same points and as many faces, in whatever order."""
    if (len(one.vertices), len(one.polygons)) != (len(other.vertices), len(other.polygons)):
        return False
    return bool(numpy.allclose(_points(one), _points(other), atol=1e-6))


def _points(mesh: Any) -> Any:
    values = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", values)
    points = values.reshape(-1, 3).round(5)
    return points[numpy.lexsort(points.T)]
