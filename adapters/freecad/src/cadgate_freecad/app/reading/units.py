"""Units of length that files name, in millimetres."""

from __future__ import annotations

from cadgate.appserver import AppError

BY_NAME = {
    "micron": 0.001,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "meter": 1000.0,
    "inch": 25.4,
    "foot": 304.8,
    "feet": 304.8,
}


def millimetres(name: str) -> float:
    """Return how many millimetres a unit is. Raises AppError for an unknown one: a guess could give a wrong size."""
    try:
        return BY_NAME[name.strip().lower()]
    except KeyError:
        known = ", ".join(sorted(BY_NAME))
        raise AppError(
            "unsupported_format", f"The file's unit {name!r} is not one of {known}", {"unit": name}
        ) from None
