"""Takes pictures of a model from all around, with Blender's Workbench.

    python examples/turntable.py model.glb --frames 8

Clears the scene. Needs httpx, and a gateway at CADGATE_URL (http://127.0.0.1:8000).
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

import httpx

URL = os.environ.get("CADGATE_URL", "http://127.0.0.1:8000")


def main() -> None:
    """Upload the model, move a camera around it, and save a picture from each position."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="glb, gltf, obj, stl, ply, fbx, usd, abc or blend")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--width", type=int, default=480, help="pixels")
    parser.add_argument("--output", type=Path, default=Path(), help="folder for turn-000.png …")
    given = parser.parse_args()
    with httpx.Client(base_url=f"{URL}/api/v1/blender", timeout=300) as blender:
        blender.delete("/scene").raise_for_status()
        upload = {"file": (given.model.name, given.model.read_bytes())}
        imported = blender.post("/import", files=upload).raise_for_status().json()["result"]["objects"]
        meshes = [one for one in imported if one["type"] == "MESH"]
        size = max((max(one["dimensions"]) for one in meshes), default=1)
        center = [sum(one["location"][axis] for one in meshes) / max(1, len(meshes)) for axis in range(3)]
        print(f"{len(imported)} objects, {sum(one['vertices'] for one in meshes)} vertices")
        for frame in range(given.frames):
            angle = 2 * math.pi * frame / given.frames
            away = (2.2 * size * math.cos(angle), 2.2 * size * math.sin(angle), size)
            camera = {
                "name": "Turntable",
                "on_conflict": "replace",
                "location": [place + step for place, step in zip(center, away, strict=True)],
                "look_at": center,
            }
            blender.post("/camera", json=camera).raise_for_status()
            picture = blender.get("/render/preview", params={"width": given.width}).raise_for_status()
            path = given.output / f"turn-{frame:03}.png"
            path.write_bytes(picture.content)
            print(path)


if __name__ == "__main__":
    main()
