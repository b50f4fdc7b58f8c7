"""What Blender exports, read by another program."""

from __future__ import annotations

import io
from typing import Any

import httpx
import trimesh


def exported(blender: httpx.Client, *objects: str) -> Any:
    """Objects as one `trimesh.Trimesh` in world coordinates, by way of an STL file."""
    answer = blender.post("/export", json={"format": "stl", "objects": list(objects)}, headers={"Accept": "model/stl"})
    assert answer.status_code == 200, answer.text
    read: Any = trimesh.load  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return read(io.BytesIO(answer.content), file_type="stl", force="mesh")
