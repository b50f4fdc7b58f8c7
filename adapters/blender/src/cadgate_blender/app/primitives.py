"""Primitive meshes, built without operators, whose cost grows with every object in the scene."""

from __future__ import annotations

from typing import Any

import bmesh
import bpy

from cadgate.appserver import method, warn
from cadgate_blender.app import fonts, glyphs, limits, round_shapes
from cadgate_blender.app.geometry import Make, from_arrays, from_bmesh
from cadgate_blender.app.objects import Placement, add_object
from cadgate_blender.app.scene_index import precise


def _check(vertices: int) -> None:
    limits.check("The number of vertices", vertices, "max_vertices")


@method("primitives.cube")
@precise()
def cube(*, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    make = from_bmesh(("cube", size), lambda bm: bmesh.ops.create_cube(bm, size=size, calc_uvs=True))
    return add_object("Cube", place, make)


@method("primitives.sphere")
@precise()
def sphere(
    *, radius: float, kind: str, segments: int, rings: int, subdivisions: int, smooth: bool, **placement: Any
) -> dict[str, Any]:
    place = Placement(**placement)
    if kind == "ico":
        # bmesh counts as Blender's operator does: 1 is the icosahedron, 2 has 42 vertices.
        _check(10 * 4 ** (subdivisions - 1) + 2)
        limits.check("The number of subdivisions of an ico sphere, less 2,", subdivisions - 2, "max_subdivisions")
        make = from_bmesh(
            ("ico", radius, subdivisions),
            lambda bm: bmesh.ops.create_icosphere(bm, subdivisions=subdivisions, radius=radius, calc_uvs=True),
            smooth,
        )
        return add_object("Icosphere", place, make)
    _check(segments * (rings - 1) + 2)
    make = from_arrays(
        ("uv", radius, segments, rings, smooth), lambda: round_shapes.uv_sphere(radius, segments, rings, smooth)
    )
    return add_object("Sphere", place, make)


@method("primitives.cylinder")
@precise()
def cylinder(*, radius: float, depth: float, vertices: int, smooth: bool, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    _check(2 * vertices)
    return add_object("Cylinder", place, _cone(radius, radius, depth, vertices, smooth))


@method("primitives.cone")
@precise()
def cone(
    *, radius1: float, radius2: float, depth: float, vertices: int, smooth: bool, **placement: Any
) -> dict[str, Any]:
    place = Placement(**placement)
    _check(2 * vertices)
    return add_object("Cone", place, _cone(radius1, radius2, depth, vertices, smooth))


def _cone(radius1: float, radius2: float, depth: float, vertices: int, smooth: bool) -> Make:
    return from_arrays(
        ("cone", radius1, radius2, depth, vertices, smooth),
        lambda: round_shapes.cone(radius1, radius2, depth, vertices, smooth),
    )


@method("primitives.torus")
@precise()
def torus(
    *,
    major_radius: float,
    minor_radius: float,
    major_segments: int,
    minor_segments: int,
    smooth: bool,
    **placement: Any,
) -> dict[str, Any]:
    place = Placement(**placement)
    _check(major_segments * minor_segments)
    sizes = major_radius, minor_radius, major_segments, minor_segments, smooth
    return add_object("Torus", place, from_arrays(("torus", *sizes), lambda: round_shapes.torus(*sizes)))


@method("primitives.plane")
@precise()
def plane(*, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    return add_object("Plane", place, _grid(size, 1, 1))


@method("primitives.grid")
@precise()
def grid(*, size: float, x_subdivisions: int, y_subdivisions: int, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    _check((x_subdivisions + 1) * (y_subdivisions + 1))
    return add_object("Grid", place, _grid(size, x_subdivisions, y_subdivisions))


def _grid(size: float, x_segments: int, y_segments: int) -> Make:
    return from_arrays(("grid", size, x_segments, y_segments), lambda: round_shapes.grid(size, x_segments, y_segments))


@method("primitives.circle")
@precise()
def circle(*, radius: float, vertices: int, fill: bool, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    _check(vertices)
    make = from_arrays(("circle", radius, vertices, fill), lambda: round_shapes.circle(radius, vertices, fill))
    return add_object("Circle", place, make)


@method("primitives.monkey")
@precise()
def monkey(*, size: float, smooth: bool, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)

    def fill(bm: Any) -> None:
        made = bmesh.ops.create_monkey(bm, calc_uvs=True)
        bmesh.ops.scale(bm, vec=(size / 2,) * 3, verts=made["verts"])

    return add_object("Suzanne", place, from_bmesh(("monkey", size), fill, smooth))


@method("primitives.empty")
@precise()
def empty(*, display: str, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)

    def dress(obj: Any) -> None:
        obj.empty_display_type = display.upper()
        obj.empty_display_size = size

    return add_object("Empty", place, lambda name: None, dress)


@method("primitives.text")
@precise()
def text(
    *, text: str, size: float, extrude: float, align: str, font: str | None = None, **placement: Any
) -> dict[str, Any]:
    place = Placement(**placement)
    chosen = None if font is None else fonts.find(font)
    lost = glyphs.missing(text)
    if lost:
        listed = ", ".join(f"{each!r} (U+{ord(each):04X})" for each in lost[:10]) + (" …" if len(lost) > 10 else "")
        warn("missing_glyphs", f"No font of Blender has {listed}: a placeholder is drawn instead")

    def make(name: str) -> Any:
        curve: Any = bpy.data.curves.new(name, "FONT")
        curve.body = text
        curve.size = size
        curve.extrude = extrude
        curve.align_x = align.upper()
        if chosen is not None:
            curve.font = chosen
        return curve

    return add_object("Text", place, make)
