"""Sketches: lines, circles and arcs in a plane, held by constraints."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Count, Method, Name, Number, Params, Result
from cadgate_freecad.models.objects import PART_EXAMPLE, PartInfo
from cadgate_freecad.models.selection import FaceName
from cadgate_freecad.models.values import Coordinate, Flag, LabelledCreation, Length, PartName

Point = Annotated[tuple[Coordinate, Coordinate], Field(description="`[x, y]` in the sketch's plane, mm.")]
Degrees = Annotated[Number, Field(ge=-720, le=720)]


class _Element(Params):
    construction: Flag = Field(False, description="A helper line, which is not part of the profile.")


class LineElement(_Element):
    """A straight line."""

    type: Literal["line"]
    start: Point
    end: Point


class CircleElement(_Element):
    """A whole circle."""

    type: Literal["circle"]
    center: Point = (0.0, 0.0)
    radius: Length


class ArcElement(_Element):
    """An arc of a circle, counter-clockwise from `start_angle` to `end_angle` (degrees)."""

    type: Literal["arc"]
    center: Point = (0.0, 0.0)
    radius: Length
    start_angle: Degrees
    end_angle: Degrees


class RectangleElement(_Element):
    """Four lines with the constraints that keep them a rectangle, and, if `fixed`, its size."""

    type: Literal["rectangle"]
    corner: Point = (0.0, 0.0)
    width: Length
    height: Length
    fixed: Flag = Field(True, description="Constrain corner, width and height.")


class PolylineElement(_Element):
    """Lines from point to point, joined by constraints."""

    type: Literal["polyline"]
    points: Annotated[list[Point], Field(min_length=2, max_length=1000)]
    closed: Flag = True


class PointElement(_Element):
    """A point."""

    type: Literal["point"]
    at: Point


Element = Annotated[
    LineElement | CircleElement | ArcElement | RectangleElement | PolylineElement | PointElement,
    Field(discriminator="type"),
]


class Place(Params):
    """A geometry of the sketch (or an axis, or the origin), or a point of it."""

    geometry: Annotated[Count, Field(ge=0)] | Literal["origin", "x_axis", "y_axis"] = Field(
        description="Its index, as in the answer."
    )
    point: Literal["start", "end", "center"] | None = Field(None, description="None: the whole geometry.")


class Constraint(Params):
    """A condition on `first`, `second` and `third`; dimensions have a `value`."""

    type: Literal[
        "coincident",
        "point_on_object",
        "horizontal",
        "vertical",
        "parallel",
        "perpendicular",
        "tangent",
        "equal",
        "symmetric",
        "distance",
        "distance_x",
        "distance_y",
        "radius",
        "diameter",
        "angle",
        "block",
    ]
    first: Place
    second: Place | None = None
    third: Place | None = Field(None, description="Symmetric: the line or point between the other two.")
    value: Coordinate | None = Field(None, description="mm or degrees, or a quantity string.")
    name: PartName | None = Field(None, description="For expressions: `Sketch.Constraints.width`.")

    @model_validator(mode="after")
    def _value_where_it_belongs(self) -> Constraint:
        dimensional = self.type in ("distance", "distance_x", "distance_y", "radius", "diameter", "angle")
        if dimensional != (self.value is not None):
            raise ValueError(f"a {self.type!r} constraint {'needs a' if dimensional else 'has no'} value")
        return self


Elements = Annotated[list[Element], Field(max_length=1000)]
Constraints = Annotated[list[Constraint], Field(max_length=2000)]

_SKETCH: dict[str, Any] = {
    "name": "Profile",
    "plane": "xy",
    "geometry": [
        {"type": "rectangle", "width": 40, "height": 20},
        {"type": "circle", "center": [10, 10], "radius": 3},
    ],
    "constraints": [{"type": "radius", "first": {"geometry": 4}, "value": 3}],
}


class SketchParams(LabelledCreation):
    """A sketch in a plane of the document (or of a body), or on a flat face of an object."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SKETCH]})
    plane: Literal["xy", "xz", "yz"] = "xy"
    offset: Coordinate = Field(0.0, description="Along the normal of the plane or face.")
    body: Name | None = Field(
        None, description="The body that the sketch belongs to, for pads and pockets; by default that of `on`."
    )
    on: Name | None = Field(None, description="Instead of `plane`: the object on whose `face` the sketch lies.")
    face: FaceName | None = None
    geometry: Annotated[Elements, Field(min_length=1)]
    constraints: Constraints = []

    @model_validator(mode="after")
    def _face_of_an_object(self) -> SketchParams:
        if (self.on is None) != (self.face is None):
            raise ValueError("on and face need each other: give both or neither")
        if self.on is not None and "plane" in self.model_fields_set:
            raise ValueError("give either plane, or on and face")
        return self


class ConstraintValue(Params):
    """A new value of a dimension."""

    index: Annotated[Count, Field(ge=0)] | None = Field(None, description="Of the constraint; or give its `name`.")
    name: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(None, description="Of the constraint.")
    value: Coordinate

    @model_validator(mode="after")
    def _one_constraint(self) -> ConstraintValue:
        if (self.index is None) == (self.name is None):
            raise ValueError("give either the index or the name of the constraint")
        return self


class SketchChanges(Params):
    """What to add to a sketch, and which dimensions to change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"values": [{"index": 8, "value": 50}]}]})
    geometry: Elements = []
    constraints: Constraints = []
    values: Annotated[list[ConstraintValue], Field(max_length=1000)] = []
    delete_constraints: Annotated[list[Annotated[Count, Field(ge=0)]], Field(max_length=1000)] = Field(
        [], description="Indices before this request; these are removed first."
    )


class SketchUpdate(SketchChanges):
    """Which sketch to change, and how."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Sketch", "values": [{"index": 8, "value": 50}]}]}
    )
    name: Name


class SketchReference(Params):
    """Which sketch."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Profile"}]})
    name: Name


class GeometryInfo(Result):
    """One geometry of a sketch, in its plane."""

    index: int
    type: str
    construction: bool
    start: tuple[float, float] | None = None
    end: tuple[float, float] | None = None
    center: tuple[float, float] | None = None
    radius: float | None = None


class ConstraintInfo(Result):
    """One constraint of a sketch."""

    index: int
    type: str
    first: int
    second: int | None
    third: int | None
    value: float | None = Field(description="mm or degrees.")
    name: str | None


class SketchInfo(PartInfo):
    """A sketch as an object, and what is in it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **PART_EXAMPLE,
                    "name": "Profile",
                    "type": "Sketcher::SketchObject",
                    "geometry": [],
                    "constraints": [],
                    "degrees_of_freedom": 2,
                    "fully_constrained": False,
                    "closed": True,
                }
            ]
        }
    )
    geometry: list[GeometryInfo]
    constraints: list[ConstraintInfo]
    degrees_of_freedom: int | None = Field(description="0: nothing can move any more. Null: unknown.")
    fully_constrained: bool
    closed: bool = Field(description="Whether every wire is closed, as solids require.")


CREATE_SKETCH = Method("sketches.create", SketchParams, SketchInfo, mutates=True)
GET_SKETCH = Method("sketches.get", SketchReference, SketchInfo)
UPDATE_SKETCH = Method("sketches.update", SketchUpdate, SketchInfo, mutates=True)
