"""Node groups of geometry nodes: brought in from .blend files, listed, deleted."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from cadgate.plugin import Deleted, MayWarn, Method, Name, Page, Params, Result, Trustable, execute_if_trusted
from cadgate_blender.models.queries import ChangeQuery

INPUT: dict[str, Any] = {
    "name": "Count",
    "identifier": "Socket_1",
    "type": "integer",
    "default": 3,
    "min": 1,
    "max": 50,
    "items": None,
    "unit": None,
    "description": "",
}


class NodeInput(Result):
    """An input of a node group."""

    model_config = ConfigDict(json_schema_extra={"examples": [INPUT]})

    name: str
    identifier: str = Field(description="Blender's own, which is unique where names are not.")
    type: str = Field(
        description="integer, number, boolean, vector, color, rotation (degrees), string, menu, object, material, "
        "collection, image; or Blender's own name of another type, which cannot be set."
    )
    default: Any
    min: float | None = Field(description="The least value of an integer, a number or a component.")
    max: float | None
    items: list[str] | None = Field(description="The words of a menu.")
    unit: str | None = Field(description="`radians` for angles in Blender's own unit.")
    description: str


GROUP: dict[str, Any] = {"name": "Scatter", "inputs": [INPUT], "outputs": ["Geometry"], "users": 1}


class NodeGroupInfo(MayWarn):
    """A group of geometry nodes."""

    model_config = ConfigDict(json_schema_extra={"examples": [GROUP]})

    name: str
    inputs: list[NodeInput] = Field(description="All inputs but the geometry.")
    outputs: list[str]
    users: int = Field(description="How many modifiers and other groups use it.")


class NodeGroupName(Params):
    """The name of a node group."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Scatter"}]})

    name: Name


class NodeGroupPage(Result):
    """Some of the node groups, and how many there are in total."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"node_groups": [GROUP], "total": 1}]})

    node_groups: list[NodeGroupInfo | dict[str, Any]]
    total: int


Groups = Annotated[list[Name], Field(min_length=1, max_length=1000)]


class NodeGroupsQuery(ChangeQuery):
    """Which groups of the file to bring in."""

    trusted: bool = Field(False, description="Read the file as it is; needs the scope `execute`.")
    groups: Groups | None = Field(None, description="By default all groups of geometry nodes that the file has.")


class NodeGroupsParams(Trustable):
    """A .blend artifact, and which of its groups to bring in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})

    artifact: str = Field(description="The id of an artifact with a .blend file.")
    groups: Groups | None = Field(None, description="By default all groups of geometry nodes that the file has.")


class NodeGroups(MayWarn):
    """The groups that were brought in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"node_groups": [GROUP]}]})

    node_groups: list[NodeGroupInfo] = Field(description="Under the names that they have now.")


LIST = Method("node_groups.list", Page, NodeGroupPage)
GET = Method("node_groups.get", NodeGroupName, NodeGroupInfo)
DELETE = Method("node_groups.delete", NodeGroupName, Deleted, mutates=True, revised=False)
IMPORT = Method(
    "node_groups.import",
    NodeGroupsParams,
    NodeGroups,
    mutates=True,
    replay="snapshot",
    atomic=False,
    deadline="file",
    scope_of=execute_if_trusted,
    revised=False,
)
