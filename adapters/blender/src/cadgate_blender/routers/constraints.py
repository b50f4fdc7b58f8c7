"""Routes of constraints."""

from __future__ import annotations

from cadgate.plugin import Deleted, Router, Success
from cadgate_blender.models.constraints import (
    ADD,
    LIST,
    REMOVE,
    UPDATE,
    Constraint,
    ConstraintAddress,
    ConstraintInfo,
    ConstraintList,
    ConstraintParams,
    ConstraintPatch,
    ConstraintUpdate,
    ObjectOfConstraints,
)
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/objects/{name:name}/constraints", ADD, status_code=201, errors=(412,))
async def add_constraint(name: str, constraint: Constraint, blender: Blender) -> Success[ConstraintInfo]:
    """Add a constraint by type with its settings, after the existing ones.

    A target that depends on the object itself, through parents or constraints, is refused.
    """
    return Success(await blender.call(ADD, ConstraintParams(object=name, constraint=constraint)))


@router.operation("GET", "/objects/{name:name}/constraints", LIST)
async def list_constraints(name: str, blender: Blender) -> Success[ConstraintList]:
    """List an object's constraints with their settings, in the order in which they take effect."""
    return Success(await blender.call(LIST, ObjectOfConstraints(object=name)))


@router.operation("PATCH", "/objects/{name:name}/constraints/{constraint:name}", UPDATE, errors=(412,))
async def update_constraint(
    name: str, constraint: str, patch: ConstraintPatch, blender: Blender
) -> Success[ConstraintInfo]:
    """Change settings of a constraint, its influence, or whether it is enabled."""
    return Success(await blender.call(UPDATE, ConstraintUpdate(object=name, constraint=constraint, settings=patch)))


@router.operation("DELETE", "/objects/{name:name}/constraints/{constraint:name}", REMOVE, errors=(412,))
async def remove_constraint(name: str, constraint: str, blender: Blender) -> Success[Deleted]:
    """Remove a constraint; the object goes back to its own location, rotation and scale."""
    return Success(await blender.call(REMOVE, ConstraintAddress(object=name, constraint=constraint)))
