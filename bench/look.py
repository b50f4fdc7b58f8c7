"""`python -m bench.look`: how long sheets take, over HTTP: a FreeCAD part of 50 faces, a Blender scene of 200 objects.

`--count N`: sheets of each case, 20 by default. Every case is also measured after a change of one object.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.gateway import Gateway

LIMIT = 0.5
"""Seconds that the median of the default sheet may take."""
CASES: dict[str, dict[str, Any]] = {
    "four views": {},
    "four views, shaded edges": {"style": "shaded_edges"},
    "wire": {"style": "wire"},
    "iso": {"views": ["iso"]},
    "two sections": {"views": [{"section": "x", "at": 0}, {"section": "z", "at": 5}]},
    "512 pixels": {"size": 512},
}


def post(client: httpx.Client, path: str, body: Any) -> None:
    response = client.post(path, json=body)
    assert response.status_code in (200, 201), response.text


def part(client: httpx.Client) -> int:
    """Make a plate with holes, of 50 faces; returns how many it has."""
    post(client, "/primitives/box", {"name": "Plate", "length": 120, "width": 80, "height": 12})
    holes: list[str] = []
    for number in range(44):
        name = f"Hole{number}"
        place = [8 + 10.4 * (number % 11), 10 + 20 * (number // 11), -5]
        post(client, "/primitives/cylinder", {"name": name, "radius": 3, "height": 30, "location": place})
        holes.append(name)
    post(client, "/boolean/union", {"objects": holes, "name": "Holes"})
    post(client, "/boolean/subtract", {"object1": "Plate", "object2": "Holes", "name": "Part"})
    return int(client.get("/objects/Part/measures").json()["result"]["counts"]["faces"])


def scene(client: httpx.Client) -> int:
    """Make 200 objects of four kinds; returns how many."""
    kinds = ("cube", "sphere", "cylinder", "torus")
    for number in range(200):
        turn, away = number * 2.39996, math.sqrt(number) * 2.2
        place = [away * math.cos(turn), away * math.sin(turn), (number % 5) * 1.5]
        post(client, f"/primitives/{kinds[number % 4]}", {"location": place})
    return 200


def measure(client: httpx.Client, count: int, change: tuple[str, list[Any]]) -> bool:
    """Print the medians of every case. Returns whether the first one keeps the limit."""
    medians: list[float] = []
    for what, body in CASES.items():
        for changed in (False, True):
            seconds: list[float] = []
            for number in range(count + 1):
                if changed:
                    place = [*change[1][:2], change[1][2] + 0.01 * number]
                    assert client.patch(change[0], json={"location": place}).status_code == 200
                began = time.perf_counter()
                response = client.post("/look", json=body, headers={"accept": "image/png"})
                seconds.append(time.perf_counter() - began)
                assert response.status_code == 200, response.text
            # The first one starts the helper, or writes shapes.
            median = statistics.median(seconds[1:])
            medians.append(median)
            label = what + (", after a change" if changed else "")
            print(f"  {label:42} first {seconds[0] * 1000:7.0f} ms   p50 {median * 1000:6.0f} ms")
    return medians[0] <= LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.look")
    parser.add_argument("--count", type=int, default=20)
    count = parser.parse_args().count
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder)).start()
        try:
            with gateway.client("/api/v1/freecad") as client:
                print(f"FreeCAD, a part of {part(client)} faces")
                kept &= measure(client, count, ("/objects/Part", [0.0, 0.0, 0.0]))
            with gateway.client("/api/v1/blender") as client:
                print(f"Blender, a scene of {scene(client)} objects")
                kept &= measure(client, count, ("/objects/Cube", [0.0, 0.0, 0.0]))
        finally:
            gateway.stop()
    print("the limit of 0.5 s is kept" if kept else "SLOWER than the limit of 0.5 s")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
