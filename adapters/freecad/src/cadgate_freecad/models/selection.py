"""How a request chooses faces and edges: by name or by what they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cadgate.plugin import Count, Number, Params, Vector3

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
