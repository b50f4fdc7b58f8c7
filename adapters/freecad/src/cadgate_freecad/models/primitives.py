"""Parametric primitives of the Part workbench. All lengths are millimetres or quantity strings, angles degrees."""

from __future__ import annotations

from pydantic import ConfigDict

from cadgate.plugin import Method
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import Angle, Length, PartCreation


class BoxParams(PartCreation):
    """A box whose corner is at `location`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Base", "length": 40, "width": "1 in", "height": 5}]}
    )
    length: Length = 10.0
    width: Length = 10.0
    height: Length = 10.0


class PartCylinderParams(PartCreation):
    """A cylinder that stands on `location`; `angle` below 360 makes it a sector."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"radius": 2, "height": 10}]})
    radius: Length = 2.0
    height: Length = 10.0
    angle: Angle = 360.0


BOX = Method("primitives.box", BoxParams, PartInfo, mutates=True)
CYLINDER = Method("primitives.cylinder", PartCylinderParams, PartInfo, mutates=True)
