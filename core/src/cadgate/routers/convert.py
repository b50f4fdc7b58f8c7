"""Routes of conversions: from any format that an application reads to any that one writes."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import Query, Request
from pydantic import Field

from cadgate.artifacts.own import OwnArtifacts
from cadgate.convert.converter import Converter
from cadgate.convert.models import CONVERT, Converted, ConvertParams, FormatList
from cadgate.errors import MalformedJson, UnsupportedMediaType, ValidationFailed
from cadgate.models.common import Params
from cadgate.models.responses import Success
from cadgate.openapi.operations import DEADLINE, IDEMPOTENCY
from cadgate.security.caller import authority_of
from cadgate.web.access import requires
from cadgate.web.async_answers import Deferring
from cadgate.web.context import context_of
from cadgate.web.downloads import file_or_json
from cadgate.web.json_body import parse
from cadgate.web.json_request import validate
from cadgate.web.router import Router, failures
from cadgate.web.uploads import receive_upload

router = Router(prefix="/api/v1")

_TEXT = {"type": "string"}
_UPLOAD = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}, "to": _TEXT, "size": _TEXT, "options": _TEXT},
    "required": ["file"],
    "additionalProperties": False,
}
_JSON = {
    "type": "object",
    "properties": {
        "artifact": {"type": "string"},
        "to": {"type": "string", "maxLength": 40},
        "size": {"type": "integer", "minimum": 16, "maximum": 4096},
        "options": {"type": "object", "additionalProperties": True},
    },
    "required": ["artifact"],
    "additionalProperties": False,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _UPLOAD},
            "application/json": {
                "schema": _JSON,
                "example": {"artifact": "0123456789abcdef0123456789abcdef", "options": {"linear_deflection": 0.05}},
            },
        },
    },
    "parameters": [DEADLINE, IDEMPOTENCY],
}
_ERRORS: dict[int | str, Any] = failures(404, 413, 415, 422, 429, 503, 504)


class ConvertQuery(Params):
    """What is to become of the file; the same can be said in the body."""

    to: str | None = Field(None, max_length=40, description="A format, as `/formats` lists them; or `thumbnail`.")
    size: int | None = Field(None, ge=16, le=4096, description="Only for `thumbnail`: pixels, by default 256.")
    options: str | None = Field(
        None,
        max_length=10_000,
        description="JSON with parameters of the methods on the way, such as linear_deflection.",
    )


@router.post(
    "/convert",
    openapi_extra=_BODY,
    responses=_ERRORS,
    response_model=Success[Converted],
    dependencies=[requires("write", by_method=True)],
)
async def convert_file(request: Request, query: Annotated[ConvertQuery, Query()]) -> Any:
    """Convert a file (an upload, or an artifact) to another format, or to a picture of it.

    The fewest applications that lead there do it, apart from every session; `path` names them. Formats and what can be
    made of each: `GET /api/v1/formats`. With the file's media type in `Accept`, the answer is the bytes themselves.
    """
    context = context_of(request)
    params = await _params(request, query, context.idempotency_key)
    converter: Converter = request.app.state.converter
    store = OwnArtifacts.of(request.app.state.artifacts, authority_of(request.scope))
    path = await converter.path(store, context, params)
    runtime = request.app.state.runtimes[path[0].application.name]
    result = await Deferring(runtime.default, context, request.app.state.jobs).call(CONVERT, params)
    return file_or_json(request, result, result.artifact)


async def _params(request: Request, query: ConvertQuery, key: str | None) -> ConvertParams:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given: Any
    if content_type == "multipart/form-data":
        store = OwnArtifacts.of(request.app.state.artifacts, authority_of(request.scope))
        fields = {"to": "", "size": "", "options": ""}
        artifact = await receive_upload(store, request, key=None if key is None else f"{key} convert", fields=fields)
        sent: dict[str, Any] = {name: value for name, value in fields.items() if value}
        if fields["size"].isdecimal():
            sent["size"] = int(fields["size"])
        if "options" in sent:
            sent["options"] = _options(fields["options"])
        given = {**sent, "artifact": artifact.id}
    else:
        body = await request.body()
        if content_type != "application/json" and body:
            raise UnsupportedMediaType('Send multipart/form-data with a field "file", or JSON {"artifact": id}')
        if not body:
            raise ValidationFailed('The request has no body: send a file in the field "file", or {"artifact": id}')
        given = parse(body)
    return validate(ConvertParams, _merged(cast("dict[str, Any]", given), query) if isinstance(given, dict) else given)


def _merged(given: dict[str, Any], query: ConvertQuery) -> dict[str, Any]:
    """Return what body and query say. Raises ValidationFailed if they differ."""
    asked = query.model_dump(exclude_none=True)
    if query.options is not None:
        asked["options"] = _options(query.options)
    for name, value in asked.items():
        if given.setdefault(name, value) != value:
            raise ValidationFailed(
                f"{name} is {value!r} in the query, and {given[name]!r} in the body: send it once",
                details={name: value},
            )
    return given


def _options(text: str) -> Any:
    try:
        return parse(text.encode())
    except MalformedJson as error:
        raise ValidationFailed(
            f'options: {text[:100]!r} is not JSON: send an object such as {{"linear_deflection": 0.05}}',
            details={"options": text[:100]},
        ) from error


@router.get("/formats", dependencies=[requires("read")])
async def list_formats(request: Request) -> Success[FormatList]:
    """List the formats that the active applications read and write, and what can be made of each."""
    converter: Converter = request.app.state.converter
    return Success(FormatList(formats=converter.paths.listed()))
