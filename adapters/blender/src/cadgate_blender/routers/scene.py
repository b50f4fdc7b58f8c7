"""Routes of the scene as a whole."""

from __future__ import annotations

from cadgate.plugin import Empty, Router, Success
from cadgate_blender.models.scene import CLEAR, GET, SceneCleared, SceneInfo
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/scene", GET)
async def get_scene(blender: Blender) -> Success[SceneInfo]:
    """Describe the scene: its objects in short, its camera, frames, engine and units."""
    return Success(await blender.call(GET, Empty()))


@router.operation("DELETE", "/scene", CLEAR)
async def clear_scene(blender: Blender) -> Success[SceneCleared]:
    """Remove every object, collection and material, and all data that nothing else uses.

    The world and the settings of the scene stay.
    """
    return Success(await blender.call(CLEAR, Empty()))
