"""Variants: a copy of the document for workers, and in a worker, one row of values with its files and measures."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Generator

import FreeCAD

from cadgate.appserver import AppError, method
from cadgate_freecad.app import attributes, changes, chosen, exchange, holders, look, loosened, parameters, values
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.info import describe, problem
from cadgate_freecad.app.observer import OBSERVER
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.single_places import single_places
from cadgate_freecad.app.snapshots import exact_and_fast

_MEASURES = ("volume", "area", "mass", "center_of_mass", "bounding_box")
_FORGETFUL = frozenset(
    f"Part::{kind}"
    for kind in (
        *("Box", "Cone", "Cylinder", "Ellipsoid", "Prism", "Sphere", "Torus", "Wedge"),
        *("Common", "Compound", "Cut", "Fuse", "Mirroring", "MultiCommon", "MultiFuse"),
    )
)
"""What is made anew at each recompute, whatever it was before. A sketch is solved from where it was, and chosen edges
are found by what they were."""


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
    """Compute one row in a copy of the document, in a worker; an impossible one is an answer, not an error."""
    try:
        with _opened(path, row["parameters"]) as copy, single_places():
            document = copy.document
            parameters.vary(document, row["parameters"], copy.parameters)
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


@method("internal.variants_end")
def end() -> None:
    """Close the copy that is open: there are no more rows for now."""
    while _open:
        _open.pop().close()


class _Copy:
    """A copy of the document that is open, as it was or with the values of the last row."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.document = FreeCAD.newDocument("Variant")
        self.document.UndoMode = 0  # nothing of it is ever undone
        OBSERVER.paused = True  # what is in the copy is not new
        try:
            self.document.load(path)
        except BaseException:
            self.close()
            raise
        finally:
            OBSERVER.paused = False
        sheet = parameters.sheet_of(self.document)
        self.parameters = parameters.read(sheet)
        """As they were in the document."""
        self.varied: set[str] = set()
        """Those that rows have given other values."""
        self.is_forgetful = _is_forgetful(self.document, sheet)
        """Whether another row makes of it what it would make of a new copy, if it gives the same parameters values."""

    def close(self) -> None:
        FreeCAD.closeDocument(self.document.Name)
        _settle()


_open: list[_Copy] = []
"""The copy that waits for another row, if there is one."""


@contextmanager
def _opened(path: str, varied: dict[str, Any]) -> Generator[_Copy, None, None]:
    """Yield the open copy if nothing of earlier rows is left in it after this one, or else a new one."""
    if _open and (_open[0].path != path or not _open[0].varied.issubset(varied)):
        end()
    copy = _open.pop() if _open else _Copy(path)
    try:
        yield copy
    except BaseException:
        copy.close()
        raise
    copy.varied.update(varied)
    if copy.is_forgetful:
        _settle()
        _open.append(copy)
    else:
        copy.close()


def _is_forgetful(document: Any, sheet: Any) -> bool:
    """Return whether all objects are valid, depend on the parameters, and are made of nothing but their inputs.

    A boolean loosens edges of its operands, so that those must be made anew, too.
    """
    follow = changes.dependents(sheet)
    return {sheet, *follow} == {*document.Objects} and not changes.broken(follow) and all(map(_is_made_anew, follow))


def _is_made_anew(obj: Any) -> bool:
    if obj.TypeId == "Part::FeaturePython":
        return type(attributes.prop(obj, "Proxy")).__module__ == "draftobjects.array" and not holders.is_link(obj)
    return obj.TypeId in _FORGETFUL and not hasattr(obj, chosen.PROPERTY)


def _settle() -> None:
    """Drop what was noted of objects that are gone, or that a new row changes."""
    OBSERVER.settled()
    OBSERVER.forget()
    loosened.forget()
