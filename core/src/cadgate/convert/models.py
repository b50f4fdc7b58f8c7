"""Conversions of files, and the formats between which there are any."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from cadgate.contract.methods import Method
from cadgate.models.common import Count, Params
from cadgate.models.responses import Artifact, Result, Warned

THUMBNAIL = "thumbnail"
_OPTIONS = (
    "Further parameters of the methods on the way: each goes to the first that has it. For example "
    '`{"linear_deflection": 0.01}` for finer triangles of a CAD file, or `{"scale": 0.001}`.'
)


class ConvertParams(Params):
    """A stored file, and what is to become of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"artifact": "0123456789abcdef0123456789abcdef", "to": "glb"},
                {"artifact": "0123456789abcdef0123456789abcdef", "to": THUMBNAIL, "size": 256},
            ]
        }
    )

    artifact: str = Field(
        description="The id of the artifact. The suffix of its name, or else its content, determines the format."
    )
    to: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        description="The format, as `GET /api/v1/formats` lists them, or a suffix; `thumbnail` for a PNG."
    )
    size: Annotated[Count, Field(ge=16, le=4096)] | None = Field(
        None, description="Only for `thumbnail`: its width and height in pixels; by default 256."
    )
    options: Annotated[dict[str, Any], Field(max_length=100)] = Field(
        default_factory=dict[str, Any], description=_OPTIONS
    )


class Converted(Result):
    """The new file, and how it was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "artifact": {
                        "id": "0123456789abcdef0123456789abcdef",
                        "name": "flange.fbx",
                        "media_type": "application/octet-stream",
                        "size": 18234,
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                    },
                    "path": ["freecad", "blender"],
                    "formats": ["step", "glb", "fbx"],
                    "related": [],
                    "warnings": [],
                }
            ]
        }
    )

    artifact: Artifact
    path: list[str] = Field(description="The applications that did it, in their order.")
    formats: list[str] = Field(description="The formats on the way: that of the file first, that of the result last.")
    related: list[Artifact] = Field(default_factory=list[Artifact], description="Files that belong to it: an .mtl.")
    warnings: list[Warned] = Field(default_factory=list[Warned], description="What the formats on the way cannot hold.")


class FormatInfo(Result):
    """A format that an application reads or writes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "format": "step",
                    "suffixes": [".step", ".stp"],
                    "read_by": ["freecad"],
                    "written_by": ["freecad"],
                    "converts_to": ["fbx", "glb", "stl", "thumbnail"],
                }
            ]
        }
    )

    format: str
    suffixes: list[str]
    read_by: list[str] = Field(description="The applications that read it.")
    written_by: list[str] = Field(description="The applications that write it.")
    converts_to: list[str] = Field(description="What `POST /api/v1/convert?to=` makes of such a file.")


class FormatList(Result):
    """All formats, sorted by name."""

    formats: list[FormatInfo]


CONVERT = Method("files.convert", ConvertParams, Converted, atomic=False, deadline="file")
