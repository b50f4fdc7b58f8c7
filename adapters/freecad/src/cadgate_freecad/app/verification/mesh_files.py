"""Checks that triangles enclose the shape that they represent, and that the file contains exactly them."""

from __future__ import annotations

import zipfile
from collections import Counter
from typing import Any, Sequence

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, mesh_files, shapes, threemf_files, versions
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.triangles import Measures, Triangles, area
from cadgate_freecad.app.verification import mesh_readers
from cadgate_freecad.app.verification.files import SAMPLES, check_written, lost, point

FINE = 0.005
"""Up to this part of a solid's diagonal, the deflection hardly changes the area."""
MOST_OF_IT = 0.95
"""The least part of a solid's area that fine triangles may have if they are open."""


def check_meshed(item: Item, triangles: Triangles, linear: float, verify: str) -> dict[str, str] | None:
    """Return the warning about gaps, or None.

    Raises AppError if closed triangles do not enclose the shape, or if much of its surface is missing from open ones.
    """
    if not item.is_solid:
        return None
    shape = item.required_shape
    open_edges, crowded = triangles.defects()
    if open_edges or crowded:
        covered = area(triangles)
        if linear <= FINE * attributes.box(shape).DiagonalLength and covered < MOST_OF_IT * shape.Area:
            raise AppError(
                "degenerate_result",
                f"The triangles of {item.name!r} cover {covered:.6g} mm² of its {shape.Area:.6g}: OpenCASCADE could "
                "not mesh every face. Use a smaller linear_deflection or angular_deflection",
                {"name": item.name, "area": covered, "expected": shape.Area},
            )
        many = [
            f"{count} {what}"
            for count, what in ((open_edges, "open edges"), (crowded, "edges of more than two"))
            if count
        ]
        return {
            "code": "not_watertight",
            "message": f"The mesh of {item.name!r} has {' and '.join(many)} although the shape is solid",
        }
    measured = triangles.measures()
    if measured.volume < 0:
        triangles.turn_over()
        measured = triangles.measures()
    wanted = abs(shapes.volume(shape))
    size, far = attributes.box(shape).DiagonalLength, max(abs(part) for part in (*measured.low, *measured.high))
    # No triangle is further from the surface than `linear`; points have single precision.
    allowed = shape.Area * (linear * _curved_share(shape) + 1e-6 * size + 2e-7 * min(far, size * 100)) + 1e-4 * wanted
    if abs(measured.volume - wanted) > allowed:
        raise AppError(
            "degenerate_result",
            f"The triangles of {item.name!r} enclose {measured.volume:.9g} mm³, but the solid has {wanted:.9g}: "
            "its faces are invalid, or linear_deflection is too coarse. Check it with objects/NAME/measures, or use "
            "a smaller linear_deflection",
            {"name": item.name, "volume": measured.volume, "expected": wanted},
        )
    box = attributes.box(shape)
    out = max(
        *(low - mine for low, mine in zip((box.XMin, box.YMin, box.ZMin), measured.low)),
        *(mine - high for high, mine in zip((box.XMax, box.YMax, box.ZMax), measured.high)),
    )
    if out > linear + 1e-6 * size + 2e-7 * far:
        raise AppError(
            "degenerate_result",
            f"The triangles of {item.name!r} reach {out:.3g} mm out of the solid's box: its faces are invalid. "
            "Check it with objects/NAME/measures",
            {"name": item.name, "distance": out},
        )
    if verify == "full":
        _check_samples(item, triangles, linear)
    return None


def _check_samples(item: Item, triangles: Triangles, linear: float) -> None:
    """Check the centre of mass, and that middles of triangles are no further off than the deflection allows."""
    shape = item.required_shape
    center = versions.center_of_mass(shape)
    # None if nothing of it has a volume: the volumes were compared before.
    off = 0.0 if center is None else max(abs(a - b) for a, b in zip(triangles.measures().center, center))
    if off > 2 * linear + 1e-6 * attributes.box(shape).DiagonalLength:
        raise AppError(
            "degenerate_result",
            f"The triangles of {item.name!r} have their centre {off:.3g} mm from that of the solid: "
            "use a smaller linear_deflection",
            {"name": item.name, "distance": off},
        )
    step = max(1, len(triangles.facets) // SAMPLES)
    for facet in triangles.facets[::step]:
        middle = FreeCAD.Vector(*(sum(triangles.points[corner][axis] for corner in facet) / 3 for axis in range(3)))
        distance = shape.distToShape(Part.Vertex(middle))[0]
        if distance > 2 * linear + 1e-6 * attributes.box(shape).DiagonalLength:
            raise AppError(
                "degenerate_result",
                f"A triangle of {item.name!r} is {distance:.3g} mm off its surface: use a smaller linear_deflection",
                {"name": item.name, "distance": distance},
            )


def coarse_place(item: Item, triangles: Triangles) -> dict[str, str] | None:
    """Return the warning that the object is too far from the origin for the seven digits of STL and PLY."""
    measured = triangles.measures()
    sizes = [high - low for low, high in zip(measured.low, measured.high) if high > low]
    far = max(abs(part) for part in (*measured.low, *measured.high))
    step = 1.2e-7 * far
    if not sizes or far < 10 * max(sizes) or step < 1e-3 * min(sizes):
        return None
    return {
        "code": "precision_lost",
        "message": f"{item.name!r} is so far from the origin that this format stores its points to "
        f"{step:.1g} mm only: move it nearer, or use 3mf, obj or step",
    }


def _curved_share(shape: Any) -> float:
    """Return 1 if triangles may deviate from the surface at all, 0 if everything is flat and straight."""
    flat = all(face.Surface.TypeId == "Part::GeomPlane" for face in shape.Faces)
    straight = flat and all(e.Degenerated or e.Curve.TypeId == "Part::GeomLine" for e in shape.Edges)
    return 0.0 if straight else 1.0


def check_mesh(format: str, path: str, objects: Sequence[tuple[str, Triangles]]) -> None:
    """Raise AppError `command_failed` if the file does not contain exactly these triangles, in place and by name."""
    check_written(format, path)
    try:
        found = mesh_readers.read(format, path)
    except ValueError as error:
        raise lost(format, str(error)) from error
    if format in ("stl", "ply"):
        whole = Triangles()
        for _, triangles in objects:
            whole.add(triangles)
        wanted: list[tuple[str | None, Triangles]] = [(None, whole)]
    else:
        clean = mesh_files.one_line if format == "obj" else mesh_files.xml_text
        wanted = [(clean(label), triangles) for label, triangles in objects]
    if [name for name, _ in found] != [name for name, _ in wanted]:
        raise lost(format, f"its objects are {[name for name, _ in found]}, not {[name for name, _ in wanted]}")
    for (name, there), (_, here) in zip(found, wanted):
        _compare_triangles(format, "it" if name is None else repr(name), there, here)


def check_colors(
    path: str, items: Sequence[Item], meshed: Sequence[Triangles], colors: Sequence[list[str | None]]
) -> None:
    """Raise AppError `command_failed` if the triangles of a 3MF file do not have the colours of their faces."""
    wanted: list[dict[str, int]] = []
    for item, triangles, each in zip(items, meshed, colors):
        shown = [threemf_files.displayed(color) for color in each] or [
            "" if item.color is None else threemf_files.displayed(item.color)
        ] * len(triangles.facets)
        wanted.append(dict(Counter(shown)))
    try:
        found = mesh_readers.colors_3mf(path)
    except (KeyError, IndexError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise lost("3mf", f"it cannot be read: {error}") from error
    if found != wanted:
        raise lost("3mf", f"its colours are {found}, not {wanted}")


def _compare_triangles(format: str, name: str, there: Triangles, here: Triangles) -> None:
    if len(there.facets) != len(here.facets):
        raise lost(format, f"{name} has {len(there.facets)} triangles instead of {len(here.facets)}")
    if format != "stl" and len(there.points) != len(here.points):
        raise lost(format, f"{name} has {len(there.points)} points instead of {len(here.points)}")
    if here.is_closed and format != "stl" and not there.is_closed:
        raise lost(format, f"{name} has open edges")
    one, other = Measures(there), Measures(here)
    far = max(abs(part) for part in (*other.low, *other.high))
    size = max(high - low for low, high in zip(other.low, other.high))
    # Single precision has an error of 6e-8 of a coordinate.
    slack = 2e-7 * far + 1e-9
    for corner, found, wanted in (("lowest", one.low, other.low), ("highest", one.high, other.high)):
        if max(abs(a - b) for a, b in zip(found, wanted)) > slack:
            raise lost(format, f"the {corner} corner of {name} is at {point(found)} instead of {point(wanted)}")
    if abs(one.volume - other.volume) > 6 * size * size * slack + 1e-6 * abs(other.volume):
        raise lost(format, f"{name} encloses {one.volume:.9g} mm³ instead of {other.volume:.9g}")
