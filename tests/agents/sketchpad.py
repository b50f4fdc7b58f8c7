"""A third adapter, as `cadgate new-adapter` writes it, installed in a folder of its own: cheap to start."""

from __future__ import annotations

from pathlib import Path

from cadgate.cli.new_adapter import new_adapter

ALONE = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
"""The plugins.toml of a gateway that serves nothing else."""


def install(folder: Path) -> Path:
    """Write the adapter `sketchpad` below `folder`; the folder for PYTHONPATH."""
    new_adapter("sketchpad", folder)
    site = folder / "cadgate-sketchpad" / "src"
    info = site / "cadgate_sketchpad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cadgate-sketchpad\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cadgate.adapters]\nsketchpad = cadgate_sketchpad.adapter\n")
    return site
