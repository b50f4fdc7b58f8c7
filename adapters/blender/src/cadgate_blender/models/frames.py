"""Animations: many frames rendered as pictures, and a video of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Artifact, Count, Method, Number, Result, Warned
from cadgate_blender.models.rendering import Engine, FrameNumber, PictureParams

Video = Literal["mp4", "webm"]


class AnimationParams(PictureParams):
    """Pictures of a range of frames. Each gets the number of its frame in its name: `shots/spin_0001.png`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "output": "shots/spin.png",
                    "frame_start": 1,
                    "frame_end": 3,
                    "resolution": [320, 180],
                    "engine": "workbench",
                    "video": "mp4",
                    "fps": 24,
                }
            ]
        }
    )

    frame_start: FrameNumber | None = Field(None, description="First frame; by default the scene's.")
    frame_end: FrameNumber | None = Field(None, description="Last frame; by default the scene's.")
    frame_step: Annotated[Count, Field(ge=1, le=1_048_574)] = Field(1, description="Render every n-th frame only.")
    video: Video | None = Field(
        None, description="Also write a video: mp4 is H.264, webm is VP9. Both sides of the pictures must be even."
    )
    fps: Annotated[Number, Field(ge=0.1, le=240)] | None = Field(
        None, description="Frames per second of the video; by default the scene's."
    )

    @model_validator(mode="after")
    def _check_animation(self) -> AnimationParams:
        start, end = self.frame_start, self.frame_end
        if start is not None and end is not None and end < start:
            raise ValueError("frame_end must not be before frame_start")
        if self.video is not None and (self.resolution[0] % 2 or self.resolution[1] % 2 or min(self.resolution) < 16):
            raise ValueError("for a video, width and height of the resolution must be even, and at least 16")
        if self.fps is not None and self.video is None:
            raise ValueError('fps is the speed of a video: send "video" too, or leave it out')
        return self


class RenderedFrame(Result):
    """One frame that was rendered and read back."""

    frame: int
    artifact: Artifact
    seconds: float


class Animated(Result):
    """The pictures of an animation, in the order of their frames, and their video."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "frames": [
                        {
                            "frame": 1,
                            "artifact": {
                                "id": "0123456789abcdef0123456789abcdef",
                                "name": "shots/spin_0001.png",
                                "media_type": "image/png",
                                "size": 18273,
                                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                                "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                            },
                            "seconds": 0.41,
                        }
                    ],
                    "video": None,
                    "width": 320,
                    "height": 180,
                    "fps": 24.0,
                    "engine": "workbench",
                    "samples": 64,
                    "seconds": 0.41,
                    "warnings": [],
                }
            ]
        }
    )

    frames: list[RenderedFrame]
    video: Artifact | None
    width: int = Field(description="Pixels, read from the files.")
    height: int = Field(description="Pixels, read from the files.")
    fps: float = Field(description="Frames per second of the video, or of the scene.")
    engine: Engine
    samples: int
    seconds: float = Field(description="How long Blender took to render and save all frames, in all workers together.")
    warnings: list[Warned] = Field(
        default_factory=list[Warned],
        description="`temporary_camera`, `temporary_sun`: added for these pictures. "
        "`strips_left_out`: video strips are not shown. `video_opaque`: the video is on "
        "black where the pictures are transparent.",
    )


ANIMATION = Method("render.animation", AnimationParams, Animated, atomic=False, deadline="file", job=True)
