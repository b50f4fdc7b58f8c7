"""Faces and edges of a shape as data, and their choice by properties instead of by a number that may change."""

from __future__ import annotations

import math
import re
from typing import Any, Callable

import FreeCAD

from cadgate.appserver import AppError, method, warn
from cadgate_freecad.app import attributes, integrals, shapes, values
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.values import significant, xyz

TOLERANCE = 1e-6
"""mm: tolerance for lying at an extreme of the box, or on a face."""
PARALLEL = 1e-6
"""The largest sine between directions that count as parallel."""

_KINDS = {
    "GeomPlane": "plane",
    "GeomCylinder": "cylinder",
    "GeomCone": "cone",
    "GeomSphere": "sphere",
    "GeomToroid": "torus",
    "GeomBSplineSurface": "bspline",
    "GeomBezierSurface": "bezier",
    "GeomSurfaceOfRevolution": "revolution",
    "GeomSurfaceOfExtrusion": "extrusion",
    "GeomOffsetSurface": "offset",
    "GeomLine": "line",
    "GeomCircle": "circle",
    "GeomEllipse": "ellipse",
    "GeomHyperbola": "hyperbola",
    "GeomParabola": "parabola",
    "GeomBSplineCurve": "bspline",
    "GeomBezierCurve": "bezier",
}


class Names:
    """Finds the number of an edge among all edges of a shape."""

    def __init__(self, shape: Any) -> None:
        self._by_hash: dict[int, list[tuple[str, Any]]] = {}
        for number, edge in enumerate(shape.Edges, 1):
            self._by_hash.setdefault(edge.hashCode(), []).append((f"Edge{number}", edge))

    def of(self, edges: list[Any]) -> list[str]:
        named = (
            next((name for name, each in self._by_hash.get(edge.hashCode(), []) if each.isSame(edge)), None)
            for edge in edges
        )
        return [name for name in named if name is not None]


def face_json(names: Names, number: int, face: Any) -> dict[str, Any]:
    """Describe a face: name in the shape, kind, area, centre, normal (outward, at the middle), what its kind has.

    `face` must belong to an untriangulated shape.
    """
    surface = face.Surface
    low_u, high_u, low_v, high_v = face.ParameterRange
    return {
        "name": f"Face{number}",
        "type": _kind(surface),
        "area": significant(integrals.area_of(face)),
        "center": xyz(attributes.of(face, "CenterOfMass"), 9),
        "normal": _vector(lambda: face.normalAt((low_u + high_u) / 2, (low_v + high_v) / 2)),
        "radius": _number(lambda: surface.Radius),
        "axis": _vector(lambda: attributes.of(surface, "Axis")),
        "edges": names.of(face.Edges),
        "bounding_box": shapes.box_json(shapes.tight_box(face)),
    }


def edge_json(number: int, edge: Any) -> dict[str, Any]:
    """Describe an edge: name in the shape, kind, length, middle, ends, direction; a circle's radius and centre."""
    curve = _curve(edge)
    vertexes = edge.Vertexes
    line = curve is not None and _kind(curve) == "line"
    # A pole is its vertex: from FreeCAD 1.0, its edge is elsewhere if the shape was stretched.
    center = attributes.of(edge, "CenterOfMass") if curve is not None or not vertexes else vertexes[0].Point
    return {
        "name": f"Edge{number}",
        "type": "degenerated" if curve is None else _kind(curve),
        "length": significant(edge.Length),
        "center": xyz(center, 9),
        "start": xyz(vertexes[0].Point, 9) if vertexes else None,
        "end": xyz(vertexes[-1].Point, 9) if vertexes else None,
        "direction": _vector(lambda: edge.tangentAt(edge.FirstParameter)) if line else None,
        "radius": None if curve is None else _number(lambda: curve.Radius),
        "axis": None if curve is None else _vector(lambda: attributes.of(curve, "Axis")),
        "axis_center": None if curve is None else _vector(lambda: attributes.of(curve, "Center")),
        "closed": bool(edge.isClosed()) if curve is not None else False,
        "bounding_box": shapes.box_json(shapes.tight_box(edge)),
    }


def _kind(geometry: Any) -> str:
    kind = geometry.TypeId.split("::")[-1]
    return str(_KINDS.get(kind, kind))


def _curve(edge: Any) -> Any | None:
    try:
        return None if edge.Degenerated else edge.Curve
    except (TypeError, RuntimeError):
        return None


def _number(read: Callable[[], Any]) -> float | None:
    try:
        value = float(read())
    except (AttributeError, TypeError, RuntimeError, FreeCADError):
        return None
    return significant(value) if math.isfinite(value) else None


def _vector(read: Callable[[], Any]) -> list[float] | None:
    try:
        return xyz(read(), 9)
    except (AttributeError, TypeError, RuntimeError, FreeCADError):
        return None


# --- choosing --------------------------------------------------------------------------------------------------------


def matches(described: dict[str, Any], box: Any, chosen: dict[str, Any]) -> bool:
    """Return whether a described face or edge fits a filter; `box` is the whole shape's bounding box, for `at`."""
    size = described.get("area", described.get("length"))
    pointing = described.get("normal") if described["type"] == "plane" else None
    pointing = pointing or described.get("direction") or described.get("axis")
    radius = described["radius"]
    low, high = described["bounding_box"]["min"], described["bounding_box"]["max"]
    return (
        chosen.get("type") in (None, described["type"])
        and all(size >= chosen[key] for key in ("min_area", "min_length") if chosen.get(key) is not None)
        and all(size <= chosen[key] for key in ("max_area", "max_length") if chosen.get(key) is not None)
        and (chosen.get("radius") is None or (radius is not None and _near(radius, chosen["radius"])))
        and (chosen.get("parallel_to") is None or _is_parallel(pointing, chosen["parallel_to"]))
        and (chosen.get("facing") is None or _is_facing(described.get("normal"), chosen["facing"]))
        and (chosen.get("at") is None or _is_at(low, high, box, chosen["at"]))
        and (chosen.get("inside") is None or _is_inside(low, high, chosen["inside"]))
    )


def _near(value: float, wanted: float) -> bool:
    return abs(value - wanted) <= max(TOLERANCE, 1e-6 * abs(wanted))


def _is_parallel(pointing: list[float] | None, wanted: list[float]) -> bool:
    if pointing is None:
        return False
    return FreeCAD.Vector(*pointing).cross(values.direction("parallel_to", wanted)).Length <= PARALLEL


def _is_facing(normal: list[float] | None, wanted: list[float]) -> bool:
    return normal is not None and (FreeCAD.Vector(*normal) - values.direction("facing", wanted)).Length <= PARALLEL


def _is_at(low: list[float], high: list[float], box: Any, side: str) -> bool:
    """Return whether a box lies flat at one side of the whole shape."""
    index, bound = {
        "right": (0, box.XMax),
        "left": (0, box.XMin),
        "rear": (1, box.YMax),
        "front": (1, box.YMin),
        "top": (2, box.ZMax),
        "bottom": (2, box.ZMin),
    }[side]
    return abs(low[index] - bound) <= 1e-5 and abs(high[index] - bound) <= 1e-5


def _is_inside(low: list[float], high: list[float], box: dict[str, list[float]]) -> bool:
    return all(a >= b - TOLERANCE and c <= d + TOLERANCE for a, b, c, d in zip(low, box["min"], high, box["max"]))


_NAMES = re.compile(r"(Edge|Face)([1-9][0-9]{0,6})\Z")


def chosen_numbers(obj: Any, kind: str, field: str, selection: Any, *, required: bool = True) -> list[int]:
    """Return the numbers (from 1) of the edges or faces that a request chose: all (None), by name, or by a filter.

    Raises AppError `validation_error` for a name that the shape does not have, and for a filter that nothing fits.
    """
    shape = shapes.shape_of(obj)
    if shape is None:
        raise values.invalid(field, f"{obj.Name!r} ({obj.TypeId}) has no shape")
    parts = shape.Edges if kind == "Edge" else shape.Faces
    if selection is None:
        return [number for number, part in enumerate(parts, 1) if kind == "Face" or _curve(part) is not None]
    if isinstance(selection, list):
        return [_numbered(obj, kind, f"{field}.{index}", name, len(parts)) for index, name in enumerate(selection)]
    found = [int(described["name"][4:]) for described in _fitting(obj, shape, kind, field, selection)]
    if not found and required:
        raise values.invalid(field, f"no {kind.lower()} of {obj.Name!r} fits {_brief(selection)}")
    return found


def _fitting(obj: Any, shape: Any, kind: str, field: str, selection: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the descriptions of the faces or edges that fit a filter."""
    box = None if selection.get("at") is None else shapes.bounding_box(shape)
    found = [described for described in _described(shape, kind) if described["type"] != "degenerated"]
    on_face = selection.get("on_face")
    if on_face is not None:
        number = _numbered(obj, "Face", f"{field}.on_face", on_face, len(shape.Faces))
        names = set(Names(shape).of(shape.Faces[number - 1].Edges))
        found = [described for described in found if described["name"] in names]
    return [described for described in found if matches(described, box, selection)]


def _numbered(obj: Any, kind: str, field: str, name: Any, count: int) -> int:
    number = name if isinstance(name, int) else None
    if isinstance(name, str):
        match = _NAMES.match(name)
        number = int(match.group(2)) if match and match.group(1) == kind else None
    if number is None or not 1 <= number <= count:
        raise values.invalid(field, f"{obj.Name!r} has no {name!r}: it has {kind}1 to {kind}{count}")
    return number


def _brief(selection: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in selection.items() if value is not None) or "the filter"


def _described(shape: Any, kind: str) -> list[dict[str, Any]]:
    shape = shapes.untriangulated(shape)
    if kind == "Edge":
        return [edge_json(number, edge) for number, edge in enumerate(shape.Edges, 1)]
    names = Names(shape)
    return [face_json(names, number, face) for number, face in enumerate(shape.Faces, 1)]


@method("objects.faces")
def faces(*, name: str, limit: int, offset: int, **chosen: Any) -> dict[str, Any]:
    found = _listed(name, "Face", chosen)
    listed = found[offset : offset + limit]
    every = shapes.untriangulated(shapes.shape_of(find(target(), name))).Faces
    _warn_of_uncertain_areas({each["name"]: every[int(each["name"][4:]) - 1] for each in listed})
    return {"faces": listed, "total": len(found)}


@method("objects.edges")
def edges(*, name: str, limit: int, offset: int, **chosen: Any) -> dict[str, Any]:
    found = _listed(name, "Edge", chosen)
    return {"edges": found[offset : offset + limit], "total": len(found)}


def _listed(name: str, kind: str, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    obj = find(target(), name)
    shape = shapes.shape_of(obj)
    if shape is None:
        raise AppError("degenerate_result", f"{name!r} ({obj.TypeId}) has no shape", {"name": name})
    if all(value is None for value in chosen.values()):
        return _described(shape, kind)
    return _fitting(obj, shape, kind, kind.lower() + "s", chosen)


def _warn_of_uncertain_areas(faces: dict[str, Any]) -> None:
    """Warn (`uncertain_measures`) if the areas of some faces, by their names, are right only to about 1 %."""
    names = [name for name, face in faces.items() if integrals.has_uncertain_area(face)]
    if names:
        warn(
            "uncertain_measures",
            f"OpenCASCADE integrates rational splines with a fixed number of points, and {', '.join(names[:10])}"
            f"{f' and {len(names) - 10} more' if len(names) > 10 else ''} would need too many: the areas are right to "
            "about 1 %",
        )
