"""How a sheet is made: the application writes what it shows, the helper draws it, the gateway keeps the picture."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from cadgate.artifacts.paths import STAGING
from cadgate.contract.methods import Handler
from cadgate.dispatch.application import Application
from cadgate.errors import ArtifactNotFound, ValidationFailed
from cadgate.look.aside import draw_sheet
from cadgate.look.models import LOOK, LookParams, Sheet
from cadgate.models.responses import Artifact, Warned

FOLDER = "look"
"""The folder of shapes, below the one in which applications write."""
_KEPT = 16
"""The number of sheets that are kept for a key without the scope `write`, the newest."""
_sheets: dict[tuple[Path, str], deque[str]] = {}
"""The ids of those, oldest first, by session and key."""


async def look(app: Application, params: LookParams) -> Sheet:
    """Draw a sheet. Raises NothingToSee, ObjectNotFound, ArtifactNotFound, ValidationFailed."""
    folder = app.workspace / STAGING / FOLDER
    views = params.plain_views()
    earlier = _earlier(app, params.since)
    async with app.stage(None, default="look", suffix=".png") as staged:
        found: dict[str, Any] = await app.send(
            "internal.look",
            {
                "folder": str(folder),
                "objects": params.objects,
                "highlight": params.highlight,
                "camera": "camera" in views,
            },
        )
        wanted: dict[str, Any] = {
            **params.model_dump(mode="json", include={"objects", "size", "labels", "highlight", "style"}),
            "views": views,
            "since": params.since,
            "earlier_sheet": earlier,
        }
        numbers = await app.run_aside(draw_sheet, app.workspace, folder, staged.path, found["scene"], wanted)
        artifact = await staged.commit()
    _forget_old(app, artifact.id)
    return Sheet.model_validate(
        {**numbers, "artifact": artifact, "revision": found["scene"], "warnings": found.get("warnings") or []}
    )


async def thumbnail(app: Application, name: str, size: int) -> tuple[Artifact, list[Warned]]:
    """Draw everything visible from the front right above, on `size` by `size` pixels, without any text.

    Raises NothingToSee.
    """
    folder = app.workspace / STAGING / FOLDER
    async with app.stage(name, default="thumbnail", suffix=".png") as staged:
        shown = {"folder": str(folder), "objects": None, "highlight": None, "camera": False}
        found: dict[str, Any] = await app.send("internal.look", shown)
        wanted = {"views": ["iso"], "size": size, "labels": False, "style": "shaded", "plain": True}
        more = dict.fromkeys(("objects", "highlight", "since", "earlier_sheet"))
        await app.run_aside(draw_sheet, app.workspace, folder, staged.path, found["scene"], {**more, **wanted})
        warnings: list[Any] = found.get("warnings") or []
        return await staged.commit(), [Warned.model_validate(each) for each in warnings]


def _earlier(app: Application, since: str | None) -> Path | None:
    """Return the file of the earlier sheet, if `since` is the id of an artifact."""
    if since is None or len(since) != 32:
        return None
    stored = app.artifacts.get(since)
    if stored.artifact.media_type != "image/png":
        raise ValidationFailed(
            f"The artifact {since!r} is {stored.artifact.name!r}, which is no sheet: send the id of one, or a revision",
            details={"since": since},
        )
    return stored.path


def _forget_old(app: Application, identifier: str) -> None:
    """Keep only the newest sheets of a caller who may not write files."""
    if "write" in app.context.scopes:
        return
    known = _sheets.setdefault((app.workspace, app.context.identity), deque())
    known.append(identifier)
    while len(known) > _KEPT:
        try:
            app.artifacts.delete(known.popleft())
        except ArtifactNotFound:
            continue


LOOK_HANDLER = Handler(LOOK, look)
