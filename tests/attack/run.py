"""Runs attacks in combinations of keys, sandbox and executed code, and makes the table of docs/SECURITY.md."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.attack.attacks import Attack, Outcome
from tests.attack.catalogue import attacks, order
from tests.attack.field import NotQuiet
from tests.attack.ground import Ground, ground

KEYS = ("read", "write", "read,write")


@dataclass(frozen=True)
class Result:
    """How one attack ended in one combination."""

    attack: Attack
    scopes: str
    sandboxed: bool
    allows_execute: bool
    outcome: Outcome
    seconds: float

    @property
    def key(self) -> tuple[str, str, bool, bool]:
        """What tells it from other results: the attack's name and the combination."""
        return self.attack.name, self.scopes, self.sandboxed, self.allows_execute

    @property
    def where(self) -> str:
        sandbox = "in the sandbox" if self.sandboxed else "without a sandbox"
        return f"key {self.scopes}, {sandbox}, allow_execute {'on' if self.allows_execute else 'off'}"


def attempt(attack: Attack, on: Ground, scopes: str) -> Outcome:
    """Run one attack. Whatever it raises is an attack that succeeded, or that could not be tried: neither is held."""
    field = on.field(scopes)
    try:
        on.ready(attack.adapter)
        field.begin(attack.adapter)
        try:
            outcome = attack.run(field)
            noises = field.noises()
            return Outcome(False, "; ".join(noises)) if noises else outcome
        finally:
            field.end()
    except NotQuiet as error:
        return Outcome(False, str(error))
    except Exception as error:  # noqa: BLE001 - one attack must not end the run
        return Outcome(False, f"{type(error).__name__}: {error}")


class Notes:
    """Results in a file of JSON lines, so that a long run can be ended and continued."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self, chosen: Sequence[Attack]) -> list[Result]:
        """What is noted of these attacks, the newest of each combination."""
        known = {attack.name: attack for attack in chosen}
        found: dict[tuple[str, str, bool, bool], Result] = {}
        for line in self._path.read_text().splitlines() if self._path and self._path.exists() else ():
            name, scopes, sandboxed, allows, held, what, seconds = json.loads(line)
            if name in known:
                result = Result(known[name], scopes, sandboxed, allows, Outcome(held, what), seconds)
                found[result.key] = result
        return list(found.values())

    def add(self, result: Result) -> None:
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps([*result.key, result.outcome.held, result.outcome.what, result.seconds]) + "\n")


def run(
    chosen: Sequence[Attack],
    *,
    done: Sequence[Result] = (),
    keys: Iterable[str] = KEYS,
    sandbox: Iterable[bool] = (False, True),
    execute: Iterable[bool] = (True, False),
    home: Path,
    out: Callable[[Result], object],
) -> list[Result]:
    """Every chosen attack in every combination that is not `done`; `out` gets each result as it comes.

    What is returned has those that were done, too.
    """
    results = [*done]
    known = {each.key for each in done}
    for sandboxed, allows_execute in itertools.product(sandbox, execute):
        left = [
            (attack, scopes)
            for attack, scopes in itertools.product(chosen, keys)
            if (attack.name, scopes, sandboxed, allows_execute) not in known
        ]
        if not left:
            continue
        with ground(sandboxed=sandboxed, allows_execute=allows_execute, home=home) as on:
            for attack, scopes in left:
                began = time.monotonic()
                outcome = attempt(attack, on, scopes)
                results.append(Result(attack, scopes, sandboxed, allows_execute, outcome, time.monotonic() - began))
                out(results[-1])
    return results


HEAD = (
    "| tries | attack | application | without sandbox | in the sandbox | what the gateway did (key `read,write`) |",
    "| --- | --- | --- | ---: | ---: | --- |",
)


def table(results: Sequence[Result], earlier: str = "") -> str:
    """The results in Markdown: a line for each attack, with how many of its combinations it came to nothing in.

    :param earlier: a table whose lines stay for attacks that are known and not among the results.
    """
    rows = {name: row for name, row in _rows(earlier).items() if name in attacks()}
    tried = _rows_of(results)
    rows.update(tried)
    known = attacks()
    names = sorted(rows, key=lambda name: order(known[name]) if name in known else (2, 0, ""))
    counts = [
        (int(each[1]), int(each[2])) for name in names for each in re.finditer(r"held (\d+) of (\d+)", rows[name])
    ]
    held, attempts = (sum(numbers) for numbers in zip(*counts, strict=True)) if counts else (0, 0)
    seconds = sum(each.seconds for each in results)
    run = (
        f", in {seconds:.0f} s"
        if len(tried) == len(rows)
        else f"; the last run tried {len(tried)} of them in {seconds:.0f} s"
    )
    said = f"{len(rows)} attacks, {attempts:,} attempts, {held:,} held, {attempts - held} not{run}."
    return "\n".join([*HEAD, *(rows[name] for name in names), "", said])


def _rows(text: str) -> dict[str, str]:
    """The lines of a table by the names of their attacks."""
    found = (re.match(r"\| [^|]* \| `([^`|]+)` \|", line) for line in text.splitlines())
    return {each[1]: each.string for each in found if each is not None}


def _rows_of(results: Sequence[Result]) -> dict[str, str]:
    rows: dict[str, str] = {}
    by_name: dict[str, list[Result]] = {}
    for each in sorted(results, key=lambda each: order(each.attack)):
        by_name.setdefault(each.attack.name, []).append(each)
    for name, mine in by_name.items():
        attack = mine[0].attack
        counts = [_count([each for each in mine if each.sandboxed is sandboxed]) for sandboxed in (False, True)]
        cells = [attack.section, f"`{name}`", attack.adapter or "", *counts, _cell(_seen(mine))]
        rows[name] = f"| {' | '.join(cells)} |"
    return rows


def _count(mine: Sequence[Result]) -> str:
    if not mine:
        return "not tried"
    held = sum(each.outcome.held for each in mine)
    return f"held {held} of {len(mine)}" if held == len(mine) else f"**held {held} of {len(mine)}**"


def _seen(mine: Sequence[Result]) -> str:
    """What is worth a word: the first that did not hold, or else what the strongest key met."""
    failed = next((each for each in mine if not each.outcome.held), None)
    return (failed or max(mine, key=lambda each: len(each.scopes))).outcome.what


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|")
    return flat if len(flat) <= 160 else flat[:157] + "..."


BEGIN, END = "<!-- python -m tests.attack --write -->", "<!-- end of what the command wrote -->"


def written(page: Path) -> str:
    """What is between the markers of a page."""
    return page.read_text().partition(BEGIN)[2].partition(END)[0]


def write(page: Path, text: str) -> None:
    """Put the table between the markers of a page.

    :raises ValueError: it has none.
    """
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no markers {BEGIN!r} and {END!r}")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
