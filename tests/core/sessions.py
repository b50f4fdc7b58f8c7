"""What the tests of sessions share: calls as the gateway makes them, waiting for what an application tells."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from cadgate.sessions.session import Session
from tests.core.fake_app import Watched, becomes, item
from tests.gateway import alive


def processes_below(folder: Path) -> list[int]:
    """Live processes whose working folder is below `folder`."""
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/cwd").startswith(str(folder)) and alive(int(name)):
                    found.append(int(name))
    return found


async def create(session: Session, name: str | None = None, value: Any = 0, **meta: Any) -> dict[str, Any]:
    """Make an item as the gateway does."""
    meta = {"mutates": True, "names": "name", "key": f"gw-test-{os.urandom(8).hex()}", **meta}
    return (await session.calls.exchange("items.create", item(name, value), 10, **meta))["result"]


async def names(session: Session) -> list[str]:
    reply = await session.calls.exchange("items.list", {"limit": 1000, "offset": 0, "fields": None}, 10)
    return [each["name"] for each in reply["result"]["objects"]]


async def begun(watched: Watched, method: str) -> None:
    """Wait until the application says that it works on `method`."""
    await becomes(lambda: ("work", {"state": "begun", "method": method}) in watched.events)


async def settled(session: Session, state: str) -> None:
    await becomes(lambda: session.status().state == state)
