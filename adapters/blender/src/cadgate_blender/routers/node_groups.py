"""Routes of node groups, and how a file's groups come in: opened by a worker, without code, and appended."""

from __future__ import annotations

from typing import Annotated, cast

from anyio import to_thread
from fastapi import Depends, Query

from cadgate.plugin import (
    TRUSTABLE_BODY,
    Application,
    Deleted,
    Handler,
    IncomingFile,
    Page,
    Router,
    Success,
    UnsupportedFormat,
)
from cadgate_blender import incoming, limits
from cadgate_blender.models.node_groups import (
    DELETE,
    GET,
    IMPORT,
    LIST,
    NodeGroupInfo,
    NodeGroupName,
    NodeGroupPage,
    NodeGroups,
    NodeGroupsParams,
    NodeGroupsQuery,
)
from cadgate_blender.routers.blender import Blender
from cadgate_blender.settings import BlenderSettings

router = Router()


async def _import(app: Application, params: NodeGroupsParams) -> NodeGroups:
    stored = app.artifacts.get(params.artifact)
    name = stored.artifact.name
    if await to_thread.run_sync(incoming.format_of, name, stored.path) != "blend":
        raise UnsupportedFormat(
            f"The file {name!r} is not a .blend file, and only those have nodes", details={"name": name}
        )
    settings = cast("BlenderSettings", app.settings)
    limits.check(settings, "The size of the file in bytes", stored.artifact.size, "max_import_bytes")
    async with app.stage(None, default="nodes", suffix=".blend") as staged:
        path = await to_thread.run_sync(incoming.bring, stored.path, name, "blend", staged, settings)
        into = str(staged.folder / ".read.blend")
        about = {"path": str(path), "into": into, "roots": incoming.readable(app), "trusted": params.trusted}
        async with app.worker() as worker:
            read = await worker.send("internal.read_groups", {**about, "groups": params.groups})
        taken = await app.send("internal.append_groups", {"path": into, "groups": read["groups"]}, mutates=True)
    warnings = [*read.get("warnings", []), *taken.get("warnings", [])]
    return NodeGroups.model_validate({"node_groups": taken["node_groups"], "warnings": warnings})


IMPORT_HANDLER = Handler(IMPORT, _import)


@router.operation("POST", "/node-groups", IMPORT, status_code=201, errors=(404, 413, 415), openapi_extra=TRUSTABLE_BODY)
async def import_node_groups(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_trustable)],
    options: Annotated[NodeGroupsQuery, Query()],
    blender: Blender,
) -> Success[NodeGroups]:
    """Bring in groups of geometry nodes from a .blend file: an upload or an artifact.

    Modifiers of type `nodes` use them. What runs code in the file or leads out of it is left out, with warnings;
    `trusted` reads it as it is, and needs the scope `execute`. Blender renames groups whose names are in use.
    """
    params = NodeGroupsParams(artifact=file.id, trusted=file.trusted, groups=options.groups)
    return Success(await blender.call(IMPORT, params))


@router.operation("GET", "/node-groups", LIST)
async def list_node_groups(query: Annotated[Page, Query()], blender: Blender) -> Success[NodeGroupPage]:
    """List groups of geometry nodes with their inputs, in order of name."""
    return Success(await blender.call(LIST, query))


@router.operation("GET", "/node-groups/{name:name}", GET)
async def get_node_group(name: str, blender: Blender) -> Success[NodeGroupInfo]:
    """Describe a group of geometry nodes: its inputs with type, default and range."""
    return Success(await blender.call(GET, NodeGroupName(name=name)))


@router.operation("DELETE", "/node-groups/{name:name}", DELETE, errors=(409,))
async def delete_node_group(name: str, blender: Blender) -> Success[Deleted]:
    """Delete a group of geometry nodes that no modifier and no other group uses."""
    return Success(await blender.call(DELETE, NodeGroupName(name=name)))
