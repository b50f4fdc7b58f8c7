"""The routes of a sheet, for an adapter to add to its own.

Annotations are evaluated here, unlike in other modules: they name the adapter's dependency, which is a parameter.
"""

from collections.abc import Callable
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Query, Request, Response

from cadgate.dispatch.application import Application
from cadgate.look.models import LOOK, LookParams, LookQuery, Sheet
from cadgate.models.responses import Success
from cadgate.web.downloads import file_answers, file_or_json
from cadgate.web.router import Router


def look_router(application: Callable[..., Any]) -> Router:
    """Return a router with `POST /look` and `GET /look.png`.

    `application` is the adapter's dependency, which returns its `Application`. The package also needs `LOOK` and
    `LOOK_HANDLER` in one of its modules, and its application the method `internal.look`.
    """
    router = Router()

    @router.operation(
        "POST", "/look", LOOK, errors=(404,), response_model=Success[Sheet], responses=file_answers(".png")
    )
    async def look(params: LookParams, request: Request, app: Annotated[Application, Depends(application)]) -> Any:
        """Draw what is there as one labelled picture, with a legend in numbers.

        Front looks along +Y. Views along axes have one scale and are placed as in a drawing; each view has its title
        and a scale bar. The same state gives the same bytes. With `Accept: image/png`, the answer is the picture.
        """
        result = await app.call(LOOK, params)
        return file_or_json(request, result, result.artifact)

    @router.operation(
        "GET",
        "/look.png",
        LOOK,
        errors=(404,),
        response_model=Success[Sheet],
        responses=file_answers(".png", default=True),
    )
    async def look_png(
        query: Annotated[LookQuery, Query()], request: Request, app: Annotated[Application, Depends(application)]
    ) -> Any:
        """Draw the same for pages: the answer is the PNG itself, which is not kept.

        With `Accept: application/json`, it is the usual result with a kept artifact.
        """
        result = await app.call(LOOK, query.params())
        if "application/json" in request.headers.get("accept", ""):
            return Success(result)
        try:
            picture = await to_thread.run_sync(app.artifacts.get(result.artifact.id).path.read_bytes)
        finally:
            # Do this before the answer, so that nothing is kept when the client has it or has disconnected.
            app.artifacts.delete(result.artifact.id)
        tag = f'"{result.artifact.sha256}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        known = request.headers.get("if-none-match", "")
        if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(picture, media_type="image/png", headers=headers)

    return router
