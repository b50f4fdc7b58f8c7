"""Primitive meshes."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from cadgate.plugin import Method
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.values import Length, Placement


class CubeParams(Placement):
    """A cube centred on `location`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "size": 2, "location": [0, 0, 1]}]})

    size: Length = Field(2, description="Length of an edge in Blender units.")


CUBE = Method("primitives.cube", CubeParams, ObjectInfo, mutates=True)
