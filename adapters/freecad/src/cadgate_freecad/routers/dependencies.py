"""The dependencies of the routes: FreeCAD itself, or FreeCAD with the document that the request names."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from cadgate.plugin import Application, IncomingFile, application
from cadgate_freecad.models.objects import DOCUMENT

FreeCADApplication = Annotated[Application, Depends(application("freecad"))]
"""FreeCAD, for routes that name their document themselves."""


async def with_document(
    app: FreeCADApplication,
    document: Annotated[str | None, Query(description=DOCUMENT, max_length=255)] = None,
) -> Application:
    return app.bind(document=document)


FreeCAD = Annotated[Application, Depends(with_document)]
"""FreeCAD, bound to `?document=`."""

FreeCADTrustable = Annotated[IncomingFile, Depends(IncomingFile.of_trustable)]
"""A file that came with the request, as an upload or by the id of an artifact, and whether it is trusted."""
