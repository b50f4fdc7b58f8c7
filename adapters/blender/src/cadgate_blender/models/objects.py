"""Objects: ObjectInfo, and the parameters of listing, changing, duplicating and deleting."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from cadgate.plugin import Creation, Deleted, Method, Name, ObjectPage, Page, Params
from cadgate.plugin import ObjectInfo as BaseObjectInfo
from cadgate_blender.models.values import KEYED, RENAMING, KeyFrame, Location, OnConflict, Rotation, Scale, unset

CUBE_INFO: dict[str, Any] = {
    "name": "Cube",
    "type": "MESH",
    "location": [0.0, 0.0, 0.0],
    "rotation": [0.0, 0.0, 0.0],
    "scale": [1.0, 1.0, 1.0],
    "global_location": [0.0, 0.0, 0.0],
    "global_rotation": [0.0, 0.0, 0.0],
    "global_scale": [1.0, 1.0, 1.0],
    "dimensions": [2.0, 2.0, 2.0],
    "parent": None,
    "children": [],
    "collections": ["Scene Collection"],
    "materials": [],
    "modifiers": [],
    "visible": True,
    "vertices": 8,
    "edges": 12,
    "faces": 6,
    "properties": {},
    "revision": "3f1c0b9e5d27",
    "warnings": [],
}


class ObjectInfo(BaseObjectInfo):
    """One object of the scene, as it was read back from Blender."""

    model_config = ConfigDict(json_schema_extra={"examples": [CUBE_INFO]})

    type: str = Field(description="Blender's own name: MESH, LIGHT, CAMERA, EMPTY, CURVE …")
    location: tuple[float, float, float] = Field(
        description="The object's own value in Blender units. An object that gets a parent keeps its values: they are "
        "its place as if the parent were still where it was then. `global_location` is where it is."
    )
    rotation: tuple[float, float, float] = Field(
        description="XYZ Euler angles in degrees; with a parent like `location`."
    )
    scale: tuple[float, float, float] = Field(description="With a parent like `location`.")
    global_location: tuple[float, float, float] | None = Field(
        None,
        description="The place in the world in Blender units, with parents and constraints. This and the next two are "
        "null only for a hidden object that constraints, keyframes or bones place, which Blender does not compute.",
    )
    global_rotation: tuple[float, float, float] | None = Field(
        None, description="XYZ Euler angles in the world, in degrees."
    )
    global_scale: tuple[float, float, float] | None = Field(
        None, description="Factors along the object's axes in the world, without a shear by its parents."
    )
    dimensions: tuple[float, float, float] = Field(
        description="Size along its own axes in Blender units, with scale and modifiers."
    )
    parent: str | None
    children: list[str] = Field(default_factory=list[str], description="The names of the objects that it is parent of.")
    collections: list[str]
    materials: list[str | None] = Field(description="One per slot; null is an empty slot.")
    modifiers: list[str]
    visible: bool
    vertices: int | None = Field(None, description="Of the mesh itself, before modifiers. Null without a mesh.")
    edges: int | None = None
    faces: int | None = None
    properties: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Custom properties: numbers, text, booleans, lists, objects."
    )


def _property_name(name: str) -> str:
    if not 0 < len(name.encode()) <= 63 or name in ("_RNA_UI", "cycles"):
        raise ValueError(f"{name!r} cannot be the name of a property: 1 to 63 bytes, and not 'cycles' or '_RNA_UI'")
    return name


Whole = Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)]
Decimal = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Text = Annotated[StrictStr, Field(max_length=100_000)]
Items = Annotated[list[StrictBool] | list[Whole] | list[Whole | Decimal] | list[Text], Field(max_length=100_000)]
Properties = dict[Annotated[str, AfterValidator(_property_name)], StrictBool | Whole | Decimal | Text | Items | None]
"""Custom properties, as far as Blender can store JSON. Whole numbers have 32 bits; larger ones become decimals."""


class ObjectName(Params):
    """The name of an object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Cube"}]})

    name: Name


class ObjectQuery(Page):
    """Filters for objects."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "MESH", "name": "Wheel*", "limit": 100}]})

    type: str | None = Field(None, description="Blender's name, in upper or lower case: `MESH`.", examples=["MESH"])
    name: str | None = Field(None, description="A pattern with `*`, `?` and `[…]`.", examples=["Wheel*"])


LIST = Method("objects.list", ObjectQuery, ObjectPage[ObjectInfo], by_state=True)
GET = Method("objects.get", ObjectName, ObjectInfo)
DELETE = Method("objects.delete", ObjectName, Deleted, mutates=True)


class ObjectPatch(Params):
    """What to change; fields that are not sent stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"location": [0, 0, 2], "rotation": [0, 0, 45]}, {"parent": None}]}
    )

    name: Name = unset("A new name.")
    on_conflict: OnConflict = unset(RENAMING)
    location: Location = unset()
    rotation: Rotation = unset()
    scale: Scale = unset()
    parent: Name | None = Field(
        None,
        description="An existing object, or null for none. The object does not move, and with a parent it keeps the "
        "values of its location, rotation and scale, as by Blender's parent inverse.",
    )
    visible: StrictBool = unset("In viewports and renders.")
    properties: Properties = unset(
        "Custom properties, merged by name: numbers, text, booleans, lists of one of these; null removes one."
    )
    frame: KeyFrame = unset(KEYED)


class ObjectUpdate(Params):
    """The object, and what to change about it: the parameters of `objects.update`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Cube", "new_name": "Box", "visible": False}]})

    name: Name = Field(description="The object to change.")
    new_name: Name = unset("A new name.")
    on_conflict: OnConflict = unset(RENAMING)
    location: Location = unset()
    rotation: Rotation = unset()
    scale: Scale = unset()
    parent: Name | None = None
    visible: StrictBool = unset()
    properties: Properties = unset()
    frame: KeyFrame = unset(KEYED)


class DuplicateOptions(Creation):
    """The copy: fields that are not given are as in the original."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Wheel.left", "location": [0, 1, 0]}]})

    location: Location | None = None
    rotation: Rotation | None = None
    scale: Scale | None = None
    linked: bool = Field(False, strict=True, description="Share the mesh with the original instead of copying it.")


class DuplicateParams(DuplicateOptions):
    """The object to copy, and the copy."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Wheel", "name": "Wheel.left"}]})

    object: Name


UPDATE = Method("objects.update", ObjectUpdate, ObjectInfo, mutates=True, partial=True, names="new_name")
DUPLICATE = Method("objects.duplicate", DuplicateParams, ObjectInfo, mutates=True)
