"""A depth buffer in numpy: which triangle is nearest at each pixel, and which parts of lines are not behind one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cadgate.look.arrays import Array, np

_CHUNK = 100_000
"""The number of triangles, or spans, that are processed at a time, which bounds the memory."""
_FRAGMENTS = 4_000_000
_PIXELS = 1 << 20
_FAR = np.uint64(0xFFFFFFFFFFFFFFFF)
_STEPS = float(0xFFFFFFF0)


class Frame(NamedTuple):
    """What is visible in a view: for each pixel, row by row, the number of its triangle (-1: none) and its depth."""

    triangle: Array
    depth: Array
    width: int
    height: int


def nearest(points: Array, triangles: Array, width: int, height: int, front: float | None = None) -> Frame:
    """Return what is nearest at the centre of each pixel.

    `points` are x and y in pixels (y downwards) and a depth that grows away from the viewer and is linear on the
    screen. What is nearer than `front` is left out. Of equally near triangles, the first one is taken.
    """
    buffer = np.full(width * height, _FAR, np.uint64)
    if len(points) and len(triangles):
        used = points[:, 2]
        low, high = float(used.min()), float(used.max())
    else:
        low, high = 0.0, 1.0
    factor = _STEPS / max(high - low, 1e-300)
    for pixels, depths, numbers in fragments(points, triangles, width, height):
        if front is not None:
            kept = depths >= front
            pixels, depths, numbers = pixels[kept], depths[kept], numbers[kept]
        keys = ((np.clip(depths, low, high) - low) * factor).astype(np.uint64)
        keys <<= np.uint64(32)
        keys |= numbers.astype(np.uint64)
        np.minimum.at(buffer, pixels, keys)
    number, depth = np.empty(len(buffer), np.int32), np.empty(len(buffer))
    for part in parts(len(buffer)):
        keys, empty = buffer[part], buffer[part] == _FAR
        number[part] = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
        number[part][empty] = -1
        depth[part] = (keys >> np.uint64(32)) / factor + low
        depth[part][empty] = np.inf
    return Frame(number, depth, width, height)


def parts(count: int) -> Iterator[slice]:
    """Yield the parts of something long, one after the other: what is made of one at a time is short."""
    for start in range(0, count, _PIXELS):
        yield slice(start, min(start + _PIXELS, count))


def fragments(points: Array, triangles: Array, width: int, height: int) -> Any:
    """Yield (pixels, depths, triangle numbers) of every pixel whose centre a triangle covers, in pieces."""
    for start in range(0, len(triangles), _CHUNK):
        corners = points[triangles[start : start + _CHUNK]]
        yield from _filled(corners, start, width, height)


def _filled(corners: Array, start: int, width: int, height: int) -> Any:
    x, y, z = (np.ascontiguousarray(corners[:, :, axis].T) for axis in range(3))
    area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    top = np.clip(np.ceil(y.min(axis=0) - 0.5), 0, height)
    rows = np.clip(np.ceil(y.max(axis=0) - 0.5), 0, height) - top
    reach = (x.max(axis=0) > 0.5) & (x.min(axis=0) < width)
    found = np.nonzero((rows > 0) & (np.abs(area) > 1e-12) & reach & np.isfinite(area))[0]
    if not len(found):
        return
    x, y, z, area, top = x[:, found], y[:, found], z[:, found], area[found], top[found]
    rows = rows[found].astype(np.int64)
    slope_x = ((z[1] - z[0]) * (y[2] - y[0]) - (z[2] - z[0]) * (y[1] - y[0])) / area
    slope_y = ((z[2] - z[0]) * (x[1] - x[0]) - (z[1] - z[0]) * (x[2] - x[0])) / area
    owner = np.repeat(np.arange(len(found)), rows)
    row = top[owner] + _within(rows)
    middle = row + 0.5
    left, right = np.full(len(owner), -np.inf), np.full(len(owner), np.inf)
    turn = np.sign(area)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        rise = y[b] - y[a]
        # From the upper end, so that both triangles of an edge get the same crossing, to the last bit.
        upper_x, upper_y = np.where(rise > 0, x[a], x[b]), np.where(rise > 0, y[a], y[b])
        with np.errstate(divide="ignore", invalid="ignore"):
            lean = np.where(rise == 0, 0.0, (x[b] - x[a]) / rise)
        crossing = upper_x[owner] + (middle - upper_y[owner]) * lean[owner]
        side = (rise * turn)[owner]
        np.minimum(right, crossing, out=right, where=side > 0)
        np.maximum(left, crossing, out=left, where=side < 0)
    first = np.clip(np.ceil(left - 0.5), 0, width)
    counts = (np.clip(np.ceil(right - 0.5), 0, width) - first).astype(np.int64)
    spans = np.nonzero(counts > 0)[0]
    counts, owner, first, row, middle = counts[spans], owner[spans], first[spans], row[spans], middle[spans]
    depth = z[0][owner] + (first + 0.5 - x[0][owner]) * slope_x[owner] + (middle - y[0][owner]) * slope_y[owner]
    pixel = (row * width + first).astype(np.int64)
    number, lean = found[owner] + start, slope_x[owner]
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + _FRAGMENTS)))
        part = slice(begin, end)
        sizes = counts[part]
        along = _within(sizes)
        yield (
            np.repeat(pixel[part], sizes) + along,
            np.repeat(depth[part], sizes) + along * np.repeat(lean[part], sizes),
            np.repeat(number[part], sizes),
        )
        begin = end


def _within(sizes: Array) -> Array:
    """Return 0, 1, … for each of the sizes, one after the other."""
    return np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def on_lines(
    points: Array, lines: Array, frame: Frame, slack: float | None, *, lenient: bool = True
) -> tuple[Array, Array]:
    """Return the pixels of the lines (pairs of points) and the number of the line of each.

    With `slack`, only where nothing is nearer by more than that; None returns hidden parts too. `lenient` also looks
    behind the neighbouring pixels, since a line on the border of a surface may fall beside it.
    """
    width, height = frame.width, frame.height
    starts, ends = points[lines[:, 0]], points[lines[:, 1]]
    shown, starts, ends = _cut(starts, ends, width, height)
    steps = np.ceil(np.abs(ends - starts)[:, :2].max(axis=1, initial=0)).astype(np.int64) + 1
    owner = np.repeat(np.arange(len(shown)), steps)
    part = (_within(steps) + 0.5) / steps[owner]
    where = starts[owner] + (ends - starts)[owner] * part[:, None]
    column, row = np.floor(where[:, 0]).astype(np.int64), np.floor(where[:, 1]).astype(np.int64)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    column, row, owner, depth = column[inside], row[inside], owner[inside], where[inside, 2]
    pixel = row * width + column
    seen = frame.depth[pixel] > -np.inf  # there, nothing is to be drawn
    if slack is not None:
        behind = frame.depth[pixel]
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)) if lenient else ():
            beside = np.clip(row + dy, 0, height - 1) * width + np.clip(column + dx, 0, width - 1)
            behind = np.maximum(behind, frame.depth[beside])
        seen &= depth <= behind + slack
    return pixel[seen], shown[owner[seen]]


def _cut(starts: Array, ends: Array, width: int, height: int) -> tuple[Array, Array, Array]:
    """Cut lines to the frame, so that no line has more steps than the frame has pixels across."""
    low, high = np.zeros(len(starts)), np.ones(len(starts))
    move = ends - starts
    for axis, limit in ((0, width), (1, height)):
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = (0.0 - starts[:, axis]) / move[:, axis], (limit - starts[:, axis]) / move[:, axis]
        flat = move[:, axis] == 0
        out = flat & ((starts[:, axis] < 0) | (starts[:, axis] > limit))
        low = np.where(flat, np.where(out, 2.0, low), np.maximum(low, np.minimum(one, other)))
        high = np.where(flat, high, np.minimum(high, np.maximum(one, other)))
    shown = np.nonzero((low <= high) & np.isfinite(move).all(axis=1))[0]
    first, last, move, begin = low[shown, None], high[shown, None], move[shown], starts[shown]
    return shown, begin + move * first, begin + move * last
