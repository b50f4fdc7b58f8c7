"""Volumes, areas, centres and inertia of shapes that OpenCASCADE integrates with too few points, against formulas."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from math import cos, pi, sin, sqrt
from pathlib import Path
from typing import Any

import httpx
import pytest
from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut
from OCP.BRepBuilderAPI import (
    BRepBuilderAPI_MakeEdge,
    BRepBuilderAPI_MakeFace,
    BRepBuilderAPI_MakeWire,
    BRepBuilderAPI_NurbsConvert,
)
from OCP.BRepPrimAPI import (
    BRepPrimAPI_MakeBox,
    BRepPrimAPI_MakeCone,
    BRepPrimAPI_MakeCylinder,
    BRepPrimAPI_MakePrism,
    BRepPrimAPI_MakeSphere,
    BRepPrimAPI_MakeTorus,
)
from OCP.BRepTools import BRepTools
from OCP.collections import HArray1_gp_Pnt, List_TopoDS_Shape
from OCP.GeomAPI import GeomAPI_Interpolate
from OCP.gp import gp_Ax2, gp_Dir, gp_Elips, gp_Pnt, gp_Vec
from OCP.STEPControl import STEPControl_StepModelType, STEPControl_Writer

from tests.freecad_calls import get, post, run
from tests.gateway import Gateway

TURNED = {"location": [30, -20, 10], "rotation": [10, 20, 30]}


def written(shape: Any, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "splines"))
        if kind == "step":
            writer = STEPControl_Writer()
            writer.Transfer(shape, STEPControl_StepModelType.STEPControl_AsIs)
            writer.Write(path)
        else:
            BRepTools.Write_s(shape, path)
        return Path(path).read_bytes()


def imported(freecad: httpx.Client, shape: Any, kind: str, *, splines: bool = True) -> dict[str, Any]:
    """A shape after its import, with all of its surfaces as rational splines: some programs write everything so."""
    file = written(BRepBuilderAPI_NurbsConvert(shape, True).Shape() if splines else shape, kind)
    answer = freecad.post("/import", files={"file": (f"part.{kind}", file)})
    assert answer.status_code in (200, 201), answer.text
    result = answer.json()["result"]
    (found,) = result["objects"]
    return {**found, "warnings": result["warnings"]}


def warned(result: dict[str, Any]) -> list[str]:
    return [each["code"] for each in result.get("warnings") or []]


def simpson(function: Callable[[float], float], low: float, high: float, steps: int = 400) -> float:
    width = (high - low) / steps
    values = [function(low + width * index) for index in range(steps + 1)]
    return width / 3 * (values[0] + values[-1] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2]))


CYLINDER, SPHERE, TORUS = pi * 25 * 10, 4 / 3 * pi * 125, 2 * pi**2 * 10 * 9
CONE = pi * 10 / 3 * (25 + 10 + 4)
PARTS: dict[str, tuple[Callable[[], Any], float, float, list[float]]] = {
    "cylinder": (lambda: BRepPrimAPI_MakeCylinder(5, 10).Shape(), CYLINDER, 150 * pi, [0, 0, 5]),
    "sphere": (lambda: BRepPrimAPI_MakeSphere(5).Shape(), SPHERE, 100 * pi, [0, 0, 0]),
    "torus": (lambda: BRepPrimAPI_MakeTorus(10, 3).Shape(), TORUS, 4 * pi**2 * 30, [0, 0, 0]),
    "cone": (
        lambda: BRepPrimAPI_MakeCone(5, 2, 10).Shape(),
        CONE,
        pi * (25 + 4 + 7 * sqrt(109)),
        [0, 0, 10 / 4 * (25 + 20 + 12) / (25 + 10 + 4)],
    ),
    "quarter of a cylinder": (
        lambda: BRepPrimAPI_MakeCylinder(5, 10, pi / 2).Shape(),
        CYLINDER / 4,
        25 * pi / 2 + 25 * pi + 100,
        [20 / (3 * pi), 20 / (3 * pi), 5],
    ),
    "plate with a hole": (
        lambda: BRepAlgoAPI_Cut(
            BRepPrimAPI_MakeBox(20, 20, 6).Shape(),
            BRepPrimAPI_MakeCylinder(gp_Ax2(gp_Pnt(10, 10, -1), gp_Dir(0, 0, 1)), 4, 8).Shape(),
        ).Shape(),
        2400 - 96 * pi,
        800 + 480 - 32 * pi + 48 * pi,
        [10, 10, 3],
    ),
}


@pytest.mark.parametrize("kind", ["step", "brep"])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_comes_as_rational_splines_has_its_formulas_measures(
    freecad: httpx.Client, part: str, kind: str
) -> None:
    make, volume, area, center = PARTS[part]
    found = imported(freecad, make(), kind)
    measured = get(freecad, f"/objects/{found['name']}/measures")
    for result in (found, measured):
        assert result["volume"] == pytest.approx(volume, rel=1e-6)
        assert result["area"] == pytest.approx(area, rel=1e-6)
        assert result["center_of_mass"] == pytest.approx(center, abs=1e-5)
        assert "uncertain_measures" not in warned(result)


def test_inertia_and_mass_of_a_cylinder_of_splines_are_the_cylinders(freecad: httpx.Client) -> None:
    name = imported(freecad, BRepPrimAPI_MakeCylinder(5, 10).Shape(), "step")["name"]
    across, along = CYLINDER * (3 * 25 + 100) / 12, CYLINDER * 25 / 2
    inertia = get(freecad, f"/objects/{name}/measures")["inertia"]
    assert [inertia[n][n] for n in range(3)] == pytest.approx([across, across, along], rel=1e-6)
    steel = freecad.patch(f"/objects/{name}", json={"material": {"name": "Steel", "density": 7850}}).json()["result"]
    assert steel["mass"] == pytest.approx(CYLINDER * 7850e-9, rel=1e-6)


def test_the_faces_of_a_cylinder_of_splines_have_its_areas(freecad: httpx.Client) -> None:
    name = imported(freecad, BRepPrimAPI_MakeCylinder(5, 10).Shape(), "step")["name"]
    areas = sorted(face["area"] for face in get(freecad, f"/objects/{name}/faces")["faces"])
    assert areas == pytest.approx([25 * pi, 25 * pi, 100 * pi], rel=1e-6)


@pytest.mark.parametrize("radii", [(2, 4, 6), (3, 3, 8), (5, 2, 2)])
def test_an_ellipsoid_has_its_formulas_volume_and_its_own_centre(freecad: httpx.Client, radii: tuple[int, ...]) -> None:
    fields = dict(zip(("radius1", "radius2", "radius3"), radii, strict=True))
    found = post(freecad, "/primitives/ellipsoid", **fields, **TURNED)
    assert found["volume"] == pytest.approx(4 / 3 * pi * radii[0] * radii[1] * radii[2], rel=1e-6)
    assert found["center_of_mass"] == pytest.approx(TURNED["location"], abs=1e-6)
    assert found["area"] == pytest.approx(_area_of_ellipsoid(*map(float, radii)), rel=1e-6)


def _area_of_ellipsoid(c: float, a: float, b: float) -> float:
    """Twice the upper half, in polar coordinates of the unit sphere."""

    def ring(theta: float) -> float:
        def spot(phi: float) -> float:
            x, y, z = sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)
            return a * b * c * sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)

        return sin(theta) * simpson(spot, 0, 2 * pi, 100)

    return 2 * simpson(ring, 0, pi / 2, 100)


def test_an_eighth_of_an_ellipsoid_has_an_eighth_of_its_volume(freecad: httpx.Client) -> None:
    whole = post(freecad, "/primitives/ellipsoid", radius1=2, radius2=4, radius3=6)["name"]
    corner = post(freecad, "/primitives/box", length=9, width=9, height=9)["name"]
    part = post(freecad, "/boolean/intersect", objects=[whole, corner])
    assert part["volume"] == pytest.approx(pi / 6 * 48, rel=1e-6)
    assert part["center_of_mass"] == pytest.approx([3 / 8 * 4, 3 / 8 * 6, 3 / 8 * 2], rel=1e-5)


def test_a_pin_of_elliptic_section_has_its_perimeter_in_its_area(freecad: httpx.Client) -> None:
    oval = BRepBuilderAPI_MakeEdge(gp_Elips(gp_Ax2(gp_Pnt(0, 0, 0), gp_Dir(0, 0, 1)), 4, 2)).Edge()
    face = BRepBuilderAPI_MakeFace(BRepBuilderAPI_MakeWire(oval).Wire()).Face()
    pin = imported(freecad, BRepPrimAPI_MakePrism(face, gp_Vec(0, 0, 5)).Shape(), "brep", splines=False)
    perimeter = simpson(lambda t: sqrt((4 * sin(t)) ** 2 + (2 * cos(t)) ** 2), 0, 2 * pi)
    assert pin["volume"] == pytest.approx(40 * pi, rel=1e-6)
    assert pin["area"] == pytest.approx(16 * pi + 5 * perimeter, rel=1e-6)


def test_a_disc_within_a_spline_has_the_area_that_greens_theorem_gives_it(freecad: httpx.Client) -> None:
    points = HArray1_gp_Pnt(1, 12)
    for number in range(12):
        points.SetValue(number + 1, gp_Pnt(5 * cos(pi * number / 6), 5 * sin(pi * number / 6), 0))
    fitted = GeomAPI_Interpolate(points, True, 1e-9)
    fitted.Perform()
    curve = fitted.Curve()

    def swept(at: float) -> float:
        point, slope = gp_Pnt(), gp_Vec()
        curve.D1(at, point, slope)
        return (point.X() * slope.Y() - point.Y() * slope.X()) / 2

    knots = [curve.Knot(number) for number in range(1, curve.NbKnots() + 1)]
    disc = sum(simpson(swept, low, high, 40) for low, high in pairwise(knots))
    wire = BRepBuilderAPI_MakeWire(BRepBuilderAPI_MakeEdge(curve).Edge()).Wire()
    prism = BRepPrimAPI_MakePrism(BRepBuilderAPI_MakeFace(wire).Face(), gp_Vec(0, 0, 5)).Shape()
    assert imported(freecad, prism, "brep", splines=False)["volume"] == pytest.approx(5 * disc, rel=1e-6)


def _in_tube(radius: float, tube: float, rod: float) -> float:
    """How much of a torus an upright rod through the middle of its tube takes away."""

    def at(angle: float) -> float:
        def ring(distance: float) -> float:
            out = sqrt(radius**2 + distance**2 + 2 * radius * distance * cos(angle)) - radius
            return distance * 2 * sqrt(tube**2 - out**2)

        return simpson(ring, 0, rod, 60)

    return simpson(at, 0, 2 * pi, 60)


@pytest.mark.parametrize(("operation", "sign"), [("union", -1), ("subtract", -1), ("intersect", 1)])
def test_a_torus_and_a_rod_through_its_tube_measure_what_quadrature_says(
    freecad: httpx.Client, operation: str, sign: int
) -> None:
    torus = post(freecad, "/primitives/torus", radius1=12, radius2=4)["name"]
    rod = post(freecad, "/primitives/cylinder", radius=1.7, height=15, location=[12, 0, -7.5])["name"]
    made = post(freecad, f"/boolean/{operation}", objects=[torus, rod])
    alone = {"union": 2 * pi**2 * 12 * 16 + pi * 1.7**2 * 15, "subtract": 2 * pi**2 * 12 * 16, "intersect": 0}[
        operation
    ]
    for result in (made, get(freecad, f"/objects/{made['name']}/measures")):
        assert result["volume"] == pytest.approx(alone + sign * _in_tube(12, 4, 1.7), rel=2e-6)
        assert "uncertain_measures" not in warned(result)


def test_a_part_of_too_many_splines_says_at_every_reading_that_it_is_measured_inexactly(freecad: httpx.Client) -> None:
    places = [(10 * x + 5, 10 * y + 5) for x in range(12) for y in range(12)]
    cut = BRepAlgoAPI_Cut()
    plates, tools = List_TopoDS_Shape(), List_TopoDS_Shape()
    plates.Append(BRepPrimAPI_MakeBox(120, 120, 5).Shape())
    for x, y in places:
        tools.Append(BRepPrimAPI_MakeCylinder(gp_Ax2(gp_Pnt(x, y, -1), gp_Dir(0, 0, 1)), 3, 7).Shape())
    cut.SetArguments(plates)
    cut.SetTools(tools)
    cut.Build()
    found = imported(freecad, cut.Shape(), "brep")
    name = found["name"]
    for result in (found, get(freecad, f"/objects/{name}"), get(freecad, f"/objects/{name}/measures")):
        assert "uncertain_measures" in warned(result)
        assert result["volume"] == pytest.approx(120 * 120 * 5 - len(places) * 45 * pi, rel=1e-2)


def test_faces_that_would_need_too_many_points_are_said_to_have_inexact_areas(
    freecad: httpx.Client, gateway: Gateway
) -> None:
    name = imported(freecad, BRepPrimAPI_MakeCylinder(5, 10).Shape(), "step")["name"]
    assert warned(get(freecad, f"/objects/{name}/faces")) == []
    limit = "import cadgate_freecad.app.quadrature as quadrature\nquadrature.MOST_POINTS = {}"
    run(gateway, limit.format(10))
    try:
        listed = get(freecad, f"/objects/{name}/faces")
        (warning,) = listed["warnings"]
        assert warning["code"] == "uncertain_measures"
        assert all(each["name"] in warning["message"] for each in listed["faces"])
        (curved,) = get(freecad, f"/objects/{name}/faces", limit=1)["warnings"]
        assert "Face1" in curved["message"]
        assert "Face2" not in curved["message"]
    finally:
        run(gateway, limit.format(250_000))
