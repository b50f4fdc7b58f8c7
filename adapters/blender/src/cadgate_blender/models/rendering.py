"""Renders: parameters and result of the full one and of the preview."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import (
    Artifact,
    Color,
    Count,
    Method,
    Name,
    Params,
    Result,
    Suffixes,
    Warned,
    check_suffix,
    follow_suffix,
)

Pixels = Annotated[Count, Field(ge=4, le=1_000_000)]
"""Pixels of one side. 4 is Blender's minimum; the settings `max_render_size` and `max_render_pixels` limit it."""

FrameNumber = Annotated[Count, Field(ge=-1_048_574, le=1_048_574)]

Engine = Literal["cycles", "eevee", "workbench"]
Pass = Literal["depth", "normal", "object_index", "cryptomatte"]
ImageFormat = Literal["png", "jpeg", "exr", "webp"]

SUFFIXES: dict[str, tuple[str, ...]] = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg"),
    "exr": (".exr",),
    "webp": (".webp",),
}
"""The suffixes of each format; the first one is appended to a name that has none."""

FORMATS = Suffixes.by_format(SUFFIXES)


class PictureParams(Params):
    """What pictures of the scene are to look like, one or many."""

    output: str | None = Field(
        None, description="Relative name of the file in the session's workspace.", examples=["shots/front.png"]
    )
    resolution: tuple[Pixels, Pixels] = Field((1920, 1080), description="Width and height in pixels.")
    engine: Engine = Field("cycles", description="eevee and workbench need a GPU, or Mesa's software OpenGL with EGL.")
    samples: Annotated[Count, Field(ge=1)] = Field(64, description="Per pixel.")
    format: ImageFormat = Field("png", description="If only `output` is given, its suffix decides.")
    camera: Name | None = Field(
        None, description="An existing camera; by default the scene's own, or one that frames all objects."
    )
    transparent: bool = Field(False, strict=True, description="Leave out the background: RGBA instead of RGB.")
    background: Color | None = Field(
        None,
        description="A colour behind everything, with exactly these values in the picture (`#f5f5f5` is 245 of 255), "
        "instead of the world, which still gives its light. Not for exr.",
    )
    denoise: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="Cycles only; by default the scene's own setting, which is on in a new session."
    )
    objects: Annotated[list[Name], Field(min_length=1, max_length=10_000)] | None = Field(
        None,
        description="Draw only these, with the lights, even if they are hidden; without `camera` they are framed. "
        "The scene does not change.",
    )

    @model_validator(mode="before")
    @classmethod
    def _format_follows_the_suffix(cls, data: object) -> object:
        return follow_suffix(data, "output", FORMATS)

    @property
    def suffix(self) -> str:
        """Return the suffix that the file gets: the one it has, if that is one of the format's."""
        return FORMATS.for_file(self.output, self.format)

    @model_validator(mode="after")
    def _check(self) -> PictureParams:
        check_suffix(self.output, "output", self.format, FORMATS)
        if self.transparent and self.format == "jpeg":
            raise ValueError("jpeg has no transparency: choose png, webp or exr")
        if self.background is not None and self.transparent:
            raise ValueError("background and transparent exclude each other: send one of them")
        if self.background is not None and self.format == "exr":
            raise ValueError("background is a colour of a finished picture, which exr is not: choose png, jpeg or webp")
        return self


class RenderParams(PictureParams):
    """A picture of the scene as it is now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"output": "shots/front.png", "resolution": [640, 360], "engine": "cycles", "samples": 32},
                {"resolution": [800, 800], "engine": "workbench", "transparent": True},
            ]
        }
    )

    frame: FrameNumber | None = Field(None, description="Frame to render; by default the current frame.")
    passes: Annotated[list[Pass], Field(max_length=4)] = Field(
        default_factory=list[Pass],
        description="Further files: `depth` (the distance along the camera's direction, Blender units), `normal` (of "
        "the world), `object_index` (the number of the object, see `object_indices`), `cryptomatte` (always exr: the "
        "objects of each pixel with their shares, and their names). Cycles and EEVEE have them.",
    )
    pass_format: Literal["exr", "png"] = Field(
        "exr", description="exr holds the values themselves; png 16 bits of each, between the ends of `pass_ranges`."
    )


class PreviewParams(Params):
    """A quick picture of the scene by Workbench."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"width": 320}]})

    width: Annotated[int, Field(ge=4, le=1_000_000)] = Field(320, description="Pixels.")
    height: Annotated[int, Field(ge=4, le=1_000_000)] | None = Field(
        None, description="Pixels; by default 9/16 of the width."
    )
    camera: Name | None = Field(None, description="As for a render.")
    transparent: bool = False
    objects: Annotated[list[Name], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="As for a render; repeated for each object in the query."
    )


def _is_empty(value: object) -> bool:
    return not value


class Rendered(Result):
    """A picture that was rendered and read back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "artifact": {
                        "id": "0123456789abcdef0123456789abcdef",
                        "name": "shots/front.png",
                        "media_type": "image/png",
                        "size": 182734,
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                    },
                    "width": 640,
                    "height": 360,
                    "engine": "cycles",
                    "samples": 32,
                    "seconds": 2.41,
                    "warnings": [],
                }
            ]
        }
    )

    artifact: Artifact
    width: int = Field(description="Pixels, read from the file.")
    height: int = Field(description="Pixels, read from the file.")
    engine: Engine
    samples: int
    seconds: float = Field(description="How long Blender took to render and save, without waiting for a worker.")
    passes: dict[str, Artifact] = Field(default_factory=dict[str, Artifact], exclude_if=_is_empty)
    pass_ranges: dict[str, tuple[float, float]] = Field(
        default_factory=dict[str, tuple[float, float]],
        description="What the least and the greatest value of a png stand for.",
        exclude_if=_is_empty,
    )
    object_indices: dict[str, int] = Field(
        default_factory=dict[str, int], description="The number of each object; 0 is none.", exclude_if=_is_empty
    )
    warnings: list[Warned] = Field(
        default_factory=list[Warned],
        description="`temporary_camera`, `temporary_sun`: added for this picture. "
        "`strips_left_out`: video strips are not shown.",
    )


STILL = Method("render.still", RenderParams, Rendered, atomic=False, deadline="file")
PREVIEW = Method("render.preview", PreviewParams, Rendered, atomic=False, deadline="file", scope="read")
