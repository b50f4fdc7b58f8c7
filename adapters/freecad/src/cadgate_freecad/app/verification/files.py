"""Reads exact files again and compares them with what was to be written: size, place, counts, names."""

from __future__ import annotations

import os
from math import isclose
from typing import Any, Sequence

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, shapes, step_names
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.values import words
from cadgate_freecad.app.verification import step_solids

# OpenCASCADE integrates splines to 1e-5, and they come back with different knots; BREP keeps every number.
SIZE = {"step": 1e-4, "iges": 1e-4, "brep": 1e-7}
# Fractions of the diagonal. The centre proves the place: boxes of curved faces follow their poles.
PLACE = {"step": 1e-5, "iges": 1e-5, "brep": 1e-7}
BOX = {"step": 1e-3, "iges": 1e-3, "brep": 1e-6}
FAR = 1e-8
"""A fraction of the distance from the origin: the precision of a file's digits there."""
SAMPLES = 100
"""The number of points of each object that a full verification looks for in the file."""


def check_written(format: str, path: str) -> None:
    """Raise AppError `command_failed` if there is no file, or an empty one."""
    if not os.path.isfile(path) or os.path.getsize(path) == 0:
        raise lost(format, "nothing was written")


def lost(format: str, why: str) -> AppError:
    return AppError(
        "command_failed",
        f"FreeCAD wrote a {format.upper()} file that does not match the objects: {why}. The file was discarded; "
        "try another format, or check the shapes with objects/NAME/measures",
    )


def check_exact(format: str, path: str, items: list[Item], verify: str) -> list[dict[str, str]]:
    """Return warnings about names. Raises AppError `command_failed` if the file is not what was to be written."""
    check_written(format, path)
    if not (
        format == "step" and verify != "full" and len(items) == 1 and step_solids.is_proved(path, _source(items[0]))
    ):
        _read_again(format, path, items, verify)
    labels = [item.label for item in items]
    if format == "step":
        missing = step_names.missing_products(path, labels)
        if missing:
            raise lost(format, f"no product is named {missing[0]!r}")
    elif format == "iges":
        return _iges_names(path, labels)
    return []


def _source(item: Item) -> Any:
    return item.source or item.shape


def _read_again(format: str, path: str, items: list[Item], verify: str) -> None:
    """Let OpenCASCADE read the file, and compare. Raises AppError `command_failed`."""
    found = Part.Shape()
    try:
        found.read(path)
    except (OSError, RuntimeError, Part.OCCError) as error:
        raise lost(format, words(error)) from error
    if found.isNull():
        raise lost(format, "it contains no shape")
    wanted = [item.shape for item in items]
    _compare(format, Extent([_source(item) for item in items], described=True), Extent([found]))
    if verify == "full":
        _compare_faces(format, wanted, found)
        _compare_points(format, items, found)


def _iges_names(path: str, labels: list[str]) -> list[dict[str, str]]:
    written = [step_names.ascii_name(label) for label in labels]
    missing = set(step_names.missing_iges_names(path, written))
    return [
        {"code": "renamed", "message": f"IGES cannot hold the name {label!r}: in the file it is {name!r}"}
        if name not in missing
        else {"code": "renamed", "message": f"The IGES file does not contain the name {label!r}"}
        for label, name in zip(labels, written)
        if label != name or name in missing
    ]


class Extent:
    """Counts, sizes and place of shapes together. `described`: they may be measured already, and have a mesh."""

    def __init__(self, wanted: Sequence[Any], *, described: bool = False) -> None:
        solids = [solid for shape in wanted for solid in shape.Solids]
        faces = [face for shape in wanted for face in shape.Faces]
        self.solids, self.faces = len(solids), len(faces)
        self.volume = 0.0
        self.length: float | None = None
        measured = shapes.by_kernel(wanted[0]) if described and len(wanted) == 1 else None
        if measured is not None:
            self.volume, self.area, self.center = measured
        else:
            self.area = sum(shape.Area for shape in wanted) if faces else 0.0
            self.center = self._center(wanted, solids, faces)
        box = FreeCAD.BoundBox()
        for shape in wanted:
            tight = shapes.bounding_box(shape) if described else shapes.box_without_mesh(shape)
            box.add(tight or attributes.box(shape))
        self.low = (box.XMin, box.YMin, box.ZMin)
        self.high = (box.XMax, box.YMax, box.ZMax)
        self.diagonal = box.DiagonalLength
        self.far = max(abs(part) for part in (*self.low, *self.high))

    def _center(self, wanted: Sequence[Any], solids: list[Any], faces: list[Any]) -> Any | None:
        """Return the centre of mass, and keep the volume or the length by which it is found."""
        center = FreeCAD.Vector()
        if solids:
            for solid in solids:
                volume = solid.Volume
                self.volume += volume
                center += attributes.of(solid, "CenterOfMass") * volume
            mass = self.volume
        elif faces:
            for face in faces:
                center += attributes.of(face, "CenterOfMass") * face.Area
            mass = self.area
        else:
            edges = [edge for shape in wanted for edge in shape.Edges if not edge.Degenerated]
            for edge in edges:
                center += attributes.of(edge, "CenterOfMass") * edge.Length
            mass = self.length = sum(edge.Length for edge in edges)
        return center * (1 / mass) if mass else None


def _compare(format: str, wanted: Extent, found: Extent) -> None:
    # An IGES file may contain faces instead of solids.
    loose = format == "iges" and not found.solids
    if not loose and found.solids != wanted.solids:
        raise lost(format, f"it contains {found.solids} solids instead of {wanted.solids}")
    if found.faces != wanted.faces and format != "iges":
        raise lost(format, f"it contains {found.faces} faces instead of {wanted.faces}")
    for what, there, here in (
        ("mm³", 0.0 if loose else found.volume, 0.0 if loose else wanted.volume),
        ("mm²", found.area, wanted.area),
        ("mm of edges", found.length or 0.0, wanted.length or 0.0),
    ):
        if not isclose(there, here, rel_tol=SIZE[format], abs_tol=1e-12):
            raise lost(format, f"it contains {there:.9g} {what} instead of {here:.9g}")
    slack = FAR * wanted.far + 2e-7
    for corner, there, here in (("lowest", found.low, wanted.low), ("highest", found.high, wanted.high)):
        if max(abs(a - b) for a, b in zip(there, here)) > BOX[format] * wanted.diagonal + slack:
            raise lost(format, f"its {corner} corner is at {point(there)} instead of {point(here)}")
    if loose or wanted.center is None or found.center is None:
        return
    if (found.center - wanted.center).Length > PLACE[format] * wanted.diagonal + slack:
        raise lost(format, f"its centre of mass is at {point(found.center)} instead of {point(wanted.center)}")


def point(corner: Any) -> str:
    return "[" + ", ".join(f"{part:.7g}" for part in corner) + "]"


def _compare_faces(format: str, wanted: Sequence[Any], found: Any) -> None:
    """Compare area by area, to find a face that was replaced by another."""
    here = sorted(face.Area for shape in wanted for face in shape.Faces)
    there = sorted(face.Area for face in found.Faces)
    for a, b in zip(here, there):
        if len(here) == len(there) and not isclose(a, b, rel_tol=1e-3, abs_tol=1e-6 * max(here)):
            raise lost(format, f"a face of {a:.9g} mm² has {b:.9g} mm² there")


def _compare_points(format: str, items: list[Item], found: Any) -> None:
    """Check that corners and points of edges of every object lie on the contents of the file."""
    for item in items:
        shape = item.required_shape
        edges = [edge for edge in shape.Edges if not edge.Degenerated]
        step = max(1, len(edges) // SAMPLES)
        size = attributes.box(shape).DiagonalLength
        for edge in edges[::step]:
            middle = edge.valueAt((edge.FirstParameter + edge.LastParameter) / 2)
            distance = found.distToShape(Part.Vertex(middle))[0]
            if distance > 1e-4 * size + 1e-6:
                raise lost(format, f"a point of {item.name!r} is {distance:.3g} mm away from everything in it")
