"""Blender as a `Host`: the empty scene, snapshots, the namespace of executed code, change events."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import Host, current
from cadgate_blender.app import events, limits, modes, scripted, snapshots, staging, usd_files, versions
from cadgate_blender.app.scene_index import index, is_precise
from cadgate_blender.app.typed import context

FOREIGN = ("session.execute", "session.undo", "session.redo")
"""Methods whose effect nobody knows."""


class BlenderHost(Host):
    """A Blender in the background, or the one whose window loaded the extension."""

    name = "blender"
    package = "cadgate_blender.app"
    snapshot_suffix = ".blend"
    refusals = (*Host.refusals, RuntimeError, ValueError)
    code_modules = scripted.MODULES
    code_words = scripted.WORDS

    def start(self) -> None:
        limits.LIMITS.update(self.settings)
        events.connect(self)
        if self.managed:
            # Blender has its factory settings already: the module always begins with them, and the program gets
            # --factory-startup. To read them again registers all add-ons again, which takes 0.1 s.
            # On the GPU a subdivision is made only when it is drawn: sizes read before that are those of the cage.
            context.preferences.system.use_gpu_subdivision = False
            snapshots.load_empty()
            scripted.begin()
        # So that the first call looks at the scene: what executed code changes is found by comparing with that.
        index.unknown_change()

    def version(self) -> str:
        return versions.text()

    def lacking_formats(self) -> dict[str, list[str]]:
        return {"reads": versions.lacking("import", usd=usd_files.can_check()), "writes": versions.lacking("export")}

    def namespace(self) -> dict[str, Any]:
        staging.put_away()  # code is about to run, and may look at every scene
        return {"bpy": bpy}

    def prepare(self) -> None:
        modes.end()
        call = current()
        quiet = self.managed and self.scripted is None
        staging.begin(may_keep=quiet and is_precise(call.method))
        index.begin(call.method, call.params, mutates=call.mutates, quiet=quiet)

    def save_snapshot(self, path: str) -> None:
        snapshots.save_all(path)

    def load_snapshot(self, path: str | None) -> None:
        """Open a snapshot; None is an empty scene with a grey world."""
        if path is None:
            snapshots.load_empty()
        else:
            snapshots.load(path)
        index.unknown_change()

    def acting(self) -> str | None:
        return scripted.acting() if self.managed else None

    def let_act(self, results: list[dict[str, Any]]) -> None:
        context.view_layer.update()
        # Handlers may have changed objects, or made some.
        index.unknown_change()
        for result in results:
            scripted.update_result(result)

    def observe(self) -> None:
        if current().method in FOREIGN and (current().changed or current().method != "session.execute"):
            index.unknown_change()
            modes.write_back()
        index.announce(self.emit)
