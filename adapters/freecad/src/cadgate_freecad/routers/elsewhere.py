"""Runs long or risky work in a worker, alongside the session."""

from __future__ import annotations

from typing import Any

from cadgate.plugin import Application


async def elsewhere(app: Application, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Call a worker. An external FreeCAD may be the only one on this machine, so it does the work itself."""
    if app.settings.mode == "external":
        return await app.send(method, params)
    async with app.worker() as worker:
        return await worker.send(method, params)
