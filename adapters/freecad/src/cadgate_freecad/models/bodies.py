"""Bodies of PartDesign, and the features that build them up from sketches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Method, Name, Number
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import Flag, LabelledCreation, Length, PartCreation, Verify


class BodyParams(PartCreation):
    """An empty body. Sketches with `body` are added to it; pads and pockets build it up to one solid."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bracket"}]})


class PadParams(LabelledCreation):
    """Material from a sketch of a body."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sketch": "Profile", "length": 10}]})
    sketch: Name
    length: Length = 10.0
    reversed: Flag = False
    midplane: Flag = Field(False, description="Half of the length to either side.")
    verify: Verify = None


class PocketParams(PadParams):
    """Material removed below a sketch of a body."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sketch": "Holes", "through_all": True}]})
    through_all: Flag = Field(False, description="Instead of a length.")


class HoleParams(LabelledCreation):
    """Drilled holes below a sketch of a body, one for each of its circles, regardless of their size."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sketch": "Holes", "diameter": 5.5, "through_all": True, "head": "countersink", "head_diameter": 11}
            ]
        }
    )
    sketch: Name = Field(description="The centres of its circles are those of the holes; other geometry is ignored.")
    diameter: Length = 5.0
    depth: Length = Field(10.0, description="Without the point of the drill.")
    through_all: Flag = Field(False, description="Instead of a depth.")
    drill_point: Literal["flat", "angled"] = Field("flat", description="The bottom; `angled` is a cone of 118°.")
    head: Literal["none", "counterbore", "countersink"] = "none"
    head_diameter: Length | None = Field(None, description="Of the counterbore or countersink.")
    head_depth: Length | None = Field(None, description="Of the counterbore.")
    head_angle: Annotated[Number, Field(ge=10, le=170)] = Field(90.0, description="Degrees, of the countersink.")
    reversed: Flag = False

    @model_validator(mode="after")
    def _whole_head(self) -> HoleParams:
        if (self.head_diameter is None) == (self.head != "none"):
            raise ValueError("head_diameter needs head counterbore or countersink")
        if (self.head_depth is None) == (self.head == "counterbore"):
            raise ValueError("head_depth needs head counterbore")
        return self


CREATE_BODY = Method("bodies.create", BodyParams, PartInfo, mutates=True)
PAD = Method("features.pad", PadParams, PartInfo, mutates=True)
HOLE = Method("features.hole", HoleParams, PartInfo, mutates=True)
POCKET = Method("features.pocket", PocketParams, PartInfo, mutates=True)
