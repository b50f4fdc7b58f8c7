"""Models a part in FreeCAD and films it on a turntable in Blender: `python examples/spin.py 72 480` writes spin.mp4."""

import os
import sys
from pathlib import Path

import httpx

frames, width = map(int, sys.argv[1:3])
api = httpx.Client(base_url=os.environ.get("CADGATE_URL", "http://127.0.0.1:8000") + "/api/v1", timeout=660)


def post(path: str, /, **body: object) -> dict:
    return api.post(path, json=body).raise_for_status().json()["result"]


post("/freecad/documents", name="Spin")
plate = post("/freecad/primitives/box", length=40, width=24, height=6, location=[-20, -12, 0])["name"]
boss = post("/freecad/primitives/cylinder", radius=8, height=16, location=[8, 0, 0])["name"]
part = post("/freecad/boolean/union", objects=[plate, boss])["name"]
file = post("/freecad/export", objects=[part], format="stl")["artifact"]["id"]
mesh = post("/blender/import", artifact=file)["objects"][0]["name"]
post("/blender/camera", location=[0, -70, 45], look_at=[0, 0, 5])
turn = [{"frame": 1, "value": [0, 0, 0]}, {"frame": frames + 1, "value": [0, 0, 360]}]
post(f"/blender/objects/{mesh}/animation", path="rotation", keys=turn, interpolation="linear")
film = {"frame_start": 1, "frame_end": frames, "video": "mp4", "engine": "workbench", "objects": [mesh]}
job = post("/blender/render/animation", resolution=[width, width], samples=8, **film)["id"]
video = api.get(f"/jobs/{job}", params={"wait": 600}).json()["result"]["result"]["video"]["id"]
Path("spin.mp4").write_bytes(api.get(f"/artifacts/{video}").content)
