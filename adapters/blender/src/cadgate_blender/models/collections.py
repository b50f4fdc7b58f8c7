"""Collections: groups of objects in the scene's tree."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from cadgate.plugin import Creation, Deleted, Method, Name, Params, Result, Warned
from cadgate.plugin import Empty as Nothing
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.values import UNIT, Placed, Scale

PARTS: dict[str, Any] = {"name": "Parts", "parent": "Scene Collection", "objects": ["Cube"], "children": []}


class CollectionInfo(Result):
    """One collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [PARTS]})

    name: str
    parent: str | None = Field(description="Null for the scene's own collection, and for one outside the scene.")
    objects: list[str]
    children: list[str]
    warnings: list[Warned] = Field(default_factory=list[Warned])


class CollectionList(Result):
    """Every collection, the scene's own first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "collections": [
                        {"name": "Scene Collection", "parent": None, "objects": [], "children": ["Parts"]},
                        PARTS,
                    ]
                }
            ]
        }
    )

    collections: list[CollectionInfo]


class CollectionParams(Creation):
    """A new collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Parts"}]})

    parent: Name | None = Field(None, description="An existing collection; by default the scene's own.")


class CollectionName(Params):
    """The name of a collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Parts"}]})

    name: Name


class MoveBody(Params):
    """The objects to move into a collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"objects": ["Cube"]}]})

    objects: Annotated[list[Name], Field(min_length=1, max_length=100_000)]
    keep: bool = Field(False, strict=True, description="Leave them in their other collections too.")


class MoveParams(MoveBody):
    """The objects to move, and their new collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Parts", "objects": ["Cube"]}]})

    name: Name = Field(description="The collection.")


class InstanceBody(Placed):
    """Another appearance of a collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Second", "location": [4, 0, 0]}]})

    scale: Scale = UNIT


class InstanceParams(InstanceBody):
    """The collection that appears again, and where."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": "Parts", "location": [4, 0, 0]}]})

    source: Name = Field(description="The collection that is shown.")


LIST = Method("collections.list", Nothing, CollectionList)
GET = Method("collections.get", CollectionName, CollectionInfo)
CREATE = Method("collections.create", CollectionParams, CollectionInfo, mutates=True, revised=False)
DELETE = Method("collections.delete", CollectionName, Deleted, mutates=True, revised=False)
MOVE = Method("collections.move", MoveParams, CollectionInfo, mutates=True, revised=False)
INSTANCE = Method("collections.instance", InstanceParams, ObjectInfo, mutates=True)
