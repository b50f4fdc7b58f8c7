"""Modelling operations on shapes: each one adds an object that has its sources as inputs and follows their changes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Count, Method, Name, Number
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.selection import Direction, EdgeSelection, FaceSelection
from cadgate_freecad.models.values import (
    Angle,
    Coordinate,
    Flag,
    Length,
    LengthOrZero,
    Location,
    SignedAngle,
    VerifiedCreation,
)


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


Join = Literal["arc", "tangent", "intersection"]
Edges = Annotated[
    EdgeSelection | None,
    Field(description='Names (`"Edge3"` or 3), or a filter; by default every edge.'),
]


class _OfOne(VerifiedCreation):
    object: Name = Field(description="The object that the operation works on; it becomes a hidden input.")


class FilletParams(_OfOne):
    """Round edges."""

    model_config = _example(object="Box", radius=1, edges={"type": "line", "at": "top"})
    radius: Length = 1.0
    edges: Edges = None


class ChamferParams(_OfOne):
    """Bevel edges."""

    model_config = _example(object="Box", size=1, edges=["Edge1", "Edge3"])
    size: Length = 1.0
    size2: Length | None = Field(None, description="On the other side of the edge; by default `size`.")
    edges: Edges = None


class ExtrudeParams(_OfOne):
    """Pull a profile (a sketch, a face, a wire) along a direction."""

    model_config = _example(object="Sketch", length=10)
    length: LengthOrZero = 10.0
    length_reverse: LengthOrZero = Field(0.0, description="The same against the direction.")
    direction: Direction | None = Field(None, description="By default the normal of the profile.")
    symmetric: Flag = Field(False, description="Half of `length` to either side.")
    solid: Flag = True
    taper_angle: Annotated[Number, Field(gt=-90, lt=90)] = Field(0.0, description="Degrees; above 0 it widens.")


class RevolveParams(_OfOne):
    """Turn a profile around an axis."""

    model_config = _example(object="Sketch", axis=[0, 1, 0], angle=360)
    axis: Direction = (0.0, 0.0, 1.0)
    base: Location = Field((0.0, 0.0, 0.0), description="A point on the axis.")
    angle: Angle = 360.0
    symmetric: Flag = False
    solid: Flag = True


class LoftParams(VerifiedCreation):
    """A skin through two or more profiles."""

    model_config = _example(objects=["Bottom", "Top"])
    objects: Annotated[list[Name], Field(min_length=2, max_length=100)]
    solid: Flag = True
    ruled: Flag = Field(False, description="Straight between neighbouring profiles.")
    closed: Flag = Field(False, description="From the last profile back to the first one.")


class SweepParams(VerifiedCreation):
    """Pull one or more profiles along a path."""

    model_config = _example(objects=["Circle"], path="Helix")
    objects: Annotated[list[Name], Field(min_length=1, max_length=100)] = Field(description="The profiles.")
    path: Name = Field(description="An object with the edges to follow.")
    path_edges: Edges = None
    solid: Flag = True
    frenet: Flag = Field(True, description="Turn the profile with the path, as threads need it.")


class MirrorParams(_OfOne):
    """A mirrored copy; the original stays visible."""

    model_config = _example(object="Box", plane="yz")
    plane: Literal["xy", "xz", "yz"] | None = Field(None, description="Either this, or `normal`.")
    normal: Direction | None = None
    base: Location = Field((0.0, 0.0, 0.0), description="A point on the plane.")

    @model_validator(mode="after")
    def _one_plane(self) -> MirrorParams:
        if (self.plane is None) == (self.normal is None):
            raise ValueError("give either plane or normal")
        return self


class ThicknessParams(_OfOne):
    """Hollow a solid out: the faces are opened, the others become walls."""

    model_config = _example(object="Box", thickness=1, faces={"at": "top"})
    thickness: Length = 1.0
    faces: FaceSelection = Field(description="The faces to open.")
    inward: Flag = Field(True, description="Walls inside the original surface; False: outside.")
    join: Join = "arc"


class OffsetParams(_OfOne):
    """The shape grown or shrunk by a distance."""

    model_config = _example(object="Box", distance=1, join="intersection")
    distance: Coordinate = Field(1.0, description="Above 0 grows, below 0 shrinks; mm or a quantity string.")
    join: Join = "arc"
    fill: Flag = Field(False, description="Fill the space between the original and the offset.")


class LinearPatternParams(_OfOne):
    """Copies along a line."""

    model_config = _example(object="Pin", direction=[1, 0, 0], spacing=20, count=4)
    direction: Direction = (1.0, 0.0, 0.0)
    spacing: Length = Field(10.0, description="From one to the next.")
    count: Annotated[Count, Field(ge=2)] = Field(2, description="Including the original.")
    fuse: Flag = Field(False, description="Unite them into one solid where they overlap.")


class PolarPatternParams(_OfOne):
    """Copies around an axis."""

    model_config = _example(object="Pin", center=[0, 0, 0], count=6)
    axis: Direction = (0.0, 0.0, 1.0)
    center: Location = (0.0, 0.0, 0.0)
    angle: SignedAngle = Field(360.0, description="The total; below 360, from the first copy to the last.")
    count: Annotated[Count, Field(ge=2)] = Field(2, description="Including the original.")
    fuse: Flag = False


class SectionParams(_OfOne):
    """The wires in which a plane, or another object, cuts the object."""

    model_config = _example(object="Box", normal=[0, 0, 1], base=[0, 0, 5])
    tool: Name | None = Field(None, description="Another object, instead of a plane.")
    normal: Direction | None = Field(None, description="Of the plane; Z if neither it nor `tool` is given.")
    base: Location = Field((0.0, 0.0, 0.0), description="A point on the plane.")

    @model_validator(mode="after")
    def _plane_or_tool(self) -> SectionParams:
        if self.tool is not None and self.normal is not None:
            raise ValueError("give either tool or normal")
        return self


FILLET = Method("features.fillet", FilletParams, PartInfo, mutates=True)
CHAMFER = Method("features.chamfer", ChamferParams, PartInfo, mutates=True)
EXTRUDE = Method("features.extrude", ExtrudeParams, PartInfo, mutates=True)
REVOLVE = Method("features.revolve", RevolveParams, PartInfo, mutates=True)
LOFT = Method("features.loft", LoftParams, PartInfo, mutates=True)
SWEEP = Method("features.sweep", SweepParams, PartInfo, mutates=True)
MIRROR = Method("features.mirror", MirrorParams, PartInfo, mutates=True)
THICKNESS = Method("features.thickness", ThicknessParams, PartInfo, mutates=True)
OFFSET = Method("features.offset", OffsetParams, PartInfo, mutates=True)
LINEAR_PATTERN = Method("features.linear_pattern", LinearPatternParams, PartInfo, mutates=True)
POLAR_PATTERN = Method("features.polar_pattern", PolarPatternParams, PartInfo, mutates=True)
SECTION = Method("features.section", SectionParams, PartInfo, mutates=True)
