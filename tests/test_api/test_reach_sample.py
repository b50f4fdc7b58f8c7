"""A sample of the run over all operators and all types: nothing ends an application, and every refusal has a reason."""

from __future__ import annotations

import httpx

from tests.gateway import Gateway
from tests.reach import operators, types
from tests.reach.outcomes import FAULT, REFUSED, WORKS, Outcome, judged, table

CHOSEN = (
    *("mesh.subdivide", "object.shade_smooth", "curve.subdivide", "armature.subdivide", "pose.rot_clear"),
    *("transform.translate", "uv.smart_project", "wm.save_mainfile", "screen.screenshot", "node.add_node"),
)


def faults(outcomes: list[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.kind == FAULT]


def test_operators_work_or_are_refused_with_a_reason(blender: httpx.Client, gateway: Gateway) -> None:
    tried = list(operators.attempts(gateway, blender, names=CHOSEN))
    assert faults(tried) == []
    assert {each.name for each in tried if each.kind == WORKS} >= set(CHOSEN[:7])
    assert {each.name for each in tried if each.kind == REFUSED} == {"wm.save_mainfile"}


def test_types_work_or_are_refused_with_a_reason(freecad: httpx.Client, gateway: Gateway) -> None:
    tried = list(types.attempts(gateway, freecad, every=12))
    assert faults(tried) == []
    assert sum(each.kind == WORKS for each in tried) >= len(tried) / 4
    assert all(each.reason for each in tried if each.kind != WORKS)


def test_the_table_counts_each_kind_and_names_faults() -> None:
    def answer(status: int, code: str, message: str, **details: object) -> httpx.Response:
        return httpx.Response(status, json={"error": {"code": code, "message": message, "details": details}})

    outcomes = [
        judged("mesh", "mesh.a", httpx.Response(200, json={})),
        judged("mesh", "mesh.b", answer(422, "not_possible", "mesh.b is not run: why", reason="why")),
        judged("view", "view.c", answer(422, "not_possible", "view.c is not run: w", reason="w", needs_window=True)),
        judged("view", "view.d", answer(422, "not_possible", "view.d is not possible here: poll", reason="poll")),
        judged("view", "view.e", answer(503, "application_restarted", "it ended")),
    ]
    made = table("operators", outcomes)
    assert "| **all** | 5 | 1 | 1 | 1 | 1 | 1 |" in made
    assert "- `view.e`: 503 application_restarted: it ended" in made
