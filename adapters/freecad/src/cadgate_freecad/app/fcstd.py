"""FCStd files as files: how large they are, whether they are whole, how many objects they hold."""

from __future__ import annotations

import os
import zipfile
import zlib

from cadgate.appserver import AppError, limit_exceeded, scrutiny
from cadgate_freecad.app.limits import LIMITS

UNPACKED = 8
"""How many times `max_import_bytes` an unpacked archive may have."""


def check_size(path: str) -> None:
    """Raise AppError `limit_exceeded` for a file that is too large to read."""
    size = os.path.getsize(path)
    if zipfile.is_zipfile(path):
        try:
            size = max(size, scrutiny.zip_size(path) // UNPACKED)
        except scrutiny.Unsound as error:
            raise AppError("unsupported_format", f"The file {error}") from None
    if size > LIMITS["max_import_bytes"]:
        raise limit_exceeded("The size of the file in bytes", size, LIMITS["max_import_bytes"], "max_import_bytes")


def check_file(path: str, objects: int | None = None) -> None:
    """Make sure that `path` is a complete FCStd file, with `objects` objects if that is known.

    Raises AppError `unsupported_format`: FreeCAD opens half a file without an error.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise zipfile.BadZipFile(f"its part {damaged!r} is damaged")
            if "Document.xml" not in archive.namelist():
                raise zipfile.BadZipFile("it has no Document.xml")
            count = object_count(path)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise AppError("unsupported_format", f"{os.path.basename(path)!r} is not a whole FCStd file: {error}") from None
    if objects is not None and count != objects:
        raise AppError("command_failed", f"FreeCAD wrote {count} of {objects} objects")


def object_count(path: str) -> int:
    """Return the count in the file's `<Objects Count="…">`."""
    with zipfile.ZipFile(path) as archive, archive.open("Document.xml") as file:
        for line in file:
            if b"<Objects " in line:
                start = line.index(b'Count="') + 7
                return int(line[start : line.index(b'"', start)])
    raise ValueError("its Document.xml lists no objects")
