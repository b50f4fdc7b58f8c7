"""Variants: a copy of the document for workers, and in a worker, one row of values with its files and measures."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import FreeCAD

from cadgate.appserver import AppError, method
from cadgate_freecad.app import exchange, look, loosened, parameters, values
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import describe, problem
from cadgate_freecad.app.observer import OBSERVER
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.snapshots import exact_and_fast

_MEASURES = ("volume", "area", "mass", "center_of_mass", "bounding_box")


@method("internal.variants")
def save(*, path: str, objects: list[str]) -> dict[str, Any]:
    """Save a copy of the document. Raises AppError for an object that is not there, and for no parameters."""
    document = target()
    for name in objects:
        obj = find(document, name)
        wrong = problem(obj)
        if wrong is not None:
            raise values.invalid("objects", wrong)
    if not parameters.read(parameters.sheet_of(document)):
        raise values.invalid("rows", "the document has no parameters to vary: set some with PUT /parameters first")
    with exact_and_fast():
        document.saveCopy(path)
    return {"parameters": [*parameters.read(parameters.sheet_of(document))]}


@method("internal.variant")
def variant(
    *,
    path: str,
    row: dict[str, Any],
    objects: list[str],
    exports: list[list[str]],
    measures: bool,
    picture_folder: str | None,
    linear_deflection: float,
    angular_deflection: float,
) -> dict[str, Any]:
    """Compute one row in a fresh copy of the document, in a worker; an impossible one is an answer, not an error."""
    try:
        with _opened(path) as document:
            parameters.vary(document, row["parameters"])
            found = [find(document, name) for name in objects]
            described = {obj.Name: describe(obj) for obj in found} if measures else {}
            for format, file in exports:
                how = {"linear": linear_deflection, "angular": angular_deflection}
                exchange.write_objects(format, file, document, objects, title=row["name"], **how)
            kept = {name: {key: each[key] for key in _MEASURES} for name, each in described.items()}
            scene = None if picture_folder is None else look.put_scene(document, picture_folder, objects)
            return {"measures": kept if measures else None, "error": None, "scene": scene}
    except AppError as error:
        details = error.details or {}
        return {"measures": None, "error": {"code": error.code, "message": error.message, "details": details}}


@contextmanager
def _opened(path: str) -> Generator[Any, None, None]:
    document = FreeCAD.newDocument("Variant")
    try:
        document.UndoMode = 0  # nothing of it is ever undone
        OBSERVER.paused = True  # what is in the copy is not new
        document.load(path)
        OBSERVER.paused = False
        yield document
    finally:
        OBSERVER.paused = False
        FreeCAD.closeDocument(document.Name)
        # What the observer noted of its objects is gone with them.
        OBSERVER.settled()
        OBSERVER.forget()
        loosened.forget()
