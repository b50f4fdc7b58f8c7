"""Renders: a source with parameters becomes a file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import (
    Artifact,
    Count,
    Method,
    Params,
    Result,
    Suffixes,
    Vector3,
    Warned,
    check_suffix,
    follow_suffix,
)
from cadgate_openscad.models.parameters import Value
from cadgate_openscad.models.sources import EXAMPLE, Source

Format = Literal["stl", "3mf", "off", "amf", "csg", "svg", "dxf", "png"]
FORMATS = Suffixes({f".{kind}": kind for kind in ("stl", "3mf", "off", "amf", "csg", "svg", "dxf", "png")})
Pixels = Annotated[Count, Field(ge=16, le=16_384)]
ColorScheme = Literal[
    "Cornfield",
    "Metallic",
    "Sunset",
    "Starnight",
    "BeforeDawn",
    "Nature",
    "DeepOcean",
    "Solarized",
    "Tomorrow",
    "Tomorrow Night",
    "Monotone",
]


class Camera(Params):
    """The camera of a picture."""

    eye: Vector3
    center: Vector3 = (0, 0, 0)


class Picture(Params):
    """The settings of a picture."""

    resolution: tuple[Pixels, Pixels] = Field((800, 600), description="Width and height in pixels.")
    camera: Camera | None = Field(None, description="Without one, the picture frames everything.")
    projection: Literal["perspective", "orthographic"] = "perspective"
    colorscheme: ColorScheme = "Cornfield"
    preview: bool = Field(
        True,
        strict=True,
        description="True: what OpenSCAD shows with F5, with colours. False: with F6, the exact solid.",
    )


class RenderParams(Source):
    """A source, the values of its parameters, and the file to make of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"source": EXAMPLE, "parameters": {"size": 20, "round": True}, "format": "stl"},
                {"artifact": "0123456789abcdef0123456789abcdef", "filepath": "part.3mf"},
                {"source": EXAMPLE, "format": "png", "picture": {"resolution": [640, 480]}},
            ]
        }
    )

    parameters: dict[str, Value] = Field(
        default_factory=dict[str, Any], description="Overrides of the customizer's parameters: see /parameters."
    )
    filepath: str | None = Field(None, description="Relative name in the workspace.", examples=["part.stl"])
    format: Format = Field("stl", description="If only `filepath` is given, its suffix decides. svg and dxf: 2D.")
    picture: Picture | None = Field(None, description="Only for format png.")

    @model_validator(mode="before")
    @classmethod
    def _format_follows_the_suffix(cls, data: object) -> object:
        return follow_suffix(data, "filepath", FORMATS)

    @model_validator(mode="after")
    def _check(self) -> RenderParams:
        check_suffix(self.filepath, "filepath", self.format, FORMATS)
        if self.picture is not None and self.format != "png":
            raise ValueError(f"picture is for format 'png', but format is {self.format!r}")
        return self


class Box(Result):
    """The smallest box along the axes that holds everything."""

    min: list[float]
    max: list[float]


class Rendered(Result):
    """A file that was written and read back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "artifact": {
                        "id": "0123456789abcdef0123456789abcdef",
                        "name": "part.stl",
                        "media_type": "model/stl",
                        "size": 684,
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                    },
                    "format": "stl",
                    "facets": 12,
                    "bounding_box": {"min": [0, 0, 0], "max": [10, 10, 10]},
                    "width": None,
                    "height": None,
                    "parameters": {"size": 20},
                    "messages": ['ECHO: "made"'],
                    "seconds": 0.05,
                    "warnings": [],
                }
            ]
        }
    )

    artifact: Artifact
    format: Format
    facets: int | None = Field(description="For a solid: counted in the file.")
    bounding_box: Box | None = Field(description="For a solid or a drawing: measured in the file.")
    width: int | None = Field(description="For a picture: pixels.")
    height: int | None = Field(description="For a picture: pixels.")
    parameters: dict[str, Any] = Field(description="What was overridden.")
    messages: list[str] = Field(description="What OpenSCAD printed: mostly ECHO lines. At most 1000.")
    seconds: float = Field(description="How long OpenSCAD took, without waiting for its turn.")
    warnings: list[Warned]


RENDER = Method("source.render", RenderParams, Rendered, atomic=False, deadline="file")
