"""Measures of objects."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from cadgate.plugin import MayWarn, Method, Name, Params, Result, Vector3, Warned
from cadgate_freecad.models.objects import BoundingBox, PartReference


class Counts(Result):
    """The number of elements of each kind in a shape."""

    solids: int
    shells: int
    faces: int
    wires: int
    edges: int
    vertices: int


class Measures(MayWarn):
    """Everything that can be measured on one shape."""

    name: str
    shape_type: str
    volume: float = Field(description="Volume of the solids, mm³.")
    area: float = Field(description="mm².")
    length: float = Field(description="Of all edges together, mm.")
    center_of_mass: Vector3 | None
    mass: float | None = Field(description="kg, if the density of all its solids is known.")
    inertia: list[list[float]] | None = Field(description="3 by 3, about the centre of mass, for a density of 1: mm⁵.")
    bounding_box: BoundingBox | None
    counts: Counts
    closed: bool
    valid: bool = Field(description="Whether OpenCASCADE finds nothing wrong with it.")
    problems: list[str]


class DistanceParams(Params):
    """The two objects to measure between."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "to": "Cylinder"}]})
    name: Name
    to: Name


class Distance(Result):
    """The distance of two objects, and the volume that they share."""

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
    distance: float = Field(description="The shortest distance, mm; 0 if they touch or share volume.")
    points: list[Vector3] = Field(description="The points that are closest: one on each.")
    interferes: bool = Field(description="Whether they share volume.")
    common_volume: float = Field(description="mm³.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


MEASURE = Method("objects.measure", PartReference, Measures)
DISTANCE = Method("objects.distance", DistanceParams, Distance)
