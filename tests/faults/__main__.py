"""`python -m tests.faults`: the long fault run, with its figures as the table of docs/RELIABILITY.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.run import Run, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200, help="processes to kill, of each adapter (default 200)")
    parser.add_argument("--adapter", choices=("blender", "freecad", "both"), default="both")
    parser.add_argument("--keep", action="store_true", help="leave the state folders for a look")
    told = parser.parse_args()
    results = []
    for adapter in ("blender", "freecad") if told.adapter == "both" else (told.adapter,):
        folder = Path(tempfile.mkdtemp(prefix=f"cadgate-faults-{adapter}-"))
        run = Run(adapter, told.seed, folder)
        results.append(run.go(told.kills))
        if told.keep or not results[-1].faultless:
            print(f"{adapter}: the state folder is {folder}", file=sys.stderr)
    print(table(results))
    faults = [
        f"{each.adapter}: {kind}: {line}"
        for each in results
        for kind in ("lost", "doubled", "different", "failed")
        for line in getattr(each, kind)
    ]
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
