"""Primitive meshes, empties and text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator

from cadgate.plugin import Count, Method, Name, Number
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.values import UNIT, Length, NotNegative, Placed, Placement, Scale

Corners = Annotated[Count, Field(ge=3, le=1_000_000)]
"""The number of corners of a circle. The setting `max_vertices` bounds the whole mesh."""

Smooth = Annotated[bool, Field(strict=True, description="Shade smooth instead of flat.")]
SmoothSide = Annotated[bool, Field(strict=True, description="Shade the side smooth; the ends stay flat.")]


class CubeParams(Placement):
    """A cube centred on `location`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "size": 2, "location": [0, 0, 1]}]})

    size: Length = Field(2, description="Length of an edge in Blender units.")


class SphereParams(Placement):
    """A sphere of quads between poles (`uv`), or of equal triangles (`ico`)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Ball", "radius": 0.5}, {"kind": "ico", "subdivisions": 3}]}
    )

    radius: Length = Field(1, description="Blender units.")
    segments: Corners = Field(32, description="`uv`: around the axis.")
    rings: Corners = Field(16, description="`uv`: from pole to pole.")
    kind: Literal["uv", "ico"] = "uv"
    subdivisions: Annotated[Count, Field(ge=1, le=20)] = Field(
        2,
        description="`ico`: 1 is the icosahedron, and each further level has four times the faces; at most 2 more than "
        "the setting `max_subdivisions`.",
    )
    smooth: Smooth = False


class CylinderParams(Placement):
    """A cylinder along Z, centred on `location`, closed by two n-gons."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Rod", "radius": 0.1, "depth": 3}]})

    radius: Length = Field(1, description="Blender units.")
    depth: Length = Field(2, description="Height along Z in Blender units.")
    vertices: Corners = Field(32, description="Corners of each circle.")
    smooth: SmoothSide = False


class ConeParams(Placement):
    """A cone or truncated cone along Z, centred on `location`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Tip", "radius1": 1, "radius2": 0.2}]})

    radius1: NotNegative = Field(1, description="At the bottom, Blender units.")
    radius2: NotNegative = Field(0, description="At the top, Blender units; 0 is a tip.")
    depth: Length = Field(2, description="Height along Z in Blender units.")
    vertices: Corners = Field(32, description="Corners of each circle.")
    smooth: SmoothSide = False

    @model_validator(mode="after")
    def _one_radius(self) -> ConeParams:
        if self.radius1 == 0 and self.radius2 == 0:
            raise ValueError("radius1 and radius2 cannot both be 0: a cone needs a base")
        return self


class TorusParams(Placement):
    """A ring around Z, centred on `location`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ring", "major_radius": 2}]})

    major_radius: Length = Field(1, description="From the centre to the middle of the tube, Blender units.")
    minor_radius: Length = Field(0.25, description="Of the tube, Blender units.")
    major_segments: Corners = 48
    minor_segments: Corners = 12
    smooth: Smooth = False


class PlaneParams(Placement):
    """A square in XY, facing up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Floor", "size": 20}]})

    size: Length = Field(2, description="Length of a side in Blender units.")


class GridParams(Placement):
    """A square in XY, facing up, cut into rows and columns."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"size": 10, "x_subdivisions": 20}]})

    size: Length = Field(2, description="Length of a side in Blender units.")
    x_subdivisions: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(10, description="Faces along X.")
    y_subdivisions: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(10, description="Faces along Y.")


class CircleParams(Placement):
    """A circle in XY: edges only, or filled by one n-gon."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"radius": 2, "fill": True}]})

    radius: Length = Field(1, description="Blender units.")
    vertices: Corners = 32
    fill: Annotated[bool, Field(strict=True)] = False


class MonkeyParams(Placement):
    """Suzanne, Blender's test model."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Suzanne", "smooth": True}]})

    size: Length = Field(2, description="2 is the size of Blender's own operator.")
    smooth: Smooth = False


class EmptyParams(Placed):
    """An object without geometry: a parent, a target, an axis."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Pivot", "location": [0, 0, 1]}]})

    display: Literal["plain_axes", "arrows", "single_arrow", "circle", "cube", "sphere", "cone"] = "plain_axes"
    size: Annotated[Number, Field(ge=0.0001, le=1000)] = Field(1, description="How large it is drawn, Blender units.")
    scale: Scale = UNIT


def _printable(value: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t" for character in value):
        raise ValueError("control characters other than newline and tab are not allowed")
    return value


_TEXT: dict[str, JsonValue] = {"pattern": r"^[^\x00-\x08\x0b-\x1f]*$"}


class TextParams(Placement):
    """Text in XY as a curve object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "cadgate", "extrude": 0.05}]})

    text: Annotated[str, Field(min_length=1, max_length=10_000, json_schema_extra=_TEXT), AfterValidator(_printable)]
    size: Annotated[Number, Field(ge=0.0001, le=10_000)] = Field(1, description="Height of a line in Blender units.")
    extrude: NotNegative = Field(0, description="Half of the thickness in Blender units.")
    align: Literal["left", "center", "right"] = "left"
    font: Name | None = Field(None, description="One of `/fonts`; by default Blender's own.")


CUBE = Method("primitives.cube", CubeParams, ObjectInfo, mutates=True)
SPHERE = Method("primitives.sphere", SphereParams, ObjectInfo, mutates=True)
CYLINDER = Method("primitives.cylinder", CylinderParams, ObjectInfo, mutates=True)
CONE = Method("primitives.cone", ConeParams, ObjectInfo, mutates=True)
TORUS = Method("primitives.torus", TorusParams, ObjectInfo, mutates=True)
PLANE = Method("primitives.plane", PlaneParams, ObjectInfo, mutates=True)
GRID = Method("primitives.grid", GridParams, ObjectInfo, mutates=True)
CIRCLE = Method("primitives.circle", CircleParams, ObjectInfo, mutates=True)
MONKEY = Method("primitives.monkey", MonkeyParams, ObjectInfo, mutates=True)
EMPTY = Method("primitives.empty", EmptyParams, ObjectInfo, mutates=True)
TEXT = Method("primitives.text", TextParams, ObjectInfo, mutates=True)
