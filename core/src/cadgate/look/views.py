"""Views: from where each one looks, how it maps points to pixels, and where it is on the sheet.

Front looks along +Y, right along -X, top along -Z: X is to the right in front and top views, Z is up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cadgate.look.arrays import Array, np

AXES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "front": ((0, -1, 0), (0, 0, 1)),
    "back": ((0, 1, 0), (0, 0, 1)),
    "right": ((1, 0, 0), (0, 0, 1)),
    "left": ((-1, 0, 0), (0, 0, 1)),
    "top": ((0, 0, 1), (0, 1, 0)),
    "bottom": ((0, 0, -1), (0, -1, 0)),
}
"""For each view along an axis, the direction to the viewer, and what is up."""
ISO = (1.0, -1.0, 1.0)
_SECTIONS = {"x": "right", "y": "front", "z": "top"}
_PLACES = {"front": (1, 1), "back": (3, 1), "right": (2, 1), "left": (0, 1), "top": (1, 0), "bottom": (1, 2)}
"""Column and row, as in third-angle projection: what is seen from above is above."""
_MARGIN = 0.06
"""Which part of a picture without text is empty on each side, at least."""
_SMALL = 0.12
"""A view whose content would fill less than this part of its cell has a scale of its own."""


@dataclass
class Camera:
    """A camera of the application: where it is (3 x 4, it looks along its -Z) and what it sees."""

    matrix: Array
    window: tuple[float, float, float, float]
    """Left, right, bottom and top of what it sees: at distance 1 with perspective."""
    perspective: bool
    near: float
    name: str = ""


@dataclass
class View:
    """A view of the sheet. The rectangle is in pixels: left, top, width, height."""

    name: Any
    """As it was requested."""
    title: str
    right: Array
    up: Array
    toward: Array
    """Unit vectors: to the right and up on the sheet, and to the viewer."""
    along_axis: bool = False
    section: tuple[int, float] | None = None
    """The axis, and the place of the plane on it."""
    camera: Camera | None = None
    difference: bool = False
    rectangle: tuple[int, int, int, int] = (0, 0, 1, 1)
    scale: float = 1.0
    """Pixels for each unit of length; 0 with perspective."""
    center: tuple[float, float] = (0.0, 0.0)
    """What is in the middle of the cell, in units along `right` and `up`, from the scene's origin."""
    middle: tuple[float, float] = (0.0, 0.0)
    """Where that is, in pixels of the sheet."""
    extent: tuple[float, float] = (1.0, 1.0)

    @property
    def shows_perspective(self) -> bool:
        return self.camera is not None and self.camera.perspective

    def in_view(self, points: Array, origin: Array) -> Array:
        """Return points (relative to `origin`) along right, up, and away from the viewer."""
        if self.camera is not None:
            points = points + (origin - self.camera.matrix[:, 3])
        return points @ np.array([self.right, self.up, -self.toward]).T

    def to_pixels(self, seen: Array, sharpness: int) -> Array:
        """Return what `in_view` returned as pixels of the cell (`sharpness` for each of the sheet) and depth."""
        left, top = self.rectangle[:2]
        out = np.empty_like(seen)
        if self.camera is not None and self.camera.perspective:
            low, high, bottom, ceiling = self.camera.window
            x0, y0, w, h = self.camera_frame()
            with np.errstate(divide="ignore", invalid="ignore"):
                out[:, 0] = (x0 - left) + (seen[:, 0] / seen[:, 2] - low) / (high - low) * w
                out[:, 1] = (y0 - top) + (ceiling - seen[:, 1] / seen[:, 2]) / (ceiling - bottom) * h
                out[:, 2] = -1.0 / seen[:, 2]
            out[:, :2] *= sharpness
            return out
        scale = self.scale * sharpness
        out[:, 0] = (seen[:, 0] - self.center[0]) * scale + (self.middle[0] - left) * sharpness
        out[:, 1] = (self.center[1] - seen[:, 1]) * scale + (self.middle[1] - top) * sharpness
        out[:, 2] = seen[:, 2] * scale
        return out

    def camera_frame(self) -> tuple[float, float, float, float]:
        """Return left, top, width and height of what the camera sees, in pixels of the sheet."""
        width, height = self.extent[0] * self.scale, self.extent[1] * self.scale
        return self.middle[0] - width / 2, self.middle[1] - height / 2, width, height

    def matrix(self, origin: Array) -> list[list[float]] | None:
        """Return the 2 x 4 matrix from the document's coordinates to pixels of the sheet; None with perspective."""
        if self.shows_perspective:
            return None
        shift = origin if self.camera is None else self.camera.matrix[:, 3]
        across = self.right * self.scale
        down = -self.up * self.scale
        x = self.middle[0] - self.center[0] * self.scale - float(across @ shift)
        y = self.middle[1] + self.center[1] * self.scale - float(down @ shift)
        return [[float(each) + 0.0 for each in (*across, x)], [float(each) + 0.0 for each in (*down, y)]]


def view_of(name: Any, camera: Camera | None, unit: str) -> View:
    """Return the view that was requested: a word, `{"from"}` or `{"section", "at"}`."""
    if isinstance(name, str):
        if name == "iso":
            return _from(name, "iso", ISO)
        if name == "camera":
            assert camera is not None
            turn = camera.matrix[:, :3] / np.linalg.norm(camera.matrix[:, :3], axis=0)
            title = "camera" if camera.name.lower() in ("", "camera") else f"camera: {camera.name}"
            return View(name, title, turn[:, 0], turn[:, 1], turn[:, 2], camera=camera)
        toward, up = AXES[name]
        return View(name, name, np.cross(up, toward).astype(float), np.array(up, float), np.array(toward, float), True)
    if "section" in name:
        axis, at = name["section"], float(name["at"])
        view = view_of(_SECTIONS[axis], None, unit)
        view.name, view.section, view.along_axis = name, ("xyz".index(axis), at), False
        view.title = f"section {axis} = {at:g} {unit}".rstrip()
        return view
    place = name["from"]
    return _from(name, f"from {', '.join(f'{each:g}' for each in place)}", place)


def _from(name: Any, title: str, place: Any) -> View:
    toward = np.array(place, float)
    toward /= np.abs(toward).max()
    toward /= np.linalg.norm(toward)
    upright = (
        np.array((0.0, 0.0, 1.0)) if abs(toward[2]) < 0.999999 else np.array((0.0, math.copysign(1, toward[2]), 0.0))
    )
    right = np.cross(upright, toward)
    right /= np.linalg.norm(right)
    return View(name, title, right, np.cross(toward, right), toward)


def arrange(views: list[View], points: Array, origin: Array, size: int, line: int) -> tuple[int, int]:
    """Give each view its rectangle and scale. Returns the sheet's width and height; `line` is a line of text's."""
    for view in views:
        _measure(view, points, origin)
    places = _places(views)
    columns, rows = 1 + max(x for x, _ in places), 1 + max(y for _, y in places)
    # Some of a view's cell is empty, so that outlines and labels have room.
    wide, tall = size // columns, size // rows
    room_x, above, below = min(2 * line + 8, wide // 4), min(line + 9, tall // 4), min(line + 13, tall // 4)
    room_y = above + below
    least = min(max(4 * line, size // (2 * max(columns, rows) + 1)), wide - room_x, tall - room_y)

    def sizes(scale: float) -> tuple[list[int], list[int]]:
        widths, heights = [least] * columns, [least] * rows
        for view, (x, y) in zip(views, places, strict=True):
            widths[x] = max(widths[x], math.ceil(min(1e6, view.extent[0] * scale)))
            heights[y] = max(heights[y], math.ceil(min(1e6, view.extent[1] * scale)))
        return widths, heights

    def fits(scale: float) -> bool:
        widths, heights = sizes(scale)
        return sum(widths) + columns * room_x <= size and sum(heights) + rows * room_y <= size

    longest = max(max(view.extent) for view in views)
    low, high = 0.0, 2.0 * size / longest
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    widths, heights = sizes(low)
    _stretch(widths, size - columns * room_x, sum(heights) + rows * room_y < size)
    _stretch(heights, size - rows * room_y, sum(widths) + columns * room_x < size)
    for view, (x, y) in zip(views, places, strict=True):
        left = sum(widths[:x]) + x * room_x
        top = sum(heights[:y]) + y * room_y
        width, height = widths[x] + room_x, heights[y] + room_y
        view.rectangle = (left, top, width, height)
        view.middle = (left + width / 2, top + above + heights[y] / 2)
        fit = min(widths[x] / view.extent[0], heights[y] / view.extent[1])
        shared = view.along_axis and low > 0 and fit * _SMALL < low <= fit * (1 + 1e-9)
        view.scale = low if shared else fit
    return sum(widths) + columns * room_x, sum(heights) + rows * room_y


def fill(view: View, size: int) -> int:
    """Give a view a square of its own, with a margin around what it shows. Returns `size`."""
    view.rectangle, view.middle = (0, 0, size, size), (size / 2, size / 2)
    view.scale = size * (1 - 2 * _MARGIN) / max(view.extent)
    return size


def _stretch(sizes: list[int], total: int, wanted: bool) -> None:
    """Enlarge cells evenly until they fill `total`, if neither side of the sheet is as long as it may be."""
    if wanted and sum(sizes) < total:
        share, rest = divmod(total - sum(sizes), len(sizes))
        for number in range(len(sizes)):
            sizes[number] += share + (1 if number < rest else 0)


def _measure(view: View, points: Array, origin: Array) -> None:
    """Determine what the view shows, in units along its axes."""
    if view.camera is not None:
        left, right, bottom, top = view.camera.window
        view.center = ((left + right) / 2, (bottom + top) / 2)
        view.extent = (right - left, top - bottom)
        if view.camera.perspective:
            # Its window is at distance 1: make it as large on the sheet as the whole scene.
            largest = float(np.abs(points).max(initial=0.0)) * 2 or 1.0
            factor = largest / max(view.extent)
            view.extent = (view.extent[0] * factor, view.extent[1] * factor)
        return
    seen = view.in_view(points, origin)[:, :2]
    low, high = seen.min(axis=0), seen.max(axis=0)
    view.center = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
    largest = float((points.max(axis=0) - points.min(axis=0)).max()) or 1.0
    view.extent = (max(float(high[0] - low[0]), largest * 1e-4), max(float(high[1] - low[1]), largest * 1e-4))


def _places(views: list[View]) -> list[tuple[int, int]]:
    """Return column and row of each view: those along axes as in a drawing, the others where there is room."""
    names = [view.name if view.along_axis and isinstance(view.name, str) else None for view in views]
    axes = [name for name in names if name is not None]
    if "front" not in axes or len(set(axes)) != len(axes) or len(axes) < 2:
        columns = math.ceil(math.sqrt(len(views)))
        return [(number % columns, number // columns) for number in range(len(views))]
    taken = {_PLACES[name] for name in axes}
    xs, ys = sorted({x for x, _ in taken}), sorted({y for _, y in taken})
    places: list[tuple[int, int] | None] = [
        None if name is None else (xs.index(_PLACES[name][0]), ys.index(_PLACES[name][1])) for name in names
    ]
    used = {place for place in places if place is not None}
    columns, rows = len(xs), len(ys)
    free = [(x, y) for y in range(rows) for x in reversed(range(columns)) if (x, y) not in used]
    more = sum(place is None for place in places) - len(free)
    if more > 0:
        # Another column on the right, or another row below, whichever keeps the sheet closer to a square.
        while more > 0:
            if columns <= rows:
                free += [(columns, y) for y in range(rows)]
                columns, more = columns + 1, more - rows
            else:
                free += [(x, rows) for x in range(columns)]
                rows, more = rows + 1, more - columns
    pending = iter(free)
    return [next(pending) if place is None else place for place in places]
