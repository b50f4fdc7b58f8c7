"""`python -m tests.agents [NAME …]`: do the tasks on a gateway of their own, through MCP alone, and print a table."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.agents.agent import agent
from tests.agents.tasks import TASKS
from tests.agents.transcript import Counted, cleared, done
from tests.gateway import Gateway


def main(names: list[str]) -> int:
    """Do the tasks; 1 if one of them failed."""
    unknown = sorted(set(names) - set(TASKS))
    if unknown:
        print(f"there is no task {unknown[0]!r}; there are: {', '.join(TASKS)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder) / "state").start()
        try:
            counted = asyncio.run(_all(gateway, names or list(TASKS)))
        finally:
            gateway.stop()
    print("| task | calls | bytes sent | bytes received | seconds | |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for each in counted:
        print(each.row())
        if each.error is not None:
            print(each.error, file=sys.stderr)
    good = sum(each.error is None for each in counted)
    calls, sent, received = (sum(getattr(each, what) for each in counted) for what in ("calls", "sent", "received"))
    print(f"\n{good} of {len(counted)} done, {calls} calls, {sent:,} bytes sent, {received:,} received")
    return 0 if good == len(counted) else 1


async def _all(gateway: Gateway, names: list[str]) -> list[Counted]:
    counted: list[Counted] = []
    for name in names:
        async with agent(gateway.url) as before:
            await cleared(before)
        began = time.perf_counter()
        counted.append(await done(gateway, name))
        counted[-1].seconds = time.perf_counter() - began
    return counted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
