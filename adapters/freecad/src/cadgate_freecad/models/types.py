"""Every type of object that FreeCAD has, and objects of any of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue

from cadgate.plugin import Method, Params, Result
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import PartCreation

TypeName = Annotated[str, Field(min_length=1, max_length=255)]


class TypeSearch(Params):
    """Which types to list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"search": "ellipse", "limit": 10}]})
    search: Annotated[str, Field(max_length=400)] | None = Field(
        None, description="Words of the name, or of names and documentation of properties; the best match comes first."
    )
    workbench: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(None, examples=["Part"])
    creatable: bool | None = Field(None, description="Only those that can be created, or only the others.")
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0)] = 0


class TypeEntry(Result):
    """One type."""

    type: str = Field(examples=["Part::Ellipse"])
    workbench: str
    creatable: bool
    reason: str | None = Field(description="Why objects of this type cannot be created.")
    method: str | None = Field(description="A method that makes the same, or does the work of a type that is refused.")
    properties: list[str] = Field(description="What can be set.")


class TypeList(Result):
    """Types, and how many there are."""

    types: list[TypeEntry]
    total: int


class TypeReference(Params):
    """Which type."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "Part::Ellipse"}]})
    type: TypeName


class TypeInfo(Result):
    """One type with the JSON Schema of its properties."""

    model_config = ConfigDict(serialize_by_alias=True)
    type: str
    workbench: str
    creatable: bool
    reason: str | None
    method: str | None
    bases: list[str] = Field(description="The types that it is derived from.")
    schema_: dict[str, Any] = Field(
        alias="schema",
        description="JSON Schema of the properties, with `unit`, `enum`, `default`, `description`, and FreeCAD's own "
        "`kind` and `group`; `readOnly` ones are computed, or `reason` says why they cannot be set.",
    )


class ObjectCreation(PartCreation):
    """An object of any type that can be created."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "Part::Ellipse",
                    "name": "Rim",
                    "properties": {"MajorRadius": 20, "MinorRadius": "1 cm"},
                    "expressions": {},
                }
            ]
        }
    )
    type: TypeName = Field(description="FreeCAD's name of the type: `GET /types` lists all.")
    properties: Annotated[dict[str, JsonValue], Field(max_length=200)] = Field(
        default_factory=dict[str, JsonValue],
        description="By name, set in this order. Quantities as numbers (mm, degrees) or quantity strings; objects by "
        'name; faces and edges as `{"object": "Box", "elements": ["Face1"]}`.',
    )


LIST_TYPES = Method("types.list", TypeSearch, TypeList)
GET_TYPE = Method("types.get", TypeReference, TypeInfo)
CREATE_OBJECT = Method("objects.create", ObjectCreation, PartInfo, mutates=True)
