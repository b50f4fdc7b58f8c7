"""Text on the sheet: the font, labels that collide with nothing, lengths in readable units."""

from __future__ import annotations

import math
from functools import lru_cache
from importlib.resources import files
from typing import Any

from PIL import ImageDraw, ImageFont

from cadgate.look.arrays import Array, np

INK = (32, 36, 42)
_PAPER = (255, 255, 255)
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@lru_cache(maxsize=32)
def font(size: int) -> Any:
    """Return the font of all text. It comes with a package, so that every machine draws the same."""
    path = files("font_source_sans_pro") / "files" / "SourceSansPro-Semibold.ttf"
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def is_drawable(text: str) -> bool:
    """Whether the font has every character of `text`, and it reads from left to right."""
    if not text.strip():
        return False
    missing = _missing()
    drawn = font(16)
    return all(each == " " or bytes(drawn.getmask(each)) not in (missing, b"") for each in text)


@lru_cache(maxsize=1)
def _missing() -> bytes:
    return bytes(font(16).getmask("\uffff"))


def width_of(text: str, size: int) -> int:
    return math.ceil(font(size).getlength(text))


def shortened(text: str, size: int, room: float) -> str:
    """Return `text`, with its middle left out if it would be wider than `room` pixels."""
    if width_of(text, size) <= room:
        return text
    keep = len(text) - 1
    while keep > 2 and width_of(_without_middle(text, keep), size) > room:
        keep -= 1
    return _without_middle(text, keep)


def _without_middle(text: str, keep: int) -> str:
    return text[: (keep + 1) // 2] + "…" + text[len(text) - keep // 2 :]


class Labels:
    """Places names in one view so that they overlap neither each other, nor the pixels that they name.

    `shown` has the number of the object at each pixel of the view, which labels of others leave alone if they can.
    """

    def __init__(self, draw: ImageDraw.ImageDraw, frame: Box, size: int, reserved: list[Box], shown: Any) -> None:
        self._draw, self._frame, self._size, self._shown = draw, frame, size, shown
        self._boxes: Array = np.zeros((64, 4), np.int64)
        self._count = 0
        for box in reserved:
            self._take(box)

    def put(
        self, text: str, place: int, anchor: tuple[int, int], color: tuple[int, int, int], *, rings: int, pixels: float
    ) -> bool:
        """Draw `text` for the object `place`, with a line to `anchor`. Returns whether there was room for it.

        `rings` says how far away it may be, in lines of text; `pixels`, how many show the object, which should not be
        covered by its own label if it is small.
        """
        width, height = width_of(text, self._size) + 6, self._size + 4
        own = 10.0 if pixels < 5 * width * height else 0.0
        places = self._places(anchor, width, height, rings)
        free = np.nonzero(self._are_free(places, width, height))[0]
        best: tuple[float, Box] | None = None
        for number in free:
            if best is not None and number >= best[0]:
                break  # each further one costs more, whatever it covers
            left, top = (int(each) for each in places[number])
            box = (left, top, left + width, top + height)
            others, itself = self._covered(box, place)
            cost = float(number) + 40 * others + own * itself
            if best is None or cost < best[0]:
                best = (cost, box)
        if best is None:
            return False
        self._take(best[1])
        self._write(text, best[1], anchor, color)
        return True

    def _take(self, box: Box) -> None:
        if self._count == len(self._boxes):
            self._boxes = np.concatenate([self._boxes, np.zeros_like(self._boxes)])
        self._boxes[self._count] = box
        self._count += 1

    def _covered(self, box: Box, place: int) -> tuple[float, float]:
        """Return the part of a box in which other objects are, and that in which this one is."""
        left, top = self._frame[:2]
        under = self._shown[box[1] - top : box[3] - top, box[0] - left : box[2] - left]
        if not under.size:
            return 0.0, 0.0
        own = float((under == place).mean())
        return float((under >= 0).mean()) - own, own

    def reserve(self, anchor: tuple[int, int]) -> None:
        """Keep labels away from a pixel that shows an object."""
        self._take((anchor[0] - 2, anchor[1] - 2, anchor[0] + 3, anchor[1] + 3))

    def _places(self, anchor: tuple[int, int], width: int, height: int, rings: int) -> Array:
        """Return left and top of each box that may hold the label, the best first."""
        left, top, right, bottom = self._frame
        away = (5 + np.arange(rings) * height)[:, None]
        across = anchor[0] - width / 2 + _DIRECTIONS[:, 0] * (width / 2 + away)
        down = anchor[1] - height / 2 + _DIRECTIONS[:, 1] * (height / 2 + away)
        across = np.minimum(np.maximum(across, left + 1), right - width - 1)
        down = np.minimum(np.maximum(down, top + 1), bottom - height - 1)
        return np.stack([across.ravel(), down.ravel()], axis=1).astype(np.int64)

    def _are_free(self, places: Array, width: int, height: int) -> Array:
        left, top = places[:, :1], places[:, 1:]
        inside = (left[:, 0] > self._frame[0]) & (top[:, 0] > self._frame[1])
        taken = self._boxes[: self._count].T
        meets = (left < taken[2]) & (taken[0] < left + width) & (top < taken[3]) & (taken[1] < top + height)
        return inside & ~meets.any(axis=1)

    def _write(self, text: str, box: Box, anchor: tuple[int, int], color: tuple[int, int, int]) -> None:
        nearest = (min(max(anchor[0], box[0]), box[2] - 1), min(max(anchor[1], box[1]), box[3] - 1))
        if math.dist(nearest, anchor) > 7:
            # Stop before the anchor, whose pixel keeps the object's colour.
            part = 1 - 3 / math.dist(nearest, anchor)
            end = tuple(round(a + (b - a) * part) for a, b in zip(nearest, anchor, strict=True))
            self._draw.line([nearest, end], fill=INK, width=1)  # pyright: ignore[reportArgumentType]
        self._draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=_PAPER, outline=color)
        self._draw.text((box[0] + 3, box[1] + box[3] >> 1), text, fill=INK, font=font(self._size), anchor="lm")


_DIRECTIONS = np.array(((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)))
_UNITS = ((1e3, "km"), (1.0, "m"), (1e-2, "cm"), (1e-3, "mm"), (1e-6, "µm"), (1e-9, "nm"))


def bar(scale: float, room: float, metres: float | None, unit: str) -> tuple[float, str]:
    """Return the length of a scale bar in units (1, 2 or 5 times a power of ten, at most `room` pixels) and its text.

    `metres` is the length of a unit; None for a unit that is no length of the real world.
    """
    most = room / scale
    power = 10.0 ** math.floor(math.log10(most))
    length = next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-9))
    return length, length_text(length, metres, unit)


def length_text(length: float, metres: float | None, unit: str) -> str:
    if metres is None:
        return f"{length:g} {unit}".strip()
    real = length * metres
    own = [each for each in _UNITS if each[1] == unit]
    if own and 0.0999 <= length < 9999.5:
        return f"{length:g} {unit}"
    size, name = next((each for each in _UNITS if each[1] != "cm" and real >= each[0] * 0.9999), _UNITS[-1])
    return f"{real / size:.6g} {name}"
