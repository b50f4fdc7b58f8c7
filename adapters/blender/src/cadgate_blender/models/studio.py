"""The studio: lights, ground and a framed camera for pictures of products."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool

from cadgate.plugin import Count, MayWarn, Method, Name, Number, Params
from cadgate_blender.models.objects import CUBE_INFO, ObjectInfo

Style = Literal["soft", "contrast", "white"]
Ground = Literal["floor", "shadow", "none"]


class StudioParams(Params):
    """What the picture is of, and how it is lit."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"style": "soft"}, {"objects": ["Cube"], "style": "white", "turn": 72}]}
    )

    objects: Annotated[list[Name], Field(min_length=1, max_length=10_000)] | None = Field(
        None, description="What the camera frames; by default everything visible."
    )
    style: Style = Field(
        "soft", description="`soft`: even light on grey; `contrast`: hard light on black; `white`: on a white ground."
    )
    ground: Ground = Field(
        "floor", description="`floor`: a plane below; `shadow`: only its shadow, for transparent pictures; or `none`."
    )
    turn: StrictBool | Annotated[Count, Field(ge=2, le=10_000)] | None = Field(
        None,
        description="The frames of a turntable; `true` is 72. Camera and lights go once around, which looks as if the "
        "objects turned; the scene then plays these frames.",
    )
    azimuth: Annotated[Number, Field(ge=-360, le=360)] = Field(
        35, description="Where the camera is: degrees around Z, from the front (-Y) towards the right (+X)."
    )
    elevation: Annotated[Number, Field(ge=-10, le=89)] = Field(
        20, description="How far above the objects' middle the camera is, degrees."
    )
    lens: Annotated[Number, Field(ge=10, le=500)] = Field(70, description="Focal length of the camera, millimetres.")


EXAMPLE: dict[str, Any] = {
    "objects": [CUBE_INFO],
    "camera": "Studio Camera",
    "lights": ["Studio Key", "Studio Fill", "Studio Rim"],
    "ground": "Studio Ground",
    "turn": None,
    "world": "Studio World",
    "replaced": [],
    "frame_start": 1,
    "frame_end": 250,
    "view_transform": "AgX",
}


class StudioInfo(MayWarn):
    """What was added."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    objects: list[ObjectInfo] = Field(description="All new objects; they are in the collection `Studio`.")
    camera: str = Field(description="The scene's camera now.")
    lights: list[str]
    ground: str | None
    turn: str | None = Field(description="The empty that camera and lights go around with.")
    world: str = Field(description="The scene's world now; the former one is kept.")
    replaced: list[str] = Field(description="The objects of an earlier studio, which were deleted.")
    frame_start: int
    frame_end: int
    view_transform: str = Field(description="The scene's; `white` sets Standard, by which white is white.")


STUDIO = Method("studio.set", StudioParams, StudioInfo, mutates=True, revised=False)
