"""Solids by their definition: is a point inside? Volumes by counting points, without any kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.truth.parts import Step

Points = NDArray[np.floating[Any]]
Inside = Callable[[Points], NDArray[np.bool_]]


def rotation(angles: Sequence[float]) -> NDArray[np.float64]:
    """The matrix of XYZ Euler angles in degrees: first about X, then Y, then Z, about fixed axes."""
    x, y, z = (radians(angle) for angle in angles)
    about_x: NDArray[np.float64] = np.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
    about_y: NDArray[np.float64] = np.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
    about_z: NDArray[np.float64] = np.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def matrix(params: dict[str, Any]) -> NDArray[np.float64]:
    """The 4 by 4 matrix of `location` and `rotation`."""
    whole = np.eye(4)
    whole[:3, :3] = rotation(params.get("rotation", (0, 0, 0)))
    whole[:3, 3] = params.get("location", (0, 0, 0))
    return whole


def corners(prism: dict[str, Any]) -> list[list[float]]:
    """The corners of a regular prism's base; the first one lies on +X."""
    count, radius = prism["sides"], prism["circumradius"]
    return [[radius * cos(2 * pi * n / count), radius * sin(2 * pi * n / count), 0.0] for n in range(count)]


def normal(sketch: Step) -> tuple[float, float, float]:
    """Of a sketch's plane: Z, -Y, X."""
    return {"xy": (0.0, 0.0, 1.0), "xz": (0.0, -1.0, 0.0), "yz": (1.0, 0.0, 0.0)}[sketch.params.get("plane", "xy")]


def lift(sketch: Step) -> Callable[[float, float], list[float]]:
    """From the sketch's plane into space."""
    plane, offset = sketch.params.get("plane", "xy"), sketch.params.get("offset", 0.0)
    if plane == "xy":
        return lambda x, y: [x, y, offset]
    if plane == "xz":
        return lambda x, y: [x, -offset, y]
    return lambda x, y: [offset, x, y]


def copies(pattern: Step) -> list[NDArray[np.float64]]:
    """The matrices of a pattern's copies, the original's first."""
    params, found = pattern.params, []
    for number in range(params["count"]):
        each = np.eye(4)
        if pattern.kind == "linear_pattern":
            direction = np.array(params["direction"], float)
            each[:3, 3] = number * params["spacing"] * direction / np.linalg.norm(direction)
        else:
            each[:3, :3] = rotation((0, 0, 360 * number / params["count"]))
            center = np.array(params["center"], float)
            each[:3, 3] = center - each[:3, :3] @ center
        found.append(each)
    return found


def _back(inside: Inside, whole: NDArray[np.float64]) -> Inside:
    inverse = np.linalg.inv(whole)
    return lambda points: inside(points @ inverse[:3, :3].T + inverse[:3, 3])


def _in_sector(points: Points, angle: float) -> NDArray[np.bool_]:
    if angle >= 360:
        return np.ones(len(points), bool)
    return np.degrees(np.arctan2(points[:, 1], points[:, 0])) % 360 <= angle


def _in_polygon(x: Points, y: Points, polygon: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """By counting how often a ray to the right crosses the polygon."""
    inside = np.zeros(len(x), bool)
    for (ax, ay, *_), (bx, by, *_) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


def _primitive(kind: str, p: dict[str, Any]) -> Inside:
    def inside(points: Points) -> NDArray[np.bool_]:
        x, y, z = points.T
        if kind == "box":
            return (x >= 0) & (x <= p["length"]) & (y >= 0) & (y <= p["width"]) & (z >= 0) & (z <= p["height"])
        far = np.hypot(x, y)
        if kind == "cylinder":
            return (far <= p["radius"]) & (z >= 0) & (z <= p["height"]) & _in_sector(points, p.get("angle", 360.0))
        if kind == "cone":
            wide = p["radius1"] + (p["radius2"] - p["radius1"]) * z / p["height"]
            return (far <= wide) & (z >= 0) & (z <= p["height"])
        if kind == "sphere":
            return far**2 + z**2 <= p["radius"] ** 2
        if kind == "torus":
            return (far - p["radius1"]) ** 2 + z**2 <= p["radius2"] ** 2
        return _in_polygon(x, y, corners(p)) & (z >= 0) & (z <= p["height"])

    return _back(inside, matrix(p))


def _profile(sketch: Step, x: Points, y: Points) -> NDArray[np.bool_]:
    element = sketch.params["geometry"][0]
    if element["type"] == "circle":
        return np.hypot(x - element["center"][0], y - element["center"][1]) <= element["radius"]
    return _in_polygon(x, y, element["points"])


def _extruded(sketch: Step, low: float, high: float) -> Inside:
    plane, offset = sketch.params.get("plane", "xy"), sketch.params.get("offset", 0.0)

    def inside(points: Points) -> NDArray[np.bool_]:
        x, y, z = points.T
        u, v, w = {"xy": (x, y, z), "xz": (x, z, -y), "yz": (y, z, x)}[plane]
        return _profile(sketch, u, v) & (offset + low <= w) & (w <= offset + high)

    return inside


def _revolved(sketch: Step, angle: float) -> Inside:
    """About Y, from the XY plane on: a positive turn takes X to -Z."""

    def inside(points: Points) -> NDArray[np.bool_]:
        x, y, z = points.T
        turned = np.column_stack((x, -z, y))
        return _profile(sketch, np.hypot(x, z), y) & _in_sector(turned, angle)

    return inside


def build(steps: Sequence[Step]) -> dict[str, Inside]:
    """For every object that has a plain definition, whether points are inside it."""
    made: dict[str, Inside] = {}
    by_name = {step.name: step for step in steps}
    for step in steps:
        one = _define(step, by_name, made)
        if one is not None:
            made[one[0]] = one[1]
    return made


def _define(step: Step, by_name: dict[str, Step], made: dict[str, Inside]) -> tuple[str, Inside] | None:
    if step.kind in ("box", "cylinder", "cone", "sphere", "torus", "prism"):
        return step.name, _primitive(step.kind, step.params)
    if step.kind in ("pad", "pocket"):
        sketch = by_name[step.inputs[0]]
        body = by_name[sketch.params["body"]]
        low, high = (-1000.0, 0.0) if step.kind == "pocket" else (0.0, step.params["length"])
        tool, before = _back(_extruded(sketch, low, high), matrix(body.params)), made.get(body.name)
        if before is None:
            return body.name, tool
        if step.kind == "pocket":
            return body.name, lambda points: before(points) & ~tool(points)
        return body.name, lambda points: before(points) | tool(points)
    if step.kind == "extrude":
        return step.name, _extruded(by_name[step.inputs[0]], 0.0, step.params["length"])
    if step.kind == "revolve":
        return step.name, _revolved(by_name[step.inputs[0]], step.params.get("angle", 360.0))
    if any(name not in made for name in step.inputs) or not step.inputs:
        return None
    first, *others = [made[name] for name in step.inputs]
    if step.kind == "union":
        return step.name, lambda points: first(points) | np.any([each(points) for each in others], axis=0)
    if step.kind == "subtract":
        return step.name, lambda points: first(points) & ~np.any([each(points) for each in others], axis=0)
    if step.kind == "intersect":
        return step.name, lambda points: first(points) & np.all([each(points) for each in others], axis=0)
    if step.kind == "mirror":
        axis = {"xy": 2, "xz": 1, "yz": 0}[step.params["plane"]]
        base = step.params.get("base", (0, 0, 0))[axis]
        image = np.eye(4)
        image[axis, axis], image[axis, 3] = -1, 2 * base
        return step.name, _back(first, image)
    if step.kind in ("linear_pattern", "polar_pattern"):
        parts = [_back(first, each) for each in copies(step)]
        return step.name, lambda points: np.any([each(points) for each in parts], axis=0)
    return None


def counted_volume(inside: Inside, low: Sequence[float], high: Sequence[float], count: int) -> tuple[float, float]:
    """The volume (mm³) within a box, and its standard error, from `count` points of an additive recurrence.

    The error given is that of random points; the points used here are spread more evenly, so it is an upper bound.
    """
    golden = 1.2207440846057596
    steps = np.array([1 / golden, 1 / golden**2, 1 / golden**3])
    points = (0.5 + np.arange(1, count + 1)[:, None] * steps) % 1
    size = np.array(high) - np.array(low)
    share = float(np.mean(inside(np.array(low) + points * size)))
    whole = float(np.prod(size))
    return share * whole, whole * (share * (1 - share) / count) ** 0.5
