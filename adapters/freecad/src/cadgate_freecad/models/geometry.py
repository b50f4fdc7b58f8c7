"""Faces and edges: how they are described, and how a request chooses them by geometry."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cadgate.plugin import Count, MayWarn, Method, Name, Number, Params, Result, Vector3
from cadgate_freecad.models.objects import BoundingBox

Side = Literal["top", "bottom", "front", "rear", "left", "right"]
"""FreeCAD's views: top is +Z, front is -Y, right is +X."""

EdgeName = Annotated[str, Field(pattern=r"^Edge[1-9][0-9]{0,6}$", examples=["Edge1"])] | Annotated[Count, Field(ge=1)]
FaceName = Annotated[str, Field(pattern=r"^Face[1-9][0-9]{0,6}$", examples=["Face6"])] | Annotated[Count, Field(ge=1)]


def _is_direction(value: Vector3) -> Vector3:
    if max(abs(part) for part in value) < 1e-9:
        raise ValueError(f"{list(value)!r} is not a direction: a component must differ from 0")
    return value


Direction = Annotated[Vector3, AfterValidator(_is_direction), Field(examples=[[0, 0, 1]])]
"""A direction; its length does not matter."""

Size = Annotated[Number, Field(ge=0)]


class Extents(Params):
    """A box in the coordinates of the document, mm."""

    min: Vector3
    max: Vector3

    @model_validator(mode="after")
    def _ascend(self) -> Extents:
        if any(low > high for low, high in zip(self.min, self.max, strict=True)):
            raise ValueError("min must not be above max in any coordinate")
        return self


class Filter(Params):
    """The conditions for a face or an edge; every given field must match."""

    type: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None, description="Edges: `line`, `circle`, `ellipse`, `bspline`. Faces: `plane`, `cylinder`, `cone`, `sphere`."
    )
    parallel_to: Direction | None = Field(
        None, description="Along a line, along the axis of a circle or cylinder, or along the normal of a plane."
    )
    radius: Size | None = Field(None, description="mm.")
    at: Side | None = Field(None, description="Lies flat at this side of the object's bounding box.")
    inside: Extents | None = Field(None, description="Lies in this box.")


class EdgeFilter(Filter):
    """Edges by what they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "line", "at": "top"}]})
    min_length: Size | None = Field(None, description="mm.")
    max_length: Size | None = Field(None, description="mm.")
    on_face: FaceName | None = Field(None, description="Belongs to this face.")


class FaceFilter(Filter):
    """Faces by what they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "plane", "facing": [0, 0, 1]}]})
    min_area: Size | None = Field(None, description="mm².")
    max_area: Size | None = Field(None, description="mm².")
    facing: Direction | None = Field(None, description="The outward normal at the middle of the face.")


EdgeSelection = Annotated[list[EdgeName], Field(min_length=1, max_length=10_000)] | EdgeFilter
"""Names (`"Edge3"` or 3), or a filter."""
FaceSelection = Annotated[list[FaceName], Field(min_length=1, max_length=10_000)] | FaceFilter
"""Names (`"Face6"` or 6), or a filter."""


class _Paged(Params):
    name: Name
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0)] = 0


class FacesParams(FaceFilter, _Paged):
    """Whose faces, and which of them."""


class EdgesParams(EdgeFilter, _Paged):
    """Whose edges, and which of them."""


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
