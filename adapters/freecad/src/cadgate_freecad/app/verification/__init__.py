"""Second opinions: a result is checked in a second way before it counts as done.

`points` finds the points that solids contain; `booleans` compares a result with its operands by points, by the
volumes that must add up, and by its mesh; `features` knows what a fillet, a mirror image or a pattern cannot be.
A check raises AppError `degenerate_result` if a result is proved wrong, and the change is rolled back.

An operation adds a check by its object's type: `verification.check(obj)` is called for every object that is created or
recomputed because something upstream changed, and looks up the type.
"""

from __future__ import annotations

from typing import Any

import Part

from cadgate.appserver import AppError, warn
from cadgate_freecad.app.failures import FreeCADError

_FAILURES = (Part.OCCError, FreeCADError)


def check(obj: Any, *, level: str | None = None) -> None:
    """Raise AppError `degenerate_result` if the object's shape is proved wrong.

    `level` is `"fast"` or `"full"`; None means the adapter's setting.
    """
    from cadgate_freecad.app.verification import booleans, features, shells

    try:
        inputs = [getattr(each, "Shape", None) for each in obj.OutList]
        shells.require_closed(obj.Shape, inputs, f"this {obj.TypeId} {obj.Name!r}")
        features.check(obj, obj.Shape, level=level)
        booleans.check_object(obj, level=level)
    except _FAILURES as error:
        # A check that fails proves nothing either way.
        warn("unverified", f"{obj.Name!r} could not be verified: {type(error).__name__}: {error}")


def without_size(obj: Any, names: str) -> AppError:
    """Return the error for an object of which nothing is left; `names` are those of what it is made from."""
    from cadgate_freecad.app.verification import features

    return features.without_size(obj, names)


def is_valid(obj: Any, shape: Any) -> bool:
    """Return whether the object's shape is valid; for a boolean, what came from its operands is not checked again."""
    from cadgate_freecad.app.verification import booleans

    made = booleans.outcome(obj)
    return bool(shape.isValid()) if made is None else booleans.is_valid(made)
