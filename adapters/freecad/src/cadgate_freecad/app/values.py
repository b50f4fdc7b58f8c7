"""Values from requests: quantity strings to millimetres and degrees, placements, and back to plain JSON."""

from __future__ import annotations

import math
from typing import Any, Sequence

import FreeCAD

from cadgate.appserver import AppError, limit_exceeded
from cadgate_freecad.app import attributes
from cadgate_freecad.app.limits import LIMITS

Units = FreeCAD.Units


def invalid(field: str, message: str, near: list[str] | None = None) -> AppError:
    """Return the error for a value that its type allows but FreeCAD does not, shaped like the gateway's own.

    `near` are the names that may be meant, where one was looked up.
    """
    details: dict[str, Any] = {"errors": [{"type": "value_error", "loc": ["body", field], "msg": message}]}
    if near is not None:
        details["did_you_mean"] = near
    return AppError("validation_error", f"{field}: {message}", details)


def words(error: BaseException) -> str:
    """Return the text of an exception; FreeCAD's own carry a dictionary."""
    inner = error.args[0] if error.args else None
    text = inner.get("sErrMsg") if isinstance(inner, dict) else str(error)
    return str(text or type(error).__name__).strip()


def quantity(field: str, value: Any, unit: Any, example: str) -> float:
    """Return a number, or a quantity string of `unit`, in FreeCAD's base unit (mm, degrees).

    Raises AppError `validation_error` for text that is not a quantity, for another unit, and for what is not finite.
    """
    if not isinstance(value, str):
        if not math.isfinite(value):
            raise invalid(field, f"{value!r} is not finite")
        return float(value)
    # Quantity("") is 2e-308, and to a reader, text without a digit is not a quantity either.
    if not any(character.isdigit() for character in value):
        raise invalid(field, f"{value!r} is not a quantity: write a number, or text such as {example!r}")
    try:
        parsed = Units.Quantity(value)
    except (ValueError, ArithmeticError) as error:
        raise invalid(
            field, f"{value!r} is not a quantity ({error}): write a number, or text such as {example!r}"
        ) from None
    if not math.isfinite(parsed.Value):
        raise invalid(field, f"{value!r} is not finite")
    if parsed.Unit == Units.Unit():
        raise invalid(field, f"{value!r} has no unit: write the number alone, or text such as {example!r}")
    if attributes.of(parsed, "Unit") != unit:
        raise invalid(field, f"{value!r} is a {parsed.Unit.Type or 'quantity of another unit'}, not like {example!r}")
    return float(parsed.Value)


def coordinate(field: str, value: Any) -> float:
    """Return millimetres of either sign."""
    result = quantity(field, value, Units.Length, "2 in")
    if abs(result) > LIMITS["max_extent_mm"]:
        raise limit_exceeded(f"{field} in mm", result, LIMITS["max_extent_mm"], "max_extent_mm")
    return result


def length(field: str, value: Any, *, zero: bool = False) -> float:
    """Return millimetres above 0, or with `zero`, 0 or more."""
    result = coordinate(field, value)
    if result < 0 or (result == 0 and not zero):
        raise invalid(field, f"{value!r} must be {'0 or more' if zero else 'above 0'}")
    return result


def angle(field: str, value: Any, *, low: float = 0, high: float = 360) -> float:
    """Return degrees in `low`…`high`; `low` itself is refused if it is 0."""
    result = quantity(field, value, Units.Angle, "90 deg")
    if not low <= result <= high or (low == 0 and result == 0):
        raise invalid(field, f"{value!r} must be {'above' if low == 0 else 'from'} {low:g} up to {high:g} degrees")
    return result


def turn(field: str, value: Any) -> float:
    """Return degrees of either sign, up to a whole turn, which are not 0."""
    result = angle(field, value, low=-360, high=360)
    if abs(result) < 1e-9:
        raise invalid(field, "0 puts all copies in the same place")
    return result


def vector(field: str, values: Sequence[Any]) -> Any:
    """Return a FreeCAD vector of three coordinates."""
    return FreeCAD.Vector(*(coordinate(f"{field}.{index}", value) for index, value in enumerate(values)))


def direction(field: str, values: Sequence[float]) -> Any:
    """Return a FreeCAD vector of length 1. Raises AppError `validation_error` for the zero vector."""
    result = FreeCAD.Vector(*values)
    if result.Length < 1e-12 or not math.isfinite(result.Length):
        raise invalid(field, f"{list(values)!r} is not a direction: at least one component must not be 0")
    return result.normalize()


def rotation(values: Sequence[float]) -> Any:
    """XYZ Euler angles in degrees; FreeCAD's constructor wants yaw (Z), pitch (Y), roll (X)."""
    return FreeCAD.Rotation(values[2], values[1], values[0])


def placement(location: Sequence[Any], euler: Sequence[float]) -> Any:
    if not any(location) and not any(euler):
        return FreeCAD.Placement()
    return FreeCAD.Placement(vector("location", location), rotation(euler))


def same_placement(left: Any, right: Any) -> bool:
    """Return whether two placements are equal to 1e-7 mm and 1e-7 of a turn."""
    apart = attributes.rotation(left).multiply(attributes.rotation(right).inverted())
    return (attributes.base(left) - attributes.base(right)).Length <= 1e-7 and abs(apart.Angle) <= 1e-6


def clean(value: float, digits: int = 12) -> float:
    """Round off the noise of the last digits, and a negative zero."""
    return round(value, digits) + 0.0


def significant(value: float) -> float:
    """Round to 12 significant digits: saved documents keep 16, so a 17th may differ after a restart."""
    return float(f"{value:.12g}") + 0.0


def xyz(value: Any, digits: int = 12) -> list[float]:
    x, y, z = value
    return [round(x, digits) + 0.0, round(y, digits) + 0.0, round(z, digits) + 0.0]


def euler(value: Any) -> list[float]:
    """Return the XYZ Euler angles in degrees of a FreeCAD rotation."""
    yaw, pitch, roll = value.toEuler()
    return [round(roll, 9) + 0.0, round(pitch, 9) + 0.0, round(yaw, 9) + 0.0]


def finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def to_json(value: Any) -> Any:
    """Return a property's value as JSON: an object as its name, and what JSON cannot represent as its text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, FreeCAD.Units.Quantity):
        return to_json(significant(value.Value))
    if isinstance(value, FreeCAD.Vector):
        return xyz(value)
    if isinstance(value, FreeCAD.Rotation):
        return euler(value)
    if isinstance(value, FreeCAD.Placement):
        return {"location": xyz(attributes.base(value)), "rotation": euler(attributes.rotation(value))}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    name = getattr(value, "Name", None)
    return name if isinstance(name, str) else str(value)[:200]
