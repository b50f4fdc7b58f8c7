"""Sends changed files through the doors, looks whether anything happened that must not, and shrinks what did."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests.attack.field import Field
from tests.attack.fuzz.mutations import Mutation, drawn, mutated
from tests.attack.fuzz.seeds import WEIGHTS, Seed, seeds
from tests.attack.ground import ADAPTERS, Ground
from tests.gateway import eventually

DEADLINE_SECONDS = 10
LATE_SECONDS = DEADLINE_SECONDS + 15
"""An answer that comes later than this missed its deadline."""
DEEP_EVERY = 100
"""Files after which the gateway's own files are searched for the secret and for the marker of code."""
KEPT = {"blender": ("POST", "/primitives/cube"), "freecad": ("POST", "/primitives/box")}


@dataclass(frozen=True)
class Case:
    """One changed file and the door that it is sent to."""

    number: int
    seed: Seed
    adapter: str
    path: str
    mutations: tuple[Mutation, ...]


@dataclass
class Figures:
    """What a run saw."""

    counts: Counter[str] = field(default_factory=Counter[str])
    kinds: Counter[str] = field(default_factory=Counter[str])
    findings: list[str] = field(default_factory=list[str])
    seconds: float = 0.0
    slowest: float = 0.0


class Fuzz:
    """Tries changed files on one ground.

    :param keep: the folder for files that made something happen.
    """

    def __init__(self, on: Ground, kinds: Sequence[str], keep: Path) -> None:
        self._on = on
        self._field: Field = on.field("write")
        self._keep = keep
        self._seeds = {kind: seeds(self._field, kind) for kind in kinds}
        self._dirty: dict[str, bool] = {}
        self._before: dict[str, str] = {}
        self._pids: dict[str, int] = {}
        self._searched = time.time()

    def case(self, seed: int, number: int) -> Case:
        """Case `number` of a run's seed: the same every time."""
        rng = random.Random(f"{seed}:{number}")
        kinds = sorted(self._seeds)
        kind = rng.choices(kinds, [WEIGHTS.get(kind, 1.0) for kind in kinds])[0]
        chosen = rng.choice(self._seeds[kind])
        adapter, path = rng.choice(chosen.doors)
        return Case(number, chosen, adapter, path, drawn(kind, rng))

    def run(
        self, seed: int, files: int, *, first: int = 0, seconds: float = 1e9, out: Callable[[str], object] = print
    ) -> Figures:
        """Try `files` files, or as many as `seconds` allow. `out` gets how far it is, and what is found."""
        figures = Figures()
        began = time.monotonic()
        self._begin()
        for number in range(first, first + files):
            if time.monotonic() - began > seconds:
                break
            case = self.case(seed, number)
            started = time.monotonic()
            found = self._try(case, figures.counts)
            figures.slowest = max(figures.slowest, time.monotonic() - started)
            figures.kinds[case.seed.kind] += 1
            if number % DEEP_EVERY == 0:
                out(f"{seed}:{number} after {time.monotonic() - began:.0f} s: {dict(figures.counts)}")
            if found:
                self._begin()
                smaller = self._shrink(case, found)
                figures.findings.append(self._report(seed, smaller, found))
                out(figures.findings[-1])
            is_last = number == first + files - 1
            if (number % DEEP_EVERY == DEEP_EVERY - 1 or is_last) and (deep := self._search()):
                figures.findings.append(f"in the {DEEP_EVERY} files up to {seed}:{number}: {'; '.join(deep)}")
                out(figures.findings[-1])
        figures.seconds = time.monotonic() - began
        return figures

    def _begin(self) -> None:
        self._field.end()
        self._on.ready()
        self._field.begin(None)
        self._dirty = dict.fromkeys(ADAPTERS, True)

    # --- one file ----------------------------------------------------------------------------------------------------

    def _try(self, case: Case, counts: Counter[str] | None = None) -> list[str]:
        """What happened that must not."""
        try:
            return self._send(case, counts if counts is not None else Counter())
        except (httpx.HTTPError, AssertionError, RuntimeError, KeyError, ValueError) as error:
            return [f"{type(error).__name__}: {error}"]

    def _send(self, case: Case, counts: Counter[str]) -> list[str]:
        data = mutated(case.seed.kind, case.seed.data, case.mutations, self._field.canary)
        self._clear(case.adapter)
        before = self._before[case.adapter]
        self._field.answers.clear()
        limit = {"X-Deadline-Ms": str(DEADLINE_SECONDS * 1000)}
        found: list[str] = []
        with self._field.client(f"/api/v1/{case.adapter}") as client:
            began = time.monotonic()
            answer = client.post(case.path, files={"file": (case.seed.name, data)}, headers=limit)
            if time.monotonic() - began > LATE_SECONDS:
                found.append(f"the answer came after {time.monotonic() - began:.0f} s")
        counts[_word(answer)] += 1
        if answer.is_success:
            self._dirty[case.adapter] = True
            found += self._use(case, limit)
        with self._on.gateway.client("", headers=self._field.headers("read")) as client:
            if client.get("/health").status_code != 200:
                found.append("/health is not 200")
            eventually(lambda: client.get(f"/health/{case.adapter}").status_code == 200, seconds=60, what="the session")
            pid = client.get(f"/health/{case.adapter}").json()["result"]["pid"]
        if pid != self._pids.setdefault(case.adapter, pid):
            self._pids[case.adapter] = pid
            found.append("the session's application ended, and was restored")
        if not answer.is_success and (after := self._state(case.adapter)) != before:
            found.append(f"the file was refused, and the session is another: {before} is now {after}")
        return found + self._field.quick_noises()

    def _use(self, case: Case, limit: dict[str, str]) -> list[str]:
        """Let the application evaluate what came; it may refuse, not hang and not fail."""
        export = ("POST", "/export", {"format": "stl"})
        calls: list[tuple[str, str, Any]] = [("GET", "/objects?limit=50", None), export]
        if case.adapter == "blender":
            calls += [("GET", "/render/preview?width=32", None)] if case.number % 3 == 0 else []
        found: list[str] = []
        with self._field.client(f"/api/v1/{case.adapter}", scopes="read,write") as client:
            for verb, path, body in calls:
                began = time.monotonic()
                client.request(verb, path, json=body, headers=limit)
                if time.monotonic() - began > LATE_SECONDS:
                    found.append(f"{verb} {path} was answered after {time.monotonic() - began:.0f} s")
        return found

    def _clear(self, adapter: str) -> None:
        """An own object in an own document, and nothing else."""
        if not self._dirty[adapter]:
            return
        self._field.reset(adapter)
        with self._on.gateway.client(f"/api/v1/{adapter}", headers=self._field.headers("read,write")) as client:
            verb, path = KEPT[adapter]
            client.request(verb, path, json={"name": "Keep"}).raise_for_status()
            if adapter == "blender":
                client.delete("/materials/Fuzz")
                client.post("/materials", json={"name": "Fuzz"}).raise_for_status()
        self._dirty[adapter] = False
        self._before[adapter] = self._state(adapter)

    def _state(self, adapter: str) -> str:
        with self._on.gateway.client(f"/api/v1/{adapter}", headers=self._field.headers("read,write")) as client:
            told = [client.get("/objects").json().get("result")]
            if adapter == "freecad":
                told.append(client.get("/documents").json().get("result"))
        return json.dumps(told, sort_keys=True)

    def _search(self) -> list[str]:
        """Search the gateway's files that are new, and remove the artifacts."""
        since, self._searched = self._searched - 1, time.time()
        self._field.answers.clear()
        found = self._field.noises(since=since)
        with self._on.gateway.client("/api/v1", headers=self._field.headers("read,write")) as client:
            for artifact in client.get("/artifacts?limit=1000").json()["result"]["artifacts"]:
                client.delete(f"/artifacts/{artifact['id']}")
        return found

    # --- what was found ----------------------------------------------------------------------------------------------

    def _shrink(self, case: Case, found: list[str]) -> Case:
        """The fewest changes with which something still happens."""
        for mutation in case.mutations if len(case.mutations) > 1 else ():
            smaller = replace(case, mutations=tuple(each for each in case.mutations if each is not mutation))
            if smaller.mutations and self._try(smaller):
                case = smaller
                self._begin()
        return case

    def _report(self, seed: int, case: Case, found: list[str]) -> str:
        self._keep.mkdir(parents=True, exist_ok=True)
        path = self._keep / f"{seed}-{case.number}-{case.seed.name}"
        path.write_bytes(mutated(case.seed.kind, case.seed.data, case.mutations, self._field.canary))
        return (
            f"{seed}:{case.number} {case.seed.id} by {case.adapter} {case.path} with {list(case.mutations)}: "
            f"{'; '.join(found)[:800]} ({path})"
        )


def _word(answer: httpx.Response) -> str:
    if answer.is_success:
        return "read"
    try:
        return f"{answer.status_code} {answer.json()['error']['code']}"
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)


def table(figures: Figures, seed: int) -> str:
    """The figures as they stand in docs/SECURITY.md."""
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(figures.kinds.items()))
    rows = ["| | |", "| --- | ---: |", f"| seed | {seed} |", f"| files | {sum(figures.kinds.values()):,} |"]
    rows += [f"| {word} | {count:,} |" for word, count in figures.counts.most_common()]
    rows += [f"| faults | {len(figures.findings)} |", f"| slowest file | {figures.slowest:.1f} s |"]
    rows += [f"| seconds | {figures.seconds:,.0f} |", "", f"By kind: {kinds}."]
    return "\n".join(rows)
