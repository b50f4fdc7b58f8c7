"""The route of variants, and how the gateway makes them: a copy of the document, its rows in all free workers."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cadgate.plugin import (
    Application,
    Artifact,
    Finished,
    Handler,
    Router,
    Success,
    ValidationFailed,
    draw_sheet,
)
from cadgate_freecad.models.variants import VARIANTS, VariantRow, VariantsParams, VariantsResult, check_names
from cadgate_freecad.routers.dependencies import FreeCAD
from cadgate_freecad.routers.tables import read_table

router = Router()
MAX_ROWS = 10_000
_PICTURES = ".staging/look"
_SHEET: dict[str, Any] = {
    "views": ["iso"],
    "size": 1024,
    "labels": True,
    "highlight": None,
    "style": "shaded_edges",
    "since": None,
    "earlier_sheet": None,
}
CHUNK = 10
"""How many rows a worker does before what it has done is recorded; fewer towards the end, where one would be idle."""
AHEAD = 3
"""How many of these are begun: one whose files are kept, one that the worker computes, and one that waits there."""


async def make_variants(app: Application, params: VariantsParams) -> VariantsResult:
    """Compute each row in a copy of the document, in whatever worker is free."""
    rows = params.rows if params.rows is not None else _read_table(app, str(params.table))
    async with app.work_folder() as folder:
        copy = await app.run_once(
            "document", lambda: _save(app, params, folder), kept=lambda made: _there(folder, made)
        )
        path = str(folder / copy["file"])
        chunks = {f"{part.start}-{part.stop}": rows[part.start : part.stop] for part in row_ranges(len(rows))}
        made = await app.run_steps([*chunks], lambda name: _chunk(app, params, path, chunks[name]))
    return VariantsResult.model_validate({"rows": [row for chunk in made.values() for row in chunk["rows"]]})


def row_ranges(count: int) -> list[range]:
    """Return which rows a worker does at a time."""
    parts: list[range] = []
    done = 0
    while done < count:
        size = max(1, min(CHUNK, (count - done) // 4))
        parts.append(range(done, done + size))
        done += size
    return parts


def _there(folder: Path, made: dict[str, Any]) -> bool:
    return (folder / made["file"]).exists()


async def _save(app: Application, params: VariantsParams, folder: Path) -> Finished:
    name = f"{secrets.token_hex(8)}.FCStd"
    app.report(message="saving a copy of the document")
    return Finished(
        {"file": name, **await app.send("internal.variants", {"path": str(folder / name), "objects": params.objects})}
    )


async def _chunk(app: Application, params: VariantsParams, path: str, rows: list[VariantRow]) -> Finished:
    """Do some rows in one worker, which computes the next ones while the files of a row are kept."""
    ahead = asyncio.Semaphore(AHEAD)
    async with app.worker() as worker:

        async def one(row: VariantRow) -> tuple[dict[str, Any], list[Artifact]]:
            async with ahead:
                return await _row(app, params, worker, path, row)

        tasks = [asyncio.ensure_future(one(row)) for row in rows]
        try:
            made = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await worker.send("internal.variants_end", {})
    done = [
        {"name": row.name, **answer, "artifacts": [each.model_dump(mode="json") for each in artifacts]}
        for row, (answer, artifacts) in zip(rows, made, strict=True)
    ]
    return Finished({"rows": done}, tuple(each for _, artifacts in made for each in artifacts))


async def _row(
    app: Application, params: VariantsParams, worker: Any, path: str, row: VariantRow
) -> tuple[dict[str, Any], list[Artifact]]:
    pictures = app.workspace / _PICTURES
    async with AsyncExitStack() as stack:
        staged = {
            format: await stack.enter_async_context(app.stage(None, default=row.name, suffix=f".{format}"))
            for format in dict.fromkeys(params.exports)
        }
        call: dict[str, Any] = {
            "path": path,
            "row": row.model_dump(mode="json"),
            "objects": params.objects,
            "exports": [[format, str(each.path)] for format, each in staged.items() if format != "png"],
            "measures": params.measures,
            "picture_folder": str(pictures) if "png" in staged else None,
            "linear_deflection": params.linear_deflection,
            "angular_deflection": params.angular_deflection,
        }
        app.report(message=f"computing {row.name}")
        answer: dict[str, Any] = await worker.send("internal.variant", call)
        scene = answer.pop("scene", None)
        if answer["error"] is not None:
            return answer, []
        if scene is not None:
            wanted = {**_SHEET, "objects": params.objects}
            await app.run_aside(draw_sheet, app.workspace, pictures, staged["png"].path, scene, wanted)
        return answer, [await each.commit() for each in staged.values()]


def _read_table(app: Application, artifact: str) -> list[VariantRow]:
    """Return the rows of a CSV file: the first line names the parameters, the column `name` the variants."""
    stored = app.artifacts.get(artifact)
    title = stored.artifact.name
    table = read_table(stored.path, title, MAX_ROWS)
    if not table:
        raise ValidationFailed(f"{title!r} has no rows; there must be 1 to {MAX_ROWS}")
    rows: list[VariantRow] = []
    for count, line in enumerate(table, 1):
        cells = dict(line.cells)
        name = cells.pop("name", "") or f"row{count}"
        try:
            values = {key: _number(value) for key, value in cells.items() if value}
            rows.append(VariantRow.model_validate({"name": name, "parameters": values}))
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(each) for each in problem["loc"])
            raise ValidationFailed(f"Line {line.number} of {title!r}: {where}: {problem['msg']}") from None
    try:
        check_names([row.name for row in rows])
    except ValueError as error:
        raise ValidationFailed(f"The table {title!r}: {error}") from None
    return rows


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


VARIANTS_HANDLER = Handler(VARIANTS, make_variants, works_aside=True)


@router.operation("POST", "/variants", VARIANTS, errors=(404,), status_code=202)
async def create_variants(params: VariantsParams, freecad: FreeCAD) -> Success[VariantsResult]:
    """Compute the objects for many values of the parameters, always as a job: files and measures of each row.

    Every row starts from the document as it is when the job begins, which stays as it is. A row that is impossible has
    an `error`, and the others are there.
    """
    return Success(await freecad.call(VARIANTS, params))
