"""Affine transforms: three rows of four numbers."""

from __future__ import annotations

from typing import Tuple

Transform = Tuple[float, ...]

IDENTITY: Transform = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def scaling(x: float, y: float, z: float) -> Transform:
    return (x, 0.0, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 0.0, z, 0.0)


def translation(x: float, y: float, z: float) -> Transform:
    return (1.0, 0.0, 0.0, x, 0.0, 1.0, 0.0, y, 0.0, 0.0, 1.0, z)


def point(transform: Transform, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return the transformed point."""
    a, b, c, t, d, e, f, u, g, h, i, v = transform
    return (a * x + b * y + c * z + t, d * x + e * y + f * z + u, g * x + h * y + i * z + v)


def vector(transform: Transform, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return the transformed difference of two points."""
    a, b, c, _, d, e, f, _, g, h, i, _ = transform
    return (a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z)


def product(left: Transform, right: Transform) -> Transform:
    """Combine two transforms of three rows of four: first `right`, then `left`."""
    result: list[float] = []
    for row in range(3):
        a, b, c, t = left[4 * row : 4 * row + 4]
        for column in range(4):
            value = a * right[column] + b * right[4 + column] + c * right[8 + column]
            result.append(value + t if column == 3 else value)
    return tuple(result)
