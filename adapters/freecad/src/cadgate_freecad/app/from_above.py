"""DXF and SVG: the view from above (along -Z), flattened to Z = 0. Hidden lines are left out.

Sharp edges and outlines of curved faces are drawn, each once: lines, circles, arcs and ellipses as such, the rest as
splines. Lines where faces meet smoothly are left out, as are the seams of round faces.
"""

from __future__ import annotations

from html import escape
from math import atan2, degrees, hypot, pi
from typing import Any

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import boxes, dxf
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.mesh_files import one_line, xml_text

FORMATS = ("dxf", "svg")
SIMPLE = ("Part::GeomPlane", "Part::GeomCylinder", "Part::GeomCone", "Part::GeomSphere")
MANY_FACES = 150
CHORD = 0.01
"""mm between a spline and the straight pieces that represent it in an SVG."""
ROUND = 3e-6
"""A fraction of its size: how far a curve may be from a circle and still be one; outlines are only that accurate."""
SAME_CIRCLE = 2e-4
"""mm between centres or radii of pieces of one circle, which may be short."""
_UP = FreeCAD.Vector(0, 0, 1)


def is_long(items: list[Item]) -> bool:
    """Return whether finding what is hidden may take long: seconds for tori, minutes for threads."""
    faces = [face for item in items for face in item.required_shape.Faces]
    return len(faces) > MANY_FACES or any(face.Surface.TypeId not in SIMPLE for face in faces)


def seen_from_above(items: list[Item]) -> list[Any]:
    """Return the visible edges, flat, each once. Raises AppError `degenerate_result` if there are none."""
    import TechDraw

    edges: list[Any] = []
    whole_shapes = [item.required_shape for item in items]
    solid = [shape for shape in whole_shapes if shape.Faces]
    if solid:
        whole = solid[0] if len(solid) == 1 else Part.makeCompound(solid)
        groups = TechDraw.projectEx(whole, _UP)
        # Of the ten groups, take the visible sharp edges and the visible outlines of round faces.
        edges += [edge for group in (groups[0], groups[3]) if not group.isNull() for edge in group.Edges]
    loose = [edge for shape in whole_shapes if not shape.Faces for edge in shape.Edges if not edge.Degenerated]
    edges += [flat for edge in loose for flat in _flattened(edge)]
    drawn = _each_once(edges)
    if not drawn:
        raise AppError("degenerate_result", "Seen from above, none of it has an outline")
    return drawn


def every_edge(items: list[Item]) -> list[Any]:
    """Return all edges from above, including hidden ones: for shapes where FreeCAD cannot determine what is hidden."""
    edges = [edge for item in items for edge in item.required_shape.Edges if not edge.Degenerated]
    return _each_once([flat for edge in edges for flat in _flattened(edge)])


def _flattened(edge: Any) -> list[Any]:
    """Return a wire's edge seen from above: nothing if it is vertical."""
    import TechDraw

    low, high = edge.ParameterRange
    points = [edge.valueAt(low + (high - low) * step / 16) for step in range(17)]
    if max(hypot(point.x - points[0].x, point.y - points[0].y) for point in points) < 1e-7:
        return []
    if max(point.z for point in points) - min(point.z for point in points) < 1e-9:
        flat = edge.copy()
        flat.translate(FreeCAD.Vector(0, 0, -points[0].z))
        return [flat]
    if edge.Curve.TypeId in ("Part::GeomLine", "Part::GeomLineSegment"):
        return [Part.makeLine(*(FreeCAD.Vector(point.x, point.y, 0) for point in (points[0], points[-1])))]
    return [each for group in TechDraw.projectEx(edge, _UP) if not group.isNull() for each in group.Edges]


def _each_once(edges: list[Any]) -> list[Any]:
    """Return the edges without duplicates; pieces of one circle, and lines that overlap, are joined."""
    lines: list[tuple[Any, Any]] = []
    arcs: list[tuple[tuple[float, float, float], float, float]] = []
    others: dict[Any, Any] = {}
    reach = FreeCAD.BoundBox()
    for edge in edges:
        reach.add(edge.BoundBox)
    # Hidden parts are found with limited precision: slivers remain where an edge is both visible and hidden.
    sliver = max(1e-7, 1e-6 * reach.DiagonalLength)
    for edge in edges:
        low, high = edge.ParameterRange
        points = [edge.valueAt(low + (high - low) * step / 8) for step in range(9)]
        size = max(_distance(points[0], point) for point in points)
        if size < sliver:
            continue
        circle = _circle(points, size)
        if _is_straight(points, size):
            lines.append((points[0], points[-1]))
        elif circle is not None:
            arcs.append(circle)
        else:
            ends = sorted((round(point.x, 5), round(point.y, 5)) for point in (points[0], points[-1]))
            others.setdefault((*ends, round(points[4].x, 5), round(points[4].y, 5)), edge)
    drawn = [Part.makeLine(one, other) for one, other in _merged_lines(lines)]
    for (x, y, radius), pieces in _by_circle(arcs).items():
        for start, sweep in _merged_arcs(pieces):
            center = FreeCAD.Vector(x, y, 0)
            if sweep > 2 * pi - 1e-6:
                drawn.append(Part.makeCircle(radius, center, _UP))
            else:
                drawn.append(Part.makeCircle(radius, center, _UP, degrees(start), degrees(start + sweep)))
    return drawn + [_counter_clockwise(edge) for edge in others.values()]


def _counter_clockwise(edge: Any) -> Any:
    """Return an arc of an ellipse that turns about +Z, as DXF requires."""
    curve = edge.Curve
    if curve.TypeId != "Part::GeomEllipse" or curve.Axis.z > 0:
        return edge
    low, high = edge.ParameterRange
    other = Part.Ellipse(curve.value(0), curve.value(-pi / 2), curve.Center)
    if high - low > 2 * pi - 1e-6:
        return other.toShape()
    start, end = other.parameter(curve.value(high)), other.parameter(curve.value(low))
    return other.toShape(start, end if end > start else end + 2 * pi)


def _distance(one: Any, other: Any) -> float:
    return hypot(one.x - other.x, one.y - other.y)


def _is_straight(points: list[Any], size: float) -> bool:
    first, last = points[0], points[-1]
    length = _distance(first, last)
    if length < 1e-7:
        return False
    dx, dy = (last.x - first.x) / length, (last.y - first.y) / length
    return all(abs((p.x - first.x) * dy - (p.y - first.y) * dx) < 1e-7 * (1 + size) for p in points)


def _circle(points: list[Any], size: float) -> tuple[tuple[float, float, float], float, float] | None:
    """Return ((x, y, radius), start, counter-clockwise sweep) if the points lie on one circle."""
    a, b, c = points[0], points[3], points[6]
    d = 2 * ((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x))
    if abs(d) < 1e-9 * size * size:
        return None
    bb = (b.x - a.x) ** 2 + (b.y - a.y) ** 2
    cc = (c.x - a.x) ** 2 + (c.y - a.y) ** 2
    x = a.x + ((c.y - a.y) * bb - (b.y - a.y) * cc) / d
    y = a.y + ((b.x - a.x) * cc - (c.x - a.x) * bb) / d
    radius = hypot(a.x - x, a.y - y)
    if any(abs(hypot(p.x - x, p.y - y) - radius) > ROUND * (1 + size) for p in points):
        return None
    angles = [atan2(p.y - y, p.x - x) for p in points]
    steps = [((after - before + pi) % (2 * pi)) - pi for before, after in zip(angles, angles[1:])]
    sweep = sum(steps)
    start = angles[0] if sweep > 0 else angles[-1]
    return (x, y, radius), start % (2 * pi), abs(sweep)


def _by_circle(arcs: list[tuple[Any, float, float]]) -> dict[Any, list[tuple[float, float]]]:
    """Return the pieces of each circle, which is measured on its longest piece."""
    circles: dict[Any, list[tuple[float, float]]] = {}
    for key, start, sweep in sorted(arcs, key=lambda arc: -arc[2]):
        near = (each for each in circles if max(abs(a - b) for a, b in zip(each, key)) < SAME_CIRCLE)
        circles.setdefault(next(near, key), []).append((start, sweep))
    return circles


def _merged_arcs(pieces: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join pieces of one circle where they touch or overlap."""
    joined: list[list[float]] = []
    for start, sweep in sorted(pieces):
        if joined and start <= joined[-1][0] + joined[-1][1] + 1e-6:
            joined[-1][1] = max(joined[-1][1], start + sweep - joined[-1][0])
        else:
            joined.append([start, sweep])
    # Around the start of the circle the last piece may reach into the first ones.
    while len(joined) > 1 and joined[-1][0] + joined[-1][1] >= joined[0][0] + 2 * pi - 1e-6:
        first = joined.pop(0)
        joined[-1][1] = max(joined[-1][1], first[0] + 2 * pi + first[1] - joined[-1][0])
    return [(start, min(sweep, 2 * pi)) for start, sweep in joined]


def _merged_lines(lines: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Join lines that overlap; those that only touch stay separate."""
    groups: dict[tuple[float, float], list[tuple[float, float, Any, Any]]] = {}
    for one, other in lines:
        angle = atan2(other.y - one.y, other.x - one.x) % pi
        if angle > pi - 1e-7:
            angle -= pi
        along = FreeCAD.Vector(other.x - one.x, other.y - one.y, 0).normalize()
        dx, dy = along.x, along.y
        if dx < -1e-7 or (abs(dx) <= 1e-7 and dy < 0):
            dx, dy, one, other = -dx, -dy, other, one
        offset = one.x * dy - one.y * dx
        start, end = one.x * dx + one.y * dy, other.x * dx + other.y * dy
        near = ((a, o) for a, o in groups if abs(a - angle) < 1e-6 and abs(o - offset) < 1e-6)
        groups.setdefault(next(near, (angle, offset)), []).append((start, end, one, other))
    merged: list[tuple[Any, Any]] = []
    for pieces in groups.values():
        pieces.sort(key=lambda piece: piece[:2])
        _, high, first, last = pieces[0]
        for start, end, one, other in pieces[1:]:
            if start < high - 1e-6:
                if end > high:
                    high, last = end, other
            else:
                merged.append((first, last))
                high, first, last = end, one, other
        merged.append((first, last))
    return merged


def write(format: str, path: str, edges: list[Any], items: list[Item], title: str) -> None:
    """Write the drawing in millimetres, 1 unit = 1 mm."""
    if format == "dxf":
        dxf.write(path, edges)
    else:
        _write_svg(path, edges, one_line(xml_text(title)), [one_line(xml_text(item.label)) for item in items])


def _write_svg(path: str, edges: list[Any], title: str, labels: list[str]) -> None:
    box = FreeCAD.BoundBox()
    for edge in edges:
        box.add(boxes.of_edge(edge))
    margin = max(1.0, 0.02 * max(box.XLength, box.YLength))
    width, height = box.XLength + 2 * margin, box.YLength + 2 * margin
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{width:.9g}mm" height="{height:.9g}mm" '
            f'viewBox="{box.XMin - margin:.9g} {-box.YMax - margin:.9g} {width:.9g} {height:.9g}">\n'
            f"<title>{escape(', '.join(labels))}</title>\n<desc>{escape(title)}, from above, mm</desc>\n"
            '<g fill="none" stroke="#000000" stroke-width="0.35" stroke-linecap="round" stroke-linejoin="round">\n'
        )
        for edge in edges:
            file.write(_svg(edge) + "\n")
        file.write("</g>\n</svg>\n")


def _svg(edge: Any) -> str:
    """Return one element; in SVG, Y points down."""
    low, high = edge.ParameterRange
    first, last = edge.valueAt(low), edge.valueAt(high)
    kind = edge.Curve.TypeId
    if kind in ("Part::GeomLine", "Part::GeomLineSegment"):
        return f'<path d="M {_xy(first)} L {_xy(last)}"/>'
    if kind == "Part::GeomCircle":
        radius = edge.Curve.Radius
        if high - low > 2 * pi - 1e-6:
            center = edge.Curve.Center
            return f'<circle cx="{center.x:.9g}" cy="{-center.y + 0.0:.9g}" r="{radius:.9g}"/>'
        sweep = 0 if edge.Curve.Axis.z > 0 else 1
        return f'<path d="M {_xy(first)} A {radius:.9g} {radius:.9g} 0 {int(high - low > pi)} {sweep} {_xy(last)}"/>'
    points = edge.discretize(Deflection=CHORD)
    return f'<path d="M {" L ".join(_xy(point) for point in points)}"/>'


def _xy(point: Any) -> str:
    return f"{point.x + 0.0:.9g} {-point.y + 0.0:.9g}"
