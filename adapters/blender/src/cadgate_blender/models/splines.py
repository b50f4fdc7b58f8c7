"""Curves: lines through points, thin or as tubes; paths for objects to follow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Count, Method
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.values import Location, NotNegative, Placement

Points = Annotated[list[Location], Field(min_length=2, max_length=100_000)]
Handles = Annotated[list[tuple[Location, Location]], Field(min_length=2, max_length=100_000)]


class CurveParams(Placement):
    """A curve through points, or near them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Cable", "points": [[0, 0, 0], [1, 0, 0.5], [2, 1, 0]], "bevel": 0.05},
                {"name": "Track", "kind": "bezier", "points": [[2, 0, 0], [0, 2, 0], [-2, 0, 0]], "closed": True},
            ]
        }
    )

    points: Points = Field(description="From the curve's own origin, Blender units.")
    kind: Literal["bezier", "poly", "nurbs"] = Field(
        "bezier",
        description="`bezier`: smooth through the points; `poly`: straight between them; `nurbs`: smooth near them.",
    )
    handles: Handles | None = Field(
        None,
        description="`bezier`: the left and the right handle of each point; by default those that make it smooth.",
    )
    closed: bool = Field(False, strict=True, description="Connect the last point with the first.")
    bevel: NotNegative = Field(0, description="Radius of a tube around the curve, Blender units; 0: only a line.")
    bevel_vertices: Annotated[Count, Field(ge=4, le=256, multiple_of=2)] = Field(
        12, description="Corners of the tube's circle, an even number."
    )
    extrude: NotNegative = Field(0, description="Half of the height of a band along the curve, Blender units.")
    caps: bool = Field(True, strict=True, description="Close the ends of the tube.")
    resolution: Annotated[Count, Field(ge=1, le=1024)] = Field(
        12, description="How many straight pieces there are between two points of `bezier` and `nurbs`."
    )

    @model_validator(mode="after")
    def _check(self) -> CurveParams:
        if self.handles is not None and self.kind != "bezier":
            raise ValueError(f"handles are for bezier curves: leave them out for {self.kind}")
        if self.handles is not None and len(self.handles) != len(self.points):
            raise ValueError(f"handles has {len(self.handles)} pairs for {len(self.points)} points: send one for each")
        if all(point == self.points[0] for point in self.points):
            raise ValueError("all points are the same, so there is no curve")
        return self


CURVE = Method("primitives.curve", CurveParams, ObjectInfo, mutates=True)
