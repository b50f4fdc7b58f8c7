"""Values and base models of parameters that all adapters share. No terms of a particular application."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from cadgate.models.bounded import FailingFast
from cadgate.models.colours import objection

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A finite number. Text and booleans are refused, not converted; in a query use `QueryNumber`."""

Count = Annotated[int, Field(strict=True)]
"""A whole number. `2.0`, text and booleans are refused; in a query use `QueryCount`."""

QueryNumber = Annotated[float, Field(strict=False, allow_inf_nan=False)]
"""`Number` for models of a query, where every value is text: `?tolerance=0.1`."""

QueryCount = Annotated[int, Field(strict=False)]
"""`Count` for models of a query: `?samples=16`."""

Vector3 = tuple[Number, Number, Number]
"""`[x, y, z]` in the application's unit of length."""

Rotation = Annotated[Vector3, Field(description="XYZ Euler angles in degrees.")]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _color(value: Any) -> Any:
    wrong = objection(value)
    if wrong is not None:
        raise ValueError(wrong)
    if isinstance(value, str):
        channels: list[Any] = [int(value[i : i + 2], 16) / 255 for i in range(1, len(value), 2)]
    else:
        channels = list(value)
    return [*channels, 1.0] if len(channels) == 3 else channels


_Channel = Annotated[float, Field(strict=True, ge=0, le=1)]
_COLOR_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 3, "maxItems": 4},
        {"type": "string", "pattern": "^#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})$"},
    ],
    "description": '`[r, g, b]` or `[r, g, b, a]` in 0…1, or `"#rrggbb[aa]"`; alpha defaults to 1.',
}
Color = Annotated[
    tuple[_Channel, _Channel, _Channel, _Channel], BeforeValidator(_color), WithJsonSchema(_COLOR_SCHEMA, "validation")
]
"""RGBA, linear, 0…1."""


def _text(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("control characters are not allowed in a name")
    return value


class _Plain:
    """Describes in the schema what `_text` checks; `json_schema_extra` would exclude adapters' own functions there."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": r"^[^\x00-\x1f\x7f]*$"}


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_text), _Plain()]
"""A name in an application's document; adapters restrict it to what their application keeps unchanged."""


class Params(FailingFast):
    """The base of every request model: unknown fields are refused, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Creation(Params):
    """The base of every request that creates something with a name."""

    name: Name | None = Field(None, description="Chosen by the application by default; the response has it.")
    on_conflict: Literal["error", "rename", "replace"] = Field(
        "error", description="What to do when `name` is in use: answer 409 `name_taken`, choose another, or replace it."
    )


class Trustable(Params):
    """The base of requests that read a file which may hold more than data: code, or references to other files."""

    trusted: Annotated[bool, Field(strict=True)] = Field(
        False,
        description="Read the file as it is, with the code and the references to other files that it holds. Needs the "
        "scope `execute` in addition to `write`, and is recorded in the audit log. Otherwise these are left out, with "
        "a warning.",
    )


class Empty(Params):
    """A method without parameters."""
