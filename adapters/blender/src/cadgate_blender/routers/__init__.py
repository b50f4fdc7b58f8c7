"""Routes of the Blender adapter, one module per resource; the gateway adds prefix, tag and operation ids."""

from __future__ import annotations

from cadgate.plugin import APIRouter
from cadgate_blender.routers import (
    animation,
    baking,
    booleans,
    camera,
    collections,
    constraints,
    data,
    evaluated,
    exchange,
    frames,
    joining,
    light,
    look,
    materials,
    mesh_operations,
    meshes,
    modifiers,
    node_groups,
    objects,
    operators,
    primitives,
    rendering,
    scene,
    splines,
    studio,
    uv,
)

_MODULES = (
    primitives,
    splines,
    meshes,
    objects,
    modifiers,
    node_groups,
    evaluated,
    booleans,
    joining,
    mesh_operations,
    animation,
    constraints,
    uv,
    baking,
    materials,
    light,
    camera,
    collections,
    scene,
    operators,
    studio,
    data,
    rendering,
    look,
    exchange,
    frames,
)

ROUTERS: list[APIRouter] = [module.router for module in _MODULES]
