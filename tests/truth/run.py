"""Runs many cases of one application, counts how they end, and shrinks what disagrees to the fewest calls."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.truth.outcome import Case, Outcome

MAX_SMALLER = 40
"""Attempts to make one disagreement smaller."""
MAX_SHRUNK = 20
"""Disagreements of one run that are shrunk; the others are only counted."""


@dataclass
class Figures:
    """What a run found."""

    adapter: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter[str])
    about: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0
    disagreements: list[str] = field(default_factory=list[str])

    @property
    def cases(self) -> int:
        return sum(self.counts.values())


class Net:
    """Tries cases `draw(seed, number)` through a client at `/api/v1`."""

    def __init__(self, adapter: str, draw: Callable[[int, int], Case], api: httpx.Client) -> None:
        self._adapter = adapter
        self._draw = draw
        self._api = api

    def run(self, seed: int, cases: int, *, first: int = 0, out: Callable[[str], object] | None = None) -> Figures:
        """Try `cases` of `seed`. Disagreements are reported by `out` as they are found, shrunk."""
        figures = Figures(self._adapter, seed)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="cadgate-truth-") as name:
            folder = Path(name)
            for number in range(first, first + cases):
                case = self._draw(seed, number)
                outcome = self._try(case, folder)
                figures.counts[outcome.kind] += 1
                figures.about[f"{outcome.kind}: {outcome.about}"] += 1
                if outcome.kind == "disagree":
                    if len(figures.disagreements) < MAX_SHRUNK:
                        case, outcome = self._shrink(case, outcome, folder)
                    figures.disagreements.append(f"case {case.label}: {outcome.detail}\n{case.script()}")
                    if out is not None:
                        out(figures.disagreements[-1] + "\n")
        figures.seconds = time.monotonic() - began
        return figures

    def _try(self, case: Case, folder: Path) -> Outcome:
        try:
            return case.run(self._api, folder)
        except Exception as error:  # noqa: BLE001 - whatever a case meets is a finding, and the run goes on
            return Outcome("disagree", type(error).__name__, f"{type(error).__name__}: {error}")

    def _shrink(self, case: Case, outcome: Outcome, folder: Path) -> tuple[Case, Outcome]:
        attempts = 0
        smaller = case.smaller()
        while attempts < MAX_SMALLER:
            attempts += 1
            candidate = next(smaller, None)
            if candidate is None:
                break
            found = self._try(candidate, folder)
            if found.kind == "disagree":
                case, outcome, smaller = candidate, found, candidate.smaller()
        return case, outcome


def table(results: list[Figures]) -> str:
    """The figures as they stand in docs/CORRECTNESS.md."""
    rows = ["| | " + " | ".join(each.adapter for each in results) + " |", "| --- |" + " ---: |" * len(results)]
    rows.append("| seed | " + " | ".join(str(each.seed) for each in results) + " |")
    rows.append("| cases | " + " | ".join(f"{each.cases:,}" for each in results) + " |")
    for kind, words in (
        ("agree", "agree with the other programs"),
        ("refused", "refused with an error that says why"),
        ("warned", "differ, with a warning that says so"),
        ("unjudged", "not judged: points prove that the second kernel is wrong"),
        ("disagree", "disagree silently"),
    ):
        rows.append(f"| {words} | " + " | ".join(f"{each.counts[kind]:,}" for each in results) + " |")
    rows.append("| seconds | " + " | ".join(f"{each.seconds:.0f}" for each in results) + " |")
    return "\n".join(rows)


def report(figures: Figures) -> None:
    """How cases ended, by what they were about, on standard error."""
    for about, count in sorted(figures.about.items()):
        print(f"{figures.adapter}: {about}: {count}", file=sys.stderr)
