"""The one envelope of every error, by whichever door it leaves. Nothing of the server's inside gets into it.

What clients sent is echoed as JSON of bounded size, and files are named without the folders of the state folder.
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
    """The `error` object of the envelope."""
    details = without_folders(error.details)
    # A traceback of the user's own code is the one long text that is wanted whole.
    traceback = error.details.get("traceback")
    told: dict[str, Any] = {
        "code": error.code,
        "message": plain(without_folders(error.message)),
        "details": plain({key: value for key, value in details.items() if key != "traceback"}),
        "retryable": error.retryable,
        "request_id": request_id,
    }
    if traceback is not None:
        told["details"]["traceback"] = str(traceback).encode("utf-8", "backslashreplace").decode()
    return told


def render(error: CadgateError, request_id: str | None) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of the envelope for `error`."""
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
    """What a client is told about a defect."""
    return InternalError("The gateway failed on this request; its log has the details under the request id")


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as finite, encodable JSON of bounded size: error details echo what clients sent, whatever that is."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        value = value[: 4 * _MAX_TEXT].decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        # Cut before and after: what one character becomes may be longer, and what was sent may be megabytes.
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
    """Leave this folder, and those below it, out of every error from now on."""
    for root in {str(folder), str(folder.resolve())}:
        if len(root) > 1:
            _ROOTS[root] = re.compile(re.escape(root) + r"/(?:[^\s'\"`<>|:;,/]+/)*")


def without_folders(value: Any, depth: int = 0) -> Any:
    """A message, or details of any form, with bare file names where paths of hidden folders were."""
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
