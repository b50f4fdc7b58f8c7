"""The path under which the outside reaches the gateway: empty, or `/cad` behind a proxy that serves it there.

Routes never see it: the gate takes it off a path. Whatever is written for clients, such as a file's URL, puts it back.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

ROOT: ContextVar[str] = ContextVar("cadgate_root", default="")
"""That of the request in progress."""

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
"""The first segments of the gateway's own paths, besides `api`."""


def checked_root(text: str) -> str:
    """`text` as a root: without a slash at its end, empty for none.

    :raises ValueError: it is no path, or one under which the gateway has routes, so that nobody could tell whether a
        proxy took it off.
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
    """A path of the gateway as the client of the request in progress reaches it."""
    return ROOT.get() + path
