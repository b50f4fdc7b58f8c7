"""Files: exact ones (STEP, BREP) and meshes (STL)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Artifact, MayWarn, Method, Name, Number, Params, Suffixes, check_suffix, follow_suffix
from cadgate_build123d.models.solids import SolidInfo

FORMATS = Suffixes({".step": "step", ".stp": "step", ".brep": "brep", ".stl": "stl"})


class ExportParams(Params):
    """What to write, and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filepath": "part.step"}, {"format": "stl"}]})

    objects: Annotated[list[Name], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="Names; by default every solid."
    )
    filepath: str | None = Field(None, description="Relative name in the session's workspace.")
    format: Literal["step", "brep", "stl"] = Field("step", description="By default the suffix of `filepath`, if given.")
    tolerance: Annotated[Number, Field(ge=0.001, le=100)] = Field(0.1, description="For meshes: the deviation in mm.")

    @model_validator(mode="before")
    @classmethod
    def _follow(cls, data: Any) -> Any:
        return follow_suffix(data, "filepath", FORMATS)

    @model_validator(mode="after")
    def _check(self) -> ExportParams:
        check_suffix(self.filepath, "filepath", self.format, FORMATS)
        return self


class Exported(MayWarn):
    """The file that was written."""

    artifact: Artifact
    solids: int


class ImportQuery(Params):
    """The name of the import."""

    name: Name | None = Field(None, description="The name of the first solid; by default the file's.")


class ImportParams(ImportQuery):
    """The file."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})

    artifact: str = Field(description="The id of an artifact: STEP or BREP.")


class Imported(MayWarn):
    """The imported solids."""

    objects: list[SolidInfo]


EXPORT = Method("exchange.export", ExportParams, Exported, atomic=False, deadline="file")
IMPORT = Method("exchange.import", ImportParams, Imported, mutates=True, replay="snapshot", atomic=False)
