"""Two solids united, cut or intersected in Blender, against manifold, which guarantees its booleans."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import httpx
import manifold3d
import numpy as np
from numpy.typing import NDArray

from tests.truth import scene_files
from tests.truth.outcome import Outcome, Refused
from tests.truth.part_files import merged, open_edges, signed_volume
from tests.truth.scene_case import ALLOWED, ask
from tests.truth.scenes import matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Solids:
    """Two closed meshes and what is done with them."""

    first: dict[str, Any]
    second: dict[str, Any]
    operation: str
    solver: str
    seed: str = ""


class SolidCase:
    """A boolean and how it is tried."""

    def __init__(self, solids: Solids) -> None:
        self.solids = solids
        self.label = solids.seed

    @classmethod
    def draw(cls, seed: int, number: int) -> SolidCase:
        chance = random.Random(f"solids {seed}:{number}")
        operation = chance.choice(("union", "difference", "intersect"))
        first, second = _solid(chance, 0), _solid(chance, 1.5)
        return cls(Solids(first, second, operation, chance.choice(("exact", "exact", "fast")), f"{seed}:{number}"))

    def run(self, api: httpx.Client, folder: Path) -> Outcome:
        about = f"boolean {self.solids.solver}"
        ask(api, "DELETE", "/scene")
        expected = self._expected()
        try:
            warnings: list[dict[str, Any]] = []
            for verb, path, body in self._calls():
                warnings += ask(api, verb, path, body).get("warnings") or ()
            told = ask(api, "POST", "/export", {"format": "stl", "objects": ["A"]})
            path = folder / "solid.stl"
            path.write_bytes(api.get(f"/artifacts/{told['artifact']['id']}").raise_for_status().content)
            piece = scene_files.read("stl", path)[""]
            points, faces = merged(piece.points, piece.faces)
            volume = signed_volume(points, faces)
        except Refused as error:
            if error.code not in ALLOWED:
                return Outcome("disagree", about, f"refused: {error}")
            if "empty" in error.message and expected.volume() > 1e-3:
                return Outcome("disagree", about, f"{error.message}; {expected.volume():.6g} are right")
            return Outcome("refused", f"{about}: {error.code}", error.message)
        size = max(expected.volume(), 1.0)
        if abs(volume - expected.volume()) > 2e-4 * size:
            detail = f"{volume:.6g} instead of {expected.volume():.6g}, {open_edges(faces)} open edges"
            return Outcome("warned" if warnings else "disagree", about, f"{detail}; {warnings}")
        return Outcome("agree", about)

    def _expected(self) -> manifold3d.Manifold:
        a, b = (_manifold(each) for each in (self.solids.first, self.solids.second))
        return {"union": a + b, "difference": a - b, "intersect": a ^ b}[self.solids.operation]

    def _calls(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name, each in (("A", self.solids.first), ("B", self.solids.second)):
            points, faces = _mesh(each)
            body = {"vertices": points.tolist(), "faces": faces, **each["place"]}
            yield "POST", "/meshes", {"name": name, **body}
        how = {"object": "B", "operation": self.solids.operation, "solver": self.solids.solver}
        yield "POST", "/objects/A/boolean", how

    def smaller(self) -> Iterator[SolidCase]:
        for which in ("first", "second"):
            each: dict[str, Any] = getattr(self.solids, which)
            for key in each["place"]:
                place = {name: value for name, value in each["place"].items() if name != key}
                yield SolidCase(replace(self.solids, **{which: {**each, "place": place}}))

    def script(self) -> str:
        return "\n".join(f"{verb} /blender{path} " + json.dumps(body) for verb, path, body in self._calls())


def _solid(chance: random.Random, reach: float) -> dict[str, Any]:
    grid = chance.random() < 0.5

    def number(low: float, high: float) -> float:
        return chance.randrange(int(low * 2), int(high * 2) + 1) / 2 if grid else round(chance.uniform(low, high), 3)

    kind = chance.choice(("box", "prism", "cone", "tetrahedron"))
    size = {"sides": chance.randrange(3, 24), "a": number(0.5, 2), "b": number(0.5, 2), "c": number(0.5, 2)}
    place: dict[str, Any] = {"location": [number(-reach, reach) if reach else 0.0 for _ in range(3)]}
    if chance.random() < 0.5:
        place["rotation"] = [
            chance.choice((0.0, 90.0, 180.0)) if grid else round(chance.uniform(-180, 180), 1) for _ in range(3)
        ]
    if chance.random() < 0.4:
        place["scale"] = [number(0.5, 2) * chance.choice((1, 1, 1, -1)) for _ in range(3)]
    return {"kind": kind, **size, "place": place}


def _mesh(solid: dict[str, Any]) -> tuple[Floats, list[list[int]]]:
    """Points and outward faces in the object's own coordinates."""
    a, b, c, count = solid["a"], solid["b"], solid["c"], solid["sides"]
    if solid["kind"] == "tetrahedron":
        return np.array([[0, 0, 0], [a, 0, 0], [0, b, 0], [0, 0, c]], float), [
            [0, 2, 1],
            [0, 1, 3],
            [0, 3, 2],
            [1, 2, 3],
        ]
    if solid["kind"] == "box":
        ring = [[-a, -b], [a, -b], [a, b], [-a, b]]
    else:
        ring = [[a * cos(2 * pi * n / count), a * sin(2 * pi * n / count)] for n in range(count)]
    count = len(ring)
    low = [[x, y, -c] for x, y in ring]
    if solid["kind"] == "cone":
        sides = [[n, (n + 1) % count, count] for n in range(count)]
        return np.array([*low, [0, 0, c]], float), [list(range(count))[::-1], *sides]
    sides = [[n, (n + 1) % count, count + (n + 1) % count, count + n] for n in range(count)]
    caps = [list(range(count))[::-1], list(range(count, 2 * count))]
    return np.array([*low, *([x, y, c] for x, y in ring)], float), [*caps, *sides]


def _manifold(solid: dict[str, Any]) -> manifold3d.Manifold:
    points, faces = _mesh(solid)
    world = matrix(solid["place"])
    # Convex faces: a fan is the same surface.
    triangles = np.array([[face[0], face[n], face[n + 1]] for face in faces for n in range(1, len(face) - 1)])
    if np.linalg.det(world[:3, :3]) < 0:
        triangles = triangles[:, ::-1]
    moved = (points @ world[:3, :3].T + world[:3, 3]).astype(np.float32)
    return manifold3d.Manifold(manifold3d.Mesh(moved, triangles.astype(np.uint32)))
