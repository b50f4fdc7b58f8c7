"""Curves: lines through points, thin or as tubes."""

from __future__ import annotations

from typing import Any, Sequence

import bpy

from cadgate.appserver import method
from cadgate_blender.app import limits
from cadgate_blender.app.objects import Placement, add_object
from cadgate_blender.app.scene_index import precise


@method("primitives.curve")
@precise()
def curve(
    *,
    points: list[Sequence[float]],
    kind: str,
    handles: list[Sequence[Sequence[float]]] | None,
    closed: bool,
    bevel: float,
    bevel_vertices: int,
    extrude: float,
    caps: bool,
    resolution: int,
    **placement: Any,
) -> dict[str, Any]:
    """Add a curve object through `points`."""
    place = Placement(**placement)
    along = len(points) * (1 if kind == "poly" else resolution)
    around = bevel_vertices if bevel else 2 if extrude else 1
    limits.check("The number of vertices", along * around, "max_vertices")

    def make(name: str) -> Any:
        made: Any = bpy.data.curves.new(name, "CURVE")
        made.dimensions = "3D"
        made.resolution_u = resolution
        made.bevel_depth, made.bevel_resolution = bevel, bevel_vertices // 2 - 2
        made.extrude = extrude
        made.use_fill_caps = caps and not closed
        spline = made.splines.new(kind.upper())
        if kind == "bezier":
            _bend(spline, points, handles)
        else:
            spline.points.add(len(points) - 1)
            spline.points.foreach_set("co", [value for point in points for value in (*point, 1.0)])
        if kind == "nurbs":
            spline.order_u = min(4, len(points))
            spline.use_endpoint_u = not closed
        spline.use_cyclic_u = closed
        return made

    return add_object("Curve", place, make)


def _bend(spline: Any, points: list[Sequence[float]], handles: list[Sequence[Sequence[float]]] | None) -> None:
    spline.bezier_points.add(len(points) - 1)
    spline.bezier_points.foreach_set("co", [value for point in points for value in point])
    for number, each in enumerate(spline.bezier_points):
        if handles is None:
            each.handle_left_type = each.handle_right_type = "AUTO"
        else:
            each.handle_left_type = each.handle_right_type = "FREE"
            each.handle_left, each.handle_right = handles[number]
