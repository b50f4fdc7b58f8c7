"""Uploads: writes the field `file` of a multipart body straight into the store as it arrives, and hashes it."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection
from functools import partial
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from cadgate.artifacts.disk_space import reporting_full_disk
from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import ArtifactNotFound, BadRequest, PathNotAllowed, ValidationFailed
from cadgate.models.responses import Artifact
from cadgate.security.audit import AuditLog
from cadgate.security.caller import audit_event_of, authority_of, require
from cadgate.security.private import opener
from cadgate.web.context import uploads_of

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}
"""How browsers and HTTP libraries escape the three characters that a quoted file name cannot contain."""
FIELD = "file"
MAX_PARTS = 64
MAX_TEXT = 1024
"""The longest value of other fields, in bytes; longer ones are cut."""
_BATCH = 1 << 20


async def receive_upload(
    store: ArtifactStore, request: Request, *, key: str | None = None, fields: dict[str, str] | None = None
) -> Artifact:
    """Store the file of a multipart request as an artifact; only once, if the request has an idempotency `key`.

    `fields` names the body's other fields, and gets their values, if they are short texts.

    Raises Forbidden for a caller without the scope `write`; ValidationFailed without a file, with an empty one, with
    two or with another field; PathNotAllowed for its name; BadRequest for a body that is not multipart, or is
    truncated; CommandExecutionError for a full disk. Nothing is stored then.
    """
    audit: AuditLog = request.app.state.audit
    with audit.recording(audit_event_of(request, "artifacts.store")) as learned, reporting_full_disk():
        require(request, "write")
        artifact = await _keyed(store, request, await _receive(store, request, {} if fields is None else fields), key)
        learned["artifact"] = artifact.id
        return artifact


async def receive_raw(store: ArtifactStore, request: Request, name: str, *, key: str | None = None) -> Artifact:
    """Store the body of a request, unchanged, as the artifact `name`; only once, if it has an idempotency `key`.

    Raises Forbidden for a caller without the scope `write`, CommandExecutionError for a full disk.
    """
    audit: AuditLog = request.app.state.audit
    with audit.recording(audit_event_of(request, "artifacts.store")) as learned, reporting_full_disk():
        require(request, "write")
        part, name = store.upload_path(name)
        try:
            async with await anyio.open_file(part, "wb", opener=opener) as file:
                async for chunk in request.stream():
                    await file.write(chunk)
            adopt = partial(store.adopt, part, name, owner=authority_of(request.scope).identity)
            artifact = await _keyed(store, request, await anyio.to_thread.run_sync(adopt), key)
        finally:
            part.unlink(missing_ok=True)
        learned["artifact"] = artifact.id
        return artifact


async def _keyed(store: ArtifactStore, request: Request, new: Artifact, key: str | None) -> Artifact:
    """Return a new artifact, or the one that its key stored before, as a part of the request."""
    artifact = new
    if key is not None:
        artifact = await anyio.to_thread.run_sync(store.keyed, new, key, authority_of(request.scope).identity)
    uploads_of(request).add(artifact, unclaimed=artifact.id == new.id)
    return artifact


async def discard_unclaimed(request: Request) -> None:
    """Remove the files that came with a request that was refused."""
    unclaimed = uploads_of(request).unclaimed
    while unclaimed:
        with contextlib.suppress(ArtifactNotFound):  # its caller removed it
            await anyio.to_thread.run_sync(request.app.state.artifacts.delete, unclaimed.pop())


async def _receive(store: ArtifactStore, request: Request, fields: dict[str, str]) -> Artifact:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadRequest("The upload's Content-Type has no boundary")
    upload = _Upload(store, authority_of(request.scope).identity)
    try:
        try:
            parser = MultipartParser(boundary, upload.callbacks())
            async for chunk in request.stream():
                parser.write(chunk)
                if upload.waiting >= _BATCH:
                    await anyio.to_thread.run_sync(upload.flush)
        except FormParserError as error:
            raise BadRequest(f"The upload is not multipart/form-data: {error}") from error
        name = upload.finish(fields)
        fields.update(upload.fields)
        return await anyio.to_thread.run_sync(upload.adopt, name)
    finally:
        upload.discard()


def _unescaped(name: str) -> str:
    return re.sub("%22|%0[DA]", lambda found: _ESCAPED[found[0]], name)


class _Upload:
    """The state of one upload, filled by the parser's callbacks."""

    def __init__(self, store: ArtifactStore, owner: str) -> None:
        self._store = store
        self._owner = owner
        self._digest = hashlib.sha256()
        self._pending: list[bytes] = []
        self.waiting = 0
        self._path: Path | None = None
        self._file: BufferedWriter | None = None
        self._name: str | None = None
        self._size = 0
        self._parts = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._taking = False
        self._ended = False
        self._text: str | None = None
        self._texts: dict[str, bytes] = {}

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_part_data": self._part_data,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._end,
        }

    # --- the parser's callbacks ----------------------------------------------------------------------------------

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadRequest(f"The upload has more than {MAX_PARTS} parts")
        self._disposition = self._header = self._value = b""
        self._taking = False
        self._text = None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        filename = options.get(b"filename")
        field = options.get(b"name", b"").decode("utf-8", "replace")
        if field != FIELD:
            if field in self._texts:
                raise ValidationFailed(f"The upload has the field {field[:100]!r} twice")
            self._text, self._texts[field] = field if filename is None else None, b""
        if field != FIELD or filename is None:
            return
        if self._name is not None:
            raise ValidationFailed(f"The upload has more than one file in its field {FIELD!r}")
        try:
            given = filename.decode("utf-8")
        except UnicodeDecodeError as error:
            raise PathNotAllowed("The file's name is not UTF-8", details={"reason": "not UTF-8"}) from error
        self._path, self._name = self._store.upload_path(_unescaped(given) or "upload")
        self._file = open(self._path, "wb", opener=opener)  # noqa: SIM115 - closed by flush and discard
        self._taking = True

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._taking:
            self._pending.append(data[start:end])
            self.waiting += end - start
        elif self._text is not None and len(self._texts[self._text]) <= MAX_TEXT:
            self._texts[self._text] += data[start : min(end, start + MAX_TEXT + 1)]

    def _end(self) -> None:
        self._ended = True

    # --- afterwards ----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what is buffered. Runs in a thread."""
        pending, self._pending = self._pending, []
        self._size += self.waiting
        self.waiting = 0
        if self._file is not None:
            for piece in pending:
                self._digest.update(piece)
                self._file.write(piece)

    def finish(self, known: Collection[str]) -> str:
        """Return the file's name at the end of the body. Raises BadRequest or ValidationFailed if it is invalid."""
        if not self._ended:
            raise BadRequest("The upload is truncated: its last boundary is missing")
        if self._name is None:
            raise ValidationFailed(f"The upload has no file in its field {FIELD!r}", details={"field": FIELD})
        if unknown := self._texts.keys() - known:
            field, fields = min(unknown)[:100], ", ".join(repr(one) for one in (FIELD, *known))
            message = f"not a field of this upload: send {fields}, and what else the route takes in the query"
            raise ValidationFailed(
                f"{field}: {message}",
                details={"errors": [{"type": "extra_forbidden", "loc": ["body", field], "msg": message}]},
            )
        if self._size + self.waiting == 0:
            raise ValidationFailed(f"The uploaded file {self._name!r} is empty")
        return self._name

    @property
    def fields(self) -> dict[str, str]:
        """The fields other than the file."""
        return {name: text[: MAX_TEXT + 1].decode("utf-8", "replace") for name, text in self._texts.items()}

    def adopt(self, name: str) -> Artifact:
        """Hand the file to the store. Runs in a thread."""
        self.flush()
        assert self._file is not None
        assert self._path is not None
        self._file.close()
        return self._store.adopt(self._path, name, sha256=self._digest.hexdigest(), owner=self._owner)

    def discard(self) -> None:
        """Remove what was not adopted."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
