"""What a glTF file carries besides meshes, through Blender: motion, morph targets, textures, custom properties."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.truth.outcome import Outcome, Refused
from tests.truth.part_case import Disagreement
from tests.truth.scene_case import ask
from tests.truth.scene_files import Gltf

Floats = NDArray[np.float64]
_TETRAHEDRON = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
_FACES = np.array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3], np.uint16)
FRAME = 1 / 24


@dataclass(frozen=True)
class Carried:
    """What the file has; None or empty where it has none."""

    place: dict[str, list[float]]
    morph: list[list[float]] | None
    keys: list[list[float]] | None
    factor: list[float]
    texture: bool
    extras: dict[str, Any] | None
    scale_in: float = 1.0
    scale_out: float | None = None
    seed: str = ""


class CarriedCase:
    """A file through the gateway: imported, exported as GLB, compared with itself."""

    def __init__(self, carried: Carried) -> None:
        self.carried = carried
        self.label = carried.seed

    @classmethod
    def draw(cls, seed: int, number: int) -> CarriedCase:
        chance = random.Random(f"carried {seed}:{number}")

        def vector(reach: float) -> list[float]:
            return [round(chance.uniform(-reach, reach), 2) for _ in range(3)]

        place: dict[str, list[float]] = {"translation": vector(3)}
        if chance.random() < 0.5:
            place["scale"] = [round(chance.uniform(0.5, 2), 2) * chance.choice((1, 1, -1)) for _ in range(3)]
        return cls(
            Carried(
                place,
                [vector(1) for _ in range(4)] if chance.random() < 0.5 else None,
                [vector(3) for _ in range(chance.randrange(2, 5))] if chance.random() < 0.5 else None,
                [round(chance.uniform(0.1, 1), 2) for _ in range(3)] + [1.0],
                chance.random() < 0.5,
                {"part": "A-7", "mass": 1.5, "tags": ["x", "y"]} if chance.random() < 0.5 else None,
                chance.choice((1.0, 100.0, 0.01)),
                chance.choice((None, 1000.0)),
                f"{seed}:{number}",
            )
        )

    def run(self, api: httpx.Client, folder: Path) -> Outcome:
        ask(api, "DELETE", "/scene")
        try:
            warnings = self._through(api, folder)
            try:
                self._compare(Gltf(folder / "out.glb"))
            except Disagreement as error:
                return Outcome("warned" if "Part" in str(warnings) else "disagree", "carried", f"{error}; {warnings}")
        except (Refused, Disagreement) as error:
            return Outcome("disagree", "carried", str(error))
        return Outcome("agree", "carried")

    def _through(self, api: httpx.Client, folder: Path) -> list[dict[str, Any]]:
        carried = self.carried
        path = "/blender/import" + (f"?scale={carried.scale_in}" if carried.scale_in != 1 else "")
        answer = api.post(path, files={"file": ("in.gltf", json.dumps(document(carried)).encode())})
        if answer.status_code >= 400:
            raise Refused(answer)
        scale = {"scale": carried.scale_out} if carried.scale_out else {}
        told = ask(api, "POST", "/export", {"format": "glb", **scale})
        content = api.get(f"/artifacts/{told['artifact']['id']}").raise_for_status().content
        (folder / "out.glb").write_bytes(content)
        return [*(answer.json()["result"].get("warnings") or ()), *told["warnings"]]

    def _compare(self, file: Gltf) -> None:
        carried = self.carried
        factor = carried.scale_in * (carried.scale_out or 1.0)
        number = next((n for n, node in enumerate(file.json["nodes"]) if node.get("name") == "Part"), None)
        if number is None:
            raise Disagreement("the object 'Part' is not in the file")
        node, world = file.json["nodes"][number], file.worlds()[number]
        primitive = file.json["meshes"][node["mesh"]]["primitives"][0]
        right = np.eye(3) if "scale" not in carried.place else np.diag(carried.place["scale"])
        rest = np.array(carried.keys[0] if carried.keys else carried.place["translation"])
        corners = _TETRAHEDRON @ right.T + rest
        points = file.accessor(primitive["attributes"]["POSITION"]).astype(float) @ world[:3, :3].T + world[:3, 3]
        _same_points("vertices", points, corners * factor, factor)
        if carried.morph is not None:
            if "targets" not in primitive:
                raise Disagreement("the morph target is lost")
            moved = file.accessor(primitive["targets"][0]["POSITION"]).astype(float)
            own = file.accessor(primitive["attributes"]["POSITION"]).astype(float)
            points = (own + moved) @ world[:3, :3].T + world[:3, 3]
            wanted = (_TETRAHEDRON + np.array(carried.morph)) @ right.T + rest
            _same_points("the morph target", points, wanted * factor, factor)
        if carried.keys is not None:
            self._compare_motion(file, number, factor)
        if (
            carried.extras is not None
            and {key: node.get("extras", {}).get(key) for key in carried.extras} != carried.extras
        ):
            raise Disagreement(f"custom properties {node.get('extras')} instead of {carried.extras}")
        self._compare_material(file, primitive)

    def _compare_motion(self, file: Gltf, number: int, factor: float) -> None:
        assert self.carried.keys is not None
        channels = [
            (animation, channel)
            for animation in file.json.get("animations", ())
            for channel in animation["channels"]
            if channel["target"].get("node") == number and channel["target"]["path"] == "translation"
        ]
        if not channels:
            raise Disagreement("the animation is lost")
        animation, channel = channels[0]
        sampler = animation["samplers"][channel["sampler"]]
        times = file.accessor(sampler["input"]).ravel()
        values = file.accessor(sampler["output"])
        for index, key in enumerate(self.carried.keys):
            at = int(np.abs(times - times[0] - index * 10 * FRAME).argmin())
            wanted = np.array(key) * factor
            above = file.worlds()
            parent = next((n for n, one in enumerate(file.json["nodes"]) if number in one.get("children", ())), None)
            found = values[at] if parent is None else above[parent][:3, :3] @ values[at] + above[parent][:3, 3]
            if np.abs(found - wanted).max() > 1e-3 * factor * 4:
                raise Disagreement(f"key {index} is at {found.tolist()} instead of {wanted.tolist()}")

    def _compare_material(self, file: Gltf, primitive: dict[str, Any]) -> None:
        pbr = file.json["materials"][primitive["material"]].get("pbrMetallicRoughness", {})
        found = pbr.get("baseColorFactor", [1, 1, 1, 1])
        if not np.allclose(found, self.carried.factor, atol=2e-3):
            raise Disagreement(f"base colour {found} instead of {self.carried.factor}")
        if self.carried.texture and "baseColorTexture" not in pbr:
            raise Disagreement("the texture is lost")

    def smaller(self) -> Iterator[CarriedCase]:
        for plain in ({"morph": None}, {"keys": None}, {"texture": False}, {"extras": None}):
            if getattr(self.carried, next(iter(plain))):
                yield CarriedCase(replace(self.carried, **plain))
        if self.carried.scale_out:
            yield CarriedCase(replace(self.carried, scale_out=None))
        if self.carried.scale_in != 1:
            yield CarriedCase(replace(self.carried, scale_in=1.0))
        if "scale" in self.carried.place:
            yield CarriedCase(replace(self.carried, place={"translation": self.carried.place["translation"]}))

    def script(self) -> str:
        lines = [f"POST /blender/import?scale={self.carried.scale_in} in.gltf: {json.dumps(document(self.carried))}"]
        return "\n".join(
            [*lines, "POST /blender/export " + json.dumps({"format": "glb", "scale": self.carried.scale_out})]
        )


def _same_points(what: str, found: Floats, wanted: NDArray[np.floating[Any]], factor: float) -> None:
    apart = np.linalg.norm(wanted[:, None, :] - found[None, :, :], axis=2)
    worst = max(float(apart.min(axis=1).max()), float(apart.min(axis=0).max()))
    if worst > 1e-3 * factor * 4:
        raise Disagreement(f"{what}: a point is off by {worst:.4g}")


def document(carried: Carried) -> dict[str, Any]:
    """The file as glTF JSON with its data inside."""
    data = bytearray()
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(values: NDArray[Any], kind: str, component: int) -> int:
        while len(data) % 4:
            data.append(0)
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": values.nbytes})
        data.extend(values.tobytes())
        rows = values.reshape(len(values), -1)
        bounds = {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": len(values), "type": kind, **bounds}
        )
        return len(accessors) - 1

    primitive: dict[str, Any] = {
        "attributes": {
            "POSITION": add(_TETRAHEDRON, "VEC3", 5126),
            "TEXCOORD_0": add(_TETRAHEDRON[:, :2].copy(), "VEC2", 5126),
        },
        "indices": add(_FACES, "SCALAR", 5123),
        "material": 0,
    }
    mesh: dict[str, Any] = {"name": "Part", "primitives": [primitive]}
    if carried.morph is not None:
        primitive["targets"] = [{"POSITION": add(np.array(carried.morph, np.float32), "VEC3", 5126)}]
        mesh |= {"weights": [0.0], "extras": {"targetNames": ["Wide"]}}
    pbr: dict[str, Any] = {"baseColorFactor": carried.factor, "metallicFactor": 0.0, "roughnessFactor": 0.5}
    whole: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "Part", "mesh": 0, **carried.place, **({"extras": carried.extras} if carried.extras else {})}
        ],
        "meshes": [mesh],
        "materials": [{"name": "Paint", "pbrMetallicRoughness": pbr}],
    }
    if carried.texture:
        picture = io.BytesIO()
        Image.new("RGB", (2, 2), (200, 100, 50)).save(picture, "PNG")
        whole["images"] = [
            {"uri": "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode(), "name": "Grain"}
        ]
        whole["textures"] = [{"source": 0}]
        pbr["baseColorTexture"] = {"index": 0}
    if carried.keys is not None:
        times = (np.arange(len(carried.keys)) * 10 * FRAME).astype(np.float32)
        sampler = {
            "input": add(times, "SCALAR", 5126),
            "output": add(np.array(carried.keys, np.float32), "VEC3", 5126),
            "interpolation": "LINEAR",
        }
        channel = {"sampler": 0, "target": {"node": 0, "path": "translation"}}
        whole["animations"] = [{"name": "Move", "samplers": [sampler], "channels": [channel]}]
    whole["accessors"], whole["bufferViews"] = accessors, views
    whole["buffers"] = [
        {
            "byteLength": len(data),
            "uri": "data:application/octet-stream;base64," + base64.b64encode(bytes(data)).decode(),
        }
    ]
    return whole
