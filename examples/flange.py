"""Makes a flange from its dimensions, as STEP and STL: parametric modelling in FreeCAD through REST.

    python examples/flange.py --outer 100 --bore 30 --bolts 6

Needs httpx, and a gateway at CADGATE_URL (http://127.0.0.1:8000).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import httpx

URL = os.environ.get("CADGATE_URL", "http://127.0.0.1:8000")


def build(freecad: httpx.Client, outer: float, bore: float, thickness: float, bolts: int, bolt: float) -> str:
    """Make the flange in its own document, all or nothing, and return the document's name."""
    created = freecad.post("/documents", json={"label": f"Flange {outer:g}"})
    document: str = created.raise_for_status().json()["result"]["name"]
    hub, circle = bore / 2 + 8, (outer / 2 + bore / 2 + 8) / 2
    through = {"height": 4 * thickness, "location": [0, 0, -thickness]}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("primitives.cylinder", {"name": "Disc", "radius": outer / 2, "height": thickness}),
        ("primitives.cylinder", {"name": "Hub", "radius": hub, "height": 2 * thickness}),
        ("boolean.union", {"name": "Solid", "object1": "Disc", "object2": "Hub"}),
        ("primitives.cylinder", {"name": "Bore", "radius": bore / 2, **through}),
        (
            "primitives.cylinder",
            {"name": "Bolt", "radius": bolt / 2, **through, "location": [circle, 0, -thickness]},
        ),
        ("features.polar_pattern", {"name": "Bolts", "object": "Bolt", "count": bolts}),
        ("boolean.subtract", {"name": "Flange", "objects": ["Solid", "Bore", "Bolts"]}),
    ]
    batch = {"atomic": True, "calls": [{"method": method, "params": params} for method, params in steps]}
    answer = freecad.post("/batch", params={"document": document}, json=batch)
    if answer.is_error:
        error = answer.json()["error"]
        raise SystemExit(f"{steps[error['details']['index']][0]}: {error['message']}")
    return document


def main() -> None:
    """Build, measure, export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outer", type=float, default=100, help="outer diameter, mm")
    parser.add_argument("--bore", type=float, default=30, help="diameter of the bore, mm")
    parser.add_argument("--thickness", type=float, default=12, help="of the disc, mm")
    parser.add_argument("--bolts", type=int, default=6)
    parser.add_argument("--bolt", type=float, default=9, help="diameter of a bolt hole, mm")
    parser.add_argument("--output", type=Path, default=Path(), help="folder for flange.step and flange.stl")
    given = parser.parse_args()
    with httpx.Client(base_url=f"{URL}/api/v1/freecad", timeout=120) as freecad:
        document = build(freecad, given.outer, given.bore, given.thickness, given.bolts, given.bolt)
        query = {"document": document}
        part = freecad.get("/objects/Flange", params=query).raise_for_status().json()["result"]
        print(f"{part['volume'] / 1000:.1f} cm³, {part['volume'] / 1e9 * 7850:.2f} kg in steel")
        for kind in ("step", "stl"):
            wanted = {"objects": ["Flange"], "format": kind}
            data = freecad.post("/export", params=query, json=wanted, headers={"Accept": f"model/{kind}"})
            path = given.output / f"flange.{kind}"
            path.write_bytes(data.raise_for_status().content)
            print(path, len(data.content), "bytes")


if __name__ == "__main__":
    main()
