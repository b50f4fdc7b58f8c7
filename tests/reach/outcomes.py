"""What came of one attempt, and the table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

WORKS = "works"
NOT_HERE = "not here"
REFUSED = "refused"
WINDOW = "needs a window"
FAULT = "fault"
KINDS = (WORKS, NOT_HERE, REFUSED, WINDOW, FAULT)
BEGIN, END = "<!-- python -m tests.reach --write -->", "<!-- end of what the command wrote -->"


@dataclass(frozen=True)
class Outcome:
    """One attempt: `group` is that of the operator, or the workbench of the type."""

    group: str
    name: str
    kind: str
    reason: str


def judged(group: str, name: str, answer: httpx.Response) -> Outcome:
    """Return what an answer means; without a reason, or with a status of the gateway's own failures, it is a fault."""
    if answer.is_success:
        return Outcome(group, name, WORKS, "")
    error = answer.json()["error"]
    code, details = error["code"], error["details"]
    reason = details.get("reason") or error["message"]
    if answer.status_code >= 500 or not reason:
        return Outcome(group, name, FAULT, f"{answer.status_code} {code}: {error['message']}")
    if code == "not_possible" and details.get("needs_window"):
        return Outcome(group, name, WINDOW, reason)
    if code == "not_possible" and ("is not run" in error["message"] or "cannot be created" in error["message"]):
        return Outcome(group, name, REFUSED, reason)
    if code == "not_possible" and "is refused, because" in error["message"]:
        return Outcome(group, name, REFUSED, "the document would then reach files or code")
    return Outcome(group, name, NOT_HERE, error["message"])


def fine(outcomes: Sequence[Outcome]) -> float:
    """Return the share of what works or is refused with a reason."""
    return sum(each.kind != FAULT for each in outcomes) / max(1, len(outcomes))


def table(title: str, outcomes: Sequence[Outcome]) -> str:
    """Return the counts for each group, and all reasons by which something is refused."""
    groups = sorted({each.group for each in outcomes})
    lines = [
        f"| {title} | all | {' | '.join(KINDS)} |",
        f"| --- | {' | '.join(['---'] * (len(KINDS) + 1))} |",
    ]
    for group in [*groups, None]:
        own = [each for each in outcomes if group is None or each.group == group]
        counts = Counter(each.kind for each in own)
        name = "**all**" if group is None else f"`{group}`"
        lines.append(f"| {name} | {len(own)} | {' | '.join(str(counts[kind] or '') for kind in KINDS)} |")
    reasons = Counter(each.reason for each in outcomes if each.kind in (REFUSED, WINDOW))
    lines += ["", "| why something is refused | how many |", "| --- | --- |"]
    lines += [f"| {reason.replace('|', '/')} | {count} |" for reason, count in reasons.most_common()]
    faults = [f"- `{each.name}`: {each.reason}" for each in outcomes if each.kind == FAULT]
    return "\n".join([*lines, *(["", "Faults:", "", *faults] if faults else [])])
