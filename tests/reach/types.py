"""Every type of FreeCAD, once, in a small document: with inputs where a type has links to some."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.gateway import Gateway
from tests.reach.outcomes import FAULT, NOT_HERE, Outcome, judged

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
LATER = ("Points::Structured", "Surface::Sections", "TechDraw::FeatureProjection")
"""Types that say what is missing only when they are computed, which FreeCAD does not begin without inputs."""
MAKING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Part::Box", "Box", {"Length": 10, "Width": 10, "Height": 10}),
    ("Part::Cylinder", "Rod", {"Radius": 2, "Height": 20}),
    ("Part::Ellipse", "Rim", {"MajorRadius": 8, "MinorRadius": 4}),
    ("Part::Ellipse", "Rim2", {"MajorRadius": 6, "MinorRadius": 3, "Placement": {"location": [0, 0, 9]}}),
    ("Mesh::Cube", "Net", {}),
    ("Mesh::Sphere", "Net2", {"Radius": 4, "Sampling": 12}),
)


def measured(names: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """Return what FreeCAD says of objects of these types in a process of its own, without inputs and the gateway."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "types"
        path.write_text("\n".join(names))
        environment = {**os.environ, "REACH_TYPES": str(path)}
        command = ["freecadcmd", str(Path(__file__).with_name("direct_types.py"))]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        try:
            found = {each["type"]: each for each in map(json.loads, path.read_text().splitlines())}
        except ValueError:
            raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:]) from None
    assert set(found) == set(names)
    return found


def attempts(gateway: Gateway, freecad: httpx.Client, *, every: int = 1) -> Iterator[Outcome]:
    """Yield what comes of each type. Each object is deleted again.

    A fault is a new process, and a refusal where FreeCAD itself makes something, or has another reason.
    """
    for kind, name, properties in MAKING:
        made = freecad.post("/objects", json={"type": kind, "name": name, "properties": properties})
        assert made.status_code == 201, made.text
    former = gateway.application_pid("freecad")
    outcomes: list[Outcome] = []
    for each in freecad.get("/types", params={"limit": 10_000}).json()["result"]["types"][::every]:
        kind = each["type"]
        properties = {name: value for name, value in INPUTS.get(kind, {}).items() if value is not None}
        answer = freecad.post("/objects", json={"type": kind, "name": "Tried", "properties": properties})
        outcome = judged(each["workbench"], kind, answer)
        if answer.is_success and not freecad.delete("/objects/Tried?cascade=true").is_success:
            outcome = Outcome(outcome.group, kind, FAULT, "it cannot be deleted again")
        now = gateway.application_pid("freecad")
        if now != former:
            outcome = Outcome(outcome.group, kind, FAULT, "FreeCAD ended")
        former = now
        outcomes.append(outcome)
    itself = measured([each.name for each in outcomes if each.kind == NOT_HERE and each.name not in INPUTS])
    yield from (_compared(each, itself.get(each.name)) for each in outcomes)


def _compared(outcome: Outcome, itself: dict[str, Any] | None) -> Outcome:
    """Return a fault in place of a refusal that FreeCAD itself does not confirm."""
    if itself is None:
        return outcome
    says = "" if itself["valid"] else itself["says"].strip()
    if (says and says in outcome.reason) or (not says and itself["empty"] and "empty shape" in outcome.reason):
        return outcome
    if not says and outcome.name.startswith(LATER):
        return outcome
    return Outcome(outcome.group, outcome.name, FAULT, f"FreeCAD itself says {itself}: {outcome.reason}")
