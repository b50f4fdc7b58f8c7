"""Any property of any data-block of Blender, by its path."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from cadgate.plugin import Empty, MayWarn, Method, Params, Result

Step = Annotated[str, Field(min_length=1, max_length=1000)]


def _few(path: list[str]) -> list[str]:
    if not 1 <= len(path) <= 32:
        raise ValueError(f"path has {len(path)} steps: it must have 1 to 32")
    return path


DataPath = Annotated[list[Step], AfterValidator(_few)]
NewName = Annotated[str, Field(min_length=1, max_length=255)]
_EXAMPLE: list[JsonValue] = ["objects", "Cube", "location"]


class DataCollection(Result):
    """One collection of the document."""

    path: str = Field(examples=["objects"])
    type: str = Field(examples=["Object"])
    count: int
    can_add: bool
    can_remove: bool


class DataCollections(Result):
    """The collections of the document."""

    collections: list[DataCollection]


class DataReference(Params):
    """Which property, structure or collection, by the steps of its path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": _EXAMPLE}]})
    path: DataPath = Field(
        description="`objects`, the name of one, then properties of Blender's RNA; items by name or number."
    )


class DataItemReference(DataReference):
    """An item of a collection, by the steps of its path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": ["materials", "Gold"]}]})


class DataValue(MayWarn):
    """What is there."""

    model_config = ConfigDict(
        serialize_by_alias=True,
        json_schema_extra={
            "examples": [
                {
                    "path": "objects/Cube/location",
                    "kind": "float",
                    "type": None,
                    "value": [0, 0, 1],
                    "schema": {"type": "array", "items": {"type": "number"}},
                    "warnings": [],
                }
            ]
        },
    )
    path: str
    kind: str = Field(description="`boolean`, `int`, `float`, `string`, `enum`, `pointer`, `collection`, `structure`.")
    type: str | None = Field(None, description="Blender's type of a structure, a data-block or the items.")
    value: Any = Field(
        description="Data-blocks by name; of a structure its properties, of a collection the names of its items."
    )
    schema_: dict[str, Any] | None = Field(
        None, alias="schema", description="JSON Schema of the value, for a property that can be set."
    )


class DataChange(Params):
    """The new value."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": [0, 0, 1]}]})
    value: JsonValue = Field(description="As `GET` returns it; a data-block by its name, or null.")


class DataUpdate(DataChange):
    """Which property to set."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": _EXAMPLE, "value": [0, 0, 1]}]})
    path: DataPath


class DataItem(Params):
    """The new item of a collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bevel", "arguments": {"type": "BEVEL"}}]})
    name: NewName | None = Field(None, description="By default chosen by the application.")
    arguments: Annotated[dict[str, JsonValue], Field(max_length=50)] = Field(
        default_factory=dict[str, JsonValue],
        description="Those of the collection's own `new` in Blender: `type` of a modifier, `object_data` of an object; "
        "data-blocks by name, other structures by path.",
    )


class DataCreation(DataItem):
    """Which collection gets it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"path": ["objects", "Cube", "modifiers"], "name": "Bevel", "arguments": {"type": "BEVEL"}}]
        }
    )
    path: DataPath


class DataCreated(MayWarn):
    """The item that was added."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"path": "objects/Cube/modifiers/Bevel", "name": "Bevel", "type": "BevelModifier", "warnings": []}
            ]
        }
    )
    path: str = Field(description="A slash in a name is `%2F`.")
    name: str
    type: str


class DataDeleted(MayWarn):
    """The item that was removed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deleted": "objects/Cube", "warnings": []}]})
    deleted: str


LIST_DATA = Method("data.list", Empty, DataCollections)
GET_DATA = Method("data.get", DataReference, DataValue)
UPDATE_DATA = Method("data.update", DataUpdate, DataValue, mutates=True)
CREATE_DATA = Method("data.create", DataCreation, DataCreated, mutates=True, names="name")
DELETE_DATA = Method("data.delete", DataItemReference, DataDeleted, mutates=True)
