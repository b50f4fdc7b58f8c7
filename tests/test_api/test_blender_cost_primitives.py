"""Primitives come from formulas: the same shapes as Blender's own, exact at every size, at a cost per vertex."""

from __future__ import annotations

import math
import struct
import time
from array import array
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

FACES = """
import bmesh, numpy
def rings(mesh):
    # Each face as a ring of (x, y, z, u, v) that begins with its least corner: order of faces and corners do not count.
    uvs = mesh.uv_layers["UVMap"].uv
    found = []
    for face in mesh.polygons:
        ring = [[*mesh.vertices[mesh.loops[i].vertex_index].co, *uvs[i].vector] for i in face.loop_indices]
        middle = numpy.mean(ring, axis=0)
        found.append((numpy.array(ring), middle, face.use_smooth))
    return found
def pairs(mesh):
    return sorted(sorted(tuple(round(v, 3) + 0.0 for v in mesh.vertices[i].co) for i in edge.vertices)
                  for edge in mesh.edges)
def same(one, other):
    left, right = rings(one), rings(other)
    if len(left) != len(right) or len(one.vertices) != len(other.vertices) or pairs(one) != pairs(other):
        return False
    for ring, middle, smooth in left:
        if not any(smooth == also and len(ring) == len(twin) and any(
            numpy.abs(numpy.roll(twin, turn, axis=0) - ring).max() < 2e-5 for turn in range(len(twin))
        ) for twin, centre, also in right if numpy.abs(centre - middle).max() < 1e-4):
            return False
    return True
bm = bmesh.new()
bm.loops.layers.uv.new("UVMap")
bmesh.ops.{operator}
for face in bm.faces:
    face.smooth = {smooth}
own = bpy.data.meshes.new("Own")
bm.to_mesh(own)
bm.free()
made = bpy.data.objects["Made"].data
found = [same(made, own), not made.validate(), sorted(set(made.attributes.keys()) ^ set(own.attributes.keys()))]
bpy.data.meshes.remove(own)
found
"""

SPHERE = "create_uvsphere(bm, u_segments={segments}, v_segments={rings}, radius={radius}, calc_uvs=True)"
CONE = (
    "create_cone(bm, cap_ends=True, cap_tris=False, segments={vertices}, radius1={radius1}, radius2={radius2},"
    " depth={depth}, calc_uvs=True)"
)
CIRCLE = "create_circle(bm, cap_ends={fill}, segments={vertices}, radius={radius}, calc_uvs=True)"
GRID = "create_grid(bm, x_segments={x_subdivisions}, y_segments={y_subdivisions}, size={size} / 2, calc_uvs=True)"
SIDES = "abs(face.normal.z) < 0.999"


def cone(vertices: int, radius1: float, radius2: float, smooth: bool = False) -> tuple[str, dict[str, Any], str, str]:
    params = {"vertices": vertices, "radius1": radius1, "radius2": radius2, "depth": 2.5, "smooth": smooth}
    return "cone", params, CONE, SIDES if smooth else "False"


SAME = [
    *(
        ("sphere", {"segments": segments, "rings": rings, "radius": 1.3, "smooth": smooth}, SPHERE, str(smooth))
        for segments, rings, smooth in ((3, 3, False), (4, 3, True), (5, 4, False), (6, 9, False), (15, 7, False))
    ),
    *(cone(*sizes) for sizes in ((3, 1, 0.5), (4, 0, 1), (5, 1, 0), (12, 2, 2), (7, 0.3, 1))),
    *(cone(*sizes, smooth=True) for sizes in ((6, 1, 0.5), (9, 1, 0), (8, 0, 1))),
    *(("circle", {"vertices": count, "radius": 1.5, "fill": fill}, CIRCLE, "False")
      for count, fill in ((3, True), (3, False), (10, True), (11, False))),
    *(("grid", {"x_subdivisions": x, "y_subdivisions": y, "size": 1.5}, GRID, "False")
      for x, y in ((1, 1), (2, 3), (7, 1))),
]  # fmt: skip


def made(blender: httpx.Client, kind: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{kind}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


@pytest.mark.parametrize(("kind", "params", "operator", "smooth"), SAME)
def test_faces_edges_uvs_and_shading_are_those_of_blenders_own(
    blender: httpx.Client, gateway: Gateway, kind: str, params: dict[str, Any], operator: str, smooth: str
) -> None:
    made(blender, kind, name="Made", **params)
    code = FACES.replace("{operator}", operator.format(**params)).replace("{smooth}", smooth)
    assert evaluate(gateway, code) == [True, True, []]


# A primitive of many corners, then how many vertices, edges, faces, and volume and area by the polygon's own formulas.
def regular(corners: int) -> float:
    """The area of a regular polygon in the unit circle."""
    return corners / 2 * math.sin(2 * math.pi / corners)


N = 16_384
LARGE: list[tuple[str, dict[str, Any], tuple[int, int, int], float, float]] = [
    ("sphere", {"segments": 512, "rings": 256}, (130_562, 261_632, 131_072), 4 / 3 * math.pi, 4 * math.pi),
    ("cylinder", {"vertices": N}, (2 * N, 3 * N, N + 2), 2 * regular(N), 2 * regular(N) + 4 * math.pi),
    ("cone", {"vertices": N}, (N + 1, 2 * N, N + 1), 2 / 3 * regular(N), math.pi * (1 + math.sqrt(5))),
    ("circle", {"vertices": 32_000, "fill": True}, (32_000, 32_000, 1), 0.0, math.pi),
    (
        "torus",
        {"major_segments": 1000, "minor_segments": 500},
        (500_000, 1_000_000, 500_000),
        2 * math.pi**2 * 0.25**2,
        4 * math.pi**2 * 0.25,
    ),
    ("grid", {"x_subdivisions": 500, "y_subdivisions": 400}, (200_901, 400_900, 200_000), 0.0, 4.0),
]
MEASURE = """
import numpy
mesh = bpy.data.objects["Made"].data
mesh.calc_loop_triangles()
points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
mesh.attributes["position"].data.foreach_get("vector", points)
corners = numpy.empty(len(mesh.loop_triangles) * 3, numpy.int32)
mesh.loop_triangles.foreach_get("vertices", corners)
a, b, c = points.reshape(-1, 3).astype(float)[corners.reshape(-1, 3)].transpose(1, 0, 2)
normals = numpy.cross(b - a, c - a)
[float((a * normals).sum() / 6), float(numpy.linalg.norm(normals, axis=1).sum() / 2)]
"""


@pytest.mark.parametrize(("kind", "params", "counts", "volume", "area"), LARGE)
def test_a_large_one_has_the_volume_and_area_of_its_formula(
    blender: httpx.Client,
    gateway: Gateway,
    kind: str,
    params: dict[str, Any],
    counts: tuple[int, int, int],
    volume: float,
    area: float,
) -> None:
    info = made(blender, kind, name="Made", **params)
    assert (info["vertices"], info["edges"], info["faces"]) == counts
    found = evaluate(gateway, MEASURE)
    assert found[0] == pytest.approx(volume, rel=4e-4, abs=1e-6)
    assert found[1] == pytest.approx(area, rel=4e-4)


def raw_torus(majors: int, minors: int) -> bytes:
    """The arrays of a torus, as `/meshes` accepts them."""
    points = array("f")
    corners = array("I")
    for i in range(majors):
        x, y = math.cos(math.tau * i / majors), math.sin(math.tau * i / majors)
        for j in range(minors):
            reach = 1 + 0.25 * math.cos(math.tau * j / minors)
            points.extend((reach * x, reach * y, 0.25 * math.sin(math.tau * j / minors)))
            i2, j2 = (i + 1) % majors, (j + 1) % minors
            corners.extend((i * minors + j, i2 * minors + j, i2 * minors + j2, i * minors + j2))
    count = majors * minors
    header = struct.pack("<4sIII", b"CGM1", count, count, 4 * count)
    return b"".join((header, points.tobytes(), (array("I", [4]) * count).tobytes(), corners.tobytes()))


def test_large_primitives_cost_at_most_three_times_what_their_raw_arrays_do(blender: httpx.Client) -> None:
    body = raw_torus(400, 250)
    headers = {"Content-Type": "application/octet-stream"}

    def arrays() -> None:
        answer = blender.post("/meshes", content=body, headers=headers)
        assert answer.status_code == 201, answer.text

    def seconds(work: Callable[[], Any]) -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    def primitive(kind: str, params: dict[str, Any]) -> float:
        return seconds(lambda: made(blender, kind, **params))

    cases: list[tuple[str, dict[str, Any]]] = [
        ("torus", {"major_segments": 400, "minor_segments": 250}),
        ("sphere", {"segments": 400, "rings": 250}),
        ("cylinder", {"vertices": 50_000}),
        ("cone", {"vertices": 100_000}),
        ("circle", {"vertices": 100_000, "fill": True}),
        ("grid", {"x_subdivisions": 316, "y_subdivisions": 316}),
    ]
    # By turns, and the fastest of each: what else the machine does only ever adds.
    rounds = [[seconds(arrays), *(primitive(*case) for case in cases)] for _ in range(3)]
    raw, *own = (min(times) for times in zip(*rounds, strict=True))
    told = {kind: round(each / raw, 2) for (kind, _), each in zip(cases, own, strict=True)}
    assert max(told.values()) < 3, told


def test_a_long_text_costs_what_its_letters_cost(blender: httpx.Client) -> None:
    def seconds(letters: int) -> float:
        began = time.perf_counter()
        made(blender, "text", text=("a word or two " * 1000)[:letters])
        return time.perf_counter() - began

    rounds = [(seconds(1000), seconds(8000)) for _ in range(3)]
    short, long = (min(times) for times in zip(*rounds, strict=True))
    # Eight times the letters; to fill them took Blender sixty times as long.
    assert long < 24 * short, f"{short:.3f} s for 1000 letters, {long:.3f} s for 8000"
