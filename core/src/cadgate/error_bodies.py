"""The one envelope of every error, through whichever door. It does not reveal the gateway's internals.

What clients sent is echoed as JSON of bounded size, and files in the state folder are named without their folders.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

from cadgate.errors import CadgateError, InternalError, Unauthenticated

_MAX_TEXT = 1000
_MAX_ITEMS = 100
_MAX_DEPTH = 12
_ROOTS: dict[str, re.Pattern[str]] = {}


def error_body(error: CadgateError, request_id: str | None) -> dict[str, Any]:
    """Return the `error` object of the envelope."""
    details = without_folders(error.details)
    # A traceback of the user's own code is the only long text that is kept whole.
    traceback = error.details.get("traceback")
    fields: dict[str, Any] = {
        "code": error.code,
        "message": plain(without_folders(error.message)),
        "details": plain({key: value for key, value in details.items() if key != "traceback"}),
        "retryable": error.retryable,
        "request_id": request_id,
    }
    if error.code == "validation_error" and "errors" not in fields["details"]:
        # Found by the application, which does not know how the client wrote it.
        found = {"type": "value_error", "loc": list(fields["details"])[:1], "msg": fields["message"]}
        fields["details"]["errors"] = [found]
    if traceback is not None:
        fields["details"]["traceback"] = str(traceback).encode("utf-8", "backslashreplace").decode()
    return fields


def render(error: CadgateError, request_id: str | None) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return status, headers and body of the envelope for `error`."""
    body = {"status": "error", "error": error_body(error, request_id)}
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(error.retry_after))).encode()))
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in error.headers.items()]
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b'Bearer realm="cadgate"'))
    return error.status, headers, content


def internal_error() -> InternalError:
    """Return the error for a defect, which is only in the log."""
    return InternalError("The gateway failed on this request; its log has the details under the request id")


def plain(value: Any, depth: int = 0) -> Any:
    """Return `value` as finite, encodable JSON of bounded size, because details echo whatever clients sent."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        value = value[: 4 * _MAX_TEXT].decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        # Cut before and after: an escaped character is longer, and the value may have megabytes.
        text = value[: _MAX_TEXT + 1].encode("utf-8", "backslashreplace").decode()
        return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        items = islice(cast("Mapping[Any, Any]", value).items(), _MAX_ITEMS)
        return {str(plain(str(key))): plain(item, depth + 1) for key, item in items}
    if isinstance(value, Sequence):
        return [plain(item, depth + 1) for item in islice(cast("Sequence[Any]", value), _MAX_ITEMS)]
    return plain(str(value))


def hide(folder: Path) -> None:
    """Leave out the paths of this folder, and those below it, in every error from now on."""
    for root in {str(folder), str(folder.resolve())}:
        if len(root) > 1:
            _ROOTS[root] = re.compile(re.escape(root) + r"/(?:[^\s'\"`<>|:;,/]+/)*")


def without_folders(value: Any, depth: int = 0) -> Any:
    """Return a message, or details of any form, with file names in place of paths of hidden folders."""
    if isinstance(value, str):
        for root, pattern in _ROOTS.items():
            if root in value:
                value = pattern.sub("", value)
        return value
    if depth >= _MAX_DEPTH:
        return value
    if isinstance(value, dict):
        return {key: without_folders(item, depth + 1) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [without_folders(item, depth + 1) for item in cast("list[Any]", value)]
    return value
