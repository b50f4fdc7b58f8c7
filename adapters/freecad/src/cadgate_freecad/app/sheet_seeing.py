"""Whether a view shows what a dimension measures as it is, and between which points of it the number belongs."""

from __future__ import annotations

from math import hypot
from typing import Any, Callable

import FreeCAD

from cadgate_freecad.app import attributes, measuring
from cadgate_freecad.app.measuring import Gone, Measured
from cadgate_freecad.app.sheet_page import View, number
from cadgate_freecad.app.sheet_views import FRAMES, frame_of


def require_seen(view: View, kept: dict[str, Any], measured: Measured) -> None:
    """Raise Gone where the view shows what is measured in another size, or not at all: the sheet would contradict it.

    An isometric view shows all lengths along the axes in one proportion.
    """
    name, shown = measuring.name(kept), view.seen.view
    if not isinstance(shown, str) and "section" in shown and not _is_left(shown, kept["type"], measured.parts):
        raise Gone(f"{name}: the section {shown!r} has cut it off: choose another view")
    if kept["type"] == "length" and shown != "iso" and measured.start != measured.end:
        length = _seen(view.seen.frame, measured)
        if not _is_near(length, measured.value):
            way = _others(lambda frame: _is_near(_seen(frame, measured), measured.value))
            sizes = f"{number(length)} mm long, not {number(measured.value)}"
            raise Gone(f"{name}: the view {shown!r} shows it {sizes}: {way}")
    if kept["type"] == "angle" and shown != "iso" and not _lies_flat(view.seen.frame, measured):
        way = _others(lambda frame: _lies_flat(frame, measured))
        raise Gone(f"{name}: the view {shown!r} does not show the angle as it is: {way}")
    if kept["type"] in ("diameter", "radius") and across(view, kept["type"], measured) is None:
        raise Gone(f"{name}: the view {shown!r} shows it neither as a circle nor from its side: choose one that does")


def _others(fits: Callable[[Any], bool]) -> str:
    fit = [repr(each) for each in FRAMES if each != "iso" and fits(frame_of(each))]
    return f"choose {' or '.join(fit)}" if fit else "no view along an axis shows it as it is"


def _lies_flat(frame: Any, measured: Measured) -> bool:
    """Return whether a view shows both sides of an angle as lines of true directions."""
    sides = [each for each in (measured.one, measured.two) if each is not None]
    return all(abs(frame.multVec(each.direction).z) <= 1e-6 for each in sides)


def _is_left(section: dict[str, Any], type: str, parts: tuple[Any, ...]) -> bool:
    """Return whether a section shows something of each face or edge, and the whole of one whose length is measured."""
    axis, at = section["section"].upper(), section["at"]
    # As `sheet_views` cuts: the front view looks along +Y, the others against their axes.
    sign = -1 if axis == "Y" else 1
    for each in parts:
        box = attributes.box(each)
        ends = sorted(sign * (getattr(box, f"{axis}{end}") - at) for end in ("Min", "Max"))
        if ends[type == "length" and len(parts) == 1] > 1e-6:
            return False
    return True


def _seen(frame: Any, measured: Measured) -> float:
    way = frame.multVec(measured.end - measured.start)
    return hypot(way.x, way.y)


def _is_near(length: float, value: float) -> bool:
    return abs(length - value) <= 1e-6 + 1e-6 * abs(value)


def _is_facing(view: View, measured: Measured) -> bool:
    """Return whether the view shows a circle as one; a ball is round from everywhere."""
    assert measured.one is not None
    return measured.one.kind == "point" or abs(view.seen.frame.multVec(measured.one.direction).z) > 1 - 1e-9


def across(view: View, type: str, measured: Measured) -> tuple[Any, Any] | None:
    """Return between which points a diameter or radius is seen: of a circle from its centre to itself.

    From the side, between the outlines, or from the axis to one; None where the view shows it askew, or has no outline.
    """
    assert measured.one is not None
    if _is_facing(view, measured):
        return measured.start, measured.start
    axis = view.seen.frame.multVec(measured.one.direction)
    if abs(axis.z) > 1e-9 or measured.has is None:
        return None
    way = view.seen.frame.inverted().multVec(FreeCAD.Vector(-axis.y, axis.x, 0))
    sides = [each for each in (way, -way) if measured.has(each)]
    if len(sides) < (2 if type == "diameter" else 1):
        return None
    if type == "radius":
        return measured.start, measured.start + sides[0] * measured.value
    return measured.start - way * (measured.value / 2), measured.start + way * (measured.value / 2)
