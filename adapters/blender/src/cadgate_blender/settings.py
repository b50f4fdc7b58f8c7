"""Settings of the Blender adapter: the `[adapters.blender]` table of plugins.toml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cadgate.plugin import AdapterSettings


class BlenderSettings(AdapterSettings):
    """The settings of every adapter, and the sizes above which work is refused instead of started.

    When memory runs out, Blender ends with a segmentation fault, not an exception, so large work is refused first.
    """

    max_objects: Annotated[int, Field(ge=1)] = Field(50_000, description="Objects in the session.")
    max_vertices: Annotated[int, Field(ge=8)] = Field(
        5_000_000, description="Vertices of one mesh, also of what operators or modifiers make of it (an estimate)."
    )
    max_subdivisions: Annotated[int, Field(ge=0, le=11)] = Field(
        6, description="Levels of a subdivision surface, and of an ico sphere plus 2."
    )
    max_render_size: Annotated[int, Field(ge=4, le=65_536)] = Field(
        16_384, description="Pixels of a render's longer side."
    )
    max_render_pixels: Annotated[int, Field(ge=16)] = Field(
        67_108_864, description="Pixels of one render: 8192 x 8192."
    )
    max_samples: Annotated[int, Field(ge=1)] = Field(4096, description="Samples per pixel of one render.")
    max_frames: Annotated[int, Field(ge=1)] = Field(10_000, description="Frames of one rendered animation.")
    max_copies: Annotated[int, Field(ge=1)] = Field(
        1000, description="Copies that one array modifier or one operator makes."
    )
    max_import_bytes: Annotated[int, Field(ge=1)] = Field(256 * 1024 * 1024, description="Size of one imported file.")
    max_image_pixels: Annotated[int, Field(ge=1)] = Field(
        67_108_864, description="Pixels of one image that is used as a texture."
    )
    verify: Literal["fast", "full"] = Field(
        "fast", description="How closely results and files are checked if a request does not say."
    )
