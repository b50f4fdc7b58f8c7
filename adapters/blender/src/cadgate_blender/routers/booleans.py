"""The route of booleans that are applied immediately."""

from __future__ import annotations

from cadgate.plugin import Router, Success
from cadgate_blender.models.booleans import BOOLEAN, BooleanOptions, BooleanParams
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("POST", "/objects/{name:name}/boolean", BOOLEAN, errors=(412,))
async def boolean(name: str, options: BooleanOptions, blender: Blender) -> Success[ObjectInfo]:
    """Replace an object's mesh by its difference, union or intersection with another one's.

    The modifiers of both are applied in the result, and faces keep their materials. An empty result is refused, and
    changes nothing. The result is checked: points near the surfaces must be inside or outside as the operation
    requires, and volumes must add up. If they do not, the other solver is tried; if neither is right, the answer is
    422 `degenerate_result`.
    """
    return Success(await blender.call(BOOLEAN, addressed(BooleanParams, options, name=name)))
