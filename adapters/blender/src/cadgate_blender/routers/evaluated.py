"""The route of what Blender shows of an object."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.evaluated import EVALUATED, Evaluated, EvaluatedParams
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/objects/{name:name}/evaluated", EVALUATED)
async def get_evaluated(name: str, blender: Blender) -> Success[Evaluated]:
    """Count what an object's modifiers and nodes make of it, and list the attributes of the result."""
    return Success(await blender.call(EVALUATED, EvaluatedParams(object=name)))
