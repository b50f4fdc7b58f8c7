"""build123d as a `Host`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import build123d

from cadgate.appserver import Host
from cadgate_build123d.app import document
from cadgate_build123d.app.document import SOLIDS, STATE


class Build123dHost(Host):
    """Solids by name, in this process."""

    name = "build123d"
    package = "cadgate_build123d.app"
    snapshot_suffix = ".zip"

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, int] = {}

    def start(self) -> None:
        STATE["host"] = self

    def version(self) -> str:
        return f"build123d {version('build123d')}"

    def namespace(self) -> dict[str, Any]:
        return {"build123d": build123d, "solids": SOLIDS, "put": document.put}

    def save_snapshot(self, path: str) -> None:
        document.save(path)

    def load_snapshot(self, path: str | None) -> None:
        shapes, index = ([], {"changes": 0, "solids": []}) if path is None else document.read_zip(path)
        SOLIDS.clear()
        STATE["changes"] = index["changes"]
        for made, (name, change) in zip(shapes, index["solids"]):
            SOLIDS[name] = (made, change)

    def observe(self) -> None:
        """Report what is new, different or gone, including after executed code."""
        now = {name: change for name, (_, change) in SOLIDS.items()}
        for name in sorted({*now, *self._told}):
            if now.get(name) != self._told.get(name):
                action = "deleted" if name not in now else "changed" if name in self._told else "created"
                self.emit("objects", {"action": action, "name": name, "type": "Solid"})
        self._told = now
