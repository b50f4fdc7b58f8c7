"""Blender's own values: lengths, coordinates, names, and the fields of every new object."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from cadgate.plugin import Creation, Name, Number

MAX_COORDINATE = 1e9
"""Blender units (metres). Blender uses 32-bit floats, and squares and products must stay within their range."""

MIN_LENGTH = 1e-9
"""Blender units. Below this, Blender's products of lengths become zero."""

MAX_ANGLE = 1e6
"""Degrees."""


def _length(value: float) -> float:
    if value < MIN_LENGTH:
        raise ValueError(f"a length is at least {MIN_LENGTH:g} Blender units, so that 32-bit floats can hold it")
    return value


Coordinate = Annotated[Number, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]
"""Blender units, within what 32-bit floats can compute with."""

Length = Annotated[Number, Field(gt=0, le=MAX_COORDINATE), AfterValidator(_length)]
"""A length above 0 in Blender units."""

NotNegative = Annotated[Number, Field(ge=0, le=MAX_COORDINATE)]
"""0, or a length above it, in Blender units."""

Angle = Annotated[Number, Field(ge=-MAX_ANGLE, le=MAX_ANGLE)]
"""Degrees."""

Location = Annotated[
    tuple[Coordinate, Coordinate, Coordinate], Field(description="`[x, y, z]` in Blender units.", examples=[[0, 0, 1]])
]
Rotation = Annotated[
    tuple[Angle, Angle, Angle], Field(description="XYZ Euler angles in degrees.", examples=[[0, 0, 45]])
]
Scale = Annotated[
    tuple[Coordinate, Coordinate, Coordinate],
    Field(description="Factors along the object's axes; negative ones mirror.", examples=[[1, 1, 2]]),
]

ORIGIN: tuple[float, float, float] = (0.0, 0.0, 0.0)
UNIT: tuple[float, float, float] = (1.0, 1.0, 1.0)


def _no_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def unset(description: str | None = None) -> Any:
    """Return a field of a PATCH without default: what the client does not send is not passed on; null is refused."""
    return Field(None, description=description, validate_default=False, json_schema_extra=_no_default)


OnConflict = Literal["error", "rename", "replace"]
RENAMING = "What to do if the new name is in use: answer 409 `name_taken` (the default), choose another, or replace it."


MAX_FRAME = 1_048_574
"""Blender's own limit."""

KeyFrame = Annotated[Number, Field(ge=-MAX_FRAME, le=MAX_FRAME)]
"""A frame, or a place between two."""

KEYED = (
    "Key the values at this frame, so that they hold there; by default, keyframes that set them again are warned of."
)


class Placed(Creation):
    """A new object, and its place."""

    location: Location = ORIGIN
    rotation: Rotation = ORIGIN
    collection: Name | None = Field(None, description="An existing collection; by default the scene's own.")


class Placement(Placed):
    """A new object that has a surface."""

    scale: Scale = UNIT
    material: Name | None = Field(None, description="An existing material.", examples=["Red"])


class Aimed(Placed):
    """A new object with a direction: by `rotation`, or by `look_at`."""

    rotation: Rotation | None = Field(None, description="XYZ Euler angles in degrees.")  # pyright: ignore[reportIncompatibleVariableOverride]
    look_at: Location | None = Field(None, description="The point that it looks at, instead of `rotation`.")
    scale: Scale = UNIT

    @model_validator(mode="after")
    def _one_direction(self) -> Aimed:
        if self.look_at is not None and self.rotation is not None:
            raise ValueError("rotation and look_at exclude each other: send one of them")
        if self.look_at is not None and self.look_at == self.location:
            raise ValueError("look_at is the object's own location, so it gives no direction")
        return self
