"""Reliable measures of shapes: volumes of solids only, tight boxes, nothing from a null shape."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate_freecad.app import analytic, attributes, boxes, integrals, placed, versions
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.remembered import Remembered
from cadgate_freecad.app.values import clean, finite, significant, xyz

NO_MEASURES: dict[str, Any] = {
    "volume": None,
    "area": None,
    "center_of_mass": None,
    "bounding_box": None,
    "shape_type": None,
}


shape_of = placed.shape
"""Return the object's shape in its place in the document, or None. Do not measure `obj.Shape`, which is relative."""

required_shape = placed.required_shape
"""The same of an object that cannot be without one: raises AppError where it is."""


def volume(shape: Any) -> float:
    """Return the mm³ of the solids; `Shape.Volume` of an open shell or a face is meaningless."""
    return _volume(shape)


def _integrated(shape: Any) -> float:
    kind = shape.ShapeType
    if kind not in ("Solid", "Compound", "CompSolid"):
        return 0.0
    better = integrals.of(shape)
    if better is not None:
        return better.volume
    if kind == "Solid":
        return shape.Volume
    measured: list[Any] = []
    return sum(_volume_of_solid(solid, measured) for solid in shape.Solids)


def _volume_of_solid(solid: Any, measured: list[Any]) -> float:
    """Return the volume of a solid; copies of one that was measured, in other places, are as large as it is."""
    for other, size in measured:
        if solid.isPartner(other) and solid.Orientation == other.Orientation:
            return size
    size = float(solid.Volume)
    measured.append((solid, size))
    return size


def area_of(shape: Any) -> float:
    """Return the mm² of all faces."""
    better = integrals.of(shape)
    return _kernel_area(shape) if better is None else better.area


def center_of_mass(shape: Any, volume: float | None = None) -> Any | None:
    """Return the centre of mass as a vector, None if there is none; pass `volume` if it is known."""
    better = integrals.of(shape)
    if better is not None:
        return better.center
    found = _centers.find(shape)
    return _centers.keep(shape, versions.center_of_mass(shape, volume)) if found is None else found


def inertia(shape: Any) -> Any | None:
    """Return the inertia matrix of the solids about their centre of mass; None without a solid."""
    better = integrals.of(shape)
    return versions.inertia(shape) if better is None else better.inertia


def volume_of(obj: Any, shape: Any) -> float:
    """Return the volume of `obj`, whose `shape_of` is `shape`, without integration if something else proves it."""
    proved = analytic.proved(obj, shape)
    return volume(shape) if proved is None else proved.volume


_volume = Remembered(_integrated)


def _area(shape: Any) -> float:
    return float(shape.Area)


_kernel_area = Remembered(_area)
_centers: Remembered[Any] = Remembered(versions.center_of_mass)


def by_kernel(shape: Any) -> tuple[float, float, Any] | None:
    """Return volume, area and centre of mass of a shape of one solid as OpenCASCADE integrates them, None for others.

    What a description of the object has found is not computed again.
    """
    if shape.ShapeType not in ("Solid", "Compound") or len(shape.Solids) != 1 or integrals.of(shape) is not None:
        return None
    size = volume(shape)
    return size, _kernel_area(shape), center_of_mass(shape, size)


def edge_length(shape: Any) -> float:
    """Return the mm of all edges, the measure of a sketch or a wire."""
    return sum(edge.Length for edge in shape.Edges if not edge.Degenerated)


def bounding_box(shape: Any) -> Any | None:
    """Return the tight bounding box, or None for an empty shape.

    `BoundBox` uses a triangulation if the shape has one, and otherwise the poles of curved faces, so this measures a
    copy without mesh.
    """
    found = _boxes(shape)
    return found if found is None else FreeCAD.BoundBox(found)


def box_without_mesh(shape: Any) -> Any | None:
    """Do the same for a shape that has no mesh, such as one that was just read."""
    box = attributes.box(shape)
    if not box.isValid():
        return None
    return tight_box(shape) if _is_curved(shape) else box


def _bounds(shape: Any) -> Any | None:
    box = attributes.box(shape)
    if not box.isValid():
        return None
    if not _is_curved(shape):
        return box
    return tight_box(shape if _has_no_mesh(shape) else untriangulated(shape))


_boxes: Remembered[Any] = Remembered(_bounds)


def tight_box(part: Any) -> Any:
    """Return the extents of a shape, a face or an edge without a mesh (`untriangulated`), even if curved and cut."""
    try:
        return boxes.tight(part) or attributes.box(part)
    except (RuntimeError, FreeCADError):
        return attributes.box(part)


def untriangulated(shape: Any) -> Any:
    """Return a copy without the mesh of a view or an export, from whose corners boxes would be computed."""
    return shape.copy(True, False)


def _has_no_mesh(shape: Any) -> bool:
    """Return whether it is sure that no face has a triangulation."""
    faces = shape.Faces
    return bool(faces) and all(map(_is_sure_to_have_none, faces))


def _is_sure_to_have_none(face: Any) -> bool:
    try:
        face.getUVNodes()
    except (RuntimeError, FreeCADError) as error:
        return "no triangulation" in str(error)
    return False


def _is_curved(shape: Any) -> bool:
    """Return whether `BoundBox` may be too large, or too small."""
    if any(face.Surface.TypeId != "Part::GeomPlane" for face in shape.Faces):
        return True
    return any(_curve(edge) not in _EXACT for edge in shape.Edges)


_EXACT = ("Part::GeomLine", "Part::GeomCircle", None)


def _curve(edge: Any) -> str | None:
    try:
        return edge.Curve.TypeId
    except (TypeError, RuntimeError):
        return None  # a degenerated edge has no curve


def measures(obj: Any, shape: Any | None, place: Any | None = None) -> dict[str, Any]:
    """Return volume, area, center_of_mass, bounding_box and shape_type of `obj`, whose `shape_of` is `shape`.

    Pass its `place` in the document's coordinates if that is known.
    """
    if shape is None or attributes.type_id(obj) in versions.ENDLESS:
        return NO_MEASURES
    proved = analytic.proved(obj, shape)
    size = volume(shape) if proved is None else proved.volume
    whole = proved or analytic.known(obj, size)
    if whole is None:
        center, area, box = center_of_mass(shape, size), area_of(shape), bounding_box(shape)
    else:
        at: Any = placed.placement(obj) if place is None else place
        center, area = at.multVec(FreeCAD.Vector(*whole.center)), whole.area
        if isinstance(whole, analytic.Proved):
            box = whole.box
        else:
            box = attributes.box(shape) if whole.box is None else whole.box(at)
    return {
        "volume": _number(size),
        "area": _number(area),
        "center_of_mass": None if center is None else _point(center),
        "bounding_box": None if box is None else box_json(box),
        "shape_type": versions.kind_of(obj, shape),
    }


def mesh_measures(mesh: Any) -> dict[str, Any]:
    """Return the same for a Mesh::Feature's mesh."""
    box = attributes.box(mesh)
    return {
        "volume": _number(mesh_volume(mesh)) if mesh.isSolid() else 0.0,
        "area": _number(mesh.Area),
        "center_of_mass": None,
        "bounding_box": box_json(box) if box.isValid() else None,
        "shape_type": "Mesh",
    }


def mesh_volume(mesh: Any) -> float:
    """Return the volume of a closed mesh, about its middle; FreeCAD sums about the origin, in single precision."""
    copy = mesh.copy()
    copy.Placement = FreeCAD.Placement()
    center = attributes.of(attributes.box(copy), "Center")
    copy.translate(-center.x, -center.y, -center.z)
    return copy.Volume


def box_json(box: Any) -> dict[str, list[float]]:
    """Return `{min, max}`, to the nanometre: OpenCASCADE widens tight boxes by 1e-7 mm."""
    return {
        "min": [clean(box.XMin, 6), clean(box.YMin, 6), clean(box.ZMin, 6)],
        "max": [clean(box.XMax, 6), clean(box.YMax, 6), clean(box.ZMax, 6)],
    }


def _number(value: float) -> float | None:
    return significant(value) if finite(value) else None


def _point(value: Any) -> list[float] | None:
    return xyz(value, 9) if all(finite(part) for part in value) else None


def is_finite(described: dict[str, Any]) -> bool:
    """Return whether a described shape has finite measures: OpenCASCADE keeps computing with infinities."""
    box = described["bounding_box"]
    return (
        described["volume"] is not None
        and described["area"] is not None
        # One that is not finite makes the sum so.
        and (box is None or finite(sum(box["min"]) + sum(box["max"])))
    )
