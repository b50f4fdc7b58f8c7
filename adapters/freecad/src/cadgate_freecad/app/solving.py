"""Solving the constraints of a sketch, and naming those that cannot be."""

from __future__ import annotations

import re
from typing import Any

from cadgate.appserver import AppError
from cadgate_freecad.app import sketching
from cadgate_freecad.app.recomputing import reason


def solve(sketch: Any, sent: int = 0) -> None:
    """Solve the sketch, and refuse constraints that are impossible or redundant.

    `sent` is how many constraints at the end are those of the request. Raises AppError `degenerate_result`, which names
    the constraints by type and by index, from 0, in the request or in the sketch.
    """
    if sketch.solve() == 0:
        return
    sketch.recompute()
    text = " ".join(reason(sketch).split())
    kind = next((word for word in ("conflicting", "redundant", "malformed") if word in text.lower()), None)
    # FreeCAD lists them after the colon, counting from 1; 0.20 has no attribute for them.
    numbers = [int(number) - 1 for number in re.findall(r"\d+", text.rpartition(":")[2])] if ":" in text else []
    numbers = [number for number in numbers if 0 <= number < sketch.ConstraintCount]
    if kind is None or not numbers:
        raise AppError("degenerate_result", f"The sketch cannot be solved: {text}", {"reason": "unsolvable"})
    disputed = [sketching.constraint_json(number, sketch.Constraints[number]) for number in numbers]
    first = sketch.ConstraintCount - sent
    for each in disputed:
        each["sent"] = each["index"] - first if each["index"] >= first else None
    shown = ", ".join(map(_shown, disputed[:10])) + (f" and {len(disputed) - 10} more" if len(disputed) > 10 else "")
    raise AppError(
        "degenerate_result",
        f"The sketch cannot be solved: {_DISAGREE[kind].format(shown)}. Indices count from 0. Nothing was changed",
        {"reason": kind, "constraints": disputed},
    )


_DISAGREE = {
    "conflicting": "{} contradict one another: leave one of them out, or change its value",
    "redundant": "{} is already implied by the other constraints: leave it out",
    "malformed": "{} is not possible with what it refers to: leave it out, or refer to something else",
}


def _shown(constraint: dict[str, Any]) -> str:
    index, sent = constraint["index"], constraint["sent"]
    where = f"constraint {index} of the sketch" if sent is None else f"constraints[{sent}]"
    name = "" if constraint["name"] is None else f" {constraint['name']!r}"
    value = "" if constraint["value"] is None else f" {constraint['value']:g}"
    places = [constraint["first"], *(part for part in (constraint["second"],) if part is not None)]
    return f"{where}{name} ({constraint['type']}{value} of geometry {' and '.join(map(str, dict.fromkeys(places)))})"
