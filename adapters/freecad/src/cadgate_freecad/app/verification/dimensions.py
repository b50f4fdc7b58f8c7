"""Checks whether a sketch's dimension can be set, and whether it has its value after the recompute."""

from __future__ import annotations

import math
from typing import Any

from cadgate_freecad.app import values
from cadgate_freecad.app.verification.values import driven, expressions_of


def require_free(sketch: Any, index: int) -> None:
    """Raise AppError `validation_error` for a dimension that an expression determines, or that only measures."""
    constraint = sketch.Constraints[index]
    paths = {f"Constraints[{index}]", f"Constraints.{constraint.Name}"}
    for path, text in expressions_of(sketch, "Constraints").items():
        if path in paths:
            raise values.invalid(f"values.{index}", driven(sketch, path, text))
    if not constraint.Driving:
        raise values.invalid(
            f"values.{index}",
            f"constraint {index} is a reference: it measures {_value(constraint):.9g} and cannot be set; change "
            "the dimensions that it depends on",
        )


def confirm(sketch: Any, index: int, asked: int, datum: Any) -> None:
    """Raise AppError `validation_error` if constraint `index`, called `asked` in the request, has another value."""
    kept = _value(sketch.Constraints[index])
    if not math.isclose(kept, datum.Value, rel_tol=1e-9, abs_tol=1e-9):
        raise values.invalid(f"values.{asked}", f"{datum.Value:.9g} does not last: FreeCAD made it {kept:.9g}")


def _value(constraint: Any) -> float:
    return math.degrees(constraint.Value) if constraint.Type == "Angle" else float(constraint.Value)
