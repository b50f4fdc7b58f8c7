"""Booleans that are applied immediately."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from cadgate.plugin import Method, Name, Params
from cadgate_blender.models.modifiers import BooleanOperation, Solver
from cadgate_blender.models.objects import ObjectInfo

Verify = Literal["fast", "full"]

_OPERATIONS = {"subtract": "difference", "intersection": "intersect"}


class BooleanOptions(Params):
    """The other object, and what to do with both."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object": "Drill", "operation": "difference", "delete_other": True}]}
    )

    object: Name = Field(description="The other object, a mesh.")
    operation: Annotated[
        BooleanOperation,
        BeforeValidator(lambda value: _OPERATIONS.get(value, value) if isinstance(value, str) else value),
    ] = "difference"
    solver: Solver = Field(
        "exact", description="If its result is wrong, the other one is tried, with the warning `other_solver`."
    )
    verify: Verify | None = Field(
        None,
        description="How closely the result is checked: by points near some of the faces, and by volumes if that is "
        "cheap, or by many more points and always by volumes. By default the adapter's setting `verify`.",
    )
    delete_other: bool = Field(False, strict=True, description="Delete the other object afterwards.")


class BooleanParams(BooleanOptions):
    """The object to change, and how."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Plate", "object": "Drill", "operation": "difference"}]}
    )

    name: Name = Field(description="The object that becomes the result.")


BOOLEAN = Method("objects.boolean", BooleanParams, ObjectInfo, mutates=True)
