"""Files: passes solids to and from workers, which read and write them."""

from __future__ import annotations

import math
import os
from typing import Any

import build123d as b3d

from cadgate.appserver import AppError, about_to_change, method
from cadgate_build123d.app import document
from cadgate_build123d.app.document import SOLIDS, chosen, host, put, shape

SMALLEST = 1e-6


@method("internal.hand")
def hand(*, path: str, objects: list[str] | None) -> dict[str, Any]:
    """In the session, prepare what a worker is to write."""
    for name in objects or ():
        shape(name)
    names = list(SOLIDS) if objects is None else list(dict.fromkeys(objects))
    if not names:
        raise AppError("degenerate_result", "There is no solid to export: make one first")
    document.save(path, names)
    return {}


@method("internal.write")
def write(*, source: str, path: str, format: str, tolerance: float) -> dict[str, Any]:
    """In a worker, write the file, and read it back before reporting success."""
    _progress(0, "reading")
    shapes, index = document.read_zip(source)
    for made, (name, _) in zip(shapes, index["solids"]):
        made.label = name
    whole = shapes[0] if len(shapes) == 1 else b3d.Compound(label="solids", children=shapes)
    _progress(30, "writing")
    if format == "step":
        b3d.export_step(whole, path)
    elif format == "brep":
        b3d.export_brep(whole, path)
    else:
        b3d.export_stl(whole, path, tolerance=tolerance, angular_tolerance=math.radians(10))
    _progress(70, "reading back")
    wanted = sum(each.volume for each in shapes)
    if format != "stl":
        found = sum(each.volume for each in _read(path, format).solids())
        if abs(found - wanted) > 1e-6 * wanted:
            raise AppError("degenerate_result", f"The {format} file contains {found:g} mm³ instead of {wanted:g}")
    elif os.path.getsize(path) < 84:
        raise AppError("degenerate_result", "The STL file contains no triangles")
    _progress(100, "done")
    return {"solids": sum(len(each.solids()) for each in shapes)}


def _progress(percent: int, state: str) -> None:
    host().emit("progress", {"percent": percent, "state": state})


def _read(path: str, format: str) -> Any:
    return b3d.import_step(path) if format == "step" else b3d.import_brep(path)


def _is_whole(path: str) -> bool:
    """Return whether the file is complete: OpenCASCADE reads what there is and does not report the rest missing."""
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 1000))
        return b"END-ISO-10303-21" in file.read()


@method("internal.read")
def read(*, source: str, path: str, format: str) -> dict[str, Any]:
    """In a worker, read the solids of a file for the session."""
    if format == "step" and not _is_whole(source):
        raise AppError("unsupported_format", "The STEP file is cut off: its last line, END-ISO-10303-21;, is missing")
    try:
        solids = list(_read(source, format).solids())
    except Exception as error:  # readers raise anything for a damaged file
        raise AppError("unsupported_format", f"The file cannot be read as {format.upper()}: it is damaged") from error
    solids = [each for each in solids if each.volume > SMALLEST]
    if not solids:
        raise AppError("degenerate_result", "The file contains no solid")
    document.write_zip(path, solids, {"names": [str(each.label or "") for each in solids]})
    return {}


@method("internal.take")
def take(*, path: str, name: str) -> dict[str, Any]:
    """In the session, add what a worker has read."""
    shapes, _ = document.read_zip(path)
    about_to_change()
    return {"objects": [put(chosen(name, "rename", "Import"), each) for each in shapes]}
