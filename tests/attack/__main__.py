"""`python -m tests.attack`: all attacks in all combinations, with their table for docs/SECURITY.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.attack.catalogue import attacks
from tests.attack.run import KEYS, Notes, Result, run, table, write, written
from tests.wheels import ROOT

CHOICES = {"off": (False,), "on": (True,), "both": (False, True)}


def show(result: Result) -> None:
    word = "held" if result.outcome.held else "NOT HELD"
    print(
        f"{word}: {result.attack.name} ({result.where}, {result.seconds:.1f} s): {result.outcome.what}", file=sys.stderr
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--name", action="append", help="only attacks whose names have this in them; repeatable")
    parser.add_argument("--section", action="append", help="only attacks on this: S1, paths ...; repeatable")
    parser.add_argument("--adapter", choices=("blender", "freecad", "none"), help="only attacks on this application")
    parser.add_argument("--sandbox", choices=CHOICES, default="both")
    parser.add_argument("--allow-execute", choices=CHOICES, default="both")
    parser.add_argument("--keys", action="append", choices=KEYS, help="only by keys of these scopes; repeatable")
    parser.add_argument("--notes", type=Path, help="a file that keeps the results: what is in it is not tried again")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the results into the table of docs/SECURITY.md; other lines of it stay",
    )
    told = parser.parse_args()
    chosen = [
        attack
        for attack in attacks().values()
        if (not told.name or any(part in attack.name for part in told.name))
        and (not told.section or attack.section in told.section)
        and (not told.adapter or (attack.adapter or "none") == told.adapter)
    ]
    if not chosen:
        parser.error("no attack is chosen by these options")
    notes = Notes(told.notes)

    def keep(result: Result) -> None:
        notes.add(result)
        show(result)

    with tempfile.TemporaryDirectory(prefix="cadgate-attack-") as home:
        results = run(
            chosen,
            done=notes.read(chosen),
            keys=told.keys or KEYS,
            sandbox=CHOICES[told.sandbox],
            execute=CHOICES[told.allow_execute],
            home=Path(home),
            out=keep,
        )
    page = ROOT / "docs" / "SECURITY.md"
    made = table(results, written(page) if told.write else "")
    print(made)
    if told.write:
        write(page, made)
    return 0 if all(each.outcome.held for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
