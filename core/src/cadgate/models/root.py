"""The root path at which clients reach the gateway: empty, or `/cad` behind a proxy that serves it there.

Routes never see it, because the gate removes it from paths. It is added to whatever clients get, such as URLs.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

ROOT: ContextVar[str] = ContextVar("cadgate_root", default="")
"""The root path of the current request."""

_SEGMENT = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_ROOT = re.compile(rf"(?:/{_SEGMENT}){{1,16}}\Z")
OWN = frozenset(
    (
        "asyncapi.json",
        "console",
        "console-assets",
        "docs",
        "health",
        "login",
        "logout",
        "mcp",
        "metrics",
        "openapi.json",
        "page-assets",
        "plugins",
        "ready",
        "redoc",
        "version",
        "ws",
    )
)
"""The first segments of the gateway's own paths, in addition to `api`."""


def checked_root(text: str) -> str:
    """Return `text` as a root path: without a trailing slash, empty for none.

    :raises ValueError: it is not a path, or one below which the gateway has routes, which leaves it ambiguous whether
        a proxy has removed it.
    """
    root = text.strip().rstrip("/")
    if not root:
        return ""
    if len(root) > 256 or not _ROOT.match(root):
        raise ValueError(f"{text[:100]!r} is not a path: write it as in '/cad', with letters, digits and . _ ~ - only")
    segments = root.split("/")
    if segments[1] in OWN or root == "/api" or segments[1:3] == ["api", "v1"]:
        raise ValueError(f"{root!r} is a path of the gateway's own routes: choose another, as in '/cad'")
    return root


def rooted(path: str) -> str:
    """Return a path of the gateway as the client of the current request reaches it."""
    return ROOT.get() + path
