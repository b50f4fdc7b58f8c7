"""Faces and edges: how they are described."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from cadgate.plugin import MayWarn, Method, Name, Params, Result, Vector3
from cadgate_freecad.models.objects import BoundingBox
from cadgate_freecad.models.selection import EdgeFilter, FaceFilter


class _Paged(Params):
    name: Name
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0)] = 0


class FacesParams(FaceFilter, _Paged):
    """Whose faces, and which of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "type": "plane", "facing": [0, 0, 1]}]})


class EdgesParams(EdgeFilter, _Paged):
    """Whose edges, and which of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "type": "line", "at": "top"}]})


class FaceInfo(Result):
    """One face of a shape."""

    name: str
    type: str
    area: float = Field(description="mm².")
    center: Vector3
    normal: Vector3 | None = Field(description="Outward, at the middle of its parameters.")
    radius: float | None
    axis: Vector3 | None
    edges: list[str]
    bounding_box: BoundingBox


class EdgeInfo(Result):
    """One edge of a shape."""

    name: str
    type: str
    length: float = Field(description="mm.")
    center: Vector3
    start: Vector3 | None
    end: Vector3 | None
    direction: Vector3 | None = Field(description="Of a line.")
    radius: float | None
    axis: Vector3 | None
    axis_center: Vector3 | None = Field(description="The centre of a circle or ellipse.")
    closed: bool
    bounding_box: BoundingBox


FACE: dict[str, Any] = {
    "name": "Face6",
    "type": "plane",
    "area": 100,
    "center": [5, 5, 10],
    "normal": [0, 0, 1],
    "radius": None,
    "axis": [0, 0, 1],
    "edges": ["Edge2", "Edge10", "Edge6", "Edge12"],
    "bounding_box": {"min": [0, 0, 10], "max": [10, 10, 10]},
}
EDGE: dict[str, Any] = {
    "name": "Edge2",
    "type": "line",
    "length": 10,
    "center": [0, 5, 10],
    "start": [0, 0, 10],
    "end": [0, 10, 10],
    "direction": [0, 1, 0],
    "radius": None,
    "axis": None,
    "axis_center": None,
    "closed": False,
    "bounding_box": {"min": [0, 0, 10], "max": [0, 10, 10]},
}


class FaceList(MayWarn):
    """The matching faces."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"faces": [FACE], "total": 1}]})
    faces: list[FaceInfo]
    total: int


class EdgeList(MayWarn):
    """The matching edges."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"edges": [EDGE], "total": 1}]})
    edges: list[EdgeInfo]
    total: int


LIST_FACES = Method("objects.faces", FacesParams, FaceList)
LIST_EDGES = Method("objects.edges", EdgesParams, EdgeList)
