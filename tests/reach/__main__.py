"""`python -m tests.reach`: all operators and all types, with their tables for docs/REACH.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.gateway import Gateway
from tests.reach import operators, types
from tests.reach.outcomes import BEGIN, END, NOT_HERE, WORKS, Outcome, fine, table
from tests.wheels import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reach", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try only each so-manieth one")
    parser.add_argument("--name", action="append", default=[], help="only these operators, by id; repeatable")
    parser.add_argument("--adapter", choices=("blender", "freecad"), help="only this application")
    parser.add_argument("--notes", type=Path, help="write every outcome into this file, a line of JSON each")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/REACH.md")
    told = parser.parse_args()
    found: dict[str, list[Outcome]] = {}
    with tempfile.TemporaryDirectory(prefix="cadgate-reach-") as home:
        gateway = Gateway(Path(home)).start()
        try:
            for adapter, module in (("blender", operators), ("freecad", types)):
                if told.adapter not in (None, adapter):
                    continue
                with gateway.client(f"/api/v1/{adapter}") as client:
                    options = {"names": told.name} if module is operators else {}
                    found[adapter] = []
                    for outcome in module.attempts(gateway, client, every=told.every, **options):
                        found[adapter].append(outcome)
                        if told.notes:
                            with told.notes.open("a") as notes:
                                notes.write(json.dumps(vars(outcome)) + "\n")
                        if outcome.kind not in (WORKS, NOT_HERE):
                            print(f"{outcome.kind}: {outcome.name}: {outcome.reason}", file=sys.stderr)
        finally:
            gateway.stop()
    titles = {"blender": "operators of Blender", "freecad": "types of FreeCAD"}
    made = "\n\n".join(table(titles[adapter], outcomes) for adapter, outcomes in found.items())
    print(made)
    if told.write:
        path = ROOT / "docs" / "REACH.md"
        text = path.read_text()
        path.write_text(f"{text.partition(BEGIN)[0]}{BEGIN}\n\n{made}\n\n{END}{text.partition(END)[2]}")
    return 0 if all(fine(outcomes) >= 0.95 for outcomes in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
