"""Lights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Color, Method, Name, Number, Params
from cadgate_blender.models.objects import CUBE_INFO, ObjectInfo
from cadgate_blender.models.values import Aimed, Length, Location, unset

LightKind = Literal["point", "sun", "spot", "area"]
Energy = Annotated[Number, Field(ge=0, le=1e9)]
Degrees = Annotated[Number, Field(ge=1, le=180)]

KEY_INFO: dict[str, Any] = {
    **CUBE_INFO,
    "name": "Key",
    "type": "LIGHT",
    "dimensions": [0.0, 0.0, 0.0],
    "vertices": None,
    "edges": None,
    "faces": None,
    "kind": "point",
    "energy": 1000.0,
    "color": [1.0, 1.0, 1.0],
    "size": 0.1,
    "spot_angle": None,
}


class LightParams(Aimed):
    """A light. Without `rotation` and `look_at` it shines down."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Key", "kind": "point", "energy": 1000, "location": [4, -4, 5]},
                {"kind": "sun", "energy": 3, "location": [0, 0, 5], "look_at": [1, 1, 0]},
            ]
        }
    )

    kind: LightKind = "point"
    energy: Energy | None = Field(
        None, description="Watts, for a sun W/m². By default 1000 for point and spot, 100 for area, 1 for sun."
    )
    color: Color = (1.0, 1.0, 1.0, 1.0)
    size: Length | None = Field(
        None,
        description="Radius of point and spot, side of area in Blender units; angular diameter of the sun in degrees.",
    )
    spot_angle: Degrees | None = Field(None, description="spot: full angle of the cone in degrees; by default 45.")

    @model_validator(mode="after")
    def _fits_the_kind(self) -> LightParams:
        if self.spot_angle is not None and self.kind != "spot":
            raise ValueError(f"spot_angle belongs to kind 'spot', not {self.kind!r}")
        if self.kind == "sun" and self.size is not None and self.size > 180:
            raise ValueError("the size of a sun is its angular diameter in degrees, at most 180")
        return self


class LightInfo(ObjectInfo):
    """A light, as it was read back from Blender."""

    model_config = ConfigDict(json_schema_extra={"examples": [KEY_INFO]})

    kind: LightKind
    energy: float = Field(description="Watts, for a sun W/m².")
    color: tuple[float, float, float]
    size: float = Field(description="As in the request.")
    spot_angle: float | None = Field(description="Degrees; null unless it is a spot.")


class LightName(Params):
    """The name of a light."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Key"}]})

    name: Name


class LightPatch(Params):
    """What to change about the light itself; PATCH /objects moves it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"energy": 500, "color": "#ffddaa"}]})

    energy: Energy = unset("Watts, for a sun W/m².")
    color: Color = unset()
    size: Length = unset("As for a new light.")
    spot_angle: Degrees = unset("Degrees.")
    look_at: Location = unset("Turn it to this point.")


class LightUpdate(LightPatch):
    """The light, and what to change about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Key", "energy": 500}]})

    name: Name


CREATE = Method("light.create", LightParams, LightInfo, mutates=True)
GET = Method("light.get", LightName, LightInfo)
UPDATE = Method("light.update", LightUpdate, LightInfo, mutates=True, partial=True)
