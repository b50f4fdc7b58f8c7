"""Variants: the same document for many values of its parameters, as files and measures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Artifact, MayWarn, Method, Name, Number, Params, Result
from cadgate_freecad.models.parameters import NAMED, ParameterName

Value = Number | Annotated[str, Field(min_length=1, max_length=64)]
VariantFormat = Literal["step", "stl", "glb", "png", "iges", "brep", "obj", "ply", "3mf", "gltf", "usdz"]


class VariantRow(Params):
    """One variant: its name, and the values of parameters that differ from those of the document."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_. -]*$")]
    parameters: Annotated[dict[ParameterName, Value], Field(max_length=1000, json_schema_extra=NAMED)] = Field(
        description="Numbers in the unit of the parameter, or quantity strings."
    )


class VariantsParams(Params):
    """Which values, of which objects, and what to make of each."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {"name": "small", "parameters": {"width": 30}},
                        {"name": "big", "parameters": {"width": 60}},
                    ],
                    "objects": ["Plate"],
                    "exports": ["step"],
                }
            ]
        }
    )
    rows: Annotated[list[VariantRow], Field(min_length=1, max_length=10_000)] | None = None
    table: str | None = Field(
        None,
        description="Instead of rows: the id of an artifact, a CSV file whose first line names the parameters; the "
        "column `name` names the variants.",
    )
    objects: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    exports: Annotated[list[VariantFormat], Field(max_length=11)] = Field(
        default_factory=list["VariantFormat"], description="A file of the objects for each row and format."
    )
    measures: bool = True
    linear_deflection: Annotated[Number, Field(gt=0)] = 0.1
    angular_deflection: Annotated[Number, Field(gt=0, le=3.2)] = 0.5

    @model_validator(mode="after")
    def _has_rows(self) -> VariantsParams:
        if (self.rows is None) == (self.table is None):
            raise ValueError("send either `rows`, or the id of a CSV file as `table`")
        check_names([row.name for row in self.rows or ()])
        return self


def check_names(names: list[str]) -> None:
    """Raise ValueError for two rows of the same name."""
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f"two rows are called {twice[0]!r}: give each its own name")


class VariantMeasures(Result):
    """What one object measures in a variant."""

    volume: float | None
    area: float | None
    mass: float | None
    center_of_mass: list[float] | None
    bounding_box: Any


class VariantResult(Result):
    """One variant: its files and measures, or why there are none."""

    name: str
    artifacts: list[Artifact] = Field(description="In the order of `exports`.")
    measures: dict[str, VariantMeasures] | None
    error: dict[str, Any] | None = Field(description="`code`, `message` and `details`, if the variant is impossible.")


class VariantsResult(MayWarn):
    """The variants in the order of the rows."""

    rows: list[VariantResult]


VARIANTS = Method("variants.create", VariantsParams, VariantsResult, atomic=False, deadline="file", job=True)
