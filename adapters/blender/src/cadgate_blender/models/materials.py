"""Materials: Principled BSDF values, images as their textures, and applying them to objects."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from cadgate.plugin import Color, Count, Creation, Deleted, Method, Name, Number, Page, Params, Result, Warned
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.queries import ChangeQuery
from cadgate_blender.models.values import RENAMING, OnConflict, unset

Factor = Annotated[Number, Field(ge=0, le=1)]
"""0…1."""

Strength = Annotated[Number, Field(ge=0, le=1e6)]
"""0 or more; 1 emits the colour unchanged."""

TextureSlot = Literal["color", "roughness", "metallic", "alpha", "emission", "normal", "occlusion"]
"""What an image can be of a material. Only glTF files show `occlusion`: Blender's own pictures compute it."""

RED_INFO: dict[str, Any] = {
    "name": "Red",
    "color": [0.8, 0.1, 0.1, 1.0],
    "metallic": 0.0,
    "roughness": 0.5,
    "emission_color": [1.0, 1.0, 1.0, 1.0],
    "emission_strength": 0.0,
    "alpha": 1.0,
    "textures": {},
    "linked": [],
    "users": 1,
    "revision": "9c1f03ab5d27",
    "warnings": [],
}


class MaterialParams(Creation):
    """A material with a Principled BSDF."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Red", "color": [0.8, 0.1, 0.1], "roughness": 0.4},
                {"name": "Lamp", "color": "#ffffff", "emission_color": "#ffcc88", "emission_strength": 5},
            ]
        }
    )

    color: Color = Field((0.8, 0.8, 0.8, 1.0), description="Base colour.")
    metallic: Factor = 0
    roughness: Factor = 0.5
    emission_color: Color | None = Field(None, description="Without a strength, it glows with strength 1.")
    emission_strength: Strength | None = Field(None, description="Without a colour, it glows white.")
    alpha: Factor | None = Field(None, description="Opacity; by default the alpha of `color`.")


class MaterialName(Params):
    """The name of a material."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Red"}]})

    name: Name


class MaterialPatch(Params):
    """What to change; fields that are not sent stay as they are.

    With a texture, a value is the factor that its pixels are multiplied by. Other nodes that feed a changed value are
    unlinked, with the warning `unlinked`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"roughness": 0.1}]})

    name: Name = unset("A new name.")
    on_conflict: OnConflict = unset(RENAMING)
    color: Color = unset("Base colour. An alpha below 1 sets the opacity too.")
    metallic: Factor = unset()
    roughness: Factor = unset()
    emission_color: Color = unset()
    emission_strength: Strength = unset()
    alpha: Factor = unset("Opacity.")


class MaterialUpdate(MaterialPatch):
    """The material, and what to change about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Red", "new_name": "Ruby", "roughness": 0.1}]})

    name: Name = Field(description="The material to change.")
    new_name: Name = unset("A new name.")


class MaterialInfo(Result):
    """One material, as it was read back from Blender."""

    model_config = ConfigDict(json_schema_extra={"examples": [RED_INFO]})

    name: str
    color: tuple[float, float, float, float] | None = Field(
        description="The effective value; with a texture, the factor that its pixels are multiplied by. Null, like all "
        "these values, if other nodes produce it."
    )
    metallic: float | None
    roughness: float | None
    emission_color: tuple[float, float, float, float] | None
    emission_strength: float | None = Field(description="0: it does not glow.")
    alpha: float | None
    textures: dict[str, str] = Field(description="The image of each slot that has one.")
    linked: list[str] = Field(
        default_factory=list[str], description="Values that nodes produce, so that no number represents them."
    )
    users: int = Field(description="How many slots of objects use it.")
    revision: str
    warnings: list[Warned] = Field(default_factory=list[Warned])


class MaterialPage(Result):
    """Some of the materials, and how many there are in total. With `fields`, they have only those."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"materials": [RED_INFO], "total": 1}]})

    materials: list[MaterialInfo | dict[str, Any]]
    total: int


class ApplyParams(Params):
    """The material, and the object to apply it to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube", "material": "Red"}]})

    object: Name
    material: Name
    slot: Annotated[Count, Field(ge=0, le=32_766)] | None = Field(
        None, description="Index of the slot, by default the first. One past the last adds a slot."
    )


class TextureOptions(Params):
    """The purpose of the image."""

    slot: TextureSlot = "color"


class TextureSlotParams(TextureOptions):
    """A texture slot of a material."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"material": "Red", "slot": "color"}]})

    material: Name


class TextureQuery(ChangeQuery, TextureOptions):
    """The same in the query of an upload."""


class TextureParams(TextureOptions):
    """An image artifact as a texture of a material."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"material": "Red", "artifact": "0123456789abcdef0123456789abcdef"}]}
    )

    material: Name
    artifact: str = Field(description="The id of an artifact with an image.")


CREATE = Method("materials.create", MaterialParams, MaterialInfo, mutates=True)
LIST = Method("materials.list", Page, MaterialPage)
GET = Method("materials.get", MaterialName, MaterialInfo)
UPDATE = Method("materials.update", MaterialUpdate, MaterialInfo, mutates=True, partial=True, names="new_name")
DELETE = Method("materials.delete", MaterialName, Deleted, mutates=True)
APPLY = Method("materials.apply", ApplyParams, ObjectInfo, mutates=True)
REMOVE_TEXTURE = Method("materials.remove_texture", TextureSlotParams, MaterialInfo, mutates=True)
TEXTURE = Method(
    "materials.texture",
    TextureParams,
    MaterialInfo,
    mutates=True,
    replay="snapshot",
    atomic=False,
    deadline="file",
)
