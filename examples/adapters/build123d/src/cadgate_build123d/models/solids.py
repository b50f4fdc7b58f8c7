"""Solids: creating, describing, listing and removing them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from cadgate.plugin import (
    Creation,
    Deleted,
    MayWarn,
    Method,
    Name,
    Number,
    ObjectInfo,
    ObjectPage,
    Page,
    Params,
    QueryNumber,
    Vector3,
)

Length = Annotated[Number, Field(gt=0, le=100_000, description="mm")]


class SolidInfo(ObjectInfo):
    """A solid, or several under one name. `type` is Solid or Compound."""

    volume: float = Field(description="mm³")
    area: float = Field(description="mm²")
    bounds: tuple[tuple[float, float, float], tuple[float, float, float]] = Field(description="Lowest, highest corner.")
    solids: int
    faces: int
    edges: int


class _Placed(Creation):
    center: Vector3 = (0, 0, 0)


class BoxParams(_Placed):
    """A box with edges along the axes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Plate", "size": [40, 30, 5]}]})

    size: tuple[Length, Length, Length] = (10, 10, 10)


class CylinderParams(_Placed):
    """A cylinder along Z."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Hole", "radius": 3, "height": 20}]})

    radius: Length = 5
    height: Length = 10


class SphereParams(_Placed):
    """A sphere."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"radius": 8, "center": [0, 0, 10]}]})

    radius: Length = 5


class SolidName(Params):
    """Which solid."""

    name: Name


class MeshQuery(Params):
    """How fine a mesh would be."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tolerance": 0.05}]})

    tolerance: Annotated[QueryNumber, Field(ge=0.001, le=100)] = Field(0.1, description="Largest deviation, mm.")
    angle: Annotated[QueryNumber, Field(ge=1, le=90)] = Field(10, description="Largest angle between facets, degrees.")


class MeshParams(MeshQuery):
    """The solid to mesh."""

    name: Name


class MeshInfo(MayWarn):
    """The mesh that an export with these values would contain."""

    triangles: int
    points: int


BOX = Method("primitives.box", BoxParams, SolidInfo, mutates=True)
CYLINDER = Method("primitives.cylinder", CylinderParams, SolidInfo, mutates=True)
SPHERE = Method("primitives.sphere", SphereParams, SolidInfo, mutates=True)
LIST = Method("objects.list", Page, ObjectPage[SolidInfo])
GET = Method("objects.get", SolidName, SolidInfo)
MESH = Method("objects.mesh", MeshParams, MeshInfo)
DELETE = Method("objects.delete", SolidName, Deleted, mutates=True)
