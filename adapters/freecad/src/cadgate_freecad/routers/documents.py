"""Routes of documents. They name their document in the path, so they take no `?document=`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from fastapi import Query

from cadgate.plugin import TRUSTABLE_BODY, Application, Deleted, Empty, Handler, Router, Success, UnsupportedFormat
from cadgate_freecad.models.documents import (
    ACTIVATE_DOCUMENT,
    CREATE_DOCUMENT,
    DELETE_DOCUMENT,
    GET_DOCUMENT,
    LIST_DOCUMENTS,
    OPEN_DOCUMENT,
    RECOMPUTE_DOCUMENT,
    SAVE_DOCUMENT,
    DocumentEntry,
    DocumentList,
    DocumentOpened,
    DocumentOpening,
    DocumentParams,
    DocumentRecomputed,
    DocumentRecomputeOptions,
    DocumentRecomputing,
    DocumentReference,
    DocumentSaved,
    DocumentSaveOptions,
    DocumentSaving,
)
from cadgate_freecad.models.values import Label, PartName
from cadgate_freecad.routers.dependencies import FreeCADApplication, FreeCADTrustable
from cadgate_freecad.routers.elsewhere import elsewhere

router = Router()


async def _save(app: Application, params: DocumentSaving) -> DocumentSaved:
    async with app.stage(params.filepath, default=params.name, suffix=".FCStd") as staged:
        await app.send("internal.save", {"name": params.name, "path": str(staged.path)})
        return DocumentSaved(document=params.name, artifact=await staged.commit())


async def _open(app: Application, params: DocumentOpening) -> DocumentOpened:
    """Let a worker open the file first: a crash there does not cost the session."""
    stored = app.artifacts.get(params.artifact)
    name = stored.artifact.name
    async with app.stage(None, default="open") as staged:
        path = str(await staged.bring(stored))
        how = {"path": path, "name": name, "folder": str(staged.folder), "trusted": params.trusted}
        read = await elsewhere(app, "internal.read", how)
        if read["format"] != "fcstd":
            raise UnsupportedFormat(
                f"The file {name!r} is a {read['format'].upper()} file, not FCStd: POST /import adds it to a document",
                details={"name": name},
            )
        opened = await app.send(
            "internal.open",
            {
                "path": read["path"],
                "name": params.name,
                "label": params.label,
                "stem": PurePosixPath(name).stem,
                "on_conflict": params.on_conflict,
                "warnings": read["warnings"],
            },
            mutates=True,
        )
    return DocumentOpened.model_validate(opened)


SAVE_HANDLER = Handler(SAVE_DOCUMENT, _save)
OPEN_HANDLER = Handler(OPEN_DOCUMENT, _open)


@router.operation("GET", "/documents", LIST_DOCUMENTS)
async def list_documents(freecad: FreeCADApplication) -> Success[DocumentList]:
    """List the open documents; `active` marks the one in which requests without `document` work."""
    return Success(await freecad.call(LIST_DOCUMENTS, Empty()))


@router.operation("POST", "/documents", CREATE_DOCUMENT, status_code=201)
async def create_document(params: DocumentParams, freecad: FreeCADApplication) -> Success[DocumentEntry]:
    """Create an empty document; it becomes the active one only if it is the first."""
    return Success(await freecad.call(CREATE_DOCUMENT, params))


@router.operation(
    "POST", "/documents/open", OPEN_DOCUMENT, status_code=201, errors=(404, 413, 415), openapi_extra=TRUSTABLE_BODY
)
async def open_document(
    file: FreeCADTrustable,
    freecad: FreeCADApplication,
    name: Annotated[PartName | None, Query(description="The document's name; made from the file's name.")] = None,
    label: Annotated[Label | None, Query(description="The document's label; the file's name without suffix.")] = None,
    on_conflict: Annotated[
        Literal["error", "rename"], Query(description="What to do when `name` is in use.")
    ] = "error",
) -> Success[DocumentOpened]:
    """Open an FCStd file (an upload or an artifact) as a document of its own.

    Code and names of other files in the file are left out; with `trusted` it is opened as it is. `warnings` name what
    was left out, and what this FreeCAD does not know, as in files of newer versions.
    """
    params = DocumentOpening(artifact=file.id, name=name, label=label, on_conflict=on_conflict, trusted=file.trusted)
    return Success(await freecad.call(OPEN_DOCUMENT, params))


@router.operation("GET", "/documents/{name:name}", GET_DOCUMENT)
async def get_document(name: str, freecad: FreeCADApplication) -> Success[DocumentEntry]:
    """Describe one open document."""
    return Success(await freecad.call(GET_DOCUMENT, DocumentReference(name=name)))


@router.operation("DELETE", "/documents/{name:name}", DELETE_DOCUMENT)
async def close_document(name: str, freecad: FreeCADApplication) -> Success[Deleted]:
    """Close a document without saving; if it was the active one, the oldest of the others becomes active."""
    return Success(await freecad.call(DELETE_DOCUMENT, DocumentReference(name=name)))


@router.operation("POST", "/documents/{name:name}/activate", ACTIVATE_DOCUMENT)
async def activate_document(name: str, freecad: FreeCADApplication) -> Success[DocumentEntry]:
    """Make a document the one in which requests without `document`, and executed code, work."""
    return Success(await freecad.call(ACTIVATE_DOCUMENT, DocumentReference(name=name)))


@router.operation("POST", "/documents/{name:name}/save", SAVE_DOCUMENT)
async def save_document(
    name: str, freecad: FreeCADApplication, options: DocumentSaveOptions | None = None
) -> Success[DocumentSaved]:
    """Save a document as an FCStd artifact, and check that the file is complete."""
    filepath = options.filepath if options is not None else None
    return Success(await freecad.call(SAVE_DOCUMENT, DocumentSaving(name=name, filepath=filepath)))


@router.operation("POST", "/documents/{name:name}/recompute", RECOMPUTE_DOCUMENT)
async def recompute_document(
    name: str, freecad: FreeCADApplication, options: DocumentRecomputeOptions | None = None
) -> Success[DocumentRecomputed]:
    """Recompute what is due (or everything, with `force`) and report each object; failures are in `failed`."""
    force = options is not None and options.force
    return Success(await freecad.call(RECOMPUTE_DOCUMENT, DocumentRecomputing(name=name, force=force)))
