"""What differs between FreeCAD 0.20 and 1.1, in one place. The other modules ask here and never look at the version."""

from __future__ import annotations

from typing import Any

import FreeCAD

VERSION: tuple[int, int] = (int(FreeCAD.Version()[0]), int(FreeCAD.Version()[1]))


def text() -> str:
    """`FreeCAD 0.20.2`; a suffix such as `dev` is kept."""
    major, minor, patch = FreeCAD.Version()[:3]
    suffix = FreeCAD.Version()[3] if VERSION >= (0, 22) else ""
    known = str(patch).split(" ")[0]
    version = f"{major}.{minor}.{known}" if known.isdigit() else f"{major}.{minor}"
    return f"FreeCAD {version}{suffix if suffix.isalnum() else ''}"


def center_of_mass(shape: Any) -> Any | None:
    """The centre of mass as a vector, or None where the shape has none (it is empty).

    A compound has `CenterOfGravity` only (0.20); it exists for every shape that has a mass since then.
    """
    for attribute in ("CenterOfMass", "CenterOfGravity"):
        try:
            return getattr(shape, attribute)
        except (AttributeError, RuntimeError, FreeCAD.Base.FreeCADError):
            continue
    return None
