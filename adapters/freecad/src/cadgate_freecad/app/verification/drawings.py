"""Reads DXF and SVG drawings with only the standard library: what is drawn, its extents and its length."""

from __future__ import annotations

import re
from collections import Counter
from math import atan2, cos, hypot, isclose, pi, radians, sin, sqrt
from typing import Any, Iterator

import FreeCAD

from cadgate_freecad.app import shapes
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.verification.files import FAR, check_written, lost, point

KINDS = {
    "Part::GeomLine": "LINE",
    "Part::GeomLineSegment": "LINE",
    "Part::GeomEllipse": "ELLIPSE",
    "Part::GeomBSplineCurve": "SPLINE",
    "Part::GeomBezierCurve": "SPLINE",
}


def kind(edge: Any) -> str:
    """Return the entity type for an edge."""
    name = edge.Curve.TypeId
    if name == "Part::GeomCircle":
        return "CIRCLE" if edge.LastParameter - edge.FirstParameter > 2 * pi - 1e-6 else "ARC"
    return KINDS.get(name, "SPLINE")


class Drawing:
    """The entities of a drawing by type, and its extents."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.low = [float("inf")] * 2
        self.high = [float("-inf")] * 2
        self.length = 0.0
        self.units: str | None = None

    def draw(self, name: str, points: list[tuple[float, float]]) -> None:
        """Count an entity that runs along `points`."""
        self.counts[name] += 1
        self.length += sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:]))
        for x, y in points:
            self.low = [min(self.low[0], x), min(self.low[1], y)]
            self.high = [max(self.high[0], x), max(self.high[1], y)]


def along(x: float, y: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    """Return points of an arc, including its extremes."""
    steps = max(8, int((end - start) * 40))
    angles = [start + (end - start) * step / steps for step in range(steps + 1)]
    angles += [quarter * pi / 2 for quarter in range(-8, 17) if start < quarter * pi / 2 < end]
    return [(x + radius * cos(angle), y + radius * sin(angle)) for angle in sorted(angles)]


def read_dxf(path: str) -> Drawing:
    """Read the file. Raises ValueError if it is cut off or contains what it should not."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file]
    if not lines or "EOF" not in lines[-2:]:
        raise ValueError("the drawing is cut off")
    pairs = list(zip(map(int, lines[0::2]), lines[1::2]))
    drawing = Drawing()
    for number, pair in enumerate(pairs[:-1]):
        if pair == (9, "$INSUNITS"):
            drawing.units = pairs[number + 1][1]
    for name, values in _entities(pairs):
        drawing.draw(name, list(_points(name, values)))
    return drawing


def _entities(pairs: list[tuple[int, str]]) -> Iterator[tuple[str, dict[int, list[str]]]]:
    start = pairs.index((2, "ENTITIES")) + 1
    name, values = "", {}
    for code, value in pairs[start:]:
        if code == 0:
            if name:
                yield name, values
            if value == "ENDSEC":
                return
            name, values = value, {}
        else:
            values.setdefault(code, []).append(value)


def _points(name: str, values: dict[int, list[str]]) -> Iterator[tuple[float, float]]:
    def number(code: int) -> float:
        return float(values[code][0])

    if name == "LINE":
        yield number(10), number(20)
        yield number(11), number(21)
    elif name in ("CIRCLE", "ARC"):
        x, y, r = number(10), number(20), number(40)
        start, end = (radians(number(50)), radians(number(51))) if name == "ARC" else (0.0, 2 * pi)
        end += 2 * pi if end <= start else 0
        yield from along(x, y, r, start, end)
    elif name == "ELLIPSE":
        x, y, major_x, major_y, ratio = (number(code) for code in (10, 20, 11, 21, 40))
        start, end = number(41), number(42)
        end += 2 * pi if end <= start else 0
        for step in range(129):
            c, s = cos(start + (end - start) * step / 128), sin(start + (end - start) * step / 128)
            yield x + major_x * c - major_y * ratio * s, y + major_y * c + major_x * ratio * s
    elif name == "SPLINE":
        yield from _spline(values)
    else:
        raise ValueError(f"it contains a {name}, which was not requested")


def _spline(values: dict[int, list[str]]) -> Iterator[tuple[float, float]]:
    """Return points on the curve, by de Boor's algorithm."""
    degree = int(values[71][0])
    knots = [float(each) for each in values[40]]
    weights = [float(each) for each in values.get(41, ())] or [1.0] * len(values[10])
    poles = [(float(x) * w, float(y) * w, w) for x, y, w in zip(values[10], values[20], weights)]
    if len(knots) != len(poles) + degree + 1:
        raise ValueError("the number of a spline's knots does not match its poles")
    spans = [number for number in range(degree, len(poles)) if knots[number + 1] > knots[number]]
    for span in spans:
        for step in range(25):
            at = knots[span] + (knots[span + 1] - knots[span]) * step / 24
            part = [poles[number + span - degree] for number in range(degree + 1)]
            for level in range(1, degree + 1):
                for index in range(degree, level - 1, -1):
                    left = knots[index + span - degree]
                    ratio = (at - left) / (knots[index + 1 + span - level] - left)
                    x, y, w = (a + (b - a) * ratio for a, b in zip(part[index - 1], part[index]))
                    part[index] = x, y, w
            x, y, w = part[degree]
            yield x / w, y / w


_ELEMENT = re.compile(r'<circle cx="([^"]+)" cy="([^"]+)" r="([^"]+)"/>|<path d="([^"]+)"/>')


def read_svg(path: str) -> Drawing:
    """Read circles and paths. Raises ValueError if the file is cut off."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.rstrip().endswith("</svg>"):
        raise ValueError("the drawing is cut off")
    drawing = Drawing()
    for cx, cy, r, way in _ELEMENT.findall(text):
        if not way:
            drawing.draw("CIRCLE", along(float(cx), -float(cy), float(r), 0, 2 * pi))
        elif " A " in way:
            drawing.draw("ARC", _arc(*(float(part) for part in way.split() if part not in "MA")))
        else:
            points = [piece.split() for piece in re.split("[ML]", way) if piece.strip()]
            drawing.draw("PATH", [(float(x), -float(y)) for x, y in points])
    return drawing


def _arc(*numbers: float) -> list[tuple[float, float]]:
    """Return `M x y A r r 0 large sweep x y` as points, with Y up."""
    ax, ay, r, _, _, large, clockwise, bx, by = numbers
    ay, by = -ay, -by
    if clockwise:
        ax, ay, bx, by = bx, by, ax, ay
    half = hypot(bx - ax, by - ay) / 2
    rise = sqrt(max(r * r - half * half, 0.0)) * (-1 if large else 1)
    x = (ax + bx) / 2 - (by - ay) / (2 * half) * rise
    y = (ay + by) / 2 + (bx - ax) / (2 * half) * rise
    start, end = atan2(ay - y, ax - x), atan2(by - y, bx - x)
    return along(x, y, r, start, end + (2 * pi if end <= start else 0))


def check_drawing(format: str, path: str, items: list[Item], edges: list[Any]) -> None:
    """Raise AppError `command_failed` if a drawing does not have each edge once, or not the extents of the shapes."""
    check_written(format, path)
    try:
        found = (read_dxf if format == "dxf" else read_svg)(path)
    except (ValueError, KeyError, IndexError, ZeroDivisionError) as error:
        raise lost(format, f"it cannot be read: {error}") from error
    wanted = Counter(kind(edge) for edge in edges)
    if format == "svg":
        wanted = Counter(each if each in ("CIRCLE", "ARC") else "PATH" for each in wanted.elements())
    elif found.units != "4":
        raise lost(format, "its unit is not the millimetre")
    if found.counts != wanted:
        raise lost(format, f"it contains {dict(found.counts)} instead of {dict(wanted)}")
    box = FreeCAD.BoundBox()
    for item in items:
        tight = shapes.bounding_box(item.shape)
        if tight is not None:
            box.add(tight)
    slack = 2e-3 * box.DiagonalLength + FAR * max(abs(part) for part in (box.XMin, box.XMax, box.YMin, box.YMax))
    for there, here in ((found.low, (box.XMin, box.YMin)), (found.high, (box.XMax, box.YMax))):
        if max(abs(a - b) for a, b in zip(there, here)) > slack:
            raise lost(format, f"it reaches to {point(there)} instead of {point(here)}")
    length = sum(edge.Length for edge in edges)
    if not isclose(found.length, length, rel_tol=5e-3):
        raise lost(format, f"it has {found.length:.7g} mm of lines instead of {length:.7g}")
