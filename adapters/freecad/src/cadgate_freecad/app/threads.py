"""Metric threads of holes: FreeCAD's tables of sizes, and whether a thread that was cut is one."""

from __future__ import annotations

import re
from typing import Any

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app import shapes, values

_SIZE = re.compile(r"M([0-9.]+)(?:x([0-9.]+))?\Z")
_TYPES = ("ISOMetricProfile", "ISOMetricFineProfile")
_FITS = {"normal": ("Standard", "Normal"), "close": ("Close",), "wide": ("Wide", "Loose")}
"""FreeCAD's names, which versions differ in."""
MOST_TURNS = 500
"""Each turn takes up to half a second."""
_DEEP = (0.37, 0.6)
"""What part of the ring between the drilled and the major diameter an ISO thread removes: 0.40 to 0.45, and slack."""
_COARSE = 0.2
"""A thread has at most 1 / 0.2 turns on a length of its diameter."""


def diameter(thread: dict[str, Any]) -> float:
    """Return the major diameter of a thread, mm."""
    match = _SIZE.match(thread["size"])
    assert match is not None
    return float(match.group(1))


def _pitch(thread: dict[str, Any]) -> float | None:
    match = _SIZE.match(thread["size"])
    assert match is not None
    return float(match.group(2)) if match.group(2) else None


def choose(hole: Any, thread: dict[str, Any]) -> None:
    """Give a hole its thread. Raises AppError `validation_error` for a size that no table has."""
    wide, pitch = diameter(thread), _pitch(thread)
    known: list[str] = []
    for kind in _TYPES if pitch is None else reversed(_TYPES):
        hole.ThreadType = kind
        for name in hole.getEnumerationsOfProperty("ThreadSize"):
            match = _SIZE.match(name)
            if match is None or float(match.group(1)) != wide:
                continue
            known.append(name)
            own = float(match.group(2)) if match.group(2) else None
            if own == pitch or (pitch is None and kind == _TYPES[0]):
                hole.ThreadSize = name
                _set(hole, thread)
                return
    if known:
        raise values.invalid("thread.size", f"{thread['size']!r} has no such pitch; there are {', '.join(known)}")
    hole.ThreadType = _TYPES[0]
    sizes = ", ".join(hole.getEnumerationsOfProperty("ThreadSize"))
    raise values.invalid("thread.size", f"{thread['size']!r} is not a size of ISO 261; there are {sizes}")


def _set(hole: Any, thread: dict[str, Any]) -> None:
    tapped = thread["fit"] == "tapped"
    hole.Threaded = tapped
    if tapped:
        hole.ThreadClass = thread["tolerance"]
        hole.ThreadDirection = "Left" if thread["left_handed"] else "Right"
        if thread["modeled"]:
            hole.ModelThread = True
        return
    fits = hole.getEnumerationsOfProperty("ThreadFit")
    hole.ThreadFit = next(each for each in fits if each in _FITS[thread["fit"]])


def reach_through(hole: Any, depth: float) -> None:
    """Give a hole through all a thread of the length of the body."""
    hole.ThreadDepthType = "Dimension"
    hole.Depth = 2 * depth  # of which FreeCAD makes no use but this: a thread is at most as long
    hole.ThreadDepth = depth


def check_length(thread: dict[str, Any], length: float) -> None:
    """Raise AppError `limit_exceeded` for a thread that would take minutes to cut."""
    turns = round(length / (_pitch(thread) or _COARSE * diameter(thread)))
    if turns > MOST_TURNS:
        raise limit_exceeded("The number of turns of threads that are really cut", turns, MOST_TURNS, "modeled")


def check_cut(body: Any, before: Any, narrow: list[Any], wide: list[Any], thread: dict[str, Any]) -> None:
    """Raise AppError `degenerate_result` unless what is left is a solid with material between both diameters.

    `narrow` and `wide` are the spaces of the holes as far as the thread does not reach, and as far as it does.
    """
    if not body.Shape.isValid() or len(body.Shape.Solids) != 1:
        raise AppError(
            "degenerate_result", f"FreeCAD cannot cut {thread['size']} into {body.Name!r}: use modeled=false"
        )
    most, least = (shapes.volume(before.cut(spaces)) for spaces in (narrow, wide))
    left = shapes.volume(body.Shape)
    part = (most - left) / (most - least) if most > least else 0.0
    if not _DEEP[0] <= part <= _DEEP[1]:
        raise AppError(
            "degenerate_result",
            f"FreeCAD left {left:g} mm³ of {body.Name!r}; with a thread {thread['size']} it would be between {least:g} "
            f"and {most:g}, near the middle: use modeled=false",
        )
