"""Directions: the rotation by which an object's -Z axis looks at a point, as cameras and lights do."""

from __future__ import annotations

import math
from typing import Sequence

from mathutils import Vector

from cadgate.appserver import AppError


def toward(location: Sequence[float], point: Sequence[float]) -> list[float]:
    """Return XYZ Euler angles in degrees. Raises AppError if both are the same point."""
    direction = Vector(point) - Vector(location)
    if direction.length < 1e-9:
        raise AppError("validation_error", "look_at is the object's own location, so it gives no direction")
    angles = [math.degrees(angle) for angle in direction.to_track_quat("-Z", "Y").to_euler("XYZ")]
    # With 32-bit floats, what should be 0 is some millionths of a degree.
    return [0.0 if abs(angle) < 2e-5 else angle for angle in angles]
