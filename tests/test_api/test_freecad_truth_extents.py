"""Bounding boxes touch what they bound, also where curved faces were cut: by formulas, and by fine meshes."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from math import cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

import httpx
import pytest
from OCP.BRep import BRep_Builder
from OCP.BRepTools import BRepTools
from OCP.TopoDS import TopoDS_Shape

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
