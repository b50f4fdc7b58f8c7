"""FreeCAD as a `Host`: documents, transactions, undo, snapshots and change events."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

import FreeCAD
import Part

from cadgate.appserver import Host
from cadgate_freecad.app import versions
from cadgate_freecad.app.limits import LIMITS


class FreeCADHost(Host):
    """A headless FreeCAD, or the one whose window loaded the add-on."""

    name = "freecad"
    package = "cadgate_freecad.app"
    snapshot_suffix = ".fcsnap"
    transactional = True

    def start(self) -> None:
        LIMITS.update(self.settings)
        if not FreeCAD.GuiUp:
            # Without it a label that another object has is changed silently.
            FreeCAD.ParamGet("User parameter:BaseApp/Preferences/Document").SetBool("DuplicateLabels", True)

    def version(self) -> str:
        return versions.text()

    def namespace(self) -> dict[str, Any]:
        return {"FreeCAD": FreeCAD, "App": FreeCAD, "Part": Part}

    @contextmanager
    def transaction(self, label: str) -> Iterator[None]:
        """One transaction in every document that the call touches: FreeCAD opens it with the first change there."""
        FreeCAD.setActiveTransaction(label)
        try:
            yield
        except BaseException:
            FreeCAD.closeActiveTransaction(True)
            raise
        FreeCAD.closeActiveTransaction(False)

    def save_snapshot(self, path: str) -> None:
        raise NotImplementedError

    def load_snapshot(self, path: str | None) -> None:
        raise NotImplementedError
