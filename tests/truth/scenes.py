"""Random scenes for Blender, and where every vertex must be: by matrices, without Blender."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from math import cos, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.truth.membership import rotation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Node:
    """One object: its shape, where it is when it is made, and what happens to its mesh."""

    name: str
    kind: str
    size: dict[str, Any]
    place: dict[str, list[float]]
    parent: str | None = None
    modifier: dict[str, Any] | None = None
    color: list[float] | None = None


@dataclass(frozen=True)
class Move:
    """A later change of an object without a parent, or of the tree: `to` is None where the object is deleted."""

    node: str
    to: dict[str, list[float]] | None


@dataclass(frozen=True)
class Scene:
    """A whole case."""

    nodes: tuple[Node, ...]
    moves: tuple[Move, ...] = ()
    format: str = "glb"
    scale: float | None = None
    seed: str = field(default="", compare=False)


FORMATS = ("glb", "gltf", "obj", "stl", "ply", "usd", "fbx", "abc")


class Maker:
    """Draws scenes: trees with turns, unequal and negative scales, so that shear comes by itself."""

    def __init__(self, seed: int, number: int) -> None:
        self.label = f"{seed}:{number}"
        self._random = random.Random(f"scene {self.label}")

    def scene(self) -> Scene:
        """One case."""
        nodes: list[Node] = []
        for number in range(self._random.randrange(1, 6)):
            parent = self._random.choice(nodes).name if nodes and self._random.random() < 0.6 else None
            nodes.append(self._node(f"N{number + 1}", parent))
        if all(node.kind == "empty" for node in nodes):
            nodes.append(self._node(f"N{len(nodes) + 1}", None, solid=True))
        roots = [node for node in nodes if node.parent is None]
        moves = tuple(self._move(self._random.choice(roots)) for _ in range(self._random.randrange(3)))
        if moves and self._random.random() < 0.2:
            gone = self._random.choice(roots)
            if sum(node.kind != "empty" for node in nodes if node is not gone) > 0:
                moves = (*(move for move in moves), Move(gone.name, None))
        scale = self._random.choice((None, None, 1000.0, 0.01))
        return Scene(tuple(nodes), moves, self._random.choice(FORMATS), scale, self.label)

    def _node(self, name: str, parent: str | None, *, solid: bool = False) -> Node:
        kinds = ("cube", "cylinder", "cone", "mesh", "plane", "empty") if not solid else ("cube",)
        kind = self._random.choice(kinds)
        uniform = self._random.uniform
        size: dict[str, Any] = {}
        if kind in ("cube", "plane"):
            size = {"size": round(uniform(0.5, 3), 2)}
        elif kind == "cylinder":
            size = {"radius": round(uniform(0.5, 2), 2), "depth": round(uniform(0.5, 3), 2), "vertices": 8}
        elif kind == "cone":
            size = {
                "radius1": round(uniform(1, 2), 2),
                "radius2": 0.0,
                "depth": round(uniform(0.5, 3), 2),
                "vertices": 8,
            }
        elif kind == "mesh":
            size = {"vertices": [[round(uniform(-1, 1), 2) for _ in range(3)] for _ in range(4)]}
            a, b, c, d = (np.array(point) for point in size["vertices"])
            outward = np.dot(np.cross(b - a, c - a), d - a) < 0
            size["faces"] = [[0, 1, 2], [0, 3, 1], [1, 3, 2], [2, 3, 0]]
            if not outward:
                size["faces"] = [face[::-1] for face in size["faces"]]
        modifier = self._modifier() if kind in ("cube", "cylinder", "mesh") and self._random.random() < 0.3 else None
        color = [round(uniform(0, 1), 3) for _ in range(3)] if self._random.random() < 0.5 and kind != "empty" else None
        return Node(name, kind, size, self._place(), parent, modifier, color)

    def _place(self) -> dict[str, list[float]]:
        uniform, choose = self._random.uniform, self._random.choice
        place = {"location": [round(uniform(-5, 5), 2) for _ in range(3)]}
        if self._random.random() < 0.7:
            turn = choose((lambda: choose((0.0, 45.0, 90.0, 180.0)), lambda: round(uniform(-180, 180), 1)))
            place["rotation"] = [turn() for _ in range(3)]
        if self._random.random() < 0.6:
            place["scale"] = [round(uniform(0.3, 3), 2) * choose((1, 1, 1, -1)) for _ in range(3)]
        return place

    def _modifier(self) -> dict[str, Any]:
        if self._random.random() < 0.5:
            offset = [round(self._random.uniform(2, 5), 1), 0.0, 0.5]
            return {"type": "array", "count": self._random.randrange(2, 4), "constant_offset": offset}
        return {"type": "mirror", "axes": [self._random.choice("xyz")], "merge": False}

    def _move(self, node: Node) -> Move:
        place = self._place()
        kept = self._random.choice((("location",), ("scale",), ("rotation",), ("location", "rotation", "scale")))
        return Move(
            node.name, {key: value for key, value in place.items() if key in kept} or {"location": [1.0, 2.0, 3.0]}
        )


# --- where it is -----------------------------------------------------------------------------------------------------


def matrix(place: dict[str, list[float]]) -> Floats:
    """Location, rotation (XYZ Euler, degrees) and scale as one matrix."""
    whole = np.eye(4)
    whole[:3, :3] = rotation(place.get("rotation", [0.0, 0.0, 0.0])) @ np.diag(place.get("scale", [1.0, 1.0, 1.0]))
    whole[:3, 3] = place.get("location", [0.0, 0.0, 0.0])
    return whole


def mesh_of(node: Node) -> tuple[Floats, float]:
    """The vertices in the object's own coordinates, modifiers included, and the volume that they enclose."""
    size = node.size
    if node.kind == "empty":
        return np.zeros((0, 3)), 0.0
    if node.kind == "cube":
        half = size["size"] / 2
        points = [[x, y, z] for x in (-half, half) for y in (-half, half) for z in (-half, half)]
        volume = size["size"] ** 3
    elif node.kind == "plane":
        half = size["size"] / 2
        points, volume = [[x, y, 0.0] for x in (-half, half) for y in (-half, half)], 0.0
    elif node.kind == "mesh":
        points = size["vertices"]
        a, b, c, d = (np.array(point) for point in points)
        volume = abs(float(np.dot(np.cross(b - a, c - a), d - a))) / 6
    else:
        low, high = size.get("radius", size.get("radius1", 0.0)), size.get("radius", size.get("radius2", 0.0))
        count, depth = size["vertices"], size["depth"]
        turns = [2 * pi * number / count for number in range(count)]
        points = [[low * sin(turn), low * cos(turn), -depth / 2] for turn in turns]
        points += (
            [[high * sin(turn), high * cos(turn), depth / 2] for turn in turns] if high else [[0.0, 0.0, depth / 2]]
        )
        area = count / 2 * sin(2 * pi / count)
        volume = area * depth * (low**2 + low * high + high**2) / 3
    return _modified(np.array(points, float), volume, node.modifier)


def _modified(points: Floats, volume: float, modifier: dict[str, Any] | None) -> tuple[Floats, float]:
    if modifier is None:
        return points, volume
    if modifier["type"] == "array":
        step = np.array(modifier["constant_offset"])
        return np.concatenate([points + number * step for number in range(modifier["count"])]), volume * modifier[
            "count"
        ]
    axis = "xyz".index(modifier["axes"][0])
    image = points.copy()
    image[:, axis] *= -1
    return np.concatenate([points, image]), volume * 2


def worlds(scene: Scene) -> dict[str, Floats]:
    """The world matrix of every object that is left, after all moves.

    A child does not move when it gets a parent, nor when its parent is deleted; it follows its parent's later moves.
    """
    nodes = {node.name: node for node in scene.nodes}
    places = {node.name: dict(node.place) for node in scene.nodes}
    parents = {node.name: node.parent for node in scene.nodes}
    found = {name: matrix(place) for name, place in places.items()}
    for move in scene.moves:
        if move.node not in found:
            continue
        if move.to is None:
            del found[move.node]
            for name, parent in parents.items():
                if parent == move.node:
                    parents[name] = None
            continue
        places[move.node].update(move.to)
        after = matrix(places[move.node])
        change = after @ np.linalg.inv(found[move.node])
        for name in list(found):
            if name == move.node or _descends(name, move.node, parents):
                found[name] = change @ found[name]
    return {name: found[name] for name in nodes if name in found}


def _descends(name: str, ancestor: str, parents: dict[str, str | None]) -> bool:
    parent = parents[name]
    while parent is not None:
        if parent == ancestor:
            return True
        parent = parents[parent]
    return False


def expected(scene: Scene) -> dict[str, tuple[Floats, float]]:
    """World vertices and the enclosed volume of every object with a mesh."""
    nodes = {node.name: node for node in scene.nodes}
    found: dict[str, tuple[Floats, float]] = {}
    for name, world in worlds(scene).items():
        points, volume = mesh_of(nodes[name])
        if len(points):
            volume *= abs(float(np.linalg.det(world[:3, :3])))
            found[name] = points @ world[:3, :3].T + world[:3, 3], volume
    return found


def smaller(scene: Scene) -> list[Scene]:
    """The scene with one thing left out, for each thing that can be."""
    found = [replace(scene, moves=scene.moves[:n] + scene.moves[n + 1 :]) for n in range(len(scene.moves))]
    for node in scene.nodes:
        if any(other.parent == node.name for other in scene.nodes) or len(scene.nodes) == 1:
            continue
        moves = tuple(move for move in scene.moves if move.node != node.name)
        found.append(replace(scene, nodes=tuple(one for one in scene.nodes if one is not node), moves=moves))
    if scene.scale is not None:
        found.append(replace(scene, scale=None))
    for index, node in enumerate(scene.nodes):
        plainer = [replace(node, modifier=None)] if node.modifier else []
        plainer += [replace(node, color=None)] if node.color else []
        for key in node.place:
            plainer.append(replace(node, place={one: value for one, value in node.place.items() if one != key}))
        found += [replace(scene, nodes=(*scene.nodes[:index], one, *scene.nodes[index + 1 :])) for one in plainer]
    return found
