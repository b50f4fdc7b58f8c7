"""Constraints of objects, one model per type."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel, StrictBool, model_validator

from cadgate.plugin import Deleted, Method, Name, Number, Params, Result, Warned
from cadgate_blender.models.modifiers import flatten
from cadgate_blender.models.values import KEYED, Angle, Coordinate, KeyFrame, NotNegative, unset

Axis = Literal["x", "y", "z"]
Direction = Literal["x", "y", "z", "-x", "-y", "-z"]
Axes = Annotated[list[Axis], Field(max_length=3)]
SomeAxes = Annotated[list[Axis], Field(min_length=1, max_length=3)]
Factor = Annotated[Number, Field(ge=0, le=1)]
Space = Literal["world", "local"]
Bound3 = tuple[Coordinate | None, Coordinate | None, Coordinate | None]
AngleBound3 = tuple[Angle | None, Angle | None, Angle | None]
Mix = Literal["replace", "add", "before", "after"]

_TARGET = "An existing object."
_MIN = "The least value along x, y and z; null: none."
_MAX = "The greatest value along x, y and z; null: none."
_SPACE = "Of the world, or of the object's own frame in its parent."


class ConstraintBase(Params):
    """The fields of every constraint."""

    name: Name | None = Field(None, description="By default Blender's own name for the type.")
    influence: Factor = Field(1, description="How much of it takes effect.")
    enabled: StrictBool = True


class TrackTo(ConstraintBase):
    """Turns an axis towards the target, with another one upwards: what cameras and lights are aimed with."""

    type: Literal["track_to"]
    target: Name = Field(description=_TARGET)
    track_axis: Direction = Field("-z", description="The axis that points to the target; a camera looks along -z.")
    up_axis: Axis = Field("y", description="The axis that stays upright.")


class DampedTrack(ConstraintBase):
    """Turns an axis towards the target by the shortest way."""

    type: Literal["damped_track"]
    target: Name = Field(description=_TARGET)
    track_axis: Direction = "y"


class LockedTrack(ConstraintBase):
    """Turns an axis towards the target, about another axis only."""

    type: Literal["locked_track"]
    target: Name = Field(description=_TARGET)
    track_axis: Direction = "y"
    lock_axis: Axis = "z"


class FollowPath(ConstraintBase):
    """Puts the object on a curve. Key `constraints["Follow Path"].offset_factor`, or this by `frame`, to move it."""

    type: Literal["follow_path"]
    target: Name = Field(description="An existing curve.")
    position: Factor = Field(0, description="The part of the curve's length at which the object is.")
    follow: StrictBool = Field(False, description="Turn along the curve.")
    forward_axis: Direction = "y"
    up_axis: Axis = "z"


class CopyLocation(ConstraintBase):
    """Gives the object the target's location."""

    type: Literal["copy_location"]
    target: Name = Field(description=_TARGET)
    axes: SomeAxes = ["x", "y", "z"]
    invert: Axes = []
    offset: StrictBool = Field(False, description="Add the object's own location.")
    space: Space = Field("world", description=_SPACE)


class CopyRotation(ConstraintBase):
    """Gives the object the target's rotation."""

    type: Literal["copy_rotation"]
    target: Name = Field(description=_TARGET)
    axes: SomeAxes = ["x", "y", "z"]
    invert: Axes = []
    mix: Mix = Field("replace", description="How the object's own rotation is combined with it.")
    space: Space = Field("world", description=_SPACE)


class CopyScale(ConstraintBase):
    """Gives the object the target's scale."""

    type: Literal["copy_scale"]
    target: Name = Field(description=_TARGET)
    axes: SomeAxes = ["x", "y", "z"]
    offset: StrictBool = Field(False, description="Multiply the object's own scale by it.")
    space: Space = Field("world", description=_SPACE)


class CopyTransforms(ConstraintBase):
    """Gives the object the target's location, rotation and scale."""

    type: Literal["copy_transforms"]
    target: Name = Field(description=_TARGET)
    space: Space = Field("world", description=_SPACE)


class LimitLocation(ConstraintBase):
    """Keeps the location within bounds."""

    type: Literal["limit_location"]
    min: Bound3 = Field((None, None, None), description=_MIN)
    max: Bound3 = Field((None, None, None), description=_MAX)
    space: Space = Field("world", description=_SPACE)


class LimitRotation(ConstraintBase):
    """Keeps the rotation within bounds, in degrees. An axis has both of them or none."""

    type: Literal["limit_rotation"]
    min: AngleBound3 = Field((None, None, None), description=_MIN)
    max: AngleBound3 = Field((None, None, None), description=_MAX)
    space: Space = Field("world", description=_SPACE)


class LimitScale(ConstraintBase):
    """Keeps the scale within bounds."""

    type: Literal["limit_scale"]
    min: Bound3 = Field((None, None, None), description=_MIN)
    max: Bound3 = Field((None, None, None), description=_MAX)
    space: Space = Field("world", description=_SPACE)


class LimitDistance(ConstraintBase):
    """Keeps the object within, outside or at a distance from the target."""

    type: Literal["limit_distance"]
    target: Name = Field(description=_TARGET)
    distance: NotNegative = Field(description="Blender units.")
    mode: Literal["inside", "outside", "surface"] = "inside"


_Typed = Annotated[
    TrackTo
    | DampedTrack
    | LockedTrack
    | FollowPath
    | CopyLocation
    | CopyRotation
    | CopyScale
    | CopyTransforms
    | LimitLocation
    | LimitRotation
    | LimitScale
    | LimitDistance,
    Field(discriminator="type"),
]


class Constraint(RootModel[_Typed]):
    """One of the types, distinguished by `type`, with that type's settings."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {"type": "track_to", "target": "Cube"},
                {"type": "limit_location", "min": [None, None, 0], "max": [None, None, 5]},
            ]
        },
    )

    _normal_form = model_validator(mode="before")(flatten)


class ConstraintParams(Params):
    """The object, and its new constraint."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object": "Eye", "constraint": {"type": "track_to", "target": "Cube"}}]}
    )

    object: Name
    constraint: Constraint


class ObjectOfConstraints(Params):
    """The object with the constraints."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Eye"}]})

    object: Name


class ConstraintAddress(Params):
    """A constraint of an object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Eye", "constraint": "Track To"}]})

    object: Name
    constraint: Name


class ConstraintPatch(Params):
    """What to change; only settings that the constraint's type has."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"influence": 0.5}, {"target": "Cube", "up_axis": "z"}]})

    influence: Factor = unset()
    enabled: StrictBool = unset()
    target: Name = unset(_TARGET)
    track_axis: Direction = unset()
    up_axis: Axis = unset()
    lock_axis: Axis = unset()
    position: Factor = unset()
    follow: StrictBool = unset()
    forward_axis: Direction = unset()
    axes: SomeAxes = unset()
    invert: Axes = unset()
    offset: StrictBool = unset()
    mix: Mix = unset()
    space: Space = unset(_SPACE)
    min: Bound3 = unset(_MIN)
    max: Bound3 = unset(_MAX)
    distance: NotNegative = unset("Blender units.")
    mode: Literal["inside", "outside", "surface"] = unset()
    frame: KeyFrame = unset(f"{KEYED} `influence`, `position`, `distance` and `enabled` can be keyed.")


class ConstraintUpdate(ConstraintAddress):
    """The constraint, and what to change about it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object": "Eye", "constraint": "Track To", "settings": {"influence": 0.5}}]}
    )

    settings: ConstraintPatch


class ConstraintInfo(Result):
    """One constraint, as it was read back from Blender."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Track To",
                    "type": "track_to",
                    "settings": {"target": "Cube", "track_axis": "-z", "up_axis": "y"},
                    "influence": 1.0,
                    "enabled": True,
                    "warnings": [],
                }
            ]
        }
    )

    name: str
    type: str = Field(description="As in the request; for types that the gateway cannot add, Blender's own name.")
    settings: dict[str, Any] = Field(description="The settings of its type, under the names of the request.")
    influence: float
    enabled: bool
    warnings: list[Warned] = Field(default_factory=list[Warned])


class ConstraintList(Result):
    """The constraints of an object, in the order in which they take effect."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"constraints": []}]})

    constraints: list[ConstraintInfo]


ADD = Method("constraints.add", ConstraintParams, ConstraintInfo, mutates=True)
LIST = Method("constraints.list", ObjectOfConstraints, ConstraintList)
UPDATE = Method("constraints.update", ConstraintUpdate, ConstraintInfo, mutates=True, partial=True)
REMOVE = Method("constraints.remove", ConstraintAddress, Deleted, mutates=True)
