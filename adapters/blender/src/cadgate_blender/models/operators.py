"""Blender's operators: which there are, what they take, and running one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from cadgate.plugin import MayWarn, Method, Name, Params, Result

OperatorId = Annotated[str, Field(min_length=1, max_length=255, examples=["mesh.bevel"])]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z_0-9]+$")]


class OperatorSearch(Params):
    """Which operators to list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"search": "bevel", "limit": 10}]})
    search: Annotated[str, Field(max_length=400)] | None = Field(
        None, description="Words of names, documentation and properties; the best match comes first."
    )
    group: Word | None = Field(None, description="The part of the id before the point.", examples=["mesh"])
    callable: bool | None = Field(None, description="Only those that can be run, or only the others.")
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0)] = 0


class OperatorEntry(Result):
    """One operator."""

    id: str = Field(examples=["mesh.bevel"])
    name: str
    description: str
    callable: bool
    reason: str | None = Field(description="Why it is not run.")
    method: str | None = Field(description="The method that does the work of one that is not run.")


class OperatorList(Result):
    """Operators, and how many there are."""

    operators: list[OperatorEntry]
    total: int


class OperatorReference(Params):
    """Which operator."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operator": "mesh.bevel"}]})
    operator: OperatorId


class OperatorNeeds(Result):
    """The context that an operator usually needs; null where it needs none in particular."""

    mode: str | None
    object_types: list[str] | None
    area: str | None


class OperatorInfo(OperatorEntry):
    """One operator with the JSON Schema of its properties."""

    model_config = ConfigDict(serialize_by_alias=True)
    schema_: dict[str, Any] = Field(
        alias="schema", description="JSON Schema of `properties`: types, enumerations, ranges, defaults, documentation."
    )
    context: OperatorNeeds


class OperatorContext(Params):
    """What an operator works on. Afterwards, selection, active object and mode are as before."""

    active: Name | None = Field(None, description="By default the first of `selected`, or the one that is active.")
    selected: Annotated[list[Name], Field(max_length=10_000)] | None = Field(
        None, description="By default `active` alone, or what is selected."
    )
    mode: Word | None = Field(
        None,
        description="`EDIT`, `POSE`, `SCULPT` …; by default `OBJECT`. In edit and pose mode everything is selected if "
        "nothing is.",
        examples=["EDIT"],
    )
    area: Word | None = Field(
        None, description="The type of the editor: `VIEW_3D`, `NODE_EDITOR` …", examples=["VIEW_3D"]
    )


class OperatorBody(Params):
    """The properties and the context of an operator."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "properties": {"offset": 0.1, "segments": 2},
                    "context": {"active": "Cube", "selected": ["Cube"], "mode": "EDIT"},
                }
            ]
        }
    )
    properties: Annotated[dict[str, JsonValue], Field(max_length=200)] = Field(default_factory=dict[str, JsonValue])
    context: OperatorContext | None = None


class OperatorRun(OperatorBody):
    """Which operator to run, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "operator": "mesh.bevel",
                    "properties": {"offset": 0.1, "segments": 2},
                    "context": {"active": "Cube", "selected": ["Cube"], "mode": "EDIT"},
                }
            ]
        }
    )
    operator: OperatorId


class OperatorResult(MayWarn):
    """What an operator did, by comparing the document before and after."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "result": "FINISHED",
                    "changed": ["Cube"],
                    "created": [],
                    "deleted": [],
                    "data_created": [],
                    "data_deleted": [],
                    "warnings": [],
                }
            ]
        }
    )
    result: Literal["FINISHED"]
    changed: list[str] = Field(description="Objects.")
    created: list[str] = Field(description="Objects.")
    deleted: list[str] = Field(description="Objects.")
    data_created: list[str] = Field(description="Other data-blocks: `materials/Gold`.")
    data_deleted: list[str] = Field(description="Other data-blocks.")


LIST_OPERATORS = Method("operators.list", OperatorSearch, OperatorList)
GET_OPERATOR = Method("operators.get", OperatorReference, OperatorInfo)
RUN_OPERATOR = Method("operators.run", OperatorRun, OperatorResult, mutates=True, replay="snapshot", revised=False)
