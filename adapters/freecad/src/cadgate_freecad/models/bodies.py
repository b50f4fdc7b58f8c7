"""Bodies of PartDesign, and the features that build them up from sketches."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from cadgate.plugin import Method, Name
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import Flag, LabelledCreation, Length, PartCreation, Verify


class BodyParams(PartCreation):
    """An empty body. Sketches with `body` go into it; pads and pockets build it up to one solid."""

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
    """Material taken away below a sketch of a body."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sketch": "Holes", "through_all": True}]})
    through_all: Flag = Field(False, description="Instead of a length.")


CREATE_BODY = Method("bodies.create", BodyParams, PartInfo, mutates=True)
PAD = Method("features.pad", PadParams, PartInfo, mutates=True)
POCKET = Method("features.pocket", PocketParams, PartInfo, mutates=True)
