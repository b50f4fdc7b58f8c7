"""File names and formats: the suffix decides where no format is named, and must agree where one is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, cast


def follow_suffix(data: object, field: str, formats: dict[str, str]) -> object:
    """Request data with the format that the suffix of `field` says, where the client named none."""
    if isinstance(data, dict):
        values = cast("dict[str, Any]", data)
        name = values.get(field)
        if "format" not in values and isinstance(name, str):
            kind = formats.get(PurePosixPath(name).suffix.lower())
            if kind is not None:
                return {**values, "format": kind}
    return cast("object", data)


def check_suffix(name: str | None, field: str, format: str, formats: dict[str, str]) -> None:
    """Raise ValueError for a name with the suffix of another format."""
    suffix = PurePosixPath(name or "").suffix.lower()
    if formats.get(suffix, format) != format:
        raise ValueError(f"{field} {name!r} has the suffix of {formats[suffix]!r}, but format is {format!r}")
