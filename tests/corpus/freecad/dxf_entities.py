"""What the DXF drawings of the corpus have in them, by ezdxf, and the lengths of it by formula."""

# ezdxf does not list what it exports.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import cos, dist, sin, sqrt
from typing import Any

from ezdxf.math import BSpline, Vec3
from ezdxf.render import MeshBuilder

Space = Any
Draw = Callable[[Space], object]


def slot(space: Space, **attributes: object) -> None:
    """Two straight sides and two half circles: 40 long, 10 wide; bulges of 0 are written out."""
    corners = [(0, 0, 0), (30, 0, 1), (30, 10, 0), (0, 10, 1)]
    space.add_lwpolyline(corners, format="xyb", close=True, dxfattribs=attributes)


def star(space: Space) -> None:
    space.add_lwpolyline([(0, 0), (10, 0), (10, 5), (0, 5)], close=True)
    space.add_line((0, 0, 0), (0, 0, 7))
    space.add_circle((20, 0), 3)
    space.add_arc((40, 0), 5, 90, 180)
    space.add_point((50, 0, 0))


def ring(space: Space) -> None:
    block = space.doc.blocks.new("Ring", base_point=(1, 0, 0))
    block.add_circle((1, 0), 2)
    block.add_line((1, 0), (4, 0))
    block.add_attdef("NUMBER", (0, 0))


def insert(**attributes: object) -> Draw:
    def draw(space: Space) -> None:
        ring(space)
        space.add_blockref("Ring", (10, 20), dxfattribs=attributes)

    return draw


def nested(space: Space) -> None:
    ring(space)
    outer = space.doc.blocks.new("Outer")
    outer.add_blockref("RING", (10, 0), dxfattribs={"rotation": 90})
    space.add_blockref("Outer", (100, 0), dxfattribs={"xscale": 2, "yscale": 2, "zscale": 2})


def polyface(space: Space) -> None:
    builder = MeshBuilder()
    builder.vertices = [Vec3(each) for each in [(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0), (5, 5, 8)]]
    builder.faces = [(3, 2, 1, 0), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
    builder.render_polyface(space)


def grid(space: Space) -> None:
    mesh = space.add_polymesh((3, 4))
    for row in range(3):
        for column in range(4):
            mesh.set_mesh_vertex((row, column), (row * 10, column * 5, 0))


def texts(space: Space) -> None:
    space.add_line((0, 0), (10, 0))
    space.add_text("Hello")
    space.add_text("again")
    space.add_mtext("More")
    space.add_linear_dim(base=(0, 5), p1=(0, 0), p2=(10, 0)).render()
    space.add_hatch().paths.add_polyline_path([(0, 0), (1, 0), (1, 1)])


def attributes(space: Space) -> None:
    ring(space)
    space.add_blockref("Ring", (0, 0)).add_attrib("NUMBER", "7", (0, 0))


def on_paper(space: Space) -> None:
    space.add_line((0, 0), (10, 0))
    space.doc.layout("Layout1").add_line((0, 0), (500, 0))


WAVE = [(0, 0, 0), (10, 20, 0), (20, -20, 0), (30, 0, 0), (40, 5, 5)]


def wave_length() -> float:
    points = list(BSpline(WAVE, order=4).approximate(20_000))
    return sum(a.distance(b) for a, b in pairwise(points))


def closed_wave(space: Space) -> None:
    space.add_spline().set_closed(WAVE)


def closed_wave_length() -> float:
    """Of the uniform cubic spline through none of its points, each piece by its own polynomial."""
    count, steps, total = len(WAVE), 4000, 0.0
    for first in range(count):
        a, b, c, d = (WAVE[(first + each) % count] for each in range(4))
        last: tuple[float, ...] | None = None
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
            point = tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) / 6 for axis in range(3))
            total += dist(last, point) if last is not None else 0
            last = point
    return total


def ellipse_length(a: float, b: float, first: float, last: float) -> float:
    steps = 20_000
    width = (last - first) / steps
    middle = (first + (number + 0.5) * width for number in range(steps))
    return sum(sqrt((a * sin(t)) ** 2 + (b * cos(t)) ** 2) for t in middle) * width
