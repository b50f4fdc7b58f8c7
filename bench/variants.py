"""`python -m bench.variants`: 100 variants of a flange as one job, against one fresh freecadcmd for each.

Both open the document, set the parameters, recompute, measure and write a STEP file.
The volumes must equal the formula, a bad row must say why, and each job must give the same bytes.
Jobs and fresh ones take turns, so that a slower moment of the machine meets both.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.gateway import Gateway

TURNS = 4
LEAST = 10.0
"""How many times as many variants a second the job must make."""
HEIGHT = 12.0
FRESH = """
import FreeCAD, Import
document = FreeCAD.openDocument({path!r})
sheet = document.getObject("Parameters")
for name, value in {values!r}.items():
    sheet.set(sheet.getCellFromAlias(name), "=%r mm" % value)
document.recompute()
flange = document.getObject("Flange")
Import.export([flange], {step!r})
with open({result!r}, "w") as file:
    file.write(repr(flange.Shape.Volume))
"""


def flange(client: httpx.Client) -> None:
    """A disc with a bore and six bolt holes, all by parameters."""

    def post(path: str, **body: Any) -> None:
        client.post(path, json=body).raise_for_status()

    values = {"outer": 50.0, "bore": 15.0, "bolt": 4.5, "pitch": 38.0}
    table = {name: {"value": value, "unit": "mm"} for name, value in values.items()}
    client.put("/parameters", json=table).raise_for_status()
    for name, parameter, height in (("Disc", "outer", HEIGHT), ("Bore", "bore", 3 * HEIGHT)):
        expressions = {"Radius": f"Parameters.{parameter}"}
        low = [0, 0, -HEIGHT] if name == "Bore" else [0, 0, 0]
        post("/primitives/cylinder", name=name, height=height, expressions=expressions, location=low)
    placed = {"Radius": "Parameters.bolt", "Placement.Base.x": "Parameters.pitch"}
    post("/primitives/cylinder", name="Bolt", height=3 * HEIGHT, location=[38, 0, -HEIGHT], expressions=placed)
    post("/features/polar_pattern", object="Bolt", name="Bolts", count=6)
    post("/boolean/subtract", objects=["Disc", "Bore", "Bolts"], name="Flange")


def rows(count: int) -> list[dict[str, Any]]:
    """Return `count` flanges, of which the eighth is impossible."""
    made: list[dict[str, Any]] = []
    for number in range(count):
        values = {"outer": 50 + 0.25 * number, "bore": 10 + 0.1 * number, "bolt": 3 + 0.01 * number, "pitch": 38.0}
        made.append({"name": f"F{number:03}", "parameters": values})
    made[7]["parameters"]["outer"] = -1
    return made


def volume(values: dict[str, float]) -> float:
    return math.pi * HEIGHT * (values["outer"] ** 2 - values["bore"] ** 2 - 6 * values["bolt"] ** 2)


def variants(client: httpx.Client, body: dict[str, Any]) -> tuple[float, list[dict[str, Any]]]:
    """Return how many seconds the job took, from the request to its end, and its rows."""
    began = time.perf_counter()
    location = client.post("/variants", json=body).raise_for_status().headers["location"]
    job = "../jobs/" + location.rpartition("/")[2]
    while True:
        told = client.get(job, params={"wait": 30}, timeout=60).raise_for_status().json()["result"]
        if told["state"] not in ("queued", "running"):
            break
    assert told["state"] == "succeeded", told
    return time.perf_counter() - began, told["result"]["rows"]


def check(wanted: list[dict[str, Any]], made: list[dict[str, Any]]) -> None:
    """Compare each row with the formula."""
    assert [each["name"] for each in made] == [each["name"] for each in wanted]
    for row, answer in zip(wanted, made, strict=True):
        if row["parameters"]["outer"] < 0:
            assert answer["error"]["message"], answer
            assert answer["measures"] is None, answer
            continue
        assert answer["error"] is None, answer
        found = answer["measures"]["Flange"]["volume"]
        assert math.isclose(found, volume(row["parameters"]), rel_tol=1e-6), (answer["name"], found)


def digests(client: httpx.Client, made: list[dict[str, Any]]) -> list[str]:
    files = [each["id"] for row in made for each in row["artifacts"]]
    return [hashlib.sha256(client.get(f"../artifacts/{each}").content).hexdigest() for each in files]


def fresh(document: bytes, wanted: list[dict[str, Any]]) -> list[float]:
    """Return the seconds that each of these variants takes with a fresh freecadcmd."""
    command = shutil.which("freecadcmd") or shutil.which("FreeCADCmd")
    assert command, "freecadcmd is not on PATH"
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flange.FCStd").write_bytes(document)
        for number, row in enumerate(wanted):
            places = {"path": str(folder / "flange.FCStd"), "step": str(folder / f"{number}.step")}
            result = folder / f"{number}.txt"
            script = folder / f"variant{number}.py"
            script.write_text(FRESH.format(values=row["parameters"], result=str(result), **places))
            environment = {"HOME": name, "PATH": "/usr/bin:/bin"}
            began = time.perf_counter()
            subprocess.run([command, str(script)], check=True, capture_output=True, env=environment)
            taken.append(time.perf_counter() - began)
            assert math.isclose(float(result.read_text()), volume(row["parameters"]), rel_tol=1e-6)
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="variants of the job (100)")
    parser.add_argument("--fresh", type=int, default=20, help="fresh freecadcmds (20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder), plugins="[adapters.blender]\nenabled = false\n").start()
        try:
            with gateway.client("/api/v1/freecad") as client:
                flange(client)
                saved = client.post("/export", json={"format": "fcstd"}).raise_for_status().json()["result"]["artifact"]
                document = client.get(f"../artifacts/{saved['id']}").content
                wanted = rows(options.count)
                body = {"rows": wanted, "objects": ["Flange"], "exports": ["step"]}
                taken: list[float] = []
                written: list[list[str]] = []
                alone: list[float] = []
                possible = [row for row in wanted if row["parameters"]["outer"] > 0]
                for turn in range(TURNS):
                    seconds, made = variants(client, body)
                    check(wanted, made)
                    taken.append(seconds)
                    written.append(digests(client, made))
                    alone += fresh(document, possible[turn : options.fresh : TURNS])
        finally:
            gateway.stop()
    same = all(each == written[0] for each in written)
    ratio = statistics.median(alone) * options.count / statistics.median(taken)
    print(f"{options.count} variants as one job   {', '.join(f'{each:.2f}' for each in taken)} s")
    print(f"one fresh freecadcmd each   {statistics.median(alone):.3f} s a variant (median of {len(alone)})")
    print(f"throughput                  {ratio:.1f} times (at least {LEAST:g})")
    print(f"bytes of the jobs           {'the same' if same else 'DIFFERENT'} ({len(written[0])} files)")
    return 0 if same and ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
