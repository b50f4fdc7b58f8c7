"""Files in responses: the bytes if the client's `Accept` asks for them, otherwise the JSON envelope."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

import anyio
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cadgate.artifacts.media_types import media_type_of
from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.errors import ArtifactNotFound, CadgateError
from cadgate.models.responses import Artifact, Success
from cadgate.openapi.extensions import BYTES_FIRST

_CHUNK = 256 * 1024
_WEIGHT = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)\Z")
_RANGE = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*\Z", re.IGNORECASE)


class RangeNotSatisfiable(CadgateError):
    """The requested range is outside the file."""

    code, status = "range_not_satisfiable", 416

    def __init__(self, wanted: str, size: int) -> None:
        super().__init__(f"The range {wanted!r} is outside the file's {size} bytes", details={"size": size})
        self.headers = {"Content-Range": f"bytes */{size}"}


def wants(accept: str, media_type: str) -> bool:
    """Whether an Accept header names `media_type` (or its family) and prefers it to JSON, or accepts both alike."""
    family = media_type.partition("/")[0] + "/*"
    weights = dict(_weighted(part) for part in accept.split(","))
    wanted = weights.get(media_type, 0.0 if family == "application/*" else weights.get(family, 0.0))
    return wanted > 0 and wanted >= weights.get("application/json", 0.0)


def _weighted(part: str) -> tuple[str, float]:
    """Return a media range of an Accept header and its weight: 1 if it has none, 0 if it is invalid."""
    media, *options = (each.strip().lower() for each in part.split(";"))
    given = next((option[2:] for option in options if option.startswith("q=")), "1")
    return media, float(given) if _WEIGHT.match(given) else 0.0


class FileAnswer(Response):
    """The bytes of an artifact: whole, one range, or 304. Multiple ranges are not supported.

    The file is opened before the response starts, so that removing the artifact does not truncate it.
    """

    def __init__(self, stored: Stored, headers: dict[str, str]) -> None:
        super().__init__(media_type=stored.artifact.media_type, headers=headers)
        self._stored = stored
        self._etag = headers["ETag"]
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if _matches(asked.get(b"if-none-match", ""), self._etag):
            self.status_code = 304
            await self._send(send, None, 0, 0)
            return
        try:
            file = await anyio.open_file(self._stored.path, "rb")
        except FileNotFoundError as error:
            raise ArtifactNotFound(f"There is no artifact {self._stored.artifact.id!r}") from error
        async with file:
            size = self._stored.artifact.size
            start, end = 0, size
            part = _part(asked.get(b"range", ""), size) if asked.get(b"if-range", self._etag) == self._etag else None
            if part is not None:
                start, end = part
                self.status_code = 206
                self.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
            self.headers["Content-Length"] = str(end - start)
            await self._send(send, None if scope["method"] == "HEAD" else file, start, end)

    async def _send(self, send: Send, file: Any, start: int, end: int) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if file is not None and start:
            await file.seek(start)
        while file is not None and start < end:
            chunk = await file.read(min(_CHUNK, end - start))
            if not chunk:
                raise OSError(f"{self._stored.path} is shorter than {end} bytes")
            start += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _matches(given: str, etag: str) -> bool:
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """Return start and end of a range; None for an invalid one, or several, which RFC 9110 allows to ignore.

    Raises RangeNotSatisfiable.
    """
    found = _RANGE.match(wanted.strip())
    if found is None or not (found[1] or found[2]) or len(wanted) > 100:
        return None
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
        if found[2] and int(found[2]) < start:
            return None
    if start >= end:
        raise RangeNotSatisfiable(wanted, size)
    return start, end


def file_response(stored: Stored, *, attachment: bool = True, headers: dict[str, str] | None = None) -> Response:
    """Return a response with the bytes of an artifact, with Range and ETag support."""
    artifact = stored.artifact
    base = artifact.name.rsplit("/", 1)[-1]
    disposition = "attachment" if attachment else "inline"
    return FileAnswer(
        stored,
        {
            "ETag": f'"{artifact.sha256}"',
            "Accept-Ranges": "bytes",
            "X-Artifact-Id": artifact.id,
            # Whatever a client stored as HTML or SVG must not run as a page of the gateway.
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Disposition": f"{disposition}; {_filenames(base)}",
            **(headers or {}),
        },
    )


def _filenames(name: str) -> str:
    """Return both file name parameters of a Content-Disposition: plain ASCII for old clients, and the exact name."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, suffix = re.sub(r'["%\\/:]', "_", ascii_only).rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    plain = (stem.strip(" .") or "file") + dot + suffix.strip()
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


BYTES: dict[str, str] = {"type": "string", "format": "binary"}
"""The schema of a body that is a file."""


def file_answers(*suffixes: str, default: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that uses `file_or_json`: the types of its files, by suffix (`.png`).

    Pass `default` for a route that returns the bytes unless JSON is requested: they are then documented first.
    """
    content = {media_type_of(f"file{suffix}"): {"schema": dict(BYTES)} for suffix in suffixes}
    return {200: {"content": content, BYTES_FIRST: True} if default else {"content": content}}


def file_or_json(request: Request, result: BaseModel, artifact: Artifact) -> Any:
    """Return the artifact's bytes if the client accepts its media type, otherwise the envelope of `result`."""
    if wants(request.headers.get("accept", ""), artifact.media_type):
        store: ArtifactStore = request.app.state.artifacts
        return file_response(store.get(artifact.id), attachment=False)
    return Success(result)
