"""What the helper runs. The gateway itself never imports numpy, which takes longer than the rest of its start."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw_sheet(root: Path, folder: Path, target: Path, revision: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Do what `cadgate.look.drawing.draw_sheet` does."""
    from cadgate.look import drawing

    return drawing.draw_sheet(root, folder, target, revision, wanted)
