"""Modifiers, one model per type."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, RootModel, StrictBool, model_validator

from cadgate.plugin import Count, Deleted, Method, Name, Number, Params, Result, Warned
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.values import KEYED, Coordinate, KeyFrame, NotNegative, unset

BooleanOperation = Literal["difference", "union", "intersect"]
Solver = Literal["exact", "fast"]
Levels = Annotated[Count, Field(ge=0, le=100)]
Copies = Annotated[Count, Field(ge=1, le=1_000_000_000)]
Segments = Annotated[Count, Field(ge=1, le=1000)]
Angle = Annotated[Number, Field(ge=0, le=180)]
Ratio = Annotated[Number, Field(ge=0, le=1)]
Offset = Annotated[Number, Field(ge=-1e6, le=1e6)]
Offset3 = tuple[Coordinate, Coordinate, Coordinate]
Inputs = Annotated[dict[Annotated[str, Field(min_length=1, max_length=255)], Any], Field(max_length=1000)]
Axes = Annotated[list[Literal["x", "y", "z"]], Field(min_length=1, max_length=3)]


class ModifierBase(Params):
    """The fields of every modifier."""

    name: Name | None = Field(None, description="By default Blender's own name for the type.")


class SubdivisionModifier(ModifierBase):
    """Subdivision surface: divides every face into four, with or without rounding, `levels` times."""

    type: Literal["subdivision"]
    levels: Levels = Field(1, description="Bounded by the setting `max_subdivisions`.")
    scheme: Literal["catmull_clark", "simple"] = "catmull_clark"


class BevelModifier(ModifierBase):
    """Rounds edges."""

    type: Literal["bevel"]
    width: NotNegative = Field(0.1, description="Blender units.")
    segments: Segments = 1
    limit: Literal["angle", "none"] = Field("angle", description="Only edges sharper than `angle`, or all.")
    angle: Angle = Field(30, description="Degrees.")


class ArrayModifier(ModifierBase):
    """Copies in a row."""

    type: Literal["array"]
    count: Copies = Field(2, description="Including the original; bounded by the setting `max_copies`.")
    relative_offset: Offset3 | None = Field(
        None, description="In sizes of the object; [1, 0, 0] if no offset is given."
    )
    constant_offset: Offset3 | None = Field(None, description="In Blender units.")


class MirrorModifier(ModifierBase):
    """Mirrors about the object's own axes, or another object's."""

    type: Literal["mirror"]
    axes: Axes = Field(["x"], description="Which coordinates change their sign.")
    mirror_object: Name | None = Field(None, description="An existing object whose origin and axes are used instead.")
    merge: StrictBool = Field(True, description="Join vertices on the mirror plane.")
    merge_threshold: NotNegative = Field(0.001, description="Blender units.")


class BooleanModifier(ModifierBase):
    """Combines with another mesh, which stays visible."""

    type: Literal["boolean"]
    object: Name = Field(description="The other object, a mesh.")
    operation: BooleanOperation = "difference"
    solver: Solver = "exact"


class SolidifyModifier(ModifierBase):
    """Gives surfaces a thickness."""

    type: Literal["solidify"]
    thickness: Coordinate = Field(0.1, description="Blender units.")
    offset: Annotated[Number, Field(ge=-1, le=1)] = Field(-1, description="-1 inwards, 0 both ways, 1 outwards.")
    even: StrictBool = Field(True, description="Keep the thickness at sharp corners too.")


class DecimateModifier(ModifierBase):
    """Removes faces."""

    type: Literal["decimate"]
    ratio: Ratio = Field(0.5, description="The fraction of the faces that stays.")


class NodesModifier(ModifierBase):
    """Geometry nodes: a group of `/node-groups`, with values for its inputs."""

    type: Literal["nodes"]
    group: Name = Field(description="An existing group of geometry nodes.")
    inputs: Inputs = Field(
        default_factory=dict[str, Any],
        description="Values by the input's name, or its identifier: numbers, booleans, text, lists, colours, names of "
        "objects and materials, words of menus; rotations in degrees.",
    )


_ALIASES = {"geometry_nodes": "nodes", "subsurf": "subdivision", "subdivision_surface": "subdivision"}


def flatten(value: object) -> object:
    """Also accept types in Blender's spelling, and settings in a nested object."""
    if not isinstance(value, dict):
        return value
    data = dict(cast("dict[str, Any]", value))
    settings = data.pop("settings", None)
    if settings is not None:
        if not isinstance(settings, dict):
            raise ValueError("settings must be an object")
        both = data.keys() & cast("dict[str, Any]", settings).keys()
        if both:
            raise ValueError(f"{sorted(both)} are given twice: in settings and outside it")
        data |= cast("dict[str, Any]", settings)
    if isinstance(data.get("type"), str):
        kind = data["type"].lower().replace(" ", "_").replace("-", "_")
        data["type"] = _ALIASES.get(kind, kind)
    return data


_Typed = Annotated[
    SubdivisionModifier
    | BevelModifier
    | ArrayModifier
    | MirrorModifier
    | BooleanModifier
    | SolidifyModifier
    | DecimateModifier
    | NodesModifier,
    Field(discriminator="type"),
]


class Modifier(RootModel[_Typed]):
    """One of the types, distinguished by `type`, with that type's settings."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {"type": "subdivision", "levels": 2},
                {"type": "boolean", "object": "Drill", "operation": "difference"},
            ]
        },
    )

    _normal_form = model_validator(mode="before")(flatten)


class ModifierParams(Params):
    """The object, and its new modifier."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object": "Cube", "modifier": {"type": "bevel", "width": 0.05}}]}
    )

    object: Name
    modifier: Modifier


class ModifierAddress(Params):
    """A modifier of an object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube", "modifier": "Bevel"}]})

    object: Name
    modifier: Name


class ModifierPatch(Params):
    """What to change; only settings that the modifier's type has."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"levels": 3}, {"width": 0.2, "segments": 4}]})

    levels: Levels = unset()
    scheme: Literal["catmull_clark", "simple"] = unset()
    width: NotNegative = unset("Blender units.")
    segments: Segments = unset()
    limit: Literal["angle", "none"] = unset()
    angle: Angle = unset("Degrees.")
    count: Copies = unset()
    relative_offset: Offset3 = unset("In sizes of the object.")
    constant_offset: Offset3 = unset("In Blender units.")
    axes: Axes = unset()
    mirror_object: Name | None = Field(None, description="An existing object, or null for none.")
    merge: StrictBool = unset()
    merge_threshold: NotNegative = unset("Blender units.")
    object: Name = unset("boolean: the other object.")
    operation: BooleanOperation = unset()
    solver: Solver = unset()
    thickness: Coordinate = unset("Blender units.")
    offset: Annotated[Number, Field(ge=-1, le=1)] = unset()
    even: StrictBool = unset()
    ratio: Ratio = unset()
    group: Name = unset("nodes: the group.")
    inputs: Inputs = unset("nodes: values by the input's name; others stay.")
    show_viewport: StrictBool = unset("Whether it is active in viewports and exports.")
    show_render: StrictBool = unset("Whether it is active in renders.")
    frame: KeyFrame = unset(KEYED)


class ModifierUpdate(ModifierAddress):
    """The modifier, and what to change about it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object": "Cube", "modifier": "Bevel", "settings": {"segments": 4}}]}
    )

    settings: ModifierPatch


class ModifierInfo(Result):
    """One modifier, as it was read back from Blender."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Bevel",
                    "type": "bevel",
                    "settings": {"width": 0.05, "segments": 2, "limit": "angle", "angle": 30.0},
                    "show_viewport": True,
                    "show_render": True,
                    "warnings": [],
                }
            ]
        }
    )

    name: str
    type: str = Field(description="As in the request; for types that the gateway cannot add, Blender's own name.")
    settings: dict[str, Any] = Field(description="The settings of its type, under the names of the request.")
    show_viewport: bool
    show_render: bool
    warnings: list[Warned] = Field(default_factory=list[Warned])


class ModifierList(Result):
    """The modifiers of an object, in the order in which they are applied."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"modifiers": []}]})

    modifiers: list[ModifierInfo]


class ObjectOfModifiers(Params):
    """The object with the modifiers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube"}]})

    object: Name


ADD = Method("modifiers.add", ModifierParams, ObjectInfo, mutates=True)
LIST = Method("modifiers.list", ObjectOfModifiers, ModifierList)
UPDATE = Method("modifiers.update", ModifierUpdate, ModifierInfo, mutates=True, partial=True)
REMOVE = Method("modifiers.remove", ModifierAddress, Deleted, mutates=True)
APPLY = Method("modifiers.apply", ModifierAddress, ObjectInfo, mutates=True)
