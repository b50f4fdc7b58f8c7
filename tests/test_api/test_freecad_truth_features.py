"""Features against formulas, and errors that say what would work: sizes too large, constraints that disagree."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway
from tests.live import live

SQUARE = {"type": "rectangle", "corner": [10, 0], "width": 4, "height": 4}


def make(freecad: httpx.Client, path: str, /, **params: Any) -> dict[str, Any]:
    response = freecad.post(path, json=params)
    assert response.status_code == 201, response.text
    return response.json()["result"]


def refused(freecad: httpx.Client, path: str, /, **params: Any) -> dict[str, Any]:
    response = freecad.post(path, json=params)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "degenerate_result"), response.text
    return response.json()["error"]


# --- sizes that are too large ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "field", "sent", "edges", "limit"),
    [
        ("fillet", "radius", 8, {"at": "top"}, 5),
        ("fillet", "radius", 30, ["Edge1"], 10),
        ("chamfer", "size", 8, {"at": "top"}, 5),
        ("chamfer", "size", 50, ["Edge1"], 10),
        ("fillet", "radius", 6, None, 5),
    ],
)
def test_a_size_that_is_too_large_is_refused_with_one_that_works(
    freecad: httpx.Client, feature: str, field: str, sent: float, edges: Any, limit: float
) -> None:
    make(freecad, "/primitives/box", name="Box", length=10, width=10, height=10)
    error = refused(freecad, f"/features/{feature}", object="Box", edges=edges, **{field: sent})
    largest = error["details"]["largest"]
    assert limit * 0.9 < largest <= limit
    assert f"{largest:g} mm" in error["message"]
    assert error["details"]["edges"]
    assert all(name in error["message"] for name in error["details"]["edges"][:8])
    assert freecad.get("/objects").json()["result"]["total"] == 1
    # What the message says is true.
    assert make(freecad, f"/features/{feature}", object="Box", edges=edges, **{field: largest})["valid"] is True


def test_walls_that_are_too_thick_are_refused_with_some_that_fit(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/box", name="Box", length=20, width=10, height=10)
    error = refused(freecad, "/features/thickness", object="Box", thickness=7, faces={"at": "top"})
    largest = error["details"]["largest"]
    assert 4 < largest <= 5
    hollow = make(freecad, "/features/thickness", object="Box", thickness=largest, faces={"at": "top"})
    assert hollow["volume"] == pytest.approx(2000 - (20 - 2 * largest) * (10 - 2 * largest) * (10 - largest), rel=1e-4)


def test_the_edge_that_is_too_short_is_the_one_that_is_named(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/box", name="Plate", length=40, width=40, height=4)
    listed = freecad.get("/objects/Plate/edges").json()["result"]["edges"]
    upright = next(each["name"] for each in listed if each["length"] == 4)
    long = next(each["name"] for each in listed if each["length"] == 40)
    error = refused(freecad, "/features/fillet", object="Plate", radius=5, edges=[long, upright])
    assert error["details"]["edges"] == [long]
    assert error["details"]["largest"] <= 4


# --- sketches --------------------------------------------------------------------------------------------------------


def distance(value: float, kind: str = "distance_x", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "first": {"geometry": 0, "point": "start"},
        "second": {"geometry": 0, "point": "end"},
        "value": value,
        **more,
    }


LINE = [{"type": "line", "start": [0, 0], "end": [10, 0]}]


def test_constraints_that_contradict_are_named_as_they_were_sent(freecad: httpx.Client) -> None:
    wanted = [{"type": "horizontal", "first": {"geometry": 0}}, distance(10), distance(12, name="Width")]
    error = refused(freecad, "/sketches", name="Bad", geometry=LINE, constraints=wanted)
    told = error["details"]["constraints"]
    assert error["details"]["reason"] == "conflicting"
    assert [(each["index"], each["sent"], each["value"], each["name"]) for each in told] == [
        (1, 1, 10, None),
        (2, 2, 12, "Width"),
    ]
    assert "constraints[1]" in error["message"]
    assert "constraints[2] 'Width' (distance_x 12 of geometry 0)" in error["message"]
    assert freecad.get("/objects/Bad").status_code == 404


def test_indices_of_those_that_geometry_brought_along_are_the_sketchs(freecad: httpx.Client) -> None:
    rectangle = [{"type": "rectangle", "corner": [0, 0], "width": 4, "height": 3}]
    sketch = make(freecad, "/sketches", name="Plate", geometry=rectangle)
    fixed = [each["index"] for each in sketch["constraints"] if each["type"] == "distance_x"]
    response = freecad.patch("/sketches/Plate", json={"constraints": [distance(9)]})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "degenerate_result")
    told = {each["index"]: each["sent"] for each in error["details"]["constraints"]}
    assert told[len(sketch["constraints"])] == 0
    assert all(told[index] is None for index in fixed)
    assert freecad.get("/sketches/Plate").json()["result"]["constraints"] == sketch["constraints"]


def test_a_constraint_that_is_redundant_is_named(freecad: httpx.Client) -> None:
    wanted = [{"type": "horizontal", "first": {"geometry": 0}}, distance(10), distance(10, kind="distance")]
    error = refused(freecad, "/sketches", name="Bad", geometry=LINE, constraints=wanted)
    assert error["details"]["reason"] == "redundant"
    assert [each["sent"] for each in error["details"]["constraints"]] == [2]
    assert "constraints[2] (distance 10 of geometry 0) is already implied" in error["message"]


# --- formulas --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["fast", "full"])
def test_features_have_the_volumes_of_their_formulas(freecad: httpx.Client, level: str) -> None:
    make(freecad, "/primitives/box", name="Box", length=10, width=10, height=10, location=[3, 0, 0])
    make(freecad, "/sketches", name="Square", geometry=[SQUARE])
    volumes = {
        "fillet": ({"object": "Box", "radius": 2, "edges": ["Edge1"]}, 1000 - 10 * 4 * (1 - pi / 4)),
        "chamfer": ({"object": "Box", "size": 2, "edges": ["Edge1"]}, 1000 - 10 * 2),
        "extrude": ({"object": "Square", "length": 5, "direction": [0, 1, 1]}, 16 * 5 / sqrt(2)),
        "revolve": ({"object": "Square", "axis": [0, 1, 0], "angle": 90}, 16 * 12 * pi / 2),
        "mirror": ({"object": "Box", "plane": "yz"}, 1000),
        "thickness": ({"object": "Box", "thickness": 1, "faces": {"at": "top"}}, 1000 - 8 * 8 * 9),
        "offset": ({"object": "Box", "distance": -1}, 512),
        "linear_pattern": ({"object": "Box", "spacing": 5, "count": 3, "fuse": True}, 2000),
        "polar_pattern": ({"object": "Box", "count": 4, "angle": 360, "center": [0, -20, 0]}, 4000),
    }
    for feature, (params, volume) in volumes.items():
        info = make(freecad, f"/features/{feature}", verify=level, **params)
        assert info["volume"] == pytest.approx(volume, rel=1e-6), feature
        assert info["warnings"] == [], feature


def test_a_profile_that_crosses_its_axis_is_refused(freecad: httpx.Client) -> None:
    make(freecad, "/sketches", name="Square", geometry=[{**SQUARE, "corner": [-1, 0]}])
    error = refused(freecad, "/features/revolve", object="Square", axis=[0, 1, 0], angle=180)
    assert "crosses the axis" in error["message"]
    assert make(freecad, "/features/revolve", object="Square", axis=[0, 1, 0], base=[-1, 0, 0])["volume"] == (
        pytest.approx(16 * 2 * 2 * pi)
    )


def test_a_spring_whose_turns_overlap_is_refused(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/helix", name="Path", pitch=3, height=12, radius=10)
    for name, radius in (("Thick", 2), ("Thin", 1)):
        circle = {"type": "circle", "center": [10, 0], "radius": radius}
        make(freecad, "/sketches", name=name, plane="xz", geometry=[circle])
    assert "passes through itself" in refused(freecad, "/features/sweep", objects=["Thick"], path="Path")["message"]
    spring = make(freecad, "/features/sweep", objects=["Thin"], path="Path")
    assert spring["volume"] == pytest.approx(pi * 2 * pi * 10 * 4, rel=1e-3)


def test_a_change_upstream_that_a_fillet_cannot_follow_is_refused(freecad: httpx.Client) -> None:
    make(freecad, "/primitives/box", name="Box", length=10, width=10, height=10)
    make(freecad, "/features/fillet", name="Round", object="Box", radius=4, edges=["Edge1"])
    response = freecad.patch("/objects/Box", json={"properties": {"Length": 3}})
    assert (response.status_code, response.json()["error"]["details"]["object"]) == (422, "Round")
    assert freecad.get("/objects/Box").json()["result"]["volume"] == pytest.approx(1000)


WRONG = """
from types import SimpleNamespace
import Part
from cadgate.appserver import AppError
from cadgate_freecad.app.verification import features
class O(SimpleNamespace):
    def getPropertyByName(self, name): return getattr(self, name)
V, P = FreeCAD.Vector, FreeCAD.Placement()
def of(shape): return O(Shape=shape, Name="Box")
box = Part.makeBox(10, 10, 10)
square = of(Part.makePlane(4, 4, V(10, 0, 0)))
def part(kind, **properties): return O(TypeId="Part::" + kind, Placement=P, **properties)
def value(number): return O(Value=number)
def row(count, step, fuse):
    return part("FeaturePython", Base=of(box), ArrayType="ortho", NumberX=count, NumberY=1, NumberZ=1,
        IntervalX=V(step, 0, 0), Fuse=fuse)
def moved(x): return box.transformed(FreeCAD.Placement(V(x, 0, 0), FreeCAD.Rotation()).toMatrix())
mirror = part("Mirroring", Source=of(box), Base=V(), Normal=V(1, 0, 0))
fillet = part("Fillet", Base=of(box), Edges=[(1, 1, 1)])
extrude = part("Extrusion", Base=square, Solid=True, TaperAngle=value(0), TaperAngleRev=value(0), Symmetric=False,
    LengthFwd=value(5), LengthRev=value(0), DirMode="Normal")
revolve = part("Revolution", Source=square, Base=V(), Axis=V(0, 1, 0), Solid=True, Angle=360)
wrong = {
    "mirror beside": (mirror, box),
    "mirror larger": (mirror, Part.makeBox(11, 10, 10, V(-11, 0, 0))),
    "fillet that left the edge": (fillet, box.makeFillet(1, [box.Edges[4]])),
    "fillet that lost a corner": (fillet, box.makeFillet(1, [box.Edges[0]]).cut(Part.makeBox(5, 5, 9, V(5, 5, 1)))),
    "short extrude": (extrude, square.Shape.extrude(V(0, 0, 4))),
    "half a turn": (revolve, square.Shape.revolve(V(), V(0, 1, 0), 180)),
    "no hollow": (part("Thickness", Faces=(of(box), ["Face6"]), Value=-1), box),
    "offset the other way": (part("Offset", Source=of(box), Value=-1, Fill=False, Join="Arc"), box),
    "pattern of two": (row(3, 20, False), Part.Compound([box, moved(20)])),
    "fused pattern of one": (row(3, 5, True), box),
}
for name, (obj, shape) in sorted(wrong.items()):
    for level in ("fast", "full"):
        try:
            features.check(obj, shape, level=level)
            print("MISSED", name, level)
        except AppError as error:
            print(error.code)
"""


@pytest.mark.anyio
async def test_features_that_are_wrong_are_caught_at_either_level(freecad: httpx.Client, gateway: Gateway) -> None:
    async with live(gateway, "freecad") as connection:
        output, errors, _ = await connection.run(WRONG)
    assert errors == ""
    assert output.splitlines() == ["degenerate_result"] * 20
