"""Shading, separating, applying transforms, setting origins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool

from cadgate.plugin import Method, Name, Number, Params, Result, Warned
from cadgate_blender.models.objects import CUBE_INFO, ObjectInfo
from cadgate_blender.models.values import Location


def _shading(value: object) -> object:
    """Also accept other words for the same, and any case."""
    word = value.lower() if isinstance(value, str) else value
    return "auto" if word in ("angle", "by_angle", "auto_smooth") else word


class ShadeOptions(Params):
    """How the faces of a mesh are shaded."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mode": "smooth"}, {"mode": "auto", "angle": 40}]})

    mode: Annotated[Literal["smooth", "flat", "auto"], BeforeValidator(_shading)] = Field(
        "smooth", description="`auto` (or `angle`): smooth except at sharp edges."
    )
    angle: Annotated[Number, Field(ge=0, le=180)] = Field(
        30, description="`auto`: edges sharper than this stay sharp, degrees."
    )


class ShadeParams(ShadeOptions):
    """The object to shade, and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Rod", "mode": "auto", "angle": 40}]})

    name: Name


class SeparateOptions(Params):
    """What becomes a separate object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "loose"}, {"by": "material"}]})

    by: Literal["loose", "material"] = Field("loose", description="Each connected part, or each material.")


class SeparateParams(SeparateOptions):
    """The object to separate, and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Hammer", "by": "loose"}]})

    name: Name


class Separated(Result):
    """The parts: the object itself, and the new ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"objects": [CUBE_INFO], "warnings": []}]})

    objects: list[ObjectInfo]
    warnings: list[Warned] = Field(default_factory=list[Warned])


class ApplyOptions(Params):
    """The parts of the transform to apply to the mesh."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"location": False, "rotation": False}]})

    location: StrictBool = True
    rotation: StrictBool = True
    scale: StrictBool = True


class ApplyTransformParams(ApplyOptions):
    """The object, and the parts of its transform."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Cube", "location": False}]})

    name: Name


class OriginOptions(Params):
    """The new place of the origin."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "bounds"}, {"to": [0, 0, 0]}]})

    to: Literal["geometry", "bounds"] | Location = Field(
        "geometry",
        description="`geometry`: the mean of the mesh's vertices; `bounds`: the middle of its own bounding box; or a "
        "point of the world.",
    )


class OriginParams(OriginOptions):
    """The object, and the new place of its origin."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Cube", "to": [0, 0, -1]}]})

    name: Name


SHADE = Method("objects.shade", ShadeParams, ObjectInfo, mutates=True)
SEPARATE = Method("objects.separate", SeparateParams, Separated, mutates=True)
APPLY = Method("objects.apply", ApplyTransformParams, ObjectInfo, mutates=True)
ORIGIN = Method("objects.origin", OriginParams, ObjectInfo, mutates=True)
