"""Measures of objects."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from cadgate.plugin import MayWarn, Method, Name, Params, Result, Vector3, Warned
from cadgate_freecad.models.objects import BoundingBox, PartReference


class Counts(Result):
    """Of what a shape consists."""

    solids: int
    shells: int
    faces: int
    wires: int
    edges: int
    vertices: int


class Measures(MayWarn):
    """Everything that can be measured of one shape."""

    name: str
    shape_type: str
    volume: float = Field(description="mm³ of what is solid.")
    area: float = Field(description="mm².")
    length: float = Field(description="Of all edges together, mm.")
    center_of_mass: Vector3 | None
    mass: float | None = Field(description="kg, where the density of all that is solid in it is known.")
    inertia: list[list[float]] | None = Field(description="3 by 3, about the centre of mass, for a density of 1: mm⁵.")
    bounding_box: BoundingBox | None
    counts: Counts
    closed: bool
    valid: bool = Field(description="Whether OpenCASCADE finds nothing wrong with it.")
    problems: list[str]


class DistanceParams(Params):
    """Between which two objects."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "to": "Cylinder"}]})
    name: Name
    to: Name


class Distance(Result):
    """How two objects lie to each other."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Box",
                    "to": "Cylinder",
                    "distance": 8,
                    "points": [[10, 0, 0], [18, 0, 0]],
                    "interferes": False,
                    "common_volume": 0,
                    "warnings": [],
                }
            ]
        }
    )
    name: str
    to: str
    distance: float = Field(description="The shortest one, mm; 0 where they touch, or share volume.")
    points: list[Vector3] = Field(description="Where it is: one point on each.")
    interferes: bool = Field(description="Whether they share volume.")
    common_volume: float = Field(description="mm³.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


MEASURE = Method("objects.measure", PartReference, Measures)
DISTANCE = Method("objects.distance", DistanceParams, Distance)
