"""Export and import of files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

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
from cadgate_blender.models.objects import CUBE_INFO, ObjectInfo
from cadgate_blender.models.queries import ChangeQuery

SceneFormat = Literal["glb", "gltf", "obj", "stl", "ply", "fbx", "usd", "abc", "blend"]
UpAxis = Annotated[Literal["Y", "Z"], BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)]

SUFFIXES: dict[str, tuple[str, ...]] = {
    "glb": (".glb",),
    "gltf": (".gltf",),
    "obj": (".obj",),
    "stl": (".stl",),
    "ply": (".ply",),
    "fbx": (".fbx",),
    "usd": (".usd", ".usdc", ".usda", ".usdz"),
    "abc": (".abc",),
    "blend": (".blend",),
}
"""The suffixes of each format; the first one is appended to a name that has none."""

FORMATS = Suffixes.by_format(SUFFIXES)

_Y_UP = ("glb", "gltf", "obj", "fbx", "abc")
UP: dict[str, UpAxis] = {format: "Y" if format in _Y_UP else "Z" for format in SUFFIXES}
"""The axis that points up in a file of each format by default."""

_FIXED_UP = ("abc", "blend")
_FILE: dict[str, Any] = {
    "id": "0123456789abcdef0123456789abcdef",
    "name": "scene.glb",
    "media_type": "model/gltf-binary",
    "size": 1824,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
}


class ExportParams(Params):
    """What to export, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"format": "glb", "filepath": "models/chair.glb"},
                {"objects": ["Cube"], "format": "stl", "scale": 1000},
                {"format": "glb", "compression": "draco", "images": "webp"},
            ]
        }
    )

    objects: Annotated[list[Name], Field(min_length=1, max_length=100_000)] | None = Field(
        None, description="Names; by default every object."
    )
    filepath: str | None = Field(
        None, description="Relative name in the session's workspace; a missing suffix is appended.", examples=["a.glb"]
    )
    format: SceneFormat = Field(
        "glb", description="If only `filepath` is given, its suffix decides. `gltf` is one file with all buffers."
    )
    apply_modifiers: bool = Field(
        True, strict=True, description="Export each mesh with its modifiers applied. `blend` keeps modifiers."
    )
    scale: Annotated[Number, Field(ge=1e-6, le=1e6)] | None = Field(
        None, description="Factor for all lengths, by default 1. 1000 gives millimetres."
    )
    up: UpAxis | None = Field(
        None,
        description="The axis that points up in the file; by default the format's own: stl, ply, usd Z, others Y.",
    )
    compression: Literal["none", "draco"] = Field(
        "none", description="glb, gltf: `draco` makes meshes a fraction of their size, with positions of 14 bits."
    )
    images: Literal["auto", "jpeg", "webp"] = Field(
        "auto", description="glb, gltf: the format of all pictures; by default png, and jpeg for those that are."
    )
    verify: Literal["fast", "full"] | None = Field(
        None,
        description="How closely the file is compared with the scene before the answer: fast reads it once "
        "(places, sizes, counts, names, movement), full lets Blender import it as well. By default the setting.",
    )

    @model_validator(mode="before")
    @classmethod
    def _format_follows_the_suffix(cls, data: object) -> object:
        return follow_suffix(data, "filepath", FORMATS)

    @model_validator(mode="after")
    def _check(self) -> ExportParams:
        check_suffix(self.filepath, "filepath", self.format, FORMATS)
        for field, chosen in (("compression", self.compression != "none"), ("images", self.images != "auto")):
            if chosen and self.format not in ("glb", "gltf"):
                raise ValueError(f"{field} is for glb and gltf files: leave it out, or choose one of these formats")
        if self.format in _FIXED_UP and self.up is not None and self.up != UP[self.format]:
            raise ValueError(f"{self.format} files are always {UP[self.format]} up")
        return self

    @property
    def suffix(self) -> str:
        """Return the suffix that the file gets: the one it has, if that is one of the format's."""
        return FORMATS.for_file(self.filepath, self.format)


class Exported(Result):
    """A file that was written and read back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"artifact": _FILE, "format": "glb", "objects": ["Cube"], "related": [], "warnings": []}]
        }
    )

    artifact: Artifact
    format: SceneFormat
    objects: list[str] = Field(description="The names of the objects in the file.")
    related: list[Artifact] = Field(description="Files that belong to it: an .mtl, textures.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


class ImportOptions(Params):
    """How to import a file."""

    scale: Annotated[float, Field(ge=1e-6, le=1e6)] = Field(
        1, description="Factor for all lengths. 0.001 is for files in millimetres."
    )
    up: UpAxis | None = Field(None, description="obj, stl and ply: the axis that points up in the file.")
    collection: Name | None = Field(None, description="An existing collection; by default the scene's own.")


class ImportQuery(ChangeQuery, ImportOptions):
    """The same in the query of an upload."""

    trusted: bool = Field(False, description="Read a .blend file as it is; needs the scope `execute`.")


class ImportParams(ImportOptions, Trustable):
    """An artifact, and how to import it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})

    artifact: str = Field(description="The id of an artifact. The suffix of its name determines the format.")


class Imported(Result):
    """The imported objects, under the names that Blender gave them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"objects": [CUBE_INFO], "warnings": []}]})

    objects: list[ObjectInfo]
    warnings: list[Warned] = Field(default_factory=list[Warned])


EXPORT = Method("exchange.export", ExportParams, Exported, atomic=False, deadline="file")
IMPORT = Method(
    "exchange.import",
    ImportParams,
    Imported,
    mutates=True,
    replay="snapshot",
    atomic=False,
    deadline="file",
    scope_of=execute_if_trusted,
    revised=False,
)
