"""Every operator of Blender, once, on a small scene: in the contexts that it may need, until one is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx

from tests.reach.outcomes import FAULT, NOT_HERE, WORKS, Outcome, judged

OF_GROUP = {
    **dict.fromkeys(("armature",), ("Armature", "EDIT")),
    "pose": ("Armature", "POSE"),
    "curve": ("Curve", "EDIT"),
    "font": ("Text", "EDIT"),
    "surface": ("Surface", "EDIT"),
    "lattice": ("Lattice", "EDIT"),
    "mball": ("Mball", "EDIT"),
    "paint": ("Cube", "WEIGHT_PAINT"),
}
MAKING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("object.armature_add", {}),
    ("curve.primitive_bezier_curve_add", {}),
    ("object.text_add", {}),
    ("surface.primitive_nurbs_surface_sphere_add", {}),
    ("object.metaball_add", {}),
    ("object.camera_add", {}),
    ("object.light_add", {"type": "POINT"}),
)
RENAMED = {"BézierCurve": "Curve", "SurfSphere": "Surface", "Sphere.001": "Surface"}
GIVEN: dict[str, dict[str, Any]] = {
    "mesh.spin": {"axis": [0, 0, 1]},
    "mesh.screw": {"axis": [0, 0, 1]},
    "object.modifier_add": {"type": "BEVEL"},
    "node.add_node": {"type": "ShaderNodeMath"},
}
"""Properties without which an operator has nothing to do."""


def fill(blender: httpx.Client) -> None:
    """Make the scene: a cube with a material and a modifier, and one object of each other kind."""
    assert blender.delete("/scene").is_success
    for body in ({"name": "Cube", "size": 2}, {"name": "Other", "size": 1, "location": [3, 0, 0]}):
        assert blender.post("/primitives/cube", json=body).is_success
    assert blender.post("/materials", json={"name": f"M{len(blender.get('/materials').text)}"}).status_code < 500
    material = blender.get("/data/materials").json()["result"]["value"][0]
    assert blender.post("/materials/apply", json={"object": "Cube", "material": material}).is_success
    assert blender.post("/objects/Cube/modifiers", json={"type": "bevel", "width": 0.1}).is_success
    lattice = blender.post("/data/lattices", json={"name": "Lattice"})
    assert lattice.status_code in (201, 409), lattice.text
    assert blender.post("/data/objects", json={"name": "Lattice", "arguments": {"object_data": "lattices/Lattice"}})
    for operator, properties in MAKING:
        made = blender.post(f"/operators/{operator}", json={"properties": properties})
        assert made.is_success, made.text
        name = made.json()["result"]["created"][0]
        wanted = OF_GROUP.get(operator.split(".")[0], (name,))[0] if "primitive" in operator else name
        if wanted != name:
            assert blender.patch(f"/data/objects/{name}/name", json={"value": wanted}).is_success


def contexts(group: str, needed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the contexts to try, the likeliest first."""
    name, mode = OF_GROUP.get(group, ("Cube", needed["mode"] or "OBJECT"))
    yield {"active": name, "selected": [name], "mode": mode}
    if mode != "OBJECT":
        yield {"active": name, "selected": [name], "mode": "OBJECT"}
    if (name, mode) != ("Cube", "EDIT"):
        yield {"active": "Cube", "selected": ["Cube"], "mode": "EDIT"}
    yield {"active": "Cube", "selected": ["Cube", "Other"], "mode": "OBJECT"}


def attempts(
    blender: httpx.Client, pid: Callable[[], int], *, every: int = 1, names: Sequence[str] = ()
) -> Iterator[Outcome]:
    """Yield what comes of each operator; a new process, or an object that is left in a mode, is a fault."""
    listed = blender.get("/operators", params={"limit": 10_000}).json()["result"]["operators"]
    chosen = [each for each in listed if each["id"] in names] if names else listed[::every]
    fill(blender)
    former = pid()
    for each in chosen:
        outcome = _attempt(blender, each["id"], each["callable"])
        now = pid()
        mode = blender.get("/data/objects/Cube/mode")
        if now != former:
            outcome = Outcome(outcome.group, outcome.name, FAULT, "Blender ended")
        elif mode.is_success and mode.json()["result"]["value"] != "OBJECT":
            outcome = Outcome(outcome.group, outcome.name, FAULT, "the mode was changed")
        former = now
        if (outcome.kind == WORKS and blender.post("/undo").status_code != 200) or outcome.kind == FAULT:
            fill(blender)
        yield outcome


def _attempt(blender: httpx.Client, operator: str, callable: bool) -> Outcome:
    group = operator.split(".")[0]
    first: Outcome | None = None
    if not callable:
        return judged(group, operator, blender.post(f"/operators/{operator}", json={}))
    needed = blender.get(f"/operators/{operator}").json()["result"]["context"]
    for context in contexts(group, needed):
        body = {"properties": GIVEN.get(operator, {}), "context": context}
        outcome = judged(group, operator, blender.post(f"/operators/{operator}", json=body))
        first = first or outcome
        if outcome.kind != NOT_HERE:
            return outcome
    assert first is not None
    return first
