"""The named values of a document, which expressions refer to as `Parameters.width`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, RootModel, model_validator
from pydantic.json_schema import SkipJsonSchema

from cadgate.plugin import MayWarn, Method, Number, Params, Result
from cadgate_freecad.models.values import Expression, Label

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_CELL = re.compile(r"[A-Z]{1,2}[0-9]{1,5}\Z")
NAMED: dict[str, JsonValue] = {"propertyNames": {"minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z][A-Za-z0-9_]*$"}}
"""What JSON Schema says of an object whose keys are names of parameters."""


def _name(value: str) -> str:
    if not _NAME.match(value):
        raise ValueError(
            f"{value!r} is not a name that an expression can use: ASCII letters, digits and '_' only, and a letter "
            "first. Put any other text into `description`"
        )
    if _CELL.match(value):
        raise ValueError(f"{value!r} is the address of a cell: choose another name")
    if value == "warnings":
        raise ValueError("'warnings' is the name of a field of the result: choose another name")
    return value


ParameterName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_name)]
Unit = Annotated[str, Field(min_length=1, max_length=32, examples=["mm"])]


def _not_given() -> None:
    """Return the default of a field that stays as it is."""


class ParameterChange(Params):
    """What a parameter is to be; fields that are not given stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": 40, "unit": "mm"}]})
    value: Number | Annotated[str, Field(min_length=1, max_length=64)] | SkipJsonSchema[None] = Field(
        default_factory=_not_given,
        description='A number of the `unit`, or a quantity string such as `"2 in"`.',
        examples=[40, "2 in"],
    )
    unit: Unit | None = Field(
        default_factory=_not_given, description="Of the value: `mm`, `deg`, `kg/m^3` …; null for a plain number."
    )
    expression: Expression | SkipJsonSchema[None] = Field(
        default_factory=_not_given,
        description="Instead of a value: computed from other parameters, `width / 2`.",
        examples=["width / 2"],
    )
    description: Label | None = Field(default_factory=_not_given, examples=["Across the flats"])

    @model_validator(mode="after")
    def _says_one_thing(self) -> ParameterChange:
        if not self.model_fields_set:
            raise ValueError('it says nothing: send {"value": 40, "unit": "mm"} or {"expression": "width / 2"}')
        if self.expression is not None and (self.value is not None or self.unit is not None):
            raise ValueError("a parameter has either a value (with a unit) or an expression")
        if isinstance(self.value, str) and self.unit is not None:
            raise ValueError("the value is a quantity string, which has its unit already: leave `unit` out")
        return self


class ParameterValue(ParameterChange):
    """A parameter: its value and unit, or its expression, and what it is for."""

    @model_validator(mode="after")
    def _is_complete(self) -> ParameterValue:
        if self.value is None and self.expression is None:
            raise ValueError('it needs a value or an expression: {"value": 40, "unit": "mm"}')
        return self


Values = Annotated[dict[ParameterName, ParameterValue | None], Field(max_length=1000)]
Changes = Annotated[dict[ParameterName, ParameterChange | None], Field(max_length=1000)]

_EXAMPLE: dict[str, Any] = {
    "width": {"value": 40, "unit": "mm", "description": "Across the flats"},
    "half": {"expression": "width / 2"},
}


class ParameterTable(RootModel[Values]):
    """Parameters by name; null removes one, those that are not named stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE], **NAMED})


class ParameterChanges(RootModel[Changes]):
    """Changes of parameters by name: fields that are not given stay; null removes a parameter."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"width": {"value": 45}}], **NAMED})


class ParametersReference(Params):
    """All parameters of the document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class ParametersPut(Params):
    """The parameters to set as a whole, by name; null removes one, those that are not named stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parameters": _EXAMPLE}]})
    parameters: Values = Field(json_schema_extra=NAMED)


class ParametersPatch(Params):
    """What to change of parameters, by name; null removes one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parameters": {"width": {"value": 45}}}]})
    parameters: Changes = Field(json_schema_extra=NAMED)


class ParameterInfo(Result):
    """One parameter."""

    value: float | str | bool | None = Field(description="In its `unit`.")
    unit: str | None = Field(None, description="As given, or FreeCAD's own for an expression; null for a plain number.")
    expression: str | None = None
    description: str | None = None


class ParametersInfo(MayWarn):
    """The parameters by name."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "width": {"value": 40, "unit": "mm", "expression": None, "description": "Across the flats"},
                    "half": {"value": 20, "unit": "mm", "expression": "width / 2", "description": None},
                }
            ]
        },
    )
    __pydantic_extra__: dict[str, ParameterInfo] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]


GET_PARAMETERS = Method("parameters.get", ParametersReference, ParametersInfo)
SET_PARAMETERS = Method("parameters.set", ParametersPut, ParametersInfo, mutates=True, partial=True)
UPDATE_PARAMETERS = Method("parameters.update", ParametersPatch, ParametersInfo, mutates=True, partial=True)
