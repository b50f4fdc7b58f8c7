"""The processes of workers, as the system lists them."""

from __future__ import annotations

from pathlib import Path

from tests.gateway import Gateway


def workers_of(gateway: Gateway) -> list[int]:
    """Return the processes whose folder is that of a worker of Blender."""
    folder = str(gateway.state_dir / "sessions" / "blender" / "workers")
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if folder.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
