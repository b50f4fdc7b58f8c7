"""Export and import of files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import (
    Artifact,
    Method,
    Name,
    Number,
    Params,
    Result,
    Suffixes,
    Trustable,
    Warned,
    check_suffix,
    execute_if_trusted,
    follow_suffix,
)
from cadgate_freecad.models.objects import PART_EXAMPLE, PartInfo

ExportFormat = Literal[
    "step", "iges", "brep", "stl", "obj", "ply", "3mf", "amf", "glb", "gltf", "usdz", "fcstd", "dxf", "svg", "pdf"
]

SUFFIXES: dict[str, tuple[str, ...]] = {
    "step": (".step", ".stp"),
    "iges": (".iges", ".igs"),
    "brep": (".brep", ".brp"),
    "stl": (".stl",),
    "obj": (".obj",),
    "ply": (".ply",),
    "3mf": (".3mf",),
    "amf": (".amf",),
    "glb": (".glb",),
    "gltf": (".gltf",),
    "usdz": (".usdz",),
    "fcstd": (".fcstd",),
    "dxf": (".dxf",),
    "svg": (".svg",),
    "pdf": (".pdf",),
}
"""The suffixes of each format; the first one is appended to a name that has none."""

FORMATS = Suffixes.by_format(SUFFIXES)


class PartExportParams(Params):
    """What to export, and how finely curved faces become triangles in the mesh formats."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"format": "step", "filepath": "parts/flange.step"}, {"objects": ["Cut"], "format": "stl"}]
        }
    )
    objects: Annotated[list[Name], Field(min_length=1, max_length=10_000)] | None = Field(
        None, description="Names. By default every visible object with a shape that is not part of another one."
    )
    filepath: Annotated[str, Field(min_length=1, max_length=1024)] | None = Field(
        None, description="Relative name in the session's workspace; a missing suffix is appended.", examples=["a.step"]
    )
    format: ExportFormat = Field(
        "step", description="If only `filepath` is given, its suffix decides; a suffix of another format is refused."
    )
    linear_deflection: Annotated[Number, Field(gt=0)] = Field(
        0.1, description="Mesh formats: about the largest distance of a triangle to the surface, mm."
    )
    angular_deflection: Annotated[Number, Field(gt=0, le=3.2)] = Field(
        0.5, description="Mesh formats: the largest angle between neighbouring triangles, radians."
    )
    verify: Literal["fast", "full"] | None = Field(
        None,
        description="How the file is checked. `fast`: box, centre, volume, area, counts, names. `full`: in another "
        "process, each face and sample points as well. By default the adapter's setting `verify`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _format_follows_the_suffix(cls, data: object) -> object:
        return follow_suffix(data, "filepath", FORMATS)

    @model_validator(mode="after")
    def _suffix_agrees(self) -> PartExportParams:
        check_suffix(self.filepath, "filepath", self.format, FORMATS)
        return self

    @property
    def suffix(self) -> str:
        """Return the suffix that the file gets: the one it has, if that is one of the format's."""
        return FORMATS.for_file(self.filepath, self.format)


class PartExported(Result):
    """The file, and what is in it."""

    artifact: Artifact
    format: ExportFormat
    objects: list[str] = Field(description="Names of the exported objects.")
    facets: int | None = Field(None, description="Triangles in the file; mesh formats only.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


class PartImportParams(Trustable):
    """A stored file to import."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})
    artifact: str = Field(description="The id of the artifact that holds the file.")


class PartImported(Result):
    """What was imported."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"format": "step", "objects": [PART_EXAMPLE]}]})
    format: str = Field(description="The file's format, by its content.")
    objects: list[PartInfo]
    warnings: list[Warned] = Field(default_factory=list[Warned])


EXPORT = Method("exchange.export", PartExportParams, PartExported, deadline="file", atomic=False)
IMPORT = Method(
    "exchange.import",
    PartImportParams,
    PartImported,
    mutates=True,
    atomic=False,
    replay="snapshot",
    deadline="file",
    scope_of=execute_if_trusted,
    revised=False,
)
