"""Checks and resolves file names from clients. None leads out of the workspace."""

from __future__ import annotations

import contextlib
from pathlib import Path

from cadgate.errors import PathNotAllowed

MAX_SEGMENT = 255
MAX_NAME = 1024
STAGING = ".staging"
"""The folder in the workspace where applications write before a file gets its name."""

JOBS = ".jobs"
"""The folder in the workspace with a folder for each job that has not ended."""


def check_name(name: str) -> None:
    """Raise PathNotAllowed for a relative name with an unsafe segment: empty, only dots, special characters."""
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME:
        raise PathNotAllowed(f"The path is longer than {MAX_NAME} bytes", details={"reason": "too long"})
    for segment in name.split("/"):
        if reason := _objection(segment):
            raise PathNotAllowed(
                f"The path {name!r} is not allowed: {reason}. Give a relative name such as 'parts/flange.step'",
                details={"path": name, "reason": reason},
            )


def _objection(segment: str) -> str | None:
    if not segment:
        return "a segment is empty or the path is absolute"
    if not segment.strip(". "):
        return "a segment has only dots or spaces"
    if ".." in segment:
        return "a segment contains '..'"
    if any(character in segment for character in "%\\"):
        return "a segment contains '%' or a backslash"
    if segment.strip() != segment:
        return "a segment begins or ends with a space"
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in segment):
        return "a segment contains control characters"
    if ":" in segment:
        return "a segment contains ':'"
    if len(segment.encode()) > MAX_SEGMENT:
        return f"a segment is longer than {MAX_SEGMENT} bytes"
    return None


def check_title(name: str) -> None:
    """Raise PathNotAllowed for what cannot be an artifact's name: one segment, in which `%` is allowed.

    Such a name is a title; it is never used as a path.
    """
    reason = "it contains a slash" if "/" in name else _objection(name.replace("%", "_"))
    if reason is not None:
        raise PathNotAllowed(
            f"The name {name!r} is not allowed: {reason.replace('a segment', 'it')}. Give one such as 'flange.step'",
            details={"path": name, "reason": reason},
        )


def resolve(workspace: Path, name: str, allowed_roots: tuple[Path, ...] = ()) -> Path:
    """Resolve `name`, following links: inside `workspace`, or absolute below one of `allowed_roots`.

    Raises PathNotAllowed.
    """
    if name.startswith("/") and allowed_roots:
        check_name(name[1:])
        target, roots = Path(name), allowed_roots
    else:
        check_name(name)
        first = name.split("/")[0]
        if first in (STAGING, JOBS):
            raise PathNotAllowed(f"The folder {first!r} is reserved for the gateway", details={"path": name})
        target, roots = workspace / name, (workspace,)
    try:
        resolved = target.resolve()
        if not any(resolved.is_relative_to(root.resolve()) for root in roots):
            raise PathNotAllowed(f"The path {name!r} leads outside the workspace", details={"path": name})
        if resolved.is_dir():
            raise PathNotAllowed(f"The path {name!r} is a folder", details={"path": name})
        if any(parent.exists() and not parent.is_dir() for parent in resolved.parents):
            raise PathNotAllowed(f"The path {name!r} leads through a file", details={"path": name})
        with contextlib.suppress(FileNotFoundError):
            resolved.stat()  # circular links, which `resolve` leaves as they are from Python 3.13
    except (OSError, RuntimeError) as error:  # circular links, names that the file system does not accept
        raise PathNotAllowed(f"The path {name!r} cannot be used", details={"path": name}) from error
    return resolved
