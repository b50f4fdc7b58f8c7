"""Operations on solids: booleans and fillets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from cadgate.plugin import Creation, Method, Name, Params
from cadgate_build123d.models.solids import Length, SolidInfo

Names = Annotated[list[Name], Field(min_length=2, max_length=100)]


class BooleanParams(Creation):
    """A new solid made of others, which stay. `cut` subtracts all others from the first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"operation": "cut", "objects": ["Plate", "Hole"], "name": "Part"}]}
    )

    operation: Literal["fuse", "cut", "common"]
    objects: Names


class Fillet(Params):
    """The radius, and which edges: those along an axis, or all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"radius": 1, "along": "z"}]})

    radius: Length
    along: Literal["x", "y", "z", "all"] = "all"


class FilletParams(Fillet):
    """The solid to round."""

    name: Name


BOOLEAN = Method("operations.boolean", BooleanParams, SolidInfo, mutates=True)
FILLET = Method("operations.fillet", FilletParams, SolidInfo, mutates=True)
