"""Bodies of PartDesign, and the features that build them up from sketches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Method, Name, Number, Params
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


class Thread(Params):
    """A metric thread of ISO 261, coarse (`M6`) or fine (`M6x0.75`)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"size": "M6", "modeled": True}]})
    size: Annotated[str, Field(pattern=r"^M[0-9]{1,3}(\.[0-9])?(x[0-9](\.[0-9]{1,3})?)?$", examples=["M6", "M8x1"])]
    fit: Literal["tapped", "normal", "close", "wide"] = Field(
        "tapped",
        description="`tapped`: drilled for the thread; the others are holes of ISO 273 for a bolt to go through.",
    )
    modeled: Flag = Field(False, description="Really cut the thread, which takes seconds, instead of only noting it.")
    tolerance: Literal["4H", "5H", "6H", "7H", "8H", "5G", "6G", "7G"] = "6H"
    left_handed: Flag = False

    @model_validator(mode="after")
    def _is_tapped(self) -> Thread:
        if self.fit != "tapped" and (self.modeled or self.left_handed):
            raise ValueError("a hole for a bolt to go through has no thread: leave out modeled and left_handed")
        return self


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
    thread: Thread | None = Field(None, description="Instead of a diameter.")
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
        if self.thread is not None and "diameter" in self.model_fields_set:
            raise ValueError("the thread determines the diameter: send only one of them")
        if (self.head_diameter is None) == (self.head != "none"):
            raise ValueError("head_diameter needs head counterbore or countersink")
        if (self.head_depth is None) == (self.head == "counterbore"):
            raise ValueError("head_depth needs head counterbore")
        return self


CREATE_BODY = Method("bodies.create", BodyParams, PartInfo, mutates=True)
PAD = Method("features.pad", PadParams, PartInfo, mutates=True)
HOLE = Method("features.hole", HoleParams, PartInfo, mutates=True)
POCKET = Method("features.pocket", PocketParams, PartInfo, mutates=True)
