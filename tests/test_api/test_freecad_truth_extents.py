"""Bounding boxes touch what they bound, also where curved faces were cut: by formulas, and by fine meshes."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from math import acos, cos, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any

import httpx
import pytest
from OCP.BRep import BRep_Builder
from OCP.BRepTools import BRepTools
from OCP.TopoDS import TopoDS_Shape

from tests.freecad_calls import run
from tests.gateway import Gateway
from tests.truth.kernel import _box  # pyright: ignore[reportPrivateUsage]


def make(freecad: httpx.Client, path: str, **fields: Any) -> dict[str, Any]:
    answer = freecad.post(path, json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def test_a_sphere_without_its_top_ends_where_it_was_cut(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/sphere", name="Ball", radius=10)
    make(freecad, "/primitives/box", name="Lid", length=40, width=40, height=20, location=[-20, -20, 6])
    cut = make(freecad, "/boolean/subtract", object1="Ball", object2="Lid")
    assert cut["bounding_box"]["max"] == pytest.approx([10, 10, 6], abs=1e-6)
    assert cut["bounding_box"]["min"] == pytest.approx([-10, -10, -10], abs=1e-6)


@pytest.mark.parametrize("rotation", [[0, 0, 0], [33, -21, 140]])
def test_a_cap_of_a_turned_sphere_has_the_box_of_the_cap(freecad: httpx.Client, rotation: list[float]) -> None:
    """The part of a sphere above z = 6 in its own coordinates: a circle of radius 8, and its pole."""
    ball = make(freecad, "/primitives/sphere", name="Ball", radius=10, location=[1, 2, 3], rotation=rotation)
    keep = {"length": 40, "width": 40, "height": 40}
    x, y, z = (radians(angle) for angle in rotation)
    columns = [
        [cos(z) * cos(y), sin(z) * cos(y), -sin(y)],
        [cos(z) * sin(y) * sin(x) - sin(z) * cos(x), sin(z) * sin(y) * sin(x) + cos(z) * cos(x), cos(y) * sin(x)],
        [cos(z) * sin(y) * cos(x) + sin(z) * sin(x), sin(z) * sin(y) * cos(x) - cos(z) * sin(x), cos(y) * cos(x)],
    ]
    corner = [
        at - 20 * columns[0][axis] - 20 * columns[1][axis] + 6 * columns[2][axis] for axis, at in enumerate((1, 2, 3))
    ]
    make(freecad, "/primitives/box", name="Keep", **keep, location=corner, rotation=rotation)
    cap = make(freecad, "/boolean/intersect", object1=ball["name"], object2="Keep")
    up = columns[2]
    for axis, at in enumerate((1, 2, 3)):
        across = 8 * sqrt(max(0.0, 1 - up[axis] ** 2))
        high = 10 if up[axis] >= 0.6 else 6 * up[axis] + across
        low = -10 if up[axis] <= -0.6 else 6 * up[axis] - across
        assert cap["bounding_box"]["max"][axis] == pytest.approx(at + high, abs=1e-5)
        assert cap["bounding_box"]["min"][axis] == pytest.approx(at + low, abs=1e-5)


HALF = sqrt(0.5)


def spread(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / 4000 for step in range(4001)]


def of_circle(low: float, high: float) -> list[tuple[float, float, float]]:
    """Points of the circle on which the cone stands, between two angles."""
    return [(6 * cos(angle), 6 * sin(angle), 0.0) for angle in spread(low, high)]


CONICS: dict[str, tuple[str, dict[str, Any], list[tuple[float, float, float]]]] = {
    "hyperbola": (
        "intersect",
        {"location": [2, -20, -20]},
        [
            *of_circle(-acos(1 / 3), acos(1 / 3)),
            *((2.0, y, 6 - sqrt(4 + y * y)) for y in spread(-sqrt(32), sqrt(32))),
        ],
    ),
    "parabola": (
        "subtract",
        {"location": [4 - 20 * HALF, -20, 20 * HALF], "rotation": [0, 45, 0]},
        [
            *of_circle(acos(2 / 3), 2 * pi - acos(2 / 3)),
            *((y * y / 4 - 1, y, 5 - y * y / 4) for y in spread(-sqrt(20), sqrt(20))),
        ],
    ),
}
"""How a cone 6 high on a circle of 6 is cut, and points of the edges that are left."""


def turned(point: tuple[float, float, float], rotation: list[float]) -> list[float]:
    """A point after turning about x, then y, then z, in degrees."""
    x, y, z = point
    a, b, c = map(radians, rotation)
    y, z = y * cos(a) - z * sin(a), y * sin(a) + z * cos(a)
    x, z = x * cos(b) + z * sin(b), -x * sin(b) + z * cos(b)
    return [x * cos(c) - y * sin(c), x * sin(c) + y * cos(c), z]


def ends(points: list[list[float]]) -> tuple[list[float], list[float]]:
    """The lowest and highest coordinates."""
    return [min(axis) for axis in zip(*points, strict=True)], [max(axis) for axis in zip(*points, strict=True)]


@pytest.mark.parametrize("rotation", [[0, 0, 0], [20, 35, 70], [-66.4, -73.1, -12.8], [110, 15, 200]])
@pytest.mark.parametrize("conic", CONICS)
def test_a_cone_that_is_cut_along_a_conic_reaches_to_where_that_turns_back(
    freecad: httpx.Client, conic: str, rotation: list[float]
) -> None:
    operation, place, edges = CONICS[conic]
    make(freecad, "/primitives/cone", name="Cone", radius1=6, radius2=0, height=6)
    make(freecad, "/primitives/box", name="Block", length=40, width=40, height=40, **place)
    rest = make(freecad, f"/boolean/{operation}", object1="Cone", object2="Block")["name"]
    moved = freecad.patch(f"/objects/{rest}", json={"rotation": rotation}).json()["result"]
    low, high = ends([turned(point, rotation) for point in edges])
    assert moved["bounding_box"]["min"] == pytest.approx(low, abs=1e-4)
    assert moved["bounding_box"]["max"] == pytest.approx(high, abs=1e-4)


POLES = (
    (-7.517, 3.93, -1.923),
    (-3.867, 4.209, 0.679),
    (-5.099, 1.476, 3.982),
    (-13.889, -3.68, 4.822),
    (-8.852, 0.891, 1.78),
    (-3.113, 1.429, 5.711),
    (-4.284, -0.341, 7.54),
    (-11.529, -2.704, 5.244),
)
AXIS = ((4.89, 8.68, 0.895), (-0.86937, -0.16305, -0.46650))
TURN = 67.0
REVOLVED = f"""
import FreeCAD, Part
curve = Part.BSplineCurve()
poles = [FreeCAD.Vector(*each) for each in {POLES}]
curve.buildFromPolesMultsKnots(poles, [4, 1, 1, 1, 1, 4], [0, 0.21, 0.44, 0.55, 0.73, 1], False, 3)
obj = FreeCAD.ActiveDocument.addObject("Part::Feature", "Vase")
obj.Shape = curve.toShape().revolve(*[FreeCAD.Vector(*each) for each in {AXIS}], {TURN})
[list(curve.value(step / 2000)) for step in range(2001)]
"""


def about(axis: tuple[tuple[float, ...], tuple[float, ...]], point: list[float], angle: float) -> list[float]:
    """A point after turning about an axis, of which a point and the direction are known."""
    base, way = axis
    length = sqrt(sum(each * each for each in way))
    x, y, z = (each / length for each in way)
    a, b, c = (at - start for at, start in zip(point, base, strict=True))
    along = (a * x + b * y + c * z) * (1 - cos(angle))
    crossed = (y * c - z * b, z * a - x * c, x * b - y * a)
    return [
        start + arm * cos(angle) + across * sin(angle) + way * along
        for start, arm, across, way in zip(base, (a, b, c), crossed, (x, y, z), strict=True)
    ]


def test_a_revolved_spline_reaches_to_where_it_turns_back(gateway: Gateway, freecad: httpx.Client) -> None:
    profile = run(gateway, REVOLVED)
    low, high = ends([about(AXIS, point, radians(TURN * step / 200)) for point in profile for step in range(201)])
    found = freecad.get("/objects/Vase").json()["result"]["bounding_box"]
    assert found["min"] == pytest.approx(low, abs=2e-3)
    assert found["max"] == pytest.approx(high, abs=2e-3)


SOLIDS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "torus": [("torus", {"radius1": 8, "radius2": 3})],
    "turned torus": [("torus", {"radius1": 8, "radius2": 3, "rotation": [40, 25, 10]})],
    "torus cut in half": [
        ("torus", {"radius1": 8, "radius2": 3, "rotation": [40, 25, 10]}),
        ("box", {"length": 30, "width": 30, "height": 30, "location": [0, -15, -15]}),
    ],
    "cylinder cut askew": [
        ("cylinder", {"radius": 5, "height": 20, "rotation": [30, 0, 0]}),
        ("box", {"length": 40, "width": 40, "height": 40, "location": [-20, -20, 26], "rotation": [0, 35, 0]}),
    ],
    "cone cut askew": [
        ("cone", {"radius1": 6, "radius2": 1, "height": 15, "rotation": [75, 10, 0]}),
        ("box", {"length": 40, "width": 40, "height": 40, "location": [-20, -20, 14], "rotation": [20, 35, 0]}),
    ],
    "ellipsoid": [("ellipsoid", {"radius1": 3, "radius2": 9, "radius3": 5, "rotation": [20, 50, 70]})],
    "ellipsoid without a side": [
        ("ellipsoid", {"radius1": 3, "radius2": 9, "radius3": 5, "rotation": [20, 50, 70]}),
        ("box", {"length": 40, "width": 40, "height": 40, "location": [-20, 1, -20]}),
    ],
}


@pytest.mark.parametrize("kind", SOLIDS)
def test_boxes_agree_with_a_fine_mesh_of_another_kernel(
    freecad: httpx.Client, http: httpx.Client, tmp_path: Path, kind: str
) -> None:
    names = [make(freecad, f"/primitives/{path}", **body)["name"] for path, body in SOLIDS[kind]]
    if len(names) == 2:
        names = [make(freecad, "/boolean/subtract", object1=names[0], object2=names[1])["name"]]
    told = freecad.get(f"/objects/{names[0]}").json()["result"]["bounding_box"]
    path = tmp_path / "part.brep"
    answer = freecad.post("/export", json={"objects": names, "format": "brep"}).json()["result"]
    path.write_bytes(http.get(answer["artifact"]["url"]).content)
    shape = TopoDS_Shape()
    assert BRepTools.Read_s(shape, str(path), BRep_Builder())
    low, high, _ = _box(shape)
    assert told["min"] == pytest.approx(low, abs=0.02)
    assert told["max"] == pytest.approx(high, abs=0.02)
