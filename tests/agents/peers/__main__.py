"""`python -m tests.agents.peers --freecad COMMAND --blender COMMAND`: the same tasks by other servers, with ours.

--freecad: a command of AnkusDrive that speaks on standard input and output (`ankusdrive mcp`).
--blender: a command that serves dcc-mcp-blender over HTTP, and prints `MCP_URL=…` (its own headless bootstrap does).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests import written_tables
from tests.agents.__main__ import run
from tests.agents.peers import of_blender, of_freecad
from tests.agents.peers.peer import NotDone, Peer, by_http, by_pipe
from tests.agents.tasks import TASKS
from tests.agents.transcript import Counted, innermost

COMMAND = "python -m tests.agents.peers --write"


@dataclass
class Side:
    """One of the other servers: how it is started, and what it does."""

    start: Callable[[str], AbstractAsyncContextManager[Peer]]
    prepare: of_freecad.PeerTask
    tasks: Mapping[str, of_freecad.PeerTask]
    notes: Mapping[str, str]


SIDES = {
    "freecad": Side(by_pipe, of_freecad.prepare, of_freecad.TASKS, of_freecad.NOTES),
    "blender": Side(by_http, of_blender.prepare, of_blender.TASKS, of_blender.NOTES),
}


def main() -> int:
    """Print what each task takes here and there; 1 if one failed here, or there for a reason that nobody expected."""
    parser = argparse.ArgumentParser(prog="python -m tests.agents.peers", description=__doc__)
    for name in SIDES:
        parser.add_argument(f"--{name}", metavar="COMMAND", required=True)
    parser.add_argument("--write", action="store_true", help="put the table into docs/AGENTS.md")
    asked = parser.parse_args()
    ours, listed = run(list(TASKS))
    theirs: dict[str, Counted] = {}
    lists: dict[str, int] = {}
    for name, side in SIDES.items():
        done, lists[name] = asyncio.run(_all(side, getattr(asked, name)))
        theirs |= done
    made = _table(ours, theirs, {"here": listed, **lists})
    print(made)
    faults = [each for each in (*ours, *theirs.values()) if each.error is not None and "\n" in each.error]
    for each in faults:
        print(each.name, each.error, file=sys.stderr)
    if asked.write and not faults:
        written_tables.write("AGENTS.md", COMMAND, made)
    return 1 if faults else 0


async def _all(side: Side, command: str) -> tuple[dict[str, Counted], int]:
    """Do each task with a server of its own."""
    found: dict[str, Counted] = {}
    listed = 0
    for name, task in side.tasks.items():
        counted = found[name] = Counted(name)
        try:
            async with side.start(command) as one:
                listed = one.listed
                await side.prepare(one)
                one.calls = one.sent = one.received = 0
                try:
                    await task(one)
                finally:
                    counted.calls, counted.sent, counted.received = one.calls, one.sent, one.received
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is a line of the table
            reason = innermost(error)
            unexpected = not isinstance(reason, NotDone)
            counted.error = "".join(traceback.format_exception(reason)) if unexpected else str(reason)
    return found, listed


def _table(ours: list[Counted], theirs: Mapping[str, Counted], lists: Mapping[str, int]) -> str:
    notes = {name: note for side in SIDES.values() for name, note in side.notes.items()}
    lines = [
        "| task | calls | bytes sent | bytes received | other: calls | bytes sent | bytes received | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for each in ours:
        own = f"| `{each.name}` | {each.calls} | {each.sent:,} | {each.received:,} "
        other = theirs.get(each.name)
        if other is None:
            lines.append(f"{own}| | | | each of them has one application |")
            continue
        end = f"not done: {other.error.splitlines()[-1]}" if other.error else notes.get(each.name, "done")
        lines.append(f"{own}| {other.calls} | {other.sent:,} | {other.received:,} | {end} |")
    good = sum(each.error is None for each in theirs.values())
    both = [each for each in ours if each.name in theirs and theirs[each.name].error is None]
    for what, here, there in (
        ("all", ours, list(theirs.values())),
        ("done by both", both, [theirs[each.name] for each in both]),
    ):
        sums = [f"{sum(getattr(each, field) for each in side):,}" for side in (here, there)
                for field in ("calls", "sent", "received")]  # fmt: skip
        end = f"{len(ours)} here, {good} by the others" if what == "all" else f"{len(both)} tasks"
        lines.append(f"| **{what}** | {' | '.join(sums)} | {end} |")
    there = ", ".join(f"{size:,} for {name}" for name, size in lists.items() if name != "here")
    return "\n".join([*lines, f"| `tools/list` | | | {lists['here']:,} | | | | {there} |"])


if __name__ == "__main__":
    sys.exit(main())
