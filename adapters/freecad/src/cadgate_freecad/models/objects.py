"""The description of a FreeCAD object, and the requests that list, read, change and delete objects."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue, field_validator
from pydantic.json_schema import SkipJsonSchema

from cadgate.plugin import (
    Color,
    Deleted,
    Method,
    Name,
    ObjectInfo,
    ObjectPage,
    Page,
    Params,
    Result,
    Rotation,
    Vector3,
)
from cadgate_freecad.models.values import (
    ColoredCreation,
    Expressions,
    FaceColors,
    Flag,
    Label,
    Location,
    Material,
    PartName,
)


class BoundingBox(Result):
    """Axis-aligned, in the coordinates of the document, in mm."""

    min: Vector3
    max: Vector3


class PropertyInfo(Result):
    """One property of an object, as FreeCAD's property editor shows it."""

    value: Any = Field(description="Lengths in mm, angles in degrees, objects by name.")
    unit: str | None = Field(description="`mm`, `deg`, …; null for values without a unit.")
    type: str = Field(description="FreeCAD's type for the property: `App::PropertyLength`.")
    group: str
    documentation: str
    read_only: bool
    expression: str | None = Field(description="The expression that determines it, if one does.")
    choices: list[str] | None = Field(description="Of an enumeration.")


PART_EXAMPLE: dict[str, Any] = {
    "name": "Box",
    "label": "Box",
    "type": "Part::Box",
    "document": "Unnamed",
    "location": [0, 0, 0],
    "rotation": [0, 0, 0],
    "container": None,
    "global_location": [0, 0, 0],
    "global_rotation": [0, 0, 0],
    "volume": 1000,
    "area": 600,
    "center_of_mass": [5, 5, 5],
    "bounding_box": {"min": [0, 0, 0], "max": [10, 10, 10]},
    "shape_type": "Solid",
    "color": None,
    "face_colors": [],
    "material": None,
    "mass": None,
    "expressions": {},
    "valid": True,
    "state": ["Up-to-date"],
    "visible": True,
    "revision": "3f1c2ab09d4e",
    "warnings": [],
}


class MaterialInfo(Result):
    """What an object is made of."""

    name: str | None
    density: float | None = Field(description="kg/m³.")


class FaceColorInfo(Result):
    """The colour of single faces."""

    faces: list[str] = Field(description="`Face1` …")
    color: str = Field(description="`#rrggbb`, or `#rrggbbaa`.")


class PartInfo(ObjectInfo):
    """An object of a document. Measures are null if the object has no shape.

    Measures are in the coordinates of the document; `location` and `rotation` are within `container`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [PART_EXAMPLE]})

    label: str
    document: str
    location: Vector3 = Field(description="Origin of its own placement, within `container`, mm.")
    rotation: Vector3 = Field(description="XYZ Euler angles of its own placement, within `container`, degrees.")
    container: str | None = Field(
        description="The body, part or group of links that it is in and moves with; null for the document."
    )
    global_location: Vector3 = Field(description="Origin of its placement in the coordinates of the document, mm.")
    global_rotation: Vector3 = Field(
        description="XYZ Euler angles of its placement in the coordinates of the document, degrees."
    )
    volume: float | None = Field(description="mm³; 0 if none of it is solid.")
    area: float | None = Field(description="mm².")
    center_of_mass: Vector3 | None = Field(description="mm, in the coordinates of the document.")
    bounding_box: BoundingBox | None = Field(description="In the coordinates of the document.")
    shape_type: str | None = Field(description="`Solid`, `Compound`, `Face`, …, or `Mesh`.")
    color: str | None = Field(
        description="`#rrggbb`, or `#rrggbbaa`: its own, or else that of the object it links to, or of the body, part "
        "or group that it is in."
    )
    face_colors: list[FaceColorInfo] = Field(description="Colours of single faces.")
    material: MaterialInfo | None = Field(
        description="Its own, or else that of the object it links to, or of the body, part or group that it is in."
    )
    mass: float | None = Field(
        description="kg, if the density of all its solids is known. The `center_of_mass` of a part or group "
        "is then weighted by mass."
    )
    expressions: dict[str, str] = Field(description="What determines which of its properties, as FreeCAD has it.")
    valid: bool = Field(description="Whether its last recompute succeeded and left a shape.")
    state: list[str] = Field(
        description="`Up-to-date`, `Touched` (it or an input changed and was not recomputed), `Invalid`."
    )
    visible: bool
    properties: dict[str, PropertyInfo] | None = Field(None, description="By name; only if one object was requested.")
    members: list[str] | None = Field(None, description="Of a body, a part or a group: the names of what is in it.")
    links_to: str | None = Field(None, description="Of a link: the name of the object that it shows.")
    depends_on: list[str] | None = Field(None, description="Names of its inputs; with `properties`.")
    used_by: list[str] | None = Field(None, description="Names of the objects made from it; with `properties`.")


DOCUMENT = "The document to work in; by default the active one."

ListedName = Annotated[str, Field(min_length=1, max_length=255)]


class PartListParams(Page):
    """Which objects to list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "Part::Box", "limit": 10}]})
    type: ListedName | None = Field(
        None, description="FreeCAD's type, or a base of it: `Part::Box`, `Part::Feature`.", examples=["Part::Box"]
    )
    name: ListedName | None = Field(None, description="A glob on the name.", examples=["Box*"])
    label: ListedName | None = Field(None, description="A glob on the label.")


class PartListQuery(PartListParams):
    """The same in a URL."""

    document: ListedName | None = Field(None, description=DOCUMENT)


class PartReference(Params):
    """Which object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box"}]})
    name: Name


def _not_given() -> None:
    """Return the default of a field that stays as it is: clients may not send null for it."""


class PartPatch(Params):
    """What to change; fields that are not given stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"label": "Base plate", "location": [0, 0, 5], "properties": {"Length": 20}}]}
    )
    label: Label | SkipJsonSchema[None] = Field(default_factory=_not_given)
    location: Location | SkipJsonSchema[None] = Field(default_factory=_not_given)
    rotation: Rotation | SkipJsonSchema[None] = Field(default_factory=_not_given)
    visible: Flag | SkipJsonSchema[None] = Field(default_factory=_not_given)
    properties: Annotated[dict[str, JsonValue], Field(max_length=200)] | SkipJsonSchema[None] = Field(
        default_factory=_not_given,
        description="FreeCAD's properties by name; quantities as numbers (mm, degrees) or quantity strings.",
    )

    expressions: Expressions | SkipJsonSchema[None] = Field(default_factory=_not_given)
    material: Material | None = Field(default_factory=_not_given, description="null removes it.")
    color: Color | None = Field(default_factory=_not_given, description="null removes it.", examples=["#2060c0"])
    face_colors: FaceColors | None = Field(
        default_factory=_not_given, description="All colours of single faces; null or an empty list removes them."
    )

    @field_validator("label", "location", "rotation", "visible", "properties", "expressions", mode="before")
    @classmethod
    def _is_a_value(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("null is not a value for it: leave the field out to keep its value")
        return value


class PartUpdate(PartPatch):
    """Which object to change, and what."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Box", "properties": {"Length": 20}}]})
    name: Name


class PartCopy(ColoredCreation):
    """The copy's name and place, what differs from the original, and whether to copy what that is made from, too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Second", "location": [20, 0, 0]}]})
    name: PartName | None = Field(None, description="By default chosen by the application.")
    label: Label | None = Field(None, description="Any text; by default the name.")
    location: Location | None = Field(None, description="By default the place of the original.")
    rotation: Rotation | None = None
    expressions: Expressions = Field({}, description="Besides those of the original.")
    material: Material | None = Field(None, description="By default that of the original, as are the colours.")
    inputs: Flag = Field(
        False, description="Copy what it is made from, too, so that changing one does not affect the other."
    )


class PartDuplication(PartCopy):
    """Which object to copy, and the copy."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Box", "name": "Second", "inputs": True}]})
    object: Name


class PartDeletion(PartReference):
    """Which object to delete."""

    cascade: Flag = Field(False, description="Also delete what depends on it; otherwise that is 409 `conflict`.")


class PartDeleted(Deleted):
    """What was removed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deleted": "Box", "cascaded": ["Cut"]}]})
    cascaded: list[str] = Field(default_factory=list[str], description="What was deleted because it depended on it.")


LIST_OBJECTS = Method("objects.list", PartListParams, ObjectPage[PartInfo], by_state=True)
GET_OBJECT = Method("objects.get", PartReference, PartInfo)
UPDATE_OBJECT = Method("objects.update", PartUpdate, PartInfo, mutates=True, partial=True)
DUPLICATE_OBJECT = Method("objects.duplicate", PartDuplication, PartInfo, mutates=True)
DELETE_OBJECT = Method("objects.delete", PartDeletion, PartDeleted, mutates=True)
