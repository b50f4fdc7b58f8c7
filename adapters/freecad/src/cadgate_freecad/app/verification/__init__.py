"""Second opinions: what an operation answers is looked at in a second way before it counts as done.

`points` asks solids which points they hold; `booleans` compares a boolean's result with its operands by points, by the
volumes that must add up, and by its mesh; `features` knows what a fillet, a mirror image or a pattern cannot be.
A check raises AppError `degenerate_result` where a result is proved wrong, and the change is rolled back.

An operation adds a check by its object's type: `verification.check(obj)` is called for every object that is created or
recomputed because something upstream changed, and looks the type up.
"""

from __future__ import annotations

from typing import Any

import Part

from cadgate.appserver import warn
from cadgate_freecad.app.failures import FreeCADError

_FAILURES = (Part.OCCError, FreeCADError)


def check(obj: Any, *, level: str | None = None) -> None:
    """Raise AppError `degenerate_result` where the object's shape is proved to be wrong.

    `level` is `"fast"` or `"full"`; None takes the adapter's setting.
    """
    from cadgate_freecad.app.verification import booleans, features, shells

    try:
        inputs = [getattr(each, "Shape", None) for each in obj.OutList]
        shells.require_closed(obj.Shape, inputs, f"this {obj.TypeId} {obj.Name!r}")
        features.check(obj, obj.Shape, level=level)
        booleans.check_object(obj, level=level)
    except _FAILURES as error:
        # A check that fails proves nothing, neither way.
        warn("unverified", f"{obj.Name!r} could not be looked at in a second way: {type(error).__name__}: {error}")


def is_valid(obj: Any, shape: Any) -> bool:
    """Whether the object's shape is valid; of a boolean, what came from its operands is not looked at again."""
    from cadgate_freecad.app.verification import booleans

    made = booleans.outcome(obj)
    return bool(shape.isValid()) if made is None else booleans.is_valid(made)
