"""The boxes of faces and edges are tight; a second OpenCASCADE measures the same faces by fine triangles."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from OCP.BRep import BRep_Builder, BRep_Tool
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.BRepTools import BRepTools
from OCP.TopAbs import TopAbs_FACE
from OCP.TopExp import TopExp_Explorer
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS, TopoDS_Shape

from tests.freecad_calls import corners, get, post

FINE = 0.02
TURNED = {"location": [3, -4, 5], "rotation": [20, 35, 50]}


def measured(freecad: httpx.Client, name: str, folder: Path) -> list[list[float]]:
    """The corners of each face's triangles, in the order of the faces."""
    artifact = post(freecad, "/export", format="brep", objects=[name])["artifact"]
    file = folder / "shape.brep"
    file.write_bytes(freecad.get(f"/../artifacts/{artifact['id']}").content)
    shape = TopoDS_Shape()
    assert BRepTools.Read_s(shape, str(file), BRep_Builder())
    BRepMesh_IncrementalMesh(shape, FINE, False, 0.3).Perform()
    boxes: list[list[float]] = []
    seen: list[Any] = []
    explorer = TopExp_Explorer(shape, TopAbs_FACE)
    while explorer.More():
        face = TopoDS.Face(explorer.Current())
        if not any(face.IsSame(each) for each in seen):
            seen.append(face)
            location = TopLoc_Location()
            mesh = BRep_Tool.Triangulation_s(face, location)
            points = [mesh.Node(i).Transformed(location.Transformation()) for i in range(1, mesh.NbNodes() + 1)]
            sides = [[point.X(), point.Y(), point.Z()] for point in points]
            boxes.append([*map(min, zip(*sides, strict=True)), *map(max, zip(*sides, strict=True))])
        explorer.Next()
    return boxes


def make(freecad: httpx.Client, *steps: tuple[str, dict[str, Any]]) -> str:
    name = ""
    for path, body in steps:
        name = post(freecad, path, **body)["name"]
    return name


SPLINE = [[1, 0], [4, 3], [2, 6], [3, 9]]
SHAPES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "torus": [("/primitives/torus", {"radius1": 9, "radius2": 1})],
    "turned torus": [("/primitives/torus", {"radius1": 9, "radius2": 3, **TURNED})],
    "part of a torus": [
        ("/primitives/torus", {"radius1": 9, "radius2": 3, "angle1": 0, "angle2": 90, "angle3": 200, **TURNED})
    ],
    "part of a sphere": [("/primitives/sphere", {"angle1": -30, "angle2": 40, "angle3": 120, **TURNED})],
    "sector of a cylinder": [("/primitives/cylinder", {"radius": 5, "angle": 130, **TURNED})],
    "cone": [("/primitives/cone", {**TURNED})],
    "ellipsoid": [("/primitives/ellipsoid", {"radius1": 3, "radius2": 6, **TURNED})],
    "torus with a bore": [
        ("/primitives/torus", {"name": "Ring", "radius1": 9, "radius2": 3}),
        ("/primitives/cylinder", {"name": "Drill", "radius": 1, "height": 20, "location": [9, 0, -10]}),
        ("/boolean/subtract", {"object1": "Ring", "object2": "Drill"}),
    ],
    "torus cut obliquely": [
        ("/primitives/torus", {"name": "Ring", "radius1": 9, "radius2": 3}),
        ("/primitives/box", {"name": "Half", "length": 40, "width": 40, "height": 40, "rotation": [30, 20, 10]}),
        ("/boolean/subtract", {"object1": "Ring", "object2": "Half"}),
    ],
    "rounded box": [
        ("/primitives/box", {"name": "Box", **TURNED}),
        ("/features/fillet", {"object": "Box", "radius": 2}),
    ],
    "rounded rim": [
        ("/primitives/cylinder", {"name": "Pin", "radius": 5, **TURNED}),
        ("/features/fillet", {"object": "Pin", "radius": 1, "edges": {"type": "circle"}}),
    ],
    "tee": [
        ("/primitives/cylinder", {"name": "Run", "radius": 5, "height": 20}),
        (
            "/primitives/cylinder",
            {"name": "Branch", "radius": 3, "height": 20, "location": [0, 0, 10], "rotation": [20, 70, 0]},
        ),
        ("/boolean/union", {"object1": "Run", "object2": "Branch"}),
    ],
    "loft": [
        ("/sketches", {"name": "Low", "geometry": [{"type": "circle", "center": [0, 0], "radius": 5}]}),
        (
            "/sketches",
            {"name": "Middle", "offset": 10, "geometry": [{"type": "circle", "center": [4, 0], "radius": 2}]},
        ),
        ("/sketches", {"name": "High", "offset": 20, "geometry": [{"type": "circle", "center": [0, 3], "radius": 4}]}),
        ("/features/loft", {"objects": ["Low", "Middle", "High"], **TURNED}),
    ],
    "coil": [
        ("/primitives/helix", {"name": "Path", "pitch": 6, "height": 9, "radius": 5}),
        ("/sketches", {"name": "Wire", "plane": "xz", "geometry": [{"type": "circle", "center": [5, 0], "radius": 1}]}),
        ("/features/sweep", {"objects": ["Wire"], "path": "Path", "frenet": True}),
    ],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_box_of_a_face_is_that_of_its_finest_triangles(freecad: httpx.Client, tmp_path: Path, shape: str) -> None:
    name = make(freecad, *SHAPES[shape])
    faces = get(freecad, f"/objects/{name}/faces")["faces"]
    wanted = measured(freecad, name, tmp_path)
    assert len(faces) == len(wanted)
    for face, box in zip(faces, wanted, strict=True):
        told = corners(face)
        assert all(low <= corner + 1e-5 for low, corner in zip(told[:3], box[:3], strict=True)), (face, box)
        assert all(high >= corner - 1e-5 for high, corner in zip(told[3:], box[3:], strict=True)), (face, box)
        assert told == pytest.approx(box, abs=2 * FINE), face


def test_the_faces_of_a_torus_have_the_boxes_of_the_formula(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/torus", name="Ring", radius1=50, radius2=20)
    [face] = get(freecad, "/objects/Ring/faces")["faces"]
    assert corners(face) == pytest.approx([-70, -70, -20, 70, 70, 20], abs=1e-6)
    post(freecad, "/primitives/cylinder", name="Pin", radius=10, height=10)
    rounded = {"object": "Pin", "radius": 1, "edges": {"at": "top", "type": "circle"}, "name": "Rounded"}
    post(freecad, "/features/fillet", **rounded)
    [rim] = get(freecad, "/objects/Rounded/faces", type="torus")["faces"]
    assert corners(rim) == pytest.approx([-10, -10, 9, 10, 10, 10], abs=1e-6)


def test_inside_and_at_choose_by_tight_boxes(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Pin", radius=10, height=10)
    post(freecad, "/features/fillet", name="Rounded", object="Pin", radius=1, edges={"at": "top", "type": "circle"})
    slab = {"min": [-10, -10, 9], "max": [10, 10, 10]}
    chosen = {"method": "objects.faces", "params": {"name": "Rounded", "inside": slab}}
    [answer] = post(freecad, "/batch", calls=[chosen])["results"]
    assert sorted(face["type"] for face in answer["result"]["faces"]) == ["plane", "torus"]
    [top] = get(freecad, "/objects/Rounded/faces", at="top")["faces"]
    assert top["type"] == "plane"
    assert {edge["type"] for edge in get(freecad, "/objects/Rounded/edges", at="top")["edges"]} == {"circle"}
    lower = {"min": [-10, -10, -1], "max": [10, 10, 8.5]}
    body = {"object": "Rounded", "size": 0.5, "edges": {"inside": lower, "type": "circle"}}
    assert post(freecad, "/features/chamfer", **body)["volume"] < get(freecad, "/objects/Rounded")["volume"]
