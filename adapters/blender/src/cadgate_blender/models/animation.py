"""Animation: the curves of an object's keyframes, which are listed, keyed and removed by RNA path."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictStr, model_validator

from cadgate.plugin import Count, MayWarn, Method, Name, Number, Params, QueryCount, QueryNumber, Result, Warned
from cadgate_blender.models.queries import ChangeQuery
from cadgate_blender.models.values import MAX_FRAME, KeyFrame

Interpolation = Literal["bezier", "linear", "constant"]
_Single = StrictBool | Number
KeyValue = StrictBool | Number | StrictStr | Annotated[list[_Single], Field(min_length=1, max_length=32)]
RnaPath = Annotated[str, Field(min_length=1, max_length=1000)]

PATH = (
    "RNA path of a property, from the object: `location`, `rotation_euler`, `hide_render`, "
    '`modifiers["Bevel"].width`, `constraints["Track To"].influence`, `["custom"]`, `data.energy`, '
    '`data.shape_keys.key_blocks["Open"].value`, '
    '`material_slots["Red"].material.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value`. '
    "Values are in Blender's own units, so angles are radians; `rotation` is the gateway's word for the rotation in "
    "degrees."
)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Key(Params):
    """A value at a frame."""

    frame: KeyFrame
    value: KeyValue = Field(description="A number, a boolean, an enumeration's word, or all numbers of a vector.")


class Keys(Params):
    """Keys of one property. Those that it already has at other frames stay."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "path": "location",
                    "keys": [{"frame": 1, "value": [0, 0, 0]}, {"frame": 48, "value": [0, 0, 2]}],
                    "interpolation": "bezier",
                },
                {
                    "path": "rotation",
                    "keys": [{"frame": 1, "value": [0, 0, 0]}, {"frame": 73, "value": [0, 0, 360]}],
                    "interpolation": "linear",
                },
            ]
        }
    )

    path: RnaPath = Field(description=PATH, examples=["location"])
    keys: Annotated[list[Key], Field(min_length=1, max_length=100_000)]
    interpolation: Annotated[Interpolation, BeforeValidator(_lower)] = Field(
        "bezier", description="How values between these keys and the next ones are found."
    )
    index: Annotated[Count, Field(ge=0, le=31)] | None = Field(
        None, description="Key only this component of a vector, with one number for each key."
    )

    @model_validator(mode="after")
    def _each_frame_once(self) -> Keys:
        seen: set[float] = set()
        for key in self.keys:
            if key.frame in seen:
                raise ValueError(f"keys has the frame {key.frame:g} twice: a curve has one value at a frame")
            seen.add(key.frame)
        return self


class KeysParams(Keys):
    """The object to animate, and the keys."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "Cube",
                    "path": "location",
                    "keys": [{"frame": 1, "value": [0, 0, 0]}, {"frame": 48, "value": [0, 0, 2]}],
                }
            ]
        }
    )

    object: Name


class AnimatedObject(Params):
    """The object whose animation is read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube"}]})

    object: Name


class RemoveKeysOptions(Params):
    """What to remove: everything, what one path has, or its key at one frame."""

    path: RnaPath | None = Field(None, description="Only the curves of this property; by default all of the object.")
    index: Annotated[QueryCount, Field(ge=0, le=31)] | None = Field(None, description="Only this component.")
    frame: Annotated[QueryNumber, Field(ge=-MAX_FRAME, le=MAX_FRAME)] | None = Field(
        None, description="Only the keys at this frame."
    )

    @model_validator(mode="after")
    def _index_of_a_path(self) -> RemoveKeysOptions:
        if self.index is not None and self.path is None:
            raise ValueError("index is a component of a property: send its path too")
        return self


class RemoveKeysQuery(ChangeQuery, RemoveKeysOptions):
    """The same in a query."""


class RemoveKeysParams(RemoveKeysOptions):
    """The object, and what to remove of its animation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube", "path": "location"}]})

    object: Name


class KeyInfo(Result):
    """A key, as it was read back from Blender."""

    frame: float
    value: float | bool | str
    interpolation: str | None = Field(
        None,
        description="Only where it is not that of the curve.",
        exclude_if=lambda value: value is None,
    )


class CurveInfo(Result):
    """An F-curve: one number of one property over time."""

    path: str = Field(description="RNA path from the object.")
    index: int | None = Field(description="The component of a vector; null for a single value.")
    unit: str | None = Field(description="`radians` for angles, otherwise null: Blender's own unit.")
    interpolation: str = Field(description="That of most keys: bezier, linear, constant, or one of Blender's others.")
    keys: list[KeyInfo]
    muted: bool


CURVE: dict[str, Any] = {
    "path": "location",
    "index": 2,
    "unit": None,
    "interpolation": "bezier",
    "keys": [{"frame": 1.0, "value": 0.0}, {"frame": 48.0, "value": 2.0}],
    "muted": False,
}


class AnimationInfo(MayWarn):
    """The curves of an object, its data, its shape keys and its materials."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"object": "Cube", "curves": [CURVE], "drivers": [], "frame_start": 1, "frame_end": 250}]
        }
    )

    object: str
    curves: list[CurveInfo]
    drivers: list[str] = Field(description="Paths that drivers compute. They are not made by this route.")
    frame_start: int = Field(description="The scene's first frame.")
    frame_end: int = Field(description="The scene's last frame.")


class RemovedKeys(Result):
    """What was removed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deleted": "location", "keys": 6, "warnings": []}]})

    deleted: str = Field(description="The path, or the object if everything was removed.")
    keys: int
    warnings: list[Warned] = Field(default_factory=list[Warned])


GET = Method("animation.get", AnimatedObject, AnimationInfo)
KEY = Method("animation.key", KeysParams, AnimationInfo, mutates=True)
REMOVE = Method("animation.remove", RemoveKeysParams, RemovedKeys, mutates=True)
