"""A block of 10 by 20 by 30 and other small solids, as points and faces."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float, float]
Face = tuple[int, ...]

BLOCK: list[Point] = [(x, y, z) for z in (0, 30) for y in (0, 20) for x in (0, 10)]
QUADS: list[Face] = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6)]
TRIANGLES: list[Face] = [face for a, b, c, d in QUADS for face in ((a, b, c), (a, c, d))]
BLOCK_VOLUME = 6000.0
BLOCK_AREA = 2200.0
BLOCK_BOX = ((0, 0, 0), (10, 20, 30))

# The letter L, extruded: its ends are concave.
L_OUTLINE: list[tuple[float, float]] = [(0, 0), (30, 0), (30, 10), (10, 10), (10, 40), (0, 40)]
L_POINTS: list[Point] = [(x, y, z) for z in (0, 5) for x, y in L_OUTLINE]
L_FACES: list[Face] = [tuple(range(5, -1, -1)), tuple(range(6, 12))] + [
    (i, (i + 1) % 6, (i + 1) % 6 + 6, i + 6) for i in range(6)
]
L_VOLUME = (30 * 10 + 10 * 30) * 5.0
L_BOX = ((0, 0, 0), (30, 40, 5))

TETRA: list[Point] = [(0, 0, 0), (6, 0, 0), (0, 6, 0), (0, 0, 6)]
TETRA_FACES: list[Face] = [(0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)]
TETRA_VOLUME = 36.0


def moved(points: Sequence[Point], x: float = 0, y: float = 0, z: float = 0) -> list[Point]:
    return [(a + x, b + y, c + z) for a, b, c in points]


def scaled(points: Sequence[Point], factor: float) -> list[Point]:
    return [(a * factor, b * factor, c * factor) for a, b, c in points]
