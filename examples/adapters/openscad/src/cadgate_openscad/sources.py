"""Writes a source and the files that it reads into a folder of their own, which is all that OpenSCAD can see."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import cast

from anyio import to_thread

from cadgate.plugin import Application, Artifact, LimitExceeded, StagedFile, UnsupportedFormat, ValidationFailed
from cadgate_openscad.models.sources import MAIN, Source
from cadgate_openscad.settings import OpenSCADSettings

SUFFIXES = (".scad", ".csg")
FOLDER = ".source"
"""Below the folder of a staged file, where the file itself is written."""


async def lay_out(app: Application, params: Source, staged: StagedFile) -> Path:
    """Make the folder with `main.scad` and the other files.

    Raises ArtifactNotFound, UnsupportedFormat, ValidationFailed, LimitExceeded.
    """
    settings = cast("OpenSCADSettings", app.settings)
    folder = staged.folder / FOLDER
    if len(params.files) > settings.max_files:
        raise _too_much("The number of files", len(params.files), settings.max_files, "max_files")
    laid: dict[str, tuple[Path, int]] = {}
    for name, identifier in params.files.items():
        stored = app.artifacts.get(identifier)
        laid[name] = (stored.path, stored.artifact.size)
    source = source_of(app, params)
    if source is not None:
        laid[MAIN] = (app.artifacts.get(source.id).path, source.size)
    for name, (_, size) in laid.items():
        if size > settings.max_source_bytes:
            raise _too_much(f"The size of {name} in bytes", size, settings.max_source_bytes, "max_source_bytes")
    await to_thread.run_sync(_write, folder, params.source, laid, settings.max_source_bytes)
    return folder


def source_of(app: Application, params: Source) -> Artifact | None:
    """Return the artifact with the source, if it is one. Raises UnsupportedFormat for other files."""
    if params.artifact is None:
        return None
    artifact = app.artifacts.get(params.artifact).artifact
    if PurePosixPath(artifact.name).suffix.lower() not in SUFFIXES:
        raise UnsupportedFormat(
            f"The artifact {artifact.name!r} is not an OpenSCAD source: its name must end in {' or '.join(SUFFIXES)}",
            details={"name": artifact.name, "suffixes": list(SUFFIXES)},
        )
    return artifact


def _write(folder: Path, text: str | None, laid: dict[str, tuple[Path, int]], limit: int) -> None:
    folder.mkdir()
    for name, (path, _) in laid.items():
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise ValidationFailed(f"files has {name!r} and another name that uses it as a folder") from error
    if text is not None:
        data = _encoded(text)
        if len(data) > limit:
            raise _too_much("The size of the source in bytes", len(data), limit, "max_source_bytes")
        (folder / MAIN).write_bytes(data)
    _check_text((folder / MAIN).read_bytes())


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValidationFailed(f"The source contains {text[error.start]!r}, which is not a character") from error


def _check_text(data: bytes) -> None:
    """Check the text: OpenSCAD reads up to a zero byte, and would silently ignore the rest."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValidationFailed(f"The source is not UTF-8 text: byte {error.start}, line {line}") from error
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise ValidationFailed(f"The source contains a zero byte in line {line}")


def _too_much(what: str, value: int, limit: int, setting: str) -> LimitExceeded:
    return LimitExceeded(
        f"{what} is {value}, above the limit of {limit}; the setting is {setting}",
        details={"limit": setting, "value": value, "maximum": limit},
    )
