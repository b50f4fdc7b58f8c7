"""Joining meshes."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Creation, Method, Name
from cadgate_blender.models.objects import ObjectInfo


class JoinParams(Creation):
    """Meshes that become one, in the frame of the first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"objects": ["Cube", "Rod"], "name": "Hammer"}]})

    objects: Annotated[list[Name], Field(min_length=2, max_length=10_000)] = Field(
        description="The first one stays, with the meshes of all; the others are deleted."
    )
    name: Name | None = Field(None, description="A name for the result; by default that of the first.")

    @model_validator(mode="after")
    def _each_once(self) -> JoinParams:
        twice = [name for name in dict.fromkeys(self.objects) if self.objects.count(name) > 1]
        if twice:
            raise ValueError(f"objects names {twice[0]!r} twice: name each object once")
        return self


JOIN = Method("objects.join", JoinParams, ObjectInfo, mutates=True)
