"""Chooses the pixels by which the legend points at objects, so that each has the colour of its object."""

from __future__ import annotations

from cadgate.look.arrays import Array, np
from cadgate.look.picture import Spot, Style
from cadgate.look.raster import parts
from cadgate.look.views import View

_ALIKE = (0.9995, 0.985)
"""The cosine between two colours from which they are one in different light; and one mixed with what is beside it."""
_DARKEST = 0.25


def settled(spots: dict[int, Spot], shown: Array, picture: Array, view: View, style: Style) -> dict[int, Spot]:
    """Return the same spots, moved off outlines, lines and labels to the nearest pixel that has the object's colour.

    `shown` has the object at each pixel of the view, and `picture` the colours of the whole sheet. A spot stays where
    it is if no pixel of its object is better: then nothing of it but its outline is seen.
    """
    if not spots:
        return spots
    left, top, width, height = view.rectangle
    seen = picture[top : top + height, left : left + width].reshape(-1, 3)
    places, anchors = np.array(list(spots)), np.array([spot.anchor for spot in spots.values()])
    at = (anchors[:, 1] - top) * width + anchors[:, 0] - left
    colors = style.line[places] * 255
    found = dict(spots)
    flat = shown[:height, :width].ravel()
    for number in np.nonzero(~_are_of(seen[at], colors, _ALIKE[0]))[0]:
        place = int(places[number])
        own = np.nonzero(flat == place)[0]
        y, x = divmod(int(at[number]), width)
        for alike in _ALIKE:
            best: tuple[int, int, int] | None = None
            for part in parts(len(own)):
                good = own[part][_are_of(seen[own[part]], colors[number], alike)]
                row, column = np.divmod(good, width)
                away = (row - y) ** 2 + (column - x) ** 2
                if len(good) and (best is None or away.min() < best[0]):
                    nearest = int(np.argmin(away))
                    best = int(away[nearest]), int(column[nearest]), int(row[nearest])
            if best is not None:
                found[place] = Spot((left + best[1], top + best[2]), spots[place].pixels)
                break
    return found


def _are_of(pixels: Array, colors: Array, alike: float) -> Array:
    """Return which pixels have their colour, or one colour, in any light."""
    seen = pixels.astype(float)
    length, wanted = np.linalg.norm(seen, axis=-1), np.linalg.norm(colors, axis=-1)
    same = (seen * colors).sum(axis=-1) >= alike * length * wanted
    return same & (length >= _DARKEST * wanted) & (length <= 1.1 * wanted + 10)
