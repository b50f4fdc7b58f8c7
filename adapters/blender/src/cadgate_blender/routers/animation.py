"""Routes of keyframes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Router, Success
from cadgate_blender.models.animation import (
    GET,
    KEY,
    REMOVE,
    AnimatedObject,
    AnimationInfo,
    Keys,
    KeysParams,
    RemovedKeys,
    RemoveKeysParams,
    RemoveKeysQuery,
)
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/objects/{name:name}/animation", GET)
async def get_animation(name: str, blender: Blender) -> Success[AnimationInfo]:
    """List the keyframe curves of an object, its data, its shape keys and its materials."""
    return Success(await blender.call(GET, AnimatedObject(object=name)))


@router.operation("POST", "/objects/{name:name}/animation", KEY, status_code=201, errors=(412,))
async def key_animation(name: str, keys: Keys, blender: Blender) -> Success[AnimationInfo]:
    """Key a property, named by its RNA path, at frames.

    Keys at other frames stay. The answer has the curves of this property, read back and evaluated at each key. Drivers
    and code are not made by this route.
    """
    return Success(await blender.call(KEY, addressed(KeysParams, keys, object=name)))


@router.operation("DELETE", "/objects/{name:name}/animation", REMOVE, errors=(412,))
async def remove_animation(
    name: str, query: Annotated[RemoveKeysQuery, Query()], blender: Blender
) -> Success[RemovedKeys]:
    """Remove an object's keyframes: all, those of one `path`, or those at one `frame`. The values stay as they are."""
    chosen = query.model_dump(include={"path", "index", "frame"}, exclude_none=True)
    return Success(await blender.call(REMOVE, RemoveKeysParams.model_validate({**chosen, "object": name})))
