"""Shapes and scenes as the drawing sees them: files read and checked, points in the document's coordinates."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cadgate.appserver.shape_files import CLOSED, CREASED, HEADER, MAGIC, SHARP, SINGLE
from cadgate.artifacts.inside import folder_inside, open_plain
from cadgate.errors import InternalError
from cadgate.look.arrays import Array, np

_KEPT_BYTES = 256 << 20
_CREASE = np.cos(np.radians(30.0))
"""Triangles that meet at more than this angle have a visible edge between them."""


class Shape:
    """Triangles and lines in their own coordinates, and what follows from them."""

    def __init__(self, data: bytes) -> None:
        if len(data) < HEADER.size:
            raise ValueError("it has no header")
        magic, points, triangles, lines, flags = HEADER.unpack_from(data)
        single = bool(flags & SINGLE)
        size = HEADER.size + points * (12 if single else 24) + triangles * 14 + lines * 9
        if magic != MAGIC or size != len(data):
            raise ValueError("its size does not match its header")
        at = HEADER.size
        kind = np.dtype("<f4" if single else "<f8")
        self.points: Array = np.frombuffer(data, kind, points * 3, at).reshape(-1, 3).astype(np.float64)
        at += points * 3 * kind.itemsize
        self.triangles: Array = np.frombuffer(data, "<i4", triangles * 3, at).reshape(-1, 3).astype(np.int64)
        at += triangles * 12
        self.colors: Array = np.frombuffer(data, "<u2", triangles, at).astype(np.int64)
        at += triangles * 2
        self.lines: Array = np.frombuffer(data, "<i4", lines * 2, at).reshape(-1, 2).astype(np.int64)
        at += lines * 8
        self.sharp: Array = np.frombuffer(data, "u1", lines, at) == SHARP
        self._says_closed, self._creased = bool(flags & CLOSED), bool(flags & CREASED)
        for numbers in (self.triangles, self.lines):
            if numbers.size and not (numbers.min() >= 0 and numbers.max() < points):
                raise ValueError("it refers to points that are not there")
        if not np.isfinite(self.points).all():
            raise ValueError("a point is not finite")
        self.size = len(data) * 3

    @cached_property
    def edges(self) -> Array:
        """Pairs of points: the sharp lines it came with, and where its triangles meet at an angle, or end."""
        own = self.lines[self.sharp]
        return np.concatenate([own, self._creases()]) if self._creased else own

    @cached_property
    def closed(self) -> bool:
        """Whether its triangles enclose something: each edge of one is that of another in the opposite direction."""
        if self._says_closed or not self._creased or not len(self.triangles):
            return self._says_closed
        ends = self.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        there = ends[:, 0] * len(self.points) + ends[:, 1]
        back = ends[:, 1] * len(self.points) + ends[:, 0]
        return bool(np.array_equal(np.sort(there), np.sort(back)))

    @cached_property
    def wires(self) -> Array:
        """Pairs of points: all its lines, or else the edges of its triangles."""
        if len(self.lines):
            return self.lines
        pairs = np.sort(self.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        return np.unique(pairs, axis=0) if len(pairs) else pairs

    @cached_property
    def outward(self) -> bool:
        """Whether it is closed, and its triangles face outwards, so that those behind are never visible."""
        if not self.closed:
            return False
        a, b, c = (self.points[self.triangles[:, corner]] - self.points[0] for corner in range(3))
        return float((a * np.cross(b, c)).sum()) > 0

    def _creases(self) -> Array:
        if not len(self.triangles):
            return np.zeros((0, 2), np.int64)
        corners = self.points[self.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normals, axis=1)
        normals = normals / np.where(length == 0, 1.0, length)[:, None]
        pairs = np.sort(self.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        owner = np.repeat(np.arange(len(self.triangles)), 3)
        keys = pairs[:, 0] * len(self.points) + pairs[:, 1]
        order = np.argsort(keys, kind="stable")
        keys, owner, pairs = keys[order], owner[order], pairs[order]
        first = np.nonzero(np.r_[True, keys[1:] != keys[:-1]])[0]
        counts = np.diff(np.r_[first, len(keys)])
        sharp = counts != 2
        two = np.nonzero(~sharp)[0]
        one, other = owner[first[two]], owner[first[two] + 1]
        sharp[two] = np.einsum("ij,ij->i", normals[one], normals[other]) < _CREASE
        return pairs[first[sharp]]


class ShapeCache:
    """Shapes that were read lately, by name."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Shape] = OrderedDict()

    def read(self, root: Path, folder: Path, names: set[str]) -> dict[str, Shape]:
        """Return the shapes with these names. Raises FileNotFoundError, InternalError for a file that is not one."""
        found: dict[str, Shape] = {}
        missing = [name for name in sorted(names) if name not in self._known]
        if missing:
            with folder_inside(root, folder) as opened:
                for name in missing:
                    try:
                        with open_plain(opened, name) as file:
                            self._known[name] = Shape(file.read())
                    except FileNotFoundError:
                        raise
                    except (OSError, ValueError) as error:
                        raise InternalError(f"The application wrote no usable shape {name!r}: {error}") from error
        for name in names:
            self._known.move_to_end(name)
            found[name] = self._known[name]
        while len(self._known) > len(names) and sum(each.size for each in self._known.values()) > _KEPT_BYTES:
            self._known.popitem(last=False)
        return found


@dataclass
class Item:
    """An object with its parts (a shape in a place each) and its colours (RGBA, 0…1, as they are to look)."""

    name: str
    type: str
    parts: list[tuple[Shape, Array]]
    colors: Array
    own_color: bool
    box: tuple[Array, Array]
    matters: str
    """Everything that distinguishes it from an earlier state, as text."""
    number: int = 0

    @property
    def main(self) -> int:
        """The row of its colours that most of its triangles have."""
        if len(self.colors) == 1 or not self.parts:
            return 0
        shape = self.parts[0][0]
        found = np.bincount(np.minimum(shape.colors, len(self.colors) - 1), minlength=1)
        return int(np.argmax(found)) if len(shape.colors) else 0


@dataclass
class Mesh:
    """All triangles and lines of some objects, in the document's coordinates, shifted so that `origin` is 0."""

    points: Array
    triangles: Array
    owner: Array
    """The place in `items` of each triangle's object."""
    color: Array
    """The colour of each triangle: a row of `palette`."""
    palette: Array
    lines: Array
    line_owner: Array
    origin: Array
    solids: list[int] = field(default_factory=list[int])
    """The places in `items` of the objects that enclose a volume."""
    opaque: Array = None
    """Whether each object looks the same from outside without the triangles that face away."""


def items_of(answer: list[dict[str, Any]], shapes: dict[str, Shape]) -> list[Item]:
    """Return the application's objects as items; those without colours of their own get distinct ones."""
    found: list[Item] = []
    chosen = _chosen([entry["name"] for entry in answer if not entry["colors"]])
    for entry in answer:
        parts = [(shapes[part["shape"]], np.array(part["matrix"], float).reshape(3, 4)) for part in entry["parts"]]
        colors = [_rgba(each) for each in entry["colors"] or ()]
        if not colors:
            colors = [distinct(chosen[entry["name"]])]
        box = entry.get("box")
        low, high = (np.array(box["min"], float), np.array(box["max"], float)) if box else _box(parts)
        found.append(
            Item(
                entry["name"],
                entry["type"],
                parts,
                np.array(colors),
                bool(entry["colors"]),
                (low, high),
                repr([[(part["shape"], part["matrix"]) for part in entry["parts"]], entry["colors"]]),
                len(found),
            )
        )
    return found


def _rgba(given: list[float]) -> list[float]:
    channels = [min(1.0, max(0.0, float(each))) for each in given]
    return [*channels, 1.0][:4]


_HUES = 18


def _chosen(names: list[str]) -> dict[str, int]:
    """Return a number for the colour of each object: by its name, so that it keeps it, but each number as rarely as
    possible.
    """
    found: dict[str, int] = {}
    taken: set[int] = set()
    for name in names:
        number = zlib.crc32(name.encode()) % _HUES
        if len(taken) == _HUES:
            taken.clear()
        while number in taken:
            number = (number + 7) % _HUES
        taken.add(number)
        found[name] = number
    return found


def distinct(number: int) -> list[float]:
    """Return one of the colours for objects without one: 18 hues, of which neighbours differ in lightness."""
    hue = number / _HUES
    value, saturation = ((0.88, 0.55), (0.70, 0.62), (0.95, 0.40))[number % 3]
    sector, part = int(hue * 6), hue * 6 - int(hue * 6)
    low, down, up = value * (1 - saturation), value * (1 - saturation * part), value * (1 - saturation * (1 - part))
    turns = ((value, up, low), (down, value, low), (low, value, up), (low, down, value), (up, low, value))
    red, green, blue = (*turns, (value, low, down))[sector % 6]
    return [round(red, 4), round(green, 4), round(blue, 4), 1.0]


def _box(parts: list[tuple[Shape, Array]]) -> tuple[Array, Array]:
    lows: list[Array] = []
    highs: list[Array] = []
    for shape, matrix in parts:
        if len(shape.points):
            placed = shape.points @ matrix[:, :3].T + matrix[:, 3]
            lows.append(placed.min(axis=0))
            highs.append(placed.max(axis=0))
    if not lows:
        return np.zeros(3), np.zeros(3)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def mesh_of(items: list[Item], origin: Array, *, wires: bool) -> Mesh:
    """Join the objects. `wires`: every line, not only the sharp ones."""
    points: list[Array] = []
    triangles: list[Array] = []
    owner: list[Array] = []
    color: list[Array] = []
    palette: list[Array] = []
    lines: list[Array] = []
    line_owner: list[Array] = []
    start = rows = 0
    solids: list[int] = []
    opaque = np.array([bool(item.parts) and all(shape.outward for shape, _ in item.parts) for item in items], bool)
    for place, item in enumerate(items):
        if item.parts and all(shape.closed for shape, _ in item.parts):
            solids.append(place)
        for shape, matrix in item.parts:
            placed = shape.points @ matrix[:, :3].T + (matrix[:, 3] - origin)
            facets = shape.triangles
            if np.linalg.det(matrix[:, :3]) < 0:
                facets = facets[:, ::-1]
            points.append(placed)
            triangles.append(facets + start)
            owner.append(np.full(len(facets), place))
            color.append(np.minimum(shape.colors, len(item.colors) - 1) + rows)
            drawn = shape.wires if wires else shape.edges
            lines.append(drawn + start)
            line_owner.append(np.full(len(drawn), place))
            start += len(placed)
        palette.append(item.colors)
        rows += len(item.colors)
    return Mesh(
        _joined(points, (0, 3), float),
        _joined(triangles, (0, 3), np.int64),
        _joined(owner, (0,), np.int64),
        _joined(color, (0,), np.int64),
        _joined(palette, (0, 4), float),
        _joined(lines, (0, 2), np.int64),
        _joined(line_owner, (0,), np.int64),
        origin,
        solids,
        opaque,
    )


def _joined(parts: list[Array], empty: tuple[int, ...], kind: Any) -> Array:
    return np.concatenate(parts) if parts else np.zeros(empty, kind)
