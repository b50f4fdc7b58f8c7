"""Every operator of Blender, once, in the contexts that Blender itself accepts; what it says there is compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.reach import direct
from tests.reach.outcomes import FAULT, NOT_HERE, WORKS, Outcome, judged
from tests.reach.scene import SCENE

GIVEN: dict[str, dict[str, Any]] = {
    "mesh.spin": {"axis": [0, 0, 1]},
    "mesh.screw": {"axis": [0, 0, 1]},
    "object.modifier_add": {"type": "BEVEL"},
    "node.add_node": {"type": "ShaderNodeMath"},
    "sequencer.strip_modifier_add": {"type": "CURVES"},
}
"""Properties without which an operator has nothing to do."""
Measured = Mapping[str, dict[str, Any]]


def measured(names: Sequence[str]) -> Measured:
    """Return what Blender does with these operators in a process of its own, without the gateway."""
    asked = {"scene": SCENE, "operators": list(names)}
    command = [sys.executable, "-P", str(Path(direct.__file__))]
    answer = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    lines = (line[line.find('{"id"') :] for line in answer.stdout.splitlines() if '{"id"' in line)
    found = {each["id"]: each for each in map(json.loads, lines)}
    missing = set(names) - set(found)
    assert not missing, f"{sorted(missing)[:5]}: {answer.stderr[-2000:]}"
    return found


def fill(gateway: Gateway, blender: httpx.Client) -> None:
    """Make the same scene as there."""
    assert blender.delete("/scene").is_success
    assert evaluate(gateway, f"{SCENE}\nlen(bpy.data.objects)") > 10


def attempts(
    gateway: Gateway, blender: httpx.Client, *, every: int = 1, names: Sequence[str] = ()
) -> Iterator[Outcome]:
    """Yield what comes of each operator.

    A fault is a new process, an object that is left in a mode, and a refusal where Blender itself does the operator.
    """
    listed = blender.get("/operators", params={"limit": 10_000}).json()["result"]["operators"]
    chosen = [each for each in listed if each["id"] in names] if names else listed[::every]
    itself = measured([each["id"] for each in chosen if each["callable"]])
    fill(gateway, blender)
    former = gateway.application_pid("blender")
    for each in chosen:
        outcome = _attempt(blender, each["id"], itself.get(each["id"]))
        now = gateway.application_pid("blender")
        mode = blender.get("/data/objects/Cube/mode")
        if now != former:
            outcome = Outcome(outcome.group, outcome.name, FAULT, "Blender ended")
        elif mode.is_success and mode.json()["result"]["value"] != "OBJECT":
            outcome = Outcome(outcome.group, outcome.name, FAULT, "the mode was changed")
        former = now
        if (outcome.kind == WORKS and blender.post("/undo").status_code != 200) or outcome.kind == FAULT:
            fill(gateway, blender)
        yield outcome


def _attempt(blender: httpx.Client, operator: str, itself: dict[str, Any] | None) -> Outcome:
    group = operator.split(".")[0]
    if itself is None:
        return judged(group, operator, blender.post(f"/operators/{operator}", json={}))
    tried = list(zip(itself["contexts"], itself["results"], strict=False))
    tried.sort(key=lambda each: not each[1].startswith("FINISHED"))
    first: Outcome | None = None
    for context, said in tried or [
        ({"active": direct.GROUPS.get(group, "Cube"), "mode": "OBJECT", "area": None}, None)
    ]:
        wanted = {"active": context["active"], "selected": [context["active"]], "mode": context["mode"]}
        if context["area"] is not None:
            wanted["area"] = context["area"]
        body = {"properties": GIVEN.get(operator, {}), "context": wanted}
        outcome = judged(group, operator, blender.post(f"/operators/{operator}", json=body))
        if outcome.kind != NOT_HERE:
            return outcome
        polled = "is not possible here" in outcome.reason
        # Where Blender gives a reason of its own, it is about what is selected, which is more here than there.
        explained = " failed: " in outcome.reason
        if said is not None and (polled or (said.startswith("FINISHED") and not explained)):
            return Outcome(group, operator, FAULT, f"Blender itself says {said!r} in {context}: {outcome.reason}")
        first = first or outcome
    assert first is not None
    return first
