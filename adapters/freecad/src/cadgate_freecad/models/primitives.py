"""Parametric primitives of the Part workbench. All lengths are millimetres or quantity strings, angles degrees."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from cadgate.plugin import Count, Method
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import (
    Angle,
    Coordinate,
    HalfTurn,
    HelixAngle,
    Latitude,
    Length,
    LengthOrZero,
    PartCreation,
)


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class BoxParams(PartCreation):
    """A box whose corner is at `location`."""

    model_config = _example(name="Base", length=40, width="1 in", height=5)
    length: Length = Field(10.0, description="Along X.")
    width: Length = Field(10.0, description="Along Y.")
    height: Length = Field(10.0, description="Along Z.")


class PartSphereParams(PartCreation):
    """A sphere around `location`; the angles cut a part out of it."""

    model_config = _example(radius=5, angle1=0)
    radius: Length = 5.0
    angle1: Latitude = Field(-90.0, description="Lowest latitude.")
    angle2: Latitude = Field(90.0, description="Highest latitude; above angle1.")
    angle3: Angle = Field(360.0, description="How far around Z.")


class PartCylinderParams(PartCreation):
    """A cylinder that stands on `location`; `angle` below 360 makes it a sector."""

    model_config = _example(radius=2, height="3 cm", location=[10, 0, 0])
    radius: Length = 2.0
    height: Length = 10.0
    angle: Angle = 360.0


class PartConeParams(PartCreation):
    """A cone that stands on `location`, with `radius1` at the bottom and another `radius2` at the top; one may be 0."""

    model_config = _example(radius1=2, radius2=4, height=10)
    radius1: LengthOrZero = 2.0
    radius2: LengthOrZero = 4.0
    height: Length = 10.0
    angle: Angle = 360.0


class PartTorusParams(PartCreation):
    """A torus around Z at `location`: a tube of `radius2` along a circle of `radius1`, which must not be smaller."""

    model_config = _example(radius1=10, radius2=2)
    radius1: Length = 10.0
    radius2: Length = 2.0
    angle1: HalfTurn = Field(-180.0, description="Where the tube's section begins.")
    angle2: HalfTurn = Field(180.0, description="Where the tube's section ends; above angle1.")
    angle3: Angle = Field(360.0, description="How far around Z.")


class PrismParams(PartCreation):
    """A regular prism that stands on `location`."""

    model_config = _example(sides=6, circumradius=2, height=10)
    sides: Annotated[Count, Field(ge=3)] = 6
    circumradius: Length = Field(2.0, description="Centre to corner.")
    height: Length = 10.0


class WedgeParams(PartCreation):
    """A wedge: a rectangle in X and Z at `ymin`, and another one (the fields with 2) at `ymax`, joined."""

    model_config = _example(xmin=0, xmax=10, ymin=0, ymax=10, zmin=0, zmax=10, x2min=2, x2max=8, z2min=2, z2max=8)
    xmin: Coordinate = 0.0
    xmax: Coordinate = 10.0
    ymin: Coordinate = 0.0
    ymax: Coordinate = 10.0
    zmin: Coordinate = 0.0
    zmax: Coordinate = 10.0
    x2min: Coordinate = 2.0
    x2max: Coordinate = 8.0
    z2min: Coordinate = 2.0
    z2max: Coordinate = 8.0


class EllipsoidParams(PartCreation):
    """An ellipsoid around `location`. FreeCAD approximates its surface: the volume is right to about 0.1 %."""

    model_config = _example(radius1=2, radius2=4, radius3=4)
    radius1: Length = Field(2.0, description="Along Z.")
    radius2: Length = Field(4.0, description="Along X.")
    radius3: Length | None = Field(None, description="Along Y; by default as radius2.")


class HelixParams(PartCreation):
    """A helix around Z that starts at `location`: a wire to sweep a profile along."""

    model_config = _example(pitch=2, height=20, radius=5)
    pitch: Length = Field(1.0, description="Rise of one turn.")
    height: Length = 2.0
    radius: Length = 1.0
    angle: HelixAngle = Field(0.0, description="Half the opening angle of a conical helix, between -90 and 90.")
    handedness: Literal["right", "left"] = "right"


BOX = Method("primitives.box", BoxParams, PartInfo, mutates=True)
SPHERE = Method("primitives.sphere", PartSphereParams, PartInfo, mutates=True)
CYLINDER = Method("primitives.cylinder", PartCylinderParams, PartInfo, mutates=True)
CONE = Method("primitives.cone", PartConeParams, PartInfo, mutates=True)
TORUS = Method("primitives.torus", PartTorusParams, PartInfo, mutates=True)
PRISM = Method("primitives.prism", PrismParams, PartInfo, mutates=True)
WEDGE = Method("primitives.wedge", WedgeParams, PartInfo, mutates=True)
ELLIPSOID = Method("primitives.ellipsoid", EllipsoidParams, PartInfo, mutates=True)
HELIX = Method("primitives.helix", HelixParams, PartInfo, mutates=True)
