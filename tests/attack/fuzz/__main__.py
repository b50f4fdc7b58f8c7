"""`python -m tests.attack.fuzz`: changed files through the doors, with the figures for docs/SECURITY.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.attack.fuzz.run import Fuzz, table
from tests.attack.fuzz.seeds import GROUPS, SUFFIXES
from tests.attack.ground import ground


def main() -> int:
    known = sorted({*SUFFIXES, *GROUPS})
    parser = argparse.ArgumentParser(prog="python -m tests.attack.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file, to repeat one")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time")
    parser.add_argument("--kind", default=",".join(SUFFIXES), help=f"comma separated, of: {', '.join(known)}")
    parser.add_argument("--sandbox", choices=("on", "off"), default="off")
    parser.add_argument("--keep", type=Path, help="the folder for files that made something happen")
    told = parser.parse_args()
    kinds = [kind for word in told.kind.split(",") for kind in GROUPS.get(word, (word,))]
    if unknown := set(kinds) - set(SUFFIXES):
        parser.error(f"--kind {', '.join(sorted(unknown))}: is not one of {', '.join(known)}")
    keep: Path = told.keep or Path(tempfile.mkdtemp(prefix="cadgate-fuzz-"))
    with ground(sandboxed=told.sandbox == "on") as on:
        fuzz = Fuzz(on, list(dict.fromkeys(kinds)), keep)
        figures = fuzz.run(
            told.seed, told.files, first=told.first, seconds=told.seconds, out=lambda line: print(line, file=sys.stderr)
        )
    print(table(figures, told.seed))
    return 1 if figures.findings else 0


if __name__ == "__main__":
    sys.exit(main())
