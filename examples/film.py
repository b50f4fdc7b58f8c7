"""Films a model on a turntable, in three calls: import, studio, animation.

    python examples/film.py model.glb --frames 72 --width 480

Writes film.mp4, first.png, last.png, and the SHA-256 of each frame as frames.txt. Clears the scene.
Needs httpx, and a gateway at CADGATE_URL (http://127.0.0.1:8000).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import httpx

URL = os.environ.get("CADGATE_URL", "http://127.0.0.1:8000")


def result(answer: httpx.Response) -> Any:
    """Return the result; print what was wrong, and end."""
    if answer.is_error:
        raise SystemExit(answer.json()["error"]["message"])
    return answer.json()["result"]


def main() -> None:
    """Upload the model, put it into a studio, and film it going around once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="glb, gltf, obj, stl, ply, fbx, usd, abc or blend")
    parser.add_argument("--frames", type=int, default=72)
    parser.add_argument("--width", type=int, default=480, help="pixels of a square picture, an even number")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--style", choices=("soft", "contrast", "white"), default="soft")
    parser.add_argument("--output", type=Path, default=Path(), help="folder for the files")
    given = parser.parse_args()
    with httpx.Client(base_url=f"{URL}/api/v1", timeout=660) as api:
        result(api.delete("/blender/scene"))
        upload = {"file": (given.model.name, given.model.read_bytes())}
        objects = [each["name"] for each in result(api.post("/blender/import", files=upload))["objects"]]
        studio = {"objects": objects, "style": given.style, "turn": given.frames}
        print(result(api.post("/blender/studio", json=studio))["camera"])
        film = {
            "resolution": [given.width, given.width],
            "engine": "cycles",
            "samples": given.samples,
            "video": "mp4",
            "fps": 24,
        }
        job = result(api.post("/blender/render/animation", json=film))
        while job["state"] in ("queued", "running"):
            job = result(api.get(f"/jobs/{job['id']}", params={"wait": 30}))
            print(job["progress"]["step"], "of", job["progress"]["steps"])
        if job["state"] != "succeeded":
            raise SystemExit(job["error"]["message"])
        frames = [each["artifact"] for each in job["result"]["frames"]]
        files = {"film.mp4": job["result"]["video"], "first.png": frames[0], "last.png": frames[-1]}
        for name, artifact in files.items():
            (given.output / name).write_bytes(api.get(f"/artifacts/{artifact['id']}").content)
        (given.output / "frames.txt").write_text("".join(f"{each['sha256']}\n" for each in frames))


if __name__ == "__main__":
    main()
