"""Every type of FreeCAD, once, in a small document: with inputs where a type has links to some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.reach.outcomes import FAULT, Outcome, judged

INPUTS: dict[str, dict[str, Any]] = {
    "Part::Cut": {"Base": "Box", "Tool": "Rod"},
    "Part::Fuse": {"Base": "Box", "Tool": "Rod"},
    "Part::Common": {"Base": "Box", "Tool": "Rod"},
    "Part::Section": {"Base": "Box", "Tool": "Rod"},
    "Part::MultiFuse": {"Shapes": ["Box", "Rod"]},
    "Part::MultiCommon": {"Shapes": ["Box", "Rod"]},
    "Part::Compound": {"Links": ["Box", "Rod"]},
    "Part::Compound2": {"Links": ["Box", "Rod"]},
    "Part::Fillet": {"Base": "Box", "Edges": [[1, 1, 1]]},
    "Part::Chamfer": {"Base": "Box", "Edges": [[1, 1, 1]]},
    "Part::Mirroring": {"Source": "Box"},
    "Part::Reverse": {"Source": "Box"},
    "Part::Refine": {"Source": "Box"},
    "Part::Offset": {"Source": "Box", "Value": 1},
    "Part::Thickness": {"Faces": {"object": "Box", "elements": ["Face6"]}, "Value": 1},
    "Part::Extrusion": {"Base": "Rim", "Dir": [0, 0, 1], "DirMode": "Custom", "LengthFwd": 5},
    "Part::Revolution": {"Source": "Rim", "Axis": [1, 0, 0], "Base": [0, 20, 0], "Angle": 90},
    "Part::Face": {"Sources": ["Rim"], "FaceMakerClass": None},
    "Part::Loft": {"Sections": ["Rim", "Rim2"], "Solid": True},
    "Part::Polygon": {"Nodes": [[0, 0, 0], [1, 0, 0], [0, 1, 0]]},
    "App::Link": {"LinkedObject": "Box"},
    "App::LinkElement": {"LinkedObject": "Box"},
    **{
        f"Mesh::{name}": {"Source": "Net"}
        for name in (
            *("Curvature", "FillHoles", "FixDeformations", "FixDegenerations", "FixDuplicatedFaces"),
            *("FixDuplicatedPoints", "FixIndices", "FixNonManifolds", "FlipNormals", "HarmonizeNormals"),
            "RemoveComponents",
        )
    },
    "Mesh::SetOperations": {"Source1": "Net", "Source2": "Net2"},
    "TechDraw::DrawViewPart": {"Source": ["Box"]},
}
MAKING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Part::Box", "Box", {"Length": 10, "Width": 10, "Height": 10}),
    ("Part::Cylinder", "Rod", {"Radius": 2, "Height": 20}),
    ("Part::Ellipse", "Rim", {"MajorRadius": 8, "MinorRadius": 4}),
    ("Part::Ellipse", "Rim2", {"MajorRadius": 6, "MinorRadius": 3, "Placement": {"location": [0, 0, 9]}}),
    ("Mesh::Cube", "Net", {}),
    ("Mesh::Sphere", "Net2", {"Radius": 4, "Sampling": 12}),
)


def attempts(freecad: httpx.Client, pid: Callable[[], int], *, every: int = 1) -> Iterator[Outcome]:
    """Yield what comes of each type; a new process is a fault. Each object is deleted again."""
    for kind, name, properties in MAKING:
        made = freecad.post("/objects", json={"type": kind, "name": name, "properties": properties})
        assert made.status_code == 201, made.text
    former = pid()
    for each in freecad.get("/types", params={"limit": 10_000}).json()["result"]["types"][::every]:
        kind = each["type"]
        properties = {name: value for name, value in INPUTS.get(kind, {}).items() if value is not None}
        answer = freecad.post("/objects", json={"type": kind, "name": "Tried", "properties": properties})
        outcome = judged(each["workbench"], kind, answer)
        if answer.is_success and not freecad.delete("/objects/Tried?cascade=true").is_success:
            outcome = Outcome(outcome.group, kind, FAULT, "it cannot be deleted again")
        now = pid()
        if now != former:
            outcome = Outcome(outcome.group, kind, FAULT, "FreeCAD ended")
        former = now
        yield outcome
