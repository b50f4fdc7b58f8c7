"""The fake adapter's routes and handlers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Query

from cadgate.plugin import Application, CommandExecutionError, Handler, Page, Router, Success, application
from cadgate_fake import models as m

Fake = Annotated[Application, Depends(application("fake"))]
router = Router()
waits: list[str] = []
"""What became of each `files.wait`."""
runs: list[str] = []
"""Each time that a handler ran."""


async def _write(app: Application, params: m.FileParams) -> m.Written:
    runs.append("files.write")
    async with app.stage(params.filepath, default="items", suffix=".txt") as staged:
        await app.send(
            "internal.write", {"path": str(staged.path), "text": params.text, "seconds": params.seconds}, mutates=False
        )
        return m.Written(artifact=await staged.commit())


async def _wait(app: Application, params: m.Seconds) -> m.Answer:
    waits.append("begun")
    try:
        await asyncio.sleep(params.seconds)
    except asyncio.CancelledError:
        waits.append("cancelled")
        raise
    waits.append("done")
    return m.Answer(value="waited")


async def _import(app: Application, params: m.ImportParams) -> m.Imported:
    runs.append("files.import")
    made: list[Any] = []
    async with app.stage(None, default="import") as staged:
        for number, name in enumerate(params.names):
            if number == params.fail_after:
                raise CommandExecutionError("the file is not what it seemed")
            # The folder is another one at each attempt: it must not make another request of this one.
            how = {"name": name, "folder": str(staged.folder)}
            made.append(await app.send("internal.import", how, mutates=True))
    return m.Imported.model_validate({"objects": made})


async def _worker(app: Application, params: m.How) -> m.Answer:
    runs.append("files.worker")
    async with app.worker() as worker:
        if params.how == "abandon":
            raise CommandExecutionError("never mind")
        method, _, rest = params.how.partition(":")
        arguments: dict[str, Any] = {"seconds": float(rest)} if method in ("work.sleep", "work.stuck") else {}
        if method in ("work.crash", "work.answer"):
            arguments = {"how": rest}
        return m.Answer.model_validate(await worker.send(method, arguments))


async def _broken(app: Application, params: m.How) -> m.Answer:
    runs.append("files.broken")
    if params.how == "refuse":
        raise CommandExecutionError("refused")
    raise RuntimeError("a defect of the handler")


async def _twice(app: Application, params: m.ItemParams) -> m.ItemInfo:
    runs.append("files.twice")
    await app.call(m.CREATE, m.ItemParams(name="First"))
    await app.call(m.CREATE, m.ItemParams(name="Second"))
    await app.call(m.IMPORT, m.ImportParams(names=["Third"]))
    return await app.call(m.CREATE, params)


HANDLERS = (
    WRITE := Handler(m.WRITE_FILE, _write),
    WAIT := Handler(m.WAIT, _wait),
    IMPORT := Handler(m.IMPORT, _import),
    WORKER := Handler(m.WORKER, _worker),
    BROKEN := Handler(m.BROKEN_HANDLER, _broken),
    TWICE := Handler(m.TWICE, _twice),
)


@router.operation("POST", "/items", m.CREATE, status_code=201)
async def create_item(params: m.ItemParams, fake: Fake) -> Success[m.ItemInfo]:
    """Add an item."""
    return Success(await fake.call(m.CREATE, params))


@router.operation("GET", "/items", m.LIST)
async def list_items(page: Annotated[Page, Query()], fake: Fake) -> Success[Any]:
    """List items."""
    return Success(await fake.call(m.LIST, page))


@router.operation("GET", "/items/{name:name}", m.GET)
async def get_item(name: str, fake: Fake) -> Success[m.ItemInfo]:
    """Read an item."""
    return Success(await fake.call(m.GET, m.ItemName(name=name)))


@router.operation("POST", "/wait", m.WAIT)
async def wait(params: m.Seconds, fake: Fake) -> Success[m.Answer]:
    """Take time, in a handler."""
    return Success(await fake.call(m.WAIT, params))


@router.operation("POST", "/sleep", m.SLEEP)
async def sleep(params: m.Seconds, fake: Fake) -> Success[m.Answer]:
    """Take time, in the application."""
    return Success(await fake.call(m.SLEEP, params))
