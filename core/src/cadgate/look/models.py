"""Parameters and result of a sheet."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from cadgate.contract.methods import Method
from cadgate.models.common import Count, Name, Number, Params, Vector3
from cadgate.models.responses import Artifact, Result, Warned

Word = Literal["iso", "front", "top", "right", "back", "left", "bottom", "camera"]


class From(Params):
    """A view from a direction: towards the middle of the objects, without perspective."""

    from_: Vector3 = Field(alias="from", description="The direction to the viewer, from the objects; any length.")

    @field_validator("from_")
    @classmethod
    def _has_a_direction(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if not any(value):
            raise ValueError("[0, 0, 0] is no direction: give one such as [1, -1, 0.5]")
        return value


class Section(Params):
    """A cut at right angles to an axis: what is on the viewer's side is left out, and the cut solids are hatched."""

    section: Literal["x", "y", "z"] = Field(
        description="The axis: x is seen from the right, y from the front, z from above."
    )
    at: Number = Field(0, description="The place of the plane on the axis, in the document's unit of length.")


_FROM = re.compile(r"from:([^,]+),([^,]+),([^,]+)\Z")
_ONE = re.compile(r"from:[^,]+,[^,]+,[^,]+|[^,]+")
"""A view in a list: a direction has commas of its own."""
_SECTION = re.compile(r"section:([xyz])(?:[:=,@](.+))?\Z")


def _view(value: Any) -> Any:
    """Accept `from:1,-1,0.5` and `section:x:10` too, for queries, and objects as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        if value.startswith("{"):
            return json.loads(value)
        if found := _FROM.match(value):
            return {"from": [float(each) for each in found.groups()]}
        if found := _SECTION.match(value):
            return {"section": found[1], "at": float(found[2] or 0)}
    except ValueError:
        pass
    return value


ViewName: TypeAlias = Annotated[Word | Section | From, BeforeValidator(_view)]

DEFAULT_VIEWS: tuple[Word, ...] = ("iso", "front", "top", "right")


def _listed(value: Any) -> Any:
    """Accept `iso,front` for a list in a query."""
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    listed: list[Any] = []
    for item in items:
        listed += _ONE.findall(item) if isinstance(item, str) and not item.startswith("{") else [item]
    return listed


def _each_once(views: list[Any]) -> list[Any]:
    """Return the views. Raises ValueError if one is there twice."""
    seen = [view if isinstance(view, str) else view.model_dump_json() for view in views]
    if twice := next((view for number, view in enumerate(seen) if view in seen[:number]), None):
        raise ValueError(f"views has {twice} twice: name each view once")
    return views


class LookParams(Params):
    """What is in the document, or some objects of it, as one picture of several views."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"views": ["iso", "front", "top", "right"]},
                {"views": ["iso", {"section": "x", "at": 0}], "size": 640},
                {"views": [{"from": [1, -2, 0.5]}], "style": "shaded_edges", "labels": False},
            ]
        }
    )

    views: Annotated[list[ViewName], Field(min_length=1, max_length=12), AfterValidator(_each_once)] = Field(
        default_factory=lambda: list(DEFAULT_VIEWS),
        description="Front looks along +Y. Views along axes have one scale, and are placed as in a drawing.",
    )
    objects: Annotated[list[Name], Field(min_length=1, max_length=10_000)] | None = Field(
        None, description="Only these, even if they are hidden; by default everything visible."
    )
    size: Annotated[Count, Field(ge=128, le=4096)] = Field(
        1024, description="The longest side of the sheet, in pixels."
    )
    labels: Annotated[bool, Field(strict=True)] = Field(True, description="Write the objects' names on the sheet.")
    highlight: Annotated[list[Name], Field(max_length=1000)] | None = Field(
        None, description="Draw these in full colour with a thick outline, and the others pale."
    )
    style: Literal["shaded", "wire", "shaded_edges"] = "shaded"
    since: Annotated[str, Field(pattern=r"^(?:[0-9a-f]{20}|[0-9a-f]{32})$")] | None = Field(
        None,
        description="The `revision` of an earlier sheet, or the id of its artifact: adds a view of what is different.",
    )

    def plain_views(self) -> list[Any]:
        """Return the views as they were requested: words and JSON objects."""
        return [view if isinstance(view, str) else view.model_dump(mode="json", by_alias=True) for view in self.views]


_QUERY_VIEWS = {
    "type": "array",
    "items": {"type": "string", "examples": ["iso", "from:1,-2,0.5", "section:x:10"]},
    "minItems": 1,
    "maxItems": 12,
}


class LookQuery(Params):
    """The same as a query: lists are repeated, or separated by commas (views)."""

    # An adapter's context values (`document`) stand beside them; every route refuses what it does not know.
    model_config = ConfigDict(extra="ignore")

    views: Annotated[
        list[ViewName],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=12),
        AfterValidator(_each_once),
        WithJsonSchema(_QUERY_VIEWS),
    ] = Field(
        default_factory=lambda: list(DEFAULT_VIEWS),
        description="`views=iso,front`, or repeated; also `from:1,-2,0.5` and `section:x:10`.",
    )
    objects: Annotated[list[Name], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="Only these; repeated for each object."
    )
    size: Annotated[int, Field(ge=128, le=4096)] = Field(1024, description="The longest side of the sheet, in pixels.")
    labels: bool = Field(True, description="Write the objects' names on the sheet.")
    highlight: Annotated[list[Name], Field(max_length=1000)] | None = Field(
        None, description="Draw these in full colour; repeated for each object."
    )
    style: Literal["shaded", "wire", "shaded_edges"] = "shaded"
    since: Annotated[str, Field(pattern=r"^(?:[0-9a-f]{20}|[0-9a-f]{32})$")] | None = Field(
        None, description="The `revision` of an earlier sheet, or the id of its artifact."
    )

    def params(self) -> LookParams:
        """Return the same as the parameters of the method."""
        return LookParams.model_construct(**{name: getattr(self, name) for name in LookParams.model_fields})


class SheetView(Result):
    """A view on the sheet."""

    view: Word | Section | From | Literal["difference"] = Field(description="As it was requested.")
    rectangle: tuple[int, int, int, int] = Field(description="Left, top, width and height, in pixels of the sheet.")
    scale: float | None = Field(description="Pixels for each unit of length; null with perspective.")
    matrix: tuple[tuple[float, float, float, float], tuple[float, float, float, float]] | None = Field(
        description="Converts a point (x, y, z, 1) to pixels: a row for x, a row for y; null with perspective."
    )


class Position(Result):
    """Where an object is in a view."""

    view: Word | Section | From
    pixel: tuple[int, int] = Field(description="A pixel of the sheet that shows the object.")
    pixels: int = Field(description="The number of pixels that show it.")


class Label(Result):
    """What is written beside an object."""

    view: Word | Section | From
    text: str = Field(description="Its name, shortened if need be, or # and its number.")


class BoundingBox(Result):
    """Corners in the document's coordinates."""

    min: tuple[float, float, float]
    max: tuple[float, float, float]


class LegendEntry(Result):
    """An object of the sheet."""

    name: str
    type: str
    number: int = Field(description="Its place in the legend, from 1: what a label `#1` means.")
    color: str = Field(description="`#rrggbb` of a surface that faces the viewer.")
    own_color: bool = Field(description="Whether the object has this colour; otherwise the sheet chose one for it.")
    bounding_box: BoundingBox
    visible_in: list[Word | Section | From] = Field(description="The views that show at least a pixel of it.")
    positions: list[Position]
    labels: list[Label]


class Difference(Result):
    """What is different from the earlier state, by the objects' names."""

    added: list[str]
    removed: list[str]
    changed: list[str] = Field(description="In shape, place or colour.")


class Sheet(Result):
    """A picture of what is there, and the same in numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "artifact": {
                        "id": "0123456789abcdef0123456789abcdef",
                        "name": "look.png",
                        "media_type": "image/png",
                        "size": 18234,
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                    },
                    "width": 640,
                    "height": 640,
                    "unit": "mm",
                    "views": [
                        {
                            "view": "front",
                            "rectangle": [0, 0, 640, 640],
                            "scale": 58.5,
                            "matrix": [[58.5, 0, 0, 27.5], [0, 0, -58.5, 612.5]],
                        }
                    ],
                    "legend": [
                        {
                            "name": "Box",
                            "type": "Part::Box",
                            "number": 1,
                            "color": "#6ca1d9",
                            "own_color": False,
                            "bounding_box": {"min": [0, 0, 0], "max": [10, 10, 10]},
                            "visible_in": ["front"],
                            "positions": [{"view": "front", "pixel": [320, 320], "pixels": 342225}],
                            "labels": [{"view": "front", "text": "Box"}],
                        }
                    ],
                    "revision": "0123456789abcdef0123",
                    "difference": None,
                    "warnings": [],
                }
            ]
        }
    )

    artifact: Artifact
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    unit: str = Field(description="The unit of length of the document.")
    views: list[SheetView]
    legend: list[LegendEntry]
    revision: str = Field(description="Names what is shown: the same for the same objects. Send it as `since` later.")
    difference: Difference | None = None
    warnings: list[Warned] = Field(default_factory=list[Warned])


LOOK = Method("look.sheet", LookParams, Sheet, atomic=False, deadline="file", scope="read")
