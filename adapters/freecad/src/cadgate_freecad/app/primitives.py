"""Parametric primitives of the Part workbench."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import method
from cadgate_freecad.app import values
from cadgate_freecad.app.creation import create


@method("primitives.box")
def box(*, length: Any, width: Any, height: Any, **common: Any) -> dict[str, Any]:
    properties = {
        "Length": values.length("length", length),
        "Width": values.length("width", width),
        "Height": values.length("height", height),
    }
    return create("Part::Box", "Box", properties, **common)


@method("primitives.cylinder")
def cylinder(*, radius: Any, height: Any, angle: Any, **common: Any) -> dict[str, Any]:
    properties = {
        "Radius": values.length("radius", radius),
        "Height": values.length("height", height),
        "Angle": values.angle("angle", angle),
    }
    return create("Part::Cylinder", "Cylinder", properties, **common)
