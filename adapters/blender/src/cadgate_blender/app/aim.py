"""Directions: what an object's rotation must be so that its -Z axis looks at a point, as cameras and lights do."""

from __future__ import annotations

import math
from typing import Sequence

from mathutils import Vector

from cadgate.appserver import AppError


def toward(location: Sequence[float], point: Sequence[float]) -> list[float]:
    """XYZ Euler angles in degrees. Raises AppError when both are the same point."""
    direction = Vector(point) - Vector(location)
    if direction.length < 1e-9:
        raise AppError("validation_error", "look_at is where the object stands, so it gives no direction")
    angles = [math.degrees(angle) for angle in direction.to_track_quat("-Z", "Y").to_euler("XYZ")]
    # What should be 0 comes as some millionths of a degree out of 32-bit floats.
    return [0.0 if abs(angle) < 2e-5 else angle for angle in angles]
