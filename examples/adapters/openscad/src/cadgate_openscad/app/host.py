"""The companion as a `Host`. It has no document: nothing of an evaluation is kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

from cadgate.appserver import Host
from cadgate_openscad.app import evaluation


class OpenSCADHost(Host):
    """Starts OpenSCAD, which runs only during an evaluation."""

    name = "openscad"
    package = "cadgate_openscad.app"
    snapshot_suffix = ".empty"

    def version(self) -> str:
        return evaluation.version(self.settings["program"])

    def start(self) -> None:
        evaluation.configure(self.settings, self.emit)

    def namespace(self) -> dict[str, Any]:
        """Return what executed code finds defined."""
        return {"evaluate": evaluate}

    def save_snapshot(self, path: str) -> None:
        """Write an empty snapshot: the state never differs from that after `start`."""
        with open(path, "w", encoding="utf-8") as file:
            file.write("nothing\n")

    def load_snapshot(self, path: str | None) -> None:
        """See `save_snapshot`."""

    def unchanged(self) -> bool:
        return True


def evaluate(source: str, **parameters: Any) -> list[str]:
    """Evaluate an OpenSCAD source and return its output, mostly ECHO lines. Parameters are set as given."""
    from cadgate_openscad.app import literals

    folder = tempfile.mkdtemp(dir=os.environ["TMPDIR"])
    try:
        inner = os.path.join(folder, "source")
        os.mkdir(inner)
        with open(os.path.join(inner, evaluation.MAIN), "w", encoding="utf-8") as file:
            file.write(source)
        given = [part for name, value in parameters.items() for part in ("-D", f"{name}={literals.write(value)}")]
        made = evaluation.evaluate(inner, given, into=os.path.join(folder, "said.echo"), what="echo")
        with open(os.path.join(folder, "said.echo"), encoding="utf-8") as file:
            return [*made.console.shown(), *file.read().splitlines()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
