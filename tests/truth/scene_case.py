"""One scene: made in Blender through the gateway, changed, exported, read by other programs, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.truth import scene_files, scenes
from tests.truth.outcome import Outcome, Refused
from tests.truth.part_case import Disagreement
from tests.truth.part_files import signed_volume
from tests.truth.scene_files import Piece
from tests.truth.scenes import Floats, Maker, Node, Scene

ALLOWED = {"degenerate_result", "limit_exceeded"}
NOT_GIVEN_OUT = "and was discarded"
"""How the gateway refuses a file that is not what the scene shows."""
BY_WAY_OF_BLENDER = ("fbx", "abc")
"""Formats that no other program here reads: they are imported again, and then written as glb."""
NAMELESS = ("stl", "ply")


class SceneCase:
    """A scene and how it is tried."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.label = scene.seed

    @classmethod
    def draw(cls, seed: int, number: int) -> SceneCase:
        return cls(Maker(seed, number).scene())

    def run(self, api: httpx.Client, folder: Path) -> Outcome:
        ask(api, "DELETE", "/scene")
        warnings: list[dict[str, Any]] = []
        try:
            for verb, path, body in self._calls():
                answer = ask(api, verb, path, body)
                warnings += answer.get("warnings") or ()
            return self._compare(api, folder, warnings)
        except Disagreement as error:
            return Outcome("disagree", self.scene.format, str(error))
        except Refused as error:
            if error.code in ALLOWED or NOT_GIVEN_OUT in error.message:
                return Outcome("refused", f"{self.scene.format}: {error.code}", error.message)
            return Outcome("disagree", self.scene.format, f"refused: {error}")

    def _calls(self) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
        for node in self.scene.nodes:
            yield from _making(node)
        for node in self.scene.nodes:
            if node.parent is not None:
                yield "PATCH", f"/objects/{node.name}", {"parent": node.parent}
        for move in self.scene.moves:
            if move.to is None:
                yield "DELETE", f"/objects/{move.node}", None
            else:
                yield "PATCH", f"/objects/{move.node}", move.to

    def _compare(self, api: httpx.Client, folder: Path, warnings: list[dict[str, Any]]) -> Outcome:
        scene = self.scene
        path, told = self._export(api, folder, scene.format, scene.scale)
        warnings += told["warnings"]
        format, factor = scene.format, scene.scale or 1.0
        if format in BY_WAY_OF_BLENDER:
            ask(api, "DELETE", "/scene")
            imported = api.post("/blender/import", files={"file": (path.name, path.read_bytes())})
            if imported.status_code >= 400:
                raise Disagreement(f"its own {format} is not imported: {Refused(imported)}")
            path, _ = self._export(api, folder, "glb", None)
            format = "glb"
        found = scene_files.read(format, path)
        wanted = {
            name: (points * factor, volume * factor**3) for name, (points, volume) in scenes.expected(scene).items()
        }
        try:
            self._same(found, wanted, format)
        except Disagreement as error:
            if any(name in str(warning) for warning in warnings for name in wanted):
                return Outcome("warned", scene.format, f"{error}; {warnings}")
            raise
        return Outcome("agree", scene.format)

    def _export(self, api: httpx.Client, folder: Path, format: str, scale: float | None) -> tuple[Path, dict[str, Any]]:
        told = ask(api, "POST", "/export", {"format": format, **({"scale": scale} if scale else {})})
        artifacts = [told["artifact"], *told["related"]]
        path = folder / f"scene.{format}"
        path.write_bytes(api.get(f"/artifacts/{artifacts[0]['id']}").raise_for_status().content)
        for artifact in artifacts:
            api.delete(f"/artifacts/{artifact['id']}").raise_for_status()
        return path, told

    def _same(self, found: dict[str, Piece], wanted: dict[str, tuple[Floats, float]], format: str) -> None:
        if format in NAMELESS:
            points = np.concatenate([points for points, _ in wanted.values()])
            flat = any(node.kind == "plane" for node in self.scene.nodes)
            _same_piece("the file", found[""], points, None if flat else sum(volume for _, volume in wanted.values()))
            return
        if sorted(found) != sorted(wanted):
            raise Disagreement(f"objects in the file: {sorted(found)} instead of {sorted(wanted)}")
        nodes = {node.name: node for node in self.scene.nodes}
        for name, (points, volume) in wanted.items():
            _same_piece(name, found[name], points, None if nodes[name].kind == "plane" else volume)
            color = nodes[name].color
            if format in ("glb", "gltf") and self.scene.format not in BY_WAY_OF_BLENDER and color is not None:
                told = found[name].color
                if told is None or not np.allclose(told[:3], color, atol=2e-3):
                    raise Disagreement(f"{name}: colour {told} instead of {color}")

    def smaller(self) -> Iterator[SceneCase]:
        return (SceneCase(scene) for scene in scenes.smaller(self.scene))

    def script(self) -> str:
        calls = [f"{verb} /blender{path} " + json.dumps(body) for verb, path, body in self._calls()]
        return "\n".join(
            [*calls, "POST /blender/export " + json.dumps({"format": self.scene.format, "scale": self.scene.scale})]
        )


def _same_piece(what: str, piece: Piece, points: Floats, volume: float | None) -> None:
    """Every expected vertex is there, no other is, and the faces look outward."""
    size = float(np.abs(points).max()) or 1.0
    slack = 2e-4 * size
    apart = np.linalg.norm(points[:, None, :] - piece.points[None, :, :], axis=2)
    missing, added = float(apart.min(axis=1).max()), float(apart.min(axis=0).max())
    if max(missing, added) > slack:
        found, right = (
            [np.round(each.min(axis=0), 4), np.round(each.max(axis=0), 4)] for each in (piece.points, points)
        )
        raise Disagreement(
            f"{what}: a vertex is off by {max(missing, added):.4g}; box {found[0].tolist()} to {found[1].tolist()} "
            f"instead of {right[0].tolist()} to {right[1].tolist()}"
        )
    if volume is None:
        return
    enclosed = signed_volume(piece.points - points.mean(axis=0), piece.faces)
    if abs(enclosed - volume) > 2e-3 * volume + 1e-3 * slack * size * size:
        raise Disagreement(f"{what}: it encloses {enclosed:.6g} instead of {volume:.6g}")


def _making(node: Node) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    place: dict[str, Any] = dict(node.place)
    if node.kind == "empty":
        yield "POST", "/primitives/empty", {"name": node.name, **place}
        return
    if node.color is not None:
        yield "POST", "/materials", {"name": f"M{node.name}", "color": node.color}
        place["material"] = f"M{node.name}"
    path = "/meshes" if node.kind == "mesh" else f"/primitives/{node.kind}"
    yield "POST", path, {"name": node.name, **node.size, **place}
    if node.modifier is not None:
        yield "POST", f"/objects/{node.name}/modifiers", node.modifier


def ask(api: httpx.Client, verb: str, path: str, body: Any = None) -> dict[str, Any]:
    response = api.request(verb, "/blender" + path, json=body)
    if response.status_code >= 500:
        raise Disagreement(f"{verb} {path}: {response.status_code} {response.text[:300]}")
    if response.status_code >= 400:
        raise Refused(response)
    return response.json()["result"]
