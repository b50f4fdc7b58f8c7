"""Cameras."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, model_validator

from cadgate.plugin import Method, Name, Number, Params
from cadgate_blender.models.objects import CUBE_INFO, ObjectInfo
from cadgate_blender.models.values import MAX_COORDINATE, Aimed, Length, Location, unset

Projection = Literal["perspective", "orthographic"]
Lens = Annotated[Number, Field(ge=1, le=5000)]
Sensor = Annotated[Number, Field(ge=1, le=1000)]
Clip = Annotated[Number, Field(ge=1e-6, le=MAX_COORDINATE)]

CAMERA_INFO: dict[str, Any] = {
    **CUBE_INFO,
    "name": "Camera",
    "type": "CAMERA",
    "location": [7.0, -7.0, 5.0],
    "rotation": [63.2, 0.0, 45.0],
    "dimensions": [0.0, 0.0, 0.0],
    "vertices": None,
    "edges": None,
    "faces": None,
    "lens": 50.0,
    "sensor_width": 36.0,
    "projection": "perspective",
    "ortho_scale": 6.0,
    "clip_start": 0.1,
    "clip_end": 1000.0,
    "active": True,
}


class CameraParams(Aimed):
    """A camera. Without `rotation` and `look_at` it looks down."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Camera", "location": [7, -7, 5], "look_at": [0, 0, 0], "lens": 50}]}
    )

    lens: Lens = Field(50, description="Focal length in millimetres.")
    sensor_width: Sensor = Field(36, description="Millimetres.")
    projection: Projection = "perspective"
    ortho_scale: Length = Field(6, description="orthographic: width of the view in Blender units.")
    clip_start: Clip = Field(0.1, description="Nothing nearer is seen, Blender units.")
    clip_end: Clip = Field(1000, description="Nothing farther is seen, Blender units.")
    active: bool = Field(True, strict=True, description="Make it the camera that renders use.")

    @model_validator(mode="after")
    def _clip_in_order(self) -> CameraParams:
        if self.clip_end <= self.clip_start:
            raise ValueError("clip_end must be larger than clip_start")
        return self


class CameraInfo(ObjectInfo):
    """A camera, as it was read back from Blender."""

    model_config = ConfigDict(json_schema_extra={"examples": [CAMERA_INFO]})

    lens: float = Field(description="Focal length in millimetres.")
    sensor_width: float = Field(description="Millimetres.")
    projection: str = Field(description="perspective, orthographic, or Blender's own name for others.")
    ortho_scale: float = Field(description="Blender units.")
    clip_start: float = Field(description="Blender units.")
    clip_end: float = Field(description="Blender units.")
    active: bool = Field(description="Whether it is the scene's camera.")


class CameraName(Params):
    """The name of a camera."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Camera"}]})

    name: Name


class CameraPatch(Params):
    """What to change about the camera itself; PATCH /objects moves it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lens": 85}, {"active": True}]})

    lens: Lens = unset("Millimetres.")
    sensor_width: Sensor = unset("Millimetres.")
    projection: Projection = unset()
    ortho_scale: Length = unset("Blender units.")
    clip_start: Clip = unset("Blender units.")
    clip_end: Clip = unset("Blender units.")
    look_at: Location = unset("Turn it to this point.")
    active: StrictBool = unset("true makes it the scene's camera; false leaves the scene without one.")


class CameraUpdate(CameraPatch):
    """The camera, and what to change about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Camera", "lens": 85}]})

    name: Name


CREATE = Method("camera.create", CameraParams, CameraInfo, mutates=True)
GET = Method("camera.get", CameraName, CameraInfo)
UPDATE = Method("camera.update", CameraUpdate, CameraInfo, mutates=True, partial=True)
