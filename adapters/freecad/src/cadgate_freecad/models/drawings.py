"""Technical drawings: views of objects on a sheet, with dimensions that are read back from the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from cadgate.plugin import Deleted, MayWarn, Method, Name, Number, Params, Result, Vector3
from cadgate_freecad.models.selection import EdgeSelection, FaceSelection
from cadgate_freecad.models.values import Flag, Label, PartName

Word = Literal["front", "top", "right", "left", "back", "bottom", "iso"]


class SectionView(Params):
    """What is seen of the rest if everything before a plane is cut off."""

    section: Literal["x", "y", "z"]
    at: Number = Field(0.0, description="mm, in the coordinates of the document.")


class DetailView(Params):
    """A place, seen from the front at twice the scale."""

    detail: Vector3
    radius: Annotated[Number, Field(gt=0)]


View = Word | SectionView | DetailView
Views = Annotated[list[View], Field(min_length=1, max_length=12)]


class DimensionParams(Params):
    """One dimension."""

    type: Literal["length", "diameter", "radius", "angle"]
    of: Annotated[list[FaceSelection | EdgeSelection], Field(min_length=1, max_length=2)] = Field(
        description=(
            "One edge (length) or circle, cylinder or sphere (diameter, radius), or two elements: lengths are between "
            "planes, lines, axes and centres, and along their axis between circles around one; angles between planes "
            "(also those of circles), lines and axes."
        ),
        examples=[[["Edge1"]]],
    )
    view: View = Field("front", description="One of the `views` of the sheet, as it is written there.")
    object: Name | None = Field(None, description="Whose elements; by default the first object's.")


Dimensions = Literal["auto"] | Annotated[list[DimensionParams], Field(max_length=200)]
Sheet = Literal["A4", "A3", "A2", "A1", "A0"]
Title = Annotated[dict[Annotated[str, Field(max_length=40)], Label], Field(max_length=20)]


def _each_once(names: list[str]) -> list[str]:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(f"objects names {twice[0]!r} twice: name each object once")
    return names


Objects = Annotated[list[Name], Field(min_length=1, max_length=100), AfterValidator(_each_once)]


class DrawingFields(Params):
    """What is on the sheet."""

    objects: Objects
    views: Views = Field(default_factory=lambda: ["front", "top", "right", "iso"])
    sheet: Sheet = "A3"
    scale: Literal["auto"] | Annotated[Number, Field(gt=0, le=1000)] = Field(
        "auto", description="2 is 2:1, 0.5 is 1:2; `auto` is the largest of ISO 5455 that fits."
    )
    projection: Literal["first", "third"] = "first"
    dimensions: Dimensions = Field(
        "auto", description="`auto`: the size of each view, and the diameters of its circles."
    )
    hole_table: Flag = False
    parts_list: Flag = False
    title: Title = Field(default_factory=dict, examples=[{"title": "Flange", "author": "A. B.", "number": "17"}])


class DrawingParams(DrawingFields):
    """A new drawing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Sheet", "objects": ["Box"], "title": {"title": "Base plate"}}]}
    )
    name: PartName | None = None
    label: Label | None = None
    on_conflict: Literal["error", "rename", "replace"] = "error"


def _not_given() -> Any:
    """Return the default of a field that stays as it is."""


class DrawingPatch(Params):
    """What to change; fields that are not given stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sheet": "A2"}]})
    objects: Objects = Field(default_factory=_not_given)
    views: Views = Field(default_factory=_not_given)
    sheet: Sheet = Field(default_factory=_not_given)
    scale: Literal["auto"] | Annotated[Number, Field(gt=0, le=1000)] = Field(default_factory=_not_given)
    projection: Literal["first", "third"] = Field(default_factory=_not_given)
    dimensions: Dimensions = Field(default_factory=_not_given)
    hole_table: Flag = Field(default_factory=_not_given)
    parts_list: Flag = Field(default_factory=_not_given)
    title: Title = Field(default_factory=_not_given)


class DrawingUpdate(DrawingPatch):
    """Which drawing, and what to change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"drawing": "Sheet", "sheet": "A2"}]})
    drawing: Name


class DrawingReference(Params):
    """Which drawing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"drawing": "Sheet"}]})
    drawing: Name


class DrawnView(Result):
    """A view on the sheet."""

    view: Any
    rectangle: list[float] = Field(description="x, y, width, height on the sheet, mm from its lower left corner.")
    scale: float


class DrawnDimension(Result):
    """A dimension as it is now."""

    type: str
    view: Any
    value: float | None = Field(description="mm or degrees, measured in the model; null if its element is gone.")
    text: str
    error: str | None = Field(description="What is gone.")


class DrawingInfo(MayWarn):
    """A drawing, as its objects are now."""

    name: str
    label: str
    revision: str
    objects: list[str]
    sheet: str
    projection: str
    scale: float
    views: list[DrawnView]
    dimensions: list[DrawnDimension]
    title: dict[str, str]


class DrawingListParams(Params):
    """All drawings of the document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class ListedDrawing(Result):
    """A drawing, without what is on it."""

    name: str
    label: str
    revision: str
    objects: list[str]
    sheet: str
    title: dict[str, str]


class DrawingList(Result):
    """The drawings of the document, in the order in which they were made."""

    drawings: list[ListedDrawing]
    total: int


LIST_DRAWINGS = Method("drawings.list", DrawingListParams, DrawingList)
CREATE_DRAWING = Method("drawings.create", DrawingParams, DrawingInfo, mutates=True, names="name")
GET_DRAWING = Method("drawings.get", DrawingReference, DrawingInfo)
UPDATE_DRAWING = Method("drawings.update", DrawingUpdate, DrawingInfo, mutates=True, partial=True)
DELETE_DRAWING = Method("drawings.delete", DrawingReference, Deleted, mutates=True)
