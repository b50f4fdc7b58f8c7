"""Checks FCStd files: the objects, labels and shapes in the archive, without opening it as a document."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from typing import Any, Iterator
from xml.etree import ElementTree

import FreeCAD
import Part

from cadgate_freecad.app import attributes, shapes
from cadgate_freecad.app.verification.files import check_written, lost, point

SHAPES = 200
"""The number of shapes of a document that are read again; with `verify: "full"`, all of them."""


def check_document(path: str, document: Any, verify: str) -> None:
    """Raise AppError `command_failed` if the file does not contain every object of `document` as it is."""
    check_written("fcstd", path)
    wanted = {obj.Name: obj for obj in document.Objects}
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"its part {damaged!r} is damaged")
            found = dict(_objects(archive))
            if set(found) != set(wanted):
                names = sorted(set(found).symmetric_difference(wanted))
                raise lost("fcstd", f"{len(found)} of {len(wanted)} objects are in it; {names[0]!r} differs")
            for name, (label, _) in found.items():
                if label != wanted[name].Label:
                    raise lost("fcstd", f"{name!r} has the label {label!r} there instead of {wanted[name].Label!r}")
            with_shape = [name for name, obj in wanted.items() if shapes.shape_of(obj) is not None]
            for name in with_shape if verify == "full" else with_shape[:SHAPES]:
                part = found[name][1]
                if part is not None:
                    _compare(name, wanted[name].Shape, _shape(archive, part))
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, ElementTree.ParseError) as error:
        raise lost("fcstd", str(error)) from error


def _objects(archive: zipfile.ZipFile) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """(name, (label, file of the shape)) of each object."""
    with archive.open("Document.xml") as file:
        data = ElementTree.parse(file).getroot().find("ObjectData")
    if data is None:
        raise ValueError("its Document.xml contains no objects")
    for node in data.findall("Object"):
        label, part = "", None
        for each in node.iterfind("Properties/Property"):
            if each.get("name") == "Label":
                label = each[0].get("value", "")
            elif each.get("name") == "Shape" and len(each):
                part = each[0].get("file") or None
        yield node.get("name", ""), (label, part)


def _shape(archive: zipfile.ZipFile, part: str) -> Any:
    handle, name = tempfile.mkstemp(suffix=os.path.splitext(part)[1])
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(archive.read(part))
        shape = Part.Shape()
        if part.endswith(".bin"):
            shape.importBinary(name)
        else:
            shape.importBrep(name)
    finally:
        os.unlink(name)
    return shape


def _compare(name: str, wanted: Any, found: Any) -> None:
    for kind in ("Solid", "Face", "Edge"):
        there, here = found.countElement(kind), wanted.countElement(kind)
        if there != here:
            raise lost("fcstd", f"{name!r} has {there} elements of the kind {kind} instead of {here}")
    here, there = attributes.box(wanted), attributes.box(found)
    slack = 1e-6 * here.DiagonalLength + 1e-9
    corners = [
        FreeCAD.Vector(here.XMin - there.XMin, here.YMin - there.YMin, here.ZMin - there.ZMin),
        FreeCAD.Vector(here.XMax - there.XMax, here.YMax - there.YMax, here.ZMax - there.ZMax),
    ]
    if here.isValid() and max(corner.Length for corner in corners) > slack:
        low = (there.XMin, there.YMin, there.ZMin)
        raise lost("fcstd", f"{name!r} has its lowest corner at {point(low)} there, or a different size")
