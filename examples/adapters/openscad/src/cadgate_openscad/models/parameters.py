"""The customizer's parameters: what a source lets its user choose, as OpenSCAD itself reads it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from cadgate.plugin import Artifact, Method, Number, Result
from cadgate_openscad.models.sources import EXAMPLE, Source

Text = Annotated[
    str, StringConstraints(strict=True, max_length=10_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
]
Value = StrictBool | Number | Text | Annotated[list[Number], Field(min_length=1, max_length=100)]
"""The possible values of a parameter: true or false, a number, text, a vector of numbers."""


class ParametersQuery(Source):
    """The source to read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": EXAMPLE}]})


class Option(Result):
    """One of the values that a parameter can have, and what the customizer shows for it."""

    value: float | str
    label: str


class Parameter(Result):
    """One parameter, as the comment next to it describes it."""

    name: str
    type: Literal["boolean", "number", "string", "vector"]
    default: bool | float | str | list[float] = Field(description="Numbers as OpenSCAD prints them: six digits.")
    group: str | None = None
    description: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    max_length: int | None = None
    options: list[Option] | None = Field(None, description="The only values that it can have.")


PARAMETER_EXAMPLE: dict[str, Any] = {
    "name": "size",
    "type": "number",
    "default": 10,
    "group": "Size",
    "description": "Edge in mm",
    "minimum": 1,
    "maximum": 100,
    "step": 0.5,
    "max_length": None,
    "options": None,
}


class ParameterList(Result):
    """The parameters in the order of the source, without those of the group `Hidden`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": None, "parameters": [PARAMETER_EXAMPLE]}]})

    artifact: Artifact | None = Field(description="The source, if it is an artifact: send its id to /render.")
    parameters: list[Parameter]


PARAMETERS = Method("source.parameters", ParametersQuery, ParameterList, atomic=False, deadline="file", scope="read")
