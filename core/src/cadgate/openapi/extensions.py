"""What routes write into their part of the document for the gateway to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHOD_EXTENSION = "x-cadgate-method"
"""Where OpenAPI says which method a route calls."""

BYTES_FIRST = "x-bytes-first"
"""Marks, until the document is complete, an answer that is the file itself unless JSON is asked for."""


def takes_context(path: str, extra: Mapping[str, Any]) -> bool:
    """Whether the gateway reads an adapter's context values for this route: batch, undo, redo."""
    return path.endswith("/batch") or str(extra.get(METHOD_EXTENSION, "")).startswith("session.")
