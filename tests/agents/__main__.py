"""`python -m tests.agents [NAME …]`: do the tasks on a gateway of their own, through MCP alone, and print a table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests import written_tables
from tests.agents.agent import agent
from tests.agents.tasks import TASKS
from tests.agents.transcript import Counted, cleared, done, table
from tests.gateway import Gateway

COMMAND = "python -m tests.agents --write"


def main() -> int:
    """Do the tasks; 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.agents", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these tasks: {', '.join(TASKS)}")
    parser.add_argument("--write", action="store_true", help="put the table of all tasks into docs/AGENTS.md")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(TASKS))
    if unknown:
        parser.error(f"there is no task {unknown[0]!r}; there are: {', '.join(TASKS)}")
    if asked.write and asked.names:
        parser.error("--write needs all tasks: leave out the names")
    counted, listed = run(asked.names or list(TASKS))
    made = table(counted, listed)
    print(made)
    for each in counted:
        print(f"{each.name}: {each.seconds:.1f} s", file=sys.stderr)
        if each.error is not None:
            print(each.error, file=sys.stderr)
    if any(each.error is not None for each in counted):
        return 1
    if asked.write:
        written_tables.write("AGENTS.md", COMMAND, made)
    return 0


def run(names: list[str]) -> tuple[list[Counted], int]:
    """Do the tasks on a gateway of their own; what each took, and the bytes of the list of tools."""
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder) / "state").start()
        try:
            return asyncio.run(_all(gateway, names))
        finally:
            gateway.stop()


async def _all(gateway: Gateway, names: list[str]) -> tuple[list[Counted], int]:
    counted: list[Counted] = []
    listed = 0
    for name in names:
        async with agent(gateway.url) as before:
            listed = before.listed
            await cleared(before)
        began = time.perf_counter()
        counted.append(await done(gateway, name))
        counted[-1].seconds = time.perf_counter() - began
    return counted, listed


if __name__ == "__main__":
    sys.exit(main())
