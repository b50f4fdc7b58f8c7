"""F-curves in numbers, for comparison and for descriptions."""

from __future__ import annotations

import zlib
from typing import Any

import numpy

from cadgate_blender.app import versions


def points(curve: Any) -> Any:
    """Return frames and values of a curve's keys, in two columns."""
    found = numpy.empty(len(curve.keyframe_points) * 2, numpy.float32)
    curve.keyframe_points.foreach_get("co", found)
    return found.reshape(-1, 2)


def stamp(block: Any) -> Any:
    """Return what distinguishes a data-block's animation from another one's."""
    animation = getattr(block, "animation_data", None)
    if animation is None:
        return None
    keyed = [
        (curve.data_path, curve.array_index, curve.mute, zlib.crc32(points(curve)), _interpolations(curve))
        for curve in versions.curves_of(animation)
    ]
    return keyed, [(driver.data_path, driver.array_index) for driver in animation.drivers]


def _interpolations(curve: Any) -> int:
    found = numpy.empty(len(curve.keyframe_points), numpy.int32)
    curve.keyframe_points.foreach_get("interpolation", found)
    return zlib.crc32(found.tobytes())
