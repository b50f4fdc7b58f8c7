"""The route of baking, and how the gateway bakes: a copy of the scene, a worker, an image that the session takes up."""

from __future__ import annotations

from typing import Any

from cadgate.plugin import Application, Handler, Router, Success
from cadgate_blender.models.baking import BAKE, Baked, BakeOptions, BakeParams
from cadgate_blender.routers.addressed import addressed
from cadgate_blender.routers.blender import Blender
from cadgate_blender.routers.rendering import check_size

router = Router()


async def _bake(app: Application, params: BakeParams) -> Baked:
    check_size(app, params.size, params.size, params.samples)
    async with app.stage(params.output, default="bake", suffix=".png") as staged:
        scene_path = str(staged.folder / ".scene.blend")
        about = {"object": params.object, "kind": params.kind, "map": params.map, "sources": params.sources}
        checked = await app.send("internal.bake_scene", {"path": scene_path, **about})
        wire = params.model_dump(mode="json", include={"size", "samples", "margin", "extrusion"})
        async with app.worker() as worker:
            made = await worker.send(
                "internal.bake",
                {**about, **wire, "map": checked["map"], "scene_path": scene_path, "path": str(staged.path)},
            )
        used: dict[str, Any] = {"image": None, "materials": list[str]()}
        if params.use:
            name = params.name or f"{params.object} {params.kind}"[:63]
            used = await app.send(
                "internal.bake_use",
                {**about, "map": checked["map"], "path": str(staged.path), "name": name},
                mutates=True,
            )
        artifact = await staged.commit()
    warnings = [*checked.get("warnings", []), *made.get("warnings", []), *used.get("warnings", [])]
    return Baked.model_validate(
        {
            **{field: made[field] for field in ("width", "height", "seconds")},
            **{field: used[field] for field in ("image", "materials")},
            "artifact": artifact,
            "object": params.object,
            "kind": params.kind,
            "map": checked["map"],
            "warnings": warnings,
        }
    )


BAKE_HANDLER = Handler(BAKE, _bake)


@router.operation("POST", "/objects/{name:name}/bake", BAKE, errors=(412,))
async def bake_object(name: str, options: BakeOptions, blender: Blender) -> Success[Baked]:
    """Bake occlusion, normals, colours or light of a mesh to an image, which its materials and exports use.

    It runs alongside the session, by Cycles. The mesh needs a UV map (`POST …/uv` makes one) and a material. A material
    that other objects use too is copied first, with the warning `material_copied`.
    """
    return Success(await blender.call(BAKE, addressed(BakeParams, options, object=name)))
