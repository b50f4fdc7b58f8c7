"""Primitive meshes, built without operators: those cost more with every object in the scene."""

from __future__ import annotations

import math
from typing import Any

import bmesh
import bpy

from cadgate.appserver import method, warn
from cadgate_blender.app import glyphs, limits
from cadgate_blender.app.geometry import from_bmesh, from_pieces
from cadgate_blender.app.objects import Placement, add_object


def _check(vertices: int) -> None:
    limits.check("The number of vertices", vertices, "max_vertices")


@method("primitives.cube")
def cube(*, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    make = from_bmesh(("cube", size), lambda bm: bmesh.ops.create_cube(bm, size=size, calc_uvs=True))
    return add_object("Cube", place, make)


@method("primitives.sphere")
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
    make = from_pieces(("uv", radius, segments, rings), lambda: _uv_sphere(radius, segments, rings), smooth)
    return add_object("Sphere", place, make)


def _uv_sphere(radius: float, segments: int, rings: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Vertices, faces and UVs of bmesh's own, the faces sorted: their order there follows addresses in memory, so that
    the same sphere would be another one each time that a session is restored."""
    bm = bmesh.new()
    try:
        bm.loops.layers.uv.new("UVMap")
        bmesh.ops.create_uvsphere(bm, u_segments=segments, v_segments=rings, radius=radius, calc_uvs=True)
        uv = bm.loops.layers.uv.active
        bm.verts.index_update()
        many = len(bm.verts)
        bm.faces.sort(key=lambda face: face.verts[0].index * many + face.verts[1].index)
        corners = [[(loop.vert.index, tuple(loop[uv].uv)) for loop in face.loops] for face in bm.faces]
        faces = [[index for index, _ in face] for face in corners]
        return [tuple(vertex.co) for vertex in bm.verts], faces, [place for face in corners for _, place in face]
    finally:
        bm.free()


@method("primitives.cylinder")
def cylinder(*, radius: float, depth: float, vertices: int, smooth: bool, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    _check(2 * vertices)
    return add_object("Cylinder", place, _cone(radius, radius, depth, vertices, smooth))


@method("primitives.cone")
def cone(
    *, radius1: float, radius2: float, depth: float, vertices: int, smooth: bool, **placement: Any
) -> dict[str, Any]:
    place = Placement(**placement)
    _check(2 * vertices)
    return add_object("Cone", place, _cone(radius1, radius2, depth, vertices, smooth))


def _cone(radius1: float, radius2: float, depth: float, vertices: int, smooth: bool) -> Any:
    def fill(bm: Any) -> None:
        bmesh.ops.create_cone(
            bm,
            cap_ends=True,
            cap_tris=False,
            segments=vertices,
            radius1=radius1,
            radius2=radius2,
            depth=depth,
            calc_uvs=True,
        )
        for face in bm.faces if smooth else ():
            # The ends stay flat, and so does the light on them.
            face.smooth = len({vertex.co.z for vertex in face.verts}) > 1

    return from_bmesh(("cone", radius1, radius2, depth, vertices, smooth), fill)


@method("primitives.torus")
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
    make = from_pieces(
        ("torus", major_radius, minor_radius, major_segments, minor_segments),
        lambda: _torus(major_radius, minor_radius, major_segments, minor_segments),
        smooth,
    )
    return add_object("Torus", place, make)


def _torus(
    major_radius: float, minor_radius: float, majors: int, minors: int
) -> tuple[list[Any], list[Any], list[Any]]:
    """Vertices, faces and UVs, in the order of Blender's own operator (bmesh has none)."""
    vertices: list[Any] = []
    for i in range(majors):
        turn = 2 * math.pi * i / majors
        for j in range(minors):
            angle = 2 * math.pi * j / minors
            reach = major_radius + minor_radius * math.cos(angle)
            vertices.append((reach * math.cos(turn), reach * math.sin(turn), minor_radius * math.sin(angle)))
    faces: list[Any] = []
    uvs: list[Any] = []
    for i in range(majors):
        for j in range(minors):
            i2, j2 = (i + 1) % majors, (j + 1) % minors
            faces.append((i * minors + j, i2 * minors + j, i2 * minors + j2, i * minors + j2))
            left, right, low, high = i / majors, (i + 1) / majors, j / minors, (j + 1) / minors
            uvs.extend(((left, low), (right, low), (right, high), (left, high)))
    return vertices, faces, uvs


@method("primitives.plane")
def plane(*, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    return add_object("Plane", place, _grid(size, 1, 1))


@method("primitives.grid")
def grid(*, size: float, x_subdivisions: int, y_subdivisions: int, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    _check((x_subdivisions + 1) * (y_subdivisions + 1))
    return add_object("Grid", place, _grid(size, x_subdivisions, y_subdivisions))


def _grid(size: float, x_segments: int, y_segments: int) -> Any:
    return from_bmesh(
        ("grid", size, x_segments, y_segments),
        lambda bm: bmesh.ops.create_grid(
            bm, x_segments=x_segments, y_segments=y_segments, size=size / 2, calc_uvs=True
        ),
    )


@method("primitives.circle")
def circle(*, radius: float, vertices: int, fill: bool, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    _check(vertices)
    make = from_bmesh(
        ("circle", radius, vertices, fill),
        lambda bm: bmesh.ops.create_circle(bm, cap_ends=fill, segments=vertices, radius=radius, calc_uvs=True),
    )
    return add_object("Circle", place, make)


@method("primitives.monkey")
def monkey(*, size: float, smooth: bool, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)

    def fill(bm: Any) -> None:
        made = bmesh.ops.create_monkey(bm, calc_uvs=True)
        bmesh.ops.scale(bm, vec=(size / 2,) * 3, verts=made["verts"])

    return add_object("Suzanne", place, from_bmesh(("monkey", size), fill, smooth))


@method("primitives.empty")
def empty(*, display: str, size: float, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)

    def dress(obj: Any) -> None:
        obj.empty_display_type = display.upper()
        obj.empty_display_size = size

    return add_object("Empty", place, lambda name: None, dress)


@method("primitives.text")
def text(*, text: str, size: float, extrude: float, align: str, **placement: Any) -> dict[str, Any]:
    place = Placement(**placement)
    lost = glyphs.missing(text)
    if lost:
        told = ", ".join(f"{each!r} (U+{ord(each):04X})" for each in lost[:10]) + (" …" if len(lost) > 10 else "")
        warn("missing_glyphs", f"No font of Blender has {told}: a placeholder is drawn instead")

    def make(name: str) -> Any:
        curve = bpy.data.curves.new(name, "FONT")
        curve.body = text
        curve.size = size
        curve.extrude = extrude
        curve.align_x = align.upper()
        return curve

    return add_object("Text", place, make)
