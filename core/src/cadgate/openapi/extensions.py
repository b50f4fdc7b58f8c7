"""The extensions by which routes pass information to the gateway in their OpenAPI operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHOD_EXTENSION = "x-cadgate-method"
"""The extension with the name of the method that a route calls."""

BYTES_FIRST = "x-bytes-first"
"""Marks, until the document is complete, a response that is the file unless JSON is requested."""


SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
"""The verbs of reads. Every other route of an adapter accepts `dry_run`."""


def takes_context(path: str, extra: Mapping[str, Any]) -> bool:
    """Whether the gateway reads an adapter's context values for this route: batch, undo, redo."""
    return path.endswith("/batch") or str(extra.get(METHOD_EXTENSION, "")).startswith("session.")
