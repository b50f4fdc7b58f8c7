"""Groups: plain ones, and parts that place what is in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Method, Name, Params
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import PartCreation

Members = Annotated[list[Name], Field(max_length=10_000)]


class GroupParams(PartCreation):
    """A container, and what it contains."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Stand", "kind": "part", "objects": ["Box"], "location": [0, 0, 50]}]}
    )
    kind: Literal["group", "part"] = Field(
        "group", description="`group` is a folder, which moves nothing; `part` moves what is in it."
    )
    objects: Members = Field(
        default_factory=list[Name],
        description="They leave the group that they are in, and keep their own `location`, then relative to a part.",
    )


class GroupChange(Params):
    """What to add and what to remove; or `objects`, the complete new contents."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"add": ["Pin"], "remove": ["Box"]}]})
    add: Members = Field(default_factory=list[Name])
    remove: Members = Field(default_factory=list[Name], description="They move to what the group itself is in.")
    objects: Members | None = Field(None, description="Instead of `add` and `remove`.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> GroupChange:
        if self.objects is not None and (self.add or self.remove):
            raise ValueError(
                "`objects` is the complete contents of the group: leave out either it, or `add` and `remove`"
            )
        both = sorted(set(self.add) & set(self.remove))
        if both:
            raise ValueError(f"{both[0]!r} is in both `add` and `remove`")
        return self


class GroupUpdate(GroupChange):
    """Which group, and the change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Stand", "add": ["Pin"]}]})
    name: Name


CREATE_GROUP = Method("groups.create", GroupParams, PartInfo, mutates=True)
UPDATE_GROUP = Method("groups.update", GroupUpdate, PartInfo, mutates=True)
