"""The scene: its contents and settings, clearing it, saving it as a .blend file and opening one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from cadgate.plugin import (
    Artifact,
    Color,
    Count,
    Empty,
    MayWarn,
    Method,
    Name,
    Number,
    Params,
    Result,
    Trustable,
    Warned,
    execute_if_trusted,
)
from cadgate_blender.models.rendering import Engine
from cadgate_blender.models.values import unset

Frame = Annotated[Count, Field(ge=-1_048_574, le=1_048_574)]
UnitSystem = Annotated[
    Literal["METRIC", "IMPERIAL", "NONE"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


ViewWord = Annotated[str, Field(min_length=1, max_length=100)]


class SceneObject(Result):
    """An object in short."""

    name: str
    type: str
    location: tuple[float, float, float] = Field(description="Blender units.")


SCENE_INFO: dict[str, Any] = {
    "name": "Scene",
    "objects": [{"name": "Cube", "type": "MESH", "location": [0.0, 0.0, 0.0]}],
    "object_count": 1,
    "camera": None,
    "frame_start": 1,
    "frame_end": 250,
    "frame": 1,
    "fps": 24.0,
    "engine": "eevee",
    "unit_system": "METRIC",
    "unit_scale": 1.0,
    "view_transform": "AgX",
    "look": "None",
    "exposure": 0.0,
    "gamma": 1.0,
    "warnings": [],
}


class SceneInfo(Result):
    """The scene and its settings."""

    model_config = ConfigDict(json_schema_extra={"examples": [SCENE_INFO]})

    name: str
    objects: list[SceneObject]
    object_count: int
    camera: str | None = Field(description="The camera that renders use.")
    frame_start: int
    frame_end: int
    frame: int = Field(description="The current frame.")
    fps: float = Field(description="Frames per second.")
    engine: str = Field(
        description="The scene's own engine: cycles, eevee, workbench, or an add-on's. Renders choose their own."
    )
    unit_system: str = Field(description="METRIC, IMPERIAL or NONE: how Blender shows lengths.")
    unit_scale: float = Field(description="Metres per Blender unit, for displayed lengths.")
    view_transform: str = Field(description="How colours become those of a picture: AgX, Standard, Filmic …")
    look: str = Field(description="The contrast of pictures: `None`, or one of the view transform's looks.")
    exposure: float = Field(description="Stops.")
    gamma: float
    warnings: list[Warned] = Field(default_factory=list[Warned])


class ScenePatch(Params):
    """What to change; fields that are not sent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"frame_end": 120, "fps": 25, "engine": "cycles"}]})

    name: Name = unset("A new name.")
    camera: Name | None = Field(None, description="An existing camera, or null for none.")
    frame_start: Annotated[Count, Field(ge=0, le=1_048_574)] = unset()
    frame_end: Annotated[Count, Field(ge=0, le=1_048_574)] = unset()
    frame: Frame = unset("The current frame.")
    fps: Annotated[Number, Field(ge=0.01, le=32_767)] = unset("Frames per second.")
    engine: Engine = unset()
    unit_system: UnitSystem = unset()
    unit_scale: Annotated[Number, Field(ge=1e-6, le=1e6)] = unset("Metres per Blender unit, for displayed lengths.")
    view_transform: ViewWord = unset(
        "`Standard` shows colours as they are; `AgX`, `Filmic` and others keep highlights in bounds. Not in exr files."
    )
    look: ViewWord = unset("`None`, or one of the view transform's looks, such as `High Contrast`.")
    exposure: Annotated[Number, Field(ge=-32, le=32)] = unset("Stops.")
    gamma: Annotated[Number, Field(ge=0, le=5)] = unset()

    @model_validator(mode="after")
    def _range(self) -> ScenePatch:
        if {"frame_start", "frame_end"} <= self.model_fields_set and self.frame_end < self.frame_start:
            raise ValueError("frame_end must not be before frame_start")
        return self


class Cleared(MayWarn):
    """The number of removed objects."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deleted": 3}]})

    deleted: int


class SaveParams(Params):
    """Where to save the scene."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filepath": "versions/chair.blend"}]})

    filepath: str | None = Field(None, description="Relative name in the session's workspace; .blend is appended.")


class Saved(MayWarn):
    """The .blend file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "artifact": {
                        "id": "0123456789abcdef0123456789abcdef",
                        "name": "versions/chair.blend",
                        "media_type": "application/x-blender",
                        "size": 98304,
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                    }
                }
            ]
        }
    )

    artifact: Artifact


class OpenParams(Trustable):
    """The .blend file to open."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})

    artifact: str = Field(description="The id of an artifact with a .blend file.")


class WorldInfo(Result):
    """The world: what is around the scene."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "World", "color": [0.05, 0.05, 0.05, 1.0], "strength": 1.0, "image": None}]
        }
    )

    name: str
    color: tuple[float, float, float, float]
    strength: float
    image: str | None = Field(description="The name of the image that surrounds the scene, instead of the colour.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


class WorldPatch(Params):
    """What to change; fields that are not sent stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"color": "#87ceeb", "strength": 0.8}]})

    color: Color = unset("A colour replaces an image.")
    strength: Annotated[Number, Field(ge=0, le=1e6)] = unset()


class WorldImageParams(Params):
    """An image artifact, equirectangular, as surroundings."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})

    artifact: str = Field(description="The id of an artifact with an image: .hdr and .exr give real light.")


GET = Method("scene.get", Empty, SceneInfo)
UPDATE = Method("scene.update", ScenePatch, SceneInfo, mutates=True, partial=True, revised=False)
CLEAR = Method("scene.clear", Empty, Cleared, mutates=True, revised=False)
SAVE = Method("scene.save", SaveParams, Saved, atomic=False, deadline="file")
OPEN = Method(
    "scene.open",
    OpenParams,
    SceneInfo,
    mutates=True,
    replay="snapshot",
    atomic=False,
    deadline="file",
    scope_of=execute_if_trusted,
    revised=False,
)
WORLD_GET = Method("world.get", Empty, WorldInfo)
WORLD_UPDATE = Method("world.update", WorldPatch, WorldInfo, mutates=True, partial=True, revised=False)
WORLD_IMAGE = Method(
    "world.image",
    WorldImageParams,
    WorldInfo,
    mutates=True,
    replay="snapshot",
    atomic=False,
    deadline="file",
    revised=False,
)
