"""How many vertices modifiers and curves make: estimated before Blender computes them, from above where it is cheap."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Tuple

import numpy

from cadgate_blender.app import limits, names
from cadgate_blender.app.describe import world_matrix

WHAT = "The number of vertices that this would make (an estimate)"

Step = Tuple[str, Dict[str, Any]]
"""What a modifier does: its word (of a route) or its type (of Blender), and the settings that its growth depends on."""


def stack(modifiers: Iterable[Any]) -> list[Step]:
    """Return what the modifiers do whose growth is known, whoever made them."""
    return [_READ[each.type](each) for each in modifiers if each.type in _READ]


def estimate(obj: Any, steps: Iterable[Step], vertices: float | None = None, depth: int = 0) -> float:
    """Estimate the largest number of vertices that an object has after some of its modifiers, of `vertices` to begin.

    Raises AppError `limit_exceeded`.
    """
    total = _own(obj) if vertices is None else vertices
    for kind, values in steps:
        if kind == "subdivision":
            limits.check("The number of subdivision levels", values["levels"], "max_subdivisions")
        elif kind == "array":
            limits.check("The number of copies", values["count"], "max_copies")
        total = _grown(total, kind, values)
        if kind == "boolean" and values.get("object") is not None:
            other = names.find_object(values["object"])
            # Objects may combine with each other in a circle, which Blender breaks.
            total += estimate(other, stack(other.modifiers), depth=depth + 1) if depth < 8 else 0
        limits.check("The number of vertices that the modifiers make (an estimate)", total, "max_vertices")
    return total


def estimate_all(obj: Any) -> None:
    """Raise AppError `limit_exceeded` for modifiers of an object that would make too many vertices (an estimate)."""
    estimate(obj, stack(obj.modifiers))


def of_curve(curve: Any, **instead: int) -> float:
    """Estimate how many vertices a curve or surface makes, with other values of its resolution."""
    kept = ("render_resolution_u", "render_resolution_v", "bevel_resolution")
    values: dict[str, int] = {"resolution_u": 1, "resolution_v": 1, **{name: getattr(curve, name) for name in kept}}
    values.update(instead)
    along_u = max(values["resolution_u"], values["render_resolution_u"])
    along_v = max(values["resolution_v"], values["render_resolution_v"])
    depth = values["bevel_resolution"]
    around = 4.0 + 2 * depth if curve.bevel_depth else 2.0 if curve.extrude else 1.0
    total = 0.0
    for spline in curve.splines:
        u = 1 if spline.type == "POLY" else max(along_u, 0 if "resolution_u" in instead else spline.resolution_u)
        if curve.bl_rna.identifier == "SurfaceCurve":
            v = max(along_v, 0 if "resolution_v" in instead else spline.resolution_v)
            total += float(spline.point_count_u * u) * (spline.point_count_v * v)
        else:
            total += float(max(len(spline.points), len(spline.bezier_points)) * u) * around
    return total


def _own(obj: Any) -> float:
    if obj.type == "MESH":
        return float(len(obj.data.vertices))
    return of_curve(obj.data) if obj.type in ("CURVE", "SURFACE") else 0.0


# --- what each modifier does ---------------------------------------------------------------------------------------


def _grown(vertices: float, kind: str, values: dict[str, Any]) -> float:
    if kind == "subdivision":
        return vertices * 4.0 ** values["levels"]
    if kind == "array":
        return vertices * values["count"]
    if kind == "mirror":
        return vertices * 2.0 ** len(values["axes"])
    if kind == "bevel":
        # Each vertex becomes a patch; in a mesh of quads, four edges meet in a vertex.
        return vertices * (4.0 + float(values["segments"]) ** 2)
    if kind == "SCREW":
        return vertices * (values["steps"] * values["iterations"] + 1.0)
    if kind == "OCEAN":
        return values["vertices"] if values["vertices"] else vertices
    return vertices * _FACTORS.get(kind, 1.0)


_FACTORS = {"solidify": 2.0, "EDGE_SPLIT": 4.0, "WIREFRAME": 8.0, "SKIN": 8.0}
"""In a mesh of quads, where each vertex has four edges and four faces."""


def _array(modifier: Any) -> Step:
    fit = modifier.fit_type
    if fit == "FIXED_COUNT":
        return "array", {"count": modifier.count}
    length = modifier.fit_length
    if fit == "FIT_CURVE":
        curve: Any = modifier.curve
        length = 0.0 if curve is None else sum(each.calc_length() for each in curve.data.splines)
    step = _offset(modifier)
    return "array", {"count": length / step + 1 if step > 1e-6 else 1}


def _offset(modifier: Any) -> float:
    """Return the distance between two copies of an array that fits a length, in the object's own units."""
    obj = modifier.id_data
    step = numpy.zeros(3)
    if modifier.use_constant_offset:
        step += numpy.asarray(modifier.constant_offset_displace)
    if modifier.use_relative_offset and obj.type == "MESH" and len(obj.data.vertices):
        points = numpy.empty(len(obj.data.vertices) * 3, dtype=numpy.float32)
        obj.data.vertices.foreach_get("co", points)
        size = numpy.ptp(points.reshape(-1, 3), axis=0)
        step += numpy.asarray(modifier.relative_offset_displace) * size
    other = modifier.offset_object if modifier.use_object_offset else None
    if other is not None:
        step += numpy.asarray((world_matrix(obj).inverted_safe() @ world_matrix(other)).translation)
    return float(numpy.linalg.norm(step))


def _ocean(modifier: Any) -> Step:
    side = max(modifier.resolution, modifier.viewport_resolution) ** 2
    made = (side * modifier.repeat_x + 1.0) * (side * modifier.repeat_y + 1.0)
    return "OCEAN", {"vertices": made if modifier.geometry_mode == "GENERATE" else 0}


def _levels(modifier: Any) -> Step:
    return "subdivision", {"levels": max(modifier.levels, modifier.render_levels)}


_READ: dict[str, Callable[[Any], Step]] = {
    "SUBSURF": _levels,
    "MULTIRES": _levels,
    "ARRAY": _array,
    "MIRROR": lambda modifier: ("mirror", {"axes": [each for each in modifier.use_axis if each]}),
    "BEVEL": lambda modifier: ("bevel", {"segments": modifier.segments}),
    "BOOLEAN": lambda modifier: ("boolean", {"object": modifier.object.name if modifier.object else None}),
    "SOLIDIFY": lambda modifier: ("solidify", {}),
    "SCREW": lambda modifier: (
        "SCREW",
        {"steps": max(modifier.steps, modifier.render_steps), "iterations": modifier.iterations},
    ),
    "OCEAN": _ocean,
    **{kind: lambda modifier, kind=kind: (kind, {}) for kind in ("EDGE_SPLIT", "WIREFRAME", "SKIN")},
}

_ADDED: dict[str, Step] = {
    "SUBSURF": ("subdivision", {"levels": 2}),
    "ARRAY": ("array", {"count": 2}),
    "MIRROR": ("mirror", {"axes": ["x"]}),
    "BEVEL": ("bevel", {"segments": 1}),
    "SOLIDIFY": ("solidify", {}),
    "SCREW": ("SCREW", {"steps": 16, "iterations": 1}),
    "OCEAN": ("OCEAN", {"vertices": 50.0**2}),
    "EDGE_SPLIT": ("EDGE_SPLIT", {}),
    "WIREFRAME": ("WIREFRAME", {}),
    "SKIN": ("SKIN", {}),
}


def when_added(kind: str) -> list[Step]:
    """Return what a new modifier of a type does, with the settings that Blender gives it."""
    return [_ADDED[kind]] if kind in _ADDED else []
