"""What is on a sheet: lines, filled areas and texts in mm from the lower left corner, each on a layer, and where."""

from __future__ import annotations

from functools import lru_cache
from math import floor, hypot, log10
from typing import Any, NamedTuple, Tuple

from cadgate_freecad.app import fonts

Point = Tuple[float, float]
LAYERS = {
    # name: width in mm (ISO 128), dashes, colour number of DXF
    "VISIBLE": (0.5, "", 7),
    "SMOOTH": (0.25, "", 8),
    "HIDDEN": (0.25, "3 1.5", 8),
    "CENTER": (0.25, "8 1.5 1 1.5", 1),
    "CUTTING": (0.5, "", 1),
    "HATCH": (0.18, "", 8),
    "DIMENSIONS": (0.25, "", 5),
    "FRAME": (0.5, "", 7),
    "TEXT": (0.25, "", 7),
}
SIZES = {"A4": (297, 210), "A3": (420, 297), "A2": (594, 420), "A1": (841, 594), "A0": (1189, 841)}
BORDER = 10.0
TEXT = 3.5
ARROW = (3.0, 0.5)
_HELVETICA = 0.716
_NOTHING, _SMALL = 1e-7, 0.1


class Text(NamedTuple):
    """A text whose baseline begins at `place`, or has its middle there; `height` in mm, `turn` in degrees (0 or 90)."""

    layer: str
    place: Point
    height: float
    text: str
    centered: bool = False
    turn: int = 0


class Page:
    """What is on a sheet."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.lines: list[tuple[str, list[Point]]] = []
        self.areas: list[tuple[str, list[Point]]] = []
        """Filled: the tips of arrows."""
        self.texts: list[Text] = []


class Sheet:
    """What is on a sheet, what it says of itself, and where there is something already."""

    def __init__(self, size: str) -> None:
        self.page = Page(*SIZES[size])
        self.scale = 1.0
        self.views: list[dict[str, Any]] = []
        self.dimensions: list[dict[str, Any]] = []
        self.taken: list[tuple[float, float, float, float]] = []
        self.written: list[tuple[float, float, float, float]] = []
        """The places of texts."""
        self.circles: dict[int, list[tuple[float, float, float]]] = {}
        """By view, the round faces that it shows as circles: centre and radius."""

    @property
    def inner(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the frame."""
        return BORDER, self.page.width - BORDER, BORDER, self.page.height - BORDER

    def occupy(self, x: float, y: float, width: float, height: float) -> None:
        self.taken.append((x, y, x + width, y + height))

    def is_free(self, x: float, y: float, width: float, height: float) -> bool:
        left, right, bottom, top = self.inner
        if x < left + 1 or y < bottom + 1 or x + width > right - 1 or y + height > top - 1:
            return False
        return not any(x < x2 and x1 < x + width and y < y2 and y1 < y + height for x1, y1, x2, y2 in self.taken)

    def write(self, layer: str, place: Point, height: float, text: str, centered: bool = False, turn: int = 0) -> None:
        """Add a text, whose room is taken then."""
        made = Text(layer, place, height, text, centered, turn)
        self.page.texts.append(made)
        x, y = start_of(made)
        long = length_of(text, height)
        if turn:
            self.occupy(x - height, y, 1.3 * height, long)
        else:
            self.occupy(x, y - 0.3 * height, long, 1.3 * height)
        self.written.append(self.taken[-1])

    def draw(self, layer: str, *points: Point) -> None:
        self.page.lines.append((layer, list(points)))

    def rectangle(self, layer: str, x: float, y: float, width: float, height: float) -> None:
        self.draw(layer, (x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))

    def arrow(self, layer: str, tip: Point, along: Point) -> None:
        """Add a filled tip that points against `along`."""
        long, half = ARROW
        back = (tip[0] + along[0] * long, tip[1] + along[1] * long)
        side = (-along[1] * half, along[0] * half)
        corners = [tip, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])]
        self.page.areas.append((layer, corners))


class View(NamedTuple):
    """A view on the sheet: what is seen, its lower left corner, mm of the sheet for each of the model, and its room."""

    seen: Any
    origin: Point
    factor: float
    box: tuple[float, float, float, float]

    def at(self, point: Any) -> Point:
        """Return where a point in the plane of the view is on the sheet."""
        low = self.seen.low
        return self.origin[0] + (point[0] - low[0]) * self.factor, self.origin[1] + (point[1] - low[1]) * self.factor

    def of(self, point: Any) -> Point:
        """Return where a point of the model is on the sheet."""
        return self.at(self.seen.frame.multVec(point))

    def shows(self, point: Any) -> bool:
        """Return whether a point of the model is within what the view shows: a detail ends at its circle."""
        if isinstance(self.seen.view, str) or "detail" not in self.seen.view:
            return True
        x, y = self.of(point)
        left, bottom, width, height = self.box
        return hypot(x - left - width / 2, y - bottom - height / 2) <= width / 2 + 1e-6


def number(value: float, decimals: int = 3) -> str:
    """Return up to three decimals, of small values more: five digits that count. There are no zeros at the end."""
    if _NOTHING < abs(value) < _SMALL:
        decimals = max(decimals, decimals_of(value))
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def decimals_of(size: float) -> int:
    """Return with how many decimals a size is written, and so the places of what is of this size."""
    return 4 - floor(log10(abs(size))) if _NOTHING < abs(size) < _SMALL else 3


def capitals() -> float:
    """Return the height of capitals as a part of the size of the font."""
    font = fonts.lettering()
    return _HELVETICA if font is None else font.capitals


@lru_cache(maxsize=4096)
def length_of(text: str, height: float) -> float:
    """Return how long a text is, mm; `height` is that of capitals. A letter that no font here has is a square."""
    font = fonts.lettering()
    if font is None:
        narrow = sum(character in "iljt.,:;|!'()[] /" for character in text)
        wide = sum(ord(character) > 0x2E7F for character in text)
        return (len(text) * 0.56 - narrow * 0.27 + wide * 0.44) * height / _HELVETICA
    glyphs = [font.glyph(character) for character in text]
    return sum(font.width(glyph) if glyph else 1000.0 for glyph in glyphs) / 1000 * height / font.capitals


def start_of(text: Text) -> Point:
    """Return where the baseline of a text begins."""
    x, y = text.place
    if text.centered:
        half = length_of(text.text, text.height) / 2
        return (x, y - half) if text.turn else (x - half, y)
    return x, y
