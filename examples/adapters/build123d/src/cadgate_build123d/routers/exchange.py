"""Routes for files, and their handlers."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

from fastapi import Query

from cadgate.plugin import (
    INCOMING_BODY,
    Application,
    Depends,
    Handler,
    IncomingFile,
    Request,
    Router,
    Success,
    UnsupportedFormat,
    file_answers,
    file_or_json,
    recognise,
)
from cadgate_build123d.models.exchange import (
    EXPORT,
    FORMATS,
    IMPORT,
    Exported,
    ExportParams,
    Imported,
    ImportParams,
    ImportQuery,
)
from cadgate_build123d.routers.dependencies import Build123d

router = Router()
READ = ("step", "brep")


async def write_file(app: Application, params: ExportParams) -> Exported:
    """Pass the session's solids to a worker, which writes them while the session keeps serving."""

    def report(data: dict[str, Any]) -> None:
        app.publish("build", {"step": "export", "request_id": app.context.request_id, **data})

    async with app.stage(params.filepath, default="solids", suffix=FORMATS.of(params.format)[0]) as staged:
        handed = str(staged.folder / "handed.zip")
        await app.send("internal.hand", {"path": handed, "objects": params.objects})
        how = {"source": handed, "path": str(staged.path), "format": params.format, "tolerance": params.tolerance}
        async with app.worker() as worker:
            made = await worker.send("internal.write", how, report)
        return Exported(artifact=await staged.commit(), solids=made["solids"])


async def read_file(app: Application, params: ImportParams) -> Imported:
    """Let a worker read the file first: a file that kills it does not affect the session."""
    stored = app.artifacts.get(params.artifact)
    name = stored.artifact.name
    kind = FORMATS.get(PurePath(name).suffix.lower())
    found = recognise(str(stored.path), name)
    if kind not in READ or (found is not None and found.kind not in READ):
        message = f"{name!r} is not STEP or BREP: its name must end in .step, .stp or .brep"
        raise UnsupportedFormat(found.refusal(name) if found else message, details={"name": name})
    async with app.stage(None, default="import", suffix=".zip") as staged:
        how = {"source": str(await staged.bring(stored)), "path": str(staged.path), "format": kind}
        async with app.worker() as worker:
            await worker.send("internal.read", how)
        wanted = params.name or PurePath(name).stem
        made = await app.send("internal.take", {"path": str(staged.path), "name": wanted}, mutates=True)
    return Imported.model_validate(made)


EXPORT_HANDLER = Handler(EXPORT, write_file)
IMPORT_HANDLER = Handler(IMPORT, read_file)


@router.operation(
    "POST", "/export", EXPORT, errors=(404,), response_model=Success[Exported], responses=file_answers(*FORMATS)
)
async def export_objects(params: ExportParams, request: Request, build123d: Build123d) -> Any:
    """Write solids to a file. Events on topic `build` report the progress."""
    result = await build123d.call(EXPORT, params)
    return file_or_json(request, result, result.artifact)


@router.operation("POST", "/import", IMPORT, errors=(404, 413, 415), openapi_extra=INCOMING_BODY)
async def import_file(
    file: Annotated[IncomingFile, Depends(IncomingFile.of_request)],
    query: Annotated[ImportQuery, Query()],
    build123d: Build123d,
) -> Success[Imported]:
    """Add the solids of a STEP or BREP file, an upload or an artifact."""
    return Success(await build123d.call(IMPORT, ImportParams(artifact=file.id, name=query.name)))
