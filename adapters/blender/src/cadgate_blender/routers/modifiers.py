"""Routes of modifiers."""

from __future__ import annotations

from cadgate.plugin import Deleted, Router, Success
from cadgate_blender.models.modifiers import (
    ADD,
    APPLY,
    LIST,
    REMOVE,
    UPDATE,
    Modifier,
    ModifierAddress,
    ModifierInfo,
    ModifierList,
    ModifierParams,
    ModifierPatch,
    ModifierUpdate,
    ObjectOfModifiers,
)
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/objects/{name:name}/modifiers", ADD, status_code=201, errors=(412,))
async def add_modifier(name: str, modifier: Modifier, blender: Blender) -> Success[ObjectInfo]:
    """Add a modifier by type with its settings, after the existing ones."""
    return Success(await blender.call(ADD, ModifierParams(object=name, modifier=modifier)))


@router.operation("GET", "/objects/{name:name}/modifiers", LIST)
async def list_modifiers(name: str, blender: Blender) -> Success[ModifierList]:
    """List an object's modifiers with their settings, in the order in which they are applied."""
    return Success(await blender.call(LIST, ObjectOfModifiers(object=name)))


@router.operation("PATCH", "/objects/{name:name}/modifiers/{modifier:name}", UPDATE, errors=(412,))
async def update_modifier(name: str, modifier: str, patch: ModifierPatch, blender: Blender) -> Success[ModifierInfo]:
    """Change settings of a modifier, or whether it is active."""
    return Success(await blender.call(UPDATE, ModifierUpdate(object=name, modifier=modifier, settings=patch)))


@router.operation("DELETE", "/objects/{name:name}/modifiers/{modifier:name}", REMOVE, errors=(412,))
async def remove_modifier(name: str, modifier: str, blender: Blender) -> Success[Deleted]:
    """Remove a modifier without applying it."""
    return Success(await blender.call(REMOVE, ModifierAddress(object=name, modifier=modifier)))


@router.operation("POST", "/objects/{name:name}/modifiers/{modifier:name}/apply", APPLY, errors=(412,))
async def apply_modifier(name: str, modifier: str, blender: Blender) -> Success[ObjectInfo]:
    """Make the effect of a modifier part of the mesh, and remove it."""
    return Success(await blender.call(APPLY, ModifierAddress(object=name, modifier=modifier)))
